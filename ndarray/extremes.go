package ndarray

import (
	"github.com/samebytes/samebytes/ndarray/internal/kern"
	"github.com/samebytes/samebytes/ndarray/internal/workers"
)

// Min returns the least of all elements, or NaN if one is. It panics with a [ShapeError] if there are none.
func Min[T Real](a *Array[T]) T { return extreme("Min", a, kern.Least[T], kern.LeastRows[T]) }

// Max returns the greatest of all elements, or NaN if one is. It panics with a [ShapeError] if there are none.
func Max[T Real](a *Array[T]) T { return extreme("Max", a, kern.Greatest[T], kern.GreatestRows[T]) }

// NaNMin returns the least of all elements that are not NaN, or NaN if there is no such element. It panics with a [ShapeError] if
// there are none at all.
func NaNMin[T Float](a *Array[T]) T {
	return extreme("NaNMin", a, kern.NaNLeast[T], kern.NaNLeastRows[T])
}

// NaNMax returns the greatest of all elements that are not NaN, or NaN if there is no such element. It panics with a [ShapeError]
// if there are none at all.
func NaNMax[T Float](a *Array[T]) T {
	return extreme("NaNMax", a, kern.NaNGreatest[T], kern.NaNGreatestRows[T])
}

// MinTo stores in dst the least elements over axes, or NaN where one is. Axes and dst follow [SumTo]'s rules; it panics with a
// [ShapeError] too where there is no element for one of dst.
func MinTo[T Real](dst, a *Array[T], axes ...int) *Array[T] {
	return extremesTo("MinTo", dst, a, axes, kern.Least[T], kern.LeastRows[T], kern.LeastLines[T])
}

// MaxTo stores in dst the greatest elements over axes, as [MinTo] does the least.
func MaxTo[T Real](dst, a *Array[T], axes ...int) *Array[T] {
	return extremesTo("MaxTo", dst, a, axes, kern.Greatest[T], kern.GreatestRows[T], kern.GreatestLines[T])
}

// NaNMinTo is [MinTo] that takes a NaN only where there is nothing else.
func NaNMinTo[T Float](dst, a *Array[T], axes ...int) *Array[T] {
	return extremesTo("NaNMinTo", dst, a, axes, kern.NaNLeast[T], kern.NaNLeastRows[T], nil)
}

// NaNMaxTo is [MaxTo] that takes a NaN only where there is nothing else.
func NaNMaxTo[T Float](dst, a *Array[T], axes ...int) *Array[T] {
	return extremesTo("NaNMaxTo", dst, a, axes, kern.NaNGreatest[T], kern.NaNGreatestRows[T], nil)
}

func extreme[T Real](op string, a *Array[T], run func(kern.Vec[T], int) T, rows func([]T, kern.Vec[T], int, int, int)) T {
	if a.n > 0 && a.onePiece() {
		return run(kern.Vec[T]{Data: a.data, Inc: 1}, a.n)
	}
	return extremesTo(op, nil, a, nil, run, rows, nil).data[0]
}

func extremesTo[T Real](op string, dst, a *Array[T], axes []int, run func(kern.Vec[T], int) T, rows func([]T, kern.Vec[T], int, int, int),
	lines func([]T, kern.Vec[T], int, int)) *Array[T] {
	return reduce(op, dst, a, reducedAxes(op, a.shape, axes), &fold[T]{direct: a.data, exact: true, run: run, rows: rows, lines: lines})
}

// Ptp returns the distance from the least to the greatest of all elements, which wraps if they are integers that lie so far
// apart. It is NaN where an element is, and panics with a [ShapeError] if there are none.
func Ptp[T Real](a *Array[T]) T {
	return extreme("Ptp", a, kern.Greatest[T], kern.GreatestRows[T]) - extreme("Ptp", a, kern.Least[T], kern.LeastRows[T])
}

