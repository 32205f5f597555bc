package shm

import (
	"crypto/rand"
	"fmt"
	"io/fs"
	"path/filepath"
)

// To make pages and map them costs several times what filling them does. So the memory of a temporary segment that this process made
// and that goes is kept, if the program has asked for it, with the file under a hidden name, which no attach takes and no list shows.
// When a segment of that size is made, the file is written anew, with an id of its own, and renamed to its new name.
//
// No one who had the old segment may see the new one's bytes. They may be participants, whose rows are locked; or others who have
// the file open or mapped, also for reading alone and by other programs, for whom the kernel refuses the lease (fcntl(2), F_SETLEASE)
// that alone asks for; or this program, by a slice that it uses after Close: so the memory is moved to other addresses. Forked
// children would be found by none of that: Go programs have none.
//
// The mapping's own descriptor locks a byte of the hidden file, so that who collects what the killed have left finds it by its lock
// being free.
const (
	sparePrefix = ".samebytes-spare-"
	leastSpare  = 256 << 10 // bytes: smaller files are made as fast as they would be found
	mostSpares  = 32        // each has a descriptor
	spareByte   = participantByte - 1
)

// spare is memory of a file that is to become another segment.
type spare struct {
	bytes []byte
	own   file   // by which it is mapped
	path  string // the hidden one
}

var spares struct { // guarded by mappings.mu
	limit, size int
	oldestFirst []spare
}

// SetSpare sets how many bytes of closed temporary segments, in at most 32 of them, the process keeps for the next that [New] makes of
// the same size: their memory is there and mapped, which is several times faster. By default it is 0, because nothing of a Go program
// runs when it ends: what it then keeps stays until another program makes a temporary segment, or GC. So a program that sets it should
// set it to 0 before it ends. What is over the limit goes at once.
// The error is fs.ErrInvalid for a negative number.
func SetSpare(nbytes int) error {
	if nbytes < 0 {
		return fmt.Errorf("shm: set spare: %w: expected a number of bytes, found %d", fs.ErrInvalid, nbytes)
	}
	mappings.mu.Lock()
	defer mappings.mu.Unlock()
	spares.limit = nbytes
	trimSpares()
	return nil
}

// recyclable reports whether the memory of a segment of that size may be kept.
func (o creation) recyclable(size int) bool {
	return o.flags&flagTemporary != 0 && o.mode == 0o600 && !o.huge && size >= leastSpare
}

// keepSpare keeps the memory of a mapping that has no openings, if that may be, which leaves the mapping without. mappings.mu is
// held.
func (m *mapping) keepSpare() {
	if m.own == noFile || len(m.bytes) > spares.limit || m.broken.Load() || m.deleted() {
		return
	}
	m.sign(0)
	m.me = 0 // the row may be another's from now on
	m.lock.unlockBytes(rowByte(m.row), 1)
	if alone, err := m.lock.lockBytes(participantByte, 2*int(m.content.control.Slots)+1); !alone || err != nil {
		return
	}
	if n, _, err := m.lock.inFlight(len(m.bytes)); n != 0 || err != nil {
		return // somebody will open a handle of it
	}
	var random [10]byte
	rand.Read(random[:]) // never fails, as its documentation says
	hidden := filepath.Join(filepath.Dir(m.path), fmt.Sprintf("%s%x", sparePrefix, random))
	locked, err := m.own.lockBytes(spareByte, 1)
	if !locked || err != nil || !m.own.isAt(m.path) || rename(m.path, hidden) != nil {
		m.own.unlinkIfSame(m.path)
		return
	}
	moved, reserved, err := moveAway(m.bytes)
	if err != nil {
		m.own.unlinkIfSame(hidden)
		return
	}
	spares.oldestFirst = append(spares.oldestFirst, spare{moved, m.own, hidden})
	spares.size += len(moved)
	if reserved {
		keepAddresses(m.bytes)
	}
	m.bytes, m.own = nil, noFile
	trimSpares()
}

