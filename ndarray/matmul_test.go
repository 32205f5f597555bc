package ndarray_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/blas/gonum"

	"github.com/samebytes/samebytes/ndarray"
	"github.com/samebytes/samebytes/ndarray/internal/kern/asm"
)

func TestMatMul(t *testing.T) {
	defer ndarray.SetWorkers(ndarray.SetWorkers(3))
	testMatMul[float64](t)
	testMatMul[float32](t)
	testMatMul[kelvin](t)
	testMatMul[int8](t)
	testMatMul[int32](t)
	testMatMul[uint64](t)
	testMatMul[complex64](t)
	testMatMul[complex128](t)
}

// testMatMul compares products of small whole numbers, which are exact in every type or wrap, with a loop.
func testMatMul[T ndarray.Number](t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	filled := func(shape []int) *ndarray.Array[T] {
		a := randomView[T](r, shape)
		indices(shape, func(ix []int) {
			for range r.IntN(20) {
				a.Set(a.At(ix...)+1, ix...)
			}
		})
		return a
	}
	for round := range 300 {
		m, k, n := r.IntN(6), r.IntN(6), r.IntN(6)
		if round%50 == 0 {
			m, k, n = 50+r.IntN(50), 50+r.IntN(50), 50+r.IntN(50)
		}
		var leftStack, rightStack []int
		for range r.IntN(3) {
			length := r.IntN(4)
			leftStack, rightStack = append(leftStack, length), append(rightStack, length)
			switch r.IntN(4) {
			case 0:
				leftStack[len(leftStack)-1] = 1
			case 1:
				rightStack[len(rightStack)-1] = 1
			}
		}
		rightStack = rightStack[r.IntN(len(rightStack)+1):]
		left, right := append(slices.Clone(leftStack), m, k), append(slices.Clone(rightStack), k, n)
		shape := append(ndarray.BroadcastShape(leftStack, rightStack), m, n)
		if r.IntN(5) == 0 { // a row on the left
			left = []int{k}
			shape = append(slices.Clone(rightStack), n)
		}
		if r.IntN(5) == 0 { // a column on the right
			right = []int{k}
			shape = slices.Clone(left[:len(left)-1])
		}
		a, b := filled(left), filled(right)
		var dst *ndarray.Array[T]
		if r.IntN(3) > 0 {
			dst = filled(shape)
		}
		c := ndarray.MatMul(dst, a, b)
		if dst != nil && c != dst || !slices.Equal(c.Shape(), shape) {
			t.Fatalf("%v @ %v: expected %v, found %v", left, right, shape, c.Shape())
		}
		indices(shape, func(ix []int) {
			x, y := slices.Clone(ix), slices.Clone(ix)
			if len(left) == 1 {
				x = []int{0}
			} else if len(right) == 1 {
				x = append(x, 0)
			}
			if len(right) == 1 {
				y = []int{0}
			} else if len(left) == 1 {
				y = slices.Insert(y, len(y)-1, 0)
			}
			if len(left) > 1 {
				x = within(x, left)
			}
			if len(right) > 1 {
				y = within(y, right)
			}
			var want T
			for l := range k {
				x[len(x)-1], y[max(len(y)-2, 0)] = l, l
				want += a.At(x...) * b.At(y...)
			}
			if got := c.At(ix...); got != want {
				t.Fatalf("%T: %v (strides %v) @ %v (strides %v) into strides %v: %v: expected %v, found %v",
					want, left, a.Strides(), right, b.Strides(), c.Strides(), ix, want, got)
			}
		})
	}
}

// within returns the index of a broadcast array's element that ix names.
func within(ix, shape []int) []int {
	ix = slices.Clone(ix[len(ix)-len(shape):])
	for d := range len(shape) - 2 {
		if shape[d] == 1 {
			ix[d] = 0
		}
	}
	return ix
}

// TestMatMulInfinite checks that zero times infinity is NaN, which gonum leaves out.
func TestMatMulInfinite(t *testing.T) {
	for _, n := range []int{1, 2, 70} {
		for _, bad := range []float64{math.NaN(), math.Inf(1)} {
			for _, transposed := range []bool{false, true} {
				a, b := ndarray.New[float64](n, 2), ndarray.New[float64](2, n)
				b.Set(bad, 1, 0)
				if transposed {
					a, b = b.T(), a.T()
				}
				c := ndarray.MatMul(nil, a, b)
				for i := range n {
					for j := range n {
						at := j
						if transposed {
							at = i
						}
						if got := c.At(i, j); math.IsNaN(got) != (at == 0) {
							t.Errorf("%d, %v: element (%d, %d) is %v", n, bad, i, j, got)
						}
					}
				}
			}
		}
	}
}

func TestMatMulOverlap(t *testing.T) {
	a := must(ndarray.FromSlice([]float64{1, 2, 3, 4}, 2, 2))
	ndarray.MatMul(a, a, a.T())
	if want := []float64{5, 11, 11, 25}; !slices.Equal(a.Data(), want) {
		t.Errorf("expected %v, found %v", want, a.Data())
	}
}

