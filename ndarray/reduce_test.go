package ndarray_test

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/samebytes/samebytes/ndarray"
)

// lanesOf returns the elements over axes for each element of the result, in C order, and the result's shape with and without
// the axes. No axes at all are all.
func lanesOf[T ndarray.Element](a *ndarray.Array[T], axes ...int) (lanes [][]T, without, with []int) {
	reduced := make([]bool, a.NDim())
	for d := range reduced {
		reduced[d] = len(axes) == 0 || slices.Contains(axes, d) || slices.Contains(axes, d-a.NDim())
	}
	with = a.Shape()
	for d, length := range a.Shape() {
		if reduced[d] {
			with[d] = 1
		} else {
			without = append(without, length)
		}
	}
	n := 1
	steps := make([]int, len(with)) // from one lane to the next
	for d, length := range slices.Backward(with) {
		if !reduced[d] {
			steps[d] = n
		}
		n *= length
	}
	lanes = make([][]T, n)
	indices(a.Shape(), func(ix []int) {
		lane := 0
		for d, i := range ix {
			lane += i * steps[d]
		}
		lanes[lane] = append(lanes[lane], a.At(ix...))
	})
	return lanes, without, with
}

// someAxes returns different axes of as many, some of them counted from the end.
func someAxes(r *rand.Rand, ndim int) []int {
	if ndim == 0 {
		return nil
	}
	axes := r.Perm(ndim)[:r.IntN(ndim+1)]
	for i := range axes {
		if r.IntN(2) == 0 {
			axes[i] -= ndim
		}
	}
	return axes
}

// someShapes calls f with many small shapes and a few large ones, of which goroutines share the work.
func someShapes(r *rand.Rand, f func(shape []int)) {
	for range 400 {
		shape := make([]int, r.IntN(5))
		for d := range shape {
			shape[d] = r.IntN(6)
		}
		f(shape)
	}
	for _, shape := range [][]int{{70_001}, {3, 25_000}, {25_000, 3}, {260, 260}, {2, 150, 3, 80}, {5, 10, 1400}, {1400, 10, 5}} {
		f(shape)
	}
}

// reduction is a function under test, and what it makes of the elements over axes, in C order.
type reduction struct {
	name string
	over func(dst, a *ndarray.Array[float64], axes ...int) *ndarray.Array[float64]
	want func(lane []float64) float64
	ulps float64 // by how many units in the last place of the greatest element each element's part may be off
}

func exactSum(lane []float64) *big.Float {
	sum := new(big.Float).SetPrec(200)
	for _, v := range lane {
		sum.Add(sum, big.NewFloat(v))
	}
	return sum
}

func exactMean(lane []float64) float64 {
	mean, _ := new(big.Float).Quo(exactSum(lane), big.NewFloat(float64(len(lane)))).Float64()
	return mean
}

func exactVar(lane []float64) float64 {
	n := big.NewFloat(float64(len(lane)))
	mean := new(big.Float).Quo(exactSum(lane), n)
	sum := new(big.Float).SetPrec(200)
	for _, v := range lane {
		d := new(big.Float).SetPrec(200).Sub(big.NewFloat(v), mean)
		sum.Add(sum, d.Mul(d, d))
	}
	variance, _ := sum.Quo(sum, n).Float64()
	return variance
}

func reductions() []reduction {
	return []reduction{
		{"Sum", ndarray.SumTo[float64, float64], func(lane []float64) float64 { sum, _ := exactSum(lane).Float64(); return sum }, 1},
		{"Mean", ndarray.MeanTo[float64, float64], exactMean, 1},
		{"Var", func(dst, a *ndarray.Array[float64], axes ...int) *ndarray.Array[float64] {
			return ndarray.VarTo(dst, a, 0, axes...)
		}, exactVar, 4},
		{"Min", ndarray.MinTo[float64], slices.Min[[]float64], 0},
		{"Max", ndarray.MaxTo[float64], slices.Max[[]float64], 0},
		{"Ptp", ndarray.PtpTo[float64], func(lane []float64) float64 { return slices.Max(lane) - slices.Min(lane) }, 0},
		{"Median", ndarray.MedianTo[float64, float64], func(lane []float64) float64 {
			slices.Sort(lane)
			n := len(lane)
			return (lane[(n-1)/2] + lane[n/2]) / 2
		}, 0},
		{"Quantile", func(dst, a *ndarray.Array[float64], axes ...int) *ndarray.Array[float64] {
			return ndarray.QuantileTo(dst, a, 0.25, ndarray.QuantileLower, axes...)
		}, func(lane []float64) float64 { slices.Sort(lane); return lane[(len(lane)-1)/4] }, 0},
		{"CountNonZero", func(dst, a *ndarray.Array[float64], axes ...int) *ndarray.Array[float64] {
			counts := ndarray.CountNonZeroTo(nil, a, axes...)
			if dst == nil {
				return ndarray.Convert[float64](nil, counts)
			}
			return ndarray.Convert(dst, must(counts.Reshape(dst.Shape()...)))
		}, func(lane []float64) float64 {
			return float64(len(slices.DeleteFunc(slices.Clone(lane), func(v float64) bool { return v == 0 })))
		}, 0},
		{"ArgMax", func(dst, a *ndarray.Array[float64], axes ...int) *ndarray.Array[float64] {
			if len(axes) != 1 {
				return nil
			}
			index := ndarray.ArgMaxTo(nil, a, axes[0])
			if dst == nil {
				return ndarray.Convert[float64](nil, index)
			}
			return ndarray.Convert(dst, must(index.Reshape(dst.Shape()...)))
		}, func(lane []float64) float64 { return float64(slices.Index(lane, slices.Max(lane))) }, 0},
	}
}

