package ndarray

import (
	"fmt"

	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/mat"
)

// Dense returns a matrix that shares the elements of a 2-d array: what one writes, the other reads. The elements of a row
// must lie one after the other; rows may lie apart, as in a slice of columns. The matrix does not know that an array is
// read-only: one may read it so, but a write through it changes the elements, or faults where they are mapped for
// reading. Nor does it keep a mapping alive: see the package that mapped the elements.
// The error is [ErrShape] if a has not two axes or no elements, which gonum's matrices can't do without, and [ErrLayout]
// if its rows do not lie so: for Fortran order use [Matrix], or Dense(a.T()), for any other a Copy.
func Dense(a *Array[float64]) (*mat.Dense, error) {
	if err := checkMatrix(a); err != nil {
		return nil, fmt.Errorf("ndarray: Dense: %w", err)
	}
	if m, ok := dense(a); ok {
		return m, nil
	}
	if _, ok := dense(a.T()); ok {
		return nil, fmt.Errorf("ndarray: Dense: %w: expected C order, found Fortran order (strides %v): use Matrix, or Dense(a.T())",
			ErrLayout, a.strides)
	}
	return nil, fmt.Errorf("ndarray: Dense: %w: expected strides (at least %d, 1), found %v: Copy the array first",
		ErrLayout, a.shape[1], a.strides)
}

// Matrix returns a matrix that shares the elements of a 2-d array: a *[mat.Dense] as [Dense] does, or the
// [mat.Transpose] of one if the elements of each column, not row, lie one after the other, as in Fortran order.
// The error is [ErrShape] as in Dense, and [ErrLayout] if neither rows nor columns lie so.
func Matrix(a *Array[float64]) (mat.Matrix, error) {
	if err := checkMatrix(a); err != nil {
		return nil, fmt.Errorf("ndarray: Matrix: %w", err)
	}
	if m, ok := dense(a); ok {
		return m, nil
	}
	if m, ok := dense(a.T()); ok {
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

// FromDense returns an array that shares the elements of m, of shape (rows, columns).
func FromDense(m *mat.Dense) *Array[float64] {
	raw := m.RawMatrix()
	a, err := FromStrided(raw.Data, []int{raw.Rows, raw.Cols}, []int{raw.Stride, 1}, 0)
	if err != nil {
		panic(err) // m breaks gonum's own rules, as only SetRawMatrix can do
	}
	return a
}

func checkMatrix(a *Array[float64]) error {
	if len(a.shape) != 2 || a.n == 0 {
		return fmt.Errorf("%w: expected two axes, and elements, found %v", ErrShape, a.shape)
	}
	return nil
}

// dense returns a matrix of the elements of a, which is 2-d and has some, if their layout is one that gonum knows.
func dense(a *Array[float64]) (*mat.Dense, bool) {
	rows, cols, stride := a.shape[0], a.shape[1], a.strides[0]
	if rows == 1 {
		stride = cols
	}
	if cols > 1 && a.strides[1] != 1 || stride < cols {
		return nil, false
	}
	m := new(mat.Dense)
	m.SetRawMatrix(blas64.General{Rows: rows, Cols: cols, Stride: stride, Data: a.data})
	return m, true
}
