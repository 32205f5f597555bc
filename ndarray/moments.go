package ndarray

import (
	"math"

	"github.com/samebytes/samebytes/ndarray/internal/kern"
)

// Mean returns the mean of all elements, NaN if there are none. They are added as float64, pairwise.
func Mean[T Real](a *Array[T]) float64 {
	if a.onePiece() {
		return meanOf(a.data[:a.n])
	}
	return meanTo[float64]("Mean", nil, a, nil).data[0]
}

func meanOf[T Real](data []T) float64 { return (kern.SumFloats(data) + 0) / float64(len(data)) } // of -0 it is zero

// MeanTo stores in dst the means over axes, which follow [SumTo]'s rules. U may be complex, which it needs to be for the mean
// of complex elements; sums have 64 bits for each part, whatever U is.
func MeanTo[U Inexact, T Number](dst *Array[U], a *Array[T], axes ...int) *Array[U] {
	return meanTo("MeanTo", dst, a, axes)
}

func meanTo[U Inexact, T Number](op string, dst *Array[U], a *Array[T], axes []int) *Array[U] {
	reduced := reducedAxes(op, a.shape, axes)
	result, _ := reducedDestination(op, dst, a.shape, reduced)
	n := float64(count(a.shape, reduced))
	means := wideFolds{
		floats: func() *fold[float64] {
			f := sums[float64]()
			f.finish = func(sum []float64) { kern.Divide(sum, n) }
			return f
		},
		complexes: func() *fold[complex128] {
			f := sums[complex128]()
			f.finish = func(sum []complex128) { kern.DivideComplex(sum, n) }
			return f
		},
	}
	convert(underlying(result), means.reduce(op, underlying(a), &a.layout, reduced, DTypeOf[U]().Kind(), result.shape))
	return result
}

// Var returns the variance of all elements: the sum of their squared distances from the mean, divided by their number less ddof
// (which is zero for the variance of a population, and one for a sample's). It is NaN or infinite where nothing is left to
// divide by. The mean is found first, as NumPy does, so that nothing cancels.
func Var[T Real](a *Array[T], ddof int) float64 {
	if a.onePiece() {
		return varOf(a.data[:a.n], ddof)
	}
	return varTo[float64]("Var", nil, a, ddof, nil).data[0]
}

func varOf[T Real](data []T, ddof int) float64 {
	return kern.SumSquaredFrom(data, meanOf(data)) / max(float64(len(data)-ddof), 0)
}

// VarTo stores in dst the variances over axes, which follow [SumTo]'s rules. All is reckoned in float64.
func VarTo[U Float, T Real](dst *Array[U], a *Array[T], ddof int, axes ...int) *Array[U] {
	return varTo("VarTo", dst, a, ddof, axes)
}

func varTo[U Float, T Real](op string, dst *Array[U], a *Array[T], ddof int, axes []int) *Array[U] {
	return deviations(op, dst, a, ddof, axes, func([]float64) {})
}

// Std returns the standard deviation of all elements, which is the square root of [Var].
func Std[T Real](a *Array[T], ddof int) float64 {
	if a.onePiece() {
		return math.Sqrt(varOf(a.data[:a.n], ddof))
	}
	return stdTo[float64]("Std", nil, a, ddof, nil).data[0]
}

// StdTo stores in dst the standard deviations over axes, as [VarTo] does variances.
func StdTo[U Float, T Real](dst *Array[U], a *Array[T], ddof int, axes ...int) *Array[U] {
	return stdTo("StdTo", dst, a, ddof, axes)
}

func stdTo[U Float, T Real](op string, dst *Array[U], a *Array[T], ddof int, axes []int) *Array[U] {
	return deviations(op, dst, a, ddof, axes, roots)
}

func roots(values []float64) {
	for i, v := range values {
		values[i] = math.Sqrt(v)
	}
}

// deviations stores in dst what finish makes of the variances over axes.
func deviations[U Float, T Real](op string, dst *Array[U], a *Array[T], ddof int, axes []int, finish func(variances []float64)) *Array[U] {
	reduced := reducedAxes(op, a.shape, axes)
	n := float64(count(a.shape, reduced))
	left := max(n-float64(ddof), 0)
	f := sums[float64]()
	f.load = loaderOf(a.data, kern.Convert[float64, T])
	f.direct, _ = any(a.data).([]float64)
	f.whole = func(from, n int, _ kern.Vec[float64]) float64 { return kern.SumFloats(a.data[from:][:n]) }
	f.finish = func(sum []float64) { kern.Divide(sum, n) }
	f.next = sums[float64]()
	f.next.load = func(buf []float64, from, inc, n int, centre kern.Vec[float64]) {
		kern.SquaredFrom(buf, kern.Vec[T]{Data: a.data, Off: from, Inc: inc}, n, centre)
	}
	f.next.whole = func(from, n int, centre kern.Vec[float64]) float64 {
		return kern.SumSquaredFrom(a.data[from:][:n], centre.Data[centre.Off])
	}
	f.next.finish = func(squares []float64) {
		kern.Divide(squares, left)
		finish(squares)
	}
	return reduceAs(op, dst, a, reduced, f)
}

// Average returns the mean of all elements, each counted as often as its weight says, which has a's shape or broadcasts to it.
// It panics with a [ShapeError] if the weights do not broadcast, and is NaN or infinite where they add up to zero.
func Average[T, W Real](a *Array[T], weights *Array[W]) float64 {
	return averageTo[float64]("Average", nil, a, weights, nil).data[0]
}

// AverageTo stores in dst the weighted means over axes, which follow [SumTo]'s rules: where NumPy takes weights of one axis for
// the axis that is averaged over, they broadcast here, and lie on the last unless ExpandDims puts them elsewhere.
func AverageTo[U Float, T, W Real](dst *Array[U], a *Array[T], weights *Array[W], axes ...int) *Array[U] {
	return averageTo("AverageTo", dst, a, weights, axes)
}

func averageTo[U Float, T, W Real](op string, dst *Array[U], a *Array[T], weights *Array[W], axes []int) *Array[U] {
	result, _ := reducedDestination(op, dst, a.shape, reducedAxes(op, a.shape, axes))
	stretched := stretchedTo(op, weights, a.shape)
	product := Convert[float64](nil, a)
	Mul(product, product, Convert[float64](nil, weights))
	sum, total := sumTo[float64](op, nil, product, axes), sumTo[float64](op, nil, stretched, axes)
	for i, n := range total.data {
		sum.data[i] /= n
	}
	return put(result, sum)
}
