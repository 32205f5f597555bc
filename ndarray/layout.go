package ndarray

import (
	"fmt"
	"math"
	"math/bits"
	"slices"
)

// MaxDims is the most axes an array may have: NumPy's own limit (NPY_MAXDIMS).
const MaxDims = 64

// Size returns the number of elements of a shape and the bytes that they take with the given itemsize.
// It is the one place where lengths are multiplied that nobody has checked: a shape with more than
// [MaxDims] axes, a negative length, or more elements or bytes than an int counts is [ErrShape]. As in NumPy, axes of
// length zero do not excuse the others: (0, 1<<62, 8) is an error too. A negative itemsize is [ErrDType].
func Size(shape []int, itemsize int) (n, nbytes int, err error) {
	if len(shape) > MaxDims {
		return 0, 0, fmt.Errorf("%w: expected at most %d axes, found %d", ErrShape, MaxDims, len(shape))
	}
	if itemsize < 0 {
		return 0, 0, fmt.Errorf("%w: negative itemsize %d", ErrDType, itemsize)
	}
	count, empty := uint64(1), false
	for _, length := range shape {
		if length < 0 {
			return 0, 0, fmt.Errorf("%w: negative length in %v", ErrShape, shape)
		}
		if length == 0 {
			empty = true
			continue
		}
		high, low := bits.Mul64(count, uint64(length))
		if high != 0 || low > math.MaxInt {
			return 0, 0, fmt.Errorf("%w: %v has more than %d elements", ErrShape, shape, math.MaxInt)
		}
		count = low
	}
	high, size := bits.Mul64(count, uint64(itemsize))
	if high != 0 || size > math.MaxInt {
		return 0, 0, fmt.Errorf("%w: %v of %d-byte elements takes more than %d bytes", ErrShape, shape, itemsize, math.MaxInt)
	}
	if empty {
		return 0, 0, nil
	}
	return int(count), int(size), nil
}

// inferred returns shape with a length of -1 replaced by what the others leave of n elements.
func inferred(shape []int, n int) ([]int, error) {
	axis := slices.Index(shape, -1)
	if axis < 0 {
		return shape, nil
	}
	full := slices.Clone(shape)
	full[axis] = 1
	others, _, err := Size(full, 1)
	if err != nil {
		return nil, err
	}
	if others == 0 || n%others != 0 {
		return nil, fmt.Errorf("%w: no length for -1 in %v gives %d elements", ErrShape, shape, n)
	}
	full[axis] = n / others
	return full, nil
}

// layout says which elements of a slice an array has, and in which order.
//
// Every layout of an array keeps two promises, on which the arithmetic without checks below rests: [Size] has accepted
// shape, and where n > 0 each element lies in the slice. So a stride is at most the slice's length on any axis longer
// than one; on the others it means nothing, and may have any value.
type layout struct {
	shape    []int
	strides  []int // elements from one index to the next, for each axis
	offset   int   // of the element at (0, ..., 0); above zero only under a negative stride
	n        int   // elements
	readonly bool
}

// newLayout returns a layout of n elements with room for ndim axes. Shape and strides lie in one allocation.
func newLayout(ndim, n int) layout {
	both := make([]int, 2*ndim)
	return layout{shape: both[:ndim:ndim], strides: both[ndim:], n: n}
}

// contiguousLayout returns the C-order layout of a shape that Size has accepted with n elements.
func contiguousLayout(shape []int, n int) layout {
	l := newLayout(len(shape), n)
	copy(l.shape, shape)
	stride := 1
	for d := len(shape) - 1; d >= 0; d-- {
		l.strides[d] = stride
		stride *= max(shape[d], 1)
	}
	return l
}

// span returns how many elements a layout reaches below and above its first element, and whether ints can say so.
func span(shape, strides []int) (below, above int, ok bool) {
	for d, length := range shape {
		if length <= 1 {
			continue
		}
		reach, distance := &above, uint64(strides[d])
		if strides[d] < 0 {
			reach, distance = &below, -distance
		}
		high, low := bits.Mul64(uint64(length-1), distance)
		if high != 0 || low > uint64(math.MaxInt-*reach) {
			return 0, 0, false
		}
		*reach += int(low)
	}
	return below, above, true
}

// index returns the offset of the element at ix, or -1 if there is none.
func (l *layout) index(ix []int) int {
	offset, shape := l.offset, l.shape
	if len(ix) != len(shape) {
		return -1
	}
	for d, i := range ix {
		if uint(i) >= uint(shape[d]) {
			return -1
		}
		offset += i * l.strides[d]
	}
	return offset
}

// contiguous reports whether the elements lie one after the other in C order.
func (l *layout) contiguous() bool {
	if l.n == 0 {
		return true
	}
	stride := 1
	for d := len(l.shape) - 1; d >= 0; d-- {
		if l.shape[d] != 1 && l.strides[d] != stride {
			return false
		}
		stride *= l.shape[d]
	}
	return true
}

// transpose returns the layout whose axis d is the axis axes[d] of l. axes must be a permutation.
func (l *layout) transpose(axes []int) layout {
	t := newLayout(len(axes), l.n)
	t.offset, t.readonly = l.offset, l.readonly
	for d, axis := range axes {
		t.shape[d], t.strides[d] = l.shape[axis], l.strides[axis]
	}
	return t
}

