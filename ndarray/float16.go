package ndarray

import (
	"math"
	"math/bits"
)

// Float16 is an IEEE 754 binary16 number, NumPy's float16: 11 significant bits, and magnitudes from 6e-8 to 65504. It
// is a struct so that operators, which would take its bits for a number, don't compile; == compares bits. Reckon in float32.
type Float16 struct{ bits uint16 }

// BFloat16 is the upper half of a float32: 8 significant bits and float32's magnitudes. NumPy has no such dtype of its own:
// it is that of the Python package ml_dtypes. .npy files have it as "<V2", which NumPy alone reads as two plain bytes.
type BFloat16 struct{ upper uint16 } // another name than Float16 has, so that neither converts to the other

// NewFloat16 returns the Float16 nearest to v, of two the one whose last bit is zero. Of a float32 too: float64(v) is exact.
// Beyond 65504 by half a step it is infinite. What fits of a NaN's bits is kept, as NumPy does.
func NewFloat16(v float64) Float16 {
	return Float16{uint16(narrow(math.Float64bits(v), binary64, binary16))}
}

// NewBFloat16 returns the BFloat16 nearest to v, as [NewFloat16] does.
func NewBFloat16(v float64) BFloat16 {
	return BFloat16{uint16(narrow(math.Float64bits(v), binary64, bfloat))}
}

// Float16FromBits returns the number with these bits: sign, 5 bits of exponent, 10 of fraction.
func Float16FromBits(bits uint16) Float16 { return Float16{bits} }

// BFloat16FromBits returns the number with these bits: sign, 8 bits of exponent, 7 of fraction.
func BFloat16FromBits(bits uint16) BFloat16 { return BFloat16{bits} }

// Bits returns the number's bits.
func (f Float16) Bits() uint16 { return f.bits }

// Bits returns the number's bits.
func (f BFloat16) Bits() uint16 { return f.upper }

// Float32 returns the number, exactly.
func (f Float16) Float32() float32 {
	return math.Float32frombits(uint32(widen(uint64(f.bits), binary16, binary32)))
}

// Float32 returns the number, exactly.
func (f BFloat16) Float32() float32 { return math.Float32frombits(uint32(f.upper) << 16) }

// Float64 returns the number, exactly.
func (f Float16) Float64() float64 {
	return math.Float64frombits(widen(uint64(f.bits), binary16, binary64))
}

// Float64 returns the number, exactly.
func (f BFloat16) Float64() float64 {
	return math.Float64frombits(widen(uint64(f.upper), bfloat, binary64))
}

// String returns the shortest decimal that is read as the same number, as NumPy prints a scalar: "0.1", "6.55e+04", "1e-07".
func (f Float16) String() string { return floatKinds[16].scalar(f.Float64(), ".0") }

// String returns the shortest decimal that is read as the same number, as [Float16.String] does.
func (f BFloat16) String() string { return bfloatKind.scalar(f.Float64(), ".0") }

// bfloatKind is bfloat16 for printing. NumPy has no rule for it: lone numbers get an exponent where float32's do.
var bfloatKind = floatKind{mantissa: 8, minExp: -125, decimals: 2, large: 1e6}

// floatFormat is an IEEE 754 binary format, by the bits of its exponent and of its fraction.
type floatFormat struct{ exponent, fraction uint }

var (
	binary16 = floatFormat{5, 10}
	bfloat   = floatFormat{8, 7}
	binary32 = floatFormat{8, 23}
	binary64 = floatFormat{11, 52}
)

// bias is what the exponent of 1 is stored as.
func (f floatFormat) bias() int { return 1<<(f.exponent-1) - 1 }

// infinity is the bits of +Inf.
func (f floatFormat) infinity() uint64 { return (1<<f.exponent - 1) << f.fraction }

// narrow rounds b, a number's bits in a wider format, to nearest, ties to even.
func narrow(b uint64, from, to floatFormat) uint64 {
	sign := b >> (from.exponent + from.fraction) << (to.exponent + to.fraction)
	magnitude := b & (1<<(from.exponent+from.fraction) - 1)
	drop := from.fraction - to.fraction
	if magnitude >= from.infinity() {
		rest := magnitude - from.infinity() // a NaN's, whose upper bits are kept; none left would be infinity
		if kept := rest >> drop; kept != 0 || rest == 0 {
			return sign | to.infinity() | kept
		}
		return sign | to.infinity() | 1
	}
	exponent := int(magnitude>>from.fraction) - from.bias() + to.bias()
	mantissa := magnitude & (1<<from.fraction - 1)
	base := uint64(0)
	switch {
	case exponent >= 1<<to.exponent-1:
		return sign | to.infinity()
	case exponent > 0:
		base = uint64(exponent) << to.fraction
	default: // subnormal, or rounds to zero: the leading one is a bit of the fraction then
		mantissa |= 1 << from.fraction
		drop += uint(1 - exponent)
		if drop > 63 {
			return sign // less than half of the smallest number, as from's own subnormals are
		}
	}
	result := base + mantissa>>drop // in which a carry runs on into the exponent, up to infinity
	half, rest := uint64(1)<<(drop-1), mantissa&(1<<drop-1)
	if rest > half || rest == half && result&1 == 1 {
		result++
	}
	return sign | result
}

// widen returns the bits, in a wider format, of the number whose bits are b.
func widen(b uint64, from, to floatFormat) uint64 {
	sign := b >> (from.exponent + from.fraction) << (to.exponent + to.fraction)
	magnitude := b & (1<<(from.exponent+from.fraction) - 1)
	grow := to.fraction - from.fraction
	exponent, fraction := magnitude>>from.fraction, magnitude&(1<<from.fraction-1)
	switch {
	case magnitude >= from.infinity():
		return sign | to.infinity() | fraction<<grow
	case magnitude == 0:
		return sign
	case exponent == 0: // subnormal: shift the leading one out of the fraction
		shift := from.fraction + 1 - uint(bits.Len64(fraction))
		fraction = fraction << shift & (1<<from.fraction - 1)
		return sign | uint64(1-int(shift)+to.bias()-from.bias())<<to.fraction | fraction<<grow
	}
	return sign | (exponent+uint64(to.bias()-from.bias()))<<to.fraction | fraction<<grow
}
