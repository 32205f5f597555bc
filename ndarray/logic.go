package ndarray

import "github.com/samebytes/samebytes/ndarray/internal/kern"

// LogicalAnd stores a && b in dst, element for element, and returns it. Of numbers, take [NotEqual] to zero first.
func LogicalAnd(dst, a, b *Array[bool]) *Array[bool] {
	return apply2("LogicalAnd", dst, a, b, kern.LogicalAnd{})
}

// LogicalOr stores a || b in dst, element for element, and returns it.
func LogicalOr(dst, a, b *Array[bool]) *Array[bool] {
	return apply2("LogicalOr", dst, a, b, kern.LogicalOr{})
}

// LogicalXor stores whether one of a and b is true in dst, element for element, and returns it.
func LogicalXor(dst, a, b *Array[bool]) *Array[bool] {
	return apply2("LogicalXor", dst, a, b, kern.LogicalXor{})
}

// LogicalNot stores !a in dst and returns it.
func LogicalNot(dst, a *Array[bool]) *Array[bool] {
	return apply1("LogicalNot", dst, a, kern.LogicalNot{})
}