func TestMatMulPanics(t *testing.T) {
	for name, c := range map[string]struct {
		want string
		dst  *ndarray.Array[int64]
		a, b []int
	}{
		"inner":       {want: "[[2 3] [2 3]]", a: []int{2, 3}, b: []int{2, 3}},
		"inner of 1":  {want: "[[2 1] [3 2]]", a: []int{2, 1}, b: []int{3, 2}},
		"stacks":      {want: "[[2 3 4] [3 4 2]]", a: []int{2, 3, 4}, b: []int{3, 4, 2}},
		"no axes":     {want: "[[] [2 2]]", a: []int{}, b: []int{2, 2}},
		"destination": {want: "[[2 3] [2 4] [4 2]]", dst: counted(2, 3), a: []int{2, 4}, b: []int{4, 2}},
	} {
		err := panicOf(t, func() { ndarray.MatMul(c.dst, counted(c.a...), counted(c.b...)) })
		if !errors.Is(err, ndarray.ErrShape) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: expected an error with %s, found %v", name, c.want, err)
		}
	}
	if err := panicOf(t, func() { ndarray.Dot(counted(2), counted(3)) }); err == nil || !strings.Contains(err.Error(), "[[2] [3]]") {
		t.Errorf("Dot: found %v", err)
	}
	if err := panicOf(t, func() { ndarray.Trace(counted(2)) }); !errors.Is(err, ndarray.ErrShape) {
		t.Errorf("Trace: found %v", err)
	}
}

func TestDot(t *testing.T) {
	testDot[float32](t)
	testDot[float64](t)
	testDot[complex64](t)
	testDot[complex128](t)
	testDot[int16](t)
	testDot[kelvin](t)
}

func testDot[T ndarray.Number](t *testing.T) {
	data := make([]T, 12)
	for i := range data {
		for range i {
			data[i]++
		}
	}
	a := must(ndarray.FromSlice(data))
	repeated := must(ndarray.FromStrided(data[2:3], []int{6}, []int{0}, 0))
	end := ndarray.End
	for _, c := range []struct {
		name string
		a, b *ndarray.Array[T]
		want T
	}{
		{"neighbours", a.Slice(ndarray.Range(0, 7)), a.Slice(ndarray.Range(1, 8)), 0*1 + 1*2 + 2*3 + 3*4 + 4*5 + 5*6 + 6*7},
		{"apart, backwards", a.Slice(ndarray.Step(0, end, 2)), a.Slice(ndarray.Step(end, end, -2)), 0*11 + 2*9 + 4*7 + 6*5 + 8*3 + 10*1},
		{"one repeated", repeated, a.Slice(ndarray.Range(0, 6)), 30},
		{"nothing", a.Slice(ndarray.Range(0, 0)), a.Slice(ndarray.Range(3, 3)), 0},
	} {
		if got := ndarray.Dot(c.a, c.b); got != c.want {
			t.Errorf("%T, %s: expected %v, found %v", got, c.name, c.want, got)
		}
	}
}

func TestTraceAndNorm(t *testing.T) {
	a := counted(3, 4)
	if got := ndarray.Trace(a.T()); got != 0+5+10 {
		t.Errorf("Trace: found %v", got)
	}
	if got := ndarray.Trace(counted(0, 4)); got != 0 {
		t.Errorf("Trace of nothing: found %v", got)
	}
	huge := must(ndarray.FromSlice([]float64{3e200, 0, 4e200}))
	if got := ndarray.Norm(huge.Slice(ndarray.Step(0, ndarray.End, 2))); math.Abs(got-5e200) > 1e185 {
		t.Errorf("Norm: found %v", got)
	}
	if got := ndarray.Norm(must(ndarray.FromSlice([]complex64{3 + 4i, 12}))); got != 13 {
		t.Errorf("Norm: found %v", got)
	}
	if got := ndarray.Norm(must(ndarray.FromSlice([]complex128{3 + 4i, 12}))); got != 13 {
		t.Errorf("Norm: found %v", got)
	}
	if got := ndarray.Norm(ndarray.New[float32](0)); got != 0 {
		t.Errorf("Norm of nothing: found %v", got)
	}
}

// counting is a BLAS that a program has put in the place of gonum's.
type counting struct {
	gonum.Implementation
	calls *int
}

func (c counting) Dgemm(tA, tB blas.Transpose, m, n, k int, alpha float64, a []float64, lda int, b []float64, ldb int, beta float64, x []float64, ldx int) {
	*c.calls++
	c.Implementation.Dgemm(tA, tB, m, n, k, alpha, a, lda, b, ldb, beta, x, ldx)
}

func TestMatMulOtherBLAS(t *testing.T) {
	var calls int
	blas64.Use(counting{calls: &calls})
	defer blas64.Use(gonum.Implementation{})
	a := floats(3, 3)
	ndarray.MatMul(nil, a, a)
	if calls != 1 {
		t.Errorf("MatMul called the program's BLAS %d times", calls)
	}
}

func TestMatMulIntoMatrix(t *testing.T) {
	defer ndarray.SetWorkers(ndarray.SetWorkers(1))
	for _, n := range []int{2, 5, 40} {
		x, y := floats(n, n), floats(n, n)
		back := x.Slice(ndarray.All, ndarray.Step(ndarray.End, ndarray.End, -1))
		for _, left := range []*ndarray.Array[float64]{x, x.T(), back} {
			for _, right := range []*ndarray.Array[float64]{y, y.T()} {
				dst, expected := floats(n, n), ndarray.MatMul(nil, left, right)
				// There are none but where the race detector has pools forget.
				if allocs := testing.AllocsPerRun(10, func() { ndarray.MatMul(dst, left, right) }); allocs > 8 && len(asm.Levels()) > 1 {
					t.Errorf("%d: expected none of the 18 allocations that loops over stacks make, found %v", n, allocs)
				}
				if !slices.Equal(dst.Data(), expected.Data()) {
					t.Errorf("%d: expected %v, found %v", n, expected, dst)
				}
			}
		}
		expected := ndarray.MatMul(nil, x, y)
		if ndarray.MatMul(x, x, y); !slices.Equal(x.Data(), expected.Data()) {
			t.Errorf("%d, into an operand: expected %v, found %v", n, expected, x)
		}
	}
}
