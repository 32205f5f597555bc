package ndarray

import "slices"

// loops visits the elements of several operands of one shape together, as runs along one axis. Unless the order matters,
// axes are taken in the order of the operands' strides, so that memory is read as it lies; axes of length one are left
// out, and neighbours that run on into each other in all operands are one axis. Contiguous operands are a single run.
type loops struct {
	shape   []int   // the last axis is the run's
	strides [][]int // elements, of each operand on each axis
	offsets []int   // of each operand's first element
	block   int     // runs are no longer than this, unless it is zero
}

// newLoops returns the loops over the elements of layouts of one shape. It follows the strides of the first layout where they
// differ, then those of the second, and so on.
func newLoops(layouts ...*layout) loops {
	l := droppedAxes(layouts)
	l.ascend()
	l.sort()
	l.merge()
	return l
}

// newForwardLoops returns loops that go along each axis from its first element to the last, wherever in memory that is.
func newForwardLoops(layouts ...*layout) loops {
	l := droppedAxes(layouts)
	l.sort()
	l.merge()
	return l
}

// newOrderedLoops returns loops that visit elements in C order.
func newOrderedLoops(layouts ...*layout) loops {
	l := droppedAxes(layouts)
	l.merge()
	return l
}

// droppedAxes returns the loops over all axes that are not of length one, and at least one.
func droppedAxes(layouts []*layout) loops {
	shape := layouts[0].shape
	ints := make([]int, (len(layouts)+1)*(len(shape)+1)+len(layouts)) // all that follows lies in one allocation
	take := func(n int) []int {
		taken := ints[:n:n]
		ints = ints[n:]
		return taken
	}
	l := loops{shape: take(len(shape) + 1)[:0], strides: make([][]int, len(layouts)), offsets: take(len(layouts))}
	for k, operand := range layouts {
		l.strides[k] = take(len(shape) + 1)[:0]
		l.offsets[k] = operand.offset
	}
	for d, length := range shape {
		if length != 1 {
			l.shape = append(l.shape, length)
			for k, operand := range layouts {
				l.strides[k] = append(l.strides[k], operand.strides[d])
			}
		}
	}
	if len(l.shape) == 0 {
		l.shape = append(l.shape, 1)
		for k := range layouts {
			l.strides[k] = append(l.strides[k], 1)
		}
	}
	return l
}

// ascend turns the axes round along which the first operand that moves does so downwards.
func (l *loops) ascend() {
	for d, length := range l.shape {
		first := slices.IndexFunc(l.strides, func(strides []int) bool { return strides[d] != 0 })
		if first < 0 || l.strides[first][d] > 0 || length == 0 {
			continue
		}
		for k, strides := range l.strides {
			l.offsets[k] += (length - 1) * strides[d]
			strides[d] = -strides[d]
		}
	}
}

// sort puts the axes of long strides first. It keeps the order of those whose strides don't decide.
func (l *loops) sort() {
	for i := 1; i < len(l.shape); i++ {
		for d := i; d > 0 && l.isInner(d-1, d); d-- {
			l.swap(d-1, d)
		}
	}
}

// swap puts two axes in each other's place.
func (l *loops) swap(d, e int) {
	l.shape[d], l.shape[e] = l.shape[e], l.shape[d]
	for _, strides := range l.strides {
		strides[d], strides[e] = strides[e], strides[d]
	}
}

// isInner reports whether axis d belongs inside of axis e: the first operand that moves along both, in different steps,
// takes the shorter ones along d.
func (l *loops) isInner(d, e int) bool {
	for _, strides := range l.strides {
		x, y := max(strides[d], -strides[d]), max(strides[e], -strides[e])
		if x != 0 && y != 0 && x != y {
			return x < y
		}
	}
	return false
}

// merge joins each axis to the one after it where every operand runs on from one into the other.
func (l *loops) merge() {
	last := 0
	for d := 1; d < len(l.shape); d++ {
		runsOn := true
		for _, strides := range l.strides {
			runsOn = runsOn && strides[last] == l.shape[d]*strides[d]
		}
		if runsOn {
			l.shape[last] *= l.shape[d]
		} else {
			last++
			l.shape[last] = l.shape[d]
		}
		for _, strides := range l.strides {
			strides[last] = strides[d]
		}
	}
	l.shape = l.shape[:last+1]
	for k := range l.strides {
		l.strides[k] = l.strides[k][:last+1]
	}
}

// A run across others is faster than runs of fewer elements than this, though its elements lie apart.
const shortRun = 8

// turn makes the runs go across short ones, so that a thousand rows of three are not a thousand runs, but three columns. They
// are cut in blocks of as many rows as stay in the cache from one column to the next. Nothing may depend on the order.
func (l *loops) turn() {
	last := len(l.shape) - 1
	if last > 0 && l.shape[last] > 0 && l.shape[last] < shortRun && l.shape[last-1] > l.shape[last] {
		l.swap(last, last-1)
		l.block = 4096 / l.shape[last-1]
	}
}

// inc returns the increment of the k-th operand within a run.
func (l *loops) inc(k int) int { return l.strides[k][len(l.shape)-1] }

// next returns how many elements further the k-th operand's next run begins, on the axis outside of the run's.
func (l *loops) next(k int) int {
	if d := len(l.shape) - 2; d >= 0 {
		return l.strides[k][d]
	}
	return 0
}

// each calls run for every run, with the offset of each operand's first element and the number of elements. The offsets
// are only valid during the call.
func (l *loops) each(run func(offsets []int, n int)) {
	l.planes(len(l.shape)-1, run)
}

// planes calls plane for every run on the last axis, or every plane on the last two, of which the first outer axes are not part.
func (l *loops) planes(outer int, plane func(offsets []int, n int)) {
	if slices.Contains(l.shape, 0) {
		return
	}
	last := len(l.shape) - 1
	n := l.shape[last]
	offsets, index := slices.Clone(l.offsets), make([]int, outer)
	if l.block == 0 || n <= l.block {
		l.visit(offsets, index, n, plane)
		return
	}
	for first := 0; first < n; first += l.block {
		for k := range offsets {
			offsets[k] = l.offsets[k] + first*l.strides[k][last]
		}
		l.visit(offsets, index, min(l.block, n-first), plane)
	}
}

// visit is planes for runs of n elements that begin at offsets. It needs an index of zeros on the outer axes, and leaves it so.
func (l *loops) visit(offsets, index []int, n int, run func(offsets []int, n int)) {
	for {
		run(offsets, n)
		d := len(index) - 1
		for ; d >= 0; d-- {
			index[d]++
			if index[d] < l.shape[d] {
				for k, strides := range l.strides {
					offsets[k] += strides[d]
				}
				break
			}
			for k, strides := range l.strides {
				offsets[k] -= (index[d] - 1) * strides[d]
			}
			index[d] = 0
		}
		if d < 0 {
			return
		}
	}
}

// part returns the loops over the elements from first to last-1 on one axis.
func (l *loops) part(axis, first, last int) loops {
	p := loops{shape: slices.Clone(l.shape), strides: l.strides, offsets: slices.Clone(l.offsets), block: l.block}
	p.shape[axis] = last - first
	for k, strides := range l.strides {
		p.offsets[k] += first * strides[axis]
	}
	return p
}
