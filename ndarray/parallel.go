package ndarray

import (
	"runtime"
	"slices"
	"sync/atomic"

	"github.com/samebytes/samebytes/ndarray/internal/workers"
)

const (
	// parallelMin is the number of elements from which halves of a fold, and lanes, are shared out among goroutines, whatever
	// is done with them.
	parallelMin = 1 << 16
	// longMin is the number of elements that take long even in the fastest loops, so that goroutines share them at once. With
	// fewer, how long the first ones take decides.
	longMin = 1 << 20
	// tryMin is the number of elements that is not worth a look at the clock.
	tryMin = 1 << 13
	// pieceMin is the number of elements in one piece from which a reduction of them is shared out: kernels go over fewer in some
	// ten microseconds at most.
	pieceMin = 1 << 18
	// smallBytes is the size of a result that is not worth loops if one run will do.
	smallBytes = 64 << 10
)

// mostGoroutines is what SetWorkers set, or zero.
var mostGoroutines atomic.Int64

// SetWorkers sets how many goroutines at most share the work of one call on a large array, and returns what was set before.
// One keeps all work on the caller's goroutine; zero, which is the default, stands for runtime.GOMAXPROCS. It may be called
// at any time, and concerns the calls that begin after it. It panics with a [ValueError] if n is negative.
func SetWorkers(n int) (before int) {
	if n < 0 {
		panic(ValueError{"SetWorkers", n, "expected a number of goroutines, or zero"})
	}
	return int(mostGoroutines.Swap(int64(n)))
}

// goroutines returns how many goroutines a call may use.
func goroutines() int {
	if n := int(mostGoroutines.Load()); n != 0 {
		return n
	}
	return runtime.GOMAXPROCS(0)
}

// onePiece reports whether the elements lie one after the other in C order, and one goroutine goes over them all: what needs no
// more than a call of a loop.
func (l *layout) onePiece() bool { return l.contiguous() && (l.n < pieceMin || goroutines() == 1) }

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
	count := goroutines()
	// The outermost axis that is long enough keeps each goroutine in memory of its own.
	axis := slices.IndexFunc(l.shape, func(length int) bool { return length >= 4*count })
	if count == 1 || total < tryMin || axis < 0 {
		each(l)
		return
	}
	workers.Share(count, l.shape[axis], total >= longMin, func(first, last int) {
		part := l.part(axis, first, last)
		each(&part)
	})
}
