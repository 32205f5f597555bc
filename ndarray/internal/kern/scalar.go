package kern

import (
	"math"
	"math/bits"
)

// rounds reports whether T is a float. The compiler knows the answer for each T, and drops the branch not taken.
func rounds[T Real]() bool { return T(1)/T(2) != 0 }

func abs[T Real](x T) T {
	if rounds[T]() {
		return T(math.Abs(float64(x)))
	}
	if x < 0 {
		return -x
	}
	return x
}

// sign returns NaN for NaN, and zero without a sign for zeros.
func sign[T Real](x T) T {
	switch {
	case x > 0:
		return 1
	case x < 0:
		var zero T
		return zero - 1
	case x == 0:
		return 0
	}
	return x
}

// floorDiv returns the greatest whole number not above x/y. As in NumPy, integers give zero where y is, and floats x/y.
func floorDiv[T Real](x, y T) T {
	if rounds[T]() {
		q, _ := FloatDivMod(x, y)
		return q
	}
	if y == 0 {
		return 0
	}
	q := x / y
	if q*y != x && (x < 0) != (y < 0) {
		q--
	}
	return q
}

// mod returns what floorDiv leaves of x, which has the sign of y. Integers give zero where y is, and floats NaN.
func mod[T Real](x, y T) T {
	if rounds[T]() {
		_, r := FloatDivMod(x, y)
		return r
	}
	if y == 0 {
		return 0
	}
	r := x - x/y*y
	if r != 0 && (r < 0) != (y < 0) {
		r += y
	}
	return r
}

// FloatDivMod returns floorDiv and mod of floats, by NumPy's steps (npy_divmod), so that it rounds as NumPy does.
func FloatDivMod[T Real](x, y T) (quotient, remainder T) {
	remainder = T(math.Mod(float64(x), float64(y)))
	if y == 0 {
		return x / y, remainder
	}
	quotient = (x - remainder) / y
	if remainder == 0 {
		remainder = T(math.Copysign(0, float64(y)))
	} else if (y < 0) != (remainder < 0) {
		remainder += y
		quotient--
	}
	if quotient == 0 {
		return T(math.Copysign(0, float64(x/y))), remainder
	}
	floor := T(math.Floor(float64(quotient)))
	if half := T(1) / 2; quotient-floor > half {
		floor++
	}
	return floor, remainder
}

// fmod returns what truncated division leaves of x, which has the sign of x.
func fmod[T Real](x, y T) T {
	if rounds[T]() {
		return T(math.Mod(float64(x), float64(y)))
	}
	if y == 0 {
		return 0
	}
	return x - x/y*y
}

// fma rounds the exact result to float64, and then to T.
func fma[T Float](x, y, z T) T { return T(math.FMA(float64(x), float64(y), float64(z))) }

// fmin returns the other operand where one is NaN.
func fmin[T Real](x, y T) T {
	switch {
	case x != x:
		return y
	case y != y:
		return x
	}
	return min(x, y)
}

// fmax returns the other operand where one is NaN.
func fmax[T Real](x, y T) T {
	switch {
	case x != x:
		return y
	case y != y:
		return x
	}
	return max(x, y)
}

// bitCount returns the number of bits that are one in the absolute value of x, as NumPy counts them.
func bitCount[T Integer](x T) uint8 {
	if x < 0 {
		x = -x
	}
	if x < 0 {
		return 1 // the least number is its own negative
	}
	return uint8(bits.OnesCount64(uint64(x)))
}

// Quotient divides as NumPy does (Smith's algorithm, Communications of the ACM 5, 1962, 435), which is not C's way with
// infinities.
func Quotient(x, y complex128) complex128 {
	a, b := real(y), imag(y)
	switch {
	case a == 0 && b == 0:
		return complex(real(x)/math.Abs(a), imag(x)/math.Abs(a))
	case math.Abs(a) >= math.Abs(b):
		ratio := b / a
		scale := 1 / (a + float64(b*ratio))
		return complex((real(x)+float64(imag(x)*ratio))*scale, (imag(x)-float64(real(x)*ratio))*scale)
	}
	ratio := a / b
	scale := 1 / (b + float64(a*ratio))
	return complex((float64(real(x)*ratio)+imag(x))*scale, (float64(imag(x)*ratio)-real(x))*scale)
}
