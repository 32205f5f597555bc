package ndarray

import (
	"math"

	"github.com/samebytes/samebytes/ndarray/internal/kern"
	"github.com/samebytes/samebytes/ndarray/internal/libm"
)

// Exp stores e to the power of a in dst and returns it.
func Exp[T Inexact](dst, a *Array[T]) *Array[T] {
	return approximate("Exp", dst, a, kern.Exp, libm.ExpComplex)
}

// Exp2 stores 2 to the power of a in dst and returns it.
func Exp2[T Float](dst, a *Array[T]) *Array[T] { return approximate("Exp2", dst, a, kern.Exp2, nil) }

// Expm1 stores exp(a) - 1 in dst, which is exact near zero too, and returns it.
func Expm1[T Float](dst, a *Array[T]) *Array[T] { return approximate("Expm1", dst, a, kern.Expm1, nil) }

// Log stores the natural logarithm of a in dst and returns it: NaN of floats below zero; of complex numbers that whose
// imaginary part is in [-π, π].
func Log[T Inexact](dst, a *Array[T]) *Array[T] {
	return approximate("Log", dst, a, kern.Log, libm.LogComplex)
}

// Log2 stores the logarithm of a to base 2 in dst and returns it.
func Log2[T Float](dst, a *Array[T]) *Array[T] { return approximate("Log2", dst, a, kern.Log2, nil) }

// Log10 stores the logarithm of a to base 10 in dst and returns it, as [Log] does.
func Log10[T Inexact](dst, a *Array[T]) *Array[T] {
	return approximate("Log10", dst, a, kern.Log10, libm.Log10Complex)
}

// Log1p stores log(1 + a) in dst, which is exact near zero too, and returns it.
func Log1p[T Float](dst, a *Array[T]) *Array[T] { return approximate("Log1p", dst, a, kern.Log1p, nil) }

// LogAddExp stores log(exp(a) + exp(b)) in dst, which doesn't overflow on the way, and returns it.
func LogAddExp[T Float](dst, a, b *Array[T]) *Array[T] {
	return floats2("LogAddExp", dst, a, b, logAddExp)
}

func logAddExp(x, y float64) float64 {
	if x == y {
		return x + math.Ln2 // infinities too
	}
	return max(x, y) + math.Log1p(libm.Exp(-math.Abs(x-y)))
}
