package ndarray

import (
	"math"
	"slices"

	"github.com/samebytes/samebytes/ndarray/internal/kern"
)

// QuantileMethod says what a quantile is that falls between two elements. Those of R. J. Hyndman and Y. Fan, Sample Quantiles
// in Statistical Packages, The American Statistician 50 (1996), have their number behind them. The zero QuantileMethod is
// QuantileLinear.
type QuantileMethod int

// The methods, named as NumPy's.
const (
	QuantileLinear                  QuantileMethod = iota // 7, NumPy's default
	QuantileLower                                         // the one below QuantileLinear's
	QuantileHigher                                        // the one above
	QuantileMidpoint                                      // halfway between those two
	QuantileNearest                                       // the nearer, the even one if they are equally near
	QuantileInvertedCDF                                   // 1
	QuantileAveragedInvertedCDF                           // 2
	QuantileClosestObservation                            // 3
	QuantileInterpolatedInvertedCDF                       // 4
	QuantileHazen                                         // 5
	QuantileWeibull                                       // 6
	QuantileMedianUnbiased                                // 8
	QuantileNormalUnbiased                                // 9
)

// place returns where among n sorted elements the quantile q lies: fraction of the way from element i to the next. It is zero
// for what must be an element.
func (m QuantileMethod) place(n int, q float64) (i int, fraction float64) {
	below, last := float64(float64(n)*q), float64(n-1) // conversions keep machines from rounding once for * and -
	between := func(alpha, beta float64) float64 { return below + (alpha + float64(q*(1-alpha-beta))) - 1 }
	var at float64
	switch m {
	case QuantileLinear:
		at = last * q
	case QuantileLower:
		at = math.Floor(last * q)
	case QuantileHigher:
		at = math.Ceil(last * q)
	case QuantileMidpoint:
		at = (math.Floor(last*q) + math.Ceil(last*q)) / 2
	case QuantileNearest:
		at = math.RoundToEven(last * q)
	case QuantileInvertedCDF:
		at = math.Ceil(below - 1)
	case QuantileAveragedInvertedCDF:
		at = below - 1
		if at == math.Floor(at) {
			at += 0.5
		} else {
			at = math.Ceil(at)
		}
	case QuantileClosestObservation:
		at = below - 1.5
		if floor := math.Floor(at); floor != at || math.Mod(floor, 2) == 0 {
			at = floor + 1
		}
	case QuantileInterpolatedInvertedCDF:
		at = between(0, 1)
	case QuantileHazen:
		at = between(0.5, 0.5)
	case QuantileWeibull:
		at = between(0, 0)
	case QuantileMedianUnbiased:
		at = between(1/3.0, 1/3.0)
	case QuantileNormalUnbiased:
		at = between(3/8.0, 3/8.0)
	default:
		panic(ValueError{"Quantile", m, "expected one of the methods"})
	}
	at = min(max(at, 0), last)
	return int(at), at - math.Floor(at)
}

// Median returns the middle of all elements in order, the mean of the middle two if their number is even. It is NaN if there
// are none, or one is NaN.
func Median[T Real](a *Array[T]) float64 {
	return medianTo[float64]("Median", nil, a, nil, false).data[0]
}

// MedianTo stores in dst the medians over axes, which follow [SumTo]'s rules.
func MedianTo[U Float, T Real](dst *Array[U], a *Array[T], axes ...int) *Array[U] {
	return medianTo("MedianTo", dst, a, axes, false)
}

// NaNMedian is [Median] of the elements that are not NaN, NaN if there are none.
func NaNMedian[T Float](a *Array[T]) float64 {
	return medianTo[float64]("NaNMedian", nil, a, nil, true).data[0]
}

// NaNMedianTo is [MedianTo] of the elements that are not NaN.
func NaNMedianTo[U, T Float](dst *Array[U], a *Array[T], axes ...int) *Array[U] {
	return medianTo("NaNMedianTo", dst, a, axes, true)
}

func medianTo[U Float, T Real](op string, dst *Array[U], a *Array[T], axes []int, skipNaN bool) *Array[U] {
	return lanes(op, dst, a, axes, nil, skipNaN, func(values []float64, lane kern.Lane) {
		half := len(lane) / 2
		values[0] = lane.Nth(half)
		if len(lane)%2 == 0 {
			values[0] = (lane[:half].Nth(half-1) + values[0]) / 2
		}
	})
}

// Quantile returns the element at q between the least, at 0, and the greatest, at 1, or what method makes of its neighbours.
// It is NaN if an element is. The 95th percentile is Quantile(a, 0.95, QuantileLinear). It panics with a [ValueError] if q is
// not in 0 to 1, and with a [ShapeError] if there are no elements.
func Quantile[T Real](a *Array[T], q float64, method QuantileMethod) float64 {
	return quantilesTo[float64]("Quantile", nil, a, []float64{q}, nil, method, nil, false).data[0]
}

// QuantileTo stores in dst the quantiles over axes, which follow [SumTo]'s rules. They are reckoned in float64.
func QuantileTo[U Float, T Real](dst *Array[U], a *Array[T], q float64, method QuantileMethod, axes ...int) *Array[U] {
	return quantilesTo("QuantileTo", dst, a, []float64{q}, nil, method, axes, false)
}

