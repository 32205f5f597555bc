package workers

import (
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// worker is a goroutine that helps with one task after the other.
//
// Whoever takes it from the idle ones, which only one can, gives it one task: by swapping that in for what is there. Before the
// worker sleeps, it swaps asleep in for nil, and it does not sleep if that fails, because a task has come. So either the worker
// sees the task, or the giver sees asleep and sends the one message that the worker waits for. No wake-up can be lost, and none
// is left over for the next sleep.
type worker struct {
	task atomic.Pointer[task]
	wake chan struct{} // with room for one message, so that the giver never waits
}

// asleep is the task of a worker that waits for a message.
var asleep = new(task)

// pool is all workers, and the tasks that miss one because too many are busy: an idle worker takes the first of them.
var pool struct {
	sync.Mutex
	count   int       // workers
	idle    []*worker // those without a task; the last has been at work most recently
	waiting []*task   // once for each helper that is missed
}

// starter starts workers with their first task. They are children of a goroutine that comes from nobody's call, because they
// outlive calls: a caller in a bubble of package synctest would wait for its children, and they have the labels of profiles.
var starter = make(chan *task)

func init() {
	go func() {
		for t := range starter {
			go (&worker{wake: make(chan struct{}, 1)}).run(t)
		}
	}()
}

// ready reports whether there is an idle worker that need not be woken.
func ready() bool {
	pool.Lock()
	defer pool.Unlock()
	last := len(pool.idle) - 1
	return last >= 0 && pool.idle[last].task.Load() == nil
}

// recruit calls one more helper, if the task wants one. Helpers that come recruit the others, so that a caller wakes but one.
func (t *task) recruit() {
	if t.wanted.Add(-1) < 0 {
		return
	}
	pool.Lock()
	last := len(pool.idle) - 1
	switch {
	case pool.count-len(pool.idle) >= t.limit:
		t.waits.Store(true)
		if t.left.Load() > 0 { // if it is not, the caller may have returned; else it sees waits
			pool.waiting = append(pool.waiting, t)
		}
		pool.Unlock()
	case last < 0:
		pool.count++
		pool.Unlock()
		starter <- t
	default:
		w := pool.idle[last]
		pool.idle[last] = nil
		pool.idle = pool.idle[:last]
		pool.Unlock()
		if w.task.Swap(t) == asleep {
			w.wake <- struct{}{}
		}
	}
}

// dismiss forgets a task that has ended and may wait for helpers.
func (t *task) dismiss() {
	if t.waits.Load() {
		pool.Lock()
		pool.waiting = slices.DeleteFunc(pool.waiting, func(other *task) bool { return other == t })
		pool.Unlock()
	}
}

func (w *worker) run(t *task) {
	defer func() { go func() { w.run(w.next()) }() }() // for a part that calls runtime.Goexit
	for {
		own := int(t.joined.Add(1))
		t.recruit()
		t.recruit()
		t.work(own)
		t = w.next()
	}
}

// next waits for a task.
func (w *worker) next() *task {
	pool.Lock()
	busy := pool.count - len(pool.idle)
	if i := slices.IndexFunc(pool.waiting, func(t *task) bool { return busy <= t.limit }); i >= 0 {
		t := pool.waiting[i]
		pool.waiting = slices.Delete(pool.waiting, i, i+1)
		pool.Unlock()
		return t
	}
	pool.idle = append(pool.idle, w)
	pool.Unlock()
	if runtime.GOMAXPROCS(0) > 1 {
		for start := time.Now(); time.Since(start) < spin; runtime.Gosched() {
			for range 32 {
				if t := w.task.Load(); t != nil {
					w.task.Store(nil)
					return t
				}
			}
		}
	}
	if w.task.CompareAndSwap(nil, asleep) {
		<-w.wake
	}
	return w.task.Swap(nil)
}
