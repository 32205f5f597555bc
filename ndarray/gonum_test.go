package ndarray_test

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/samebytes/samebytes/ndarray"
)

func floats(shape ...int) *ndarray.Array[float64] {
	a := ndarray.New[float64](shape...)
	for i := range a.Data() {
		a.Data()[i] = float64(i)
	}
	return a
}

func fortran(rows, cols int) *ndarray.Array[float64] {
	return must(ndarray.FromFlat(floats(rows*cols).Data(), []int{rows, cols}, true))
}

// sameElements checks that m has a's elements, and that it reads what is written to them.
func sameElements(t *testing.T, name string, m mat.Matrix, a *ndarray.Array[float64]) {
	t.Helper()
	rows, cols := m.Dims()
	if rows != a.Dim(0) || cols != a.Dim(1) {
		t.Fatalf("%s: expected %v, found (%d, %d)", name, a.Shape(), rows, cols)
	}
	for i := range rows {
		for j := range cols {
			if m.At(i, j) != a.At(i, j) {
				t.Fatalf("%s: (%d, %d): expected %v, found %v", name, i, j, a.At(i, j), m.At(i, j))
			}
			a.Set(-1-a.At(i, j), i, j)
			if m.At(i, j) != a.At(i, j) {
				t.Fatalf("%s: (%d, %d) is not shared", name, i, j)
			}
		}
	}
}

func TestDense(t *testing.T) {
	all, end := ndarray.All, ndarray.End
	for _, c := range []struct {
		name   string
		a      *ndarray.Array[float64]
		dense  error
		matrix error
	}{
		{"C order", floats(3, 4), nil, nil},
		{"rows", floats(6, 4).Slice(ndarray.Range(1, 5)), nil, nil},
		{"every second row", floats(6, 4).Slice(ndarray.Step(1, end, 2)), nil, nil},
		{"columns", floats(3, 8).Slice(all, ndarray.Range(2, 5)), nil, nil},
		{"one column", floats(3, 8).Slice(all, ndarray.Range(2, 3)), nil, nil},
		{"one row", floats(3, 8).Slice(ndarray.Range(2, 3)), nil, nil},
		{"one row, backwards", floats(3, 8).Slice(ndarray.Step(2, 1, -1)), nil, nil},
		{"one element", floats(1, 1), nil, nil},
		{"one of columns apart", floats(3, 8).Slice(all, ndarray.Step(2, 3, 4)), nil, nil},
		{"a row of Fortran order", fortran(3, 4).Slice(ndarray.Range(1, 2)), ndarray.ErrLayout, nil},
		{"of a vector", floats(5).Slice(ndarray.NewAxis), nil, nil},
		{"of a vector, upright", floats(5).Slice(all, ndarray.NewAxis), nil, nil},
		{"of a vector, backwards", floats(5).Slice(ndarray.Step(end, end, -1), ndarray.NewAxis), ndarray.ErrLayout, ndarray.ErrLayout},
		{"transposed back", fortran(3, 4).T(), nil, nil},
		{"Fortran order", fortran(3, 4), ndarray.ErrLayout, nil},
		{"columns of Fortran order", fortran(3, 8).Slice(all, ndarray.Step(1, end, 3)), ndarray.ErrLayout, nil},
		{"rows of Fortran order", fortran(8, 3).Slice(ndarray.Range(2, 5)), ndarray.ErrLayout, nil},
		{"columns apart", floats(3, 8).Slice(all, ndarray.Step(0, end, 2)), ndarray.ErrLayout, ndarray.ErrLayout},
		{"rows backwards", floats(3, 4).Slice(ndarray.Step(end, end, -1)), ndarray.ErrLayout, ndarray.ErrLayout},
		{"columns backwards", floats(3, 4).Slice(all, ndarray.Step(end, end, -1)), ndarray.ErrLayout, ndarray.ErrLayout},
		{"repeated row", must(ndarray.FromStrided(floats(4).Data(), []int{3, 4}, []int{0, 1}, 0)), ndarray.ErrLayout, ndarray.ErrLayout},
		{"windows", must(ndarray.FromStrided(floats(6).Data(), []int{3, 4}, []int{1, 1}, 0)), ndarray.ErrLayout, ndarray.ErrLayout},
		{"no rows", floats(0, 4), ndarray.ErrShape, ndarray.ErrShape},
		{"no columns", floats(4, 0), ndarray.ErrShape, ndarray.ErrShape},
		{"one axis", floats(4), ndarray.ErrShape, ndarray.ErrShape},
		{"three axes", floats(2, 2, 2), ndarray.ErrShape, ndarray.ErrShape},
		{"odd strides of one element", must(ndarray.FromStrided(floats(4).Data(), []int{1, 1}, []int{math.MinInt, -7}, 2)), nil, nil},
	} {
		m, err := ndarray.Dense(c.a)
		if !errors.Is(err, c.dense) {
			t.Errorf("Dense of %s: expected %v, found %v", c.name, c.dense, err)
		} else if err == nil {
			sameElements(t, "Dense of "+c.name, m, c.a)
			m.Scale(2, m) // through gonum's own loops, which use the stride
			m.Set(0, 0, 99)
			if c.a.At(0, 0) != 99 {
				t.Errorf("Dense of %s: what it wrote is not seen", c.name)
			}
			sameElements(t, "Dense of "+c.name, m, ndarray.FromDense(m))
		}
		general, err := ndarray.Matrix(c.a)
		if !errors.Is(err, c.matrix) {
			t.Errorf("Matrix of %s: expected %v, found %v", c.name, c.matrix, err)
		} else if err == nil {
			sameElements(t, "Matrix of "+c.name, general, c.a)
		}
	}
}

