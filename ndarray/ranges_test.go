package ndarray_test

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"testing"

	"github.com/samebytes/samebytes/ndarray"
)

// rangeCase is a call of the corpus that make_ranges.py writes.
type rangeCase struct {
	Call, DType, Args string
	N                 int
	Shape             []int
	Result            string
}

func (c rangeCase) String() string {
	return fmt.Sprintf("%s of %s, %s, n %d", c.Call, c.DType, c.Args, c.N)
}

func elementsOf[T ndarray.Element](t *testing.T, text string) []T {
	t.Helper()
	raw, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	elements := make([]T, len(raw)/ndarray.DTypeOf[T]().Size())
	if err := binary.Read(bytes.NewReader(raw), binary.LittleEndian, elements); err != nil {
		t.Fatal(err)
	}
	return elements
}

// replay compares what f returns for the case's arguments with NumPy's result, bit for bit, or float by float where close
// says what is equal.
func replay[T ndarray.Element](t *testing.T, c rangeCase, close func(x, y T) bool, f func(args []T) *ndarray.Array[T]) {
	t.Helper()
	a, want := f(elementsOf[T](t, c.Args)), elementsOf[T](t, c.Result)
	if !slices.Equal(a.Shape(), c.Shape) {
		t.Errorf("%v: expected shape %v, found %v", c, c.Shape, a.Shape())
		return
	}
	for i, x := range a.Data() {
		if exact(x) != exact(want[i]) && (close == nil || !close(x, want[i])) {
			t.Errorf("%v: expected element %d %v, found %v", c, i, want[i], x)
			return
		}
	}
}

// exact returns all bits of a number, which ==, of zeros and NaNs, does not compare.
func exact(x any) string { return fmt.Sprintf("%x", x) }

func replayInteger[T ndarray.Integer](t *testing.T, c rangeCase) {
	replay(t, c, nil, func(args []T) *ndarray.Array[T] { return ndarray.Arange(args[0], args[1], args[2]) })
}

func replayFloat[T ndarray.Float](t *testing.T, c rangeCase) {
	// Powers are computed by other means than NumPy's: to a few units in the last place of a float64.
	near := func(x, y T) bool { return math.Abs(float64(x)-float64(y)) <= 2e-15*math.Abs(float64(y)) }
	if ndarray.DTypeOf[T]().Size() == 4 {
		near = func(x, y T) bool { return math.Abs(float64(x)-float64(y)) <= 1.2e-7*math.Abs(float64(y)) }
	}
	switch c.Call {
	case "Arange":
		replay(t, c, nil, func(args []T) *ndarray.Array[T] { return ndarray.Arange(args[0], args[1], args[2]) })
	case "Linspace":
		replay(t, c, nil, func(args []T) *ndarray.Array[T] { return ndarray.Linspace(args[0], args[1], c.N) })
	case "Logspace":
		replay(t, c, near, func(args []T) *ndarray.Array[T] { return ndarray.Logspace(args[0], args[1], c.N, 10) })
	case "Geomspace":
		replay(t, c, near, func(args []T) *ndarray.Array[T] { return ndarray.Geomspace(args[0], args[1], c.N) })
	}
}

func replayMatrix[T ndarray.Number](t *testing.T, c rangeCase, toInt func(T) int) {
	replay(t, c, nil, func(args []T) *ndarray.Array[T] {
		n, m, k := toInt(args[0]), toInt(args[1]), toInt(args[2])
		data := make([]T, 2*n*m)
		for i := range data {
			data[i] = complexOrReal[T](i + 1)
		}
		a := must(ndarray.FromSlice(data, 2, n, m))
		switch c.Call {
		case "Eye":
			return ndarray.Eye[T](n, m, k)
		case "Tri":
			return ndarray.Tri[T](n, m, k)
		case "Tril":
			return ndarray.Tril(nil, a, k)
		}
		return ndarray.Triu(a, a, k)
	})
}

// complexOrReal returns i as a T, which no conversion does for both.
func complexOrReal[T ndarray.Number](i int) (v T) {
	for range i {
		v++
	}
	return v
}

