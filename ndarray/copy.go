package ndarray

import (
	"slices"

	"github.com/samebytes/samebytes/ndarray/internal/kern"
)

// Copy returns an array with the same elements in memory of its own, in C order. It is not read-only.
// It panics with a [ShapeError] where no memory is large enough, as for an array that was broadcast.
func (a *Array[T]) Copy() *Array[T] { return a.copied("Copy") }

// copied is Copy under another name for the panic.
func (a *Array[T]) copied(op string) *Array[T] {
	if a.contiguous() {
		return newArray(slices.Clip(slices.Clone(a.data)), contiguousLayout(a.shape, a.n))
	}
	c := sized[T](op, a.shape...)
	assign(c, a)
	return c
}

// CopyF is [Array.Copy] in Fortran order: the first index moves fastest through memory, as LAPACK has it.
func (a *Array[T]) CopyF() *Array[T] { return a.T().copied("CopyF").T() }

// CopyTo stores a's elements in dst, broadcast to its shape, and returns dst; for a nil dst it returns a copy.
// They may overlap: dst becomes what a was.
// It panics with a [ShapeError] if a does not broadcast to dst's shape, and as all functions do for a dst that can't be
// written.
func CopyTo[T Element](dst, a *Array[T]) *Array[T] {
	if dst == nil {
		return a.copied("CopyTo")
	}
	if small(dst) && copyTransposed(dst, a) {
		return dst
	}
	dst.mustWrite("CopyTo")
	stretched := a.broadcastTo("CopyTo", dst.shape)
	if b := apart(dst, a); b != a {
		a, stretched = b, b.broadcast(dst.shape)
	}
	assign(dst, newArray(a.data, stretched))
	return dst
}

// Fill sets all elements to v, and returns a. It panics as all functions do for a dst that can't be written.
func (a *Array[T]) Fill(v T) *Array[T] {
	a.mustWrite("Fill")
	l := newLoops(&a.layout)
	l.eachParallel(func(offsets []int, n int) {
		kern.Fill(kern.Vec[T]{Data: a.data, Off: offsets[0], Inc: l.inc(0)}, v, n)
	})
	return a
}

// assign stores a's elements in dst. They are of one shape, and lie apart or in the same places.
func assign[T Element](dst, a *Array[T]) {
	l := newLoops(&dst.layout, &a.layout)
	if crosswise(dst, &l) {
		assignCrosswise(dst, a, &l)
		return
	}
	l.eachParallel(func(offsets []int, n int) {
		kern.Copy(kern.Vec[T]{Data: dst.data, Off: offsets[0], Inc: l.inc(0)}, kern.Vec[T]{Data: a.data, Off: offsets[1], Inc: l.inc(1)}, n)
	})
}

// crosswise reports whether the runs of dst step through the source in strides of whole cache lines, while the source has
// neighbours along another axis, as in a copy of a transposed matrix. It makes that axis the second last.
func crosswise[T Element](dst *Array[T], l *loops) bool {
	const line = 64 // bytes
	_, size := address(dst.data)
	source, last := l.strides[1], len(l.shape)-1
	axis := last
	for d, stride := range source {
		if stride != 0 && max(stride, -stride) < max(source[axis], -source[axis]) {
			axis = d
		}
	}
	inner := max(source[last], -source[last])
	if axis == last || inner*size < line || l.shape[axis] < 4 || l.shape[last] < 4 {
		return false
	}
	for ; axis < last-1; axis++ {
		l.swap(axis, axis+1)
	}
	return true
}

// copyTransposed copies a matrix whose columns are runs to a dst in C order, and reports whether these are what it has got, and lie
// apart: then a small one is copied before loops would begin.
func copyTransposed[T Element](dst, a *Array[T]) bool {
	if len(a.shape) != 2 || !slices.Equal(a.shape, dst.shape) || a.strides[0] != 1 || a.strides[1] < 2 || !inStep(dst.data, a.data) {
		return false
	}
	rows, cols := a.shape[0], a.shape[1]
	if rows < 4 || cols < 4 || &dst.data[0] == &a.data[0] {
		return false
	}
	kern.CopyTiles(kern.Plane[T]{Data: dst.data, RowInc: cols, Inc: 1},
		kern.Plane[T]{Data: a.data, Off: a.offset, RowInc: 1, Inc: a.strides[1]}, rows, cols)
	return true
}

// assignCrosswise copies the last two axes in tiles, so that each cache line of the source is read while it is there.
func assignCrosswise[T Element](dst, a *Array[T], l *loops) {
	last := len(l.shape) - 1
	cols, inc, from := l.shape[last], l.strides[0][last], l.strides[1][last]
	rows := loops{shape: l.shape[:last], strides: [][]int{l.strides[0][:last], l.strides[1][:last]}, offsets: l.offsets}
	rows.eachWeighted(cols, func(offsets []int, n int) {
		kern.CopyTiles(
			kern.Plane[T]{Data: dst.data, Off: offsets[0], RowInc: rows.inc(0), Inc: inc},
			kern.Plane[T]{Data: a.data, Off: offsets[1], RowInc: rows.inc(1), Inc: from}, n, cols)
	})
}