func TestDenseWritesOnlyItsElements(t *testing.T) {
	whole := floats(4, 6)
	part := must(ndarray.Dense(whole.Slice(ndarray.Range(1, 3), ndarray.Range(2, 5))))
	part.Apply(func(i, j int, v float64) float64 { return -v }, part)
	indices(whole.Shape(), func(ix []int) {
		want := float64(ix[0]*6 + ix[1])
		if ix[0] >= 1 && ix[0] < 3 && ix[1] >= 2 && ix[1] < 5 {
			want = -want
		}
		if v := whole.At(ix...); v != want {
			t.Errorf("%v: expected %v, found %v", ix, want, v)
		}
	})
}

func TestDenseSaysWhatToDo(t *testing.T) {
	_, err := ndarray.Dense(fortran(3, 4))
	if err == nil || !strings.Contains(err.Error(), "use Matrix, or Dense(a.T())") {
		t.Errorf("found %v", err)
	}
	if _, ok := must(ndarray.Matrix(fortran(3, 4))).(mat.Transpose); !ok {
		t.Error("Matrix of Fortran order: expected a mat.Transpose")
	}
	if _, ok := must(ndarray.Matrix(floats(3, 4))).(*mat.Dense); !ok {
		t.Error("Matrix of C order: expected a *mat.Dense")
	}
}

func TestVecDense(t *testing.T) {
	end := ndarray.End
	for _, c := range []struct {
		name string
		a    *ndarray.Array[float64]
		err  error
	}{
		{"contiguous", floats(5), nil},
		{"every second", floats(7).Slice(ndarray.Step(1, end, 2)), nil},
		{"column", floats(3, 4).Slice(ndarray.All, ndarray.At(2)), nil},
		{"diagonal", must(ndarray.FromStrided(floats(9).Data(), []int{3}, []int{4}, 0)), nil},
		{"one, backwards", floats(5).Slice(ndarray.Step(2, 1, -1)), nil},
		{"backwards", floats(5).Slice(ndarray.Step(end, end, -1)), ndarray.ErrLayout},
		{"repeated", must(ndarray.FromStrided(floats(1).Data(), []int{3}, []int{0}, 0)), ndarray.ErrLayout},
		{"empty", floats(0), ndarray.ErrShape},
		{"two axes", floats(2, 2), ndarray.ErrShape},
		{"no axes", floats(), ndarray.ErrShape},
	} {
		v, err := ndarray.VecDense(c.a)
		if !errors.Is(err, c.err) {
			t.Errorf("%s: expected %v, found %v", c.name, c.err, err)
		}
		if err != nil {
			continue
		}
		v.ScaleVec(3, v)
		if v.Len() != c.a.Len() {
			t.Errorf("%s: expected %d elements, found %d", c.name, c.a.Len(), v.Len())
		}
		for i := range v.Len() {
			c.a.Set(c.a.At(i)+1, i)
			if v.AtVec(i) != c.a.At(i) {
				t.Errorf("%s: %d: expected %v, found %v", c.name, i, c.a.At(i), v.AtVec(i))
			}
		}
	}
}