func TestRangesAsNumPy(t *testing.T) {
	text, err := os.ReadFile("../tests/conformance/ranges.json")
	if err != nil {
		t.Fatal(err)
	}
	var corpus struct{ Cases []rangeCase }
	if err := json.Unmarshal(text, &corpus); err != nil {
		t.Fatal(err)
	}
	if len(corpus.Cases) < 500 {
		t.Errorf("expected at least 500 cases, found %d", len(corpus.Cases))
	}
	for _, c := range corpus.Cases {
		isMatrix := slices.Contains([]string{"Eye", "Tri", "Tril", "Triu"}, c.Call)
		switch c.DType {
		case "int8":
			replayInteger[int8](t, c)
		case "int16":
			if isMatrix {
				replayMatrix(t, c, func(x int16) int { return int(x) })
			} else {
				replayInteger[int16](t, c)
			}
		case "int32":
			replayInteger[int32](t, c)
		case "int64":
			replayInteger[int64](t, c)
		case "uint8":
			replayInteger[uint8](t, c)
		case "uint16":
			replayInteger[uint16](t, c)
		case "uint32":
			replayInteger[uint32](t, c)
		case "uint64":
			replayInteger[uint64](t, c)
		case "float32":
			if isMatrix {
				replayMatrix(t, c, func(x float32) int { return int(x) })
			} else {
				replayFloat[float32](t, c)
			}
		case "float64":
			replayFloat[float64](t, c)
		case "complex128":
			replayMatrix(t, c, func(x complex128) int { return int(real(x)) })
		default:
			t.Errorf("%v: no such dtype here", c)
		}
	}
}

// All integers of a type, and distances that it cannot hold.
func TestArangeAtTheLimits(t *testing.T) {
	if a := ndarray.Arange[int8](-128, 127, 1); a.Len() != 255 || a.At(0) != -128 || a.At(254) != 126 {
		t.Errorf("int8: %v", a)
	}
	if a := ndarray.Arange[int8](127, -128, -127); !slices.Equal(a.Data(), []int8{127, 0, -127}) {
		t.Errorf("int8 down: %v", a)
	}
	if a := ndarray.Arange[int64](math.MinInt64, math.MaxInt64, math.MaxInt64); !slices.Equal(a.Data(), []int64{math.MinInt64, -1, math.MaxInt64 - 1}) {
		t.Errorf("int64: %v", a)
	}
	if a := ndarray.Arange[int64](math.MaxInt64, math.MinInt64, math.MinInt64); !slices.Equal(a.Data(), []int64{math.MaxInt64, -1}) {
		t.Errorf("int64 down: %v", a)
	}
	if a := ndarray.Arange[uint64](0, math.MaxUint64, 1<<63); !slices.Equal(a.Data(), []uint64{0, 1 << 63}) {
		t.Errorf("uint64: %v", a)
	}
	if a := ndarray.Arange[uint8](5, 2, 1); a.Len() != 0 {
		t.Errorf("unsigned, stop before start: %v", a)
	}
}

func TestRangePanics(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	var outOfRange ndarray.ValueError
	var shape ndarray.ShapeError
	var layout ndarray.LayoutError
	row := ndarray.New[float64](3)
	for _, c := range []struct {
		name string
		call func()
		as   any
	}{
		{"step zero", func() { ndarray.Arange[int32](0, 5, 0) }, &outOfRange},
		{"step zero of floats", func() { ndarray.Arange(0.0, 5, 0) }, &outOfRange},
		{"step NaN", func() { ndarray.Arange(0, 5, nan) }, &outOfRange},
		{"start NaN", func() { ndarray.Arange(nan, 5, 1) }, &outOfRange},
		{"stop infinite", func() { ndarray.Arange(0, inf, 1) }, &outOfRange},
		{"infinite the other way", func() { ndarray.Arange(inf, 0, 1) }, &outOfRange},
		{"steps too small", func() { ndarray.Arange(0, 1e300, 1e-300) }, &outOfRange},
		{"more elements than an int counts", func() { ndarray.Arange[uint64](0, math.MaxUint64, 1) }, &outOfRange},
		{"more bytes than an int counts", func() { ndarray.Arange[int64](0, math.MaxInt64, 2) }, &outOfRange},
		{"Linspace of -1", func() { ndarray.Linspace(0.0, 1, -1) }, &shape},
		{"Linspace too large", func() { ndarray.Linspace(0.0, 1, math.MaxInt) }, &shape},
		{"Logspace of -1", func() { ndarray.Logspace(0.0, 1, -1, 10) }, &shape},
		{"Geomspace of -1", func() { ndarray.Geomspace(2.0, 1, -1) }, &shape},
		{"Geomspace from zero", func() { ndarray.Geomspace(0.0, 1, 3) }, &outOfRange},
		{"Geomspace through zero", func() { ndarray.Geomspace(-1.0, 1, 3) }, &outOfRange},
		{"Geomspace to NaN", func() { ndarray.Geomspace(1, nan, 3) }, &outOfRange},
		{"Eye of -1", func() { ndarray.Eye[int8](-1, 3, 0) }, &shape},
		{"Eye too large", func() { ndarray.Eye[int8](1<<40, 1<<40, 0) }, &shape},
		{"Tri of -1", func() { ndarray.Tri[int8](3, -1, 0) }, &shape},
		{"Full of -1", func() { ndarray.Full("x"[0], -1) }, &shape},
		{"Ones too large", func() { ndarray.Ones[float64](1<<40, 1<<40) }, &shape},
		{"Indices of -1", func() { ndarray.Indices(3, -1) }, &shape},
		{"Indices of too many axes", func() { ndarray.Indices(make([]int, 64)...) }, &shape},
		{"Meshgrid of matrices", func() { ndarray.Meshgrid(row, ndarray.New[float64](2, 2)) }, &shape},
		{"Tril of a vector", func() { ndarray.Tril(nil, row, 0) }, &shape},
		{"Tril to another shape", func() { ndarray.Tril(row, ndarray.New[float64](2, 2), 0) }, &shape},
		{"Triu to overlapping rows", func() {
			ndarray.Triu(must(ndarray.FromStrided(make([]float64, 4), []int{3, 2}, []int{1, 1}, 0)), ndarray.New[float64](3, 2), 0)
		}, &layout},
	} {
		func() {
			defer func() {
				err, _ := recover().(error)
				if !errors.As(err, c.as) || err.Error() == "" {
					t.Errorf("%s: expected %T, found %v", c.name, c.as, err)
				}
			}()
			c.call()
		}()
	}
	defer func() {
		if err := recover(); err != ndarray.ErrReadOnly {
			t.Errorf("Tril to a read-only array: %v", err)
		}
	}()
	ndarray.Tril(ndarray.New[float64](2, 2).ReadOnly(), ndarray.New[float64](2, 2), 0)
}

