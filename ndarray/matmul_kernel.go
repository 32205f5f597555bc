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

// kernelFloat is the types that kernels multiply.
type kernelFloat interface {
	Number
	gemm.Float
}

// floatKernel returns what multiplies matrices under two layouts with the same stack, or nil where it is for BLAS to do: if the
// program has put in place another than gonum's and ours, where one of the matrices is a vector, which BLAS reads once, and where
// the processor has no kernels.
func floatKernel[T kernelFloat](own bool, a, b *Array[T], left, right layout) kernel[T] {
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

// byKernel stores the product of two matrices in dst if that takes no more than a kernel: the three are of floats, of the right
// shapes and without common memory, and rows of dst are neighbours. It reports whether it did; if not, it has done nothing. To find
// the same out for a stack of any matrices takes several times as long as a small product.
func byKernel[T Number](dst, a, b *Array[T]) bool {
	if len(dst.shape) != 2 || len(a.shape) != 2 || len(b.shape) != 2 || dst.readonly {
		return false
	}
	m, n, k := dst.shape[0], dst.shape[1], a.shape[1]
	if a.shape[0] != m || b.shape[0] != k || b.shape[1] != n || min(m, n, k) < 2 || dst.strides[1] != 1 || dst.strides[0] < n {
		return false
	}
	if to := dst.region(); to.meets(a.region()) || to.meets(b.region()) {
		return false
	}
	switch DTypeOf[T]() {
	case Float64:
		return ownBLAS64() && multiplyFloats[float64](dst, a, b, m, n, k)
	case Float32:
		return ownBLAS32() && multiplyFloats[float32](dst, a, b, m, n, k)
	}
	return false
}

// multiplyFloats is byKernel for matrices of F, whatever their type is called.
func multiplyFloats[F kernelFloat, T Number](dst, a, b *Array[T], m, n, k int) bool {
	if !gemm.Available[F]() {
		return false
	}
	gemm.Multiply(goroutines(), m, n, k, 1, gemmMatrix[F](a), gemmMatrix[F](b), 0, gemmMatrix[F](dst))
	return true
}

func gemmMatrix[F kernelFloat, T Number](a *Array[T]) gemm.Matrix[F] {
	return gemm.Matrix[F]{Data: recast[F](a.data), Off: a.offset, Row: a.strides[0], Step: a.strides[1]}
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
