package ndarray

import (
	"fmt"
	"slices"
)

// axesOf returns, for each of ndim axes, whether one of the numbers names it. It panics with a [ShapeError] that shows shape if
// one names none, or two the same.
func axesOf(op string, axes []int, ndim int, shape []int) []bool {
	named := make([]bool, ndim)
	for _, axis := range axes {
		d := axis
		if d < 0 {
			d += ndim
		}
		switch {
		case uint(d) >= uint(ndim):
			panic(newShapeError(op, fmt.Sprintf("no axis %d among %d", axis, ndim), shape))
		case named[d]:
			panic(newShapeError(op, fmt.Sprintf("axis %d is named twice in %v", axis, axes), shape))
		}
		named[d] = true
	}
	return named
}

// elementsOf returns the product of the lengths of a shape that Size has accepted.
func elementsOf(shape []int) int {
	n := 1
	for _, length := range shape {
		if length == 0 {
			return 0
		}
		n *= length
	}
	return n
}

// clone returns l with shape and strides of its own.
func (l *layout) clone() layout {
	c := *l
	c.shape, c.strides = slices.Clone(l.shape), slices.Clone(l.strides)
	return c
}

// between returns the elements from first to last-1 on an axis, which has them.
func (l *layout) between(axis, first, last int) layout {
	b := l.clone()
	b.shape[axis] = last - first
	b.n = elementsOf(b.shape)
	if b.n > 0 { // elsewhere strides mean nothing
		b.offset += first * l.strides[axis]
	}
	return b
}

// MoveAxis returns an array that shares a's elements, with axis src at place dst and the others in their order. Negative
// axes count from the last. It panics with a [ShapeError] if there is no such axis.
func (a *Array[T]) MoveAxis(src, dst int) *Array[T] { return newArray(a.data, a.moveAxis(src, dst)) }

func (l *layout) moveAxis(src, dst int) layout {
	src, dst = axisOf("MoveAxis", src, l.shape), axisOf("MoveAxis", dst, l.shape)
	order := make([]int, 0, len(l.shape))
	for d := range l.shape {
		if d != src {
			order = append(order, d)
		}
	}
	return l.transpose(slices.Insert(order, dst, src))
}

// SwapAxes returns an array that shares a's elements, with two axes in each other's place. Negative axes count from the
// last. It panics with a [ShapeError] if there is no such axis.
func (a *Array[T]) SwapAxes(axis1, axis2 int) *Array[T] {
	return newArray(a.data, a.swapAxes("SwapAxes", axis1, axis2))
}

func (l *layout) swapAxes(op string, axis1, axis2 int) layout {
	axis1, axis2 = axisOf(op, axis1, l.shape), axisOf(op, axis2, l.shape)
	s := l.clone()
	s.shape[axis1], s.shape[axis2] = s.shape[axis2], s.shape[axis1]
	s.strides[axis1], s.strides[axis2] = s.strides[axis2], s.strides[axis1]
	return s
}

// Squeeze returns an array that shares a's elements, without the axes named, which must be of length one; with none named,
// without all that are. Negative axes count from the last. It panics with a [ShapeError] if there is no such axis, one is
// named twice, or is of another length.
func (a *Array[T]) Squeeze(axes ...int) *Array[T] { return newArray(a.data, a.squeeze(axes)) }

func (l *layout) squeeze(axes []int) layout {
	named := axesOf("Squeeze", axes, len(l.shape), l.shape)
	s := *l
	s.shape, s.strides = make([]int, 0, len(l.shape)), make([]int, 0, len(l.shape))
	for d, length := range l.shape {
		switch {
		case named[d] && length != 1:
			panic(newShapeError("Squeeze", fmt.Sprintf("axis %d is not of length one", d), l.shape))
		case named[d] || len(axes) == 0 && length == 1:
		default:
			s.shape, s.strides = append(s.shape, length), append(s.strides, l.strides[d])
		}
	}
	return s
}

// ExpandDims returns an array that shares a's elements, with an axis of length one at each of the places named: axes of the
// result, whose last is -1. It panics with a [ShapeError] if the result has no such axis, one is named twice, or there are
// more than [MaxDims].
func (a *Array[T]) ExpandDims(axes ...int) *Array[T] {
	return newArray(a.data, a.expandDims("ExpandDims", axes))
}

