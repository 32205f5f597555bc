package ndarray

import (
	"fmt"
	"slices"

	"github.com/samebytes/samebytes/ndarray/internal/kern"
)

// Concatenate stores arrays one after the other along an axis of dst, and returns dst. They have the same shape but for that
// axis, on which their lengths add up to dst's. A nil dst is allocated. A negative axis counts from the last. dst may
// overlap the arrays. It panics with a [ShapeError] if there are no arrays, no such axis, or the shapes do not fit, and as all
// functions do for a dst of another shape or that can't be written.
func Concatenate[T Element](dst *Array[T], axis int, arrays ...*Array[T]) *Array[T] {
	return concatenate("Concatenate", dst, axis, arrays)
}

func concatenate[T Element](op string, dst *Array[T], axis int, arrays []*Array[T]) *Array[T] {
	if len(arrays) == 0 {
		panic(newShapeError(op, "expected arrays"))
	}
	shapes := make([][]int, len(arrays))
	for i, a := range arrays {
		shapes[i] = a.shape
	}
	d := axisOf(op, axis, shapes[0])
	shape := slices.Clone(shapes[0])
	for _, s := range shapes[1:] {
		if shape[d] < 0 {
			break // more than an int counts, as Size will say
		}
		if len(s) != len(shape) || !slices.Equal(s[:d], shape[:d]) || !slices.Equal(s[d+1:], shape[d+1:]) {
			panic(newShapeError(op, fmt.Sprintf("shapes differ not only on axis %d", d), shapes...))
		}
		shape[d] += s[d]
	}
	if _, _, err := Size(shape, 1); err != nil {
		panic(newShapeError(op, err.Error(), shapes...))
	}
	dst = destination(op, dst, shape, shapes...)
	parts, sources := make([]*Array[T], len(arrays)), make([]*Array[T], len(arrays))
	first := 0
	for i, a := range arrays {
		parts[i] = newArray(dst.data, dst.between(d, first, first+a.shape[d]))
		first += a.shape[d]
		// What is in its place already stays there; whatever else lies in dst could be overwritten by another part.
		sources[i] = apart(parts[i], a)
		if sources[i] == a && mayOverlap(dst, a) && !mayOverlap(parts[i], a) {
			sources[i] = a.copied(op)
		}
	}
	for i, part := range parts {
		assign(part, sources[i])
	}
	return dst
}

// Stack stores arrays of one shape in dst along a new axis, and returns dst: array i at index i of it. axis is its place in dst,
// whose last axis is -1. A nil dst is allocated. dst may overlap the arrays.
// It panics with a [ShapeError] if there are no arrays, no such axis, or the shapes differ, and as all functions do for a dst of
// another shape or that can't be written.
func Stack[T Element](dst *Array[T], axis int, arrays ...*Array[T]) *Array[T] {
	const op = "Stack"
	rows := make([]*Array[T], len(arrays))
	for i, a := range arrays {
		if !slices.Equal(a.shape, arrays[0].shape) {
			panic(newShapeError(op, "shapes differ", arrays[0].shape, a.shape))
		}
		rows[i] = newArray(a.data, a.expandDims(op, []int{axis}))
	}
	return concatenate(op, dst, axis, rows)
}

// Tile stores in dst as many repetitions of a as reps says for each axis, and returns dst. Of a's axes and of reps, the last
// belong together; missing ones count as one. A nil dst is allocated. dst may overlap a.
// It panics with a [ShapeError] if one of reps is negative or the result is too large, and as all functions do for a dst of
// another shape or that can't be written.
func Tile[T Element](dst, a *Array[T], reps ...int) *Array[T] {
	const op = "Tile"
	ndim := max(len(a.shape), len(reps))
	lengths, times := make([]int, ndim), make([]int, ndim)
	for d := range ndim {
		lengths[d], times[d] = 1, 1
		if from := d - ndim + len(a.shape); from >= 0 {
			lengths[d] = a.shape[from]
		}
		if from := d - ndim + len(reps); from >= 0 {
			times[d] = reps[from]
		}
	}
	shape := repeatedShape(op, a.shape, reps, lengths, times)
	dst = destination(op, dst, shape, a.shape)
	a = disjoint(op, dst, a)
	// Each axis of dst becomes two, of the repetitions and within them: a is stretched along the first.
	to, from := newLayout(2*ndim, dst.n), newLayout(2*ndim, dst.n)
	to.offset, from.offset = dst.offset, a.offset
	for d := range ndim {
		to.shape[2*d], to.shape[2*d+1] = times[d], lengths[d]
		to.strides[2*d], to.strides[2*d+1] = lengths[d]*dst.strides[d], dst.strides[d]
		if axis := d - ndim + len(a.shape); axis >= 0 {
			from.strides[2*d+1] = a.strides[axis]
		}
	}
	copy(from.shape, to.shape)
	assign(newArray(dst.data, to), newArray(a.data, from))
	return dst
}

