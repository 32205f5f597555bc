package libm

import "math"

// The functions of complex numbers have the special values of C99, Annex G, where that leaves signs open those of NumPy, and
// the branch cuts of both.

// ExpComplex returns e to the power of z.
func ExpComplex(z complex128) complex128 {
	x, y := real(z), imag(z)
	switch {
	case y == 0:
		return complex(Exp(x), y)
	case y-y != 0 && math.IsInf(x, -1):
		return complex(0, math.Copysign(0, y))
	case y-y != 0 && math.IsInf(x, 1):
		return complex(x, math.NaN())
	}
	sin, cos := Sincos(y)
	return polar(x, 0, cos, sin)
}

// polar returns 2ⁿ e to the power of x, times a and times b, either of at most 1, which may bring what overflows back.
func polar(x float64, n int, a, b float64) complex128 {
	if x < 700 || x > math.MaxFloat64 {
		e := expTimes(x, n)
		return complex(e*a, e*b)
	}
	e := expTimes(x, n-1000)
	return complex(e*a*0x1p1000, e*b*0x1p1000)
}

// LogComplex returns the natural logarithm of z.
func LogComplex(z complex128) complex128 { return complex(logAbs(z), Phase(z)) }

// Log10Complex returns the logarithm of z to base 10.
func Log10Complex(z complex128) complex128 {
	return complex(logAbs(z)*math.Log10E, Phase(z)*math.Log10E)
}

// logAbs returns the logarithm of the absolute value of z.
func logAbs(z complex128) float64 {
	x, y := math.Abs(real(z)), math.Abs(imag(z))
	if x < y {
		x, y = y, x
	}
	switch {
	case x > 0x1p1000 && x <= math.MaxFloat64:
		return Log(Hypot(x*0x1p-100, y*0x1p-100)) + 100*math.Ln2
	case x < 0x1p-900 && x > 0:
		return Log(Hypot(x*0x1p100, y*0x1p100)) - 100*math.Ln2
	case !(x > 0.5 && x < 2 && y < 2):
		return Log(Hypot(x, y))
	}
	// Near 1, half of log(1 + (x*x + y*y - 1)), with the roundings made good.
	p, q := float64(x*x), float64(y*y)
	rest := math.FMA(x, x, -p) + math.FMA(y, y, -q)
	s := p - 1
	rest += p - (s + 1)
	t := s + q
	if math.Abs(s) >= q {
		rest += (s - t) + q
	} else {
		rest += (q - t) + s
	}
	if t+rest > 3 {
		return Log(Hypot(x, y))
	}
	return 0.5 * math.Log1p(t+rest)
}

// Abs returns the absolute value of z.
func Abs(z complex128) float64 { return Hypot(real(z), imag(z)) }

// Phase returns the angle of z, in [-π, π].
func Phase(z complex128) float64 { return Atan2(imag(z), real(z)) }

// SqrtComplex returns the square root of z whose real part is not below zero.
func SqrtComplex(z complex128) complex128 {
	x, y := real(z), imag(z)
	size := math.Max(math.Abs(x), math.Abs(y))
	switch {
	case x == 0 && y == 0:
		return complex(0, y)
	case math.IsInf(y, 0):
		return complex(math.Inf(1), y)
	case x != x:
		return complex(x, x)
	case math.IsInf(x, 1) && y != y:
		return complex(x, y)
	case math.IsInf(x, 1):
		return complex(x, math.Copysign(0, y))
	case math.IsInf(x, -1):
		return complex(math.Abs(y-y), math.Copysign(-x, y))
	case y != y:
		return complex(y, y)
	case size > 0x1p1000:
		w := SqrtComplex(complex(x*0x1p-100, y*0x1p-100))
		return complex(real(w)*0x1p50, imag(w)*0x1p50)
	case size < 0x1p-900:
		w := SqrtComplex(complex(x*0x1p200, y*0x1p200))
		return complex(real(w)*0x1p-100, imag(w)*0x1p-100)
	}
	t := math.Sqrt((math.Abs(x) + Hypot(x, y)) * 0.5)
	if x >= 0 {
		return complex(t, y/(2*t))
	}
	return complex(math.Abs(y)/(2*t), math.Copysign(t, y))
}

