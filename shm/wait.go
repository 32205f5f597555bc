package shm

import (
	"context"
	"fmt"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/samebytes/samebytes/ndarray"
)

// The counter of publications is one 64-bit word in the control block, and its low half is the futex word on which those
// who wait sleep.
//
// No wake is missed. A publisher adds to the counter and then wakes; a waiter reads the counter and sleeps only if its low
// half still holds what was read, which the kernel compares under the lock that the wake takes too. So either the waiter
// sees the new number, or it sleeps before the wake and is woken. The one exception, exactly 2^32 publications between the
// reading and the sleep, ends with the next publication.
//
// Memory is ordered: adding is a release and reading an acquire (Go's atomics are sequentially consistent), on the same
// physical word whichever process does it, so what was stored before Publish is seen after the Wait that saw its number.
//
// A publisher always makes the system call, though nobody may wait: readers that mapped the block without the right to
// write it can wait too, and could leave no sign that they do.
//
// Before it sleeps, a waiter looks for a while: see patience.
//
// TestWaitHandsOver, TestWaitManyPublishers and TestWaitInAnotherProcess try to break this.

// Version returns how often the array was published. It is 0 for a plain .npy file, and after Close.
func (s *Segment) Version() uint64 {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.open.Err() != nil || s.mapping.content.controlOffset == 0 {
		return 0
	}
	return s.mapping.published().Load()
}

// Publish says that the elements have changed: it advances the version, wakes all who wait in any process, and returns the
// new version. What this goroutine wrote before is visible to those whose Wait returns that version or a later one.
// The errors are ErrClosed, ErrNoControl, and ndarray.ErrReadOnly for an opening with [ReadOnly].
func (s *Segment) Publish() (uint64, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if err := s.usable(true); err != nil {
		return 0, fmt.Errorf("shm: publish %q: %w", s.label(), err)
	}
	version := s.mapping.published().Add(1)
	futexWake(s.mapping.futexWord())
	return version, nil
}

// Wait returns the version as soon as it is another than since, which is at once if that has happened already: pass the
// version last seen, and no publication is missed. Versions that came and went meanwhile are skipped.
// While it sleeps it holds an operating system's thread, of which Go allows 10,000.
// The errors are the context's, ErrClosed (also when another goroutine closes the array meanwhile), ErrNoControl, and
// ErrBroken when the file was cut while it slept.
func (s *Segment) Wait(ctx context.Context, since uint64) (uint64, error) {
	version, err := s.wait(ctx, since)
	if err != nil {
		return version, fmt.Errorf("shm: wait for %q: %w", s.label(), err)
	}
	return version, nil
}

func (s *Segment) wait(ctx context.Context, since uint64) (uint64, error) {
	s.mu.RLock()
	if err := s.usable(false); err != nil {
		s.mu.RUnlock()
		return 0, err
	}
	m := s.mapping
	m.acquire() // so that a Close meanwhile does not unmap what this looks at
	s.mu.RUnlock()
	defer m.release() // fails only for what is no mapping

	counter := m.published()
	version, changed := changesSoon(counter, since)
	if changed {
		return version, nil
	}
	wake := func() { futexWake(m.futexWord()) }
	defer wakeWhenDone(ctx, wake)()
	defer wakeWhenDone(s.open, wake)()
	for {
		if err := ctx.Err(); err != nil {
			return version, err
		}
		if s.open.Err() != nil {
			return version, ErrClosed
		}
		woken, err := futexWait(m.futexWord(), uint32(version))
		if err != nil {
			return version, err
		}
		if !woken {
			continue // without touching the word, whose page may be gone: the next futexWait says so
		}
		if version = counter.Load(); version != since {
			return version, nil
		}
	}
}

// patience is how long a wait looks at the counter before it sleeps: a worker on another CPU has doubled a MiB by then. To wake a
// sleeper there takes longer (on a virtual machine 15 to 40 us each way). Each look gives the CPU away, to whoever is waited
// for if it wants to run on this one, so that nothing is lost where there is no other. Where strangers want it, one of them may
// keep it for milliseconds, when a sleeper would be run at once: after a look that took as long as lost, the next
// impatientWaits of the process sleep at once.
const (
	patience       = 50 * time.Microsecond
	lost           = 200 * time.Microsecond
	impatientWaits = 1000
)

// impatient counts down the waits that are to sleep at once. Goroutines that race for it only miscount a little.
var impatient atomic.Int32

// changesSoon returns the counter, and whether it is another than since before patience ends.
func changesSoon(counter *atomic.Uint64, since uint64) (version uint64, changed bool) {
	if version = counter.Load(); version != since {
		return version, true
	}
	if impatient.Load() > 0 {
		impatient.Add(-1)
		return version, false
	}
	begin := time.Now()
	for last := time.Duration(0); last < patience; {
		runtime.Gosched() // to goroutines of this process
		yield()           // to other processes
		elapsed := time.Since(begin)
		if elapsed-last > lost {
			impatient.Store(impatientWaits)
		}
		last = elapsed
		if version = counter.Load(); version != since {
			return version, true
		}
	}
	return version, false
}

// usable says why the control block cannot be used. s.mu is held.
func (s *Segment) usable(writing bool) error {
	switch {
	case s.open.Err() != nil:
		return ErrClosed
	case s.mapping.content.controlOffset == 0:
		return ErrNoControl
	case writing && !s.mapping.key.writable:
		return ndarray.ErrReadOnly
	}
	return nil
}

// wakeInterval is the time after which a wake is repeated that came before the sleep that it should have ended.
const wakeInterval = time.Millisecond

// wakeWhenDone calls wake once the context is done, again and again until stop is called: the first may come after the
// waiter looked at the context and before it sleeps. stop returns when wake is not running and will not run any more.
func wakeWhenDone(ctx context.Context, wake func()) (stop func()) {
	stopped, ended := make(chan struct{}), make(chan struct{})
	cancel := context.AfterFunc(ctx, func() {
		defer close(ended)
		for {
			wake()
			select {
			case <-stopped:
				return
			case <-time.After(wakeInterval):
			}
		}
	})
	return func() {
		if !cancel() {
			close(stopped)
			<-ended
		}
	}
}
