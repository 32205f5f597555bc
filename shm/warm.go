package shm

import (
	"fmt"
	"io/fs"
)

// To map a file anew costs more than all else about attaching, in page faults: so a mapping that nobody here has open any more
// is kept for a while. It stays a participant, and its memory stays taken though the name may be deleted elsewhere, which is why
// few are kept.
const (
	defaultWarm = 128 << 20 // bytes
	mostWarm    = 32        // mappings, each of which has a descriptor
)

type warmth struct {
	limit, size int
	oldestFirst []*mapping
}

var warm = warmth{limit: defaultWarm} // guarded by mappings.mu

// isFull reports whether it is over the limits.
func (w *warmth) isFull() bool { return w.size > w.limit || len(w.oldestFirst) > mostWarm }

// SetWarm sets how many bytes of closed segments the process keeps mapped, so that to attach them again costs little: by default
// 128 MiB, in at most 32 segments. What is over the limit is unmapped at once; 0 unmaps all. Temporary and deleted segments are
// never kept: see [SetSpare].
// The error is fs.ErrInvalid for a negative number.
func SetWarm(nbytes int) error {
	if nbytes < 0 {
		return fmt.Errorf("shm: set warm: %w: expected a number of bytes, found %d", fs.ErrInvalid, nbytes)
	}
	mappings.mu.Lock()
	defer mappings.mu.Unlock()
	warm.limit = nbytes
	coolDown()
	return nil
}

// keepWarm keeps a mapping that has no openings, and reports whether it may be. mappings.mu is held.
func (m *mapping) keepWarm() bool {
	if len(m.bytes) > warm.limit || m.broken.Load() || m.content.controlOffset == 0 || m.content.control.Flags&flagTemporary != 0 || m.deleted() {
		return false
	}
	if k := kind(m.content.control.Kind); k == kindSemaphore || k == kindBoundedSemaphore {
		return false // who has left holds no permits
	}
	coolDown() // before it is among them: that it is not deleted was seen above
	warm.oldestFirst = append(warm.oldestFirst, m)
	warm.size += len(m.bytes)
	if warm.isFull() {
		coolDown()
	}
	return true
}

// useAgain takes a mapping from the kept ones. mappings.mu is held.
func (m *mapping) useAgain() {
	for i, kept := range warm.oldestFirst {
		if kept == m {
			warm.oldestFirst = append(warm.oldestFirst[:i], warm.oldestFirst[i+1:]...)
			warm.size -= len(m.bytes)
			return
		}
	}
}

// coolDown unmaps what is over the limits, the oldest first, and what was deleted. mappings.mu is held.
func coolDown() {
	for _, m := range append([]*mapping(nil), warm.oldestFirst...) {
		if warm.isFull() || m.deleted() {
			m.useAgain()
			m.end()
		}
	}
}

// coolDeleted unmaps the kept mappings whose names are gone.
func coolDeleted() {
	mappings.mu.Lock()
	defer mappings.mu.Unlock()
	coolDown()
}

func (m *mapping) deleted() bool {
	info, err := m.lock.stat()
	return err != nil || info.links == 0
}