// SinhComplex returns the hyperbolic sine of z.
func SinhComplex(z complex128) complex128 {
	x, y := real(z), imag(z)
	switch {
	case y == 0:
		return complex(Sinh(x), y)
	case y-y != 0 && x == 0:
		return complex(x, math.NaN())
	case y-y != 0 && math.IsInf(x, 0):
		return complex(math.Inf(1), math.NaN())
	}
	sin, cos := Sincos(y)
	if math.Abs(x) < 22 {
		return complex(Sinh(x)*cos, Cosh(x)*sin)
	}
	return polar(math.Abs(x), -1, math.Copysign(1, x)*cos, sin)
}

// CoshComplex returns the hyperbolic cosine of z.
func CoshComplex(z complex128) complex128 {
	x, y := real(z), imag(z)
	switch {
	case y == 0 && x != x:
		return complex(x, y)
	case y == 0:
		return complex(Cosh(x), math.Copysign(0, x)*y)
	case y-y != 0 && x == 0:
		return complex(math.NaN(), 0)
	case y-y != 0 && math.IsInf(x, 0):
		return complex(math.Inf(1), math.NaN())
	}
	sin, cos := Sincos(y)
	if math.Abs(x) < 22 {
		return complex(Cosh(x)*cos, Sinh(x)*sin)
	}
	return polar(math.Abs(x), -1, cos, math.Copysign(1, x)*sin)
}

// TanhComplex returns the hyperbolic tangent of z: (sinh x cosh x + i sin y cos y) / (sinh² x + cos² y).
func TanhComplex(z complex128) complex128 {
	x, y := real(z), imag(z)
	sin, cos := Sincos(y)
	switch {
	case math.IsInf(x, 0) && y-y != 0:
		return complex(math.Copysign(1, x), math.Copysign(0, y))
	case math.IsInf(x, 0):
		return complex(math.Copysign(1, x), math.Copysign(0, sin*cos))
	case y == 0:
		return complex(math.Tanh(x), y)
	case y-y != 0 && x == 0:
		return complex(x, math.NaN())
	case math.Abs(x) >= 22 && y-y == 0:
		e := Exp(-math.Abs(x))
		return complex(math.Copysign(1, x), 4*sin*cos*e*e)
	}
	sinh, cosh := Sinh(x), Cosh(x)
	d := math.FMA(sinh, sinh, cos*cos)
	return complex(sinh*cosh/d, sin*cos/d)
}

// SinComplex returns the sine of z.
func SinComplex(z complex128) complex128 { return swap(SinhComplex(swap(z))) }

// CosComplex returns the cosine of z.
func CosComplex(z complex128) complex128 { return CoshComplex(complex(-imag(z), real(z))) }

// TanComplex returns the tangent of z.
func TanComplex(z complex128) complex128 { return swap(TanhComplex(swap(z))) }

// AsinComplex returns the inverse sine of z.
func AsinComplex(z complex128) complex128 { return swap(AsinhComplex(swap(z))) }

// AtanComplex returns the inverse tangent of z.
func AtanComplex(z complex128) complex128 { return swap(AtanhComplex(swap(z))) }

// swap exchanges the parts of z. Sine, tangent and their inverses are odd, and real on the real axis, so that each is the
// hyperbolic one between two exchanges.
func swap(z complex128) complex128 { return complex(imag(z), real(z)) }

// PowComplex returns x to the power of y. As in NumPy, whole exponents below 100 multiply.
func PowComplex(x, y complex128) complex128 {
	n := real(y)
	switch {
	case y == 0:
		return 1
	case x == 0 && n > 0 && imag(y) == 0:
		return 0
	case x == 0:
		return complex(math.NaN(), math.NaN())
	case imag(y) == 0 && math.Trunc(n) == n && math.Abs(n) < 100:
		power := complex128(1)
		for k := int(math.Abs(n)); k > 0; k >>= 1 {
			if k&1 != 0 {
				power *= x
			}
			x *= x
		}
		if n < 0 {
			return 1 / power
		}
		return power
	}
	return ExpComplex(y * LogComplex(x))
}
