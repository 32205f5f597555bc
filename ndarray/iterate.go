package ndarray

import (
	"fmt"
	"iter"
	"slices"

	"github.com/samebytes/samebytes/ndarray/internal/kern"
)

// All returns an iterator over the elements in C order, with the index of each. The index is one slice, which changes from
// element to element: clone it to keep it.
func (a *Array[T]) All() iter.Seq2[[]int, T] {
	return func(yield func([]int, T) bool) {
		if a.n == 0 {
			return
		}
		index, offset := make([]int, len(a.shape)), a.offset
		last := len(a.shape) - 1
		if last < 0 {
			yield(index, a.data[offset])
			return
		}
		length, stride := a.shape[last], a.strides[last]
		for {
			place := offset
			for i := range length {
				index[last] = i
				if !yield(index, a.data[place]) {
					return
				}
				place += stride
			}
			var ok bool
			if offset, ok = a.next(index[:last], offset); !ok {
				return
			}
		}
	}
}

// next turns index, on l's first axes, to the next in C order, and returns the offset there of an element that was at offset.
// ok is false after the last.
func (l *layout) next(index []int, offset int) (further int, ok bool) {
	for d := len(index) - 1; d >= 0; d-- {
		if index[d]++; index[d] < l.shape[d] {
			return offset + l.strides[d], true
		}
		offset -= (index[d] - 1) * l.strides[d]
		index[d] = 0
	}
	return offset, false
}

// Values returns an iterator over the elements in C order.
func (a *Array[T]) Values() iter.Seq[T] {
	return func(yield func(T) bool) {
		if a.n == 0 {
			return
		}
		m := a.layout
		m.shape, m.strides = a.merged()
		last := len(m.shape) - 1
		if last < 0 {
			yield(a.data[m.offset])
			return
		}
		index, offset, length, stride := make([]int, last), m.offset, m.shape[last], m.strides[last]
		for {
			place := offset
			for range length {
				if !yield(a.data[place]) {
					return
				}
				place += stride
			}
			var ok bool
			if offset, ok = m.next(index, offset); !ok {
				return
			}
		}
	}
}

// Row returns row i of a 2-d array, as a slice that shares its elements. As through [Array.Data], what is written to it is
// not checked.
// It panics with a [ShapeError] if a has not two axes, with an [IndexError] if it has no such row, and with a [LayoutError]
// if the elements of a row don't lie one after the other: then take Slice(At(i)), or a Copy.
func (a *Array[T]) Row(i int) []T {
	if uint(i) < uint(a.rows) && a.cols > 0 && a.colStride == 1 {
		first := i * a.rowStride
		return a.data[first : first+a.cols : first+a.cols]
	}
	return a.row("Row", i)
}

// row is Row for the layouts that don't allow a shorter way, and its panics.
func (a *Array[T]) row(op string, i int) []T {
	if len(a.shape) != 2 {
		panic(newShapeError(op, "expected two axes", a.shape))
	}
	if uint(i) >= uint(a.shape[0]) {
		panic(IndexError{op, []int{i}, a.Shape()[:1]})
	}
	if a.n == 0 {
		return a.data
	}
	if a.shape[1] != 1 && a.strides[1] != 1 {
		panic(LayoutError{op, a.Shape(), a.Strides(), "expected rows of neighbours, Copy the array first"})
	}
	first := a.offset + i*a.strides[0]
	return a.data[first : first+a.shape[1] : first+a.shape[1]]
}

// Rows returns an iterator over the rows of a 2-d array, with the index of each, as slices that share its elements. It panics
// as [Array.Row] does; for other arrays there are [Array.Lanes] and [Array.Blocks].
func (a *Array[T]) Rows() iter.Seq2[int, []T] {
	if len(a.shape) != 2 {
		panic(newShapeError("Rows", "expected two axes", a.shape))
	}
	return func(yield func(int, []T) bool) {
		for i := range a.shape[0] {
			if !yield(i, a.row("Rows", i)) {
				return
			}
		}
	}
}

// Lanes returns an iterator over the lanes of an axis, in C order of the other axes: arrays of one axis that share a's
// elements, whose indices differ on that axis alone. A negative axis counts from the last. It panics with a [ShapeError] if
// there is no such axis.
func (a *Array[T]) Lanes(axis int) iter.Seq[*Array[T]] {
	lanes := a.lanes(axis)
	return func(yield func(*Array[T]) bool) {
		for lane := range lanes {
			if !yield(newArray(a.data, lane)) {
				return
			}
		}
	}
}

func (l *layout) lanes(axis int) iter.Seq[layout] {
	d := axisOf("Lanes", axis, l.shape)
	return func(yield func(layout) bool) {
		others := l.moveAxis(d, -1)
		outer := len(l.shape) - 1
		lanes := elementsOf(others.shape[:outer])
		lane := layout{
			shape: others.shape[outer:], strides: others.strides[outer:], n: others.shape[outer], readonly: l.readonly,
		}
		index, offset := make([]int, outer), l.offset
		for range lanes {
			lane.offset = offset
			if !yield(lane) {
				return
			}
			offset, _ = others.next(index, offset)
		}
	}
}

// Blocks returns an iterator over a in blocks of at most n along its first axis, with the index there of each block's first
// part: arrays that share a's elements. It panics with a [ShapeError] if a has no axes, or n is not above zero.
func (a *Array[T]) Blocks(n int) iter.Seq2[int, *Array[T]] {
	blocks := a.blocks(n)
	return func(yield func(int, *Array[T]) bool) {
		for first, block := range blocks {
			if !yield(first, newArray(a.data, block)) {
				return
			}
		}
	}
}

func (l *layout) blocks(n int) iter.Seq2[int, layout] {
	if len(l.shape) == 0 || n < 1 {
		panic(newShapeError("Blocks", fmt.Sprintf("no blocks of %d", n), l.shape))
	}
	return func(yield func(int, layout) bool) {
		length := l.shape[0]
		for first := 0; first < length; {
			size := min(n, length-first)
			if !yield(first, l.between(0, first, first+size)) {
				return
			}
			first += size
		}
	}
}

// ArrayEqual reports whether a and b have the same shape and the same elements, as [Equal] compares them. So NaN is not equal
// to itself.
func ArrayEqual[T comparable](a, b *Array[T]) bool { return arrayEqual(a, b, false) }

// ArrayEqualNaN is [ArrayEqual] where NaNs are equal to each other.
func ArrayEqualNaN[T comparable](a, b *Array[T]) bool { return arrayEqual(a, b, true) }

func arrayEqual[T comparable](a, b *Array[T], nan bool) bool {
	if !slices.Equal(a.shape, b.shape) {
		return false
	}
	if isHalf[T]() || isTime[T]() {
		equal := Equal(nil, a, b)
		if nan {
			LogicalOr(equal, equal, LogicalAnd(nil, NotEqual(nil, a, a), NotEqual(nil, b, b)))
		}
		return AllTrue(equal)
	}
	equal := true
	l := newLoops(&a.layout, &b.layout)
	l.each(func(offsets []int, n int) {
		equal = equal && kern.Same(kern.Vec[T]{Data: a.data, Off: offsets[0], Inc: l.inc(0)},
			kern.Vec[T]{Data: b.data, Off: offsets[1], Inc: l.inc(1)}, nan, n)
	})
	return equal
}
