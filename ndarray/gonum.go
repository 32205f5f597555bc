package ndarray

import (
	"fmt"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/blas/cblas128"
	"gonum.org/v1/gonum/mat"
)

// Dense returns a matrix that shares the elements of a 2-d array: what one writes, the other reads. The elements of a row
// must lie one after the other; rows may lie apart, as in a slice of columns. The matrix does not know that an array is
// read-only: one may read it so, but a write through it changes the elements, or faults where they are mapped for
// reading. Nor does it keep a mapping alive: see the package that mapped the elements.
// The error is [ErrShape] if a has not two axes or no elements, which gonum's matrices can't do without, and [ErrLayout]
// if its rows do not lie so: for Fortran order use [Matrix], or Dense(a.T()), for any other a Copy.
func Dense(a *Array[float64]) (*mat.Dense, error) {
	rows, cols, stride, err := rowsOf(a, "Matrix, or Dense(a.T())")
	if err != nil {
		return nil, fmt.Errorf("ndarray: Dense: %w", err)
	}
	m := new(mat.Dense)
	m.SetRawMatrix(blas64.General{Rows: rows, Cols: cols, Stride: stride, Data: a.data})
	return m, nil
}

// Matrix returns a matrix that shares the elements of a 2-d array: a *[mat.Dense] as [Dense] does, or the
// [mat.Transpose] of one if the elements of each column, not row, lie one after the other, as in Fortran order.
// The error is [ErrShape] as in Dense, and [ErrLayout] if neither rows nor columns lie so.
func Matrix(a *Array[float64]) (mat.Matrix, error) {
	if err := checkMatrix(a); err != nil {
		return nil, fmt.Errorf("ndarray: Matrix: %w", err)
	}
	if m, err := Dense(a); err == nil {
		return m, nil
	}
	if m, err := Dense(a.T()); err == nil {
		return m.T(), nil
	}
	return nil, fmt.Errorf("ndarray: Matrix: %w: expected rows or columns of neighbours, found strides %v: Copy the array first",
		ErrLayout, a.strides)
}

// VecDense returns a vector that shares the elements of a 1-d array, which may lie apart, as in a column of a matrix. It
// knows as little as what [Dense] returns of read-only arrays and of mappings.
// The error is [ErrShape] if a has not one axis or no elements, and [ErrLayout] if its stride is not above zero.
func VecDense(a *Array[float64]) (*mat.VecDense, error) {
	if len(a.shape) != 1 || a.n == 0 {
		return nil, fmt.Errorf("ndarray: VecDense: %w: expected one axis, and elements, found %v", ErrShape, a.shape)
	}
	increment := a.strides[0]
	if a.n == 1 {
		increment = 1
	}
	if increment < 1 {
		return nil, fmt.Errorf("ndarray: VecDense: %w: expected a stride above zero, found %d: Copy the array first",
			ErrLayout, increment)
	}
	v := new(mat.VecDense)
	v.SetRawVector(blas64.Vector{N: a.n, Data: a.data, Inc: increment})
	return v, nil
}

// SymDense returns a symmetric matrix that shares the elements of a square 2-d array on and above its diagonal, as [Dense]
// does; those below it are neither read nor written.
// The errors are those of Dense, and [ErrShape] if a is not square.
func SymDense(a *Array[float64]) (*mat.SymDense, error) {
	rows, cols, stride, err := rowsOf(a, "SymDense(a.T())")
	if err == nil && rows != cols {
		err = fmt.Errorf("%w: expected as many rows as columns, found %v", ErrShape, a.shape)
	}
	if err != nil {
		return nil, fmt.Errorf("ndarray: SymDense: %w", err)
	}
	m := new(mat.SymDense)
	m.SetRawSymmetric(blas64.Symmetric{N: rows, Stride: stride, Data: a.data, Uplo: blas.Upper})
	return m, nil
}