func TestFromDense(t *testing.T) {
	m := mat.NewDense(4, 5, floats(20).Data())
	part := m.Slice(1, 3, 2, 5).(*mat.Dense)
	sameElements(t, "FromDense of a slice", part, ndarray.FromDense(part))
	if a := ndarray.FromDense(new(mat.Dense)); a.Len() != 0 || a.NDim() != 2 {
		t.Errorf("empty: shape %v", a.Shape())
	}
}

func TestMatrixMultiplies(t *testing.T) {
	a, b := fortran(3, 4), floats(4, 2)
	var product mat.Dense
	product.Mul(must(ndarray.Matrix(a)), must(ndarray.Matrix(b)))
	for i := range 3 {
		for j := range 2 {
			want := 0.0
			for k := range 4 {
				want += a.At(i, k) * b.At(k, j)
			}
			if product.At(i, j) != want {
				t.Errorf("(%d, %d): expected %v, found %v", i, j, want, product.At(i, j))
			}
		}
	}
}

func TestSymDense(t *testing.T) {
	a := floats(5, 5)
	m := must(ndarray.SymDense(a.Slice(ndarray.Range(1, 4), ndarray.Range(1, 4))))
	m.ScaleSym(2, m)
	indices(a.Shape(), func(ix []int) {
		want := float64(ix[0]*5 + ix[1])
		if ix[0] >= 1 && ix[1] >= ix[0] && ix[1] < 4 {
			want *= 2
		}
		if got := a.At(ix...); got != want {
			t.Errorf("%v: expected %v, found %v", ix, want, got)
		}
	})
	if _, err := ndarray.SymDense(floats(2, 3)); !errors.Is(err, ndarray.ErrShape) {
		t.Errorf("not square: found %v", err)
	}
	if _, err := ndarray.SymDense(fortran(3, 3)); !errors.Is(err, ndarray.ErrLayout) || !strings.Contains(err.Error(), "use SymDense(a.T())") {
		t.Errorf("Fortran order: found %v", err)
	}
}

func TestCDense(t *testing.T) {
	a := ndarray.New[complex128](4, 4).Slice(ndarray.Range(1, 3), ndarray.Range(1, 4))
	a.Set(3i, 1, 2)
	m := must(ndarray.CDense(a))
	if m.At(1, 2) != 3i {
		t.Errorf("found %v", m.At(1, 2))
	}
	m.Set(0, 1, 5)
	if a.At(0, 1) != 5 {
		t.Error("what it wrote is not seen")
	}
	back := ndarray.FromCDense(m)
	if !slices.Equal(back.Shape(), []int{2, 3}) || back.At(1, 2) != 3i || back.At(0, 1) != 5 {
		t.Errorf("FromCDense: found %v", elements(back))
	}
	if _, err := ndarray.CDense(a.T()); !errors.Is(err, ndarray.ErrLayout) {
		t.Errorf("Fortran order: found %v", err)
	}
	if _, err := ndarray.CDense(ndarray.New[complex128](0, 2)); !errors.Is(err, ndarray.ErrShape) {
		t.Errorf("no elements: found %v", err)
	}
}

func TestGeneral32(t *testing.T) {
	a := must(ndarray.FromSlice([]float32{1, 2, 3, 4, 5, 6}, 2, 3)).Slice(ndarray.All, ndarray.Range(1, 3))
	g := must(ndarray.General32(a))
	g.Data[g.Stride] = 50
	if a.At(1, 0) != 50 || g.Rows != 2 || g.Cols != 2 {
		t.Errorf("found %v, %v", elements(a), g)
	}
	if _, err := ndarray.General32(a.T()); !errors.Is(err, ndarray.ErrLayout) {
		t.Errorf("Fortran order: found %v", err)
	}
}

func TestFromVecDense(t *testing.T) {
	m := mat.NewDense(3, 2, floats(6).Data())
	column := ndarray.FromVecDense(m.ColView(1).(*mat.VecDense))
	if !slices.Equal(elements(column), []float64{1, 3, 5}) {
		t.Errorf("found %v", elements(column))
	}
	column.Set(9, 2)
	if m.At(2, 1) != 9 {
		t.Error("what was written is not seen")
	}
	if a := ndarray.FromVecDense(new(mat.VecDense)); a.Len() != 0 || a.NDim() != 1 {
		t.Errorf("empty: shape %v", a.Shape())
	}
}
