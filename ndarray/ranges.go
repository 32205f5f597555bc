package ndarray

import (
	"math"
	"slices"
	"strconv"

	"github.com/samebytes/samebytes/ndarray/internal/kern"
	"github.com/samebytes/samebytes/ndarray/internal/libm"
)

// Arange returns start, start+step, start+2*step, ... up to but without stop, in memory of its own: of shape
// (ceil((stop-start)/step),), or empty where stop lies the other way. Integers of any size are counted exactly.
// Floats are those of NumPy's arange for scalars of the type, bit for bit: element i is start + i*d, where d is start+step
// rounded, less start. Rounding decides whether one more element, near stop, belongs to them; [Linspace] leaves no doubt.
// It panics with a [ValueError] if step is zero or NaN, if start or stop are NaN, and if there would be more elements than
// an int counts.
func Arange[T Real](start, stop, step T) *Array[T] {
	given := [...]T{start, stop, step}
	if step == 0 {
		panic(ValueError{"Arange", given, "expected a step that is not zero"})
	}
	n, reason := 0, ""
	if one := T(1); one/2 != 0 {
		n, reason = countFloats(start, stop, step)
	} else {
		n, reason = countIntegers(start, stop, step)
	}
	if _, _, err := Size([]int{n}, DTypeOf[T]().Size()); reason == "" && err != nil {
		reason = err.Error()
	}
	if reason != "" {
		panic(ValueError{"Arange", given, reason})
	}
	a := sized[T]("Arange", n)
	kern.Arange(a.data, start, step)
	return a
}

const tooMany = "expected no more elements than an int counts"

// countFloats returns the length of [Arange] for floats, or why there is none. NumPy computes it in T, as it does the elements.
func countFloats[T Real](start, stop, step T) (n int, reason string) {
	quotient := float64((stop - start) / step)
	switch {
	case math.IsNaN(quotient):
		return 0, "expected numbers that give a length"
	case math.Abs(quotient) > math.MaxInt>>1: // a power of two, where MaxInt is none
		return 0, tooMany
	case quotient == 0 && start != stop: // (stop-start)/step is too small for a T
		if math.Signbit(quotient) {
			return 0, ""
		}
		return 1, ""
	case quotient <= 0:
		return 0, ""
	}
	return int(math.Ceil(quotient)), ""
}

// countIntegers returns the length of [Arange] for integers, or why there is none. Differences of the bits modulo 2^64 are
// distances, of unsigned integers and of signed ones.
func countIntegers[T Real](start, stop, step T) (n int, reason string) {
	distance, stride := uint64(stop)-uint64(start), uint64(step)
	if step < 0 {
		distance, stride = -distance, -stride
	}
	if start == stop || (start < stop) != (step > 0) {
		return 0, ""
	}
	count := (distance-1)/stride + 1
	if count > math.MaxInt || count == 0 {
		return 0, tooMany
	}
	return int(count), ""
}

// Linspace returns n numbers from start to stop, evenly spaced, in memory of its own and of shape (n,): NumPy's
// linspace(start, stop, n, dtype=T), bit for bit, which computes in float64. The last is stop itself; a single one is start.
// For n numbers without stop (endpoint=False) take Linspace(start, stop, n+1).Slice(Range(0, n)).
// It panics with a [ShapeError] if n is negative.
func Linspace[T Float](start, stop T, n int) *Array[T] {
	a := sized[T]("Linspace", n)
	kern.Linspace(a.data, float64(start), float64(stop))
	return a
}

// Logspace returns n numbers from base^start to base^stop, whose logarithms are evenly spaced, in memory of its own and of
// shape (n,). The exponents are exactly NumPy's; powers differ in the last digits.
// It panics with a [ShapeError] if n is negative.
func Logspace[T Float](start, stop T, n int, base float64) *Array[T] {
	return logspace[T]("Logspace", float64(start), float64(stop), n, base)
}

func logspace[T Float](op string, start, stop float64, n int, base float64) *Array[T] {
	a := sized[T](op, n)
	exponents := make([]float64, n)
	kern.Linspace(exponents, start, stop)
	for i, x := range exponents {
		if base == 10 && x == math.Trunc(x) && math.Abs(x) < 1000 { // far outside of what a float64 holds, but an int
			a.data[i] = T(pow10(int(x)))
		} else {
			a.data[i] = T(math.Pow(base, x))
		}
	}
	return a
}