// repeatedShape returns the shape of lengths each times as long.
func repeatedShape(op string, shape, reps, lengths, times []int) []int {
	product := make([]int, len(lengths))
	for d, length := range lengths {
		// Size checks the sign of the factors, and whether their product is an int.
		n, _, err := Size([]int{length, times[d]}, 1)
		if err != nil {
			panic(newShapeError(op, err.Error(), shape, reps))
		}
		product[d] = n
	}
	if _, _, err := Size(product, 1); err != nil {
		panic(newShapeError(op, err.Error(), shape, reps))
	}
	return product
}

// Repeat stores in dst each part of a along an axis n times, one after the other, and returns dst: its axis is n times as long. A
// nil dst is allocated. A negative axis counts from the last. dst may overlap a.
// It panics with a [ShapeError] if there is no such axis, n is negative or the result is too large, and as all functions
// do for a dst of another shape or that can't be written.
func Repeat[T Element](dst, a *Array[T], n, axis int) *Array[T] {
	const op = "Repeat"
	d := axisOf(op, axis, a.shape)
	times := make([]int, len(a.shape))
	for e := range times {
		times[e] = 1
	}
	times[d] = n
	shape := repeatedShape(op, a.shape, times, a.shape, times)
	dst = destination(op, dst, shape, a.shape)
	a = disjoint(op, dst, a)
	// dst's axis becomes two, of a's and of the repetitions: a is stretched along the second.
	to, from := newLayout(len(shape)+1, dst.n), newLayout(len(shape)+1, dst.n)
	to.offset, from.offset = dst.offset, a.offset
	for e := range shape {
		at := e
		if e > d {
			at++
		}
		to.shape[at], to.strides[at], from.strides[at] = a.shape[e], dst.strides[e], a.strides[e]
	}
	to.strides[d] = n * dst.strides[d]
	to.shape[d+1], to.strides[d+1] = n, dst.strides[d]
	copy(from.shape, to.shape)
	assign(newArray(dst.data, to), newArray(a.data, from))
	return dst
}

// RepeatEach is [Repeat] where the part of a at index i of the axis is repeated counts[i] times. There must be a count for each.
func RepeatEach[T Element](dst, a *Array[T], counts []int, axis int) *Array[T] {
	const op = "RepeatEach"
	d := axisOf(op, axis, a.shape)
	if len(counts) != a.shape[d] {
		panic(newShapeError(op, fmt.Sprintf("expected a count for each index of axis %d", d), a.shape, []int{len(counts)}))
	}
	shape := slices.Clone(a.shape)
	shape[d] = 0
	for _, count := range counts {
		shape[d] += count
		if count < 0 || shape[d] < 0 {
			panic(newShapeError(op, fmt.Sprintf("no repetitions %v", counts), a.shape))
		}
	}
	mustFit(op, shape, DTypeOf[T]().Size())
	indices := sized[int64](op, shape[d])
	next := 0
	for i, count := range counts {
		kern.Fill(kern.Vec[int64]{Data: indices.data, Off: next, Inc: 1}, int64(i), count)
		next += count
	}
	return take(op, dst, a, indices, d)
}

// Roll stores a's elements in dst, each shift places further along an axis, and returns dst; what goes beyond the end comes in at
// the start. shift may be negative. A nil dst is allocated. A negative axis counts from the last. dst may overlap a.
// It panics with a [ShapeError] if there is no such axis, and as all functions do for a dst of another shape or that can't be
// written.
func Roll[T Element](dst, a *Array[T], shift, axis int) *Array[T] {
	const op = "Roll"
	d := axisOf(op, axis, a.shape)
	dst = destination(op, dst, a.shape, a.shape)
	a = disjoint(op, dst, a)
	length := a.shape[d]
	if length == 0 {
		return dst
	}
	shift = (shift%length + length) % length
	for _, part := range []struct{ to, from, n int }{{shift, 0, length - shift}, {0, length - shift, shift}} {
		assign(newArray(dst.data, dst.between(d, part.to, part.to+part.n)), newArray(a.data, a.between(d, part.from, part.from+part.n)))
	}
	return dst
}

// Pad stores a in dst with margins of v, and returns dst. There are two widths for each axis, of the margins before and after
// it. A nil dst is allocated. dst may overlap a.
// It panics with a [ShapeError] if there are not widths for each axis, one is negative or the result is too large, and as
// all functions do for a dst of another shape or that can't be written.
func Pad[T Element](dst, a *Array[T], widths [][2]int, v T) *Array[T] {
	const op = "Pad"
	if len(widths) != len(a.shape) {
		panic(newShapeError(op, fmt.Sprintf("expected widths for each axis, found %v", widths), a.shape))
	}
	shape := make([]int, len(a.shape))
	for d, w := range widths {
		shape[d] = a.shape[d] + w[0] + w[1]
		if w[0] < 0 || w[1] < 0 || w[0]+w[1] < 0 || shape[d] < 0 {
			panic(newShapeError(op, fmt.Sprintf("no margins of widths %v", widths), a.shape))
		}
	}
	if _, _, err := Size(shape, 1); err != nil {
		panic(newShapeError(op, err.Error(), a.shape))
	}
	dst = destination(op, dst, shape, a.shape)
	a = disjoint(op, dst, a)
	dst.Fill(v)
	inside := dst.layout
	for d, w := range widths {
		inside = inside.between(d, w[0], w[0]+a.shape[d])
	}
	assign(newArray(dst.data, inside), a)
	return dst
}
