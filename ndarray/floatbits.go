package ndarray

import (
	"math"
	"math/cmplx"
	"reflect"

	"github.com/samebytes/samebytes/ndarray/internal/kern"
)

// IsNaN stores whether a is NaN in dst, and returns it. A complex number is if one of its parts is.
func IsNaN[T Inexact](dst *Array[bool], a *Array[T]) *Array[bool] {
	return apply1("IsNaN", dst, a, kern.IsNaN[T]{})
}

// IsInf stores whether a is an infinity of either sign in dst, and returns it. A complex number is if one of its parts is.
func IsInf[T Inexact](dst *Array[bool], a *Array[T]) *Array[bool] {
	switch reflect.TypeFor[T]().Kind() {
	case reflect.Float32:
		return apply1("IsInf", dst, as[float32](a), kern.IsInf[float32]{})
	case reflect.Float64:
		return apply1("IsInf", dst, as[float64](a), kern.IsInf[float64]{})
	case reflect.Complex64:
		return apply1("IsInf", dst, as[complex64](a), kern.Func[bool, complex64](func(x complex64) bool { return cmplx.IsInf(complex128(x)) }))
	default:
		return apply1("IsInf", dst, as[complex128](a), kern.Func[bool, complex128](cmplx.IsInf))
	}
}

// IsFinite stores whether a is neither an infinity nor NaN in dst, and returns it. A complex number is if both parts are.
func IsFinite[T Inexact](dst *Array[bool], a *Array[T]) *Array[bool] {
	return apply1("IsFinite", dst, a, kern.IsFinite[T]{})
}

// SignBit stores whether a is below zero, or -0, or a NaN with its sign set, in dst, and returns it.
func SignBit[T Float](dst *Array[bool], a *Array[T]) *Array[bool] {
	return apply1("SignBit", dst, a, kern.SignBit[T]{})
}

// CopySign stores the absolute value of a with the sign of b in dst, element for element, and returns it.
func CopySign[T Float](dst, a, b *Array[T]) *Array[T] {
	return floats2("CopySign", dst, a, b, math.Copysign)
}

// NextAfter stores the next number that T has from a towards b in dst, element for element, and returns it.
func NextAfter[T Float](dst, a, b *Array[T]) *Array[T] {
	next := func(x, y T) T { return T(math.Nextafter(float64(x), float64(y))) }
	if reflect.TypeFor[T]().Kind() == reflect.Float32 {
		next = func(x, y T) T { return T(math.Nextafter32(float32(x), float32(y))) }
	}
	return apply2("NextAfter", dst, a, b, kern.Func2[T, T, T](func(x, y T) T {
		if x == y {
			return y // whose sign a zero takes
		}
		return next(x, y)
	}))
}

// Ldexp stores a times two to the power of exponent in dst, element for element, and returns it.
func Ldexp[T Float, N Integer](dst, a *Array[T], exponent *Array[N]) *Array[T] {
	return apply2("Ldexp", dst, a, exponent, kern.Func2[T, T, N](func(x T, n N) T {
		if n > 0 && uint64(n) > 4096 {
			return T(math.Ldexp(float64(x), 4096)) // so far beyond the last exponent is all one
		}
		return T(math.Ldexp(float64(x), int(n)))
	}))
}

// Heaviside stores 0 in dst where a is below zero, 1 where it is above, and b where it is zero, and returns it. NaN in a stays.
func Heaviside[T Float](dst, a, b *Array[T]) *Array[T] {
	return apply2("Heaviside", dst, a, b, kern.Func2[T, T, T](func(x, y T) T {
		switch {
		case x < 0:
			return 0
		case x > 0:
			return 1
		case x == 0:
			return y
		}
		return x
	}))
}
