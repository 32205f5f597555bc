package blas

import (
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/gonum"

	"github.com/samebytes/samebytes/ndarray/internal/gemm"
)

// Implementation is gonum's, with products of matrices by the kernels of this package. It has no state.
type Implementation struct{ gonum.Implementation }

// Dgemm is gonum's, with all products: C = alpha * op(A) * op(B) + beta * C.
func (i Implementation) Dgemm(tA, tB blas.Transpose, m, n, k int, alpha float64, a []float64, lda int, b []float64, ldb int, beta float64, c []float64, ldc int) {
	if !multiply(tA, tB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc) {
		i.Implementation.Dgemm(tA, tB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
	}
}

// Sgemm is Dgemm for float32.
func (i Implementation) Sgemm(tA, tB blas.Transpose, m, n, k int, alpha float32, a []float32, lda int, b []float32, ldb int, beta float32, c []float32, ldc int) {
	if !multiply(tA, tB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc) {
		i.Implementation.Sgemm(tA, tB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
	}
}

// Dsyrk is gonum's: C = alpha * A * Aᵀ + beta * C, or with Aᵀ on the left, where one triangle of C is read and written.
func (i Implementation) Dsyrk(ul blas.Uplo, tA blas.Transpose, n, k int, alpha float64, a []float64, lda int, beta float64, c []float64, ldc int) {
	if !square(ul, tA, n, k, alpha, a, lda, beta, c, ldc) {
		i.Implementation.Dsyrk(ul, tA, n, k, alpha, a, lda, beta, c, ldc)
	}
}

// Ssyrk is Dsyrk for float32.
func (i Implementation) Ssyrk(ul blas.Uplo, tA blas.Transpose, n, k int, alpha float32, a []float32, lda int, beta float32, c []float32, ldc int) {
	if !square(ul, tA, n, k, alpha, a, lda, beta, c, ldc) {
		i.Implementation.Ssyrk(ul, tA, n, k, alpha, a, lda, beta, c, ldc)
	}
}

// multiply does what Dgemm does, or reports that gonum has to: where there is nothing to multiply, or an argument is wrong and it
// panics.
func multiply[T gemm.Float](tA, tB blas.Transpose, m, n, k int, alpha T, a []T, lda int, b []T, ldb int, beta T, c []T, ldc int) bool {
	if m <= 0 || n <= 0 || k <= 0 || alpha == 0 || !gemm.Available[T]() {
		return false
	}
	aRow, aStep, ok := strides(tA, m, k, len(a), lda)
	if !ok {
		return false
	}
	bRow, bStep, ok := strides(tB, k, n, len(b), ldb)
	if !ok || ldc < n || len(c) < (m-1)*ldc+n {
		return false
	}
	if n == 1 {
		bStep = 1 // for which any does
	}
	switch few := m <= 2 || n <= 2; {
	case bStep == 1:
		if gemm.Direct(m, n, k, alpha, a, aRow, aStep, b, bRow, beta, c, ldc) {
			return true
		}
	case aStep == 1 && (few || gemm.Tiny(m, n, k)):
		return false // gonum has products of rows, and leaves none out there
	case gemm.Tiny(m, n, k):
		gemm.Plain(m, n, k, alpha, a, aRow, aStep, b, bRow, bStep, beta, c, ldc)
		return true
	}
	gemm.Multiply(0, m, n, k, alpha, gemm.Matrix[T]{Data: a, Row: aRow, Step: aStep}, gemm.Matrix[T]{Data: b, Row: bRow, Step: bStep},
		beta, gemm.Matrix[T]{Data: c, Row: ldc, Step: 1})
	return true
}

// square is multiply for Dsyrk.
func square[T gemm.Float](ul blas.Uplo, tA blas.Transpose, n, k int, alpha T, a []T, lda int, beta T, c []T, ldc int) bool {
	if n <= 0 || k <= 0 || alpha == 0 || !gemm.Available[T]() {
		return false
	}
	row, step, ok := strides(tA, n, k, len(a), lda)
	if !ok || ldc < n || len(c) < (n-1)*ldc+n {
		return false
	}
	left := gemm.Matrix[T]{Data: a, Row: row, Step: step}
	to := gemm.Matrix[T]{Data: c, Row: ldc, Step: 1}
	switch ul {
	case blas.Upper:
		gemm.MultiplyUpper(0, n, k, alpha, left, left.T(), beta, to)
	case blas.Lower:
		gemm.MultiplyLower(0, n, k, alpha, left, left.T(), beta, to)
	default:
		return false
	}
	return true
}

// strides returns the distances of the elements of a column and of those of a row of a matrix as it is multiplied, and whether the
// arguments are right.
func strides(t blas.Transpose, rows, cols, n, ld int) (row, step int, ok bool) {
	switch t {
	case blas.NoTrans:
		return ld, 1, ld >= cols && n >= (rows-1)*ld+cols
	case blas.Trans, blas.ConjTrans:
		return 1, ld, ld >= rows && n >= (cols-1)*ld+rows
	}
	return 0, 0, false
}
