package amd64

import (
	"math"

	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/reg"
)

// Polynomials for (sin(r) - r)/r³ and (cos(r) - 1 + r²/2)/r⁴ in r², with |r| up to π/4: those of 64 bits from msun, see package
// libm.
var (
	sin64 = []float64{
		-1.66666666666666324348e-01, 8.33333333332248946124e-03, -1.98412698298579493134e-04, 2.75573137070700676789e-06,
		-2.50507602534068634195e-08, 1.58969099521155010221e-10,
	}
	cos64 = []float64{
		4.16666666666666019037e-02, -1.38888888888741095749e-03, 2.48015872894767294178e-05, -2.75573143513906633035e-07,
		2.08757232129817482790e-09, -1.13596475577881948265e-11,
	}
	sin32 = []float64{-0x1.555556p-3, 0x1.111172p-7, -0x1.a0569cp-13, 0x1.7b5346p-19}
	cos32 = []float64{0x1.55554ap-5, -0x1.6c0c16p-10, 0x1.99deecp-16}
)

// π/2 in three parts.
var (
	halfPi64 = []float64{0x1.921fb54442d18p+0, 0x1.1a62633145c07p-54, -0x1.f1976b7ed8fbcp-110}
	halfPi32 = []float64{0x1.921fb6p+0, -0x1.777a5cp-25, -0x1.ee59dap-50}
)

// The greatest operands that the three parts are enough for.
const greatest64, greatest32 = 1 << 30, 1 << 17

// quadrants returns the distance of x from the nearest multiple of π/2, as an unrounded sum, and which multiple that is, as the
// last bits of t.
func (c *calc) quadrants(x reg.VecVirtual) (r, rest, t reg.VecVirtual) {
	parts := by(c, halfPi64, halfPi32)
	t = c.fma(x, c.f(2/math.Pi), c.f(c.rounding(0)))
	n := c.sub(t, c.f(c.rounding(0)))
	first := c.fnma(n, c.f(parts[0]), x) // exact
	p := c.mul(n, c.f(parts[1]))
	r = c.sub(first, p)
	left := c.fms(n, c.f(parts[1]), p)
	rest = c.sub(c.sub(c.sub(first, r), p), left)
	return r, c.fnma(n, c.f(parts[2]), rest), t
}

// sincos returns the sine of x, or what is a quarter of a turn later.
func (c *calc) sincos(x reg.VecVirtual, later bool) reg.VecVirtual {
	r, rest, t := c.quadrants(c.abs(x))
	square := c.mul(r, r)
	half := c.mul(square, c.f(0.5))
	sin := c.fma(c.mul(square, r), c.horner(square, by(c, sin64, sin32)), c.fnma(half, rest, rest))
	sin = c.add(r, sin)
	high := c.sub(c.f(1), half)
	low := c.fnma(r, rest, c.sub(c.sub(c.f(1), high), half))
	cos := c.fma(c.mul(square, square), c.horner(square, by(c, cos64, cos32)), low)
	cos = c.add(high, cos)
	if later {
		t = c.addInt(t, c.bits(1))
	}
	var odd reg.Register
	if c.isa == avx512 {
		odd = c.K()
		by(c, instruction((*build.Context).VPTESTMQ), (*build.Context).VPTESTMD)(c.Context, c.bits(1), t, odd)
	} else {
		odd = c.shiftLeft(t, 63, 31)
	}
	sign := c.shiftLeft(t, 62, 30)
	if !later {
		sign = c.xor(sign, x)
	}
	return c.xor(c.choose(odd, cos, sin), c.signOf(sign))
}

func (c *calc) sin(x reg.VecVirtual) reg.VecVirtual { return c.sincos(x, false) }
func (c *calc) cos(x reg.VecVirtual) reg.VecVirtual { return c.sincos(x, true) }

func trigs(f *file) {
	for _, s := range isas {
		for _, d := range []*dtype{f64, f32} {
			limit := float64(greatest64)
			if d == f32 {
				limit = greatest32
			}
			f.roundedKernel(s, rounded{op: "Sin", d: d, limit: limit, write: (*calc).sin})
			f.roundedKernel(s, rounded{op: "Cos", d: d, limit: limit, write: (*calc).cos})
		}
	}
}
