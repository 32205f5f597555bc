package shm

import (
	"context"
	"fmt"
	"math"
	"sync/atomic"
)

// Semaphore lends permits to processes, and takes back those of the dead. Its state is
//
//	word    meaning
//	0       permits: as many as there are, lent or not
//	1       those that a bounded semaphore was made with; 0 for others
//	2+row   of each participant: bits 0-31 the permits that it holds, bits 32-61 its identity; 0 for none
//
// The permits that are free are those of word 0 without what living participants hold. The words change under the lock of the
// whole array, in a segment whose locks leave no marks ([RecoverAlways]), and each change is one store: to acquire and to give
// back is to store one's own word, a signal stores word 0. So a death leaves the permits as they were before or after, and
// frees those that its word says.
//
// Permits are a process's, whichever goroutine or opening acquired them. Its death, and its last Close of the semaphore, give
// them back. That is right for permits that stand for something held, as connections or memory. A process that consumes signals of
// others without ever giving back gives them all back in the end: count those with a [Counter].
//
// Any goroutine may call the methods at any time. No order is kept among those who wait.
type Semaphore struct{ object }

// Words of a semaphore's state.
const (
	semaphorePermits = 0
	semaphoreBound   = 1
	semaphoreHeld    = 2
)

// maxPermits is the most that POSIX lets a semaphore have (SEM_VALUE_MAX), and fits into a participant's word.
const maxPermits = math.MaxInt32

// CreateSemaphore makes a semaphore of that name with so many permits, and opens it. Its Release makes a further permit where the
// process holds none. Without a name it goes with the last that has it open, as with [New].
// The errors are those of [Create], and fs.ErrInvalid for less than 0 permits or more than 2^31-1.
func CreateSemaphore(name string, permits int, opts ...CreateOption) (*Semaphore, error) {
	return createSemaphore(kindSemaphore, name, permits, 0, opts)
}

// CreateBoundedSemaphore is [CreateSemaphore] for a semaphore that never has more permits: its Release fails where the process holds
// none.
func CreateBoundedSemaphore(name string, permits int, opts ...CreateOption) (*Semaphore, error) {
	return createSemaphore(kindBoundedSemaphore, name, permits, permits, opts)
}

func createSemaphore(k kind, name string, permits, bound int, opts []CreateOption) (*Semaphore, error) {
	if err := inBounds(0, maxPermits, permits, "permits"); err != nil {
		return nil, fmt.Errorf("shm: create %v %q: %w", k, name, err)
	}
	o, err := createObject(k, flagRecoverAlways, name, []int64{int64(permits), int64(bound)}, opts)
	if err != nil {
		return nil, err
	}
	return &Semaphore{o}, nil
}

// AttachSemaphore opens the semaphore of that name, bounded or not.
// The errors are those of [Attach], ndarray.ErrDType for what is no semaphore, and ErrNoControl for a plain .npy file.
func AttachSemaphore(name string, opts ...AttachOption) (*Semaphore, error) {
	o, err := attachObject(name, opts, kindSemaphore, kindBoundedSemaphore)
	if err != nil {
		return nil, err
	}
	return &Semaphore{o}, nil
}

// Bounded reports whether there are never more permits than the semaphore was made with.
func (s *Semaphore) Bounded() bool { return s.kind() == kindBoundedSemaphore }

// Acquire waits until a permit is free, and takes it. A dead process's are seen within 10 ms or so.
// The errors are the context's, ErrClosed, ErrBroken, and ndarray.ErrReadOnly for an opening with [ReadOnly].
func (s *Semaphore) Acquire(ctx context.Context) error {
	return s.named("acquire", s.use(true, func() error {
		return s.until(ctx, nextSleeps, func() (bool, error) {
			if s.free() <= 0 { // one that comes after this look is published after it
				return false, nil
			}
			return s.take(ctx)
		})
	}))
}

// TryAcquire is [Semaphore.Acquire] where a permit is free. Otherwise it returns false at once.
// The errors are those of Acquire, but for the context's.
func (s *Semaphore) TryAcquire() (acquired bool, err error) {
	err = s.use(true, func() error {
		acquired, err = s.take(context.Background())
		return err
	})
	return acquired, s.named("acquire", err)
}

// take takes a permit if one is free.
func (s *Semaphore) take(ctx context.Context) (taken bool, err error) {
	err = s.locked(ctx, func() error {
		if s.free() > 0 {
			s.setHeld(s.held() + 1)
			taken = true
		}
		return nil
	})
	return taken, err
}

// Release gives back a permit that this process holds, and wakes those who wait. Where it holds none, it makes a further permit; a
// bounded semaphore then fails.
// The errors are ErrNotOwner of a bounded semaphore, ErrFull beyond 2^31-1 permits, ErrClosed, ErrBroken, and
// ndarray.ErrReadOnly for an opening with [ReadOnly].
func (s *Semaphore) Release() error {
	return s.named("release", s.use(true, func() error {
		if err := s.locked(context.Background(), s.giveBack); err != nil {
			return err
		}
		s.mapping.publish()
		return nil
	}))
}

func (s *Semaphore) giveBack() error {
	if held := s.held(); held > 0 {
		s.setHeld(held - 1)
		return nil
	}
	permits := atomic.LoadInt64(&s.state[semaphorePermits])
	switch {
	case s.Bounded():
		return fmt.Errorf("%w: this process holds no permit", ErrNotOwner)
	case permits >= maxPermits:
		return fmt.Errorf("%w: expected at most %d permits, found another", ErrFull, maxPermits)
	}
	atomic.StoreInt64(&s.state[semaphorePermits], permits+1)
	return nil
}

// Value returns how many permits are free, which may be over as soon as it is said. Beside others that acquire and release it
// may count one of them twice, or not.
// The errors are ErrClosed and ErrBroken.
func (s *Semaphore) Value() (free int, err error) {
	err = s.use(false, func() error {
		free = int(max(s.free(), 0))
		return nil
	})
	return free, s.named("read", err)
}

// free returns how many permits are free. With the lock it is exact.
func (s *Semaphore) free() int64 {
	free := atomic.LoadInt64(&s.state[semaphorePermits])
	for i := semaphoreHeld; i < len(s.state); i++ {
		who, held := wordParts(atomic.LoadInt64(&s.state[i]))
		if held > 0 && !s.mapping.dead(who) {
			free -= int64(held)
		}
	}
	return free
}

// held returns how many permits this process holds.
func (s *Semaphore) held() uint32 {
	who, held := wordParts(atomic.LoadInt64(&s.state[semaphoreHeld+s.mapping.row]))
	if who != s.mapping.me { // one who had the row before and died with it
		return 0
	}
	return held
}

func (s *Semaphore) setHeld(held uint32) {
	word := int64(0)
	if held > 0 {
		word = wordOf(s.mapping.me, held)
	}
	atomic.StoreInt64(&s.state[semaphoreHeld+s.mapping.row], word)
}
