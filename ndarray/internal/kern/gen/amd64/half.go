package amd64

import (
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// halves writes the kernels between floats and numbers of sixteen bits, eight at a time by AVX2's instructions, which are as fast
// as the memory.
func halves(f *file) {
	for _, h := range []struct {
		op      string
		in, out int
		prepare func(k *kernel) body
	}{
		{"Float16ToFloat32", 2, 4, (*kernel).widenHalf},
		{"Float32ToFloat16", 4, 2, (*kernel).narrowSingle},
		{"Float64ToFloat16", 8, 2, (*kernel).narrowDouble},
		{"BFloat16ToFloat32", 2, 4, (*kernel).widenBrain},
		{"Float32ToBFloat16", 4, 2, (*kernel).narrowBrain},
	} {
		f.mapKernel(avx2, mapping{
			table: "Half", index: []string{h.op}, name: lower(h.op), in: []int{h.in}, out: h.out, step: 8, unroll: 2, prepare: h.prepare,
		})
	}
}

// widenHalf undoes that the instruction makes a signalling NaN a quiet one.
func (k *kernel) widenHalf() body {
	quiet := k.load(k.constant(4, 1<<22))
	return func(k *kernel, src []operand.Mem, dst operand.Mem) {
		x, bits, nan := k.YMM(), k.YMM(), k.YMM()
		k.VCVTPH2PS(src[0], x)
		k.VPMOVZXWD(src[0], bits)
		k.VPSLLD(operand.U8(13), bits, bits)
		k.VCMPPS(operand.U8(3), x, x, nan)
		k.VPANDN(quiet, bits, bits)
		k.VPAND(nan, bits, bits)
		k.VPXOR(bits, x, x)
		k.VMOVDQU(x, dst)
	}
}

func (k *kernel) narrowSingle() body {
	return func(k *kernel, src []operand.Mem, dst operand.Mem) {
		x := k.XMM()
		k.VCVTPS2PH(operand.U8(0), k.load(src[0]), x)
		k.VMOVDQU(x, dst)
	}
}

// narrowDouble goes by way of float32, in which the last bit is set where the bits behind it are not all zero: so that the second
// rounding sees on which side of the middle a number lies. It is no less right where a float32 is subnormal, for that is far below
// half of the smallest Float16. A NaN keeps its upper bits, or gets the lowest if those are zero.
func (k *kernel) narrowDouble() body {
	rest := k.load(k.constant(8, 1<<29-1))
	bit := k.load(k.constant(8, 1<<29))
	payload, infinity, sign := k.load(k.constant(8, 0x3ff)), k.load(k.constant(8, 0x7c00)), k.load(k.constant(8, 0x8000))
	zero := k.zero()
	order := k.YMM()
	k.VMOVDQU(k.dwords("words8", 0x09080100, 0x80808080, 0x80808080, 0x80808080, 0x09080100, 0x80808080, 0x80808080, 0x80808080), order)
	four := func(k *kernel, m operand.Mem) (number, nan, mask reg.VecVirtual) {
		x, behind, nothing := k.load(m), k.YMM(), k.YMM()
		k.VPAND(rest, x, behind)
		k.VPCMPEQQ(zero, behind, nothing)
		k.VPANDN(bit, nothing, nothing)
		k.VPANDN(x, rest, behind)
		k.VPOR(nothing, behind, behind)
		number = k.XMM()
		k.VCVTPD2PSY(behind, number)
		k.VCVTPS2PH(operand.U8(0), number, number)
		mask, nan = k.YMM(), k.YMM()
		upper := k.YMM()
		k.VCMPPD(operand.U8(3), x, x, mask)
		k.VPSRLQ(operand.U8(42), x, nan)
		k.VPAND(payload, nan, nan)
		k.VPCMPEQQ(zero, nan, upper) // -1 where no bit is left
		k.VPSUBQ(upper, nan, nan)
		k.VPOR(infinity, nan, nan)
		k.VPSRLQ(operand.U8(48), x, upper)
		k.VPAND(sign, upper, upper)
		k.VPOR(upper, nan, nan)
		return number, nan, mask
	}
	words := func(k *kernel, v reg.VecVirtual) reg.VecVirtual { // of numbers of eight bytes
		upper := k.XMM()
		k.VPSHUFB(order, v, v)
		k.VEXTRACTI128(operand.U8(1), v, upper)
		k.VPUNPCKLDQ(upper, v.AsX(), upper)
		return upper
	}
	return func(k *kernel, src []operand.Mem, dst operand.Mem) {
		for at := range 2 {
			number, nan, mask := four(k, src[0].Offset(32*at))
			n, m := words(k, nan), words(k, mask)
			k.VPBLENDVB(m, n, number, number)
			k.VMOVQ(number, dst.Offset(8*at))
		}
	}
}

func (k *kernel) widenBrain() body {
	return func(k *kernel, src []operand.Mem, dst operand.Mem) {
		x := k.YMM()
		k.VPMOVZXWD(src[0], x)
		k.VPSLLD(operand.U8(16), x, x)
		k.VMOVDQU(x, dst)
	}
}

// narrowBrain rounds the upper half by the lower one as integers: a carry runs on into the exponent, up to infinity. A NaN keeps its
// upper bits and becomes a quiet one, as on the way through float64.
func (k *kernel) narrowBrain() body {
	one, half, quiet := k.load(k.constant(4, 1)), k.load(k.constant(4, 0x7fff)), k.load(k.constant(4, 0x40))
	return func(k *kernel, src []operand.Mem, dst operand.Mem) {
		x, upper, round, nan := k.load(src[0]), k.YMM(), k.YMM(), k.YMM()
		k.VCMPPS(operand.U8(3), x, x, nan)
		k.VPSRLD(operand.U8(16), x, upper)
		k.VPAND(one, upper, round)
		k.VPADDD(half, round, round)
		k.VPADDD(x, round, round)
		k.VPSRLD(operand.U8(16), round, round)
		k.VPOR(quiet, upper, upper)
		k.VPBLENDVB(nan, upper, round, round)
		high := k.XMM()
		k.VEXTRACTI128(operand.U8(1), round, high)
		k.VPACKUSDW(high, round.AsX(), high)
		k.VMOVDQU(high, dst)
	}
}
