package ndarray

import (
	"fmt"
	"slices"

	"github.com/samebytes/samebytes/ndarray/internal/kern"
)

// Take stores in dst the elements of a at the given indices of an axis, and returns dst: its shape is a's, with that of
// indices in the axis's place. A nil dst is allocated. Negative indices and axes count from the end. dst may overlap a.
// It panics with an [IndexError] if the axis has no such index, with a [ShapeError] if there is no such axis, and as all
// functions do for a dst of another shape or that can't be written. Nothing is written then.
func Take[T Element](dst, a *Array[T], indices *Array[int64], axis int) *Array[T] {
	return take("Take", dst, a, indices, axis)
}

func take[T Element](op string, dst, a *Array[T], indices *Array[int64], axis int) *Array[T] {
	d := axisOf(op, axis, a.shape)
	shape := slices.Concat(a.shape[:d], indices.shape, a.shape[d+1:])
	dst = destination(op, dst, shape, a.shape, indices.shape)
	a = disjoint(op, dst, a)
	places := newPlaces(op, indices.shape)
	places.add(op, indices, a.shape[d], a.strides[d])
	source, at := newLayout(len(shape), dst.n), newLayout(len(shape), dst.n)
	source.shape, at.shape, source.offset = shape, shape, a.offset
	copy(source.strides, a.strides[:d])
	copy(source.strides[d+len(indices.shape):], a.strides[d+1:])
	copy(at.strides[d:], places.strides)
	takeRuns(dst, a.data, source, places, at)
	return dst
}

// TakeAlongAxis stores in dst, along an axis, the elements of a at the indices of the same lane, and returns dst: so it sorts a
// by what an arg-sort returned. indices has as many axes as a, and both broadcast along all others; dst has the shape of
// indices so broadcast, and is allocated if nil. Negative indices and axes count from the end. dst may overlap a.
// It panics as [Take] does, and with a [ShapeError] if the shapes do not broadcast.
func TakeAlongAxis[T Element](dst, a *Array[T], indices *Array[int64], axis int) *Array[T] {
	const op = "TakeAlongAxis"
	d := axisOf(op, axis, a.shape)
	shape := alongAxis(op, a.shape, indices.shape, d)
	dst = destination(op, dst, shape, a.shape, indices.shape)
	a = disjoint(op, dst, a)
	places := newPlaces(op, indices.shape)
	places.add(op, indices, a.shape[d], a.strides[d])
	takeRuns(dst, a.data, a.still(shape, d), places, places.broadcast(shape))
	return dst
}

// PutAlongAxis stores values in dst, along an axis, at the indices of the same lane, and returns dst. indices has as many axes
// as dst, and is broadcast along all others; values is broadcast to indices. Of values for one element the last in C order
// stays. Negative indices and axes count from the end. dst may overlap values.
// It panics as [Take] does, and with a [ShapeError] if the shapes do not broadcast.
func PutAlongAxis[T Element](dst *Array[T], indices *Array[int64], values *Array[T], axis int) *Array[T] {
	const op = "PutAlongAxis"
	dst.mustWrite(op)
	d := axisOf(op, axis, dst.shape)
	shape := alongAxis(op, dst.shape, indices.shape, d)
	for e, length := range dst.shape {
		if e != d && length != shape[e] {
			panic(newShapeError(op, "indices do not broadcast to dst", dst.shape, indices.shape))
		}
	}
	target := dst.still(shape, d)
	places := newPlaces(op, indices.shape)
	places.add(op, indices, dst.shape[d], dst.strides[d])
	putRuns(op, dst, target, places, places.broadcast(shape), values)
	return dst
}

// Gather stores in dst the elements of a at several index arrays together, one for each of a's first axes, and returns dst:
// NumPy's a[i, j]. Its shape is that of the indices, broadcast, and then that of a's other axes. A nil dst is allocated.
// Negative indices count from the end. dst may overlap a. It panics as [Take] does, and with a [ShapeError] if the indices do
// not broadcast, or there are more than a has axes.
func Gather[T Element](dst, a *Array[T], indices ...*Array[int64]) *Array[T] {
	const op = "Gather"
	shape, ndim := gathered(op, a.shape, indices)
	dst = destination(op, dst, shape, a.shape)
	a = disjoint(op, dst, a)
	places := newPlaces(op, shape[:ndim])
	for d, index := range indices {
		places.add(op, index, a.shape[d], a.strides[d])
	}
	takeRuns(dst, a.data, a.behind(shape, len(indices)), places, places.before(shape))
	return dst
}

// Scatter stores values in dst at several index arrays together, one for each of dst's first axes, and returns dst: NumPy's
// dst[i, j] = values. values is broadcast to the shape that [Gather] would return. Of values for one element the last in
// C order stays. dst may overlap values. It panics as Gather does, and with a [ShapeError] if values do not broadcast.
func Scatter[T Element](dst, values *Array[T], indices ...*Array[int64]) *Array[T] {
	const op = "Scatter"
	dst.mustWrite(op)
	shape, ndim := gathered(op, dst.shape, indices)
	places := newPlaces(op, shape[:ndim])
	for d, index := range indices {
		places.add(op, index, dst.shape[d], dst.strides[d])
	}
	putRuns(op, dst, dst.behind(shape, len(indices)), places, places.before(shape), values)
	return dst
}

