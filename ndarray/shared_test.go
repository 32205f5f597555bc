package ndarray_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/samebytes/samebytes/ndarray"
)

// eachWorkers calls f with several numbers of goroutines, which may not change results.
func eachWorkers(t *testing.T, f func(t *testing.T)) {
	for _, n := range []int{1, 2, 3, 7} {
		before := ndarray.SetWorkers(n)
		f(t)
		ndarray.SetWorkers(before)
	}
}

// TestSharedArguments finds the first of the greatest and least elements among more than one goroutine looks at.
func TestSharedArguments(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	const n = 1<<20 + 12345
	a := ndarray.New[float64](n)
	for i := range a.Data() {
		a.Data()[i] = float64(r.IntN(1000))
	}
	eachWorkers(t, func(t *testing.T) {
		if got, want := ndarray.ArgMax(a), slices.Index(a.Data(), slices.Max(a.Data())); got != want {
			t.Errorf("ArgMax: got %d, want %d", got, want)
		}
		if got, want := ndarray.ArgMin(a), slices.Index(a.Data(), slices.Min(a.Data())); got != want {
			t.Errorf("ArgMin: got %d, want %d", got, want)
		}
	})
	for _, at := range []int{n - 1, 1 << 19, 1<<16 + 1, 3} {
		a.Data()[at] = math.NaN()
		eachWorkers(t, func(t *testing.T) {
			if got := ndarray.ArgMax(a); got != at {
				t.Errorf("ArgMax: got %d, want that of NaN, %d", got, at)
			}
			if got := ndarray.NaNArgMin(a); a.Data()[got] != 0 {
				t.Errorf("NaNArgMin: got %d", got)
			}
		})
	}
	a.Fill(math.NaN())
	a.Data()[n-2] = 1
	eachWorkers(t, func(t *testing.T) {
		if got := ndarray.NaNArgMax(a); got != n-2 {
			t.Errorf("NaNArgMax: got %d, want %d", got, n-2)
		}
	})
}

// TestSharedSums adds up rows, and all elements, to the same bits whoever does it.
func TestSharedSums(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	a := ndarray.New[float64](1000, 1037)
	narrow := ndarray.New[float32](1000, 1037)
	for i := range a.Data() {
		a.Data()[i] = r.NormFloat64()
		narrow.Data()[i] = float32(r.NormFloat64())
	}
	before := ndarray.SetWorkers(1)
	all, rows, narrowRows := ndarray.Sum(a), ndarray.SumTo[float64](nil, a, 1), ndarray.SumTo[float32](nil, narrow, 1)
	variances, columns := ndarray.VarTo[float64](nil, a, 0, 1), ndarray.SumTo[float64](nil, a.T(), 1)
	ndarray.SetWorkers(before)
	eachWorkers(t, func(t *testing.T) {
		if ndarray.Sum(a) != all ||
			!ndarray.ArrayEqual(ndarray.SumTo[float64](nil, a, 1), rows) ||
			!ndarray.ArrayEqual(ndarray.SumTo[float32](nil, narrow, 1), narrowRows) ||
			!ndarray.ArrayEqual(ndarray.VarTo[float64](nil, a, 0, 1), variances) ||
			!ndarray.ArrayEqual(ndarray.SumTo[float64](nil, a.T(), 1), columns) {
			t.Error("sums differ")
		}
	})
}

// TestIntegerSums adds up small integers as large ones.
func TestIntegerSums(t *testing.T) {
	integerSums[int8](t)
	integerSums[int16](t)
	integerSums[int32](t)
	integerSums[uint8](t)
	integerSums[uint16](t)
	integerSums[uint32](t)
}

func integerSums[T ndarray.Integer](t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	for _, n := range []int{0, 1, 7, 100, 1000, 70_000} {
		a := ndarray.New[T](n)
		var sum int64
		for i := range a.Data() {
			a.Data()[i] = T(r.Uint64())
			sum += int64(a.Data()[i])
		}
		if got, unsigned := ndarray.SumAs[int64](a), ndarray.SumAs[uint64](a); got != sum || unsigned != uint64(sum) {
			t.Errorf("%T: got %d and %d, want %d", *new(T), got, unsigned, sum)
		}
	}
}
