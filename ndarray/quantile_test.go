package ndarray_test

import (
	"math"
	"testing"

	"github.com/samebytes/samebytes/ndarray"
)

// TestQuantileMethods has what numpy.quantile returns for 0.3, -1.7, 2.2, 9.1, 4.4, -3.25, 7.5, and for 0 to 7.
func TestQuantileMethods(t *testing.T) {
	a := vec(0.3, -1.7, 2.2, 9.1, 4.4, -3.25, 7.5)
	q := []float64{0, 0.1, 0.25, 0.5, 0.7, 2.0 / 3, 0.95, 1}
	even := []float64{0.125, 0.25, 0.5, 0.625, 1.0 / 7, 2.0 / 7}
	for method, want := range [][2][]float64{
		ndarray.QuantileLinear:                  {{-3.25, -2.32, -0.7, 2.2, 5.019999999999998, 4.4, 8.62, 9.1}, {0.875, 1.75, 3.5, 4.375, 1.0, 2.0}},
		ndarray.QuantileLower:                   {{-3.25, -3.25, -1.7, 2.2, 4.4, 4.4, 7.5, 9.1}, {0.0, 1.0, 3.0, 4.0, 1.0, 2.0}},
		ndarray.QuantileHigher:                  {{-3.25, -1.7, 0.3, 2.2, 7.5, 4.4, 9.1, 9.1}, {1.0, 2.0, 4.0, 5.0, 1.0, 2.0}},
		ndarray.QuantileMidpoint:                {{-3.25, -2.475, -0.7, 2.2, 5.95, 4.4, 8.3, 9.1}, {0.5, 1.5, 3.5, 4.5, 1.0, 2.0}},
		ndarray.QuantileNearest:                 {{-3.25, -1.7, 0.3, 2.2, 4.4, 4.4, 9.1, 9.1}, {1.0, 2.0, 4.0, 4.0, 1.0, 2.0}},
		ndarray.QuantileInvertedCDF:             {{-3.25, -3.25, -1.7, 2.2, 4.4, 4.4, 9.1, 9.1}, {0.0, 1.0, 3.0, 4.0, 1.0, 2.0}},
		ndarray.QuantileAveragedInvertedCDF:     {{-3.25, -3.25, -1.7, 2.2, 4.4, 4.4, 9.1, 9.1}, {0.5, 1.5, 3.5, 4.5, 1.0, 2.0}},
		ndarray.QuantileClosestObservation:      {{-3.25, -3.25, -1.7, 2.2, 4.4, 4.4, 9.1, 9.1}, {0.0, 1.0, 3.0, 4.0, 0.0, 1.0}},
		ndarray.QuantileInterpolatedInvertedCDF: {{-3.25, -3.25, -2.0875, 1.25, 4.179999999999999, 3.6666666666666656, 8.54, 9.1}, {0.0, 1.0, 3.0, 4.0, 0.1428571428571428, 1.2857142857142856}},
		ndarray.QuantileHazen:                   {{-3.25, -2.9399999999999995, -1.2, 2.2, 5.639999999999999, 4.916666666666665, 9.1, 9.1}, {0.5, 1.5, 3.5, 4.5, 0.6428571428571428, 1.7857142857142856}},
		ndarray.QuantileWeibull:                 {{-3.25, -3.25, -1.7, 2.2, 6.259999999999999, 5.433333333333333, 9.1, 9.1}, {0.125, 1.25, 3.5, 4.625, 0.2857142857142856, 1.5714285714285712}},
		ndarray.QuantileMedianUnbiased:          {{-3.25, -3.1466666666666665, -1.366666666666667, 2.2, 5.846666666666664, 5.088888888888887, 9.1, 9.1}, {0.375, 1.4166666666666665, 3.5, 4.541666666666667, 0.5238095238095237, 1.7142857142857144}},
		ndarray.QuantileNormalUnbiased:          {{-3.25, -3.0949999999999998, -1.325, 2.2, 5.794999999999998, 5.0458333333333325, 9.1, 9.1}, {0.40625, 1.4375, 3.5, 4.53125, 0.5535714285714284, 1.7321428571428568}},
	} {
		method := ndarray.QuantileMethod(method)
		for i, q := range q {
			if got := ndarray.Quantile(a, q, method); got != want[0][i] {
				t.Errorf("method %d of %v: expected %v, got %v", method, q, want[0][i], got)
			}
		}
		expect(t, "several", elements(ndarray.QuantilesTo[float64](nil, floats(8), even, method)), want[1])
		many := elements(ndarray.QuantilesTo[float64](nil, floats(8), append(even, even...), method))
		expect(t, "many", many, append(want[1], want[1]...))
	}
}

func TestQuantile(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	grid := must(ndarray.FromSlice([]int32{9, 2, 4, 1, 3, 8}, 2, 3))
	expect(t, "median", ndarray.Median(grid), 3.5)
	expect(t, "medians", elements(ndarray.MedianTo[float32](nil, grid, 0)), "[5 2.5 6]")
	two := ndarray.QuantilesTo[float64](nil, grid, []float64{1, 0}, ndarray.QuantileLinear, 1)
	expect(t, "several in front", two.Shape(), "[2 2]")
	expect(t, "several", elements(two), "[9 8 2 1]")
	kept := ndarray.New[float64](2, 2, 1)
	expect(t, "kept axis", elements(ndarray.QuantilesTo(kept, grid, []float64{1, 0}, ndarray.QuantileLinear, 1)), "[9 8 2 1]")
	expect(t, "NaN", []float64{ndarray.Median(vec(1, nan, 2)), ndarray.Quantile(vec(1, nan, 2), 0, ndarray.QuantileLower)}, "[NaN NaN]")
	expect(t, "infinities", []float64{ndarray.Median(vec(1, 2, inf)), ndarray.Median(vec(1, 2, inf, inf)), ndarray.Quantile(vec(1, 2, inf), 1, 0)}, []float64{2, inf, inf})
	expect(t, "bytes far apart", ndarray.Quantile(vec[int8](-100, 100), 0.25, ndarray.QuantileLinear), -50)
	expect(t, "one element", ndarray.Quantile(ndarray.Scalar(3.0), 0.3, ndarray.QuantileWeibull), 3)
	source := vec(3.0, 1, 2)
	ndarray.Median(source)
	expect(t, "the source", source.Data(), "[3 1 2]")
}
