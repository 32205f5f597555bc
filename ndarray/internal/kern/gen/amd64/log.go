package amd64

import (
	"math"

	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Polynomials for (log(1+r) - r)/r², with r from -0.0335 to 0.0325, and with |r| up to 1/3.
var (
	log64 = []float64{
		-0x1.0000000000000p-1, 0x1.5555555555505p-2, -0x1.ffffffffff3c4p-3, 0x1.9999999b7bf98p-3, -0x1.55555566c0811p-3, 0x1.249230caf682bp-3,
		-0x1.ffff010891e61p-4, 0x1.c805b0c3d4942p-4, -0x1.9c1f0bb4e9c6dp-4,
	}
	log32 = []float64{
		-0x1p-1, 0x1.55550cp-2, -0x1.fffe5ep-3, 0x1.99ce3ep-3, -0x1.55b7f8p-3, 0x1.1ef152p-3, -0x1.f039b6p-4, 0x1.1df6aap-3, -0x1.0e30c8p-3,
	}
)

// Sixteen parts of the range of m, which begins at 45/64: of each a short inverse of its middle, and the inverse's logarithm,
// negated, as a multiple of 2⁻⁴² and the rest. The part around 1 has 1.
var (
	inverses = []float64{
		0x1.64p+0, 0x1.56p+0, 0x1.48p+0, 0x1.3cp+0, 0x1.3p+0, 0x1.24p+0, 0x1.1ap+0, 0x1.12p+0,
		0x1.08p+0, 1, 0x1.ep-1, 0x1.c8p-1, 0x1.bp-1, 0x1.98p-1, 0x1.88p-1, 0x1.74p-1,
	}
	logsHigh = []float64{
		-0x1.51aad872e0000p-2, -0x1.2895a13de8000p-2, -0x1.fb9186d5e4000p-3, -0x1.af3c94e80c000p-3, -0x1.5ff3070a7a000p-3, -0x1.0d77e7cd08000p-3,
		-0x1.8c345d6318000p-4, -0x1.16536eea38000p-4, -0x1.f829b0e780000p-6, 0, 0x1.08598b59e4000p-4, 0x1.da72763844000p-4, 0x1.5bf406b544000p-3,
		0x1.d1037f2656000p-3, 0x1.1178e8227e000p-2, 0x1.4718dc271c000p-2,
	}
	logsLow = []float64{
		0x1.f4bd8db0a7cc1p-44, -0x1.a8d7ad24c13f0p-44, 0x1.d572aab993c87p-47, 0x1.a4e633fcd9066p-52, 0x1.8586f183bebf2p-44, -0x1.cb2cd2ee2f482p-44,
		-0x1.b20f5acb42a66p-44, 0x1.47c5e768fa309p-46, -0x1.980267c7e09e4p-45, 0, -0x1.7e5dd7009902cp-46, 0x1.a89401fa71733p-46,
		-0x1.27023eb68981cp-46, -0x1.84a7e75b6f6e4p-47, 0x1.1ef78ce2d07f2p-44, 0x1.06c18fb4c14c5p-44,
	}
)

// The logarithm of 2 in two parts, the first short enough for exact products with exponents.
const (
	ln2Short64, ln2Rest64 = 0x1.62e42fefa3800p-1, 0x1.ef35793c76730p-45
	ln2Short32, ln2Rest32 = 0x1.62e4p-1, 0x1.7f7d1cp-20
)

// logStart is where the range of m begins: the bits of a float, in 64 and 32 bits.
const logStart64, logStart32 = 0x3fe6800000000000, 0x3f2aaaab

// lookup returns the values of a table at indexes that are the last four bits of at.
func (c *calc) lookup(name string, values []float64, at reg.VecVirtual) reg.VecVirtual {
	m := c.table(name, values)
	if c.isa == avx512 {
		v := c.copyOf(at)
		c.VPERMI2PD(c.kept(m.Offset(64)), c.reg(c.kept(m)), v)
		return v
	}
	base, all, v := c.GP64(), c.vec(), c.vec()
	c.LEAQ(m, base)
	c.VPCMPEQD(all, all, all)
	c.VGATHERQPD(all, operand.Mem{Base: base, Index: at, Scale: 8}, v)
	return v
}

// logarithm is the parts of log(x): k*log(2) + (high + low) + log(1 + r + rest).
type logarithm struct {
	k, high, low, r, rest reg.VecVirtual
}

// logParts returns the parts of the logarithm of normal numbers, above zero; less than has been subtracted from the exponents.
// missing is what x lacks.
func (c *calc) logParts(x, missing reg.VecVirtual) (l logarithm) {
	start, bias := uint64(logStart64), uint64(1023)
	if c.d == f32 {
		start, bias = logStart32, 127
	}
	width := by(c, 52, 23)
	mask := by(c, uint64(1<<64-1), 1<<32-1)
	moved := c.addInt(x, c.bits((bias<<width-start)&mask))
	exponent := c.shiftRight(moved, 52, 23) // k + bias
	m := c.addInt(c.and(moved, c.bits(1<<width-1)), c.bits(start))
	var scaled reg.VecVirtual
	if missing != nil {
		// missing * 2⁻ᵏ, through 2¹⁻ᵏ, which is no less than zero for any k.
		scaled = c.mul(missing, c.shiftLeft(c.subInt(c.bits(2*bias+1), exponent), 52, 23))
	}
	if c.d == f32 {
		l.k = c.vec()
		c.VCVTDQ2PS(exponent, l.k)
		l.k = c.sub(l.k, c.f(127))
		l.r = c.sub(m, c.f(1))
		if missing != nil {
			scaled = c.mul(scaled, c.f(0.5))
		}
	} else {
		l.k = c.sub(c.or(exponent, c.f(0x1p52)), c.f(0x1p52+1023))
		at := c.shiftRight(moved, 48, 0)
		if c.isa == avx2 {
			at = c.and(at, c.bits(15))
		}
		inverse := c.lookup("inverses", inverses, at)
		l.high, l.low = c.lookup("logsHigh", logsHigh, at), c.lookup("logsLow", logsLow, at)
		l.r = c.fms(m, inverse, c.f(1))
		if missing != nil {
			scaled = c.mul(scaled, c.mul(inverse, c.f(0.5)))
		}
	}
	if missing != nil {
		r := c.add(l.r, scaled)
		l.rest = c.add(c.sub(l.r, r), scaled)
		l.r = r
	}
	return l
}

// logOf returns the sum of a logarithm's parts.
func (c *calc) logOf(l logarithm) reg.VecVirtual {
	high, low := c.mul(l.k, c.f(by(c, ln2Short64, ln2Short32))), l.rest
	if l.high != nil {
		high = c.add(high, l.high) // both exact
	}
	sum := c.add(high, l.r)
	left := c.add(c.sub(high, sum), l.r)
	if l.low != nil {
		left = c.add(left, l.low)
	}
	if low != nil {
		if c.d == f32 {
			low = c.fnma(l.r, low, low) // log(1+r+rest) grows less than rest where r is large
		}
		left = c.add(left, low)
	}
	left = c.fma(l.k, c.f(by(c, ln2Rest64, ln2Rest32)), left)
	square := c.mul(l.r, l.r)
	left = c.fma(square, c.polynomial(l.r, square, by(c, log64, log32)), left)
	return c.add(sum, left)
}

// unlessSpecial returns what usual writes of normal numbers, above zero, and what special writes where x has others too.
func (c *calc) unlessSpecial(x reg.VecVirtual, usual, special func() reg.VecVirtual) reg.VecVirtual {
	// As integers, those are from the least normal number to below infinity; moved, they begin with the least integer.
	moved := c.addInt(x, c.bits(by(c, uint64(0x7ff0000000000000), 0x7f800000)))
	found := c.greaterInt(moved, c.bits(by(c, uint64(0xffdfffffffffffff), 0xfeffffff)))
	rare, join := c.label("special"), c.label("join")
	c.jumpIfAny(found, rare)
	y := usual()
	c.Label(join)
	c.late = append(c.late, func() {
		c.Label(rare)
		c.VMOVUPD(special(), y)
		c.JMP(operand.LabelRef(join))
	})
	return y
}

// ends returns y but where x is no number between low and infinity: -Inf at low, NaN below, and x of infinity and NaN.
func (c *calc) ends(x, y reg.VecVirtual, low float64) reg.VecVirtual {
	y = c.choose(c.compare(notBelow, x, c.f(math.Inf(1))), x, y)
	y = c.choose(c.compare(below, x, c.f(low)), c.f(math.NaN()), y)
	return c.choose(c.compare(equal, x, c.f(low)), c.f(math.Inf(-1)), y)
}

// logWith returns a logarithm: what sum makes of the parts.
func (c *calc) logWith(x reg.VecVirtual, sum func(logarithm) reg.VecVirtual) reg.VecVirtual {
	return c.unlessSpecial(x, func() reg.VecVirtual {
		return sum(c.logParts(x, nil))
	}, func() reg.VecVirtual {
		tiny := c.compare(below, x, c.f(by(c, 0x1p-1022, 0x1p-126)))
		l := c.logParts(c.choose(tiny, c.mul(x, c.f(0x1p54)), x), nil)
		l.k = c.sub(l.k, c.chooseOrZero(tiny, c.reg(c.f(54))))
		return c.ends(x, sum(l), 0)
	})
}

// logTo returns the sum of a logarithm's parts to another base: inverse is one over the base's logarithm, and two that of 2, each
// as a sum of two, of which two's first is short enough for exact products with exponents.
func (c *calc) logTo(l logarithm, inverse, two [2]float64) reg.VecVirtual {
	high, low := l.r, l.low
	if l.high != nil {
		high = c.add(l.high, l.r)
		low = c.add(c.add(c.sub(l.high, high), l.r), low)
	}
	square := c.mul(l.r, l.r)
	p := c.polynomial(l.r, square, by(c, log64, log32))
	if low == nil {
		low = c.mul(square, p)
	} else {
		low = c.fma(square, p, low)
	}
	product := c.mul(high, c.f(inverse[0]))
	left := c.fms(high, c.f(inverse[0]), product)
	left = c.fma(high, c.f(inverse[1]), left)
	left = c.fma(low, c.f(inverse[0]), left)
	whole := c.mul(l.k, c.f(two[0]))
	sum := c.add(whole, product)
	left = c.add(c.add(c.sub(whole, sum), product), left)
	if two[1] != 0 {
		left = c.fma(l.k, c.f(two[1]), left)
	}
	return c.add(sum, left)
}

func (c *calc) log2(x reg.VecVirtual) reg.VecVirtual {
	return c.logWith(x, func(l logarithm) reg.VecVirtual {
		return c.logTo(l, by(c, [2]float64{0x1.71547652b82fep+0, 0x1.777d0ffda0d24p-56}, [2]float64{0x1.715476p+0, 0x1.4ae0cp-26}), [2]float64{1, 0})
	})
}

func (c *calc) log10(x reg.VecVirtual) reg.VecVirtual {
	return c.logWith(x, func(l logarithm) reg.VecVirtual {
		return c.logTo(l, by(c, [2]float64{0x1.bcb7b1526e50ep-2, 0x1.95355baaafad3p-57}, [2]float64{0x1.bcb7b2p-2, -0x1.5b235ep-27}), by(c, [2]float64{0x1.34413509f78p-2, 0x1.fef311f12b358p-46}, [2]float64{0x1.344p-2, 0x1.3509f8p-18}))
	})
}

func (c *calc) log(x reg.VecVirtual) reg.VecVirtual { return c.logWith(x, c.logOf) }

func (c *calc) log1p(x reg.VecVirtual) reg.VecVirtual {
	u := c.add(x, c.f(1))
	missing := c.sub(x, c.sub(u, c.f(1)))
	write := func() reg.VecVirtual { return c.logOf(c.logParts(u, missing)) }
	y := c.unlessSpecial(u, write, func() reg.VecVirtual { return c.ends(x, write(), -1) })
	return c.or(y, c.signOf(x)) // -0 stays
}

func logs(f *file) {
	for _, s := range isas {
		for _, d := range []*dtype{f64, f32} {
			f.roundedKernel(s, rounded{op: "Log", d: d, write: (*calc).log})
			f.roundedKernel(s, rounded{op: "Log2", d: d, write: (*calc).log2})
			f.roundedKernel(s, rounded{op: "Log10", d: d, write: (*calc).log10})
			f.roundedKernel(s, rounded{op: "Log1p", d: d, write: (*calc).log1p})
		}
	}
}
