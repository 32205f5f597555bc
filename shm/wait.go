package shm

import (
	"context"
	"fmt"
	"iter"
	"math"
	"sync/atomic"
	"time"

	"github.com/samebytes/samebytes/internal/futex"
)

// The counter of publications is one 64-bit word in the control block, and its low half is the futex word on which those
// who wait sleep.
//
// No wake is missed. A publisher adds to the counter and then wakes; a waiter reads the counter and sleeps only if its low
// half still holds what was read, which the kernel compares under the lock that the wake takes too. So either the waiter
// sees the new number, or it sleeps before the wake and is woken. The one exception, exactly 2^32 publications between the
// reading and the wake, ends with the sleep, after maxSleep.
//
// Memory is ordered: adding is a release and reading an acquire (Go's atomics are sequentially consistent), on the same
// physical word whichever process does it, so what was stored before Publish is seen after the Wait that saw its number.
//
// A publisher always makes the system call, though nobody may wait: readers that mapped the block without the right to
// write it can wait too, and could leave no sign that they do.
//
// Before it sleeps, a waiter looks for a while: see futex.Look.
//
// TestWaitHandsOver, TestWaitManyPublishers and TestWaitInAnotherProcess try to break this.

// maxSleep bounds every sleep of Wait. When the file is cut under a sleeper, nobody can wake it: the word is no address any
// more. The timer costs 0.6 us.
const maxSleep = time.Second

// Version returns how often the array was published. It is 0 for a plain .npy file, and after Close.
func (s *Segment) Version() uint64 {
	if s.hold(false) != nil {
		return 0
	}
	defer s.drop()
	version, _ := s.mapping.version() // 0 where the file was cut
	return version
}

func (m *mapping) version() (version uint64, err error) {
	defer m.notFault(&err, setFaults())
	return atomic.LoadUint64(&m.control().Published), nil
}

// Publish says that the elements have changed: it advances the version, wakes all who wait in any process, and returns the
// new version. What this goroutine wrote before is visible to those whose Wait returns that version or a later one.
// The errors are ErrClosed, ErrNoControl, ErrBroken, and ndarray.ErrReadOnly for an opening with [ReadOnly].
func (s *Segment) Publish() (uint64, error) {
	version, err := s.publish()
	if err != nil {
		return 0, fmt.Errorf("shm: publish %q: %w", s.label(), err)
	}
	return version, nil
}

func (s *Segment) publish() (version uint64, err error) {
	if err := s.hold(true); err != nil {
		return 0, err
	}
	defer s.drop()
	m := s.mapping
	defer m.notFault(&err, setFaults())
	if err := m.whole(); err != nil {
		return 0, err
	}
	return m.publish(), nil
}

func (m *mapping) publish() uint64 {
	version := atomic.AddUint64(&m.control().Published, 1)
	futex.Wake(m.futexWord(), math.MaxInt32)
	return version
}

// Wait returns the version as soon as it is another than since, which is at once if that has happened already: pass the
// version last seen, and no publication is missed. Versions that came and went meanwhile are skipped.
// While it sleeps it holds an operating system's thread, of which Go allows 10,000.
// The errors are the context's, ErrClosed (also when another goroutine closes the array meanwhile), ErrNoControl, and
// ErrBroken when the file was cut.
func (s *Segment) Wait(ctx context.Context, since uint64) (uint64, error) {
	version, err := s.wait(ctx, since, forever)
	if err != nil {
		return version, fmt.Errorf("shm: wait for %q: %w", s.label(), err)
	}
	return version, nil
}

// forever is longer than any sleep.
const forever = time.Duration(math.MaxInt64)

// wait returns the version as soon as it is another than since; or as it is after one sleep of most, where that is no longer than
// maxSleep.
func (s *Segment) wait(ctx context.Context, since uint64, most time.Duration) (version uint64, err error) {
	if err := s.hold(false); err != nil {
		return 0, err
	}
	defer s.drop()
	m := s.mapping
	defer m.notFault(&err, setFaults())
	if err := m.whole(); err != nil {
		return 0, err
	}
	counter := &m.control().Published
	if version = atomic.LoadUint64(counter); version != since {
		return version, nil
	}
	if futex.Look(func() bool { version = atomic.LoadUint64(counter); return version != since }) {
		return version, nil
	}
	wake := func() { futex.Wake(m.futexWord(), math.MaxInt32) }
	defer wakeWhenDone(ctx, wake)()
	defer wakeWhenDone(s.open, wake)()
	for {
		if err := ctx.Err(); err != nil {
			return version, err
		}
		if s.open.Err() != nil {
			return version, ErrClosed
		}
		woken, err := futexWait(m.futexWord(), uint32(version), min(most, maxSleep))
		if err != nil {
			return version, err
		}
		// Also where nobody woke it: the low half alone is what it slept on.
		if version = atomic.LoadUint64(counter); version != since || !woken && most <= maxSleep {
			return version, nil
		}
	}
}

// futexWait is futex.Wait on a word of a segment: where that is no address any more, the error is ErrBroken.
func futexWait(word *uint32, value uint32, most time.Duration) (woken bool, err error) {
	woken, err = futex.Wait(word, value, most)
	if err == futex.ErrGone {
		err = fmt.Errorf("%w: %w", ErrBroken, err)
	}
	return woken, err
}

// Changes returns the versions that come after the present one, as they come: an array that is published faster than the loop runs
// skips some. It ends with the context, with Close, and when the file is cut; [Segment.Wait] tells which.
func (s *Segment) Changes(ctx context.Context) iter.Seq[uint64] {
	return func(yield func(uint64) bool) {
		for version := s.Version(); ; {
			var err error
			if version, err = s.Wait(ctx, version); err != nil || !yield(version) {
				return
			}
		}
	}
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
