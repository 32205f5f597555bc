package ndarray_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/samebytes/samebytes/ndarray"
)

// vec returns a 1-d array that shares the elements.
func vec[T ndarray.Element](elements ...T) *ndarray.Array[T] {
	return must(ndarray.FromSlice(elements))
}

// expect compares what prints as NumPy's results do in the tables of these tests.
func expect(t *testing.T, name string, got, want any) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s: expected %v, got %v", name, want, got)
	}
}

// TestSum has what NumPy returns with dtype=.
func TestSum(t *testing.T) {
	small := vec[int8](100, 100, -7)
	expect(t, "int8", ndarray.Sum(small), -63)
	expect(t, "int8 as int64", ndarray.SumAs[int64](small), 193)
	expect(t, "int8 as uint16", ndarray.SumAs[uint16](small), 193)
	expect(t, "int8 as float32", ndarray.SumAs[float32](small), 193)
	expect(t, "int8 as complex64", ndarray.SumAs[complex64](small), complex(193, 0))
	expect(t, "product of int8", ndarray.Prod(small), -112)
	expect(t, "product of int8 as int64", ndarray.ProdAs[int64](small), -70000)
	expect(t, "int16 as uint64", ndarray.SumAs[uint64](vec[int16](300, -1)), 299)
	expect(t, "uint64", ndarray.Sum(vec[uint64](math.MaxUint64, 3)), 2)
	expect(t, "float64 as int32", ndarray.SumAs[int32](vec(1.9, -2.9, 250)), 249)
	expect(t, "-0", 1/ndarray.Sum(vec(math.Copysign(0, -1))), math.Inf(1))
	minus := ndarray.Full(math.Copysign(0, -1), 9, 20)
	expect(t, "-0 over an axis", 1/ndarray.MeanTo[float64](nil, minus, 0).At(0), math.Inf(1))
	expect(t, "-0 over the last", 1/ndarray.SumTo[float64](nil, minus, 1).At(0), math.Inf(1))

	complexes := vec(1+2i, 3-1i, 0.5i)
	expect(t, "complex128", ndarray.Sum(complexes), 4+1.5i)
	expect(t, "product of complex128", ndarray.Prod(complexes), -2.5+2.5i)
	expect(t, "complex128 as float64", ndarray.SumAs[float64](complexes), 4)
	expect(t, "complex64", ndarray.Sum(vec[complex64](1+2i, 3-1i)), 4+1i)
	expect(t, "complex64 as complex128", ndarray.SumAs[complex128](vec[complex64](1+2i, 3-1i)), 4+1i)

	inf := math.Inf(1)
	expect(t, "infinities", []float64{ndarray.Sum(vec(inf, 1)), ndarray.Sum(vec(inf, -inf)), ndarray.Sum(vec(1, math.NaN()))}, []float64{inf, math.NaN(), math.NaN()})

	grid := counted(2, 3, 4)
	expect(t, "over an axis", elements(ndarray.SumTo[int64](nil, grid, 1)), "[12 15 18 21 48 51 54 57]")
	expect(t, "over two axes", elements(ndarray.SumTo[float64](nil, grid, 0, -1)), "[60 92 124]")
	expect(t, "products", elements(ndarray.ProdTo[int64](nil, grid, 0, 1)), "[0 208845 665280 1514205]")
}

// TestSumNamedTypes adds numbers whose types have names of their own.
func TestSumNamedTypes(t *testing.T) {
	type celsius float32
	type steps int16
	warm := vec[celsius](20.5, 21, 22)
	expect(t, "float32", ndarray.Sum(warm), 63.5)
	expect(t, "float32 as float64", ndarray.SumAs[float64](warm), 63.5)
	expect(t, "into its own type", elements(ndarray.SumTo[celsius](nil, vec(1.5, 2), 0)), "[3.5]")
	expect(t, "int16 as int64", ndarray.SumAs[int64](vec[steps](30000, 30000)), 60000)
	expect(t, "mean", ndarray.Mean(warm), 63.5/3)
	expect(t, "greatest", ndarray.Max(warm), 22)
	expect(t, "running", elements(ndarray.CumSum[steps](nil, vec[steps](1, 2, 3), 0)), "[1 3 6]")
}

// TestSumExact checks that sums of 32 bits are the exact ones, rounded, and sums of 64 bits as NumPy's, to the bit.
func TestSumExact(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for _, n := range []int{1, 7, 8, 9, 127, 128, 129, 1000, 1025, 5000} {
		single := ndarray.New[float32](n)
		values := make([]float64, n)
		for i := range values {
			single.Set(r.Float32(), i)
			values[i] = float64(single.At(i))
		}
		want, _ := exactSum(values).Float32()
		if got := ndarray.Sum(single); got != want {
			t.Errorf("%d float32: expected %v, got %v", n, want, got)
		}
	}
	// numpy.sum(1 / numpy.arange(1.0, 100001)), of which adding one after the other is 50 times as far off.
	harmonic := ndarray.New[float64](100_000)
	for i := range harmonic.Len() {
		harmonic.Set(1/float64(i+1), i)
	}
	expect(t, "harmonic series", ndarray.Sum(harmonic), 12.090146129863431)
}
