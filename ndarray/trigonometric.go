package ndarray

import (
	"math"

	"github.com/samebytes/samebytes/ndarray/internal/kern"
	"github.com/samebytes/samebytes/ndarray/internal/libm"
)

// Sin stores the sine of a, in radians, in dst and returns it.
func Sin[T Inexact](dst, a *Array[T]) *Array[T] {
	return approximate("Sin", dst, a, kern.Sin, libm.SinComplex)
}

// Cos stores the cosine of a, in radians, in dst and returns it.
func Cos[T Inexact](dst, a *Array[T]) *Array[T] {
	return approximate("Cos", dst, a, kern.Cos, libm.CosComplex)
}

// Tan stores the tangent of a, in radians, in dst and returns it.
func Tan[T Inexact](dst, a *Array[T]) *Array[T] {
	return inexact("Tan", dst, a, libm.Tan, libm.TanComplex)
}

// Asin stores the angle in [-π/2, π/2] whose sine is a in dst and returns it: NaN of floats outside [-1, 1].
func Asin[T Inexact](dst, a *Array[T]) *Array[T] {
	return inexact("Asin", dst, a, libm.Asin, libm.AsinComplex)
}

// Acos stores the angle in [0, π] whose cosine is a in dst and returns it: NaN of floats outside [-1, 1].
func Acos[T Inexact](dst, a *Array[T]) *Array[T] {
	return inexact("Acos", dst, a, libm.Acos, libm.AcosComplex)
}

// Atan stores the angle in [-π/2, π/2] whose tangent is a in dst and returns it.
func Atan[T Inexact](dst, a *Array[T]) *Array[T] {
	return inexact("Atan", dst, a, math.Atan, libm.AtanComplex)
}

// Atan2 stores the angle in [-π, π] of the point with the coordinates b and a, in this order, in dst and returns it: the
// angle whose tangent is a / b, in the quadrant that their signs say.
func Atan2[T Float](dst, a, b *Array[T]) *Array[T] { return floats2("Atan2", dst, a, b, libm.Atan2) }

// Sinh stores the hyperbolic sine of a in dst and returns it.
func Sinh[T Inexact](dst, a *Array[T]) *Array[T] {
	return inexact("Sinh", dst, a, libm.Sinh, libm.SinhComplex)
}

// Cosh stores the hyperbolic cosine of a in dst and returns it.
func Cosh[T Inexact](dst, a *Array[T]) *Array[T] {
	return inexact("Cosh", dst, a, libm.Cosh, libm.CoshComplex)
}

// Tanh stores the hyperbolic tangent of a in dst and returns it.
func Tanh[T Inexact](dst, a *Array[T]) *Array[T] {
	return approximate("Tanh", dst, a, kern.Tanh, libm.TanhComplex)
}

// Asinh stores the inverse hyperbolic sine of a in dst and returns it.
func Asinh[T Inexact](dst, a *Array[T]) *Array[T] {
	return inexact("Asinh", dst, a, math.Asinh, libm.AsinhComplex)
}

// Acosh stores the inverse hyperbolic cosine of a in dst and returns it: NaN of floats below 1.
func Acosh[T Inexact](dst, a *Array[T]) *Array[T] {
	return inexact("Acosh", dst, a, math.Acosh, libm.AcoshComplex)
}

// Atanh stores the inverse hyperbolic tangent of a in dst and returns it: NaN of floats outside [-1, 1].
func Atanh[T Inexact](dst, a *Array[T]) *Array[T] {
	return inexact("Atanh", dst, a, math.Atanh, libm.AtanhComplex)
}

// Deg2Rad stores a, in degrees, as radians in dst and returns it.
func Deg2Rad[T Float](dst, a *Array[T]) *Array[T] {
	return floats("Deg2Rad", dst, a, func(x float64) float64 { return x * (math.Pi / 180) })
}

// Rad2Deg stores a, in radians, as degrees in dst and returns it.
func Rad2Deg[T Float](dst, a *Array[T]) *Array[T] {
	return floats("Rad2Deg", dst, a, func(x float64) float64 { return x * (180 / math.Pi) })
}

// Sinc stores sin(πa) / πa in dst, which is 1 at zero, and returns it.
func Sinc[T Float](dst, a *Array[T]) *Array[T] {
	return floats("Sinc", dst, a, func(x float64) float64 {
		if x == 0 {
			return 1
		}
		return libm.Sin(math.Pi*x) / (math.Pi * x)
	})
}
