package ndarray

// Element is the constraint on the elements of an [Array]: any type for which [DTypeOf] has a dtype, because its memory is
// what NumPy stores for that. Go's constraints can't say which those are, so DTypeOf, and whatever makes arrays, checks.
// int, uint and uintptr are none, because their size is the machine's.
type Element interface{}

// Integer is the constraint on elements that are whole numbers.
type Integer interface {
	~int8 | ~int16 | ~int32 | ~int64 | ~uint8 | ~uint16 | ~uint32 | ~uint64
}

// Float is the constraint on elements that are IEEE 754 numbers of 32 or 64 bits.
type Float interface{ ~float32 | ~float64 }

// Complex is the constraint on elements that are pairs of floats.
type Complex interface{ ~complex64 | ~complex128 }

// Real is the constraint on elements that are ordered numbers.
type Real interface{ Integer | Float }

// Inexact is the constraint on elements that round.
type Inexact interface{ Float | Complex }

// Number is the constraint on elements to reckon with.
type Number interface{ Integer | Float | Complex }
