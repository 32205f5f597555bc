package amd64

import (
	"math"

	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/reg"
)

// Polynomials for (eʳ - 1 - r)/r², with |r| up to log(2)/2, and (2ʳ - 1 - r log(2))/r², with |r| up to 1/2: those of 64 bits through the
// Chebyshev points, those of 32 bits with the least greatest error of coefficients that are rounded one after the other.
var (
	exp64 = []float64{
		0x1.0000000000000p-1, 0x1.5555555555557p-3, 0x1.5555555555554p-5, 0x1.111111111008dp-7, 0x1.6c16c16c1729ap-10, 0x1.a01a01ac12cd4p-13,
		0x1.a01a01a055eacp-16, 0x1.71de01aa489ccp-19, 0x1.27e4ecae0210fp-22, 0x1.af4f021f1ae1bp-26, 0x1.1f53423643910p-29,
	}
	exp32  = []float64{0x1p-1, 0x1.555556p-3, 0x1.5554f6p-5, 0x1.111004p-7, 0x1.6d3cacp-10, 0x1.a242f8p-13}
	exp264 = []float64{
		0x1.ebfbdff82c58fp-3, 0x1.c6b08d704a0c6p-5, 0x1.3b2ab6fba4e79p-7, 0x1.5d87fe78a3f8cp-10, 0x1.430912f86b7d4p-13,
		0x1.ffcbfc6dad6adp-17, 0x1.62c02242bb0bdp-20, 0x1.b524ebc089f66p-24, 0x1.e4cf10d1896bep-28, 0x1.e9ec3d7558475p-32, 0x1.c4a2aaa2b01d9p-36,
	}
	exp232 = []float64{0x1.ebfbep-3, 0x1.c6b074p-5, 0x1.3b2a5ep-7, 0x1.5d9cd2p-10, 0x1.440c5ep-13, 0x1.ec5968p-17}
)

// The logarithm of 2, as a sum of two floats.
const (
	ln2High64, ln2Low64 = 0x1.62e42fefa39efp-1, 0x1.abc9e3b39803fp-56
	ln2High32, ln2Low32 = 0x1.62e43p-1, -0x1.05c61p-29
)

// rounding returns a number that leaves no bits for a fraction in a sum with it, whose last bits are the sum's other part then,
// plus a bias.
func (c *calc) rounding(bias int) float64 { return by(c, 0x1.8p52, 0x1.8p23) + float64(bias) }

// bias returns what is added to exponents.
func (c *calc) bias() int { return by(c, 1023, 127) }

// powerOfTwo returns 2 to the power of n, whose sum with rounding(bias) is t.
func (c *calc) powerOfTwo(t reg.VecVirtual) reg.VecVirtual { return c.shiftLeft(t, 52, 23) }

// scale returns x * 2ⁿ rounded once, where t is the sum of n and rounding(2 * bias).
func (c *calc) scale(x, n, t reg.VecVirtual) reg.VecVirtual {
	if c.isa == avx512 {
		return c.do((*build.Context).VSCALEFPD, (*build.Context).VSCALEFPS, x, n)
	}
	half := c.shiftRight(t, 1, 1)
	return c.mul(c.mul(x, c.powerOfTwo(half)), c.powerOfTwo(c.subInt(t, half)))
}

// expParts returns r and an integer n with x = n log(2) + r, as t, its sum with rounding(bias), and what r lacks.
func (c *calc) expParts(x reg.VecVirtual, bias int) (r, rest, n, t reg.VecVirtual) {
	t = c.fma(x, c.f(math.Log2E), c.f(c.rounding(bias)))
	n = c.sub(t, c.f(c.rounding(bias)))
	high, low := by(c, ln2High64, ln2High32), by(c, ln2Low64, ln2Low32)
	whole := c.fnma(n, c.f(high), x) // exact
	r = c.fnma(n, c.f(low), whole)
	return r, c.fnma(n, c.f(low), c.sub(whole, r)), n, t
}

// curve returns eʳ - 1 - r, plus rest.
func (c *calc) curve(r, rest reg.VecVirtual) reg.VecVirtual {
	square := c.mul(r, r)
	return c.fma(square, c.polynomial(r, square, by(c, exp64, exp32)), rest)
}

