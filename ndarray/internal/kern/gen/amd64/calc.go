package amd64

import (
	"math"
	"slices"

	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// calc writes the arithmetic of a function that rounds. Both instruction sets get the same operations, so that they give the
// same bits.
type calc struct {
	*kernel
	d    *dtype
	held map[operand.Mem]reg.VecVirtual // constants in registers
	used []operand.Mem                  // constants, in the order of their first use
	late []func()                       // what is written after the kernel's end
}

func (c *calc) bitsOf(value float64) uint64 {
	if c.d == f32 {
		return uint64(math.Float32bits(float32(value)))
	}
	return math.Float64bits(value)
}

// by returns the value for the type of elements.
func by[T any](c *calc, of64, of32 T) T {
	if c.d == f32 {
		return of32
	}
	return of64
}

// f returns a constant: the register that keeps it, or where it is in memory.
func (c *calc) f(value float64) operand.Op { return c.bits(c.bitsOf(value)) }

func (c *calc) bits(b uint64) operand.Op { return c.kept(c.constant(c.d.size, b)) }

// kept returns the register that holds a constant, or where it is in memory.
func (c *calc) kept(m operand.Mem) operand.Op {
	if v, ok := c.held[m]; ok {
		return v
	}
	if !slices.Contains(c.used, m) {
		c.used = append(c.used, m)
	}
	return m
}

// table returns where in memory the values are.
func (c *calc) table(name string, values []float64) operand.Mem {
	m, ok := c.globals[name]
	if !ok {
		m = c.StaticGlobal(name)
		c.DataAttributes(attr.RODATA | attr.NOPTR)
		for i, value := range values {
			c.AddDatum(8*i, operand.U64(math.Float64bits(value)))
		}
		c.globals[name] = m
	}
	return m
}

// reg returns an operand in a register.
func (c *calc) reg(x operand.Op) reg.VecVirtual {
	if v, ok := x.(reg.VecVirtual); ok {
		return v
	}
	return c.load(x)
}

// copyOf returns a register of its own for x.
func (c *calc) copyOf(x operand.Op) reg.VecVirtual { return c.load(x) }

type instruction func(c *build.Context, ops ...operand.Op)

// do returns what the instruction for the type of elements makes of x and y, in the order of a formula.
func (c *calc) do(of64, of32 instruction, x, y operand.Op) reg.VecVirtual {
	v := c.vec()
	by(c, of64, of32)(c.Context, y, c.reg(x), v)
	return v
}

func (c *calc) add(x, y operand.Op) reg.VecVirtual {
	return c.do((*build.Context).VADDPD, (*build.Context).VADDPS, x, y)
}

func (c *calc) sub(x, y operand.Op) reg.VecVirtual {
	return c.do((*build.Context).VSUBPD, (*build.Context).VSUBPS, x, y)
}

func (c *calc) mul(x, y operand.Op) reg.VecVirtual {
	return c.do((*build.Context).VMULPD, (*build.Context).VMULPS, x, y)
}

func (c *calc) div(x, y operand.Op) reg.VecVirtual {
	return c.do((*build.Context).VDIVPD, (*build.Context).VDIVPS, x, y)
}

// atLeast and atMost return x within a bound; NaN stays, since the instructions return their second operand then.
func (c *calc) atLeast(x, bound operand.Op) reg.VecVirtual {
	return c.do((*build.Context).VMAXPD, (*build.Context).VMAXPS, bound, x)
}

func (c *calc) atMost(x, bound operand.Op) reg.VecVirtual {
	return c.do((*build.Context).VMINPD, (*build.Context).VMINPS, bound, x)
}

func (c *calc) and(x, y operand.Op) reg.VecVirtual {
	return c.do((*build.Context).VANDPD, (*build.Context).VANDPS, x, y)
}

func (c *calc) or(x, y operand.Op) reg.VecVirtual {
	return c.do((*build.Context).VORPD, (*build.Context).VORPS, x, y)
}

func (c *calc) xor(x, y operand.Op) reg.VecVirtual {
	return c.do((*build.Context).VXORPD, (*build.Context).VXORPS, x, y)
}

// addInt and subInt treat elements as integers.
func (c *calc) addInt(x, y operand.Op) reg.VecVirtual {
	return c.do((*build.Context).VPADDQ, (*build.Context).VPADDD, x, y)
}

func (c *calc) subInt(x, y operand.Op) reg.VecVirtual {
	return c.do((*build.Context).VPSUBQ, (*build.Context).VPSUBD, x, y)
}

func (c *calc) shiftLeft(x reg.VecVirtual, by64, by32 int) reg.VecVirtual {
	return c.do((*build.Context).VPSLLQ, (*build.Context).VPSLLD, x, operand.U8(by(c, by64, by32)))
}

func (c *calc) shiftRight(x reg.VecVirtual, by64, by32 int) reg.VecVirtual {
	return c.do((*build.Context).VPSRLQ, (*build.Context).VPSRLD, x, operand.U8(by(c, by64, by32)))
}

// fma returns x*y + z, rounded once; fnma -x*y + z; fms x*y - z.
func (c *calc) fma(x, y, z operand.Op) reg.VecVirtual {
	return c.fused((*build.Context).VFMADD213PD, (*build.Context).VFMADD213PS, x, y, z)
}

func (c *calc) fnma(x, y, z operand.Op) reg.VecVirtual {
	return c.fused((*build.Context).VFNMADD213PD, (*build.Context).VFNMADD213PS, x, y, z)
}

func (c *calc) fms(x, y, z operand.Op) reg.VecVirtual {
	return c.fused((*build.Context).VFMSUB213PD, (*build.Context).VFMSUB213PS, x, y, z)
}

func (c *calc) fused(of64, of32 instruction, x, y, z operand.Op) reg.VecVirtual {
	if _, ok := y.(reg.VecVirtual); !ok {
		x, y = y, x
	}
	v := c.copyOf(x)
	by(c, of64, of32)(c.Context, z, c.reg(y), v)
	return v
}

// horner returns the polynomial with these coefficients, that of x to the power of 0 first.
func (c *calc) horner(x reg.VecVirtual, coefficients []float64) reg.VecVirtual {
	last := len(coefficients) - 1
	sum := c.copyOf(c.f(coefficients[last]))
	for i := last - 1; i >= 0; i-- {
		by(c, instruction((*build.Context).VFMADD213PD), (*build.Context).VFMADD213PS)(c.Context, c.f(coefficients[i]), x, sum)
	}
	return sum
}

// polynomial is horner with two chains, of even and of odd powers, but for the first two coefficients, whose sums round most;
// square is x*x.
func (c *calc) polynomial(x, square reg.VecVirtual, coefficients []float64) reg.VecVirtual {
	var halves [2][]float64
	for i, value := range coefficients[2:] {
		halves[i%2] = append(halves[i%2], value)
	}
	p := c.fma(c.horner(square, halves[1]), x, c.horner(square, halves[0]))
	return c.fma(c.fma(p, x, c.f(coefficients[1])), x, c.f(coefficients[0]))
}

func (c *calc) signOf(x operand.Op) reg.VecVirtual { return c.and(x, c.f(math.Copysign(0, -1))) }

func (c *calc) abs(x operand.Op) reg.VecVirtual {
	return c.and(x, c.bits(by(c, uint64(1<<63-1), 1<<31-1)))
}

// Predicates of comparisons, false for NaN but for notBelow.
const (
	equal    = 0
	below    = 17
	above    = 30
	notBelow = 21
)

// compare returns a mask of where x has the relation to y.
func (c *calc) compare(predicate int, x, y operand.Op) reg.Register {
	var mask reg.Register = c.vec()
	if c.isa == avx512 {
		mask = c.K()
	}
	by(c, instruction((*build.Context).VCMPPD), (*build.Context).VCMPPS)(c.Context, operand.U8(uint8(predicate)), y, c.reg(x), mask)
	return mask
}

// greaterInt returns a mask of where x is greater than y, as signed integers.
func (c *calc) greaterInt(x, y operand.Op) reg.Register {
	var mask reg.Register = c.vec()
	if c.isa == avx512 {
		mask = c.K()
	}
	by(c, instruction((*build.Context).VPCMPGTQ), (*build.Context).VPCMPGTD)(c.Context, y, c.reg(x), mask)
	return mask
}

// choose returns yes where the mask is set, and no elsewhere.
func (c *calc) choose(mask reg.Register, yes operand.Op, no reg.VecVirtual) reg.VecVirtual {
	v := c.vec()
	if c.isa == avx512 {
		by(c, instruction((*build.Context).VBLENDMPD), (*build.Context).VBLENDMPS)(c.Context, yes, no, mask, v)
		return v
	}
	type blend = func(c *build.Context, mask, yes, no, v operand.Op)
	by(c, blend((*build.Context).VBLENDVPD), (*build.Context).VBLENDVPS)(c.Context, mask, yes, no, v)
	return v
}

// chooseOrZero returns yes where the mask is set, and zero elsewhere.
func (c *calc) chooseOrZero(mask reg.Register, yes operand.Op) reg.VecVirtual {
	if c.isa == avx512 {
		v := c.vec()
		by(c, (*build.Context).VMOVAPD_Z, (*build.Context).VMOVAPS_Z)(c.Context, yes, mask, v)
		return v
	}
	return c.and(mask, yes)
}

func (c *calc) jumpIfAny(mask reg.Register, label string) {
	if c.isa == avx512 {
		c.KORTESTW(mask, mask)
	} else {
		r := c.GP32()
		by(c, (*build.Context).VMOVMSKPD, (*build.Context).VMOVMSKPS)(c.Context, mask, r)
		c.TESTL(r, r)
	}
	c.JNZ(operand.LabelRef(label))
}
