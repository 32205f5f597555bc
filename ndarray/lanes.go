package ndarray

import (
	"fmt"

	"github.com/samebytes/samebytes/ndarray/internal/workers"
)

// axisOf returns the axis that a number names among those of a shape: a negative one counts from the last. It panics with
// a [ShapeError] if there is none.
func axisOf(op string, axis int, shape []int) int {
	d := axis
	if d < 0 {
		d += len(shape)
	}
	if uint(d) >= uint(len(shape)) {
		panic(newShapeError(op, fmt.Sprintf("no axis %d", axis), shape))
	}
	return d
}

// without returns the layout of the first elements along an axis, which it leaves out.
func (l *layout) without(axis int) layout {
	w := newLayout(len(l.shape)-1, 1)
	w.offset = l.offset
	copy(w.shape[copy(w.shape, l.shape[:axis]):], l.shape[axis+1:])
	copy(w.strides[copy(w.strides, l.strides[:axis]):], l.strides[axis+1:])
	for _, length := range w.shape {
		w.n *= length // no more than l's, of which the axis had an element
	}
	return w
}

// eachLane calls for each lane along an axis the function that start has made, with the offset of the lane's first element in
// each operand, on several goroutines where there is much to do: see eachShared. All layouts have the same shape on the other
// axes.
func eachLane(axis int, start func() (lane func(offsets []int)), layouts ...*layout) {
	firsts := make([]*layout, len(layouts))
	elements := 0
	for k, l := range layouts {
		if l.n == 0 {
			return
		}
		first := l.without(axis)
		firsts[k] = &first
		elements = max(elements, l.n)
	}
	l := newLoops(firsts...)
	l.eachShared(elements, start)
}

// eachShared calls visit for every index, with the offset of each operand's element, where work is what all calls together do,
// in the time that a loop takes for an element. If that is much, goroutines share it, each with a visit that start has made.
func (l *loops) eachShared(work int, start func() (visit func(offsets []int))) {
	each := func(l loops) {
		visit := start()
		offsets := make([]int, len(l.offsets))
		l.each(func(first []int, n int) {
			for i := range n {
				for k := range offsets {
					offsets[k] = first[k] + i*l.inc(k)
				}
				visit(offsets)
			}
		})
	}
	longest := 0
	for d, length := range l.shape {
		if length > l.shape[longest] {
			longest = d
		}
	}
	count := goroutines()
	if count == 1 || work < tryMin {
		each(*l)
		return
	}
	workers.Share(count, l.shape[longest], work >= parallelMin, func(first, last int) { each(l.part(longest, first, last)) })
}
