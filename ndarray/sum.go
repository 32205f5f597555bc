package ndarray

import "github.com/samebytes/samebytes/ndarray/internal/kern"

// Sum returns the sum of all elements, zero if there are none. Integers wrap, as Go's do, where NumPy's sum of small ones is
// an int64: that is SumAs[int64].
//
// Floats are added pairwise, those of 32 bits as float64. Those of 64 bits are added in NumPy's order, so that the sum is
// NumPy's to the bit, where they are contiguous or no more than 8192. Over axes the same holds for each sum of contiguous
// elements, and for sums of rows: more than 32 of them are added pairwise, where NumPy adds one after the other.
func Sum[T Number](a *Array[T]) T { return SumAs[T](a) }

// SumAs is [Sum] in another type: elements are converted to U before they are added. Of complex elements a real U takes the
// real parts, as in NumPy.
func SumAs[U, T Number](a *Array[T]) U {
	if a.onePiece() {
		if same, ok := any(a).(*Array[U]); ok && !rounds32[U]() {
			return kern.Sum(kern.Vec[U]{Data: same.data, Inc: 1}, a.n) + 0 // which is not -0
		}
		if narrow, ok := any(a).(*Array[float32]); ok {
			sum := kern.SumFloats(narrow.data[:a.n]) + 0
			switch any(*new(U)).(type) {
			case float32:
				return of[U](float32(sum))
			case float64:
				return of[U](sum)
			}
		}
		if sum, ok := integerSum[U](a); ok {
			return sum
		}
	}
	return sumTo[U]("Sum", nil, a, nil).data[0]
}

// integerSum returns the sum of all elements of a, which lie in one piece, if they are integers and U is as wide as integers are.
func integerSum[U, T Number](a *Array[T]) (sum U, ok bool) {
	var low int64
	switch a := any(a).(type) {
	case *Array[int8]:
		low = kern.SumIntegers(a.data[:a.n])
	case *Array[int16]:
		low = kern.SumIntegers(a.data[:a.n])
	case *Array[int32]:
		low = kern.SumIntegers(a.data[:a.n])
	case *Array[uint8]:
		low = kern.SumIntegers(a.data[:a.n])
	case *Array[uint16]:
		low = kern.SumIntegers(a.data[:a.n])
	case *Array[uint32]:
		low = kern.SumIntegers(a.data[:a.n])
	default:
		return sum, false
	}
	switch any(sum).(type) {
	case int64:
		return of[U](low), true
	case uint64:
		return of[U](uint64(low)), true
	}
	return sum, false
}

// SumTo stores in dst the sums over axes, of all elements if none are named, and returns dst. Elements are converted to U and
// added as [Sum] does; no elements add up to zero.
//
// As in all functions over axes, a negative axis counts from the last; dst has the shape of a without the axes, or with
// lengths of one there, which keeps them (ExpandDims does it after); a nil dst is made without them, in memory of its own.
// Where dst shares elements with a, the result is as if a had been copied before. SumTo panics with a [ShapeError] if axes
// are out of range or named twice or dst has another shape, with [ErrReadOnly] if dst is read-only, and with a
// [LayoutError] if elements of dst lie under several indices.
func SumTo[U, T Number](dst *Array[U], a *Array[T], axes ...int) *Array[U] {
	return sumTo("SumTo", dst, a, axes)
}

func sumTo[U, T Number](op string, dst *Array[U], a *Array[T], axes []int) *Array[U] {
	return foldNumbers(op, dst, a, axes, sums[U], wideFolds{sums[int64], sums[uint64], sums[float64], sums[complex128]})
}

// Prod returns the product of all elements, one if there are none. Integers wrap, as Go's do, where NumPy's product of small
// ones is an int64: that is ProdAs[int64]. Floats of 32 bits are multiplied as float64.
func Prod[T Number](a *Array[T]) T { return ProdAs[T](a) }

// ProdAs is [Prod] in another type, as [SumAs] is Sum.
func ProdAs[U, T Number](a *Array[T]) U { return prodTo[U]("Prod", nil, a, nil).data[0] }

// ProdTo stores in dst the products over axes, as [SumTo] does sums.
func ProdTo[U, T Number](dst *Array[U], a *Array[T], axes ...int) *Array[U] {
	return prodTo("ProdTo", dst, a, axes)
}

func prodTo[U, T Number](op string, dst *Array[U], a *Array[T], axes []int) *Array[U] {
	return foldNumbers(op, dst, a, axes, products[U], wideFolds{products[int64], products[uint64], products[float64], products[complex128]})
}

func sums[A Number]() *fold[A] {
	return &fold[A]{exact: !rounds[A](), sums: true, run: kern.Sum[A], lines: kern.SumLines[A], half: kern.Half[A], rows: kern.SumRows[A], empty: new(A), finish: kern.AddZero[A]}
}

func products[A Number]() *fold[A] {
	one := A(1)
	return &fold[A]{exact: !rounds[A](), run: kern.Prod[A], rows: kern.ProdRows[A], empty: &one}
}

// foldNumbers folds elements of T as values of U: as they are where T is U and results are exact or have 64 bits, else by
// the fold for the widest numbers of U's kind, whose results become U's. Integers wrap then as they would have on the way.
func foldNumbers[U, T Number](op string, dst *Array[U], a *Array[T], axes []int, same func() *fold[U], wide wideFolds) *Array[U] {
	reduced := reducedAxes(op, a.shape, axes)
	if a, ok := any(a).(*Array[U]); ok && !rounds32[U]() {
		f := same()
		f.direct = a.data
		return reduce(op, dst, a, reduced, f)
	}
	result, _ := reducedDestination(op, dst, a.shape, reduced)
	convert(underlying(result), wide.reduce(op, underlying(a), &a.layout, reduced, DTypeOf[U]().Kind(), result.shape))
	return result
}

// rounds reports whether numbers of T have fractions.
func rounds[T Number]() bool { return T(1)/T(2) != 0 }

// rounds32 reports whether numbers of T round to 32 bits.
func rounds32[T Number]() bool {
	switch any(*new(T)).(type) {
	case float64, int64:
		return false // at once, for sums of a few elements
	}
	dtype := DTypeOf[T]()
	return dtype == Float32 || dtype == Complex64
}
