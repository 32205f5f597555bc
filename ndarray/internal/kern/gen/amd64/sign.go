package amd64

import (
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

var (
	absolutes = instructions{
		i8: insN((*build.Context).VPABSB), i16: insN((*build.Context).VPABSW), i32: insN((*build.Context).VPABSD), i64: insN((*build.Context).VPABSQ),
	}
	signs = instructions{i8: ins3((*build.Context).VPSIGNB), i16: ins3((*build.Context).VPSIGNW), i32: ins3((*build.Context).VPSIGND)}
	roots = instructions{f64: insN((*build.Context).VSQRTPD), f32: insN((*build.Context).VSQRTPS)}
)

func sign(f *file) {
	f.elementwise(1, []elementwise{
		{op: "Neg", of: complete, write: func(k *kernel, d *dtype, x []operand.Op) reg.VecVirtual {
			if d.part != nil {
				d = d.part
			}
			if d.isFloat() {
				return xor.on(k, x[0], k.signBit(d))
			}
			return subs.on(k, d, k.zero(), x[0])
		}},
		{op: "Abs", of: reals, signed: true, write: func(k *kernel, d *dtype, x []operand.Op) reg.VecVirtual { return k.abs(d, x[0]) }},
		{op: "Sign", of: reals, signed: true, write: func(k *kernel, d *dtype, x []operand.Op) reg.VecVirtual { return k.sign(d, x[0]) }},
		{op: "Sqrt", of: floating, write: func(k *kernel, d *dtype, x []operand.Op) reg.VecVirtual { return roots.to(k, d, x[0]) }},
		{op: "Floor", of: floating, write: wholeNumber(1)},
		{op: "Ceil", of: floating, write: wholeNumber(2)},
		{op: "Trunc", of: floating, write: wholeNumber(3)},
		{op: "RoundToEven", of: floating, write: wholeNumber(0)},
	})
}

// wholeNumber writes an instruction that rounds to whole numbers in one of its ways, without an exception for those that are none.
func wholeNumber(how uint64) func(k *kernel, d *dtype, x []operand.Op) reg.VecVirtual {
	return func(k *kernel, d *dtype, x []operand.Op) reg.VecVirtual {
		z, mode := k.vec(), operand.U8(how|8)
		switch {
		case k.isa == avx512 && d == f64:
			k.VRNDSCALEPD(mode, x[0], z)
		case k.isa == avx512:
			k.VRNDSCALEPS(mode, x[0], z)
		case d == f64:
			k.VROUNDPD(mode, x[0], z)
		default:
			k.VROUNDPS(mode, x[0], z)
		}
		return z
	}
}

func (k *kernel) abs(d *dtype, x operand.Op) reg.VecVirtual {
	switch {
	case d.isFloat():
		return andNot.on(k, k.load(k.signBit(d)), x)
	case d.isUnsigned():
		return x.(reg.VecVirtual)
	case d == i64 && k.isa == avx2:
		sign := greaters.on(k, d, k.zero(), x)
		return subs.on(k, d, xor.on(k, x, sign), sign)
	}
	return absolutes.to(k, d, x)
}

// sign returns -1, 0 or 1, and NaN for NaN.
func (k *kernel) sign(d *dtype, x operand.Op) reg.VecVirtual {
	switch {
	case d.isFloat():
		z := or.on(k, and.on(k, x, k.signBit(d)), k.one(d))
		z = k.pick(d, k.compare(d, isEqual, x, k.zero()), z, k.zero())
		return k.pick(d, k.compare(d, isUnordered, x, x), z, x)
	case d.isUnsigned() && k.isa == avx2:
		return adds.on(k, d, equals.on(k, d, x, k.zero()), k.one(d)) // of elements that are zero, a comparison makes -1
	case d.isUnsigned():
		return mins.on(k, d, x, k.one(d))
	case k.isa == avx512:
		return maxs.on(k, d, mins.on(k, d, x, k.one(d)), k.ones())
	case d == i64:
		return subs.on(k, d, greaters.on(k, d, k.zero(), x), greaters.on(k, d, x, k.zero()))
	}
	return signs.on(k, d, k.load(k.one(d)), x)
}
