package ndarray_test

import (
	"math"
	"testing"

	"github.com/samebytes/samebytes/ndarray"
)

// TestNaN has what NumPy's functions of these names return.
func TestNaN(t *testing.T) {
	nan := math.NaN()
	a := must(ndarray.FromSlice([]float64{1.5, nan, -2, nan, nan, 4, 0.5, nan, 1}, 3, 3))
	for name, c := range map[string]struct {
		all  float64
		over func(axis int) *ndarray.Array[float64]
		want [3]string // of all, of columns, of rows
	}{
		"sum":     {ndarray.NaNSum(a), func(axis int) *ndarray.Array[float64] { return ndarray.NaNSumTo[float64](nil, a, axis) }, [3]string{"5", "[2 0 3]", "[-0.5 4 1.5]"}},
		"product": {ndarray.NaNProd(a), func(axis int) *ndarray.Array[float64] { return ndarray.NaNProdTo[float64](nil, a, axis) }, [3]string{"-6", "[0.75 1 -8]", "[-3 4 0.5]"}},
		"mean":    {ndarray.NaNMean(a), func(axis int) *ndarray.Array[float64] { return ndarray.NaNMeanTo[float64](nil, a, axis) }, [3]string{"1", "[1 NaN 1]", "[-0.25 4 0.75]"}},
		"variance": {ndarray.NaNVar(a, 0), func(axis int) *ndarray.Array[float64] { return ndarray.NaNVarTo[float64](nil, a, 0, axis) },
			[3]string{"3.7", "[0.25 NaN 6]", "[3.0625 0 0.0625]"}},
		"of a sample": {ndarray.NaNVar(a, 4), func(axis int) *ndarray.Array[float64] { return ndarray.NaNVarTo[float64](nil, a, 1, axis) },
			[3]string{"18.5", "[0.5 NaN 9]", "[6.125 NaN 0.125]"}},
		"deviation": {ndarray.NaNStd(a, 0), func(axis int) *ndarray.Array[float64] { return ndarray.NaNStdTo[float64](nil, a, 0, axis) },
			[3]string{"1.9235384061671346", "[0.5 NaN 2.449489742783178]", "[1.75 0 0.25]"}},
		"median": {ndarray.NaNMedian(a), func(axis int) *ndarray.Array[float64] { return ndarray.NaNMedianTo[float64](nil, a, axis) },
			[3]string{"1", "[1 NaN 1]", "[-0.25 4 0.75]"}},
		"quantile": {ndarray.NaNQuantile(a, 1, 0), func(axis int) *ndarray.Array[float64] {
			return ndarray.NaNQuantileTo[float64](nil, a, 0.25, ndarray.QuantileLinear, axis)
		}, [3]string{"4", "[0.75 NaN -0.5]", "[-1.125 4 0.625]"}},
	} {
		expect(t, name, c.all, c.want[0])
		expect(t, name+" of columns", elements(c.over(0)), c.want[1])
		expect(t, name+" of rows", elements(c.over(-1)), c.want[2])
	}
	expect(t, "running sums", elements(ndarray.NaNCumSum[float64](nil, a, 0)), "[1.5 0 -2 1.5 0 2 2 0 3]")
	expect(t, "running products", elements(ndarray.NaNCumProd[float64](nil, a, 1)), "[1.5 1.5 -3 1 1 4 0.5 0.5 0.5]")
	expect(t, "of float32", ndarray.NaNMean(vec[float32](1, float32(nan), 2)), 1.5)
	expect(t, "of nothing", []float64{ndarray.NaNSum(vec(nan)), ndarray.NaNMean(vec(nan)), ndarray.NaNMax(vec(nan)), ndarray.NaNMedian(vec[float64]())}, "[0 NaN NaN NaN]")
	expect(t, "quantiles", elements(ndarray.NaNQuantilesTo[float32](nil, a, []float64{0.25, 0.5}, ndarray.QuantileLinear, 0)), "[0.75 NaN -0.5 1 NaN 1]")
}
