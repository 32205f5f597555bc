package ndarray_test

import (
	"errors"
	"math"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/samebytes/samebytes/ndarray"
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// counted returns a C-order array of 0, 1, 2, ...: each element says where in memory it lies.
func counted(shape ...int) *ndarray.Array[int64] {
	a := ndarray.New[int64](shape...)
	for i := range a.Data() {
		a.Data()[i] = int64(i)
	}
	return a
}

// indices calls f with each index of a shape, in C order.
func indices(shape []int, f func(ix []int)) {
	var visit func(ix []int)
	visit = func(ix []int) {
		if len(ix) == len(shape) {
			f(ix)
			return
		}
		for i := range shape[len(ix)] {
			visit(append(ix, i))
		}
	}
	visit(make([]int, 0, len(shape)))
}

// elements returns the elements of a in C order, by At alone.
func elements[T ndarray.Element](a *ndarray.Array[T]) []T {
	all := []T{}
	indices(a.Shape(), func(ix []int) { all = append(all, a.At(ix...)) })
	return all
}

// panicOf returns the error that f panics with, and fails the test if there is none.
func panicOf(t *testing.T, f func()) (err error) {
	t.Helper()
	defer func() {
		t.Helper()
		v := recover()
		var ok bool
		if err, ok = v.(error); !ok {
			t.Errorf("expected a panic with an error, found %v", v)
			err = errors.New("none")
		}
	}()
	f()
	return nil
}

func TestNew(t *testing.T) {
	for _, c := range []struct {
		shape, strides []int
		n              int
	}{
		{[]int{}, []int{}, 1},
		{[]int{5}, []int{1}, 5},
		{[]int{2, 3}, []int{3, 1}, 6},
		{[]int{2, 3, 4}, []int{12, 4, 1}, 24},
		{[]int{4, 0, 3}, []int{3, 3, 1}, 0},
	} {
		a := ndarray.New[float32](c.shape...)
		if !slices.Equal(a.Shape(), c.shape) || !slices.Equal(a.Strides(), c.strides) || a.Len() != c.n {
			t.Errorf("New(%v): shape %v, strides %v, %d elements", c.shape, a.Shape(), a.Strides(), a.Len())
		}
		if len(a.Data()) != c.n || a.NDim() != len(c.shape) || !a.Contiguous() || !a.Writable() || a.DType() != ndarray.Float32 {
			t.Errorf("New(%v): %d elements of data, %d axes, contiguous %v, writable %v, %v",
				c.shape, len(a.Data()), a.NDim(), a.Contiguous(), a.Writable(), a.DType())
		}
	}
}

func TestNewRefuses(t *testing.T) {
	for _, shape := range [][]int{{-1}, {math.MaxInt, 2}, {math.MaxInt}, make([]int, ndarray.MaxDims+1)} {
		err := panicOf(t, func() { ndarray.New[float64](shape...) })
		if _, ok := err.(ndarray.ShapeError); !ok || !errors.Is(err, ndarray.ErrShape) {
			t.Errorf("New(%v): expected a ShapeError, found %v", shape, err)
		}
	}
}

func TestShapeIsCopied(t *testing.T) {
	shape := []int{2, 3}
	a := ndarray.New[float64](shape...)
	shape[0], a.Shape()[1], a.Strides()[0] = 9, 9, 9
	if !slices.Equal(a.Shape(), []int{2, 3}) || !slices.Equal(a.Strides(), []int{3, 1}) {
		t.Errorf("shape %v, strides %v were changed from outside", a.Shape(), a.Strides())
	}
}

func TestFromFlat(t *testing.T) {
	data := []int64{0, 1, 2, 3, 4, 5}
	c := must(ndarray.FromFlat(data, []int{2, 3}, false))
	f := must(ndarray.FromFlat(data, []int{2, 3}, true))
	if want := []int64{0, 1, 2, 3, 4, 5}; !slices.Equal(elements(c), want) || !c.Contiguous() {
		t.Errorf("C order: %v", elements(c))
	}
	if want := []int64{0, 2, 4, 1, 3, 5}; !slices.Equal(elements(f), want) || f.Contiguous() || !f.T().Contiguous() {
		t.Errorf("Fortran order: %v", elements(f))
	}
	c.Set(-1, 1, 0)
	if f.At(1, 1) != -1 || data[3] != -1 {
		t.Errorf("elements are not shared: %v, %v", f.At(1, 1), data)
	}
	if zero := must(ndarray.FromFlat(data[:1], nil, true)); zero.NDim() != 0 || zero.At() != 0 {
		t.Errorf("expected no axes, found %v", zero.Shape())
	}
	if one := must(ndarray.FromSlice(data)); !slices.Equal(one.Shape(), []int{6}) {
		t.Errorf("expected one axis, found %v", one.Shape())
	}
	for _, shape := range [][]int{{5}, {2, 4}, {-2, -3}, {}, {0}, {math.MaxInt, 8}} {
		if _, err := ndarray.FromFlat(data, shape, false); !errors.Is(err, ndarray.ErrShape) {
			t.Errorf("FromFlat(6 elements, %v): expected ErrShape, found %v", shape, err)
		}
	}
}

func TestFromStrided(t *testing.T) {
	data := counted(12).Data()
	for _, c := range []struct {
		name           string
		shape, strides []int
		offset         int
		want           []int64 // nil for an error
		err            error
	}{
		{"rows apart", []int{2, 3}, []int{6, 1}, 1, []int64{1, 2, 3, 7, 8, 9}, nil},
		{"backwards", []int{2, 3}, []int{-6, -2}, 11, []int64{11, 9, 7, 5, 3, 1}, nil},
		{"repeated", []int{2, 3}, []int{0, 4}, 0, []int64{0, 4, 8, 0, 4, 8}, nil},
		{"windows", []int{3, 4}, []int{1, 1}, 0, []int64{0, 1, 2, 3, 1, 2, 3, 4, 2, 3, 4, 5}, nil},
		{"to both ends", []int{12}, []int{-1}, 11, []int64{11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0}, nil},
		{"no axes", []int{}, []int{}, 5, []int64{5}, nil},
		{"no elements", []int{0, 3}, []int{math.MinInt, math.MaxInt}, -3, []int64{}, nil},
		{"one wide", []int{1, 3}, []int{math.MinInt, 1}, 2, []int64{2, 3, 4}, nil},
		{"past the end", []int{2, 3}, []int{6, 1}, 4, nil, ndarray.ErrLayout},
		{"before the start", []int{2, 3}, []int{6, -1}, 1, nil, ndarray.ErrLayout},
		{"offset below", []int{1}, []int{1}, -1, nil, ndarray.ErrLayout},
		{"offset above", []int{1}, []int{1}, 12, nil, ndarray.ErrLayout},
		{"product overflows", []int{5}, []int{math.MaxInt / 2}, 0, nil, ndarray.ErrLayout},
		{"product wraps to zero", []int{5, 1}, []int{1 << 62, 1}, 0, nil, ndarray.ErrLayout},
		{"most negative", []int{2}, []int{math.MinInt}, 0, nil, ndarray.ErrLayout},
		{"sum overflows", []int{2, 2, 2}, []int{math.MaxInt, math.MaxInt, 3}, 0, nil, ndarray.ErrLayout},
		{"too few strides", []int{2, 3}, []int{1}, 0, nil, ndarray.ErrLayout},
		{"negative length", []int{-2}, []int{1}, 0, nil, ndarray.ErrShape},
	} {
		a, err := ndarray.FromStrided(data, c.shape, c.strides, c.offset)
		if !errors.Is(err, c.err) {
			t.Errorf("%s: expected %v, found %v", c.name, c.err, err)
		}
		if err == nil && !slices.Equal(elements(a), c.want) {
			t.Errorf("%s: expected %v, found %v", c.name, c.want, elements(a))
		}
	}
}

func TestDataIsWhatTheArrayReaches(t *testing.T) {
	a := counted(4, 5)
	for _, c := range []struct {
		name      string
		view      *ndarray.Array[int64]
		low, high int64
	}{
		{"whole", a, 0, 19},
		{"transposed", a.T(), 0, 19},
		{"row", a.Slice(ndarray.At(2)), 10, 14},
		{"column", a.Slice(ndarray.All, ndarray.At(2)), 2, 17},
		{"block", a.Slice(ndarray.Range(1, 3), ndarray.Range(1, 4)), 6, 13},
		{"backwards", a.Slice(ndarray.Range(1, 3), ndarray.Step(3, 0, -1)), 6, 13},
	} {
		data := c.view.Data()
		if len(data) == 0 || data[0] != c.low || data[len(data)-1] != c.high || cap(data) != len(data) {
			t.Errorf("%s: expected %d to %d, found %v with capacity %d", c.name, c.low, c.high, data, cap(data))
		}
	}
	if data := a.Slice(ndarray.Range(2, 2)).Data(); len(data) != 0 || cap(data) != 0 {
		t.Errorf("no rows: found %v with capacity %d", data, cap(data))
	}
}

func TestIndexPanics(t *testing.T) {
	for _, shape := range [][]int{{}, {4}, {3, 4}, {2, 3, 4}, {0, 2}, {2, 2, 0, 2}} {
		a := ndarray.New[float64](shape...)
		wrong := [][]int{make([]int, len(shape)+1)}
		if len(shape) > 0 {
			wrong = append(wrong, make([]int, len(shape)-1))
		}
		for d, length := range shape {
			for _, i := range []int{-1, length, length + 1, math.MinInt, math.MaxInt} {
				ix := make([]int, len(shape))
				ix[d] = i
				wrong = append(wrong, ix)
			}
		}
		for _, ix := range wrong {
			for op, f := range map[string]func(){"At": func() { a.At(ix...) }, "Set": func() { a.Set(1, ix...) }} {
				err, ok := panicOf(t, f).(ndarray.IndexError)
				if !ok || err.Op != op || !slices.Equal(err.Index, ix) || !slices.Equal(err.Shape, shape) {
					t.Errorf("%s%v of %v: panicked with %v", op, ix, shape, err)
				}
			}
		}
	}
	var zero ndarray.Array[float64]
	if _, ok := panicOf(t, func() { zero.At(0, 0) }).(ndarray.IndexError); !ok {
		t.Error("At of the zero Array: expected an IndexError")
	}
	if _, ok := panicOf(t, func() { counted(2).Dim(1) }).(ndarray.IndexError); !ok {
		t.Error("Dim: expected an IndexError")
	}
}

func TestReadOnly(t *testing.T) {
	for _, shape := range [][]int{{3}, {2, 3}, {2, 3, 4}} {
		a := counted(shape...)
		r := a.ReadOnly()
		first := make([]int, len(shape))
		views := []*ndarray.Array[int64]{r, r.T(), r.Slice(), must(r.Reshape(shape...))}
		for i, v := range views {
			if err := panicOf(t, func() { v.Set(7, first...) }); err != ndarray.ErrReadOnly || v.Writable() {
				t.Errorf("view %d of %v: Set panicked with %v, writable %v", i, shape, err, v.Writable())
			}
		}
		a.Set(7, first...)
		if r.At(first...) != 7 {
			t.Errorf("%v: elements are not shared", shape)
		}
		c := r.Copy()
		c.Set(8, first...)
		if r.At(first...) != 7 || c.At(first...) != 8 || !a.Writable() {
			t.Errorf("%v: the copy is not its own", shape)
		}
	}
}

func TestTranspose(t *testing.T) {
	a := counted(2, 3, 4)
	for _, c := range []struct{ axes, shape, strides []int }{
		{nil, []int{4, 3, 2}, []int{1, 4, 12}},
		{[]int{0, 1, 2}, []int{2, 3, 4}, []int{12, 4, 1}},
		{[]int{1, 2, 0}, []int{3, 4, 2}, []int{4, 1, 12}},
		{[]int{-1, 0, -2}, []int{4, 2, 3}, []int{1, 12, 4}},
	} {
		v := a.Transpose(c.axes...)
		if !slices.Equal(v.Shape(), c.shape) || !slices.Equal(v.Strides(), c.strides) {
			t.Errorf("Transpose(%v): shape %v, strides %v", c.axes, v.Shape(), v.Strides())
		}
	}
	for _, axes := range [][]int{{0}, {0, 1}, {0, 1, 1}, {0, 1, 3}, {0, 1, -4}, {0, 1, 2, 3}} {
		if err, ok := panicOf(t, func() { a.Transpose(axes...) }).(ndarray.ShapeError); !ok {
			t.Errorf("Transpose(%v): panicked with %v", axes, err)
		}
	}
	scalar := ndarray.New[float64]()
	scalar.Transpose()
	if err, ok := panicOf(t, func() { scalar.Transpose(0) }).(ndarray.ShapeError); !ok {
		t.Errorf("Transpose(0) of no axes: panicked with %v", err)
	}
}

func TestReshape(t *testing.T) {
	fortran := must(ndarray.FromFlat(counted(24).Data(), []int{4, 6}, true))
	for _, c := range []struct {
		name        string
		a           *ndarray.Array[int64]
		shape, want []int // want is nil for an error
		err         error
	}{
		{"split", counted(6), []int{2, 3}, []int{2, 3}, nil},
		{"join", counted(2, 3), []int{6}, []int{6}, nil},
		{"recut", counted(4, 6), []int{8, 3}, []int{8, 3}, nil},
		{"infer first", counted(4, 6), []int{-1, 8}, []int{3, 8}, nil},
		{"infer last", counted(4, 6), []int{2, 2, -1}, []int{2, 2, 6}, nil},
		{"infer one", counted(4, 6), []int{4, -1, 6}, []int{4, 1, 6}, nil},
		{"no axes", counted(1, 1), []int{}, []int{}, nil},
		{"from no axes", counted(), []int{1, -1, 1}, []int{1, 1, 1}, nil},
		{"fortran with ones", fortran, []int{4, 1, 6, 1}, []int{4, 1, 6, 1}, nil},
		{"fortran split", fortran, []int{2, 2, 3, 2}, []int{2, 2, 3, 2}, nil},
		{"fortran joined", fortran, []int{24}, nil, ndarray.ErrLayout},
		{"fortran transposed back", fortran.T(), []int{24}, []int{24}, nil},
		{"columns", counted(4, 6).Slice(ndarray.All, ndarray.Range(0, 3)), []int{12}, nil, ndarray.ErrLayout},
		{"one column", counted(4, 6).Slice(ndarray.All, ndarray.Range(0, 1)), []int{2, 2}, []int{2, 2}, nil},
		{"every second", counted(24).Slice(ndarray.Step(0, ndarray.End, 2)), []int{3, 4}, []int{3, 4}, nil},
		{"backwards", counted(6).Slice(ndarray.Step(ndarray.End, ndarray.End, -1)), []int{2, 3}, []int{2, 3}, nil},
		{"empty", counted(4, 0, 3), []int{0, 7}, []int{0, 7}, nil},
		{"empty inferred", counted(4, 0, 3), []int{-1, 7}, []int{0, 7}, nil},
		{"empty, ambiguous", counted(4, 0, 3), []int{-1, 0}, nil, ndarray.ErrShape},
		{"empty, too large", counted(0), []int{0, 1 << 62, 8}, nil, ndarray.ErrShape},
		{"mismatch", counted(6), []int{4}, nil, ndarray.ErrShape},
		{"indivisible", counted(6), []int{4, -1}, nil, ndarray.ErrShape},
		{"two unknown", counted(6), []int{-1, -1}, nil, ndarray.ErrShape},
		{"negative", counted(6), []int{-2, -3}, nil, ndarray.ErrShape},
		{"none of some", counted(6), []int{-1, 0}, nil, ndarray.ErrShape},
		{"overflow", counted(6), []int{math.MaxInt, 3, -1}, nil, ndarray.ErrShape},
	} {
		v, err := c.a.Reshape(c.shape...)
		if !errors.Is(err, c.err) {
			t.Errorf("%s: expected %v, found %v", c.name, c.err, err)
			continue
		}
		if err == nil && (!slices.Equal(v.Shape(), c.want) || !slices.Equal(elements(v), elements(c.a))) {
			t.Errorf("%s: shape %v with elements %v of %v", c.name, v.Shape(), elements(v), elements(c.a))
		}
	}
	if _, err := fortran.Ravel(); !errors.Is(err, ndarray.ErrLayout) || !strings.Contains(err.Error(), "Copy") {
		t.Errorf("Ravel: expected ErrLayout that says to copy, found %v", err)
	}
}

func TestElementsStayOnTheStack(t *testing.T) {
	one, two, three := counted(4), counted(4, 4), counted(4, 4, 4)
	if n := testing.AllocsPerRun(100, func() {
		one.Set(one.At(1), 2)
		two.Set(two.At(1, 2), 2, 3)
		three.Set(three.At(1, 2, 3), 2, 3, 1)
	}); n != 0 {
		t.Errorf("At and Set allocate %v times", n)
	}
}

// TestInlined guards what At and Set are written for: that the compiler puts them into their callers.
func TestInlined(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the package")
	}
	out, err := exec.Command("go", "build", "-gcflags=-m", ".").CombinedOutput()
	if err != nil {
		t.Skipf("no go command to ask: %v", err)
	}
	for _, name := range []string{"(*Array[go.shape.float64]).At", "(*Array[go.shape.float64]).Set", "readOffset", "writeOffset"} {
		if !strings.Contains(string(out), "can inline "+name+"\n") {
			t.Errorf("%s is not inlined: see go build -gcflags=-m=2 ./ndarray", name)
		}
	}
}
