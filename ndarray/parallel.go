package ndarray

import (
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
)

// parallelMin is the number of elements from which a call is shared out among goroutines: starting one costs about a
// microsecond, in which a loop handles some thousand elements.
const parallelMin = 1 << 16

// workers is what SetWorkers set, or zero.
var workers atomic.Int64

// SetWorkers sets how many goroutines at most share the work of one call on a large array, and returns what was set before.
// One keeps all work on the caller's goroutine; zero, which is the default, stands for runtime.GOMAXPROCS. It may be called
// at any time, and concerns the calls that begin after it. It panics with a [ValueError] if n is negative.
func SetWorkers(n int) (before int) {
	if n < 0 {
		panic(ValueError{"SetWorkers", n, "expected a number of goroutines, or zero"})
	}
	return int(workers.Swap(int64(n)))
}

// goroutines returns how many goroutines a call may use.
func goroutines() int {
	if n := int(workers.Load()); n != 0 {
		return n
	}
	return runtime.GOMAXPROCS(0)
}

// onePiece reports whether the elements lie one after the other in C order, and one goroutine goes over them all: what needs no
// more than a call of a loop.
func (l *layout) onePiece() bool { return l.contiguous() && (l.n < parallelMin || goroutines() == 1) }

// eachParallel is each for runs that may be visited in any order and at the same time.
func (l *loops) eachParallel(run func(offsets []int, n int)) { l.eachWeighted(1, run) }

// eachRows is eachParallel for as many runs at once as lie next to each other on an axis: see next.
func (l *loops) eachRows(run func(offsets []int, n, rows int)) {
	l.shared(1, func(part *loops) {
		outer, rows := len(part.shape)-2, 1
		if outer >= 0 {
			rows = part.shape[outer]
		}
		part.planes(max(outer, 0), func(offsets []int, n int) { run(offsets, n, rows) })
	})
}

// eachWeighted is eachParallel for loops where each of a run's n stands for several elements.
func (l *loops) eachWeighted(elements int, run func(offsets []int, n int)) {
	l.shared(elements, func(part *loops) { part.each(run) })
}

// shared calls each for parts of the loops, on several goroutines where there is much to do.
func (l *loops) shared(elements int, each func(part *loops)) {
	total := elements
	for _, length := range l.shape {
		total *= length
	}
	parts := min(goroutines(), max(total/(parallelMin/2), 1))
	if total < parallelMin {
		parts = 1
	}
	// The outermost axis that is long enough keeps each goroutine in memory of its own.
	axis := slices.IndexFunc(l.shape, func(length int) bool { return length >= 4*parts })
	if parts == 1 || axis < 0 {
		each(l)
		return
	}
	var group sync.WaitGroup
	length := l.shape[axis]
	for i := 1; i < parts; i++ {
		part := l.part(axis, length/parts*i, length/parts*i+length/parts)
		if i == parts-1 {
			part = l.part(axis, length/parts*i, length)
		}
		group.Go(func() { each(&part) })
	}
	first := l.part(axis, 0, length/parts)
	each(&first)
	group.Wait()
}