// Geomspace returns n numbers from start to stop, each the same multiple of the one before, in memory of its own and of
// shape (n,). First and last are start and stop themselves; those between may differ from NumPy's in the last digits.
// It panics with a [ValueError] unless start and stop are both above or both below zero, and with a [ShapeError] if n is
// negative.
func Geomspace[T Float](start, stop T, n int) *Array[T] {
	if !(start > 0 && stop > 0 || start < 0 && stop < 0) {
		panic(ValueError{"Geomspace", [...]T{start, stop}, "expected two numbers of one sign"})
	}
	sign := T(1)
	if start < 0 {
		sign = -1
	}
	a := logspace[T]("Geomspace", log10(float64(sign*start)), log10(float64(sign*stop)), n, 10)
	for i := range a.data {
		a.data[i] *= sign
	}
	if n > 0 {
		a.data[0] = start
	}
	if n > 1 {
		a.data[n-1] = stop
	}
	return a
}

// log10 is exact for powers of ten.
func log10(x float64) float64 {
	y := libm.Log10(x)
	if whole := math.Round(y); math.Abs(y) < 1000 && pow10(int(whole)) == x {
		return whole
	}
	return y
}

// pow10 returns the float64 nearest to a power of ten, as math.Pow10 does not for all of them.
func pow10(n int) float64 {
	x, _ := strconv.ParseFloat("1e"+strconv.Itoa(n), 64) // out of range it is infinite or zero, as it should be
	return x
}

// Full returns an array of the given shape whose elements are all v, in C order and in memory of its own.
// It panics with a [ShapeError] as [New] does.
func Full[T Element](v T, shape ...int) *Array[T] {
	a := sized[T]("Full", shape...)
	kern.Fill(kern.Vec[T]{Data: a.data, Inc: 1}, v, a.n)
	return a
}

// Ones returns an array of the given shape whose elements are all one, in C order and in memory of its own. For zeros see [New].
// It panics with a [ShapeError] as New does.
func Ones[T Number](shape ...int) *Array[T] {
	a := sized[T]("Ones", shape...)
	kern.Fill(kern.Vec[T]{Data: a.data, Inc: 1}, 1, a.n)
	return a
}

// Indices returns the index of every element of a shape, in memory of its own and of shape (len(shape), shape...): the
// element at (d, i, j, ...) is the index on axis d at (i, j, ...).
// It panics with a [ShapeError] where [Size] would return an error for that shape.
func Indices(shape ...int) *Array[int64] {
	a := sized[int64]("Indices", append([]int{len(shape)}, shape...)...)
	if a.n == 0 {
		return a
	}
	// Along axis d an index repeats for all elements of the axes after it, and the axis for all of those before it.
	rest := a.data
	after := a.n / len(shape)
	for _, length := range shape {
		whole := rest[:a.n/len(shape)]
		rest = rest[len(whole):]
		after /= length
		for at := 0; at < len(whole); {
			for i := range length {
				kern.Fill(kern.Vec[int64]{Data: whole, Off: at, Inc: 1}, int64(i), after)
				at += after
			}
		}
	}
	return a
}

// Meshgrid returns, for each of several 1-d arrays, one that repeats its elements along the axes of the others, as NumPy's
// meshgrid does: of two, x lies along axis 1 and y along axis 0, so that all have the shape (len(y), len(x), ...). They
// share elements with what was given, each under several indices, so that they can be operands but not a destination.
// It panics with a [ShapeError] if an array has not one axis, or that shape has too many elements.
func Meshgrid[T Element](arrays ...*Array[T]) []*Array[T] {
	shape := make([]int, len(arrays))
	for d, a := range arrays {
		if len(a.shape) != 1 {
			panic(newShapeError("Meshgrid", "expected arrays with one axis", a.shape))
		}
		shape[d] = a.n
	}
	axis := make([]int, len(arrays)) // along which each array lies
	for d := range axis {
		axis[d] = d
	}
	if len(arrays) > 1 {
		axis[0], axis[1] = 1, 0
		shape[0], shape[1] = shape[1], shape[0]
	}
	n, _, err := Size(shape, DTypeOf[T]().Size())
	if err != nil {
		panic(newShapeError("Meshgrid", err.Error(), shape))
	}
	grids := make([]*Array[T], len(arrays))
	for k, a := range arrays {
		l := newLayout(len(shape), n)
		copy(l.shape, shape)
		l.strides[axis[k]] = a.strides[0]
		l.offset, l.readonly = a.offset, a.readonly
		grids[k] = newArray(a.data, l)
	}
	return grids
}

