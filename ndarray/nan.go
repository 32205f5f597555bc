package ndarray

import (
	"math"

	"github.com/samebytes/samebytes/ndarray/internal/kern"
)

// NaNSum is [Sum] of the elements that are not NaN.
func NaNSum[T Float](a *Array[T]) T { return nanSumTo[T]("NaNSum", nil, a, nil).data[0] }

// NaNSumTo is [SumTo] of the elements that are not NaN.
func NaNSumTo[U, T Float](dst *Array[U], a *Array[T], axes ...int) *Array[U] {
	return nanSumTo("NaNSumTo", dst, a, axes)
}

func nanSumTo[U, T Float](op string, dst *Array[U], a *Array[T], axes []int) *Array[U] {
	return reduceAs(op, dst, a, reducedAxes(op, a.shape, axes), nanSums(a))
}

// NaNProd is [Prod] of the elements that are not NaN.
func NaNProd[T Float](a *Array[T]) T { return nanProdTo[T]("NaNProd", nil, a, nil).data[0] }

// NaNProdTo is [ProdTo] of the elements that are not NaN.
func NaNProdTo[U, T Float](dst *Array[U], a *Array[T], axes ...int) *Array[U] {
	return nanProdTo("NaNProdTo", dst, a, axes)
}

func nanProdTo[U, T Float](op string, dst *Array[U], a *Array[T], axes []int) *Array[U] {
	f := products[float64]()
	f.load = loaderOf(a.data, func(dst kern.Vec[float64], v kern.Vec[T], n int) { kern.WithoutNaN(dst, v, n, 1) })
	return reduceAs(op, dst, a, reducedAxes(op, a.shape, axes), f)
}

// NaNMean is [Mean] of the elements that are not NaN, NaN if there are none.
func NaNMean[T Float](a *Array[T]) float64 { return nanMeanTo[float64]("NaNMean", nil, a, nil).data[0] }

// NaNMeanTo is [MeanTo] of the elements that are not NaN.
func NaNMeanTo[U, T Float](dst *Array[U], a *Array[T], axes ...int) *Array[U] {
	return nanMeanTo("NaNMeanTo", dst, a, axes)
}

func nanMeanTo[U, T Float](op string, dst *Array[U], a *Array[T], axes []int) *Array[U] {
	return nanDivided(op, dst, nanSumTo[float64](op, nil, a, axes), a, 0, axes, func([]float64) {})
}

// NaNVar is [Var] of the elements that are not NaN, NaN if there are no more than ddof.
func NaNVar[T Float](a *Array[T], ddof int) float64 {
	return nanVarTo[float64]("NaNVar", nil, a, ddof, nil).data[0]
}

// NaNVarTo is [VarTo] of the elements that are not NaN.
func NaNVarTo[U, T Float](dst *Array[U], a *Array[T], ddof int, axes ...int) *Array[U] {
	return nanVarTo("NaNVarTo", dst, a, ddof, axes)
}

func nanVarTo[U, T Float](op string, dst *Array[U], a *Array[T], ddof int, axes []int) *Array[U] {
	return nanDivided(op, dst, nanSquares(op, a, axes), a, ddof, axes, func([]float64) {})
}

// NaNStd is [Std] of the elements that are not NaN, NaN if there are no more than ddof.
func NaNStd[T Float](a *Array[T], ddof int) float64 {
	return nanStdTo[float64]("NaNStd", nil, a, ddof, nil).data[0]
}

// NaNStdTo is [StdTo] of the elements that are not NaN.
func NaNStdTo[U, T Float](dst *Array[U], a *Array[T], ddof int, axes ...int) *Array[U] {
	return nanStdTo("NaNStdTo", dst, a, ddof, axes)
}

func nanStdTo[U, T Float](op string, dst *Array[U], a *Array[T], ddof int, axes []int) *Array[U] {
	return nanDivided(op, dst, nanSquares(op, a, axes), a, ddof, axes, roots)
}

func nanSums[T Float](a *Array[T]) *fold[float64] {
	f := sums[float64]()
	f.load = loaderOf(a.data, func(dst kern.Vec[float64], v kern.Vec[T], n int) { kern.WithoutNaN(dst, v, n, 0) })
	return f
}

// nanDivided stores in dst what finish makes of sums over axes, each divided by the number of elements that are not NaN less
// ddof, or NaN where that is not above zero.
func nanDivided[U, T Float](op string, dst *Array[U], sum *Array[float64], a *Array[T], ddof int, axes []int,
	finish func(values []float64)) *Array[U] {
	reduced := reducedAxes(op, a.shape, axes)
	result, _ := reducedDestination(op, dst, a.shape, reduced)
	f := sums[float64]()
	f.load = func(buf []float64, from, inc, n int, _ kern.Vec[float64]) {
		kern.NotNaN(buf, kern.Vec[T]{Data: a.data, Off: from, Inc: inc}, n)
	}
	counts := reduce(op, nil, a, reduced, f)
	for i, n := range counts.data {
		if n -= float64(ddof); n > 0 {
			sum.data[i] /= n
		} else {
			sum.data[i] = math.NaN()
		}
	}
	finish(sum.data)
	return put(result, sum)
}

// nanSquares returns the sums of the squared distances from the mean over axes.
func nanSquares[T Float](op string, a *Array[T], axes []int) *Array[float64] {
	reduced := reducedAxes(op, a.shape, axes)
	means := nanMeanTo[float64](op, nil, a, axes)
	_, to := reducedDestination(op, means, a.shape, reduced)
	squares := sized[float64](op, a.shape...)
	l := newLoops(&squares.layout, &a.layout, &to)
	l.eachParallel(func(offsets []int, n int) {
		kern.SquaredFromNoNaN(kern.Vec[float64]{Data: squares.data, Off: offsets[0], Inc: l.inc(0)},
			kern.Vec[T]{Data: a.data, Off: offsets[1], Inc: l.inc(1)},
			kern.Vec[float64]{Data: means.data, Off: offsets[2], Inc: l.inc(2)}, n)
	})
	return sumTo[float64](op, nil, squares, axes)
}
