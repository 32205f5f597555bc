package libm

import "math"

// The logarithm of 2: a multiple of 2⁻³² or so, and the rest.
const ln2Hi, ln2Lo = 6.93147180369123816490e-01, 1.90821492927058770002e-10

// Exp returns e to the power of x.
func Exp(x float64) float64 { return expTimes(x, 0) }

// expTimes returns e to the power of x, times 2 to the power of n, of which neither overflows before the product (msun's e_exp.c).
func expTimes(x float64, n int) float64 {
	switch {
	case x > 2000:
		return math.Inf(1)
	case x < -2000:
		return 0
	case x != x:
		return x
	}
	k := math.RoundToEven(x * math.Log2E)
	hi, lo := x-k*ln2Hi, k*ln2Lo
	r := hi - lo
	c := r - oddExp(r*r)
	return scale(1-((lo-r*c/(2-c))-hi), int(k)+n)
}

// oddExp returns z/6 - z*z/360 + ..., from which the exponential of ±sqrt(z) is made, for z up to 1/8.
func oddExp(z float64) float64 {
	return z * (1.66666666666666019037e-01 + z*(-2.77777777770155933842e-03+z*(6.61375632143793436117e-05+
		z*(-1.65339022054652515390e-06+z*4.13813679705723846039e-08))))
}

// scale returns x, which is near 1, times 2 to the power of n.
func scale(x float64, n int) float64 {
	if n > -1000 && n < 1000 {
		return x * math.Float64frombits(uint64(n+1023)<<52)
	}
	return math.Ldexp(x, n)
}

// Sinh returns the hyperbolic sine of x.
func Sinh(x float64) float64 {
	size := math.Abs(x)
	switch {
	case size < 1e-8 || x != x:
		return x
	case size < 1:
		t := math.Expm1(size)
		return math.Copysign(0.5*(2*t-t*t/(t+1)), x)
	case size < 22:
		t := math.Expm1(size)
		return math.Copysign(0.5*(t+t/(t+1)), x)
	}
	return math.Copysign(expTimes(size, -1), x)
}

// Cosh returns the hyperbolic cosine of x.
func Cosh(x float64) float64 {
	size := math.Abs(x)
	switch {
	case size < 0.5*math.Ln2:
		t := math.Expm1(size)
		return 1 + t*t/(2*(1+t))
	case size < 22:
		t := Exp(size)
		return 0.5*t + 0.5/t
	}
	return expTimes(size, -1)
}
