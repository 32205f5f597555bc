package shm

import (
	"fmt"
	"io/fs"
)

// To map a file anew costs more than all else about attaching, in page faults: so a mapping that nobody here has open any more
// is kept for a while. It stays a participant, and its memory stays taken though the name may be deleted elsewhere, which is why
// few are kept.
const (
	defaultWarm = 64 << 20 // bytes
	mostWarm    = 32       // mappings, each of which has a descriptor
)

var warm = struct { // guarded by mappings.mu
	limit, size int
	oldestFirst []*mapping
}{limit: defaultWarm}

// SetWarm sets how many bytes of closed segments the process keeps mapped, so that to attach them again costs little: by default
// 64 MiB, in at most 32 segments. What is over the limit is unmapped at once; 0 unmaps all. Of a temporary segment that [New] made
// the memory is kept, for the next one of the same size.
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
	m.putAside()
	return true
}

// putAside puts a mapping with those that are kept, whose oldest may be unmapped for it. mappings.mu is held.
func (m *mapping) putAside() {
	warm.oldestFirst = append(warm.oldestFirst, m)
	warm.size += len(m.bytes)
	coolDown()
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
		if warm.size > warm.limit || len(warm.oldestFirst) > mostWarm || m.deleted() {
			m.useAgain()
			m.end()
		}
	}
}

// coolAll unmaps all that is kept, and reports whether there was any.
func coolAll() bool {
	mappings.mu.Lock()
	defer mappings.mu.Unlock()
	found := len(warm.oldestFirst) > 0
	for len(warm.oldestFirst) > 0 {
		m := warm.oldestFirst[0]
		m.useAgain()
		m.end()
	}
	return found
}

// coolDeleted unmaps the kept mappings whose names are gone.
func coolDeleted() {
	mappings.mu.Lock()
	defer mappings.mu.Unlock()
	coolDown()
}

func (m *mapping) deleted() bool {
	f := m.lock
	if m.spare {
		f = m.own
	}
	info, err := f.stat()
	return err != nil || info.links == 0
}
