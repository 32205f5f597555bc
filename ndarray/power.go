package ndarray

import (
	"math"

	"github.com/samebytes/samebytes/ndarray/internal/kern"
	"github.com/samebytes/samebytes/ndarray/internal/libm"
)

// Pow stores a to the power of b in dst, element for element, and returns it. Integers are multiplied by squaring, and wrap.
// It panics with a [ValueError], before anything is written, if integers have an exponent below zero. For complex numbers
// there is [PowComplex].
func Pow[T Real](dst, a, b *Array[T]) *Array[T] {
	if half := T(1) / 2; half != 0 {
		return apply2("Pow", dst, a, b, kern.Func2[T, T, T](func(x, y T) T { return T(libm.Pow(float64(x), float64(y))) }))
	}
	if v, found := lowest(b); found && v < 0 {
		panic(ValueError{"Pow", v, "expected no integer exponent below zero"})
	}
	return apply2("Pow", dst, a, b, kern.Func2[T, T, T](integerPower[T]))
}

// lowest returns the lowest element of a, and whether there is one.
func lowest[T Real](a *Array[T]) (least T, found bool) {
	l := newLoops(&a.layout)
	l.each(func(offsets []int, n int) {
		i := offsets[0]
		for range n {
			if v := a.data[i]; !found || v < least {
				least, found = v, true
			}
			i += l.inc(0)
		}
	})
	return least, found
}

func integerPower[T Real](x, exponent T) T {
	power := T(1)
	for n := uint64(exponent); n > 0; n >>= 1 {
		if n&1 != 0 {
			power *= x
		}
		x *= x
	}
	return power
}

// PowComplex stores a to the power of b in dst, element for element, and returns it.
func PowComplex[T Complex](dst, a, b *Array[T]) *Array[T] {
	return apply2("PowComplex", dst, a, b, kern.ComplexFunc2[T](libm.PowComplex))
}

// Sqrt stores the square roots of a in dst and returns it: NaN of floats below zero; of complex numbers those with a real part
// not below zero.
func Sqrt[T Inexact](dst, a *Array[T]) *Array[T] {
	return inexactLoops("Sqrt", dst, a, kern.Sqrt[float32]{}, kern.Sqrt[float64]{}, libm.SqrtComplex)
}

// Cbrt stores the cube roots of a in dst and returns it.
func Cbrt[T Float](dst, a *Array[T]) *Array[T] { return floats("Cbrt", dst, a, math.Cbrt) }

// Hypot stores the square roots of a*a + b*b in dst, which don't overflow on the way, and returns it.
func Hypot[T Float](dst, a, b *Array[T]) *Array[T] { return floats2("Hypot", dst, a, b, libm.Hypot) }
