package amd64

import (
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

var (
	muls = instructions{
		f64: insN((*build.Context).VMULPD), f32: insN((*build.Context).VMULPS),
		i16: insN((*build.Context).VPMULLW), i32: insN((*build.Context).VPMULLD),
	}
	divs = instructions{f64: insN((*build.Context).VDIVPD), f32: insN((*build.Context).VDIVPS)}
)

func arithmetic(f *file) {
	f.elementwise(2, []elementwise{
		{op: "Add", of: complete, write: parts(adds)},
		{op: "Sub", of: complete, write: parts(subs)},
		{op: "Mul", of: numbers, write: func(k *kernel, d *dtype, x []operand.Op) reg.VecVirtual { return k.mul(d, x[0], x[1]) }},
		{op: "Div", of: floating, write: func(k *kernel, d *dtype, x []operand.Op) reg.VecVirtual { return divs.on(k, d, x[0], x[1]) }},
	})
	f.elementwise(1, []elementwise{
		{op: "Square", of: numbers, write: func(k *kernel, d *dtype, x []operand.Op) reg.VecVirtual { return k.mul(d, x[0], x[0]) }},
		{op: "Reciprocal", of: floating, write: func(k *kernel, d *dtype, x []operand.Op) reg.VecVirtual {
			return divs.on(k, d, k.load(k.one(d)), x[0])
		}},
	})
	f.elementwise(3, []elementwise{
		// Two roundings, as the loop in Go has them.
		{op: "AddProduct", of: floating, write: func(k *kernel, d *dtype, x []operand.Op) reg.VecVirtual {
			return adds.on(k, d, x[0], muls.on(k, d, k.load(x[1]), x[2]))
		}},
		{op: "FMA", of: []*dtype{f64}, write: func(k *kernel, d *dtype, x []operand.Op) reg.VecVirtual {
			z := x[0].(reg.VecVirtual)
			k.VFMADD213PD(x[2], k.load(x[1]), z)
			return z
		}},
	})
	for _, s := range isas {
		f.mulComplex128(s)
		f.mulComplex64(s)
		f.fma32(s)
	}
}

// parts writes an instruction for the parts of complex numbers, or for numbers that have none.
func parts(of instructions) func(k *kernel, d *dtype, x []operand.Op) reg.VecVirtual {
	return func(k *kernel, d *dtype, x []operand.Op) reg.VecVirtual {
		if d.part != nil {
			d = d.part
		}
		return of.on(k, d, x[0], x[1])
	}
}

// mul returns the products of x and y, which of integers wrap.
func (k *kernel) mul(d *dtype, x, y operand.Op) reg.VecVirtual {
	switch d {
	case i8:
		// Of each two neighbours, the lower one's product is in the lower byte of that of both, and the higher one's in the higher
		// byte of that with nothing below it.
		low := and.on(k, muls.on(k, i16, x, y), k.constant(2, 0x00ff))
		high := k.vec()
		k.VPSRLW(operand.U8(8), x, high)
		return or.on(k, low, muls.on(k, i16, high, and.on(k, k.load(k.constant(2, 0xff00)), y)))
	case i64:
		if k.isa == avx512 {
			z := k.vec()
			k.VPMULLQ(y, x, z)
			return z
		}
		// The product of the low halves, and above it those of a low and a high half.
		low, high, cross := k.vec(), k.vec(), k.vec()
		k.VPSRLQ(operand.U8(32), x, high)
		k.VPMULUDQ(y, high, cross)
		b := k.load(y)
		k.VPMULUDQ(b, x, low)
		k.VPSRLQ(operand.U8(32), b, b)
		k.VPMULUDQ(b, x, b)
		cross = adds.on(k, i64, cross, b)
		k.VPSLLQ(operand.U8(32), cross, cross)
		return adds.on(k, i64, low, cross)
	}
	return muls.on(k, d, x, y)
}

// timesComplex128 returns the products of complex numbers: a*c - b*d and a*d + b*c, each product and sum rounded, as Go has it.
func (k *kernel) timesComplex128(x, y reg.VecVirtual) reg.VecVirtual {
	a, b, swapped := k.vec(), k.vec(), k.vec()
	k.VMOVDDUP(x, a)
	k.VPERMILPD(operand.U8(0xff), x, b)
	k.VPERMILPD(operand.U8(0x55), y, swapped)
	k.VMULPD(y, a, a)
	k.VMULPD(swapped, b, b)
	if k.isa == avx2 {
		k.VADDSUBPD(b, a, a)
		return a
	}
	return adds.on(k, f64, a, xor.on(k, b, k.lowSigns()))
}

// lowSigns returns the sign bits of the real parts of complex numbers.
func (k *kernel) lowSigns() operand.Mem { return k.pairs("lowSigns", 1<<63, 0) }

func (f *file) mulComplex128(s *isa) {
	f.mapKernel(s, mapping{
		table: "Binary", index: []string{"Mul", "reflect.Complex128"}, name: "mulC128", in: []int{16, 16}, out: 16, step: s.width / 16, unroll: 2,
		prepare: func(*kernel) body {
			return func(k *kernel, src []operand.Mem, dst operand.Mem) {
				k.VMOVUPD(k.timesComplex128(k.load(src[0]), k.load(src[1])), dst)
			}
		},
	})
}

// mulComplex64 multiplies in float64, as Go does, and rounds the result.
func (f *file) mulComplex64(s *isa) {
	f.mapKernel(s, mapping{
		table: "Binary", index: []string{"Mul", "reflect.Complex64"}, name: "mulC64", in: []int{8, 8}, out: 8, step: s.width / 16, unroll: 2,
		prepare: func(*kernel) body {
			return func(k *kernel, src []operand.Mem, dst operand.Mem) {
				x, y := k.widened(src[0]), k.widened(src[1])
				k.narrow(k.timesComplex128(x, y), dst)
			}
		},
	})
}

// fma32 rounds the exact result to float64, and that to float32.
func (f *file) fma32(s *isa) {
	f.mapKernel(s, mapping{
		table: "Ternary", index: []string{"FMA", "reflect.Float32"}, name: "fmaF32", in: []int{4, 4, 4}, out: 4, step: s.width / 8, unroll: 2,
		prepare: func(*kernel) body {
			return func(k *kernel, src []operand.Mem, dst operand.Mem) {
				x := k.widened(src[0])
				k.VFMADD213PD(k.widened(src[2]), k.widened(src[1]), x)
				k.narrow(x, dst)
			}
		},
	})
}

// widened returns floats of 32 bits at m as floats of 64.
func (k *kernel) widened(m operand.Mem) reg.VecVirtual {
	x := k.vec()
	k.VCVTPS2PD(m, x)
	return x
}

// narrow rounds floats of 64 bits to 32 and stores them.
func (k *kernel) narrow(x reg.VecVirtual, dst operand.Mem) {
	if k.isa == avx512 {
		half := k.YMM()
		k.VCVTPD2PS(x, half)
		k.VMOVUPD(half, dst)
		return
	}
	half := k.XMM()
	k.VCVTPD2PSY(x, half)
	k.VMOVUPD(half, dst)
}
