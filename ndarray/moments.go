package ndarray

import (
	"math"
	"slices"

	"github.com/samebytes/samebytes/ndarray/internal/kern"
)

// Mean returns the mean of all elements, NaN if there are none. They are added as float64, pairwise.
func Mean[T Real](a *Array[T]) float64 { return meanTo[float64]("Mean", nil, a, nil).data[0] }

// MeanTo stores in dst the means over axes, which follow [SumTo]'s rules. U may be complex, which it needs to be for the mean
// of complex elements; sums have 64 bits for each part, whatever U is.
func MeanTo[U Inexact, T Number](dst *Array[U], a *Array[T], axes ...int) *Array[U] {
	return meanTo("MeanTo", dst, a, axes)
}

func meanTo[U Inexact, T Number](op string, dst *Array[U], a *Array[T], axes []int) *Array[U] {
	n := float64(count(a.shape, reducedAxes(op, a.shape, axes)))
	if isComplex[U]() {
		keep := store[U, complex128]()
		return reduce(op, dst, a, axes, sums[complex128, T](), func(dst kern.Vec[U], acc []complex128, m int) {
			for i, v := range acc {
				acc[i] = complex(real(v)/n, imag(v)/n)
			}
			keep(dst, acc, m)
		})
	}
	keep := store[U, float64]()
	return reduce(op, dst, a, axes, sums[float64, T](), func(dst kern.Vec[U], acc []float64, m int) {
		kern.Divide(acc, n)
		keep(dst, acc, m)
	})
}

// Var returns the variance of all elements: the sum of their squared distances from the mean, divided by their number less ddof
// (which is zero for the variance of a population, and one for a sample's). It is NaN or infinite where nothing is left to
// divide by. The mean is found first, as NumPy does, so that nothing cancels.
func Var[T Real](a *Array[T], ddof int) float64 {
	return varTo[float64]("Var", nil, a, ddof, nil).data[0]
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
	f := sums[float64, T]()
	f.centre = func(sum []float64) { kern.Divide(sum, n) }
	f.next = &fold[float64, T]{load: kern.SquaredFrom[T], run: kern.Sum[float64], rows: kern.SumRows[float64]}
	return reduceOver(op, dst, a, reduced, f, func(dst kern.Vec[U], acc []float64, m int) {
		kern.Divide(acc, left)
		finish(acc)
		kern.Store(dst, acc, m)
	})
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
	product := binary(op, nil, a, weights, kern.Products[T, W])
	if !slices.Equal(product.shape, a.shape) {
		panic(newShapeError(op, "weights do not broadcast to the array's shape", a.shape, weights.shape))
	}
	sum := sumTo[float64](op, nil, product, axes)
	total := sumTo[float64](op, nil, newArray(weights.data, weights.broadcast(a.shape)), axes)
	average := New[U](sum.shape...)
	for i, v := range sum.data {
		average.data[i] = U(v / total.data[i])
	}
	assignReduced(result, average)
	return result
}

func isComplex[T Number]() bool { return DTypeOf[T]().Kind() == 'c' }
