package ndarray_test

import (
	"math"
	"testing"

	"github.com/samebytes/samebytes/ndarray"
)

func TestMoments(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	a := vec(1.0, 2, 4, 9)
	expect(t, "mean", ndarray.Mean(a), 4)
	expect(t, "variance", ndarray.Var(a, 0), 9.5)
	expect(t, "of a sample", ndarray.Var(a, 1), 38.0/3)
	expect(t, "deviation", ndarray.Std(vec[uint8](2, 4, 4, 4, 5, 5, 7, 9), 0), 2)
	expect(t, "nothing left", []float64{ndarray.Var(vec(1.0, 2), 2), ndarray.Var(vec(1.0, 2), 3), ndarray.Var(vec(1.0), 1)}, []float64{inf, inf, nan})
	expect(t, "infinity", []float64{ndarray.Mean(vec(1, inf)), ndarray.Var(vec(1, inf), 0)}, []float64{inf, nan})
	expect(t, "bytes", ndarray.Mean(vec[uint8](250, 255)), 252.5)
	expect(t, "complex", ndarray.MeanTo[complex128](nil, vec(1+2i, 3-1i, 0.5i)).At(), complex(4.0/3, 0.5))
	expect(t, "real parts", ndarray.MeanTo[float64](nil, vec(1+2i, 3-1i, 0.5i)).At(), 4.0/3)

	grid := counted(2, 3)
	expect(t, "means", elements(ndarray.MeanTo[float32](nil, grid, 0)), "[1.5 2.5 3.5]")
	expect(t, "variances", elements(ndarray.VarTo[float64](nil, grid, 1, 1)), "[1 1]")
	expect(t, "deviations", elements(ndarray.StdTo[float32](nil, grid, 0, 0)), "[1.5 1.5 1.5]")
	kept := ndarray.New[float64](2, 1)
	expect(t, "kept axis", elements(ndarray.StdTo(kept, grid, 1, 1)), "[1 1]")

	// A mean of 1e9 leaves a sum of squares no digit of the variance.
	expect(t, "far from zero", ndarray.Var(vec(1e9+4, 1e9+7, 1e9+13, 1e9+16), 1), 30)
	ones := ndarray.Full[float32](0.1, 1<<21)
	expect(t, "many floats", float32(ndarray.Mean(ones)), float32(0.1))
}

func TestAverage(t *testing.T) {
	expect(t, "weighted", ndarray.Average(vec(1.0, 2, 3), vec[uint8](3, 0, 1)), 1.5)
	grid := floats(2, 3)
	weights := vec[int64](1, 2, 3)
	expect(t, "over rows", elements(ndarray.AverageTo[float64](nil, grid, weights, 1)), "[1.3333333333333333 4.333333333333333]")
	expect(t, "over all", ndarray.Average(grid, weights), 34.0/12)
	expect(t, "into float32", elements(ndarray.AverageTo(ndarray.New[float32](1, 3), grid, ndarray.Full(2.0, 2, 1), 0)), "[1.5 2.5 3.5]")
	expect(t, "no weight", ndarray.Average(vec(1.0, -1), vec(0.0, 0)), math.NaN())
}
