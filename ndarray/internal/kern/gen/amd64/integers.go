package amd64

import (
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// integerSums writes sums of integers, with all bits that an int64 has.
func integerSums(f *file) {
	for _, s := range isas {
		for _, d := range []*dtype{i8, i16, i32, u8, u16, u32, i64} {
			f.integerSum(s, d)
		}
		e := f.entries[len(f.entries)-1]
		e.Index = []string{"reflect.Uint64"}
		f.entries = append(f.entries, e)
	}
}

// integerSum writes a sum of d's elements in four vectors of integers of 64 bits. Bytes are added eight to each by an instruction
// for distances, those with a sign as what lies 128 above; others are as many as the vector has of 64 bits.
func (f *file) integerSum(s *isa, d *dtype) {
	step := s.width / 8
	if d.size == 1 {
		step = s.width
	}
	k := f.reduction(s, "Integers", "integers", "(a *byte, n int) int64", step, d)
	a, n, result := k.pointer("a"), k.pointer("n"), k.GP64()
	if d == i8 {
		k.MOVQ(n, result)
		k.SHLQ(operand.U8(7), result)
		k.NEGQ(result)
	} else {
		k.XORQ(result, result)
	}
	const unroll = 4
	var acc [unroll]reg.VecVirtual
	for i := range acc {
		acc[i] = k.zero()
	}
	var zero, signs reg.VecVirtual
	if d.size == 1 {
		zero = k.zero()
	}
	if d == i8 {
		signs = k.load(k.constant(1, 0x80))
	}
	add := func(i int, m operand.Mem) {
		v := k.vec()
		switch d {
		case i64:
			k.VPADDQ(m, acc[i], acc[i])
			return
		case i32:
			k.VPMOVSXDQ(m, v)
		case u32:
			k.VPMOVZXDQ(m, v)
		case i16:
			k.VPMOVSXWQ(m, v)
		case u16:
			k.VPMOVZXWQ(m, v)
		case i8:
			k.VXORPD(m, signs, v)
			k.VPSADBW(zero, v, v)
		case u8:
			k.VPSADBW(m, zero, v)
		}
		k.VPADDQ(v, acc[i], acc[i])
	}
	for _, count := range []int{unroll, 1} {
		again, done := k.label("loop"), k.label("done")
		k.Label(again)
		k.CMPQ(n, operand.I32(count*step))
		k.JL(operand.LabelRef(done))
		for i := range count {
			add(i, operand.Mem{Base: a, Disp: i * step * d.size})
		}
		k.ADDQ(operand.I32(count*step*d.size), a)
		k.SUBQ(operand.I32(count*step), n)
		k.JMP(operand.LabelRef(again))
		k.Label(done)
	}
	k.VPADDQ(acc[1], acc[0], acc[0])
	k.VPADDQ(acc[3], acc[2], acc[2])
	k.VPADDQ(acc[2], acc[0], acc[0])
	other := k.YMM()
	if s == avx512 {
		k.VEXTRACTF64X4(operand.U8(1), acc[0], other)
		k.VPADDQ(other, acc[0].AsY(), other)
	} else {
		other = acc[0]
	}
	high, low := k.XMM(), k.XMM()
	k.VEXTRACTF128(operand.U8(1), other, high)
	k.VPADDQ(other.AsX(), high, low)
	k.VPSRLDQ(operand.U8(8), low, high)
	k.VPADDQ(high, low, low)
	sum := k.GP64()
	k.VMOVQ(low, sum)
	k.ADDQ(sum, result)

	again, done := k.label("rest"), k.label("done")
	k.Label(again)
	k.TESTQ(n, n)
	k.JZ(operand.LabelRef(done))
	one := k.GP64()
	at := operand.Mem{Base: a}
	switch d {
	case i8:
		k.MOVBQSX(at, one)
		k.ADDQ(operand.I32(128), one)
	case u8:
		k.MOVBQZX(at, one)
	case i16:
		k.MOVWQSX(at, one)
	case u16:
		k.MOVWQZX(at, one)
	case i32:
		k.MOVLQSX(at, one)
	case u32:
		k.MOVL(at, one.As32())
	case i64:
		k.MOVQ(at, one)
	}
	k.ADDQ(one, result)
	k.ADDQ(operand.I8(d.size), a)
	k.DECQ(n)
	k.JMP(operand.LabelRef(again))
	k.Label(done)
	k.VZEROUPPER()
	k.Store(result, k.ReturnIndex(0))
	k.RET()
}
