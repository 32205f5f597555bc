package ndarray

import (
	"slices"

	"github.com/samebytes/samebytes/ndarray/internal/kern"
)

// CumSum stores in dst, for each element of a, its sum with all before it on an axis, in order, and returns dst. Elements are
// converted to U before, and integers wrap. dst has a's shape, and may be a or share elements with it: the result is as if a
// had been copied before; a nil dst is made, in memory of its own. A negative axis counts from the last.
// It panics with a [ShapeError] if there is no such axis or dst has another shape, with [ErrReadOnly] if dst is read-only, and
// with a [LayoutError] if elements of dst lie under several indices.
func CumSum[U, T Number](dst *Array[U], a *Array[T], axis int) *Array[U] {
	return cumulate("CumSum", dst, a, axis, loadNumbers[U, T], kern.CumSum[U], kern.Add[U]{})
}

// CumProd stores in dst, for each element of a, its product with all before it on an axis, as [CumSum] does sums.
func CumProd[U, T Number](dst *Array[U], a *Array[T], axis int) *Array[U] {
	return cumulate("CumProd", dst, a, axis, loadNumbers[U, T], kern.CumProd[U], kern.Mul[U]{})
}

// NaNCumSum is [CumSum] that takes NaN for zero.
func NaNCumSum[U, T Float](dst *Array[U], a *Array[T], axis int) *Array[U] {
	return cumulate("NaNCumSum", dst, a, axis, loadInstead[U, T](0), kern.CumSum[U], kern.Add[U]{})
}

// NaNCumProd is [CumProd] that takes NaN for one.
func NaNCumProd[U, T Float](dst *Array[U], a *Array[T], axis int) *Array[U] {
	return cumulate("NaNCumProd", dst, a, axis, loadInstead[U, T](1), kern.CumProd[U], kern.Mul[U]{})
}

func loadNumbers[U, T Number](dst *Array[U], a *Array[T]) { Convert(dst, a) }

// loadInstead returns what stores elements in dst, and a number in place of NaN.
func loadInstead[U, T Float](instead U) func(dst *Array[U], a *Array[T]) {
	return func(dst *Array[U], a *Array[T]) {
		unary("NaNCumSum", dst, a, func(dst kern.Vec[U], v kern.Vec[T], n int) { kern.WithoutNaN(dst, v, n, instead) })
	}
}

// cumulate stores in dst what load makes of a, and then runs loop over the lines along an axis, or, where the elements on other
// axes lie closer together, join over each row and the one before.
func cumulate[U, T Number](op string, dst *Array[U], a *Array[T], axis int, load func(dst *Array[U], a *Array[T]),
	loop func(v kern.Vec[U], n int), join kern.Binary[U, U, U]) *Array[U] {
	axis = axisOf(op, axis, a.shape)
	dst = destination(op, dst, a.shape, a.shape)
	load(dst, a)
	if dst.n == 0 {
		return dst
	}
	length, stride := dst.shape[axis], dst.strides[axis]
	lines := dst.layout.without(axis)
	l := newLoops(&lines)
	l.eachWeighted(length, func(offsets []int, n int) {
		first, inc := offsets[0], l.inc(0)
		if n < shortAxis || max(stride, -stride) <= inc {
			for ; n > 0; n-- {
				loop(kern.Vec[U]{Data: dst.data, Off: first, Inc: stride}, length)
				first += inc
			}
			return
		}
		for ; n > 0; n -= tileLen {
			for i := 1; i < length; i++ {
				before := kern.Vec[U]{Data: dst.data, Off: first + (i-1)*stride, Inc: inc}
				row := kern.Vec[U]{Data: dst.data, Off: before.Off + stride, Inc: inc}
				join.Run(row, before, row, min(n, tileLen))
			}
			first += tileLen * inc
		}
	})
	return dst
}

// Diff stores in dst the n-th differences along an axis: of each element and the one before it, n times over. The axis of the
// result is shorter by n, and has no elements if a's has fewer. dst may share elements with a: the result is as if a had been
// copied before; a nil dst is made, in memory of its own. A negative axis counts from the last. Integers wrap.
// It panics with a [ShapeError] if there is no such axis, n is negative or dst has another shape, and as [CumSum] does if dst
// can't be written.
func Diff[T Number](dst, a *Array[T], n, axis int) *Array[T] {
	axis = axisOf("Diff", axis, a.shape)
	if n < 0 {
		panic(newShapeError("Diff", "expected a number of times, or zero", []int{n}, a.shape))
	}
	shape := slices.Clone(a.shape)
	shape[axis] = max(shape[axis]-n, 0)
	dst = destination("Diff", dst, shape, a.shape)
	if dst.n == 0 {
		return dst
	}
	if n == 0 {
		return unary("Diff", dst, a, kern.Copy[T])
	}
	for ; n > 0; n-- {
		step := dst
		if n > 1 {
			shape[axis] = a.shape[axis] - 1
			step = sized[T]("Diff", shape...)
		}
		lower, upper := a.layout, a.layout
		lower.shape = slices.Clone(a.shape)
		lower.shape[axis]--
		lower.n = lower.n / a.shape[axis] * lower.shape[axis]
		upper.shape, upper.n = lower.shape, lower.n
		upper.offset += a.strides[axis]
		a = apply2("Diff", step, newArray(a.data, upper), newArray(a.data, lower), kern.Sub[T]{})
	}
	return dst
}
