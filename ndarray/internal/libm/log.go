package libm

import "math"

// Log returns the natural logarithm of x. math.Log is wrong below the least normal number, on amd64.
func Log(x float64) float64 {
	if x > 0 && x < 0x1p-1022 {
		return math.Log(x*0x1p54) - 54*math.Ln2
	}
	return math.Log(x)
}

// logParts returns n and hi + lo with x = 2ⁿ(1+f) and log(1+f) = hi + lo, where hi has no more than 21 bits (msun's k_log.h).
// x must be above zero, and finite.
func logParts(x float64) (n, hi, lo float64) {
	m, e := math.Frexp(x)
	if m < math.Sqrt2/2 {
		m *= 2
		e--
	}
	f := m - 1
	s := f / (2 + f)
	z := s * s
	w := z * z
	r := z*(6.666666666666735130e-01+w*(2.857142874366239149e-01+w*(1.818357216161805012e-01+w*1.479819860511658591e-01))) +
		w*(3.999999999940941908e-01+w*(2.222219843214978396e-01+w*1.531383769920937332e-01))
	half := 0.5 * f * f
	hi = math.Float64frombits(math.Float64bits(f-half) &^ (1<<32 - 1))
	lo = (f - hi) - half + s*(half+r)
	return float64(e), hi, lo
}

// Log2 returns the logarithm of x to base 2: exactly that of powers of two.
func Log2(x float64) float64 {
	if !(x > 0 && x <= math.MaxFloat64) {
		return math.Log(x)
	}
	n, hi, lo := logParts(x)
	// 1/log(2) in two parts, the first short enough for exact products with hi.
	const first, rest = 1.44269504072144627571e+00, 1.67517131648865118353e-10
	high := hi * first
	low := (lo+hi)*rest + lo*first
	w := n + high
	return w + (low + ((n - w) + high))
}

// Log10 returns the logarithm of x to base 10: exactly that of powers of ten.
func Log10(x float64) float64 {
	if !(x > 0 && x <= math.MaxFloat64) {
		return math.Log(x)
	}
	n, hi, lo := logParts(x)
	const (
		first, rest           = 4.34294481878168880939e-01, 2.50829467116452752298e-11 // of 1/log(10)
		ofTwoFirst, ofTwoRest = 3.01029995663611771306e-01, 3.69423907715893078616e-13 // of log10(2)
	)
	high := hi * first
	whole := n * ofTwoFirst
	low := n*ofTwoRest + (lo+hi)*rest + lo*first
	w := whole + high
	return w + (low + ((whole - w) + high))
}
