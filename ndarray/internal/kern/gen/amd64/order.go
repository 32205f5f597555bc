package amd64

import (
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

var (
	// mins and maxs of floats are the second operand where one is NaN, or both are zeros.
	mins = instructions{
		f64: insN((*build.Context).VMINPD), f32: insN((*build.Context).VMINPS),
		i8: insN((*build.Context).VPMINSB), i16: insN((*build.Context).VPMINSW), i32: insN((*build.Context).VPMINSD), i64: insN((*build.Context).VPMINSQ),
		u8: insN((*build.Context).VPMINUB), u16: insN((*build.Context).VPMINUW), u32: insN((*build.Context).VPMINUD), u64: insN((*build.Context).VPMINUQ),
	}
	maxs = instructions{
		f64: insN((*build.Context).VMAXPD), f32: insN((*build.Context).VMAXPS),
		i8: insN((*build.Context).VPMAXSB), i16: insN((*build.Context).VPMAXSW), i32: insN((*build.Context).VPMAXSD), i64: insN((*build.Context).VPMAXSQ),
		u8: insN((*build.Context).VPMAXUB), u16: insN((*build.Context).VPMAXUW), u32: insN((*build.Context).VPMAXUD), u64: insN((*build.Context).VPMAXUQ),
	}
)

func order(f *file) {
	f.elementwise(2, []elementwise{
		{op: "Minimum", of: reals, signed: true, as: []string{"FMin"}, write: func(k *kernel, d *dtype, x []operand.Op) reg.VecVirtual {
			return k.minimum(d, x[0], k.load(x[1]))
		}},
		{op: "Maximum", of: reals, signed: true, as: []string{"FMax"}, write: func(k *kernel, d *dtype, x []operand.Op) reg.VecVirtual {
			return k.maximum(d, x[0], k.load(x[1]))
		}},
		{op: "FMin", of: floating, write: func(k *kernel, d *dtype, x []operand.Op) reg.VecVirtual {
			a, b := k.filled(d, x[0], k.load(x[1]))
			return k.minimum(d, a, b)
		}},
		{op: "FMax", of: floating, write: func(k *kernel, d *dtype, x []operand.Op) reg.VecVirtual {
			a, b := k.filled(d, x[0], k.load(x[1]))
			return k.maximum(d, a, b)
		}},
	})
	f.elementwise(3, []elementwise{
		{op: "Clip", of: reals, signed: true, write: func(k *kernel, d *dtype, x []operand.Op) reg.VecVirtual {
			return k.minimum(d, k.maximum(d, x[0], k.load(x[1])), k.load(x[2]))
		}},
	})
}

// minimum is Go's min: NaN where one is, and -0 of two zeros.
func (k *kernel) minimum(d *dtype, x, y operand.Op) reg.VecVirtual {
	switch {
	case d.isFloat():
		// The two differ only for zeros of either sign, and where one is NaN: all bits of both are then a NaN's, or -0.
		return or.on(k, mins.on(k, d, x, y), mins.on(k, d, y, x))
	case k.isa == avx2 && d.size == 8:
		return k.either(k.above(d, x, y), x, y)
	}
	return mins.on(k, d, x, y)
}

// maximum is Go's max: NaN where one is, and +0 of two zeros.
func (k *kernel) maximum(d *dtype, x, y operand.Op) reg.VecVirtual {
	switch {
	case d.isFloat():
		// Where both are the same, zero is taken off. Of two zeros, -0 is taken off -0, which is +0, and a NaN stays one.
		a, b := maxs.on(k, d, x, y), maxs.on(k, d, y, x)
		differ := xor.on(k, a, b)
		return subs.on(k, d, or.on(k, a, differ), differ)
	case k.isa == avx2 && d.size == 8:
		return k.either(k.above(d, x, y), y, x)
	}
	return maxs.on(k, d, x, y)
}

// filled returns x and y, each with the other's element where its own is NaN.
func (k *kernel) filled(d *dtype, x, y operand.Op) (a, b reg.VecVirtual) {
	return k.pick(d, k.compare(d, isUnordered, x, x), x, y), k.pick(d, k.compare(d, isUnordered, y, y), y, x)
}

// above returns for which integers of 64 bits x > y, in AVX2.
func (k *kernel) above(d *dtype, x, y operand.Op) reg.VecVirtual {
	if d == u64 {
		x, y = xor.on(k, x, k.signBit(d)), xor.on(k, y, k.signBit(d))
	}
	return greaters.on(k, i64, x, y)
}

// either returns the elements of yes where a vector has all bits, and those of no elsewhere, in AVX2.
func (k *kernel) either(mask, no, yes operand.Op) reg.VecVirtual {
	z := k.vec()
	k.VPBLENDVB(mask, yes, no, z)
	return z
}
