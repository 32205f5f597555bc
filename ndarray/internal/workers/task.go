package workers

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// spin is how long a goroutine looks out for what it waits for before it sleeps. Waking it costs about as much.
const spin = 10 * time.Microsecond

// task is the work of one call.
type task struct {
	part   func(first, last int)
	chunk  int
	limit  int          // workers that may be busy, in all calls together
	wanted atomic.Int64 // helpers that are still to be called
	joined atomic.Int64 // helpers that have come
	waits  atomic.Bool  // whether it may be among those that miss a helper
	stocks []stock      // one for each goroutine, of neighbouring numbers, so that its memory is its own from call to call
	left   atomic.Int64 // numbers whose parts have not returned
	// finished is locked until left is zero. It is no channel, which workers could not close for a caller in a bubble of
	// package synctest.
	finished sync.Mutex
	failure  atomic.Pointer[failure]
}

// stock is numbers that are to be handed out: from next to end-1.
type stock struct {
	next atomic.Int64
	end  int
	_    [48]byte // each counter has a cache line of its own
}

// failure is how a part ended that did not return.
type failure struct {
	value any
	exit  bool // by runtime.Goexit
}

// share calls part for ranges of chunk numbers, or fewer at the end of a stock, from begin to n-1.
func share(goroutines, begin, n, chunk int, part func(first, last int)) {
	procs := runtime.GOMAXPROCS(0)
	count := n - begin
	goroutines = min(goroutines, (count+chunk-1)/chunk, procs)
	if goroutines < 2 {
		for ; begin < n; begin += chunk {
			part(begin, min(begin+chunk, n))
		}
		return
	}
	t := &task{part: part, chunk: chunk, limit: procs - 1, stocks: make([]stock, goroutines)}
	for i := range t.stocks {
		// count*i may be too great for an int.
		t.stocks[i].next.Store(int64(begin + count/goroutines*i + min(i, count%goroutines)))
		t.stocks[i].end = begin + count/goroutines*(i+1) + min(i+1, count%goroutines)
	}
	t.left.Store(int64(count))
	t.wanted.Store(int64(goroutines - 1))
	t.finished.Lock()
	t.recruit()
	func() {
		defer t.wait() // also where a part ends this goroutine
		t.work(0)
	}()
	if f := t.failure.Load(); f != nil {
		if f.exit {
			runtime.Goexit()
		}
		panic(f.value)
	}
}

// work calls the part for what is left, that of one stock first.
func (t *task) work(own int) {
	for i := range t.stocks {
		s := &t.stocks[(own+i)%len(t.stocks)]
		for {
			last := int(s.next.Add(int64(t.chunk)))
			if last-t.chunk >= s.end {
				break
			}
			t.call(last-t.chunk, min(last, s.end))
		}
	}
}

func (t *task) call(first, last int) {
	returned := false
	defer func() {
		if !returned {
			value := recover()
			t.failure.CompareAndSwap(nil, &failure{value, value == nil})
		}
		if t.left.Add(int64(first-last)) == 0 {
			t.finished.Unlock()
		}
	}()
	t.part(first, last)
	returned = true
}

// wait returns when all parts have.
func (t *task) wait() {
	t.work(0) // nothing, unless a part has ended the caller's goroutine
	if !t.watch() {
		t.finished.Lock()
	}
	t.dismiss()
}

// watch waits for the last part to return, but not for long, and reports whether it has.
func (t *task) watch() bool {
	for start := time.Now(); ; {
		for range 32 {
			if t.left.Load() == 0 {
				return true
			}
		}
		if time.Since(start) > spin {
			return false
		}
	}
}