// Put stores values in dst at indices that count its elements in C order, and returns dst. values is broadcast to the shape of
// indices. Of values for one element the last stays. Negative indices count from the end. dst may overlap values.
// It panics with an [IndexError] if dst has no such element, with a [ShapeError] if values do not broadcast, and as all
// functions do for a dst that can't be written. Nothing is written then.
func Put[T Element](dst *Array[T], indices *Array[int64], values *Array[T]) *Array[T] {
	const op = "Put"
	dst.mustWrite(op)
	places := newPlaces(op, indices.shape)
	places.add(op, indices, dst.n, 1)
	if !dst.contiguous() {
		for i, flat := range places.data {
			place := 0
			for d := len(dst.shape) - 1; d >= 0; d-- {
				place += int(flat) % dst.shape[d] * dst.strides[d]
				flat /= int64(dst.shape[d])
			}
			places.data[i] = int64(place)
		}
	}
	putRuns(op, dst, dst.behind(indices.shape, len(dst.shape)), places, places.layout, values)
	return dst
}

// places is how many elements further than at index 0 each of some elements lies.
type places struct{ *Array[int64] }

func newPlaces(op string, shape []int) places { return places{sized[int64](op, shape...)} }

// add adds the places of indices, broadcast, on an axis of a length and stride. It panics with an [IndexError] if one is out of
// range.
func (p places) add(op string, indices *Array[int64], length, stride int) {
	stretched := indices.broadcast(p.shape)
	l := newLoops(&p.layout, &stretched)
	l.each(func(offsets []int, n int) {
		wrong, ok := kern.AddPlaces(
			kern.Vec[int64]{Data: p.data, Off: offsets[0], Inc: l.inc(0)},
			kern.Vec[int64]{Data: indices.data, Off: offsets[1], Inc: l.inc(1)}, length, stride, n)
		if !ok {
			panic(IndexError{op, []int{int(wrong)}, []int{length}})
		}
	})
}

// before returns the layout of p's elements for all indices of a shape that begins with p's.
func (p places) before(shape []int) layout {
	b := newLayout(len(shape), elementsOf(shape))
	copy(b.shape, shape)
	copy(b.strides, p.strides)
	return b
}

// behind returns the layout of l without its first axes, for all indices of a shape that ends with the others.
func (l *layout) behind(shape []int, axes int) layout {
	b := newLayout(len(shape), elementsOf(shape))
	copy(b.shape, shape)
	copy(b.strides[len(shape)-(len(l.shape)-axes):], l.strides[axes:])
	b.offset, b.readonly = l.offset, l.readonly
	return b
}

// still returns the layout of l's elements at index 0 of an axis, for all indices of a shape to which the other axes broadcast.
func (l *layout) still(shape []int, axis int) layout {
	s := l.clone()
	s.shape[axis], s.strides[axis] = 1, 0
	s.n = elementsOf(s.shape)
	return s.broadcast(shape)
}

// alongAxis returns the shape of what TakeAlongAxis takes.
func alongAxis(op string, shape, indices []int, axis int) []int {
	if len(indices) != len(shape) {
		panic(newShapeError(op, fmt.Sprintf("expected indices of %d axes", len(shape)), shape, indices))
	}
	others := slices.Clone(shape)
	others[axis] = indices[axis]
	return broadcastShape(op, others, indices)
}

// gathered returns the shape of what Gather takes, and the axes of it that are the indices'.
func gathered(op string, shape []int, indices []*Array[int64]) (taken []int, ndim int) {
	shapes := make([][]int, len(indices))
	for i, index := range indices {
		shapes[i] = index.shape
	}
	if len(indices) > len(shape) {
		panic(newShapeError(op, fmt.Sprintf("expected at most %d index arrays, found %d", len(shape), len(indices)), shape))
	}
	together := broadcastShape(op, shapes...)
	taken = slices.Concat(together, shape[len(indices):])
	if _, _, err := Size(taken, 1); err != nil {
		panic(newShapeError(op, err.Error(), append([][]int{shape}, shapes...)...))
	}
	return taken, len(together)
}

// disjoint returns a, or a copy of it if it may overlap dst.
func disjoint[U, T Element](op string, dst *Array[U], a *Array[T]) *Array[T] {
	if mayOverlap(dst, a) {
		return a.copied(op)
	}
	return a
}

// takeRuns stores in dst the elements of data that lie in source as many elements further as places say, by the layout at. All
// are of dst's shape.
func takeRuns[T Element](dst *Array[T], data []T, source layout, p places, at layout) {
	l := newLoops(&dst.layout, &source, &at)
	l.eachParallel(func(offsets []int, n int) {
		kern.Take(kern.Vec[T]{Data: dst.data, Off: offsets[0], Inc: l.inc(0)}, kern.Vec[T]{Data: data, Off: offsets[1], Inc: l.inc(1)},
			kern.Vec[int64]{Data: p.data, Off: offsets[2], Inc: l.inc(2)}, n)
	})
}

// putRuns stores values, broadcast, in the elements of dst that lie in target as many elements further as places say, in C
// order.
func putRuns[T Element](op string, dst *Array[T], target layout, p places, at layout, values *Array[T]) {
	values = disjoint(op, dst, values)
	source := values.broadcastTo(op, target.shape)
	l := newOrderedLoops(&target, &source, &at)
	l.each(func(offsets []int, n int) {
		kern.Put(kern.Vec[T]{Data: dst.data, Off: offsets[0], Inc: l.inc(0)}, kern.Vec[T]{Data: values.data, Off: offsets[1], Inc: l.inc(1)},
			kern.Vec[int64]{Data: p.data, Off: offsets[2], Inc: l.inc(2)}, n)
	})
}