// PtpTo stores in dst the distances from the least to the greatest elements over axes, which follow [MinTo]'s rules.
func PtpTo[T Real](dst, a *Array[T], axes ...int) *Array[T] {
	const op = "PtpTo"
	result, _ := reducedDestination(op, dst, a.shape, reducedAxes(op, a.shape, axes))
	least := extremesTo(op, nil, a, axes, kern.Least[T], kern.LeastRows[T], kern.LeastLines[T])
	greatest := extremesTo(op, nil, a, axes, kern.Greatest[T], kern.GreatestRows[T], kern.GreatestLines[T])
	return put(result, Sub(greatest, greatest, least))
}

// ArgMin returns the index of the first of the least elements, or of the first NaN, counted in C order: that of the flattened
// array. It panics with a [ShapeError] if there are no elements.
func ArgMin[T Real](a *Array[T]) int { return argument("ArgMin", a, kern.ArgMin[T], less[T]) }

// ArgMax returns the index of the first of the greatest elements, as [ArgMin] does of the least.
func ArgMax[T Real](a *Array[T]) int { return argument("ArgMax", a, kern.ArgMax[T], greater[T]) }

// NaNArgMin is [ArgMin] of the elements that are not NaN. It panics with a [ShapeError] if there are none.
func NaNArgMin[T Float](a *Array[T]) int {
	return argument("NaNArgMin", a, kern.NaNArgMin[T], less[T])
}

// NaNArgMax is [ArgMax] of the elements that are not NaN. It panics with a [ShapeError] if there are none.
func NaNArgMax[T Float](a *Array[T]) int {
	return argument("NaNArgMax", a, kern.NaNArgMax[T], greater[T])
}

func less[T Real](x, y T) bool    { return x < y || x != x && y == y }
func greater[T Real](x, y T) bool { return x > y || x != x && y == y }

// argument returns the index, in C order, of the first element that no other is before. find returns that of a run, or -1.
func argument[T Real](op string, a *Array[T], find func(v kern.Vec[T], n int) int, before func(x, y T) bool) int {
	if a.n == 0 {
		panic(newShapeError(op, "expected at least one element", a.shape))
	}
	best := -1
	switch {
	case !a.contiguous():
		best = argumentOfRuns(a, find, before)
	case a.onePiece():
		best = find(kern.Vec[T]{Data: a.data, Inc: 1}, a.n)
	default:
		best = argumentOfBlocks(a, find, before)
	}
	if best < 0 {
		panic(newShapeError(op, "expected an element that is not NaN", a.shape))
	}
	return best
}

// argumentOfBlocks is argument for many elements in C order, of which goroutines share the blocks, or -1.
func argumentOfBlocks[T Real](a *Array[T], find func(v kern.Vec[T], n int) int, before func(x, y T) bool) int {
	const block = 1 << 16 // elements
	found := make([]int, (a.n+block-1)/block)
	workers.Share(goroutines(), len(found), a.n >= longMin, func(first, last int) {
		for b := first; b < last; b++ {
			found[b] = find(kern.Vec[T]{Data: a.data, Off: b * block, Inc: 1}, min(block, a.n-b*block))
		}
	})
	best := -1
	for b, i := range found {
		if at := b*block + i; i >= 0 && (best < 0 || before(a.data[at], a.data[best])) {
			best = at
		}
	}
	return best
}

// argumentOfRuns is argument for elements that don't lie in C order, or -1.
func argumentOfRuns[T Real](a *Array[T], find func(v kern.Vec[T], n int) int, before func(x, y T) bool) int {
	best, first := -1, 0
	var m T
	l := newOrderedLoops(&a.layout)
	l.each(func(offsets []int, n int) {
		if i := find(kern.Vec[T]{Data: a.data, Off: offsets[0], Inc: l.inc(0)}, n); i >= 0 {
			if v := a.data[offsets[0]+i*l.inc(0)]; best < 0 || before(v, m) {
				best, m = first+i, v
			}
		}
		first += n
	})
	return best
}

