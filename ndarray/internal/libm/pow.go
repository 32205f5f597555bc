package libm

import "math"

// Pow returns x to the power of y, with math.Pow's special cases. It computes y*log2(x) with some 70 bits (as msun's e_pow.c, by
// fused multiplications).
func Pow(x, y float64) float64 {
	if x == 0 || y == 0 || x == 1 || x-x != 0 || y-y != 0 {
		return math.Pow(x, y)
	}
	sign := 1.0
	if x < 0 {
		whole := math.Trunc(y)
		if whole != y {
			return math.NaN()
		}
		if math.Abs(y) < 1<<53 && int64(y)&1 != 0 {
			sign = -1
		}
		x = -x
	}
	hi, lo := log2(x)
	p := float64(y * hi)
	switch {
	case p > 1100:
		return sign * math.Inf(1)
	case p < -1200:
		return sign * 0
	}
	lo = math.FMA(y, hi, -p) + y*lo
	n := math.RoundToEven(p)
	return sign * scale(exp2(p-n, lo), int(n))
}

// Exp2 returns 2 to the power of x.
func Exp2(x float64) float64 {
	if !(math.Abs(x) < 2000) {
		return math.Exp2(x)
	}
	n := math.RoundToEven(x)
	return scale(exp2(x-n, 0), int(n))
}

// log2 returns the logarithm to base 2 of x, above zero and finite, as an unrounded sum.
func log2(x float64) (hi, lo float64) {
	m, e := math.Frexp(x)
	m *= 2 // in [1, 2), of which parts are near 1, 1.5 and 2
	n := float64(e - 1)
	base, baseHi, baseLo := 1.0, 0.0, 0.0
	switch {
	case m >= 1.7320508:
		m /= 2
		n++
	case m >= 1.2247448:
		base, baseHi, baseLo = 1.5, 0x1.2b80347p-1, 0x1.fbd6879fa00b1p-32
	}
	// s = (m-base)/(m+base), whose inverse hyperbolic tangent is half of log(m/base).
	num, den := m-base, m+base
	denRest := m - (den - base)
	sHi := num / den
	sLo := (math.FMA(-sHi, den, num) - sHi*denRest) / den
	z := float64(sHi * sHi)
	zRest := math.FMA(sHi, sHi, -z) + 2*sHi*sLo
	r := z * z * (5.99999999999994648725e-01 + z*(4.28571428578550184252e-01+z*(3.33333329818377432918e-01+
		z*(2.72728123808534006489e-01+z*(2.30660745775561754067e-01+z*2.06975017800338417784e-01)))))
	// log(m/base) = 2/3 s (3 + z + r)
	tHi := 3 + (z + r)
	tLo := (3 - tHi + z) + r + zRest
	p := float64(sHi * tHi)
	pRest := math.FMA(sHi, tHi, -p) + sHi*tLo + sLo*tHi
	const first, rest = 0x1.ec709dc3a03fdp-1, 0x1.d27f05548af0cp-55 // of 2/(3 log(2))
	q := float64(p * first)
	qRest := math.FMA(p, first, -q) + p*rest + pRest*first
	// n + base's logarithm is exact, and q no larger where it is not zero.
	whole := n + baseHi
	hi = whole + q
	lo = (whole - hi) + q + (qRest + baseLo)
	s := hi + lo
	return s, (hi - s) + lo
}

// exp2 returns 2 to the power of x + y, |x| <= 1/2 and y far smaller still.
func exp2(x, y float64) float64 {
	const ln2Rest = 0x1.abc9e3b39803fp-56
	s := x + y // so that the rest is below what 1 + z and e to the power of z differ by
	x, y = s, (x-s)+y
	z := float64(x * math.Ln2)
	rest := math.FMA(x, math.Ln2, -z) + x*ln2Rest + y*math.Ln2
	t := z - oddExp(z*z)
	return 1 - (z*t/(t-2) - (rest + z*rest) - z)
}
