package ndarray

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/blas/cblas128"
	"gonum.org/v1/gonum/blas/cblas64"

	"github.com/samebytes/samebytes/ndarray/internal/kern"
)

// MatMul stores the matrix product of a and b in dst, and returns it. The last two axes are a matrix's rows and columns; those
// before them are a stack of matrices, and broadcast. An operand of one axis is a row on the left and a column on the right,
// and that axis of length one is not in the result. dst has the result's shape, or is nil; it may overlap the operands, and the
// result is as if they had been copied before.
//
// Floats are multiplied as package blas does it, where the processor has kernels for that, in any layout without a copy. Other
// floats, those of a program that has put another BLAS in the place of gonum's, and complex numbers go through gonum's BLAS, which
// reads rows of neighbours and columns of neighbours where they lie; of other layouts it copies a matrix at a time. Float32 is
// summed in float32. Integers wrap. Without inner elements the product is of zeros.
//
// MatMul panics with a [ShapeError] if an operand has no axes, the inner lengths differ, the stacks don't broadcast, or dst
// has another shape, and as every function does that writes dst.
func MatMul[T Number](dst, a, b *Array[T]) *Array[T] {
	if dst != nil && byKernel(dst, a, b) {
		return dst
	}
	if len(a.shape) == 0 || len(b.shape) == 0 {
		panic(newShapeError("MatMul", "expected at least one axis of each operand", a.shape, b.shape))
	}
	left, right := a.layout, b.layout
	if len(a.shape) == 1 {
		left = a.slice([]Index{NewAxis})
	}
	if len(b.shape) == 1 {
		right = b.slice([]Index{All, NewAxis})
	}
	stackDims, rightStackDims := len(left.shape)-2, len(right.shape)-2
	if left.shape[stackDims+1] != right.shape[rightStackDims] {
		panic(newShapeError("MatMul", "expected as many columns on the left as rows on the right", a.shape, b.shape))
	}
	if !broadcasts(left.shape[:stackDims], right.shape[:rightStackDims]) {
		panic(newShapeError("MatMul", "stacks do not broadcast", a.shape, b.shape))
	}
	stack := broadcastShape("MatMul", left.shape[:stackDims], right.shape[:rightStackDims])
	shape := slices.Clone(stack)
	if len(a.shape) > 1 {
		shape = append(shape, left.shape[stackDims])
	}
	if len(b.shape) > 1 {
		shape = append(shape, right.shape[rightStackDims+1])
	}
	dst = destination("MatMul", dst, shape, a.shape, b.shape)
	if dst.n == 0 {
		return dst
	}
	if mayOverlap(dst, a) {
		return MatMul(dst, a.copied("MatMul"), b)
	}
	if mayOverlap(dst, b) {
		return MatMul(dst, a, b.copied("MatMul"))
	}
	to := dst.layout
	if len(b.shape) == 1 {
		to = to.slice(append(slices.Repeat([]Index{All}, len(to.shape)), NewAxis))
	}
	if len(a.shape) == 1 {
		to = to.slice(append(slices.Repeat([]Index{All}, len(stack)), NewAxis))
	}
	left = left.broadcast(append(slices.Clone(stack), left.shape[stackDims:]...))
	right = right.broadcast(append(slices.Clone(stack), right.shape[rightStackDims:]...))
	switch dtype := DTypeOf[T](); {
	case dtype == Float64:
		x, y := viewed[float64](a), viewed[float64](b)
		matMul(viewed[float64](dst), x, y, to, left, right, gemm64, floatKernel(ownBLAS64(), x, y, left, right))
	case dtype == Float32:
		x, y := viewed[float32](a), viewed[float32](b)
		matMul(viewed[float32](dst), x, y, to, left, right, gemm32, floatKernel(ownBLAS32(), x, y, left, right))
	case dtype == Complex128:
		matMul(viewed[complex128](dst), viewed[complex128](a), viewed[complex128](b), to, left, right, gemmComplex128, nil)
	case dtype == Complex64:
		matMul(viewed[complex64](dst), viewed[complex64](a), viewed[complex64](b), to, left, right, gemmComplex64, nil)
	case dtype.Kind() == 'i' || dtype.Kind() == 'u':
		matMul(dst, a, b, to, left, right, gemmPlain[T], nil)
	default:
		panic(DTypeError{"MatMul", dtype, "integers, float32, float64 or complex numbers"})
	}
	return dst
}

// broadcasts reports whether two shapes do.
func broadcasts(a, b []int) bool {
	for i := 1; i <= min(len(a), len(b)); i++ {
		if x, y := a[len(a)-i], b[len(b)-i]; x != y && x != 1 && y != 1 {
			return false
		}
	}
	return true
}

