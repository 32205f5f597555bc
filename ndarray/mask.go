package ndarray

import (
	"slices"

	"github.com/samebytes/samebytes/ndarray/internal/kern"
)

// Where stores in dst the element of a where cond is true, and of b where it is false, and returns dst. All three broadcast
// together to dst's shape; a nil dst is allocated. dst may overlap any of them; so Where(dst, cond, a, dst) sets only some of dst.
// It panics with a [ShapeError] if they do not broadcast, and as all functions do for a dst of another shape or that can't be
// written.
func Where[T Element](dst *Array[T], cond *Array[bool], a, b *Array[T]) *Array[T] {
	const op = "Where"
	if small(dst) {
		c, ok := oneRun(dst, cond)
		v, okToo := oneRun(dst, a)
		w, okAll := oneRun(dst, b)
		if ok && okToo && okAll && c.Inc+v.Inc+w.Inc > 0 {
			kern.Where(kern.Vec[T]{Data: dst.data, Inc: 1}, c, v, w, dst.n)
			return dst
		}
	}
	shape := broadcastShape(op, cond.shape, a.shape, b.shape)
	dst = destination(op, dst, shape, cond.shape, a.shape, b.shape)
	cond, a, b = apart(dst, cond), apart(dst, a), apart(dst, b)
	condition, first, second := cond.broadcast(shape), a.broadcast(shape), b.broadcast(shape)
	l := newLoops(&dst.layout, &first, &second, &condition)
	l.eachParallel(func(offsets []int, n int) {
		kern.Where(kern.Vec[T]{Data: dst.data, Off: offsets[0], Inc: l.inc(0)}, kern.Vec[bool]{Data: cond.data, Off: offsets[3], Inc: l.inc(3)},
			kern.Vec[T]{Data: a.data, Off: offsets[1], Inc: l.inc(1)}, kern.Vec[T]{Data: b.data, Off: offsets[2], Inc: l.inc(2)}, n)
	})
	return dst
}

// Select stores in dst the elements of a where mask is true, in C order, and returns dst: NumPy's a[mask]. mask is of a's
// shape, and dst has one axis; or of the shape of a's first axes, and the others follow in dst. A nil dst is allocated.
// dst may overlap a. It panics with a [ShapeError] if the mask has another shape, and as all functions do for a dst of
// another shape or that can't be written.
func Select[T Element](dst, a *Array[T], mask *Array[bool]) *Array[T] {
	const op = "Select"
	checkMask(op, a.shape, mask)
	if dst != nil {
		a = disjoint(op, dst, a)
	}
	p := maskPlaces(&a.layout, mask)
	shape := append([]int{p.n}, a.shape[len(mask.shape):]...)
	dst = destination(op, dst, shape, a.shape, mask.shape)
	takeRuns(dst, a.data, a.behind(shape, len(mask.shape)), p, p.before(shape))
	return dst
}

// PutMask stores values in dst where mask is true, in C order, and returns dst: NumPy's dst[mask] = values. mask is as in
// [Select], and values is broadcast to the shape that Select would return. dst may overlap both.
// It panics as Select does, and with a [ShapeError] if values do not broadcast.
//
// NumPy's function putmask takes values from the places of the mask instead: Where(dst, mask, values, dst) does so.
func PutMask[T Element](dst *Array[T], mask *Array[bool], values *Array[T]) *Array[T] {
	const op = "PutMask"
	dst.mustWrite(op)
	checkMask(op, dst.shape, mask)
	p := maskPlaces(&dst.layout, mask)
	shape := append([]int{p.n}, dst.shape[len(mask.shape):]...)
	putRuns(op, dst, dst.behind(shape, len(mask.shape)), p, p.before(shape), values)
	return dst
}

