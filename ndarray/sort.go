package ndarray

import (
	"github.com/samebytes/samebytes/ndarray/internal/kern"
)

// Sort sorts each lane of a along an axis, in place, in NumPy's order; a negative axis counts from the last. Elements may be of
// any dtype that has an order: false comes before true, NaN and NaT come last, and -0 is equal to 0. Complex numbers are
// ordered by their real parts, then by their imaginary ones; those with NaN come last, first where it is in the imaginary
// part, then in the real one, then in both. Texts are ordered by their bytes or characters.
//
// Which of equal elements comes first only shows in -0 and 0, of which Sort puts -0 first, and in the bits of NaN:
// [SortStable] leaves them as they were. Large arrays are shared out by lanes.
//
// Sort panics with a [ShapeError] if there is no such axis, with a [DTypeError] if elements have no order (structs), and as
// every function does that writes a.
func Sort[T Element](a *Array[T], axis int) {
	a.mustWrite("Sort")
	axis = axisOf("Sort", axis, a.shape)
	orderOf("Sort", a).sort(axis)
}

// SortStable is [Sort], and leaves equal elements in the order that they had.
func SortStable[T Element](a *Array[T], axis int) {
	a.mustWrite("SortStable")
	axis = axisOf("SortStable", axis, a.shape)
	orderOf("SortStable", a).sortStable(axis)
}

// SortTo stores a, sorted as [Sort] does, in dst, which has a's shape, and returns it. dst may be nil, and may overlap a.
// It panics as Sort does, and with a [ShapeError] if dst has another shape.
func SortTo[T Element](dst, a *Array[T], axis int) *Array[T] {
	axis = axisOf("SortTo", axis, a.shape)
	orderOf("SortTo", a) // or a panic, before anything is written
	dst = unary("SortTo", dst, a, kern.Copy[T])
	orderOf("SortTo", dst).sort(axis)
	return dst
}

// ArgSort stores in dst, along an axis, the indices into each lane of a that would sort it, and returns it. It is stable: the
// indices of equal elements rise. dst has a's shape, or is nil; a negative axis counts from the last.
// It panics as Sort does, and with a [ShapeError] if dst has another shape.
func ArgSort[T Element](dst *Array[int64], a *Array[T], axis int) *Array[int64] {
	axis = axisOf("ArgSort", axis, a.shape)
	dst = destination("ArgSort", dst, a.shape, a.shape)
	orderOf("ArgSort", disjoint("ArgSort", dst, a)).argSort(dst, axis)
	return dst
}

// Partition moves the elements of each lane of a along an axis, in place, so that the one at index kth is where [Sort] would
// put it, none before it is greater, and none after it is less. That takes linear time. A negative kth counts from the end,
// a negative axis from the last.
// It panics as Sort does, and with an [IndexError] if there is no element kth along the axis.
func Partition[T Element](a *Array[T], kth, axis int) {
	a.mustWrite("Partition")
	axis = axisOf("Partition", axis, a.shape)
	kth = checkedIndex("Partition", kth, a.shape[axis])
	orderOf("Partition", a).partition(kth, axis)
}

// ArgPartition stores in dst, along an axis, the indices into each lane of a that would partition it, as [Partition] does, and
// returns it. dst has a's shape, or is nil.
// It panics as Partition does, and with a [ShapeError] if dst has another shape.
func ArgPartition[T Element](dst *Array[int64], a *Array[T], kth, axis int) *Array[int64] {
	axis = axisOf("ArgPartition", axis, a.shape)
	kth = checkedIndex("ArgPartition", kth, a.shape[axis])
	dst = destination("ArgPartition", dst, a.shape, a.shape)
	orderOf("ArgPartition", disjoint("ArgPartition", dst, a)).argPartition(dst, kth, axis)
	return dst
}

// checkedIndex returns the index that a number names on an axis of some length, counted from its end if it is negative.
func checkedIndex(op string, i, length int) int {
	if i < -length || i >= length {
		panic(IndexError{op, []int{i}, []int{length}})
	}
	if i < 0 {
		i += length
	}
	return i
}
