package ndarray

import (
	"math"

	"github.com/samebytes/samebytes/ndarray/internal/kern"
)

// Floor stores the greatest whole numbers not above a in dst and returns it.
func Floor[T Float](dst, a *Array[T]) *Array[T] { return apply1("Floor", dst, a, kern.Floor[T]{}) }

// Ceil stores the least whole numbers not below a in dst and returns it.
func Ceil[T Float](dst, a *Array[T]) *Array[T] { return apply1("Ceil", dst, a, kern.Ceil[T]{}) }

// Trunc stores a without its fraction in dst and returns it.
func Trunc[T Float](dst, a *Array[T]) *Array[T] { return apply1("Trunc", dst, a, kern.Trunc[T]{}) }

// RoundToEven stores the nearest whole numbers to a in dst, the even one of two, and returns it.
func RoundToEven[T Float](dst, a *Array[T]) *Array[T] {
	return apply1("RoundToEven", dst, a, kern.RoundToEven[T]{})
}

// Round stores a rounded to a number of decimals in dst, and returns it. As in NumPy, it multiplies by the power of ten, rounds to
// the even one of the nearest whole numbers, and divides. Fewer decimals than zero round to tens, hundreds, and so on.
func Round[T Float](dst, a *Array[T], decimals int) *Array[T] {
	if decimals == 0 {
		return RoundToEven(dst, a)
	}
	scale := T(math.Pow10(max(decimals, -decimals)))
	if decimals < 0 {
		return apply1("Round", dst, a, kern.Func[T, T](func(x T) T { return T(math.RoundToEven(float64(x/scale))) * scale }))
	}
	return apply1("Round", dst, a, kern.Func[T, T](func(x T) T { return T(math.RoundToEven(float64(x*scale))) / scale }))
}