// ArgMinTo stores in dst the indices along an axis of the first of the least elements there, or of the first NaN, and returns
// dst. The axis and dst follow [SumTo]'s rules. It panics with a [ShapeError] too where the axis has no elements and dst has.
func ArgMinTo[T Real](dst *Array[int64], a *Array[T], axis int) *Array[int64] {
	return arguments("ArgMinTo", dst, a, axis, kern.ArgMin[T], kern.ArgMinRow[T])
}

// ArgMaxTo stores in dst the indices along an axis of the first of the greatest elements there, as [ArgMinTo] does of the least.
func ArgMaxTo[T Real](dst *Array[int64], a *Array[T], axis int) *Array[int64] {
	return arguments("ArgMaxTo", dst, a, axis, kern.ArgMax[T], kern.ArgMaxRow[T])
}

// NaNArgMinTo is [ArgMinTo] of the elements that are not NaN. It panics with a [ShapeError] where there are none for an element
// of dst.
func NaNArgMinTo[T Float](dst *Array[int64], a *Array[T], axis int) *Array[int64] {
	return arguments("NaNArgMinTo", dst, a, axis, kern.NaNArgMin[T], kern.NaNArgMinRow[T])
}

// NaNArgMaxTo is [ArgMaxTo] of the elements that are not NaN. It panics with a [ShapeError] where there are none for an element
// of dst.
func NaNArgMaxTo[T Float](dst *Array[int64], a *Array[T], axis int) *Array[int64] {
	return arguments("NaNArgMaxTo", dst, a, axis, kern.NaNArgMax[T], kern.NaNArgMaxRow[T])
}

// arguments stores in dst the index that find returns for each run along an axis. Where the axis has longer steps than others,
// row does it for the elements of one index after another.
func arguments[T Real](op string, dst *Array[int64], a *Array[T], axis int, find func(v kern.Vec[T], n int) int,
	row func(m []T, index []int64, v kern.Vec[T], i int64)) *Array[int64] {
	axis = axisOf(op, axis, a.shape)
	reduced := make([]bool, len(a.shape))
	reduced[axis] = true
	result, to := reducedDestination(op, dst, a.shape, reduced)
	if result.n == 0 {
		return result
	}
	length, stride := a.shape[axis], a.strides[axis]
	if length == 0 {
		panic(newShapeError(op, "expected at least one element along the axis", []int{axis}, a.shape))
	}
	if dst != nil && mayOverlap(dst, a) {
		return put(result, arguments(op, nil, a, axis, find, row))
	}
	from, to := a.layout.without(axis), to.without(axis)
	l := newLoops(&from, &to)
	l.eachWeighted(length, func(offsets []int, n int) {
		from, inc, to := offsets[0], l.inc(0), offsets[1]
		if n < shortAxis || max(stride, -stride) <= inc {
			for ; n > 0; n-- {
				i := find(kern.Vec[T]{Data: a.data, Off: from, Inc: stride}, length)
				result.data[to] = int64(i)
				from += inc
				to += l.inc(1)
			}
			return
		}
		m, index := make([]T, min(n, tileLen)), make([]int64, min(n, tileLen))
		for ; n > 0; n -= len(m) {
			m, index = m[:min(n, len(m))], index[:min(n, len(m))]
			for j := range m {
				m[j] = a.data[from+j*inc]
				index[j] = int64(min(find(kern.Vec[T]{Data: m, Off: j, Inc: 1}, 1), 0))
			}
			for i := 1; i < length; i++ {
				row(m, index, kern.Vec[T]{Data: a.data, Off: from + i*stride, Inc: inc}, int64(i))
			}
			kern.Copy(kern.Vec[int64]{Data: result.data, Off: to, Inc: l.inc(1)}, kern.Vec[int64]{Data: index, Inc: 1}, len(m))
			from += len(m) * inc
			to += len(m) * l.inc(1)
		}
	})
	if Min(result) < 0 {
		panic(newShapeError(op, "expected an element that is not NaN along the axis", []int{axis}, a.shape))
	}
	return result
}