// Eye returns a matrix of shape (n, m), in memory of its own, that has ones on a diagonal and zeros elsewhere: k = 0 is
// that from element (0, 0), a higher k one further right, a lower one further down.
// It panics with a [ShapeError] if n or m is negative, or there would be too many elements.
func Eye[T Number](n, m, k int) *Array[T] {
	a := sized[T]("Eye", n, m)
	for i := max(0, -k); i < n && i < m-k; i++ {
		a.data[i*m+i+k] = 1
	}
	return a
}

// Tri returns a matrix of shape (n, m), in memory of its own, that has ones on the diagonal k of [Eye] and below it, and
// zeros above. It panics as Eye does.
func Tri[T Number](n, m, k int) *Array[T] {
	a := sized[T]("Tri", n, m)
	for i := range n {
		kern.Fill(kern.Vec[T]{Data: a.data, Off: i * m, Inc: 1}, 1, upTo(i, k, m))
	}
	return a
}

// upTo returns how many of the m elements of row i lie on the diagonal k or below it.
func upTo(i, k, m int) int {
	switch {
	case k >= m-1-i: // also where i+k would overflow
		return m
	case k < -i:
		return 0
	}
	return i + k + 1
}

// Tril stores in dst the elements of a's matrices, which lie on the last two axes, on the diagonal k of [Eye] and below
// it, and zeros above, and returns dst. A nil dst is allocated in a's shape and C order; dst may be a or overlap it.
// It panics with a [ShapeError] if a has fewer than two axes or dst another shape, with [ErrReadOnly] if dst is read-only,
// and with a [LayoutError] if its elements lie under several indices.
func Tril[T Number](dst, a *Array[T], k int) *Array[T] { return triangle("Tril", dst, a, k, true) }

// Triu stores in dst the elements of a's matrices, which lie on the last two axes, on the diagonal k of [Eye] and above it,
// and zeros below, and returns dst. For dst and the panics see [Tril].
func Triu[T Number](dst, a *Array[T], k int) *Array[T] { return triangle("Triu", dst, a, k, false) }

func triangle[T Number](op string, dst, a *Array[T], k int, lower bool) *Array[T] {
	ndim := len(a.shape)
	if ndim < 2 {
		panic(newShapeError(op, "expected at least two axes", a.shape))
	}
	dst = destination(op, dst, a.shape, a.shape)
	if a.n == 0 {
		return dst
	}
	a = apart(dst, a)
	rows, cols := a.shape[ndim-2], a.shape[ndim-1]
	for i := range rows {
		split := 0
		if lower {
			split = upTo(i, k, cols)
		} else if k > math.MinInt { // below all diagonals: whole
			split = upTo(i, k-1, cols)
		}
		kept, zeros := [2]int{0, split}, [2]int{split, cols}
		if !lower {
			kept, zeros = zeros, kept
		}
		to, from := dst.rowPart(i, kept), a.rowPart(i, kept)
		l := newLoops(&to, &from)
		l.each(func(offsets []int, n int) {
			kern.Copy(kern.Vec[T]{Data: dst.data, Off: offsets[0], Inc: l.inc(0)}, kern.Vec[T]{Data: a.data, Off: offsets[1], Inc: l.inc(1)}, n)
		})
		to = dst.rowPart(i, zeros)
		l = newLoops(&to)
		l.each(func(offsets []int, n int) {
			kern.Fill(kern.Vec[T]{Data: dst.data, Off: offsets[0], Inc: l.inc(0)}, 0, n)
		})
	}
	return dst
}

// rowPart returns the layout of some columns of row i of every matrix on the last two axes.
func (l *layout) rowPart(i int, columns [2]int) layout {
	row, column := len(l.shape)-2, len(l.shape)-1
	length := columns[1] - columns[0]
	part := layout{shape: slices.Delete(slices.Clone(l.shape), row, column), strides: slices.Delete(slices.Clone(l.strides), row, column)}
	part.shape[row] = length
	part.offset = l.offset + i*l.strides[row] + columns[0]*l.strides[column]
	part.n = l.n / (l.shape[row] * l.shape[column]) * length
	return part
}
