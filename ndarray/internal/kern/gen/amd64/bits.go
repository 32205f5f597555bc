package amd64

import (
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// shifts take any count without a sign, and leave nothing, or the sign, where it is the number of bits or more: as Go, and for counts
// below zero as kern, which takes them for very high ones.
var (
	leftShifts  = instructions{i16: insN((*build.Context).VPSLLVW), i32: insN((*build.Context).VPSLLVD), i64: insN((*build.Context).VPSLLVQ)}
	rightShifts = instructions{
		i16: insN((*build.Context).VPSRAVW), i32: insN((*build.Context).VPSRAVD), i64: insN((*build.Context).VPSRAVQ),
		u16: insN((*build.Context).VPSRLVW), u32: insN((*build.Context).VPSRLVD), u64: insN((*build.Context).VPSRLVQ),
	}
)

func bitOperations(f *file) {
	f.elementwise(2, []elementwise{
		{op: "BitAnd", of: integers, write: and.write},
		{op: "BitOr", of: integers, write: or.write},
		{op: "BitXor", of: integers, write: xor.write},
		{op: "ShiftLeft", of: []*dtype{i16, i32, i64}, of512: []*dtype{i8}, write: func(k *kernel, d *dtype, x []operand.Op) reg.VecVirtual {
			return k.shiftLeft(d, x[0], k.load(x[1]))
		}},
		{op: "ShiftRight", of: []*dtype{i16, i32, i64, u16, u32, u64}, of512: []*dtype{i8, u8}, signed: true, write: func(k *kernel, d *dtype, x []operand.Op) reg.VecVirtual {
			return k.shiftRight(d, x[0], k.load(x[1]))
		}},
	})
	f.elementwise(1, []elementwise{
		{op: "BitNot", of: integers, write: func(k *kernel, d *dtype, x []operand.Op) reg.VecVirtual { return xor.on(k, x[0], k.ones()) }},
		// A bool is a byte, zero or one.
		{op: "LogicalNot", of: []*dtype{boolean}, write: func(k *kernel, d *dtype, x []operand.Op) reg.VecVirtual {
			return xor.on(k, x[0], k.constant(1, 1))
		}},
	})
	for i := range f.entries {
		if e := f.entries[i]; e.Index[1] == "reflect.Int8" {
			if name, ok := map[string]string{"BitAnd": "LogicalAnd", "BitOr": "LogicalOr", "BitXor": "LogicalXor"}[e.Index[0]]; ok {
				f.also(i, name, boolean)
			}
		}
	}
}

func (b bitwise) write(k *kernel, _ *dtype, x []operand.Op) reg.VecVirtual {
	return b.on(k, x[0], x[1])
}

// wider are the types whose shifts do for those of half their bits where these have no instruction.
func (k *kernel) wider(d *dtype) *dtype {
	switch {
	case d.size == 1:
		return i16
	case d.size == 2 && k.isa == avx2:
		return i32
	}
	return nil
}

func (k *kernel) shiftLeft(d *dtype, x, count operand.Op) reg.VecVirtual {
	wide := k.wider(d)
	if wide == nil {
		return leftShifts.on(k, d, x, count)
	}
	low, high := k.halves(wide, count)
	a := leftShifts.on(k, wide, x, low)
	b := leftShifts.on(k, wide, k.highHalf(wide, x), high)
	return or.on(k, k.lowHalf(wide, a), b)
}

func (k *kernel) shiftRight(d *dtype, x, count operand.Op) reg.VecVirtual {
	if d == i64 && k.isa == avx2 {
		// What is below zero is turned over, so that it has zeros to shift in.
		sign := greaters.on(k, d, k.zero(), x)
		return xor.on(k, rightShifts.on(k, u64, xor.on(k, x, sign), count), sign)
	}
	wide := k.wider(d)
	if wide == nil {
		return rightShifts.on(k, d, x, count)
	}
	low, high := k.halves(wide, count)
	if _, ok := unsigned[d]; !ok {
		wide := unsigned[wide]
		return or.on(k, rightShifts.on(k, wide, k.lowHalf(wide, x), low), k.highHalf(wide, rightShifts.on(k, wide, x, high)))
	}
	a := rightShifts.on(k, wide, k.moved(wide, x, true), low)
	return or.on(k, k.moved(wide, a, false), k.highHalf(wide, rightShifts.on(k, wide, x, high)))
}

// halves returns the lower halves of elements, and the higher ones, as elements.
func (k *kernel) halves(d *dtype, x operand.Op) (low, high reg.VecVirtual) {
	return k.lowHalf(d, x), k.moved(d, x, false)
}

// moved returns elements shifted by half their bits.
func (k *kernel) moved(d *dtype, x operand.Op, left bool) reg.VecVirtual {
	z, half := k.vec(), operand.U8(4*d.size)
	switch {
	case d.size == 2 && left:
		k.VPSLLW(half, x, z)
	case d.size == 2:
		k.VPSRLW(half, x, z)
	case left:
		k.VPSLLD(half, x, z)
	default:
		k.VPSRLD(half, x, z)
	}
	return z
}

func (k *kernel) lowHalf(d *dtype, x operand.Op) reg.VecVirtual {
	return and.on(k, x, k.constant(d.size, 1<<(4*d.size)-1))
}

func (k *kernel) highHalf(d *dtype, x operand.Op) reg.VecVirtual {
	return and.on(k, x, k.constant(d.size, (1<<(4*d.size)-1)<<(4*d.size)))
}