// CDense returns a complex matrix that shares the elements of a 2-d array, as [Dense] does. The errors are those of Dense.
func CDense(a *Array[complex128]) (*mat.CDense, error) {
	rows, cols, stride, err := rowsOf(a, "CDense(a.T())")
	if err != nil {
		return nil, fmt.Errorf("ndarray: CDense: %w", err)
	}
	m := new(mat.CDense)
	m.SetRawCMatrix(cblas128.General{Rows: rows, Cols: cols, Stride: stride, Data: a.data})
	return m, nil
}

// General32 returns what package blas32 takes for a matrix, which shares the elements of a 2-d array as [Dense] does: gonum's
// own matrices have no float32. The errors are those of Dense.
func General32(a *Array[float32]) (blas32.General, error) {
	rows, cols, stride, err := rowsOf(a, "General32(a.T())")
	if err != nil {
		return blas32.General{}, fmt.Errorf("ndarray: General32: %w", err)
	}
	return blas32.General{Rows: rows, Cols: cols, Stride: stride, Data: a.data}, nil
}

// FromDense returns an array that shares the elements of m, of shape (rows, columns). It panics with a [ValueError] if m is nil.
func FromDense(m *mat.Dense) *Array[float64] {
	if m == nil {
		panic(ValueError{"FromDense", nil, "expected a matrix"})
	}
	raw := m.RawMatrix()
	return fromRaw("FromDense", raw.Data, []int{raw.Rows, raw.Cols}, []int{raw.Stride, 1})
}

// FromVecDense returns an array that shares the elements of v, on one axis. It panics with a [ValueError] if v is nil.
func FromVecDense(v *mat.VecDense) *Array[float64] {
	if v == nil {
		panic(ValueError{"FromVecDense", nil, "expected a vector"})
	}
	raw := v.RawVector()
	return fromRaw("FromVecDense", raw.Data, []int{raw.N}, []int{raw.Inc})
}

// FromCDense returns an array that shares the elements of m, of shape (rows, columns). It panics with a [ValueError] if m is nil.
func FromCDense(m *mat.CDense) *Array[complex128] {
	if m == nil {
		panic(ValueError{"FromCDense", nil, "expected a matrix"})
	}
	raw := m.RawCMatrix()
	return fromRaw("FromCDense", raw.Data, []int{raw.Rows, raw.Cols}, []int{raw.Stride, 1})
}

func fromRaw[T Element](op string, data []T, shape, strides []int) *Array[T] {
	a, err := FromStrided(data, shape, strides, 0)
	if err != nil { // the matrix breaks gonum's own rules, as only SetRawMatrix and its like can make one do
		panic(ValueError{op, err, "expected strides that lead nowhere outside the data"})
	}
	return a
}

// rowsOf returns what BLAS wants to know of a matrix whose rows are neighbours, as Dense does. What to do in Fortran order is
// part of the error.
func rowsOf[T Element](a *Array[T], fortran string) (rows, cols, stride int, err error) {
	if err := checkMatrix(a); err != nil {
		return 0, 0, 0, err
	}
	rows, cols = a.shape[0], a.shape[1]
	if stride, ok := rowStride(rows, cols, a.strides[0], a.strides[1]); ok {
		return rows, cols, stride, nil
	}
	if _, ok := rowStride(cols, rows, a.strides[1], a.strides[0]); ok {
		return 0, 0, 0, fmt.Errorf("%w: expected C order, found Fortran order (strides %v): use %s", ErrLayout, a.strides, fortran)
	}
	return 0, 0, 0, fmt.Errorf("%w: expected strides (at least %d, 1), found %v: Copy the array first", ErrLayout, cols, a.strides)
}

func checkMatrix[T Element](a *Array[T]) error {
	if len(a.shape) != 2 || a.n == 0 {
		return fmt.Errorf("%w: expected two axes, and elements, found %v", ErrShape, a.shape)
	}
	return nil
}