// QuantilesTo is [QuantileTo] of several quantiles, in any order, for which dst has an axis in front of the others.
func QuantilesTo[U Float, T Real](dst *Array[U], a *Array[T], q []float64, method QuantileMethod, axes ...int) *Array[U] {
	return quantilesTo("QuantilesTo", dst, a, q, []int{len(q)}, method, axes, false)
}

// NaNQuantile is [Quantile] of the elements that are not NaN, NaN if there are none.
func NaNQuantile[T Float](a *Array[T], q float64, method QuantileMethod) float64 {
	return quantilesTo[float64]("NaNQuantile", nil, a, []float64{q}, nil, method, nil, true).data[0]
}

// NaNQuantileTo is [QuantileTo] of the elements that are not NaN, NaN where there are none.
func NaNQuantileTo[U, T Float](dst *Array[U], a *Array[T], q float64, method QuantileMethod, axes ...int) *Array[U] {
	return quantilesTo("NaNQuantileTo", dst, a, []float64{q}, nil, method, axes, true)
}

// NaNQuantilesTo is [QuantilesTo] of the elements that are not NaN, NaN where there are none.
func NaNQuantilesTo[U, T Float](dst *Array[U], a *Array[T], q []float64, method QuantileMethod, axes ...int) *Array[U] {
	return quantilesTo("NaNQuantilesTo", dst, a, q, []int{len(q)}, method, axes, true)
}

func quantilesTo[U Float, T Real](op string, dst *Array[U], a *Array[T], q []float64, lead []int,
	method QuantileMethod, axes []int, skipNaN bool) *Array[U] {
	for _, q := range q {
		if !(q >= 0 && q <= 1) {
			panic(ValueError{op, q, "expected quantiles from 0 to 1"})
		}
	}
	if method < QuantileLinear || method > QuantileNormalUnbiased {
		panic(ValueError{op, method, "expected one of the methods"})
	}
	result := lanes(op, dst, a, axes, lead, skipNaN, func(values []float64, lane kern.Lane) {
		nth := kern.Lane.Nth
		if len(q) > 8 {
			slices.Sort(lane)
			nth = kern.Lane.At
		}
		for k, q := range q {
			i, fraction := method.place(len(lane), q)
			values[k] = nth(lane, i)
			if fraction > 0 {
				values[k] = between(values[k], nth(lane[i+1:], 0), fraction)
			}
		}
	})
	if a.n == 0 && result.n > 0 && !skipNaN {
		panic(newShapeError(op, "expected at least one element", a.shape))
	}
	return result
}

// between returns the value a fraction of the way from a to b, reckoned from the nearer, so that it neither leaves their
// range nor falls as the fraction grows.
func between(a, b, fraction float64) float64 {
	distance := b - a
	if fraction >= 0.5 {
		return b - float64(distance*(1-fraction))
	}
	return a + float64(distance*fraction)
}

// lanes calls f with all elements of a over axes, for each element of dst, or each on
// the axes of lead, which come first: then it takes as many values. They are NaN where there are no elements, or one is NaN
// that is not to be skipped.
func lanes[U Float, T Real](op string, dst *Array[U], a *Array[T], axes, lead []int, skipNaN bool,
	f func(values []float64, lane kern.Lane)) *Array[U] {
	reduced := reducedAxes(op, a.shape, axes)
	result, to := reducedDestination(op, dst, slices.Concat(lead, a.shape), slices.Concat(make([]bool, len(lead)), reduced))
	if result.n == 0 {
		return result
	}
	if dst != nil && mayOverlap(dst, a) {
		return put(result, lanes[U](op, nil, a, axes, lead, skipNaN, f))
	}
	values, step := 1, 0
	if len(lead) > 0 {
		values, step = lead[0], to.strides[0]
		to = to.without(0)
	}
	from, lane := a.layout, a.layout
	lane.offset = 0
	for d := len(reduced) - 1; d >= 0; d-- {
		if reduced[d] {
			from, to = from.without(d), to.without(d)
		} else {
			lane = lane.without(d)
		}
	}
	inner, outer := newLoops(&lane), newLoops(&from, &to)
	length := count(a.shape, reduced)
	outer.eachWeighted(max(length, 1), func(offsets []int, n int) {
		buf, out := make(kern.Lane, length), make([]float64, values)
		for i := range n {
			lane := buf[:0]
			inner.each(func(within []int, m int) {
				from := offsets[0] + i*outer.inc(0) + within[0]
				lane = kern.Append(lane, kern.Vec[T]{Data: a.data, Off: from, Inc: inner.inc(0)}, m)
			})
			if len(lane) == 0 || len(lane) < length && !skipNaN {
				for k := range out {
					out[k] = math.NaN()
				}
			} else {
				lane.Encode()
				f(out, lane)
			}
			to := kern.Vec[U]{Data: result.data, Off: offsets[1] + i*outer.inc(1), Inc: step}
			kern.Convert(to, kern.Vec[float64]{Data: out, Inc: 1}, values)
		}
	})
	return result
}
