package libm

import "math"

// asinRatio returns (asin(sqrt(z)) - sqrt(z)) / (z*sqrt(z)) for z in [0, 1/4] (msun's e_asin.c).
func asinRatio(z float64) float64 {
	p := z * (1.66666666666666657415e-01 + z*(-3.25565818622400915405e-01+z*(2.01212532134862925881e-01+
		z*(-4.00555345006794114027e-02+z*(7.91534994289814532176e-04+z*3.47933107596021167570e-05)))))
	q := 1 + z*(-2.40339491173441421878e+00+z*(2.02094576023350569471e+00+z*(-6.88283971605453293030e-01+z*7.70381505559019352791e-02)))
	return p / q
}

// The part of π/2 that a float64 does not hold.
const halfPiRest = 6.12323399573676603587e-17

// Asin returns the angle in [-π/2, π/2] whose sine is x.
func Asin(x float64) float64 {
	size := math.Abs(x)
	switch {
	case !(size <= 1):
		return math.NaN()
	case size == 1:
		return math.Copysign(math.Pi/2, x)
	case size < 1e-8:
		return x
	case size < 0.5:
		return x + x*asinRatio(x*x)
	}
	w := (1 - size) * 0.5
	s, r := math.Sqrt(w), asinRatio(w)
	rest := math.FMA(-s, s, w) / (2 * s) // of the root
	angle := math.Pi/2 - (2*s - (halfPiRest - 2*(rest+s*r)))
	return math.Copysign(angle, x)
}

// Acos returns the angle in [0, π] whose cosine is x.
func Acos(x float64) float64 {
	size := math.Abs(x)
	switch {
	case !(size <= 1):
		return math.NaN()
	case x == 1:
		return 0
	case x == -1:
		return math.Pi
	case size < 0.5:
		return math.Pi/2 - (x - (halfPiRest - x*asinRatio(x*x)))
	}
	z := (1 - size) * 0.5
	s, r := math.Sqrt(z), asinRatio(z)
	rest := math.FMA(-s, s, z) / (2 * s)
	if x < 0 {
		return math.Pi - 2*(s+(r*s+rest-halfPiRest))
	}
	return 2 * (s + (r*s + rest))
}

// Atan2 returns the angle in [-π, π] of the point (x, y).
func Atan2(y, x float64) float64 {
	if x < 0 && x >= -math.MaxFloat64 && y != 0 && y-y == 0 {
		return math.Copysign(math.Pi, y) + math.Atan(y/x)
	}
	return math.Atan2(y, x)
}

// Hypot returns the square root of x*x + y*y (Borges, An Improved Algorithm for hypot(a, b), arXiv:1904.09481).
func Hypot(x, y float64) float64 {
	x, y = math.Abs(x), math.Abs(y)
	if x < y {
		x, y = y, x
	}
	if !(x < 1e150 && y > 1e-140) {
		switch {
		case y == 0 || x-x != 0 || y-y != 0 || y < x*0x1p-54:
			return math.Hypot(x, y)
		case x >= 1e150:
			return Hypot(x*0x1p-600, y*0x1p-600) * 0x1p600
		}
		return Hypot(x*0x1p600, y*0x1p600) * 0x1p-600
	}
	h := math.Sqrt(math.FMA(x, x, y*y))
	h2, x2 := float64(h*h), float64(x*x)
	delta := math.FMA(-y, y, h2-x2) + math.FMA(h, h, -h2) - math.FMA(x, x, -x2)
	return h - delta/(2*h)
}
