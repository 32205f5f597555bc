package ndarray_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/samebytes/samebytes/ndarray"
)

// TestHistogram has what numpy.histogram returns.
func TestHistogram(t *testing.T) {
	a := vec(1, 2, 2.5, 3, 3, 4.999, 5, 0.5, math.NaN(), 7)
	edges := vec(1.0, 2, 3, 5)
	expect(t, "counts", elements(ndarray.Histogram(nil, a, edges)), "[1 2 4]")
	expect(t, "density", elements(ndarray.HistogramDensity(nil, ndarray.Histogram(nil, a, edges), edges)),
		[]float64{1.0 / 7, 2.0 / 7, 4.0 / 2 / 7})
	some := a.Slice(ndarray.Range(0, 8))
	expect(t, "weighted", elements(ndarray.HistogramWeighted(nil, some, counted(8), edges)), "[0 3 18]")
	expect(t, "one weight", elements(ndarray.HistogramWeighted(nil, some, ndarray.Scalar(0.5), edges)), "[0.5 1 2]")
	even := ndarray.HistogramEdges(some, 4)
	expect(t, "edges", elements(even), "[0.5 1.625 2.75 3.875 5]")
	expect(t, "even bins", elements(ndarray.Histogram(nil, some, even)), "[2 2 2 2]")
	same := vec[uint8](5, 5)
	expect(t, "edges of one value", elements(ndarray.HistogramEdges(same, 3)), "[4.5 4.833333333333333 5.166666666666667 5.5]")
	expect(t, "one value", elements(ndarray.Histogram(nil, same, ndarray.HistogramEdges(same, 3))), "[0 2 0]")
	expect(t, "edges of nothing", elements(ndarray.HistogramEdges(vec[float64](), 2)), "[0 0.5 1]")
	column := ndarray.New[int64](3, 2).Slice(ndarray.All, ndarray.At(1))
	expect(t, "into a column", elements(ndarray.Histogram(column, a, edges)), "[1 2 4]")
	expect(t, "empty bins", elements(ndarray.Histogram(nil, vec(1.0, 1, 2), vec(1.0, 1, 1, 2, 2))), "[0 0 2 1]")
}

// TestHistogramBins compares bins of one width, and of many, with a search from the first edge on.
func TestHistogramBins(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	for range 200 {
		edges := ndarray.Linspace(r.NormFloat64(), 3+r.Float64(), 2+r.IntN(20))
		if r.IntN(2) == 0 {
			ndarray.Exp(edges, edges)
		}
		last := edges.Len() - 2
		want := make([]int64, last+1)
		a := ndarray.New[float64](500)
		for i := range a.Len() {
			v := r.NormFloat64() * 5
			if r.IntN(3) == 0 {
				v = edges.At(r.IntN(edges.Len())) // at an edge, where rounding decides
			}
			a.Set(v, i)
			for bin := range want {
				if v >= edges.At(bin) && (v < edges.At(bin+1) || bin == last && v == edges.At(bin+1)) {
					want[bin]++
				}
			}
		}
		expect(t, "counts", elements(ndarray.Histogram(nil, a, edges)), want)
	}
}
