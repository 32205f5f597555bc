package libm

import (
	"math"
	"math/bits"
)

// reduce returns the distance of x from the nearest multiple of π/2, as an unrounded sum, and which multiple that is, modulo 4.
func reduce(x float64) (hi, lo float64, quadrant int) {
	// π/2 in three parts of 53 bits.
	const (
		first  = 0x1.921fb54442d18p+0
		second = 0x1.1a62633145c07p-54
		third  = -0x1.f1976b7ed8fbcp-110
	)
	if math.Abs(x) >= 1<<30 {
		return reduceLarge(x)
	}
	n := math.RoundToEven(x * (2 / math.Pi))
	r := math.FMA(-n, first, x) // exact: a multiple of 2⁻⁵³ below 1
	p := float64(n * second)
	hi = r - p
	lo = (r - hi) - p - math.FMA(n, second, -p) - n*third
	return sum(hi, lo, int(int64(n)&3))
}

// sum returns hi + lo with hi rounded.
func sum(hi, lo float64, quadrant int) (float64, float64, int) {
	s := hi + lo
	return s, (hi - s) + lo, quadrant
}

// reduceLarge is reduce by Payne and Hanek's method: of x * 2/π only the bits around the binary point are computed.
func reduceLarge(x float64) (hi, lo float64, quadrant int) {
	b := math.Float64bits(x)
	mantissa, exponent := b&(1<<52-1)|1<<52, int(b>>52&0x7ff)-1075
	// The 256 bits of 2/π from there on where they and the mantissa multiply to 3 and less, before which all are whole turns.
	at := exponent - 2 + 64
	word, shift := uint(at)/64, uint(at)%64
	var z [4]uint64
	for i := range z {
		z[i] = twoOverPi[word+uint(i)]<<shift | twoOverPi[word+uint(i)+1]>>(64-shift)
	}
	h3, _ := bits.Mul64(z[3], mantissa)
	h2, l2 := bits.Mul64(z[2], mantissa)
	h1, l1 := bits.Mul64(z[1], mantissa)
	l0 := z[0] * mantissa
	l2, carry := bits.Add64(l2, h3, 0)
	l1, carry = bits.Add64(l1, h2, carry)
	l0 += h1 + carry
	quadrant = int(l0 >> 62)
	// The fraction of 190 bits, as a signed one of [-1/2, 1/2).
	f0, f1, f2 := l0<<2|l1>>62, l1<<2|l2>>62, l2<<2
	negative := f0>>63 != 0
	if negative {
		quadrant++
		var borrow uint64
		f2, borrow = bits.Sub64(0, f2, 0)
		f1, borrow = bits.Sub64(0, f1, borrow)
		f0, _ = bits.Sub64(0, f0, borrow)
	}
	zeros := bits.LeadingZeros64(f0)
	if f0 == 0 {
		zeros = 64 + bits.LeadingZeros64(f1)
		f0, f1, f2 = f1, f2, 0
	}
	n := uint(zeros % 64)
	f0, f1 = f0<<n|f1>>(64-n), f1<<n|f2>>(64-n)
	high := f0 >> 11
	low := f0<<53 | f1>>11
	u, v := math.Ldexp(float64(high), -53-zeros), math.Ldexp(float64(low), -53-64-zeros)
	const halfPi, rest = 0x1.921fb54442d18p+0, 0x1.1a62633145c07p-54
	hi = float64(u * halfPi)
	lo = math.FMA(u, halfPi, -hi) + u*rest + v*halfPi
	if negative {
		hi, lo = -hi, -lo
	}
	if x < 0 {
		hi, lo, quadrant = -hi, -lo, -quadrant
	}
	return sum(hi, lo, quadrant&3)
}

// kernelSin returns sin(x + y) for |x| <= π/4 (msun's k_sin.c).
func kernelSin(x, y float64) float64 {
	z := x * x
	w := z * x
	r := 8.33333333332248946124e-03 + z*(-1.98412698298579493134e-04+z*(2.75573137070700676789e-06+
		z*(-2.50507602534068634195e-08+z*1.58969099521155010221e-10)))
	return x - ((z*(0.5*y-w*r) - y) - w*-1.66666666666666324348e-01)
}

