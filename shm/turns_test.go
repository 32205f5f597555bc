package shm

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/samebytes/samebytes/ndarray"
)

// TestTurns proves that nobody starves: of all that wait, each is served after at most maxPassed that asked later, however the
// others hurry. Every holder reads in its own row how often it was passed.
func TestTurns(t *testing.T) {
	t.Setenv("SAMEBYTES_DIR", t.TempDir())
	a, err := Create[int64]("x", []int{4})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		a.Close()
		SetWarm(0)
		SetWarm(defaultWarm)
	}()
	m := a.Segment.mapping
	var most, waited atomic.Int64
	var wait sync.WaitGroup
	for w := range 8 {
		wait.Go(func() {
			for i := range 20_000 {
				lock, ix := a.Lock, []ndarray.Index{ndarray.Range(w%2, 3)}
				if w == 0 {
					ix = nil // the whole array, against which all others are
				} else if i%3 == 0 {
					lock = a.RLock
				}
				g, err := lock(context.Background(), ix...)
				if err != nil {
					t.Error(err)
					return
				}
				b, _ := m.box(g.row)
				if passed := int64(b.Passed); passed > 0 {
					waited.Add(1)
					for before := most.Load(); passed > before && !most.CompareAndSwap(before, passed); before = most.Load() {
					}
				}
				if err := g.Unlock(); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wait.Wait()
	if most.Load() > maxPassed {
		t.Errorf("somebody was passed %d times, want at most %d", most.Load(), maxPassed)
	}
	t.Logf("%d waiters were passed, one of them %d times", waited.Load(), most.Load())
}
