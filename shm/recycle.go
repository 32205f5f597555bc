package shm

import (
	"crypto/rand"
	"fmt"
	"path/filepath"
)

// To make pages and map them costs several times what filling them does. So when a temporary segment that this process made goes, its
// memory is kept among what is warm, with the file under a hidden name, which no attach takes and no list shows. When a segment of that
// size is made, the file is written anew, with an id of its own, and renamed to its new name.
//
// No one who had the old segment may see the new one's bytes. They may be participants, whose rows are locked; or others who have
// the file open or mapped, also for reading alone and by other programs, for whom the kernel refuses the lease (fcntl(2), F_SETLEASE)
// that alone asks for. Forked children would be found by neither: Go programs have none.
//
// The mapping's own descriptor locks a byte of the hidden file, so that who collects what the killed have left finds it by its lock
// being free.
const (
	sparePrefix = ".samebytes-spare-"
	leastSpare  = 256 << 10 // bytes: smaller files are made as fast as they would be found
	spareByte   = participantByte - 1
)

// recyclable reports whether the memory of a segment of that size is kept.
func (o creation) recyclable(size int) bool {
	return o.flags&flagTemporary != 0 && o.mode == 0o600 && !o.huge && size >= leastSpare
}

// keepSpare keeps the memory of a mapping that has no openings, and reports whether it may be. mappings.mu is held.
func (m *mapping) keepSpare() bool {
	if m.own == noFile || len(m.bytes) > warm.limit || m.broken.Load() || m.deleted() {
		return false
	}
	m.sign(0)
	m.lock.unlockBytes(rowByte(m.row), 1)
	if alone, err := m.lock.lockBytes(participantByte, 2*int(m.content.control.Slots)+1); !alone || err != nil {
		return false
	}
	var random [10]byte
	rand.Read(random[:]) // never fails, as its documentation says
	hidden := filepath.Join(filepath.Dir(m.path), fmt.Sprintf("%s%x", sparePrefix, random))
	if locked, err := m.own.lockBytes(spareByte, 1); !locked || err != nil || !m.own.isAt(m.path) || rename(m.path, hidden) != nil {
		return false
	}
	m.lock.close()
	m.lock, m.row, m.me = noFile, noRow, 0
	if mappings.byKey[m.key] == m {
		delete(mappings.byKey, m.key)
	}
	m.path, m.spare = hidden, true
	m.putAside()
	return true
}

// findSpare returns spare memory of a file that large in the directory, which nobody else has open from now on, or nil.
func findSpare(size int, dir string) *mapping {
	mappings.mu.Lock()
	defer mappings.mu.Unlock()
	for i := len(warm.oldestFirst) - 1; i >= 0; i-- {
		m := warm.oldestFirst[i]
		if !m.spare || len(m.bytes) != size || filepath.Dir(m.path) != dir {
			continue
		}
		m.useAgain()
		if info, err := m.own.stat(); err == nil && info.links == 1 && info.size == size && m.own.alone() {
			return m
		}
		m.end()
		return nil
	}
	return nil
}

// renew makes spare memory a segment, as if its file was new.
func (m *mapping) renew(path string, c content, head []byte, o creation) (err error) {
	defer m.notFault(&err, setFaults())
	tables := make([]byte, int(c.control.BlockSize)-controlSize)
	for _, part := range []struct {
		bytes []byte
		at    int
	}{{head, 0}, {o.first, len(head)}, {tables, c.controlOffset}, {c.control.bytes(), len(m.bytes) - controlSize}} {
		if err := m.own.writeAt(part.bytes, part.at); err != nil {
			return err
		}
	}
	from := len(head) + len(o.first)
	if o.uninitialized {
		from = len(head) + c.header.NBytes()
	}
	clear(m.bytes[from:c.controlOffset])
	m.content, m.head = c, head
	m.setTables()

	lock, err := m.own.reopen()
	if err != nil {
		return err
	}
	if locked, err := lock.lockBytes(rowByte(0), joining); !locked || err != nil { // row 0, before it has a name
		lock.close()
		return fmt.Errorf("%w: somebody else has the spare file", ErrNotExist)
	}
	mappings.mu.Lock()
	defer mappings.mu.Unlock() // held while naming it, so that nobody here maps it a second time
	if err := rename(m.path, path); err != nil {
		lock.close()
		return err
	}
	m.path, m.spare, m.refs = path, false, 1
	m.keep()
	if err := m.enter(lock, 0); err != nil {
		m.lock = lock
		return err
	}
	return nil
}

// discard unmaps what could not be made a segment.
func (m *mapping) discard() {
	mappings.mu.Lock()
	defer mappings.mu.Unlock()
	m.end()
}

// collectSpares deletes the hidden files of processes that have ended. Errors are left: what cannot be collected now is left to
// the next.
func collectSpares() {
	hidden, _ := filepath.Glob(filepath.Join(Dir(), sparePrefix+"*"))
	for _, path := range hidden {
		f, info, err := open(path, true, attachment{writable: true})
		if err != nil {
			continue
		}
		if locked, err := f.lockBytes(spareByte, 1); locked && err == nil && !info.foreign {
			f.unlinkIfSame(path)
		}
		f.close()
	}
}