// TestReductions compares reductions over all axes of arrays in all layouts with the elements taken one by one, and exact sums;
// the results must not depend on the number of goroutines, nor on where dst lies.
func TestReductions(t *testing.T) {
	defer ndarray.SetWorkers(ndarray.SetWorkers(0))
	r := rand.New(rand.NewPCG(5, 6))
	compared := 0
	someShapes(r, func(shape []int) {
		a := randomView[float64](r, shape)
		indices(shape, func(ix []int) { a.Set(math.Round(r.NormFloat64()*8)*0.1, ix...) })
		axes := someAxes(r, len(shape))
		lanes, without, with := lanesOf(a, axes...)
		for _, f := range reductions() {
			if a.Len() == 0 {
				continue
			}
			ndarray.SetWorkers(1)
			result := f.over(nil, a, axes...)
			if result == nil {
				continue
			}
			if !slices.Equal(result.Shape(), without) {
				t.Fatalf("%s of %v over %v: expected shape %v, got %v", f.name, shape, axes, without, result.Shape())
			}
			got := elements(result)
			for i, lane := range lanes {
				want, greatest := f.want(slices.Clone(lane)), 0.0
				for _, v := range lane {
					greatest += math.Abs(v)
				}
				// A pairwise sum is off by log2 n roundings of the sum of magnitudes at most, and eight accumulators of 16.
				bound := f.ulps * (20 + math.Log2(float64(len(lane)))) * greatest * 0x1p-53
				if f.name == "Mean" || f.name == "Var" {
					bound /= float64(len(lane))
				}
				if !(math.Abs(got[i]-want) <= bound) {
					t.Fatalf("%s of %v over %v, strides %v, result %d: expected %v, got %v", f.name, shape, axes, a.Strides(), i, want, got[i])
				}
				compared++
			}
			for _, workers := range []int{2, 3, 8} {
				ndarray.SetWorkers(workers)
				if again := elements(f.over(nil, a, axes...)); !slices.Equal(again, got) {
					t.Fatalf("%s of %v over %v: another result from %d goroutines", f.name, shape, axes, workers)
				}
			}
			for _, s := range [][]int{without, with} {
				dst := randomView[float64](r, s)
				if f.over(dst, a, axes...) != dst || !slices.Equal(elements(dst), got) {
					t.Fatalf("%s of %v over %v into %v: expected %v, got %v", f.name, shape, axes, s, got, elements(dst))
				}
			}
		}
	})
	if compared < 5000 {
		t.Fatalf("compared only %d results", compared)
	}
}

// TestReductionAlongItself stores results among the elements that they are made of.
func TestReductionAlongItself(t *testing.T) {
	for _, f := range reductions() {
		a := floats(6, 6)
		want := f.over(nil, a, 0)
		if want == nil {
			continue
		}
		row := a.Slice(ndarray.At(2))
		f.over(row, a, 0)
		if got := elements(row); !slices.Equal(got, elements(want)) {
			t.Errorf("%s into a row of its own: expected %v, got %v", f.name, elements(want), got)
		}
	}
}

