package ndarray

import (
	"math/cmplx"

	"github.com/samebytes/samebytes/ndarray/internal/kern"
	"github.com/samebytes/samebytes/ndarray/internal/libm"
)

// AbsComplex stores the absolute values of a in dst, floats of either size, and returns it.
func AbsComplex[F Float, T Complex](dst *Array[F], a *Array[T]) *Array[F] {
	return apply1("AbsComplex", dst, a, kern.Func[F, T](func(x T) F { return F(libm.Abs(complex128(x))) }))
}

// Angle stores the angles of a, in radians in [-π, π], in dst, floats of either size, and returns it.
func Angle[F Float, T Complex](dst *Array[F], a *Array[T]) *Array[F] {
	return apply1("Angle", dst, a, kern.Func[F, T](func(x T) F { return F(libm.Phase(complex128(x))) }))
}

// Conj stores the complex conjugates of a in dst and returns it.
func Conj[T Complex](dst, a *Array[T]) *Array[T] {
	return apply1("Conj", dst, a, kern.ComplexFunc[T](cmplx.Conj))
}