// matMul stores the product of each two matrices in the one of dst, all under layouts with the same stack: by kernel, if it is not
// nil, or by gemm.
func matMul[T Number](dst, a, b *Array[T], to, left, right layout, gemm func(c, a, b matrix[T]), kernel kernel[T]) {
	ndim := len(to.shape)
	rows, inner, cols := to.shape[ndim-2], left.shape[ndim-1], to.shape[ndim-1]
	if inner == 0 {
		l := newLoops(&dst.layout)
		l.each(func(offsets []int, n int) {
			kern.Fill(kern.Vec[T]{Data: dst.data, Off: offsets[0], Inc: l.inc(0)}, 0, n)
		})
		return
	}
	stack := func(l layout) *layout {
		first := l.without(ndim - 1)
		first = first.without(ndim - 2)
		return &first
	}
	l := newLoops(stack(to), stack(left), stack(right))
	operations := float64(to.n) * float64(inner) // an int may not hold it
	l.eachShared(int(min(operations, math.MaxInt32)), func() func([]int) {
		return func(offsets []int) {
			c, inPlace := matrixOf(dst.data, offsets[0], rows, cols, to.strides[ndim-2:])
			if !inPlace {
				c = matrix[T]{kern.Matrix[T]{Data: make([]T, rows*cols), Rows: rows, Cols: cols, Stride: cols}, false}
			}
			if kernel != nil {
				kernel(c, offsets[1], offsets[2])
			} else {
				x := readable(a.data, offsets[1], rows, inner, left.strides[ndim-2:])
				y := readable(b.data, offsets[2], inner, cols, right.strides[ndim-2:])
				if c.transposed {
					gemm(c.t(), y.t(), x.t())
				} else {
					gemm(c, x, y)
				}
			}
			if !inPlace {
				for i := range rows {
					kern.Copy(kern.Vec[T]{Data: dst.data, Off: offsets[0] + i*to.strides[ndim-2], Inc: to.strides[ndim-1]},
						kern.Vec[T]{Data: c.Row(i), Inc: 1}, cols)
				}
			}
		}
	})
}

// matrix is one that BLAS can read: its rows are those of Matrix, or if it is transposed, its columns.
type matrix[T any] struct {
	kern.Matrix[T]
	transposed bool
}

func (m matrix[T]) t() matrix[T] { return matrix[T]{m.Matrix, !m.transposed} }

// rows returns the number of rows, as they are multiplied.
func (m matrix[T]) rows() int {
	if m.transposed {
		return m.Cols
	}
	return m.Rows
}

// vector returns the elements of a matrix of one row or one column, and what lies between them.
func (m matrix[T]) vector() (data []T, inc int) {
	if m.Cols == 1 {
		return m.Data, m.Stride
	}
	return m.Data, 1
}

// matrixOf returns the elements of a matrix from offset on, where they lie, if BLAS can read them so.
func matrixOf[T any](data []T, offset, rows, cols int, strides []int) (matrix[T], bool) {
	if stride, ok := rowStride(rows, cols, strides[0], strides[1]); ok {
		return matrix[T]{kern.Matrix[T]{Data: data[offset:], Rows: rows, Cols: cols, Stride: stride}, false}, true
	}
	if stride, ok := rowStride(cols, rows, strides[1], strides[0]); ok {
		return matrix[T]{kern.Matrix[T]{Data: data[offset:], Rows: cols, Cols: rows, Stride: stride}, true}, true
	}
	return matrix[T]{}, false
}

// rowStride returns the distance of rows whose elements are neighbours, and whether they are, and don't overlap.
func rowStride(rows, cols, stride, colStride int) (int, bool) {
	if rows == 1 {
		stride = cols
	}
	return stride, (cols == 1 || colStride == 1) && stride >= cols
}

// readable returns the elements of a matrix where they lie, or a copy, so that BLAS can read them.
func readable[T Element](data []T, offset, rows, cols int, strides []int) matrix[T] {
	if m, ok := matrixOf(data, offset, rows, cols, strides); ok {
		return m
	}
	return packed(data, offset, rows, cols, strides)
}

// packed returns a copy of a matrix.
func packed[T Element](data []T, offset, rows, cols int, strides []int) matrix[T] {
	copied := newArray(data, layout{shape: []int{rows, cols}, strides: strides, offset: offset, n: rows * cols}).Copy().data
	return matrix[T]{kern.Matrix[T]{Data: copied, Rows: rows, Cols: cols, Stride: cols}, false}
}

