package shm

import (
	"crypto/rand"
	"fmt"
	"io/fs"
	"path/filepath"
	"sync"

	"github.com/samebytes/samebytes/ndarray"
)

// A temporary segment goes with its last participant, unless a handle of it is under way (flight.go). Whoever leaves, or
// finds one without participants, locks the bytes of all rows at once, and one more, by which the lock is told from a
// participant's: that succeeds only if nobody has one of them, and while it lasts nobody can take one. So what somebody uses
// is never deleted, and of those who would delete it one does. A process that is killed deletes nothing; the next one of the
// same user that makes a temporary segment does it in its place.

// New makes a segment without a chosen name, for as long as somebody has it open for writing: the last Close deletes it, and when
// that process is killed, the next New or GC of the same user does. [Segment.Name] is what others attach it by.
// The errors are those of [Create].
func New[T ndarray.Element](shape []int, opts ...CreateOption) (*Array[T], error) {
	name := temporaryName()
	file, err := path(name)
	if err != nil {
		return nil, fmt.Errorf("shm: new: %w", err)
	}
	c := creation{mode: 0o600, slots: defaultSlots, flags: flagTemporary}
	a, err := createKind[T](name, file, shape, c, opts)
	if err != nil {
		return nil, fmt.Errorf("shm: new: %w", err)
	}
	return a, nil
}

var collectOnce sync.Once

// temporaryName returns a name that nobody else has: 80 random bits, as many as 10^9 names need to be alike with a chance of
// one in a million. The first time it collects what killed processes have left.
func temporaryName() string {
	collectOnce.Do(func() { gc(false, true) }) // what cannot be collected now is left to the next
	var b [10]byte
	rand.Read(b[:]) // never fails, as its documentation says
	return fmt.Sprintf("_%x", b)
}

// leaveTemporary gives this process's row back, and deletes the segment if nobody else has one.
func (m *mapping) leaveTemporary() {
	m.lock.unlockBytes(rowByte(m.row), 1)
	m.lock.deleteDead(m.path, int(m.content.control.Slots), func() bool {
		n, _, err := m.lock.inFlight(len(m.bytes))
		return n == 0 || err != nil // a file that was cut is of no use to anybody
	})
}

// deleteDead deletes a temporary segment without participants if over says so, and reports whether it did. The locks that it takes
// end when the file is closed.
func (f file) deleteDead(path string, slots int, over func() bool) bool {
	if locked, err := f.lockBytes(participantByte, 2*slots+1); !locked || err != nil || !over() {
		return false
	}
	f.unlinkIfSame(path)
	return true
}

// GC deletes the temporary segments of this user that no process has open for writing, as those of killed processes, and
// describes them. Those of which a handle is under way stay as long as their sender lives. A dry run only describes. Named
// segments are nobody's to collect: they stay until [Delete].
// The errors are ErrNotExist and ErrAccess, of the directory, and ErrUnsupported.
func GC(dryRun bool) ([]Info, error) { return gc(dryRun, false) }

// gc is GC; with patience all stay of which a handle is under way.
func gc(dryRun, patience bool) ([]Info, error) {
	all, err := names()
	if err != nil {
		return nil, fmt.Errorf("shm: gc: %w", err)
	}
	var dead []Info
	deadSpares(func(f file, path string, info fileInfo) {
		if !dryRun {
			f.unlinkIfSame(path)
		}
		dead = append(dead, Info{
			Name: filepath.Base(path), Kind: "spare", Temporary: true, DType: ndarray.Uint8, Shape: []int{info.size}, NBytes: info.size,
			Size: info.size, Mode: fs.FileMode(info.mode),
		})
	})
	for _, name := range all {
		// Errors are left: what cannot be read as a segment is not collected.
		if info, err := Stat(name); err == nil && info.Temporary && !info.used() && collect(name, dryRun, patience) {
			dead = append(dead, info)
		}
	}
	return dead, nil
}

// makeRoom lets go of what this process keeps for later, and of what the killed have left.
func makeRoom() {
	coolSpares()
	coolDeleted()
	gc(false, true) // errors are left: there may be room without
}

func (i Info) used() bool {
	for _, p := range i.Participants {
		if p.Alive {
			return true
		}
	}
	return false
}

// collect deletes the segment of that name if it is temporary, has no participants, and nobody will open a handle of it. It reports
// whether that is so; a dry run does not delete it.
func collect(name string, dryRun, patience bool) bool {
	path, err := path(name)
	if err != nil {
		return false
	}
	f, info, err := open(path, true, attachment{writable: true})
	if err != nil {
		return false
	}
	defer f.close()
	c, offset, err := f.readControl(info.size)
	if err != nil || offset == 0 || c.Flags&flagTemporary == 0 {
		return false
	}
	over := func() bool { return f.isOver(info.size, Dir(), patience) }
	if dryRun {
		return over()
	}
	return f.deleteDead(path, int(c.Slots), over)
}
