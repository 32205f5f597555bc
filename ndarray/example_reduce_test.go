package ndarray_test

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"

	"github.com/samebytes/samebytes/ndarray"
)

// One value of the whole array, or one for each index of the axes that are not named.
func ExampleSumTo() {
	sales, _ := ndarray.FromSlice([]int32{1, 2, 3, 10, 20, 30}, 2, 3)
	fmt.Println(ndarray.Sum(sales))
	fmt.Println(ndarray.SumTo[int64](nil, sales, 0).Data())
	fmt.Println(ndarray.SumTo[int64](nil, sales, -1).Data())
	// Output:
	// 66
	// [11 22 33]
	// [6 60]
}

// A dst of length one on the axis keeps it, so that the result broadcasts against what it was made of.
func ExampleMeanTo() {
	a, _ := ndarray.FromSlice([]float64{1, 2, 3, 10, 20, 30}, 2, 3)
	mean := ndarray.MeanTo(ndarray.New[float64](2, 1), a, 1)
	ndarray.Sub(a, a, mean)
	fmt.Println(mean.Data(), a.Data())
	// Output: [2 20] [-1 0 1 -10 0 10]
}

func ExampleStd() {
	heights, _ := ndarray.FromSlice([]float32{1.5, 1.75, 2})
	fmt.Printf("%.4f of these, %.4f of all whom they stand for\n", ndarray.Std(heights, 0), ndarray.Std(heights, 1))
	// Output: 0.2041 of these, 0.2500 of all whom they stand for
}

func ExampleAverage() {
	price, _ := ndarray.FromSlice([]float64{2, 3, 10})
	sold, _ := ndarray.FromSlice([]int64{5, 4, 1})
	fmt.Println(ndarray.Average(price, sold))
	// Output: 3.2
}

func ExampleMax() {
	a, _ := ndarray.FromSlice([]float64{2, math.NaN(), 3})
	fmt.Println(ndarray.Max(a), ndarray.NaNMax(a))
	// Output: NaN 3
}

func ExampleArgMaxTo() {
	scores, _ := ndarray.FromSlice([]uint8{3, 9, 1, 8, 2, 8}, 2, 3)
	fmt.Println(ndarray.ArgMax(scores), ndarray.ArgMaxTo(nil, scores, 1).Data())
	// Output: 1 [1 0]
}

func ExampleNaNMean() {
	a, _ := ndarray.FromSlice([]float64{1, math.NaN(), 3})
	fmt.Println(ndarray.Mean(a), ndarray.NaNMean(a))
	// Output: NaN 2
}

func ExampleAnyTrueTo() {
	a, _ := ndarray.FromSlice([]float64{0, 0, 1, 0}, 2, 2)
	fmt.Println(ndarray.AnyTrue(a), ndarray.AnyTrueTo(nil, a, 1).Data(), ndarray.CountNonZero(a))
	// Output: true [false true] 1
}

func ExampleCumSum() {
	daily, _ := ndarray.FromSlice([]uint8{200, 100, 50})
	total := ndarray.CumSum[int64](nil, daily, 0)
	fmt.Println(total.Data(), ndarray.Diff(nil, total, 1, 0).Data())
	// Output: [200 300 350] [100 50]
}

func ExampleQuantile() {
	latency, _ := ndarray.FromSlice([]float64{12, 15, 11, 92, 13})
	fmt.Println(ndarray.Median(latency), ndarray.Quantile(latency, 0.95, ndarray.QuantileLinear))
	fmt.Println(ndarray.QuantilesTo[float64](nil, latency, []float64{0, 0.5, 1}, ndarray.QuantileLower).Data())
	// Output:
	// 13 76.6
	// [11 13 92]
}

func ExampleHistogram() {
	ages, _ := ndarray.FromSlice([]uint8{3, 17, 18, 40, 64, 65, 90})
	edges, _ := ndarray.FromSlice([]float64{0, 18, 65, 120})
	fmt.Println(ndarray.Histogram(nil, ages, edges).Data())

	even := ndarray.HistogramEdges(ages, 3)
	fmt.Println(even.Data(), ndarray.Histogram(nil, ages, even).Data())
	// Output:
	// [2 3 2]
	// [3 32 61 90] [3 1 3]
}

// What numpy.cov and numpy.corrcoef reckon is in gonum's stat, on the same elements: each row is an observation.
func ExampleDense_covariance() {
	a, _ := ndarray.FromSlice([]float64{1, 2, 2, 4, 3, 9}, 3, 2)
	observations, _ := ndarray.Dense(a)
	var covariance, correlation mat.SymDense
	stat.CovarianceMatrix(&covariance, observations, nil)
	stat.CorrelationMatrix(&correlation, observations, nil)
	fmt.Printf("%.2f\n%.2f\n", mat.Formatted(&covariance), mat.Formatted(&correlation))
	// Output:
	// ⎡ 1.00   3.50⎤
	// ⎣ 3.50  13.00⎦
	// ⎡1.00  0.97⎤
	// ⎣0.97  1.00⎦
}
