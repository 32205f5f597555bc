package ndarray

import (
	"gonum.org/v1/gonum/blas/blas32"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/blas/gonum"

	"github.com/samebytes/samebytes/ndarray/blas"
	"github.com/samebytes/samebytes/ndarray/internal/gemm"
)

// kernel stores in c, which is not read, the product of the matrices that begin at two offsets of the operands' data.
type kernel[T Number] func(c matrix[T], aOffset, bOffset int)

// floatKernel returns what multiplies matrices under two layouts with the same stack, or nil where it is for BLAS to do: if the
// program has put in place another than gonum's and ours, where one of the matrices is a vector, which BLAS reads once, and where
// the processor has no kernels.
func floatKernel[T interface {
	Number
	gemm.Float
}](own bool, a, b *Array[T], left, right layout) kernel[T] {
	ndim := len(left.shape)
	m, n, k := left.shape[ndim-2], right.shape[ndim-1], left.shape[ndim-1]
	if !own || m == 1 || n == 1 || !gemm.Available[T]() {
		return nil
	}
	products := 1 // which goroutines share where there are several
	for _, length := range left.shape[:ndim-2] {
		products *= length
	}
	share := max(goroutines()/max(products, 1), 1)
	return func(c matrix[T], aOffset, bOffset int) {
		to := gemm.Matrix[T]{Data: c.Data, Row: c.Stride, Step: 1}
		if c.transposed {
			to = to.T()
		}
		gemm.Multiply(share, m, n, k, 1,
			gemm.Matrix[T]{Data: a.data, Off: aOffset, Row: left.strides[ndim-2], Step: left.strides[ndim-1]},
			gemm.Matrix[T]{Data: b.data, Off: bOffset, Row: right.strides[ndim-2], Step: right.strides[ndim-1]}, 0, to)
	}
}

// ownBLAS64 reports whether gonum multiplies float64 by its own BLAS or by package blas.
func ownBLAS64() bool {
	switch blas64.Implementation().(type) {
	case gonum.Implementation, blas.Implementation:
		return true
	}
	return false
}

// ownBLAS32 is ownBLAS64 for float32.
func ownBLAS32() bool {
	switch blas32.Implementation().(type) {
	case gonum.Implementation, blas.Implementation:
		return true
	}
	return false
}