func (c *calc) exp(x reg.VecVirtual) reg.VecVirtual {
	x = c.atLeast(x, c.f(by(c, -746.0, -104.5)))
	x = c.atMost(x, c.f(by(c, 710.0, 89.0)))
	r, rest, n, t := c.expParts(x, 2*c.bias())
	q := c.add(r, c.curve(r, rest))
	return c.scale(c.add(q, c.f(1)), n, t)
}

func (c *calc) exp2(x reg.VecVirtual) reg.VecVirtual {
	x = c.atLeast(x, c.f(by(c, -1076.0, -151.0)))
	x = c.atMost(x, c.f(by(c, 1025.0, 129.0)))
	round := c.f(c.rounding(2 * c.bias()))
	t := c.add(x, round)
	n := c.sub(t, round)
	r := c.sub(x, n)
	square := c.mul(r, r)
	p := c.polynomial(r, square, by(c, exp264, exp232))
	q := c.fma(square, p, c.mul(r, c.f(by(c, ln2Low64, ln2Low32))))
	q = c.fma(r, c.f(by(c, ln2High64, ln2High32)), q)
	return c.scale(c.add(q, c.f(1)), n, t)
}

// expm1Parts returns exp(x) - 1 as an unrounded sum: 2ⁿ(eʳ - 1) + (2ⁿ - 1), where power is 2ⁿ.
func (c *calc) expm1Parts(r, rest, power reg.VecVirtual, negative bool) (high, low reg.VecVirtual) {
	whole := c.sub(power, c.f(1))
	// What whole lacks, from the greater of its operands; the other way it is zero.
	lacks := c.sub(power, c.add(whole, c.f(1)))
	if !negative {
		lacks = c.add(lacks, c.sub(c.sub(power, whole), c.f(1)))
	}
	product := c.mul(power, r) // exact
	high = c.add(whole, product)
	low = c.add(c.add(c.sub(whole, high), product), lacks)
	return high, c.fma(power, c.curve(r, c.fma(r, rest, rest)), low)
}

// expm1 computes half the result where 2ⁿ would overflow, and doubles it then.
func (c *calc) expm1(x reg.VecVirtual) reg.VecVirtual {
	bounded := c.atLeast(x, c.f(by(c, -40.0, -20.0)))
	bounded = c.atMost(bounded, c.f(by(c, 710.0, 89.0)))
	r, rest, _, t := c.expParts(bounded, c.bias())
	huge := c.compare(above, t, c.f(c.rounding(2*c.bias())))
	power := c.powerOfTwo(c.sub(t, c.chooseOrZero(huge, c.reg(c.f(1)))))
	high, low := c.expm1Parts(r, rest, power, false)
	y := c.add(high, low)
	y = c.add(y, c.chooseOrZero(huge, y))
	return c.or(y, c.signOf(x)) // -0 stays
}

// tanh returns -y/(2+y), with the sign of x, where y = exp(-2|x|) - 1. Both are sums of two, and the quotient is mended by what it
// leaves.
func (c *calc) tanh(x reg.VecVirtual) reg.VecVirtual {
	negative := c.or(x, c.f(math.Copysign(0, -1)))
	bounded := c.atLeast(c.add(negative, negative), c.f(by(c, -44.0, -22.0)))
	r, rest, _, t := c.expParts(bounded, c.bias())
	high, low := c.expm1Parts(r, rest, c.powerOfTwo(t), true)
	y := c.add(high, low)
	yLow := c.add(c.sub(high, y), low)
	divisor := c.add(y, c.f(2))
	divisorLow := c.add(c.add(c.sub(c.f(2), divisor), y), yLow)
	inverse := c.div(c.f(1), divisor)
	z := c.mul(y, inverse)
	left := c.fnma(z, divisorLow, c.add(c.fnma(z, divisor, y), yLow))
	z = c.fma(left, inverse, z)
	return c.or(c.abs(z), c.signOf(x))
}

func exps(f *file) {
	for _, s := range isas {
		for _, d := range []*dtype{f64, f32} {
			f.roundedKernel(s, rounded{op: "Exp", d: d, write: (*calc).exp})
			f.roundedKernel(s, rounded{op: "Exp2", d: d, write: (*calc).exp2})
			f.roundedKernel(s, rounded{op: "Expm1", d: d, write: (*calc).expm1})
			f.roundedKernel(s, rounded{op: "Tanh", d: d, write: (*calc).tanh})
		}
	}
}
