package shm

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/samebytes/samebytes/ndarray"
)

// Guard is a lock that is held. Unlock it once. Whichever goroutine does, the process holds it, and its death leaves the
// box marked as half written: see [Segment.Recover].
type Guard struct {
	segment  *Segment
	row      int
	state    state
	unlocked atomic.Bool
}

// Lock waits until nobody else, in any process or goroutine, holds a lock on elements that the indices name, and then holds
// them alone until the guard's Unlock. Without indices it is the whole array, also when it grows. Indices are those of
// [ndarray.Array.Slice], of the array as created and not of a view; a step locks all between its first and last element.
//
// Locks are for those who use them: elements are plain memory, and nothing stops who reads or writes without one.
//
// Who waits gets its turn after at most 100 others that asked later. A goroutine that locks again what it holds waits for
// itself, until the context ends.
//
// The errors are the context's; ErrOwnerDied when the last holder of some of the elements died with them, which leaves
// them to [Segment.Recover]; ErrFull when the table of locks is; ErrClosed, ErrNoControl, ErrBroken, ndarray.ErrReadOnly for
// an opening with [ReadOnly], and ndarray.ErrShape for elements that the array does not have.
func (s *Segment) Lock(ctx context.Context, ix ...ndarray.Index) (*Guard, error) {
	return s.lock(ctx, new(Guard), locking, ix)
}

// RLock is [Segment.Lock], but others may hold an RLock on the same elements at the same time. The death of its holder leaves
// no mark.
func (s *Segment) RLock(ctx context.Context, ix ...ndarray.Index) (*Guard, error) {
	return s.lock(ctx, new(Guard), sharing, ix)
}

// Recover is [Segment.Lock], also where a dead process has left elements half written. Mend those that [Guard.Damaged] names and
// call [Guard.Repaired]; without that the marks stay, as they do when the process dies. Where nobody has died, it is an
// ordinary lock.
// The error is ErrOwnerDied only if elements both inside and outside the box were left together: the text says which to
// recover.
func (s *Segment) Recover(ctx context.Context, ix ...ndarray.Index) (*Guard, error) {
	return s.lock(ctx, new(Guard), recovering, ix)
}

// lockMode is one of the three ways to lock.
type lockMode int

const (
	locking lockMode = iota
	sharing
	recovering
)

func (mode lockMode) String() string { return [...]string{"lock", "rlock", "recover"}[mode] }

func (mode lockMode) state() state {
	if mode == sharing {
		return shared
	}
	return exclusive
}

// lock locks, and returns the guard that it was given, whose allocation the callers' inlining leaves to their callers' stacks.
func (s *Segment) lock(ctx context.Context, g *Guard, mode lockMode, ix []ndarray.Index) (*Guard, error) {
	if err := s.hold(true); err != nil {
		return nil, fmt.Errorf("shm: %v %q: %w", mode, s.label(), err)
	}
	row, err := s.lockRow(ctx, mode, ix)
	if err != nil {
		s.drop()
		return nil, fmt.Errorf("shm: %v %q: %w", mode, s.label(), err)
	}
	g.segment, g.row, g.state = s, row, mode.state()
	return g, nil
}

func (s *Segment) lockRow(ctx context.Context, mode lockMode, ix []ndarray.Index) (row int, err error) {
	m := s.mapping
	defer m.notFault(&err, setFaults())
	if err := m.whole(); err != nil {
		return noRow, err
	}
	var room [4]span
	var r request // filled in field by field: a literal is copied, which stalls on what was just stored
	r.state, r.recover = mode.state(), mode == recovering
	if m.ndim <= len(room) {
		r.spans = room[:m.ndim]
	} else {
		r.spans = make([]span, m.ndim)
	}
	if err := m.spansOf(r.spans, ix); err != nil {
		return noRow, err
	}
	return m.acquire(ctx, s.open, &r)
}

// Unlock gives the elements free, and wakes those whose turn it is.
// The errors are ErrNotOwner the second time, and ErrBroken.
func (g *Guard) Unlock() error {
	if !g.unlocked.CompareAndSwap(false, true) {
		return fmt.Errorf("shm: unlock %q: %w: unlocked already", g.segment.label(), ErrNotOwner)
	}
	defer g.segment.drop()
	if err := g.release(); err != nil {
		return fmt.Errorf("shm: unlock %q: %w", g.segment.label(), err)
	}
	return nil
}

func (g *Guard) release() (err error) {
	m := g.segment.mapping
	defer m.notFault(&err, setFaults())
	return m.unlockRow(g.row, g.state)
}

// Box is a range of positions on each axis: the first, and the one after the last.
type Box [][2]int

// Damaged returns the boxes within the guard's that dead processes left half written.
// The errors are ErrNotOwner after Unlock, and ErrBroken.
func (g *Guard) Damaged() (boxes []Box, err error) {
	err = g.underLatch("read damage of", func(m *mapping, own []span) {
		for _, spans := range m.marks(own) {
			boxes = append(boxes, boxOf(spans, m.content.header.Shape))
		}
	})
	return boxes, err
}

// Repaired says that all elements in the guard's box are whole again. Its lock is still held.
// The errors are ErrNotOwner after Unlock, and for a guard of RLock, and ErrBroken.
func (g *Guard) Repaired() error {
	return g.underLatch("end repair of", func(m *mapping, own []span) { m.repaired(own) })
}

func (g *Guard) underLatch(doing string, do func(m *mapping, own []span)) error {
	err := g.latched(do)
	if err != nil {
		return fmt.Errorf("shm: %s %q: %w", doing, g.segment.label(), err)
	}
	return nil
}

func (g *Guard) latched(do func(m *mapping, own []span)) (err error) {
	m := g.segment.mapping
	if g.unlocked.Load() || g.state != exclusive {
		return fmt.Errorf("%w: expected a lock that is held alone", ErrNotOwner)
	}
	defer m.notFault(&err, setFaults())
	if err := m.latch(g.segment.open); err != nil {
		if g.segment.open.Err() != nil {
			err = ErrClosed
		}
		return err
	}
	_, own := m.box(g.row)
	do(m, own)
	m.unlatch()
	return nil
}

// boxOf returns the ranges as they are in an array of that shape.
func boxOf(spans []span, shape []int) Box {
	box := make(Box, len(spans))
	for d, s := range spans {
		length := int64(shape[d])
		box[d] = [2]int{int(min(max(s.first, 0), length)), int(min(max(s.last, 0), length))}
	}
	return box
}
