package shm

import (
	"context"
	"fmt"
	"sync"

	"github.com/samebytes/samebytes/ndarray"
)

// Mutex is a lock that goroutines of all processes exclude each other with: an array's ([Segment.Lock]), of a segment made
// for it alone. Its state is
//
//	word  meaning
//	0     zero
//
// and the lock is the whole array's, in the table of boxes. Delete, List and Stat are those of all segments.
//
// When a process dies that holds it, what it was at work on may be half done: Lock fails with ErrOwnerDied until somebody has
// called [Mutex.Recover] and then [Guard.Repaired]. One created with [RecoverAlways] passes to the next as if it had been unlocked.
//
// Any goroutine may call the methods at any time.
type Mutex struct{ object }

// CreateMutex makes a mutex of that name, which nobody holds, and opens it. Without a name it goes with the last that has it
// open, as with [New].
// The errors are those of [Create].
func CreateMutex(name string, opts ...CreateOption) (*Mutex, error) {
	o, err := createObject(kindMutex, 0, name, nil, opts)
	if err != nil {
		return nil, err
	}
	return &Mutex{o}, nil
}

// AttachMutex opens the mutex of that name.
// The errors are those of [Attach], ndarray.ErrDType for what is no mutex, and ErrNoControl for a plain .npy file.
func AttachMutex(name string, opts ...AttachOption) (*Mutex, error) {
	o, err := attachObject(name, opts, kindMutex)
	if err != nil {
		return nil, err
	}
	return &Mutex{o}, nil
}

// Lock waits until nobody else holds the mutex, and then holds it until the guard's Unlock. A goroutine that locks again
// what it holds waits for itself, until the context ends. Who waits gets its turn after at most 100 others that asked later.
// The errors are the context's; ErrOwnerDied after a holder's death, until repaired; ErrFull when more wait than the table of
// locks has rows, twice [Slots]; ErrClosed, ErrBroken, and ndarray.ErrReadOnly for an opening with [ReadOnly].
func (m *Mutex) Lock(ctx context.Context) (*Guard, error) { return m.segment.Lock(ctx) }

// TryLock is [Mutex.Lock] where nobody holds the mutex. Otherwise it returns false at once.
// The errors are those of Lock, but for the context's.
func (m *Mutex) TryLock() (*Guard, bool, error) {
	g := &Guard{segment: m.segment, row: noRow, state: exclusive}
	err := m.use(true, func() (err error) {
		r := request{state: exclusive, spans: []span{everywhere}}
		if err := m.mapping.latch(context.Background()); err != nil {
			return err
		}
		// As after a first sleep: a holder may be dead, and there is no later look that would find out.
		g.row, err = m.mapping.take(&r, noRow, firstSleep)
		m.mapping.unlatch()
		if g.row != noRow {
			m.segment.uses.Add(1) // the guard's, until Unlock
		}
		return err
	})
	if err != nil || g.row == noRow {
		return nil, false, m.named("try to lock", err)
	}
	return g, true, nil
}

// Recover is [Mutex.Lock], also where a holder has died. Mend what it was at work on, and call [Guard.Repaired]; without that Lock
// still fails, as it does when this process dies too. Where nobody has died, it is an ordinary lock.
// The errors are those of Lock, but for ErrOwnerDied.
func (m *Mutex) Recover(ctx context.Context) (*Guard, error) { return m.segment.Recover(ctx) }

// RLock is a [Mutex] that its holder can lock again. The holder is the opening, as Go cannot tell goroutines apart: open it
// once for each goroutine that shall be a holder of its own. What one goroutine has locked, another that uses the same
// opening holds too. In Python the holder is a thread.
//
// Its state is a [Mutex]'s. How often its holder has locked it is nowhere but in the holder. Death is as with a Mutex.
//
// Any goroutine may call the methods at any time.
type RLock struct {
	object
	mu    sync.Mutex
	guard *Guard // nil: this opening does not hold it
	depth int
}

// CreateRLock makes an RLock of that name, which nobody holds, and opens it. Without a name it goes with the last that has it
// open, as with [New].
// The errors are those of [Create].
func CreateRLock(name string, opts ...CreateOption) (*RLock, error) {
	o, err := createObject(kindRLock, 0, name, nil, opts)
	if err != nil {
		return nil, err
	}
	return &RLock{object: o}, nil
}

// AttachRLock opens the RLock of that name, as a holder of its own.
// The errors are those of [Attach], ndarray.ErrDType for what is no RLock, and ErrNoControl for a plain .npy file.
func AttachRLock(name string, opts ...AttachOption) (*RLock, error) {
	o, err := attachObject(name, opts, kindRLock)
	if err != nil {
		return nil, err
	}
	return &RLock{object: o}, nil
}

// Lock waits until no other opening holds the lock, and then holds it until Unlock was called as often as Lock and Recover.
// The errors are those of [Mutex.Lock].
func (l *RLock) Lock(ctx context.Context) error { return l.lock(ctx, l.segment.Lock) }

// Recover is [RLock.Lock], also where a holder has died. Mend what it was at work on, and call [RLock.Repaired].
// The errors are those of [Mutex.Recover].
func (l *RLock) Recover(ctx context.Context) error { return l.lock(ctx, l.segment.Recover) }

func (l *RLock) lock(ctx context.Context, lock func(context.Context, ...ndarray.Index) (*Guard, error)) error {
	l.mu.Lock()
	if l.depth > 0 {
		l.depth++
		l.mu.Unlock()
		return nil
	}
	l.mu.Unlock() // another goroutine that locks through this opening meanwhile is waited for, as any other holder
	g, err := lock(ctx)
	if err != nil {
		return err
	}
	l.mu.Lock()
	l.guard, l.depth = g, 1
	l.mu.Unlock()
	return nil
}

// Unlock takes back one Lock or Recover, and gives the lock free with the last.
// The errors are ErrNotOwner when this opening does not hold it, and ErrBroken.
func (l *RLock) Unlock() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.depth == 0 {
		return l.named("unlock", l.notHeld())
	}
	if l.depth--; l.depth > 0 {
		return nil
	}
	g := l.guard
	l.guard = nil
	return g.Unlock()
}

// Repaired says that what a dead holder was at work on is whole again. The lock is still held.
// The errors are ErrNotOwner when this opening does not hold it, and ErrBroken.
func (l *RLock) Repaired() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.depth == 0 {
		return l.named("end repair of", l.notHeld())
	}
	return l.guard.Repaired()
}

func (l *RLock) notHeld() error {
	return fmt.Errorf("%w: expected a lock that this opening holds", ErrNotOwner)
}