// Compress stores in dst the parts of a along an axis at which cond, which has one axis, is true, and returns dst. cond may be
// shorter than the axis, and then the rest counts as false. A nil dst is allocated. A negative axis counts from the last. dst may
// overlap a.
// It panics with a [ShapeError] if there is no such axis or cond has not one, with an [IndexError] if cond is true
// beyond the axis, and as all functions do for a dst of another shape or that can't be written.
func Compress[T Element](dst, a *Array[T], cond *Array[bool], axis int) *Array[T] {
	const op = "Compress"
	d := axisOf(op, axis, a.shape)
	if len(cond.shape) != 1 {
		panic(newShapeError(op, "expected a condition of one axis", a.shape, cond.shape))
	}
	return take(op, dst, a, FlatNonZero(cond), d)
}

// FlatNonZero returns an array, with memory of its own, of the indices of a's elements that are not zero, counted in C order.
// NaN is not zero.
func FlatNonZero[T comparable](a *Array[T]) *Array[int64] {
	if isHalf[T]() { // of which -0 is zero
		var zero T
		return FlatNonZero(NotEqual(nil, a, Scalar(zero)))
	}
	l := newOrderedLoops(&a.layout)
	count, flat := 0, 0
	l.each(func(offsets []int, n int) {
		count += kern.CountNonZero(kern.Vec[T]{Data: a.data, Off: offsets[0], Inc: l.inc(0)}, n)
	})
	found := make([]int64, 0, count)
	l.each(func(offsets []int, n int) {
		found = kern.AppendNonZero(found, kern.Vec[T]{Data: a.data, Off: offsets[0], Inc: l.inc(0)}, flat, 1, n)
		flat += n
	})
	return vector(found)
}

// NonZero returns an array for each axis of a, with memory of its own: the indices on that axis of the elements that are not
// zero, in C order. NaN is not zero. [Gather] takes them as they are. It panics with a [ShapeError] if a has no axes.
func NonZero[T comparable](a *Array[T]) []*Array[int64] {
	if len(a.shape) == 0 {
		panic(newShapeError("NonZero", "expected axes", a.shape))
	}
	coordinates := ArgWhere(a)
	columns := make([]*Array[int64], len(a.shape))
	for d := range columns {
		columns[d] = coordinates.Slice(All, At(d)).Copy()
	}
	return columns
}

// ArgWhere returns an array, with memory of its own, of shape (elements that are not zero, axes of a): a row for each such
// element, with its indices, in C order. NaN is not zero.
func ArgWhere[T comparable](a *Array[T]) *Array[int64] {
	flat, ndim := FlatNonZero(a), len(a.shape)
	rows := New[int64](flat.n, ndim)
	for i, place := range flat.data {
		for d := ndim - 1; d >= 0; d-- {
			length := int64(a.shape[d])
			rows.data[i*ndim+d] = place % length
			place /= length
		}
	}
	return rows
}

// vector returns an array of one axis over data.
func vector[T Element](data []T) *Array[T] {
	return newArray(data, contiguousLayout([]int{len(data)}, len(data)))
}

// checkMask panics unless mask is of the shape that shape begins with.
func checkMask(op string, shape []int, mask *Array[bool]) {
	if len(mask.shape) > len(shape) || !slices.Equal(mask.shape, shape[:len(mask.shape)]) {
		panic(newShapeError(op, "mask has not the shape of the first axes", shape, mask.shape))
	}
}

func countTrue(mask *Array[bool]) int {
	count := 0
	l := newLoops(&mask.layout)
	l.each(func(offsets []int, n int) {
		count += kern.CountNonZero(kern.Vec[bool]{Data: mask.data, Off: offsets[0], Inc: l.inc(0)}, n)
	})
	return count
}

// maskPlaces returns how much further than l's first element the elements lie whose first indices mask selects.
func maskPlaces(l *layout, mask *Array[bool]) places {
	first := l.clone()
	first.shape, first.strides, first.offset = first.shape[:len(mask.shape)], first.strides[:len(mask.shape)], 0
	found := make([]int64, 0, countTrue(mask))
	loops := newOrderedLoops(&mask.layout, &first)
	loops.each(func(offsets []int, n int) {
		found = kern.AppendNonZero(found, kern.Vec[bool]{Data: mask.data, Off: offsets[0], Inc: loops.inc(0)}, offsets[1], loops.inc(1), n)
	})
	return places{vector(found)}
}