func (l *layout) expandDims(op string, axes []int) layout {
	if len(l.shape)+len(axes) > MaxDims {
		panic(newShapeError(op, fmt.Sprintf("%d axes more are more than %d", len(axes), MaxDims), l.shape))
	}
	e := newLayout(len(l.shape)+len(axes), l.n)
	e.offset, e.readonly = l.offset, l.readonly
	from := 0
	for d, isNew := range axesOf(op, axes, len(e.shape), l.shape) {
		if isNew {
			e.shape[d], e.strides[d] = 1, 1
			continue
		}
		e.shape[d], e.strides[d] = l.shape[from], l.strides[from]
		from++
	}
	return e
}

// BroadcastTo returns an array that shares a's elements, stretched to a shape as in NumPy: axes are matched from the last,
// those of length one repeat their elements, and missing ones are of length one. It panics with a [ShapeError] that shows
// both shapes if a does not broadcast to it.
//
// An element that repeats lies under several indices: [Array.Set] sets it for all of them, where NumPy's result is
// read-only, and as the dst of a function the array panics with a [LayoutError].
func (a *Array[T]) BroadcastTo(shape ...int) *Array[T] {
	return newArray(a.data, a.broadcastTo("BroadcastTo", shape))
}

func (l *layout) broadcastTo(op string, shape []int) layout {
	if _, _, err := Size(shape, 1); err != nil {
		panic(newShapeError(op, err.Error(), l.shape, shape))
	}
	if !l.stretches(shape) {
		panic(newShapeError(op, "first shape does not broadcast to the second", l.shape, shape))
	}
	return l.broadcast(shape)
}

// stretches reports whether l broadcasts to a shape.
func (l *layout) stretches(shape []int) bool {
	first := len(shape) - len(l.shape)
	fits := first >= 0
	for d, length := range l.shape {
		fits = fits && (length == 1 || length == shape[first+d])
	}
	return fits
}

// Flip returns an array that shares a's elements, in reverse order along the axes named, or along all if none is. Negative
// axes count from the last. It panics with a [ShapeError] if there is no such axis, or one is named twice.
func (a *Array[T]) Flip(axes ...int) *Array[T] { return newArray(a.data, a.flip(axes)) }

func (l *layout) flip(axes []int) layout {
	named := axesOf("Flip", axes, len(l.shape), l.shape)
	f := l.clone()
	for d, length := range l.shape {
		if (named[d] || len(axes) == 0) && length > 1 {
			if f.n > 0 {
				f.offset += (length - 1) * l.strides[d]
			}
			f.strides[d] = -l.strides[d]
		}
	}
	return f
}

// Rot90 returns an array that shares a's elements, turned k times by a right angle from axis1 towards axis2; k may be
// negative. It panics with a [ShapeError] if there is no such axis, or both are the same.
func (a *Array[T]) Rot90(k, axis1, axis2 int) *Array[T] {
	return newArray(a.data, a.rot90(k, axis1, axis2))
}

func (l *layout) rot90(k, axis1, axis2 int) layout {
	axesOf("Rot90", []int{axis1, axis2}, len(l.shape), l.shape)
	switch k & 3 {
	case 1:
		f := l.flip([]int{axis2})
		return f.swapAxes("Rot90", axis1, axis2)
	case 2:
		return l.flip([]int{axis1, axis2})
	case 3:
		s := l.swapAxes("Rot90", axis1, axis2)
		return s.flip([]int{axis2})
	}
	return *l
}

// Diagonal returns an array that shares the elements of a whose indices on axis1 and axis2 differ by offset: (i, i+offset).
// Its last axis runs along the diagonal, before it are a's other axes. An offset beyond the axes gives no elements.
// Negative axes count from the last. It panics with a [ShapeError] if there is no such axis, or both are the same.
func (a *Array[T]) Diagonal(offset, axis1, axis2 int) *Array[T] {
	return newArray(a.data, a.diagonal(offset, axis1, axis2))
}

func (l *layout) diagonal(offset, axis1, axis2 int) layout {
	named := axesOf("Diagonal", []int{axis1, axis2}, len(l.shape), l.shape)
	axis1, axis2 = axisOf("Diagonal", axis1, l.shape), axisOf("Diagonal", axis2, l.shape)
	rows, cols := l.shape[axis1], l.shape[axis2]
	length, row, col := 0, 0, 0
	if -rows < offset && offset < cols {
		row, col = max(0, -offset), max(0, offset)
		length = min(rows-row, cols-col)
	}
	diagonal := newLayout(len(l.shape)-1, 0)
	diagonal.offset, diagonal.readonly = l.offset+row*l.strides[axis1]+col*l.strides[axis2], l.readonly
	to := 0
	for d := range l.shape {
		if !named[d] {
			diagonal.shape[to], diagonal.strides[to] = l.shape[d], l.strides[d]
			to++
		}
	}
	diagonal.shape[to], diagonal.strides[to] = length, l.strides[axis1]+l.strides[axis2]
	diagonal.n = elementsOf(diagonal.shape)
	return diagonal
}

