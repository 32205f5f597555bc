package workers

import (
	"bytes"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// withProcs runs a test with so many processors.
func withProcs(t *testing.T, procs int) {
	before := runtime.GOMAXPROCS(procs)
	t.Cleanup(func() { runtime.GOMAXPROCS(before) })
}

// each calls part once for every number below n, through Do or Share, and fails if a number is left out or comes twice.
func each(t *testing.T, n int, call func(part func(i int))) {
	t.Helper()
	seen := make([]atomic.Int32, n)
	call(func(i int) { seen[i].Add(1) })
	for i := range seen {
		if got := seen[i].Load(); got != 1 {
			t.Fatalf("number %d of %d: %d calls", i, n, got)
		}
	}
}

func TestEachNumberOnce(t *testing.T) {
	for _, procs := range []int{1, 2, 3, 8} {
		withProcs(t, procs)
		for n := range 200 {
			each(t, n, func(part func(i int)) { Do(n, part) })
			for _, long := range []bool{false, true} {
				for _, goroutines := range []int{1, 2, 3, 7} {
					each(t, n, func(part func(i int)) {
						Share(goroutines, n, long, func(first, last int) {
							for i := first; i < last; i++ {
								part(i)
							}
						})
					})
				}
			}
		}
	}
}

// goroutine returns the number of the goroutine that calls it.
func goroutine() (id int) {
	buf := make([]byte, 32)
	fmt.Sscanf(string(buf[:runtime.Stack(buf, false)]), "goroutine %d", &id)
	return id
}

// apart calls part twice, which wait for each other: two goroutines are needed. It reports whether there were two.
func apart(t *testing.T, call func(part func(i int))) {
	t.Helper()
	var both sync.WaitGroup
	both.Add(2)
	ids := make([]int, 2)
	call(func(i int) {
		ids[i] = goroutine()
		both.Done()
		both.Wait()
	})
	if ids[0] == ids[1] {
		t.Fatal("one goroutine has called both parts")
	}
}

func TestPartsRunTogether(t *testing.T) {
	withProcs(t, 2)
	for range 100 {
		apart(t, func(part func(i int)) { Do(2, part) })
	}
	slow := func(part func(i int)) func(first, last int) {
		return func(first, last int) {
			if first == 0 { // looks like long work
				for start := time.Now(); time.Since(start) < 10*worth; {
				}
				first++
			}
			for i := first; i < last; i++ {
				part(i - 1)
			}
		}
	}
	apart(t, func(part func(i int)) { Share(2, 3, false, slow(part)) })
	apart(t, func(part func(i int)) { Share(2, 2, true, func(first, last int) { part(first) }) })
}

// TestOneGoroutine: with one processor, or one goroutine allowed, everything is done by the caller.
func TestOneGoroutine(t *testing.T) {
	me := goroutine()
	mine := func(int) {
		if goroutine() != me {
			t.Error("another goroutine took part")
		}
	}
	withProcs(t, 4)
	for range 100 {
		Share(1, 100, true, func(first, last int) { mine(first) })
	}
	withProcs(t, 1)
	for range 100 {
		Do(10, mine)
		Share(4, 100, true, func(first, last int) { mine(first) })
	}
}

// TestLimits: so many goroutines at most are at work in one call, and in all calls together no more helpers than processors
// but one.
func TestLimits(t *testing.T) {
	const procs, callers = 4, 6
	withProcs(t, procs)
	var all, most atomic.Int64
	var group sync.WaitGroup
	for range callers {
		group.Go(func() {
			var mine atomic.Int64
			for range 200 {
				Share(3, 64, true, func(first, last int) {
					if mine.Add(1) > 3 {
						t.Error("more goroutines than allowed")
					}
					for now := all.Add(1); ; {
						before := most.Load()
						if now <= before || most.CompareAndSwap(before, now) {
							break
						}
					}
					runtime.Gosched()
					all.Add(-1)
					mine.Add(-1)
				})
			}
		})
	}
	group.Wait()
	if got := most.Load(); got > callers+procs-1 {
		t.Errorf("%d goroutines at work at once for %d calls, with %d processors", got, callers, procs)
	}
}

// TestNested: calls in parts of calls, by many callers, while the number of processors changes.
func TestNested(t *testing.T) {
	withProcs(t, 4)
	stop := make(chan struct{})
	var changes, group sync.WaitGroup
	changes.Go(func() {
		for procs := 1; ; procs = procs%5 + 1 {
			select {
			case <-stop:
				return
			default:
				runtime.GOMAXPROCS(procs)
				runtime.Gosched()
			}
		}
	})
	for range 8 {
		group.Go(func() {
			for range 50 {
				var sum atomic.Int64
				Do(4, func(i int) {
					Do(3, func(j int) {
						Share(2, 5, true, func(first, last int) { sum.Add(int64(last - first)) })
					})
				})
				if sum.Load() != 4*3*5 {
					t.Errorf("%d parts, want %d", sum.Load(), 4*3*5)
				}
			}
		})
	}
	group.Wait()
	close(stop)
	changes.Wait()
	pool.Lock()
	defer pool.Unlock()
	if len(pool.waiting) > 0 {
		t.Errorf("%d tasks wait for helpers when all have ended", len(pool.waiting))
	}
}

// TestPanic: the value of a panic in any part reaches the caller, when no part runs any more, and workers live on.
func TestPanic(t *testing.T) {
	withProcs(t, 3)
	for i := range 200 {
		var begun, ended atomic.Int64
		func() {
			defer func() {
				if got := recover(); got != i {
					t.Fatalf("got %v, want %d", got, i)
				}
			}()
			Do(8, func(part int) {
				begun.Add(1)
				defer ended.Add(1)
				if part == i%8 {
					panic(i)
				}
			})
			t.Fatal("Do returned")
		}()
		if begun.Load() != 8 || ended.Load() != 8 {
			t.Fatalf("%d parts begun, %d ended", begun.Load(), ended.Load())
		}
	}
}

// TestGoexit: a part that ends its goroutine ends the caller, after all parts have returned, and another worker takes the place
// of its own.
func TestGoexit(t *testing.T) {
	withProcs(t, 3)
	for i := range 50 {
		var ended atomic.Int64
		returned := false
		var group sync.WaitGroup
		group.Go(func() {
			Do(8, func(part int) {
				defer ended.Add(1)
				if part == i%8 {
					runtime.Goexit()
				}
			})
			returned = true
		})
		group.Wait()
		if returned || ended.Load() != 8 {
			t.Fatalf("returned: %v, %d parts ended", returned, ended.Load())
		}
	}
	apart(t, func(part func(i int)) { Do(2, part) })
}

// TestBubble: workers belong to no bubble, which would wait for them.
func TestBubble(t *testing.T) {
	withProcs(t, 3)
	for range 10 {
		synctest.Test(t, func(t *testing.T) {
			for range 100 {
				each(t, 50, func(part func(i int)) { Do(50, part) })
			}
		})
		apart(t, func(part func(i int)) { Do(2, part) })
	}
}

// TestIdle: there are never more workers than are of use, and those without work sleep.
func TestIdle(t *testing.T) {
	withProcs(t, 8)
	for range 1000 {
		Do(16, func(int) {})
	}
	stacks := make([]byte, 1<<20)
	if n := bytes.Count(stacks[:runtime.Stack(stacks, true)], []byte("(*worker).next(")); n > 7 {
		t.Errorf("%d workers for 8 processors", n)
	}
	asleepAll := func() bool {
		pool.Lock()
		defer pool.Unlock()
		for _, w := range pool.idle {
			if w.task.Load() != asleep {
				return false
			}
		}
		return len(pool.idle) == pool.count
	}
	for !asleepAll() {
		runtime.Gosched()
	}
	for _, w := range pool.idle {
		if w.task.Load() != asleep {
			t.Error("a worker woke that has no task")
		}
	}
}