func TestReductionPanics(t *testing.T) {
	a := floats(2, 3)
	none := ndarray.New[float64](0, 3)
	stretched := ndarray.New[float64](1).BroadcastTo(3)
	for name, c := range map[string]struct {
		want error
		call func()
	}{
		"an axis twice":          {ndarray.ErrShape, func() { ndarray.SumTo[float64](nil, a, 1, -1) }},
		"no such axis":           {ndarray.ErrShape, func() { ndarray.SumTo[float64](nil, a, 2) }},
		"no such axis from last": {ndarray.ErrShape, func() { ndarray.MaxTo(nil, a, -3) }},
		"an axis of rank 0":      {ndarray.ErrShape, func() { ndarray.MeanTo[float64](nil, ndarray.New[float64](), 0) }},
		"another shape":          {ndarray.ErrShape, func() { ndarray.SumTo(floats(2), a, 0) }},
		"kept elsewhere":         {ndarray.ErrShape, func() { ndarray.SumTo(floats(3, 1), a, 0) }},
		"read-only":              {ndarray.ErrReadOnly, func() { ndarray.VarTo(floats(3).ReadOnly(), a, 0, 0) }},
		"one element thrice":     {ndarray.ErrLayout, func() { ndarray.SumTo(stretched, a, 0) }},
		"least of nothing":       {ndarray.ErrShape, func() { ndarray.Min(none) }},
		"greatest over nothing":  {ndarray.ErrShape, func() { ndarray.MaxTo(nil, none, 0) }},
		"distance of nothing":    {ndarray.ErrShape, func() { ndarray.PtpTo(nil, none, 0) }},
		"argument of nothing":    {ndarray.ErrShape, func() { ndarray.ArgMin(none) }},
		"arguments over nothing": {ndarray.ErrShape, func() { ndarray.ArgMaxTo(nil, none, 0) }},
		"quantile of nothing":    {ndarray.ErrShape, func() { ndarray.Quantile(none, 0.5, ndarray.QuantileLinear) }},
		"weights of other shape": {ndarray.ErrShape, func() { ndarray.Average(a, floats(2)) }},
		"argument of NaN":        {ndarray.ErrShape, func() { ndarray.NaNArgMax(ndarray.Scalar(math.NaN())) }},
		"running along no axis":  {ndarray.ErrShape, func() { ndarray.CumSum[float64](nil, a, 2) }},
		"running into less":      {ndarray.ErrShape, func() { ndarray.CumSum(floats(3), a, 1) }},
		"differences below none": {ndarray.ErrShape, func() { ndarray.Diff(nil, a, -1, 0) }},
	} {
		if err := panicOf(t, c.call); !errors.Is(err, c.want) {
			t.Errorf("%s: expected a panic with %v, got %v", name, c.want, err)
		}
	}
	var value ndarray.ValueError
	for name, call := range map[string]func(){
		"quantile above one": func() { ndarray.Quantile(a, 1.5, ndarray.QuantileLinear) },
		"no quantile":        func() { ndarray.QuantilesTo[float64](nil, a, []float64{0, math.NaN()}, ndarray.QuantileLinear) },
		"no method":          func() { ndarray.Quantile(a, 0.5, 99) },
		"no bins":            func() { ndarray.HistogramEdges(a, 0) },
		"infinite bins":      func() { ndarray.HistogramEdges(ndarray.Scalar(math.Inf(1)), 2) },
		"falling edges":      func() { ndarray.Histogram(nil, a, must(ndarray.FromSlice([]float64{0, 2, 1}))) },
	} {
		if err := panicOf(t, call); !errors.As(err, &value) {
			t.Errorf("%s: expected a ValueError, got %v", name, err)
		}
	}
}

// TestReductionOfNothing checks results that are made of no elements, and those that are none.
func TestReductionOfNothing(t *testing.T) {
	none := ndarray.New[float64](0, 3)
	for name, c := range map[string]struct {
		got  *ndarray.Array[float64]
		want []float64
	}{
		"sum":      {ndarray.SumTo[float64](nil, none, 0), []float64{0, 0, 0}},
		"product":  {ndarray.ProdTo[float64](nil, none, 0), []float64{1, 1, 1}},
		"mean":     {ndarray.MeanTo[float64](nil, none, 0), []float64{math.NaN(), math.NaN(), math.NaN()}},
		"variance": {ndarray.VarTo[float64](nil, none, 0, 0), []float64{math.NaN(), math.NaN(), math.NaN()}},
		"median":   {ndarray.MedianTo[float64](nil, none, 0), []float64{math.NaN(), math.NaN(), math.NaN()}},
		"least":    {ndarray.MinTo(nil, none, 1), []float64{}},
		"running":  {ndarray.CumSum[float64](nil, none, 0), []float64{}},
		"all sums": {ndarray.SumTo[float64](nil, none), []float64{0}},
	} {
		if got := elements(c.got); fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("%s: expected %v, got %v", name, c.want, got)
		}
	}
	if !ndarray.AllTrue(none) || ndarray.AnyTrue(none) || ndarray.CountNonZero(none) != 0 {
		t.Error("expected all of no elements to be true, none to be, and no count")
	}
}
