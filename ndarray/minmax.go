package ndarray

import "github.com/samebytes/samebytes/ndarray/internal/kern"

// Minimum stores the lesser of a and b in dst, element for element, and returns it: NaN where one is, and -0 of two zeros.
func Minimum[T Real](dst, a, b *Array[T]) *Array[T] {
	return apply2("Minimum", dst, a, b, kern.Minimum[T]{})
}

// Maximum stores the greater of a and b in dst, element for element, and returns it: NaN where one is, and +0 of two zeros.
func Maximum[T Real](dst, a, b *Array[T]) *Array[T] {
	return apply2("Maximum", dst, a, b, kern.Maximum[T]{})
}

// FMin is [Minimum], with the other element where one is NaN.
func FMin[T Real](dst, a, b *Array[T]) *Array[T] { return apply2("FMin", dst, a, b, kern.FMin[T]{}) }

// FMax is [Maximum], with the other element where one is NaN.
func FMax[T Real](dst, a, b *Array[T]) *Array[T] { return apply2("FMax", dst, a, b, kern.FMax[T]{}) }

// Clip stores a in dst, with high where it is above that and else low where it is below that, and returns it. NaN in any of
// them gives NaN. A bound for all elements is a [Scalar].
func Clip[T Real](dst, a, low, high *Array[T]) *Array[T] {
	return apply3("Clip", dst, a, low, high, kern.Clip[T]{})
}
