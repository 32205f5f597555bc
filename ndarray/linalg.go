package ndarray

import (
	"math"

	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/blas/cblas128"
	"gonum.org/v1/gonum/blas/cblas64"

	"github.com/samebytes/samebytes/ndarray/internal/kern"
)

// Dot returns the sum of the products of the elements of a and b, which have one axis and the same length. Integers wrap;
// complex numbers are not conjugated, and go through gonum's BLAS where it can read them. Products of floats are rounded to 64 bits each and added as
// [Sum] adds, so that the result is the same on every processor.
// It panics with a [ShapeError] if a or b has not one axis, or they differ in length.
func Dot[T Number](a, b *Array[T]) T {
	if len(a.shape) != 1 || len(b.shape) != 1 || a.n != b.n {
		panic(newShapeError("Dot", "expected two vectors of one length", a.shape, b.shape))
	}
	if a.n == 0 {
		return *new(T)
	}
	x, y := a.strides[0], b.strides[0]
	switch DTypeOf[T]() {
	case Float64:
		return of[T](kern.DotFloats(runOf[float64](a), runOf[float64](b), a.n))
	case Float32:
		return of[T](float32(kern.DotFloats(runOf[float32](a), runOf[float32](b), a.n)))
	}
	if x != 0 && y != 0 { // of which BLAS knows nothing
		switch DTypeOf[T]() {
		case Complex128:
			return of[T](cblas128.Dotu(cblas128.Vector{N: a.n, Data: recast[complex128](a.data), Inc: x},
				cblas128.Vector{N: a.n, Data: recast[complex128](b.data), Inc: y}))
		case Complex64:
			return of[T](cblas64.Dotu(cblas64.Vector{N: a.n, Data: recast[complex64](a.data), Inc: x},
				cblas64.Vector{N: a.n, Data: recast[complex64](b.data), Inc: y}))
		}
	}
	return kern.Dot(runOf[T](a), runOf[T](b), a.n)
}

// runOf returns the elements of a vector as the type that T is another name for.
func runOf[U, T Element](a *Array[T]) kern.Vec[U] {
	return kern.Vec[U]{Data: recast[U](a.data), Off: a.offset, Inc: a.strides[0]}
}

// of returns v as a T, which is another name for U.
func of[T, U Element](v U) T { return recast[T]([]U{v})[0] }

// Trace returns the sum of the elements of a matrix whose two indices are the same. Integers wrap.
// It panics with a [ShapeError] if a has not two axes.
func Trace[T Number](a *Array[T]) T {
	if len(a.shape) != 2 {
		panic(newShapeError("Trace", "expected two axes", a.shape))
	}
	var sum T
	for i := range min(a.shape[0], a.shape[1]) {
		sum += a.data[a.offset+i*(a.strides[0]+a.strides[1])]
	}
	return sum
}

// tiny is a sum of squares of which those that float64 can't express are no part that counts, however many there are.
const tiny = 0x1p-900

// Norm returns the square root of the sum of the squares of all elements, or of complex elements' magnitudes: the length of
// a vector, and of a matrix Frobenius' norm. It does not overflow where the result does not. Other than NumPy's it is a
// float64 for narrow elements too, and as exact.
func Norm[T Inexact](a *Array[T]) float64 {
	if !a.contiguous() {
		a = a.copied("Norm")
	}
	switch DTypeOf[T]() {
	case Float32, Complex64:
		return math.Sqrt(kern.SumSquaredFrom(recast[float32](a.data), 0)) // a float64 holds any such sum
	}
	parts := recast[float64](a.data)
	if sum := kern.SumSquaredFrom(parts, 0); sum > tiny && sum <= math.MaxFloat64 {
		return math.Sqrt(sum)
	}
	return blas64.Nrm2(blas64.Vector{N: len(parts), Data: parts, Inc: 1})
}
