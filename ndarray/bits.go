package ndarray

import "github.com/samebytes/samebytes/ndarray/internal/kern"

// BitAnd stores a & b in dst, element for element, and returns it. For bool there is [LogicalAnd].
func BitAnd[T Integer](dst, a, b *Array[T]) *Array[T] {
	return apply2("BitAnd", dst, a, b, kern.BitAnd[T]{})
}

// BitOr stores a | b in dst, element for element, and returns it.
func BitOr[T Integer](dst, a, b *Array[T]) *Array[T] {
	return apply2("BitOr", dst, a, b, kern.BitOr[T]{})
}

// BitXor stores the bits that differ between a and b in dst, element for element, and returns it.
func BitXor[T Integer](dst, a, b *Array[T]) *Array[T] {
	return apply2("BitXor", dst, a, b, kern.BitXor[T]{})
}

// BitNot stores ^a, all bits turned over, in dst and returns it.
func BitNot[T Integer](dst, a *Array[T]) *Array[T] { return apply1("BitNot", dst, a, kern.BitNot[T]{}) }

// ShiftLeft stores a << b in dst, element for element, and returns it: zero where b is at least T's number of bits, or, as
// in NumPy, below zero.
func ShiftLeft[T Integer](dst, a, b *Array[T]) *Array[T] {
	return apply2("ShiftLeft", dst, a, b, kern.ShiftLeft[T]{})
}

// ShiftRight stores a >> b in dst, element for element, and returns it: nothing but the sign is left where b is at least T's number of
// bits, or, as in NumPy, below zero.
func ShiftRight[T Integer](dst, a, b *Array[T]) *Array[T] {
	return apply2("ShiftRight", dst, a, b, kern.ShiftRight[T]{})
}

// BitCount stores the number of ones in the absolute value of a in dst and returns it.
func BitCount[T Integer](dst *Array[uint8], a *Array[T]) *Array[uint8] {
	return apply1("BitCount", dst, a, kern.BitCount[T]{})
}