// permuted is [Array.Transpose].
func (l *layout) permuted(axes []int) layout {
	ndim := len(l.shape)
	fit := len(axes) == 0 || len(axes) == ndim
	order, seen := make([]int, ndim), make([]bool, ndim)
	for d := 0; d < ndim && fit; d++ {
		axis := ndim - 1 - d
		if len(axes) > 0 {
			axis = axes[d]
		}
		if axis < 0 {
			axis += ndim
		}
		if fit = axis >= 0 && axis < ndim && !seen[axis]; fit {
			order[d], seen[axis] = axis, true
		}
	}
	if !fit {
		panic(ShapeError{"Transpose", [][]int{slices.Clone(l.shape), slices.Clone(axes)}, "shape and axes do not fit"})
	}
	return l.transpose(order)
}

// merged returns the shape and strides of the same elements in the same order on the fewest axes: without those of
// length one, and with neighbours joined where one runs on into the next. No axis is left of a single element.
func (l *layout) merged() (shape, strides []int) {
	for d, length := range l.shape {
		last := len(shape) - 1
		switch {
		case length == 1:
		case last >= 0 && strides[last] == length*l.strides[d]:
			shape[last] *= length
			strides[last] = l.strides[d]
		default:
			shape, strides = append(shape, length), append(strides, l.strides[d])
		}
	}
	return shape, strides
}

// reshape returns the layout of the same elements in the same C order under another shape with as many, and whether
// strides can express it. It finds it whenever there is one.
func (l *layout) reshape(shape []int) (layout, bool) {
	r := contiguousLayout(shape, l.n)
	r.offset, r.readonly = l.offset, l.readonly
	if l.n == 0 {
		return r, true
	}
	// Merged axes don't run on into each other, so each must be cut into whole new axes, from the last to the first.
	// Both shapes multiply to n, and so does what is left of them at every step: rest runs dry in time.
	lengths, strides := l.merged()
	rest, stride := 1, 1
	for d := len(shape) - 1; d >= 0; d-- {
		if shape[d] == 1 {
			continue
		}
		if rest == 1 {
			last := len(lengths) - 1
			rest, stride = lengths[last], strides[last]
			lengths, strides = lengths[:last], strides[:last]
		}
		if rest%shape[d] != 0 {
			return layout{}, false
		}
		r.strides[d] = stride
		rest /= shape[d]
		stride *= shape[d]
	}
	return r, true
}

// reshaped is [Array.Reshape], of elements of size bytes.
func (l *layout) reshaped(shape []int, size int) (layout, error) {
	shape, err := inferred(shape, l.n)
	if err != nil {
		return layout{}, fmt.Errorf("ndarray: Reshape: %w", err)
	}
	n, _, err := Size(shape, size)
	if err != nil {
		return layout{}, fmt.Errorf("ndarray: Reshape: %w", err)
	}
	if n != l.n {
		return layout{}, fmt.Errorf("ndarray: Reshape: %w: expected %d elements, found %v", ErrShape, l.n, shape)
	}
	r, ok := l.reshape(shape)
	if !ok {
		return layout{}, fmt.Errorf("ndarray: Reshape: %w: elements of shape %v with strides %v can't be shared as %v, Copy them first",
			ErrLayout, l.shape, l.strides, shape)
	}
	return r, nil
}

// slice returns the layout of what ix selects, its offset still counted in the same slice of elements.
func (l *layout) slice(ix []Index) layout {
	kept, named, ellipses := len(l.shape), 0, 0 // axes of the result, and indices that use up an axis
	for _, x := range ix {
		switch x.kind {
		case rest:
			ellipses++
		case added:
			kept++
		case single:
			kept--
			named++
		default:
			named++
		}
	}
	if named > len(l.shape) || kept > MaxDims || ellipses > 1 {
		reason := fmt.Sprintf("%d indices for %d axes", named, len(l.shape))
		switch {
		case ellipses > 1:
			reason = "more than one ellipsis"
		case kept > MaxDims:
			reason = fmt.Sprintf("%d axes are more than %d", kept, MaxDims)
		}
		panic(SliceError{slices.Clone(ix), slices.Clone(l.shape), reason})
	}
	s := newLayout(kept, 1)
	s.offset, s.readonly = l.offset, l.readonly
	to, axis := 0, 0
	whole := func(count int) {
		for ; count > 0; count-- {
			s.shape[to], s.strides[to] = l.shape[axis], l.strides[axis]
			s.n *= l.shape[axis]
			to, axis = to+1, axis+1
		}
	}
	for _, x := range ix {
		if x.kind == rest {
			whole(len(l.shape) - named)
			continue
		}
		if x.kind == added {
			s.shape[to], s.strides[to] = 1, 1
			to++
			continue
		}
		length, stride := l.shape[axis], l.strides[axis]
		first, count, step, reason := x.resolve(length)
		if reason != "" {
			reason = fmt.Sprintf("%s on axis %d, which has length %d", reason, axis, length)
			panic(SliceError{slices.Clone(ix), slices.Clone(l.shape), reason})
		}
		axis++
		s.offset += first * stride
		s.n *= count
		if x.kind == single {
			continue
		}
		s.shape[to], s.strides[to] = count, stride*step // may wrap where count <= 1, and means nothing there
		to++
	}
	whole(len(l.shape) - axis)
	return s
}