// kernelCos returns cos(x + y) for |x| <= π/4 (msun's k_cos.c).
func kernelCos(x, y float64) float64 {
	z := x * x
	r := z * (4.16666666666666019037e-02 + z*(-1.38888888888741095749e-03+z*(2.48015872894767294178e-05+
		z*(-2.75573143513906633035e-07+z*(2.08757232129817482790e-09+z*-1.13596475577881948265e-11)))))
	half := 0.5 * z
	w := 1 - half
	return w + (((1 - w) - half) + (z*r - x*y))
}

// kernelTan returns tan(x + y) for |x| <= π/4, or -1/tan(x + y) if invert (msun's k_tan.c).
func kernelTan(x, y float64, invert bool) float64 {
	big, negative := math.Abs(x) >= 0.6744, x < 0
	if big {
		if negative {
			x, y = -x, -y
		}
		x = (7.85398163397448278999e-01 - x) + (3.06161699786838301793e-17 - y)
		y = 0
	}
	z := x * x
	w := z * z
	r := 1.33333333333201242699e-01 + w*(2.18694882948595424599e-02+w*(3.59207910759131235356e-03+
		w*(5.88041240820264096874e-04+w*(7.81794442939557092300e-05+w*-1.85586374855275456654e-05))))
	v := z * (5.39682539762260521377e-02 + w*(8.86323982359930005737e-03+w*(1.45620945432529025516e-03+
		w*(2.46463134818469906812e-04+w*(7.14072491382608190305e-05+w*2.59073051863633712884e-05)))))
	s := z * x
	r = y + z*(s*(r+v)+y)
	r += 3.33333333333334091986e-01 * s
	w = x + r
	if big {
		v := 1.0
		if invert {
			v = -1
		}
		t := v - 2*(x-(w*w/(w+v)-r))
		if negative {
			return -t
		}
		return t
	}
	if !invert {
		return w
	}
	// -1 / (x + r), with the rounding of x + r made good.
	a := -1 / w
	return a + a*(math.FMA(a, w, 1)+a*(r-(w-x)))
}

// Sin returns the sine of x.
func Sin(x float64) float64 {
	s, _ := Sincos(x)
	return s
}

// Cos returns the cosine of x.
func Cos(x float64) float64 {
	_, c := Sincos(x)
	return c
}

// Sincos returns the sine and the cosine of x.
func Sincos(x float64) (sin, cos float64) {
	if x-x != 0 {
		return math.NaN(), math.NaN()
	}
	if math.Abs(x) <= math.Pi/4 {
		if math.Abs(x) < 1e-8 {
			return x, 1 // -0 stays
		}
		return kernelSin(x, 0), kernelCos(x, 0)
	}
	hi, lo, quadrant := reduce(x)
	sin, cos = kernelSin(hi, lo), kernelCos(hi, lo)
	switch quadrant {
	case 1:
		return cos, -sin
	case 2:
		return -sin, -cos
	case 3:
		return -cos, sin
	}
	return sin, cos
}

// Tan returns the tangent of x.
func Tan(x float64) float64 {
	if x-x != 0 {
		return math.NaN()
	}
	if math.Abs(x) <= math.Pi/4 {
		if math.Abs(x) < 1e-8 {
			return x
		}
		return kernelTan(x, 0, false)
	}
	hi, lo, quadrant := reduce(x)
	return kernelTan(hi, lo, quadrant&1 != 0)
}

// twoOverPi is 2/π: the first bit of the second word is worth 1/2, and the exponents of float64 reach into the last.
var twoOverPi = [21]uint64{
	0,
	0xa2f9836e4e441529, 0xfc2757d1f534ddc0, 0xdb6295993c439041, 0xfe5163abdebbc561,
	0xb7246e3a424dd2e0, 0x06492eea09d1921c, 0xfe1deb1cb129a73e, 0xe88235f52ebb4484,
	0xe99c7026b45f7e41, 0x3991d639835339f4, 0x9c845f8bbdf9283b, 0x1ff897ffde05980f,
	0xef2f118b5a0a6d1f, 0x6d367ecf27cb09b7, 0x4f463f669e5fea2d, 0x7527bac7ebe5f17b,
	0x3d0739f78a5292ea, 0x6bfb5fb11f8d5d08, 0x56033046fc7b6bab, 0xf0cfbc209af4361d,
}
