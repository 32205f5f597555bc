package amd64

import (
	"math/bits"

	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// extremeIns are the instructions for the greater and the lesser of two.
var extremeIns = map[*dtype][2]ins{
	f64: {insN((*build.Context).VMAXPD), insN((*build.Context).VMINPD)},
	f32: {insN((*build.Context).VMAXPS), insN((*build.Context).VMINPS)},
	i8:  {insN((*build.Context).VPMAXSB), insN((*build.Context).VPMINSB)},
	i16: {insN((*build.Context).VPMAXSW), insN((*build.Context).VPMINSW)},
	i32: {insN((*build.Context).VPMAXSD), insN((*build.Context).VPMINSD)},
	i64: {insN((*build.Context).VPMAXSQ), insN((*build.Context).VPMINSQ)},
	u8:  {insN((*build.Context).VPMAXUB), insN((*build.Context).VPMINUB)},
	u16: {insN((*build.Context).VPMAXUW), insN((*build.Context).VPMINUW)},
	u32: {insN((*build.Context).VPMAXUD), insN((*build.Context).VPMINUD)},
	u64: {insN((*build.Context).VPMAXUQ), insN((*build.Context).VPMINUQ)},
}

const (
	greatest = iota
	least
)

var extremeNames = []string{"Greatest", "Least"}

// extreme stores in dst the greatest or least of x and y: x where these are equal or one is NaN.
func (k *kernel) extreme(d *dtype, which int, x, y, dst reg.Register) {
	if k.isa == avx512 || d.size != 8 || d.isFloat() {
		extremeIns[d][which](k, x, y, dst)
		return
	}
	// AVX2 compares integers of 64 bits with a sign only.
	p, q, isX := x, y, k.like(dst)
	if d == u64 {
		p, q = k.like(dst), k.like(dst)
		signs := k.constant(8, 1<<63)
		k.VPXOR(signs, x, p)
		k.VPXOR(signs, y, q)
	}
	if which == greatest {
		k.VPCMPGTQ(q, p, isX)
	} else {
		k.VPCMPGTQ(p, q, isX)
	}
	k.VBLENDVPD(isX, x, y, dst)
}

// like returns a new register as wide as r.
func (k *kernel) like(r reg.Register) reg.VecVirtual {
	switch r.Size() {
	case 64:
		return k.ZMM()
	case 32:
		return k.YMM()
	}
	return k.XMM()
}

// unordered compares x and y, and stores whether one is NaN: in a mask with AVX-512, else in all bits of a lane.
func (k *kernel) unordered(d *dtype, x, y, dst operand.Op) {
	if d == f64 {
		k.VCMPPD(operand.U8(3), x, y, dst)
	} else {
		k.VCMPPS(operand.U8(3), x, y, dst)
	}
}

// infinity returns the bits of the element that all others are greater or less than.
func infinity(d *dtype, which int) uint64 {
	if d == f64 {
		return []uint64{0xfff << 52, 0x7ff << 52}[which]
	}
	return []uint64{0xff8 << 20, 0x7f8 << 20}[which]
}

func extremes(f *file) {
	for _, s := range isas {
		for _, d := range reals {
			for which := range extremeNames {
				f.extremeOf(s, d, which, false)
				if d.isFloat() {
					f.extremeOf(s, d, which, true)
				}
			}
			f.find(s, d)
		}
	}
}

// extremeOf writes a kernel for the greatest or least element, which is NaN if one is, or else takes none.
func (f *file) extremeOf(s *isa, d *dtype, which int, noNaN bool) {
	name, index := lower(extremeNames[which]), []string{"Greatest", "LeastOf"}[which]
	if noNaN {
		name, index = "noNaN"+extremeNames[which], "NaN"+extremeNames[which]
	}
	k := f.reduction(s, "Extremes", name, "(a *byte, n int) uint64", s.width/d.size, d, index)
	a, n := k.pointer("a"), k.pointer("n")
	lanes := k.vectors(d)
	const unroll = 4
	var acc [unroll]reg.VecVirtual
	for i := range acc {
		if noNaN {
			acc[i] = k.load(k.constant(d.size, infinity(d, which)))
		} else {
			acc[i] = k.load(operand.Mem{Base: a})
		}
	}
	find := d.isFloat() && !noNaN
	var nan reg.VecVirtual // whether there was one, in a lane or a mask
	var mask reg.OpmaskVirtual
	switch {
	case find && s == avx512:
		mask = k.K()
		k.KXORQ(mask, mask, mask)
	case find:
		nan = k.zero()
	}
	last := k.GP64()
	k.LEAQ(operand.Mem{Base: n, Disp: -lanes}, last)
	k.IMUL3Q(operand.U32(d.size), last, last)
	k.ADDQ(a, last)

	step := func(base reg.Register, count int) {
		v := make([]reg.VecVirtual, count)
		for i := range v {
			v[i] = k.load(operand.Mem{Base: base, Disp: i * s.width})
			k.extreme(d, which, acc[i], v[i], acc[i])
		}
		if !find {
			return
		}
		for i := 0; i < count; i += 2 {
			other := v[min(i+1, count-1)]
			if s == avx512 {
				is := k.K()
				k.unordered(d, v[i], other, is)
				k.KORQ(is, mask, mask)
			} else {
				is := k.vec()
				k.unordered(d, v[i], other, is)
				k.VORPD(is, nan, nan)
			}
		}
	}
	for _, count := range []int{unroll, 1} {
		again, done := k.label("loop"), k.label("done")
		k.Label(again)
		k.CMPQ(n, operand.I32(count*lanes))
		k.JL(operand.LabelRef(done))
		step(a, count)
		k.ADDQ(operand.I32(count*s.width), a)
		k.SUBQ(operand.I32(count*lanes), n)
		k.JMP(operand.LabelRef(again))
		k.Label(done)
	}
	step(last, 1) // which may have some elements once more

	k.extreme(d, which, acc[0], acc[1], acc[0])
	k.extreme(d, which, acc[2], acc[3], acc[2])
	k.extreme(d, which, acc[0], acc[2], acc[0])
	low := reg.Register(acc[0].AsY())
	if s == avx512 {
		high := k.YMM()
		k.VEXTRACTF64X4(operand.U8(1), acc[0], high)
		k.extreme(d, which, high, low, low)
	}
	x, y := acc[0].AsX(), k.XMM()
	k.VEXTRACTF128(operand.U8(1), low, y)
	k.extreme(d, which, y, x, x)
	for nbytes := 8; nbytes >= d.size; nbytes /= 2 {
		k.VPSRLDQ(operand.U8(nbytes), x, y)
		k.extreme(d, which, y, x, x)
	}
	result := k.GP64()
	k.VMOVQ(x, result)
	if find {
		is := k.GP64()
		if s == avx512 {
			k.KMOVQ(mask, is)
		} else {
			k.VPMOVMSKB(nan, is.As32())
		}
		none := k.label("none")
		k.TESTQ(is, is)
		k.JZ(operand.LabelRef(none))
		k.MOVQ(operand.I32(-1), result)
		k.Label(none)
	}
	k.VZEROUPPER()
	k.Store(result, k.ReturnIndex(0))
	k.RET()
}

// equal compares x and y, and stores whether they are equal as unordered does.
func (k *kernel) equal(d *dtype, x, y, dst operand.Op) {
	switch {
	case d == f64:
		k.VCMPPD(operand.U8(0), x, y, dst)
	case d == f32:
		k.VCMPPS(operand.U8(0), x, y, dst)
	case d.size == 1:
		k.VPCMPEQB(x, y, dst)
	case d.size == 2:
		k.VPCMPEQW(x, y, dst)
	case d.size == 4:
		k.VPCMPEQD(x, y, dst)
	default:
		k.VPCMPEQQ(x, y, dst)
	}
}

// find writes a kernel for the index of the first element of a value.
func (f *file) find(s *isa, d *dtype) {
	k := f.reduction(s, "Find", "find", "(a *byte, n int, bits uint64) int", s.width/d.size, d)
	a, n, given := k.pointer("a"), k.pointer("n"), k.pointer("bits")
	lanes := k.vectors(d)
	one, all := k.XMM(), k.vec()
	k.VMOVQ(given, one)
	k.splat(d.size, one, all)
	start, last := k.GP64(), k.GP64()
	k.MOVQ(a, start)
	k.LEAQ(operand.Mem{Base: n, Disp: -lanes}, last)
	k.IMUL3Q(operand.U32(d.size), last, last)
	k.ADDQ(a, last)

	// equal returns a register whose bits say which of count vectors' elements, one after the other, are equal, or whether any
	// is.
	equal := func(base reg.Register, count int) reg.GPVirtual {
		is := k.GP64()
		at := func(i int) operand.Mem { return operand.Mem{Base: base, Disp: i * s.width} }
		if s == avx512 {
			one, any := k.K(), k.K()
			k.equal(d, at(0), all, any)
			for i := 1; i < count; i++ {
				k.equal(d, at(i), all, one)
				k.KORQ(one, any, any)
			}
			k.KMOVQ(any, is)
			return is
		}
		one, any := k.vec(), k.vec()
		k.equal(d, at(0), all, any)
		for i := 1; i < count; i++ {
			k.equal(d, at(i), all, one)
			k.VPOR(one, any, any)
		}
		k.VPMOVMSKB(any, is.As32())
		return is
	}
	const unroll = 4
	for _, count := range []int{unroll, 1} {
		again, done := k.label("loop"), k.label("done")
		k.Label(again)
		k.CMPQ(n, operand.I32(count*lanes))
		k.JL(operand.LabelRef(done))
		is := equal(a, count)
		k.TESTQ(is, is)
		if count == unroll {
			k.JNZ(operand.LabelRef(done))
		} else {
			k.JNZ(operand.LabelRef("found"))
		}
		k.ADDQ(operand.I32(count*s.width), a)
		k.SUBQ(operand.I32(count*lanes), n)
		k.JMP(operand.LabelRef(again))
		k.Label(done)
	}
	k.MOVQ(last, a)
	k.Label("found")
	is := equal(a, 1)
	none := k.GP64()
	k.MOVQ(k.pointer("n"), none)
	k.TESTQ(is, is)
	k.JZ(operand.LabelRef("none"))
	k.TZCNTQ(is, is)
	if s == avx512 {
		k.IMUL3Q(operand.U32(d.size), is, is)
	}
	k.ADDQ(a, is)
	k.SUBQ(start, is)
	k.SHRQ(operand.U8(bits.TrailingZeros(uint(d.size))), is)
	k.MOVQ(is, none)
	k.Label("none")
	k.VZEROUPPER()
	k.Store(none, k.ReturnIndex(0))
	k.RET()
}
