package kern

import (
	"cmp"
	"math"
)

// CompareComplex returns -1, 0 or 1 as a comes before b, is equal or comes after it in NumPy's order: by real parts, then by
// imaginary ones. Numbers without NaN come first, then those where the imaginary part is NaN, then the real one, then both;
// among those that have it in the same place, the other part decides.
func CompareComplex[T complex64 | complex128](a, b T) int {
	x, y := complex128(a), complex128(b)
	if class, other := nanClass(x), nanClass(y); class|other != 0 && class != other {
		return cmp.Compare(class, other)
	}
	if order := compareParts(real(x), real(y)); order != 0 {
		return order
	}
	return compareParts(imag(x), imag(y))
}

func nanClass(x complex128) int {
	class := 0
	if math.IsNaN(real(x)) {
		class = 2
	}
	if math.IsNaN(imag(x)) {
		class++
	}
	return class
}

// compareParts returns 0 for NaN, which both are then.
func compareParts(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}