// Split returns arrays that share a's elements: sections of equal length along an axis, in order. A negative axis counts
// from the last. It panics with a [ShapeError] if there is no such axis, or sections does not divide its length, or are more than
// memory can describe, as those of an axis of length zero may be.
func (a *Array[T]) Split(sections, axis int) []*Array[T] { return a.parts(a.split(sections, axis)) }

func (a *Array[T]) parts(layouts []layout) []*Array[T] {
	parts := make([]*Array[T], len(layouts))
	for i, l := range layouts {
		parts[i] = newArray(a.data, l)
	}
	return parts
}

// maxSections is so many descriptions of a part, of some two hundred bytes, that no memory holds more.
const maxSections = addressable >> 8

func (l *layout) split(sections, axis int) []layout {
	d := axisOf("Split", axis, l.shape)
	if sections < 1 || l.shape[d]%sections != 0 || sections > maxSections {
		panic(newShapeError("Split", fmt.Sprintf("axis %d does not split into %d equal sections", d, sections), l.shape))
	}
	length := l.shape[d] / sections
	parts := make([]layout, sections)
	for i := range parts {
		parts[i] = l.between(d, i*length, (i+1)*length)
	}
	return parts
}

// SplitAt returns arrays that share a's elements: the parts of an axis up to the first index, from there to the second,
// and so on to the axis's end; one more than there are indices. Negative indices and axes count from the end.
// It panics with a [ShapeError] if there is no such axis, or the indices do not ascend in it: unlike NumPy's, they are not
// clipped.
func (a *Array[T]) SplitAt(indices []int, axis int) []*Array[T] {
	return a.parts(a.splitAt(indices, axis))
}

func (l *layout) splitAt(indices []int, axis int) []layout {
	d := axisOf("SplitAt", axis, l.shape)
	parts := make([]layout, 0, len(indices)+1)
	first, length := 0, l.shape[d]
	for _, i := range indices {
		if i < 0 {
			i += length
		}
		if i < first || i > length {
			panic(newShapeError("SplitAt", fmt.Sprintf("indices %v do not ascend in axis %d", indices, d), l.shape))
		}
		parts = append(parts, l.between(d, first, i))
		first = i
	}
	return append(parts, l.between(d, first, length))
}

// SlidingWindow returns an array that shares a's elements: every place of a window that moves over the axes, whose own axes
// come last. window has a length for each axis named, or for each axis of a if none is; an axis of length n has n-w+1 places
// for one of length w. Negative axes count from the last, and an axis may be named twice.
// It panics with a [ShapeError] if there is no such axis, the window does not fit, or the result has too many axes or
// elements.
//
// Windows that overlap have elements under several indices: what is said of [Array.BroadcastTo] holds here too.
func (a *Array[T]) SlidingWindow(window []int, axes ...int) *Array[T] {
	return newArray(a.data, a.slidingWindow(window, axes))
}

func (l *layout) slidingWindow(window, axes []int) layout {
	const op = "SlidingWindow"
	if len(axes) == 0 {
		for d := range l.shape {
			axes = append(axes, d)
		}
	}
	if len(window) != len(axes) {
		panic(newShapeError(op, fmt.Sprintf("expected a window of %d axes", len(axes)), l.shape, window))
	}
	s := newLayout(len(l.shape)+len(window), 0)
	s.offset, s.readonly = l.offset, l.readonly
	copy(s.shape, l.shape)
	copy(s.strides, l.strides)
	for i, length := range window {
		d := axisOf(op, axes[i], l.shape)
		if length < 0 || length > s.shape[d] {
			panic(newShapeError(op, fmt.Sprintf("window does not fit axis %d", d), l.shape, window))
		}
		if length == 0 {
			length, s.shape[d] = 1, s.shape[d]+1 // as NumPy: a window of nothing has a place after the last element
		}
		s.shape[d] -= length - 1
		s.shape[len(l.shape)+i], s.strides[len(l.shape)+i] = window[i], l.strides[d]
	}
	n, _, err := Size(s.shape, 1)
	if err != nil {
		panic(newShapeError(op, err.Error(), l.shape, window))
	}
	s.n = n
	return s
}
