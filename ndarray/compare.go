package ndarray

import (
	"math"
	"math/cmplx"
	"reflect"

	"github.com/samebytes/samebytes/ndarray/internal/kern"
)

// Equal stores whether a == b in dst, element for element, and returns it. NaN and NaT equal nothing. Structs and texts are compared
// as Go does.
func Equal[T comparable](dst *Array[bool], a, b *Array[T]) *Array[bool] {
	return equal("Equal", dst, a, b, kern.Equal[T]{}, true)
}

// NotEqual stores whether a != b in dst, element for element, and returns it.
func NotEqual[T comparable](dst *Array[bool], a, b *Array[T]) *Array[bool] {
	return equal("NotEqual", dst, a, b, kern.NotEqual[T]{}, false)
}

// equal stores in dst whether a == b is what is asked for. loop does so for elements that == compares as NumPy does.
func equal[T comparable](op string, dst *Array[bool], a, b *Array[T], loop kern.Binary[bool, T, T], want bool) *Array[bool] {
	switch DTypeOf[T]() {
	case float16DType:
		return apply2(op, dst, as[Float16](a), as[Float16](b), kern.Func2[bool, Float16, Float16](func(x, y Float16) bool {
			return (x.Float32() == y.Float32()) == want
		}))
	case bfloat16DType:
		return apply2(op, dst, as[BFloat16](a), as[BFloat16](b), kern.Func2[bool, BFloat16, BFloat16](func(x, y BFloat16) bool {
			return (x.Float32() == y.Float32()) == want
		}))
	}
	if isTime[T]() {
		return apply2(op, dst, as[int64](a), as[int64](b), kern.Func2[bool, int64, int64](func(x, y int64) bool {
			return (x == y && x != NaT) == want
		}))
	}
	return apply2(op, dst, a, b, loop)
}

// isHalf and isTime report whether == of T is not NumPy's, which knows NaN, two zeros, and NaT.
func isHalf[T Element]() bool {
	d := DTypeOf[T]()
	return d == float16DType || d == bfloat16DType
}

func isTime[T Element]() bool {
	kind := DTypeOf[T]().Kind()
	return kind == 'M' || kind == 'm'
}

// Less stores whether a < b in dst, element for element, and returns it. It is false where one is NaN.
func Less[T Real](dst *Array[bool], a, b *Array[T]) *Array[bool] {
	return apply2("Less", dst, a, b, kern.Less[T]{})
}

// LessEqual stores whether a <= b in dst, element for element, and returns it. It is false where one is NaN.
func LessEqual[T Real](dst *Array[bool], a, b *Array[T]) *Array[bool] {
	return apply2("LessEqual", dst, a, b, kern.LessEqual[T]{})
}

// Greater stores whether a > b in dst, element for element, and returns it. It is false where one is NaN.
func Greater[T Real](dst *Array[bool], a, b *Array[T]) *Array[bool] {
	return apply2("Greater", dst, b, a, kern.Less[T]{})
}

// GreaterEqual stores whether a >= b in dst, element for element, and returns it. It is false where one is NaN.
func GreaterEqual[T Real](dst *Array[bool], a, b *Array[T]) *Array[bool] {
	return apply2("GreaterEqual", dst, b, a, kern.LessEqual[T]{})
}

// Tolerance says how far apart two numbers may be: Abs + Rel times the absolute value of the second.
type Tolerance struct {
	Rel, Abs float64
	EqualNaN bool // whether NaN is close to NaN
}

// DefaultTolerance is what NumPy's isclose and allclose allow.
var DefaultTolerance = Tolerance{Rel: 1e-5, Abs: 1e-8}

// IsClose stores whether a differs from b by no more than the tolerance in dst, element for element, and returns it. An infinity
// is close to itself alone.
func IsClose[T Inexact](dst *Array[bool], a, b *Array[T], tolerance Tolerance) *Array[bool] {
	return isClose("IsClose", dst, a, b, tolerance)
}

func isClose[T Inexact](op string, dst *Array[bool], a, b *Array[T], tolerance Tolerance) *Array[bool] {
	switch reflect.TypeFor[T]().Kind() {
	case reflect.Float32:
		return apply2(op, dst, as[float32](a), as[float32](b), closeFloats[float32](tolerance))
	case reflect.Float64:
		return apply2(op, dst, as[float64](a), as[float64](b), closeFloats[float64](tolerance))
	case reflect.Complex64:
		return apply2(op, dst, as[complex64](a), as[complex64](b), closeComplex[complex64](tolerance))
	default:
		return apply2(op, dst, as[complex128](a), as[complex128](b), closeComplex[complex128](tolerance))
	}
}

func closeFloats[T Float](t Tolerance) kern.Func2[bool, T, T] {
	rel, abs := T(t.Rel), T(t.Abs)
	return func(x, y T) bool {
		distance, size := math.Abs(float64(x-y)), T(math.Abs(float64(y)))
		return x == y || y-y == 0 && T(distance) <= abs+T(rel*size) || t.EqualNaN && x != x && y != y
	}
}

func closeComplex[T Complex](t Tolerance) kern.Func2[bool, T, T] {
	return func(x, y T) bool {
		return x == y || y-y == 0 && cmplx.Abs(complex128(x-y)) <= t.Abs+t.Rel*cmplx.Abs(complex128(y)) || t.EqualNaN && x != x && y != y
	}
}

// AllClose reports whether all elements of a and b, which are broadcast, are close as [IsClose] says. It panics with a
// [ShapeError] if their shapes do not broadcast.
func AllClose[T Inexact](a, b *Array[T], tolerance Tolerance) bool {
	for _, ok := range isClose("AllClose", nil, a, b, tolerance).data {
		if !ok {
			return false
		}
	}
	return true
}
