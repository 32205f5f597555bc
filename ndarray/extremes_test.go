package ndarray_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/samebytes/samebytes/ndarray"
)

func TestExtremes(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	a := must(ndarray.FromSlice([]float64{1.5, nan, -2, nan, nan, 4, 0.5, nan, 1}, 3, 3))
	expect(t, "greatest", ndarray.Max(a), nan)
	expect(t, "over rows", elements(ndarray.MaxTo(nil, a, 0)), "[NaN NaN 4]")
	expect(t, "over columns", elements(ndarray.MinTo(nil, a, 1)), "[NaN NaN NaN]")
	expect(t, "least over rows", elements(ndarray.MinTo(nil, a, 0)), "[NaN NaN -2]")
	expect(t, "indices", []int{ndarray.ArgMax(a), ndarray.ArgMin(a)}, "[1 1]")
	expect(t, "index in each column", elements(ndarray.ArgMaxTo(nil, a, 0)), "[1 0 1]")
	expect(t, "index in each row", elements(ndarray.ArgMinTo(nil, a, 1)), "[1 0 1]")
	expect(t, "without NaN", []float64{ndarray.NaNMin(a), ndarray.NaNMax(a)}, "[-2 4]")
	expect(t, "without NaN, over rows", elements(ndarray.NaNMaxTo(nil, a, 0)), "[1.5 NaN 4]")
	expect(t, "without NaN, over columns", elements(ndarray.NaNMinTo(nil, a, 1)), "[-2 4 0.5]")
	expect(t, "indices without NaN", []int{ndarray.NaNArgMin(a), ndarray.NaNArgMax(a)}, "[2 5]")
	expect(t, "index without NaN in each row", elements(ndarray.NaNArgMaxTo(nil, a, 1)), "[0 2 2]")
	expect(t, "infinities", []float64{ndarray.Min(vec(inf, -inf)), ndarray.Max(vec(-inf, -inf))}, []float64{-inf, -inf})
	expect(t, "first of equals", []int{ndarray.ArgMax(vec(0, 7, 7.0)), ndarray.ArgMin(vec(3, 1, 1.0))}, "[1 1]")
	expect(t, "in C order", ndarray.ArgMax(must(ndarray.FromSlice([]int64{1, 9, 9, 2}, 2, 2)).T()), 1)
	expect(t, "distance", ndarray.Ptp(vec[int8](100, -7)), 107)
	expect(t, "bytes", []uint8{ndarray.Min(vec[uint8](200, 3)), ndarray.Max(vec[uint8](200, 3))}, []uint8{3, 200})
}

// TestExtremesAmongNaN has a NaN, or the extreme, at every place of runs of every length.
func TestExtremesAmongNaN(t *testing.T) {
	for n := 1; n < 40; n++ {
		for place := range n {
			a := ndarray.Full(1.0, n)
			for value, want := range map[float64][2]float64{math.NaN(): {math.NaN(), math.NaN()}, 2: {1, 2}, 0: {0, 1}} {
				if n == 1 {
					want = [2]float64{value, value}
				}
				a.Set(value, place)
				expect(t, "extremes", []float64{ndarray.Min(a), ndarray.Max(a)}, want)
				if index := []int{ndarray.ArgMin(a), ndarray.ArgMax(a)}; n > 1 && value != value {
					expect(t, "index of NaN", index, []int{place, place})
				} else if n > 1 && value == 2 && index[1] != place || value == 0 && index[0] != place {
					t.Errorf("%v at %d of %d: got %v", value, place, n, index)
				}
			}
		}
	}
}

// TestArgAlongAxes compares indices of the least elements along each axis, and of all, with the elements one by one.
func TestArgAlongAxes(t *testing.T) {
	defer ndarray.SetWorkers(ndarray.SetWorkers(3))
	r := rand.New(rand.NewPCG(9, 10))
	someShapes(r, func(shape []int) {
		a := randomView[float64](r, shape)
		indices(shape, func(ix []int) {
			v := float64(r.IntN(50))
			if r.IntN(40) == 0 {
				v = math.NaN()
			}
			a.Set(v, ix...)
		})
		first := func(lane []float64, skip bool) (found int) {
			found = -1
			for i, v := range lane {
				switch {
				case v != v && !skip:
					return i
				case v == v && (found < 0 || v < lane[found]):
					found = i
				}
			}
			return found
		}
		if a.Len() > 0 {
			lanes, _, _ := lanesOf(a)
			expect(t, "ArgMin", ndarray.ArgMin(a), first(lanes[0], false))
			if want := first(lanes[0], true); want >= 0 {
				expect(t, "NaNArgMin", ndarray.NaNArgMin(a), want)
			}
		}
		for axis := range shape {
			lanes, without, _ := lanesOf(a, axis)
			if a.Len() == 0 || a.Len() > 50_000 && axis%2 == 1 {
				continue
			}
			want, skipping, some := make([]int64, len(lanes)), make([]int64, len(lanes)), true
			for i, lane := range lanes {
				want[i], skipping[i] = int64(first(lane, false)), int64(first(lane, true))
				some = some && skipping[i] >= 0
			}
			expect(t, "ArgMinTo", elements(ndarray.ArgMinTo(randomView[int64](r, without), a, axis)), want)
			if some {
				expect(t, "NaNArgMinTo", elements(ndarray.NaNArgMinTo(nil, a, axis-len(shape))), skipping)
			} else if panicOf(t, func() { ndarray.NaNArgMinTo(nil, a, axis) }) == nil {
				t.Error("NaNArgMinTo: expected a panic where all elements are NaN")
			}
		}
	})
}
