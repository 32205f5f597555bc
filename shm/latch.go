package shm

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/samebytes/samebytes/internal/futex"
)

// The latch guards the table of boxes: one word, held for some tens of nanoseconds at a time and never while user code runs. It
// is 0 or its holder's identity, with bit 31 set while others may sleep on it.
//
// A holder that dies inside leaves its identity there. Whoever waits looks, after each sleep, whether the holder lives, and
// otherwise puts its own identity in its place by compare-and-swap: of several exactly one succeeds, and none does if the
// word is any other by then, since every joining makes a new identity. The table then needs no repair, because every change to
// it becomes what it is by one store (see box.go).
//
// No wake can be lost for long: who unlatches may die between the store and the wake, and who was woken before it takes the
// word, so every sleep ends by itself.
//
// TestLatch... and the model in model_test.go try to break this.
const (
	latchWaiters = 1 << 31
	latchSpins   = 100 // looks before sleeping: about as long as the longest section takes

	firstSleep = time.Millisecond      // of a waiter, for the latch or for a box; then it looks who is dead
	nextSleeps = 10 * time.Millisecond // of a waiter that has slept already
)

// latch takes the latch. The errors are the context's: a holder that is stopped can be waited for, and given up.
func (m *mapping) latch(ctx context.Context) error {
	if atomic.CompareAndSwapUint32(&m.control().Latch, 0, m.me) {
		return nil
	}
	return m.latchSlowly(ctx)
}

func (m *mapping) latchSlowly(ctx context.Context) error {
	word := &m.control().Latch
	for range latchSpins {
		if atomic.LoadUint32(word) == 0 && atomic.CompareAndSwapUint32(word, 0, m.me) {
			return nil
		}
	}
	for sleep := firstSleep; ; sleep = nextSleeps {
		if err := ctx.Err(); err != nil {
			return err
		}
		w := atomic.LoadUint32(word)
		if w&^latchWaiters == 0 {
			// Others may sleep still, so the bit stays set.
			if atomic.CompareAndSwapUint32(word, w, m.me|latchWaiters) {
				return nil
			}
			continue
		}
		if w&latchWaiters == 0 {
			if !atomic.CompareAndSwapUint32(word, w, w|latchWaiters) {
				continue
			}
			w |= latchWaiters
		}
		if _, err := futexWait(word, w, sleep); err != nil {
			return err
		}
		if atomic.LoadUint32(word) == w && m.dead(w&^latchWaiters) && atomic.CompareAndSwapUint32(word, w, m.me|latchWaiters) {
			return nil
		}
	}
}

// latchSoon takes the latch if it can be had without a sleep.
func (m *mapping) latchSoon() bool {
	word := &m.control().Latch
	for i := range 2 * latchSpins {
		if atomic.LoadUint32(word)&^latchWaiters == 0 {
			w := atomic.LoadUint32(word) & latchWaiters
			if atomic.CompareAndSwapUint32(word, w, m.me|w) {
				return true
			}
		}
		if i > latchSpins {
			futex.Yield()
		}
	}
	return false
}

// unlatch gives the latch back.
func (m *mapping) unlatch() {
	word := &m.control().Latch
	if atomic.SwapUint32(word, 0)&latchWaiters != 0 {
		futex.Wake(word, 1)
	}
}
