package ndarray

import (
	"slices"
)

// Unique returns the elements of a, sorted, each value once, on one axis, in memory of their own. All NaN are one value, as are
// all NaT, and -0 and 0, for which -0 stands if it is there.
// It panics with a [DTypeError] if elements have no order, as [Sort] says.
func Unique[T Element](a *Array[T]) *Array[T] { return uniqueOf("Unique", a) }

func uniqueOf[T Element](op string, a *Array[T]) *Array[T] {
	flat := flattened(op, a)
	order := orderOf(op, flat)
	order.sort(0)
	n := 0
	for i, v := range flat.data {
		if i == 0 || !order.same(i-1, i) {
			flat.data[n] = v // the first of its equals, and never behind i
			n++
		}
	}
	return vector(slices.Clip(flat.data[:n]))
}

// Uniques is what [UniqueAll] finds.
type Uniques[T Element] struct {
	Values  *Array[T]     // sorted, each once, on one axis
	Index   *Array[int64] // of each value's first element, counted in C order
	Inverse *Array[int64] // the index in Values of each element; has the array's shape
	Counts  *Array[int64] // how many elements have each value
}

// UniqueAll returns the values of a as [Unique] does, of those that are equal the first, and where they come from, in
// memory of its own. It panics as Unique does.
func UniqueAll[T Element](a *Array[T]) Uniques[T] {
	flat := flattened("UniqueAll", a)
	order := orderOf("UniqueAll", flat)
	u := Uniques[T]{Inverse: sized[int64]("UniqueAll", a.shape...)}
	var values []T
	var index, counts []int64
	last := 0
	for i, place := range ArgSort(nil, flat, 0).data {
		if i == 0 || !order.same(last, int(place)) {
			values, index, counts = append(values, flat.data[place]), append(index, place), append(counts, 0)
		}
		last = int(place)
		counts[len(counts)-1]++
		u.Inverse.data[place] = int64(len(counts) - 1)
	}
	u.Values, u.Index, u.Counts = vector(values), vector(index), vector(counts)
	return u
}

// IsIn stores in dst for each element of a whether it is equal to one of values, and returns dst. It has the shape of a, or is
// nil; values may have any. NaN is equal to none.
// It panics with a [ShapeError] if dst has another shape, and as [Unique] does.
func IsIn[T Element](dst *Array[bool], a, values *Array[T]) *Array[bool] {
	return isIn("IsIn", dst, a, values)
}

func isIn[T Element](op string, dst *Array[bool], a, values *Array[T]) *Array[bool] {
	dst = destination(op, dst, a.shape, a.shape, values.shape)
	flat := flattened(op, values)
	order := orderOf(op, flat)
	order.sort(0)
	flat = vector(flat.data[:order.numbers()])
	before, after := SearchSorted(nil, flat, a, Left), SearchSorted(nil, flat, a, Right)
	return Less(dst, before, after)
}

// Intersect returns the values that elements of both a and b have, sorted, each once, on one axis, in memory of their own. NaN
// is none of them.
func Intersect[T Element](a, b *Array[T]) *Array[T] { return selected("Intersect", a, b, true) }

// Difference returns the values that elements of a have and none of b, as [Intersect] does. NaN stays.
func Difference[T Element](a, b *Array[T]) *Array[T] { return selected("Difference", a, b, false) }

// Union returns the values that elements of a or b have, as [Intersect] does. All NaN are one value.
func Union[T Element](a, b *Array[T]) *Array[T] {
	return uniqueOf("Union", vector(slices.Concat(flattened("Union", a).data, flattened("Union", b).data)))
}

// selected returns the values in a of which it is true, or false, that they are in others.
func selected[T Element](op string, a, others *Array[T], in bool) *Array[T] {
	a = uniqueOf(op, a)
	n := 0
	for i, found := range isIn(op, nil, a, others).data {
		if found == in {
			a.data[n] = a.data[i]
			n++
		}
	}
	return vector(slices.Clip(a.data[:n]))
}

// flattened returns a copy of a on one axis.
func flattened[T Element](op string, a *Array[T]) *Array[T] { return vector(a.copied(op).data) }