// Destinations of any layout, which may overlap the operand.
func TestTriangleLayouts(t *testing.T) {
	end := ndarray.End
	for _, reach := range []int{-5, -1, 0, 2, math.MinInt, math.MaxInt} {
		a := counted(2, 4, 3)
		want := ndarray.Tril(nil, a, reach)
		turned := counted(3, 8, 4).Transpose(1, 2, 0).Slice(ndarray.Step(end, end, -4))
		if got := ndarray.Tril(turned, a, reach).Copy(); !slices.Equal(got.Data(), want.Data()) {
			t.Errorf("k %d: expected %v, found %v", reach, want, got)
		}
		whole := counted(3, 4, 3)
		from, to := whole.Slice(ndarray.Range(0, 2)), whole.Slice(ndarray.Range(1, 3))
		want = ndarray.Triu(nil, from, reach)
		if got := ndarray.Triu(to, from, reach).Copy(); !slices.Equal(got.Data(), want.Data()) {
			t.Errorf("overlapping, k %d: expected %v, found %v", reach, want, got)
		}
	}
}

func TestIndicesAndMeshgrid(t *testing.T) {
	shape := []int{2, 3, 4}
	a := ndarray.Indices(shape...)
	indices(shape, func(ix []int) {
		for d, i := range ix {
			if found := a.At(append([]int{d}, ix...)...); found != int64(i) {
				t.Errorf("Indices: expected %d on axis %d at %v, found %d", i, d, ix, found)
			}
		}
	})
	if a := ndarray.Indices(2, 0); !slices.Equal(a.Shape(), []int{2, 2, 0}) {
		t.Errorf("Indices of an empty shape: %v", a.Shape())
	}
	if a := ndarray.Indices(); !slices.Equal(a.Shape(), []int{0}) {
		t.Errorf("Indices of no axes: %v", a.Shape())
	}

	x, y, z := counted(3), counted(2).ReadOnly(), counted(8).Slice(ndarray.Step(ndarray.End, ndarray.End, -2))
	grids := ndarray.Meshgrid(x, y, z)
	indices([]int{2, 3, 4}, func(ix []int) {
		for k, want := range []int64{x.At(ix[1]), y.At(ix[0]), z.At(ix[2])} {
			if found := grids[k].At(ix...); found != want {
				t.Errorf("Meshgrid: expected %d in grid %d at %v, found %d", want, k, ix, found)
			}
		}
	})
	if !grids[0].Writable() || grids[1].Writable() {
		t.Errorf("Meshgrid: writable %v, %v", grids[0].Writable(), grids[1].Writable())
	}
	if grids := ndarray.Meshgrid(ndarray.New[int8](0), ndarray.New[int8](2)); !slices.Equal(grids[1].Shape(), []int{2, 0}) {
		t.Errorf("Meshgrid of nothing: %v", grids[1].Shape())
	}
	if len(ndarray.Meshgrid[int8]()) != 0 || ndarray.Meshgrid(x)[0].Len() != 3 {
		t.Error("Meshgrid of none or one")
	}
}

func TestFull(t *testing.T) {
	if a := ndarray.Full(celsius(2.5), 2, 2); !slices.Equal(a.Data(), []celsius{2.5, 2.5, 2.5, 2.5}) {
		t.Errorf("Full: %v", a)
	}
	if a := ndarray.Ones[complex64](); a.NDim() != 0 || a.At() != 1 {
		t.Errorf("Ones: %v", a)
	}
}