// gemmPlain stores the product of a and b in c, which is not transposed. Goroutines share the rows of large ones.
func gemmPlain[T Number](c, a, b matrix[T]) {
	const height = 16 // of the blocks of rows that are shared out, for each of which all of b is read
	left, right := a.straight(), b.straight()
	blocks := (c.Rows + height - 1) / height
	l := newLoops(&layout{shape: []int{blocks}, strides: []int{1}, n: blocks})
	operations := float64(c.Rows) * float64(c.Cols) * float64(left.Cols)
	l.eachShared(int(min(operations, math.MaxInt32)), func() func([]int) {
		return func(block []int) {
			first := block[0] * height
			last := min(first+height, c.Rows)
			kern.MatMul(c.Part(first, last), left.Part(first, last), right)
		}
	})
}

// straight returns the matrix with its rows as neighbours: itself, or a copy.
func (m matrix[T]) straight() kern.Matrix[T] {
	if !m.transposed {
		return m.Matrix
	}
	return packed(m.Data, 0, m.Cols, m.Rows, []int{1, m.Stride}).Matrix
}

// The products of gonum's BLAS, or of what blas64.Use and its like have put in its place. Gonum's leaves out products where a
// factor is zero, though the other be infinite or NaN, and in complex numbers multiplies all by 1+0i, which makes NaN of
// infinities. So only finite matrices go there; Gemv has no such gaps.

func gemm64(c, a, b matrix[float64]) {
	general := func(m matrix[float64]) (blas.Transpose, blas64.General) {
		return flag(m.transposed), blas64.General{Rows: m.Rows, Cols: m.Cols, Stride: m.Stride, Data: m.Data}
	}
	_, z := general(c)
	transA, x := general(a)
	transB, y := general(b)
	switch {
	case c.Cols == 1:
		to, inc := c.vector()
		from, fromInc := b.vector()
		blas64.Gemv(transA, 1, x, blas64.Vector{N: b.rows(), Data: from, Inc: fromInc}, 0, blas64.Vector{N: c.Rows, Data: to, Inc: inc})
	case c.Rows == 1:
		from, fromInc := a.vector()
		blas64.Gemv(flag(!b.transposed), 1, y, blas64.Vector{N: b.rows(), Data: from, Inc: fromInc}, 0, blas64.Vector{N: c.Cols, Data: c.Data, Inc: 1})
	case !finite(a, b):
		gemmPlain(c, a, b)
	case a.transposed && b.transposed:
		gemm64(c, matrix[float64]{a.straight(), false}, b) // gonum takes three times as long for two transposed ones
	default:
		blas64.Gemm(transA, transB, 1, x, y, 0, z)
	}
}

func gemm32(c, a, b matrix[float32]) {
	general := func(m matrix[float32]) (blas.Transpose, blas32.General) {
		return flag(m.transposed), blas32.General{Rows: m.Rows, Cols: m.Cols, Stride: m.Stride, Data: m.Data}
	}
	_, z := general(c)
	transA, x := general(a)
	transB, y := general(b)
	switch {
	case c.Cols == 1:
		to, inc := c.vector()
		from, fromInc := b.vector()
		blas32.Gemv(transA, 1, x, blas32.Vector{N: b.rows(), Data: from, Inc: fromInc}, 0, blas32.Vector{N: c.Rows, Data: to, Inc: inc})
	case c.Rows == 1:
		from, fromInc := a.vector()
		blas32.Gemv(flag(!b.transposed), 1, y, blas32.Vector{N: b.rows(), Data: from, Inc: fromInc}, 0, blas32.Vector{N: c.Cols, Data: c.Data, Inc: 1})
	case !finite(a, b):
		gemmPlain(c, a, b)
	case a.transposed && b.transposed:
		gemm32(c, matrix[float32]{a.straight(), false}, b)
	default:
		blas32.Gemm(transA, transB, 1, x, y, 0, z)
	}
}

func gemmComplex128(c, a, b matrix[complex128]) {
	if !finite(a, b) {
		gemmPlain(c, a, b)
		return
	}
	general := func(m matrix[complex128]) cblas128.General {
		return cblas128.General{Rows: m.Rows, Cols: m.Cols, Stride: m.Stride, Data: m.Data}
	}
	cblas128.Gemm(flag(a.transposed), flag(b.transposed), 1, general(a), general(b), 0, general(c))
}

func gemmComplex64(c, a, b matrix[complex64]) {
	if !finite(a, b) {
		gemmPlain(c, a, b)
		return
	}
	general := func(m matrix[complex64]) cblas64.General {
		return cblas64.General{Rows: m.Rows, Cols: m.Cols, Stride: m.Stride, Data: m.Data}
	}
	cblas64.Gemm(flag(a.transposed), flag(b.transposed), 1, general(a), general(b), 0, general(c))
}

func finite[T Inexact](a, b matrix[T]) bool { return kern.Finite(a.Matrix) && kern.Finite(b.Matrix) }

func flag(transposed bool) blas.Transpose {
	if transposed {
		return blas.Trans
	}
	return blas.NoTrans
}
