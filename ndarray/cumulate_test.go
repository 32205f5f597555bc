package ndarray_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/samebytes/samebytes/ndarray"
)

func TestCumulate(t *testing.T) {
	small := vec[int8](100, 100, -7)
	expect(t, "int8", elements(ndarray.CumSum[int8](nil, small, 0)), "[100 -56 -63]")
	expect(t, "int8 as int64", elements(ndarray.CumSum[int64](nil, small, -1)), "[100 200 193]")
	expect(t, "products", elements(ndarray.CumProd[float64](nil, small, 0)), "[100 10000 -70000]")
	expect(t, "complex", elements(ndarray.CumSum[complex128](nil, vec(1+2i, 3-1i, 0.5i), 0)), "[(1+2i) (4+1i) (4+1.5i)]")
	in := counted(2, 3)
	ndarray.CumSum(in, in, 0)
	expect(t, "in place", elements(in), "[0 1 2 3 5 7]")
	line := counted(6)
	ndarray.CumSum(line.Slice(ndarray.Range(1, 6)), line.Slice(ndarray.Range(0, 5)), 0)
	expect(t, "one further", elements(line), "[0 0 1 3 6 10]")
}

// TestCumSumAlongAxes compares running sums along each axis, in all layouts, with the elements one by one.
func TestCumSumAlongAxes(t *testing.T) {
	defer ndarray.SetWorkers(ndarray.SetWorkers(3))
	r := rand.New(rand.NewPCG(13, 14))
	someShapes(r, func(shape []int) {
		a := randomView[int32](r, shape)
		indices(shape, func(ix []int) { a.Set(r.Int32N(100), ix...) })
		for axis := range shape {
			lanes, _, _ := lanesOf(ndarray.CumSum(randomView[int64](r, shape), a, axis), axis)
			sources, _, _ := lanesOf(a, axis)
			for i, lane := range lanes {
				sum := int64(0)
				for j, v := range sources[i] {
					if sum += int64(v); lane[j] != sum {
						t.Fatalf("%v along %d: expected %d at %d of lane %d, got %d", shape, axis, sum, j, i, lane[j])
					}
				}
			}
		}
	})
}

func TestDiff(t *testing.T) {
	a := must(ndarray.FromSlice([]int64{1, 4, 9, 16, 2, 3, 5, 8}, 2, 4))
	expect(t, "once", elements(ndarray.Diff(nil, a, 1, 1)), "[3 5 7 1 2 3]")
	expect(t, "twice", elements(ndarray.Diff(nil, a, 2, -1)), "[2 2 1 1]")
	expect(t, "rows", elements(ndarray.Diff(nil, a, 1, 0)), "[1 -1 -4 -8]")
	expect(t, "not at all", elements(ndarray.Diff(nil, a, 0, 0)), elements(a))
	expect(t, "too often", ndarray.Diff(nil, a, 9, 1).Shape(), "[2 0]")
	expect(t, "int8", elements(ndarray.Diff(nil, vec[int8](100, 100, -7), 1, 0)), "[0 -107]")
	expect(t, "complex", elements(ndarray.Diff(nil, vec(1+2i, 3-1i, 0.5i), 1, 0)), "[(2-3i) (-3+1.5i)]")
	line := vec[int64](1, 4, 9, 16)
	ndarray.Diff(line.Slice(ndarray.Range(1, 4)), line, 1, 0)
	expect(t, "into itself", line.Data(), "[1 3 5 7]")
	steps := ndarray.Diff(nil, ndarray.CumSum[int64](nil, counted(50), 0), 1, 0)
	if !slices.Equal(elements(steps), elements(counted(50))[1:]) {
		t.Error("expected the differences of running sums to be the elements")
	}
}
