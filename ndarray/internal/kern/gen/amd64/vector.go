package amd64

import (
	"math"

	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// What follows writes instructions on vectors of a type's elements, and returns the register with the result. The last operand
// may be in memory.

// instructions are what does the same for elements of several types.
type instructions map[*dtype]ins

// of returns the instruction for a type, or for integers with a sign of its size.
func (all instructions) of(d *dtype) ins {
	if all[d] == nil {
		d = signed[d.size]
	}
	return all[d]
}

// on writes the instruction for a type on x and y, in this order.
func (all instructions) on(k *kernel, d *dtype, x, y operand.Op) reg.VecVirtual {
	z := k.vec()
	all.of(d)(k, y, x, z)
	return z
}

// to is on for one operand.
func (all instructions) to(k *kernel, d *dtype, x operand.Op) reg.VecVirtual {
	z := k.vec()
	all[d](k, x, z)
	return z
}

// signed are the integers with a sign, by their size. What does the same with the bits of others has their instructions.
var signed = map[int]*dtype{1: i8, 2: i16, 4: i32, 8: i64}

var (
	adds = instructions{
		f64: insN((*build.Context).VADDPD), f32: insN((*build.Context).VADDPS),
		i8: insN((*build.Context).VPADDB), i16: insN((*build.Context).VPADDW),
		i32: insN((*build.Context).VPADDD), i64: insN((*build.Context).VPADDQ),
	}
	subs = instructions{
		f64: insN((*build.Context).VSUBPD), f32: insN((*build.Context).VSUBPS),
		i8: insN((*build.Context).VPSUBB), i16: insN((*build.Context).VPSUBW),
		i32: insN((*build.Context).VPSUBD), i64: insN((*build.Context).VPSUBQ),
	}
	// equals and greaters are AVX2's: they set all bits of the elements for which it holds that x == y or x > y.
	equals = instructions{
		i8: insN((*build.Context).VPCMPEQB), i16: insN((*build.Context).VPCMPEQW),
		i32: insN((*build.Context).VPCMPEQD), i64: insN((*build.Context).VPCMPEQQ),
	}
	greaters = instructions{
		i8: insN((*build.Context).VPCMPGTB), i16: insN((*build.Context).VPCMPGTW),
		i32: insN((*build.Context).VPCMPGTD), i64: insN((*build.Context).VPCMPGTQ),
	}
)

// bitwise is an operation on bits, whose instruction has another name in AVX-512.
type bitwise struct{ short, long ins }

var (
	and    = bitwise{ins3((*build.Context).VPAND), insN((*build.Context).VPANDQ)}
	andNot = bitwise{ins3((*build.Context).VPANDN), insN((*build.Context).VPANDNQ)} // ^x & y
	or     = bitwise{ins3((*build.Context).VPOR), insN((*build.Context).VPORQ)}
	xor    = bitwise{ins3((*build.Context).VPXOR), insN((*build.Context).VPXORQ)}
)

func (b bitwise) on(k *kernel, x, y operand.Op) reg.VecVirtual {
	z := k.vec()
	if k.isa == avx512 {
		b.long(k, y, x, z)
	} else {
		b.short(k, y, x, z)
	}
	return z
}

// ones returns vectors whose bits are all one.
func (k *kernel) ones() operand.Mem { return k.constant(8, math.MaxUint64) }

// signBit returns vectors of elements of which only the highest bit is one.
func (k *kernel) signBit(d *dtype) operand.Mem { return k.constant(d.size, 1<<(8*d.size-1)) }

// one returns vectors of the number one.
func (k *kernel) one(d *dtype) operand.Mem {
	switch d {
	case f64:
		return k.constant(8, math.Float64bits(1))
	case f32:
		return k.constant(4, uint64(math.Float32bits(1)))
	}
	return k.constant(d.size, 1)
}

// How floats compare, by the number in the instruction.
const (
	isEqual     = 0
	isUnordered = 3
)

// compare returns for which floats x and y compare so: a mask, or in AVX2 a vector of elements whose bits are all one or all zero.
func (k *kernel) compare(d *dtype, how uint8, x, y operand.Op) operand.Op {
	var z operand.Op = k.vec()
	if k.isa == avx512 {
		z = k.K()
	}
	if d == f64 {
		k.VCMPPD(operand.Imm(uint64(how)), y, x, z)
	} else {
		k.VCMPPS(operand.Imm(uint64(how)), y, x, z)
	}
	return z
}

// pick returns the floats of yes where a mask says so, and those of no elsewhere.
func (k *kernel) pick(d *dtype, mask, no, yes operand.Op) reg.VecVirtual {
	z := k.vec()
	switch {
	case k.isa == avx512 && d == f64:
		k.VBLENDMPD(yes, no, mask, z)
	case k.isa == avx512:
		k.VBLENDMPS(yes, no, mask, z)
	case d == f64:
		k.VBLENDVPD(mask, yes, no, z)
	default:
		k.VBLENDVPS(mask, yes, no, z)
	}
	return z
}