// trimSpares lets go of what is over the limits, the oldest first. mappings.mu is held.
func trimSpares() {
	for len(spares.oldestFirst) > 0 && (spares.size > spares.limit || len(spares.oldestFirst) > mostSpares) {
		takeSpare(0).discard()
	}
}

func takeSpare(i int) spare {
	s := spares.oldestFirst[i]
	spares.oldestFirst = append(spares.oldestFirst[:i:i], spares.oldestFirst[i+1:]...)
	spares.size -= len(s.bytes)
	return s
}

// discard deletes the file.
func (s spare) discard() {
	s.own.unlinkIfSame(s.path)
	s.own.close()
	unmap(s.bytes) // fails only for what is no mapping
}

// findSpare returns spare memory of a file that large in the directory, which nobody else has open from now on.
func findSpare(size int, dir string) (s spare, found bool) {
	mappings.mu.Lock()
	defer mappings.mu.Unlock()
	for i := len(spares.oldestFirst) - 1; i >= 0; i-- {
		if s := spares.oldestFirst[i]; len(s.bytes) == size && filepath.Dir(s.path) == dir {
			takeSpare(i)
			info, err := s.own.stat()
			if err == nil && info.links == 1 && info.size == size && !info.foreign && s.own.alone() {
				return s, true
			}
			s.discard()
			return spare{}, false
		}
	}
	return spare{}, false
}

// coolSpares lets go of all spare memory.
func coolSpares() {
	mappings.mu.Lock()
	defer mappings.mu.Unlock()
	for len(spares.oldestFirst) > 0 {
		takeSpare(0).discard()
	}
}

// renew makes spare memory a segment, as if its file was new.
func (s spare) renew(path string, c content, head []byte, o creation) (*mapping, error) {
	if err := s.own.setMode(o.mode); err != nil { // whatever somebody changed it to
		return nil, err
	}
	tables := make([]byte, int(c.control.BlockSize)-controlSize)
	for _, part := range []struct {
		bytes []byte
		at    int
	}{{head, 0}, {o.first, len(head)}, {tables, c.controlOffset}, {c.control.bytes(), len(s.bytes) - controlSize}} {
		if err := s.own.writeAt(part.bytes, part.at); err != nil {
			return nil, err
		}
	}
	info, err := s.own.stat()
	if err != nil {
		return nil, err
	}
	m := s.own.mappingOf(s.bytes, path, info, c, head, true)
	from := len(head) + len(o.first)
	if o.uninitialized {
		from = len(head) + c.header.NBytes()
	}
	if err := m.zero(from, c.controlOffset); err != nil {
		return nil, err
	}
	lock, err := s.own.reopen()
	if err != nil {
		return nil, err
	}
	if locked, err := lock.lockBytes(rowByte(0), joining); !locked || err != nil { // before it has a name
		lock.close()
		return nil, fmt.Errorf("%w: somebody else has the spare file", ErrNotExist)
	}
	mappings.mu.Lock()
	defer mappings.mu.Unlock() // held while naming it, so that nobody here maps it a second time
	if err := rename(s.path, path); err != nil {
		lock.close()
		return nil, err
	}
	if err := m.enter(lock, 0); err != nil {
		s.own.unlinkIfSame(path)
		lock.close()
		return nil, err
	}
	m.own = s.own
	m.keep()
	return m, nil
}

// zero clears bytes of the mapping.
func (m *mapping) zero(from, to int) (err error) {
	defer m.notFault(&err, setFaults())
	clear(m.bytes[from:to])
	return nil
}

// deadSpares calls found with the paths of the hidden files in the directory of segments whose processes have ended. While it runs
// nobody else collects them. Errors are left: what cannot be collected now is left to the next.
func deadSpares(found func(f file, path string, info fileInfo)) {
	hidden, _ := filepath.Glob(filepath.Join(Dir(), sparePrefix+"*"))
	for _, path := range hidden {
		f, info, err := open(path, true, attachment{writable: true})
		if err != nil {
			continue
		}
		if locked, err := f.lockBytes(spareByte, 1); locked && err == nil {
			found(f, path, info)
		}
		f.close()
	}
}
