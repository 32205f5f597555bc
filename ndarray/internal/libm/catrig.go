package libm

import "math"

// The inverse functions of complex numbers are msun's s_catrig.c: Hull, Fairgrieve and Tang, Implementing the Complex Arcsine
// and Arccosine Functions Using Exception Handling, ACM Transactions on Mathematical Software 23 (1997), 299.

const epsilon = 0x1p-52

// AsinhComplex returns the inverse hyperbolic sine of z.
func AsinhComplex(z complex128) complex128 {
	x, y := real(z), imag(z)
	ax, ay := math.Abs(x), math.Abs(y)
	switch {
	case x != x || y != y:
		switch {
		case math.IsInf(x, 0):
			return complex(x, y)
		case math.IsInf(y, 0):
			return complex(math.Inf(1), x)
		case y == 0:
			return complex(x, y)
		}
		return complex(math.NaN(), math.NaN())
	case ax > 1/epsilon || ay > 1/epsilon:
		return complex(math.Copysign(logAbs(z)+math.Ln2, x), Atan2(y, ax))
	case ax < 1e-9 && ay < 1e-9:
		return z
	}
	re, b, root, newY := hull(ax, ay)
	im := 0.0
	if root < 0 {
		im = Asin(b)
	} else {
		im = Atan2(newY, root)
	}
	return complex(math.Copysign(re, x), math.Copysign(im, y))
}

// AcosComplex returns the inverse cosine of z.
func AcosComplex(z complex128) complex128 {
	x, y := real(z), imag(z)
	ax, ay := math.Abs(x), math.Abs(y)
	switch {
	case x != x || y != y:
		switch {
		case math.IsInf(x, 0):
			return complex(y, math.Inf(-1))
		case math.IsInf(y, 0):
			return complex(x, -y)
		case x == 0:
			return complex(math.Pi/2, y)
		}
		return complex(math.NaN(), math.NaN())
	case ax > 1/epsilon || ay > 1/epsilon:
		return complex(math.Abs(Phase(z)), math.Copysign(logAbs(z)+math.Ln2, -y))
	case x == 1 && y == 0:
		return complex(0, -y)
	case ax < 1e-9 && ay < 1e-9:
		return complex(math.Pi/2-(x-halfPiRest), -y)
	}
	im, b, root, newX := hull(ay, ax)
	re := 0.0
	if root < 0 {
		re = Acos(math.Copysign(b, x))
	} else {
		re = Atan2(root, math.Copysign(newX, x))
	}
	return complex(re, math.Copysign(im, -y))
}

// AcoshComplex returns the inverse hyperbolic cosine of z.
func AcoshComplex(z complex128) complex128 {
	w := AcosComplex(z)
	re, im := real(w), imag(w)
	switch {
	case re != re && im != im:
		return w
	case re != re:
		return complex(math.Abs(im), re)
	case im != im:
		return complex(im, math.Copysign(re, imag(z)))
	}
	return complex(math.Abs(im), math.Copysign(re, imag(z)))
}

// hull returns the real part of asinh(x + iy), x and y not below zero; the imaginary part is asin(b) if root is negative, or
// else the angle of the point (root, newY).
func hull(x, y float64) (re, b, root, newY float64) {
	r, s := Hypot(x, y+1), Hypot(x, y-1)
	a := max((r+s)/2, 1)
	switch {
	case a >= 10:
		re = Log(a + math.Sqrt(a*a-1))
	case y == 1 && x < epsilon*epsilon/128:
		re = math.Sqrt(x)
	case x >= epsilon*math.Abs(y-1):
		am1 := half(x, 1+y, r) + half(x, 1-y, s)
		re = math.Log1p(am1 + math.Sqrt(am1*(a+1)))
	case y < 1:
		re = x / math.Sqrt((1-y)*(1+y))
	default:
		re = math.Log1p((y - 1) + math.Sqrt((y-1)*(y+1)))
	}
	if y < 0x1p-509 {
		return re, 0, a * (2 / epsilon), y * (2 / epsilon)
	}
	b = y / a
	switch {
	case b <= 0.6417:
		return re, b, -1, y
	case y == 1 && x < epsilon/128:
		return re, b, math.Sqrt(x) * math.Sqrt((a+y)/2), y
	case x >= epsilon*math.Abs(y-1):
		return re, b, math.Sqrt((half(x, y+1, r) + half(x, y-1, s)) * (a + y)), y
	case y > 1:
		const up = 4 / epsilon / epsilon
		return re, b, x * up * y / math.Sqrt((y+1)*(y-1)), y * up
	}
	return re, b, math.Sqrt((1 - y) * (1 + y)), y
}

// half returns (h - b) / 2, where h is the hypotenuse of a and b.
func half(a, b, h float64) float64 {
	switch {
	case b < 0:
		return (h - b) / 2
	case b == 0:
		return a / 2
	}
	return a * a / (h + b) / 2
}

// AtanhComplex returns the inverse hyperbolic tangent of z.
func AtanhComplex(z complex128) complex128 {
	x, y := real(z), imag(z)
	ax, ay := math.Abs(x), math.Abs(y)
	switch {
	case y == 0 && ax <= 1:
		return complex(math.Atanh(x), y)
	case x == 0:
		return complex(x, math.Atan(y))
	case x != x || y != y:
		switch {
		case math.IsInf(x, 0):
			return complex(math.Copysign(0, x), y)
		case math.IsInf(y, 0):
			return complex(math.Copysign(0, x), math.Copysign(math.Pi/2, y))
		}
		return complex(math.NaN(), math.NaN())
	case ax > 1/epsilon || ay > 1/epsilon:
		return complex(reciprocalReal(x, y), math.Copysign(math.Pi/2, y))
	case ax < 1e-9 && ay < 1e-9:
		return z
	}
	var re, im float64
	if ax == 1 && ay < epsilon {
		re = (math.Ln2 - Log(ay)) / 2
	} else {
		re = math.Log1p(4*ax/((ax-1)*(ax-1)+ay*ay)) / 4
	}
	switch {
	case ax == 1:
		im = Atan2(2, -ay) / 2
	case ay < epsilon:
		im = Atan2(2*ay, (1-ax)*(1+ax)) / 2
	default:
		im = Atan2(2*ay, (1-ax)*(1+ax)-ay*ay) / 2
	}
	return complex(math.Copysign(re, x), math.Copysign(im, y))
}

// reciprocalReal returns the real part of 1/(x + iy), one of which is large.
func reciprocalReal(x, y float64) float64 {
	switch {
	case math.IsInf(x, 0) || math.IsInf(y, 0):
		return math.Copysign(0, x)
	case math.Abs(x) >= math.Abs(y):
		return 1 / (x + y/x*y)
	}
	return x / y / (y + x/y*x)
}
