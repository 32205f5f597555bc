package kern

import (
	"math/bits"

	"github.com/samebytes/samebytes/ndarray/internal/kern/asm"
)

// Unsigned is the constraint on keys: unsigned numbers that are in the order of the elements which they stand for.
type Unsigned interface {
	uint8 | uint16 | uint32 | uint64
}

// Order says how the bits of an element become its key, as a number of the same size. Keys of different bits differ, so that
// elements can be sorted as keys, where they lie, and be made again from them.
type Order struct {
	Kind     OrderKind
	Mantissa int // bits of a Floating element's mantissa
}

// OrderKind is what the bits of an element are.
type OrderKind uint8

const (
	Whole    OrderKind = iota // unsigned: their own keys
	Signed                    // two's complement
	Timed                     // two's complement, of which the lowest is no time, and comes last
	Floating                  // IEEE 754: NaN of either sign comes last, and -0 just before 0
)

// top returns the highest bit of a key.
func top[K Unsigned]() K { return ^(^K(0) >> 1) }

// negativeNaNs returns how many NaN have a sign bit. Turned over with all other negative numbers, as their order wants it,
// they would come first; counted back by as many, they come last.
func negativeNaNs[K Unsigned](mantissa int) K { return 1<<mantissa - 1 }

// Encode replaces elements by their keys.
func Encode[K Unsigned](keys []K, o Order) {
	sign := top[K]()
	switch o.Kind {
	case Signed:
		BitXor[K]{}.Run(all(keys), all(keys), Vec[K]{Data: []K{sign}}, len(keys))
	case Timed:
		for i, k := range keys {
			keys[i] = (k - 1) ^ sign
		}
	case Floating:
		shift, nans := bits.Len64(uint64(sign))-1, negativeNaNs[K](o.Mantissa)
		if code(asm.EncodeFloat, keys, nans) {
			return
		}
		for i, k := range keys {
			keys[i] = (k ^ (-(k >> shift) | sign)) - nans
		}
	}
}

// Decode replaces keys by their elements.
func Decode[K Unsigned](keys []K, o Order) {
	sign := top[K]()
	switch o.Kind {
	case Signed:
		BitXor[K]{}.Run(all(keys), all(keys), Vec[K]{Data: []K{sign}}, len(keys))
	case Timed:
		for i, k := range keys {
			keys[i] = (k ^ sign) + 1
		}
	case Floating:
		shift, nans := bits.Len64(uint64(sign))-1, negativeNaNs[K](o.Mantissa)
		if code(asm.DecodeFloat, keys, nans) {
			return
		}
		for i, k := range keys {
			k += nans
			keys[i] = k ^ ((k>>shift - 1) | sign)
		}
	}
}

// code runs a kernel on keys, and reports whether there is one.
func code[K Unsigned](op asm.Binary, keys []K, nans K) bool {
	return rows2(op, all(keys), all(keys), Vec[K]{Data: []K{nans}}, len(keys), 1)
}

func all[K Unsigned](keys []K) Vec[K] { return Vec[K]{Data: keys, Inc: 1} }

// Equate replaces keys of elements that are equal in this order by one of them: that of 0 for -0, and the highest for each
// NaN. The other orders have no such elements.
func Equate[K Unsigned](keys []K, o Order) {
	if o.Kind != Floating {
		return
	}
	zero, infinity := floatingMarks[K](o.Mantissa)
	for i, k := range keys {
		if k == zero-1 {
			keys[i] = zero
		} else if k > infinity {
			keys[i] = ^K(0)
		}
	}
}

// floatingMarks returns the keys of 0 and of infinity.
func floatingMarks[K Unsigned](mantissa int) (zero, infinity K) {
	sign := top[K]()
	zero = sign - negativeNaNs[K](mantissa)
	return zero, zero + (sign - 1<<mantissa)
}

// Key returns the key of an element, after Equate.
func Key[K Unsigned](element K, o Order) K {
	one := [1]K{element}
	Encode(one[:], o)
	Equate(one[:], o)
	return one[0]
}

// IsKeyOfNaN reports whether an element is NaN, or NaT: not equal to itself, other than in this order.
func IsKeyOfNaN[K Unsigned](element K, o Order) bool {
	return (o.Kind == Floating || o.Kind == Timed) && Key(element, o) == ^K(0)
}
