package amd64

import (
	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/samebytes/samebytes/ndarray/internal/kern/gen/table"
)

// reduction begins a kernel of a table of package asm's Reduce.
func (f *file) reduction(s *isa, tableName, name, signature string, least int, d *dtype, index ...string) *kernel {
	k := &kernel{file: f, isa: s}
	k.Function(name + d.name + s.name)
	k.Attributes(attr.NOSPLIT)
	k.Pragma("noescape")
	k.SignatureExpr("func" + signature)
	f.entries = append(f.entries, table.Entry{Set: s.set, Table: tableName, Index: append(index, "reflect."+d.kind), Kernel: "Kernel" + tableName, Function: name + d.name + s.name, Least: least})
	return k
}

// A term is how a pairwise sum gets what it adds: eight numbers at a time, and single ones. An operand is at a multiple of the
// size of its elements after the pointers that it has.
type term struct {
	operands []reg.GPVirtual
	size     int // of an element of each operand
	vectors  func(at int) []reg.VecVirtual
	scalar   func() reg.VecVirtual
}

// lanes returns eight elements at m as float64, in the vectors that these take.
func (k *kernel) lanes(d *dtype, m operand.Mem) []reg.VecVirtual {
	width := k.isa.width / 8
	var all []reg.VecVirtual
	for i := range 8 / width {
		at := m.Offset(i * width * d.size)
		v := k.vec()
		switch d {
		case f64:
			k.VMOVUPD(at, v)
		case f32:
			k.VCVTPS2PD(at, v)
		case i64:
			k.VCVTQQ2PD(at, v)
		case u64:
			k.VCVTUQQ2PD(at, v)
		case i32:
			k.VCVTDQ2PD(at, v)
		case u32:
			if k.isa == avx512 {
				k.VCVTUDQ2PD(at, v)
				break
			}
			// As the last bits of 2^52, and less that.
			k.VPMOVZXDQ(at, v)
			k.VPOR(k.constant(8, 0x433<<52), v, v)
			k.VSUBPD(k.constant(8, 0x433<<52), v, v)
		default:
			narrow := k.half()
			switch d {
			case i8:
				k.VPMOVSXBD(at, narrow)
			case u8:
				k.VPMOVZXBD(at, narrow)
			case i16:
				k.VPMOVSXWD(at, narrow)
			case u16:
				k.VPMOVZXWD(at, narrow)
			}
			k.VCVTDQ2PD(narrow, v)
		}
		all = append(all, v)
	}
	return all
}

// half returns a new register of half a vector.
func (k *kernel) half() reg.VecVirtual {
	if k.isa == avx512 {
		return k.YMM()
	}
	return k.XMM()
}

// lane returns the element at m as float64.
func (k *kernel) lane(d *dtype, m operand.Mem) reg.VecVirtual {
	x := k.XMM()
	if d == f64 {
		k.VMOVSD(m, x)
		return x
	}
	k.VXORPD(x, x, x)
	if d == f32 {
		k.VCVTSS2SD(m, x, x)
		return x
	}
	wide := k.GP64()
	switch d {
	case i8:
		k.MOVBQSX(m, wide)
	case u8:
		k.MOVBQZX(m, wide)
	case i16:
		k.MOVWQSX(m, wide)
	case u16:
		k.MOVWQZX(m, wide)
	case i32:
		k.MOVLQSX(m, wide)
	case u32:
		k.MOVL(m, wide.As32())
	case i64, u64:
		k.MOVQ(m, wide)
	}
	if d == u64 {
		k.VCVTUSI2SDQ(wide, x, x)
	} else {
		k.VCVTSI2SDQ(wide, x, x)
	}
	return x
}

// pairwise writes the sum of n >= 8 numbers in the order of kern.Sum: the tree of halves is walked with a stack in the frame, so
// that the processor begins the next leaf of some hundred numbers while it still waits for the sums of others. Pairs are complex
// numbers, of which n counts the parts. It returns the register that has the sum.
func (k *kernel) pairwise(n reg.GPVirtual, t term, pairs bool) reg.VecVirtual {
	const entry, levels = 32, 12 // the sum of the left half, and from byte 16 on the length of the right one or zero
	stack := k.AllocLocal(entry * levels)
	top, bottom := k.GP64(), k.GP64()
	k.LEAQ(stack, top)
	k.MOVQ(top, bottom)
	acc := make([]reg.VecVirtual, 64/k.isa.width)
	for i := range acc {
		acc[i] = k.vec()
	}
	sum, zero := k.XMM(), k.constant(8, 1<<63) // -0, which changes nothing that is added to it

	k.Label("descend")
	k.CMPQ(n, operand.I32(128))
	k.JLE(operand.LabelRef("leaf"))
	half := k.GP64()
	k.MOVQ(n, half)
	k.SHRQ(operand.U8(1), half)
	k.ANDQ(operand.I8(-8), half)
	k.SUBQ(half, n)
	k.MOVQ(n, operand.Mem{Base: top, Disp: 16})
	k.MOVQ(half, n)
	k.ADDQ(operand.I8(entry), top)
	k.JMP(operand.LabelRef("descend"))

	k.Label("leaf")
	for i := range acc {
		k.VMOVUPD(zero, acc[i])
	}
	step := func(eights int) {
		for e := range eights {
			for i, v := range t.vectors(e * 8 * t.size) {
				k.VADDPD(v, acc[i], acc[i])
			}
		}
		for _, p := range t.operands {
			k.ADDQ(operand.I32(eights*8*t.size), p)
		}
		k.SUBQ(operand.I8(8*eights), n)
	}
	k.Label("fours")
	k.CMPQ(n, operand.I8(32))
	k.JL(operand.LabelRef("eights"))
	step(4)
	k.JMP(operand.LabelRef("fours"))
	k.Label("eights")
	k.CMPQ(n, operand.I8(8))
	k.JL(operand.LabelRef("across"))
	step(1)
	k.JMP(operand.LabelRef("eights"))

	k.Label("across")
	high := k.YMM()
	if k.isa == avx512 {
		k.VEXTRACTF64X4(operand.U8(1), acc[0], high)
	} else {
		high = acc[1]
	}
	low, four, other := acc[0].AsY(), k.YMM(), k.XMM()
	if pairs { // (s0 + s1) + (s2 + s3), of which low has the first two
		first := k.XMM()
		k.VEXTRACTF128(operand.U8(1), low, other)
		k.VADDPD(other, acc[0].AsX(), first)
		k.VEXTRACTF128(operand.U8(1), high, other)
		k.VADDPD(other, high.AsX(), other)
		k.VADDPD(other, first, sum)
	} else { // ((s0 + s1) + (s2 + s3)) + ((s4 + s5) + (s6 + s7))
		k.VHADDPD(high, low, four)
		k.VEXTRACTF128(operand.U8(1), four, other)
		k.VADDPD(other, four.AsX(), sum)
		k.VUNPCKHPD(sum, sum, other)
		k.VADDSD(other, sum, sum)
	}

	k.Label("rest")
	k.TESTQ(n, n)
	k.JZ(operand.LabelRef("ascend"))
	x := t.scalar()
	count := 1
	if pairs {
		k.VADDPD(x, sum, sum)
		count = 2
	} else {
		k.VADDSD(x, sum, sum)
	}
	for _, p := range t.operands {
		k.ADDQ(operand.I32(count*t.size), p)
	}
	k.SUBQ(operand.I8(count), n)
	k.JMP(operand.LabelRef("rest"))

	k.Label("ascend")
	k.CMPQ(top, bottom)
	k.JE(operand.LabelRef("done"))
	k.MOVQ(operand.Mem{Base: top, Disp: 16 - entry}, n)
	k.TESTQ(n, n)
	k.JZ(operand.LabelRef("join"))
	k.VMOVUPD(sum, operand.Mem{Base: top, Disp: -entry})
	k.MOVQ(operand.U32(0), operand.Mem{Base: top, Disp: 16 - entry})
	k.JMP(operand.LabelRef("descend"))
	k.Label("join")
	k.VADDPD(operand.Mem{Base: top, Disp: -entry}, sum, sum)
	k.SUBQ(operand.I8(entry), top)
	k.JMP(operand.LabelRef("ascend"))
	k.Label("done")
	return sum
}

// pairwiseSums writes the kernels that add as kern.Sum does.
func pairwiseSums(f *file) {
	for _, s := range isas {
		for _, d := range reals {
			if s == avx2 && d.size == 8 && d != f64 {
				continue // AVX2 can't convert them
			}
			f.sums(s, d)
			f.squares(s, d)
			if d.isFloat() {
				f.products(s, d)
				f.complexSums(s, d)
			}
		}
	}
}

// sums writes a sum of elements.
func (f *file) sums(s *isa, d *dtype) {
	k := f.reduction(s, "Sums", "pairwise", "(a *byte, n int) float64", 8, d)
	a, n := k.pointer("a"), k.pointer("n")
	k.returnSum(k.pairwise(n, term{
		operands: []reg.GPVirtual{a}, size: d.size,
		vectors: func(at int) []reg.VecVirtual { return k.lanes(d, operand.Mem{Base: a, Disp: at}) },
		scalar:  func() reg.VecVirtual { return k.lane(d, operand.Mem{Base: a}) },
	}, false))
}

// squares writes a sum of squared distances.
func (f *file) squares(s *isa, d *dtype) {
	k := f.reduction(s, "Squares", "squares", "(a *byte, n int, centre float64) float64", 8, d)
	a, n := k.pointer("a"), k.pointer("n")
	one, all := k.XMM(), k.vec()
	k.Load(k.Param("centre"), one)
	k.VBROADCASTSD(one, all)
	k.returnSum(k.pairwise(n, term{
		operands: []reg.GPVirtual{a}, size: d.size,
		vectors: func(at int) []reg.VecVirtual {
			vectors := k.lanes(d, operand.Mem{Base: a, Disp: at})
			for _, v := range vectors {
				k.VSUBPD(all, v, v)
				k.VMULPD(v, v, v)
			}
			return vectors
		},
		scalar: func() reg.VecVirtual {
			x := k.lane(d, operand.Mem{Base: a})
			k.VSUBSD(one, x, x)
			k.VMULSD(x, x, x)
			return x
		},
	}, false))
}

// products writes a sum of products.
func (f *file) products(s *isa, d *dtype) {
	k := f.reduction(s, "Products", "products", "(a, b *byte, n int) float64", 8, d)
	a, b, n := k.pointer("a"), k.pointer("b"), k.pointer("n")
	k.returnSum(k.pairwise(n, term{
		operands: []reg.GPVirtual{a, b}, size: d.size,
		vectors: func(at int) []reg.VecVirtual {
			vectors := k.lanes(d, operand.Mem{Base: a, Disp: at})
			others := k.lanes(d, operand.Mem{Base: b, Disp: at})
			for i, v := range vectors {
				k.VMULPD(others[i], v, v)
			}
			return vectors
		},
		scalar: func() reg.VecVirtual {
			x := k.lane(d, operand.Mem{Base: a})
			k.VMULSD(k.lane(d, operand.Mem{Base: b}), x, x)
			return x
		},
	}, false))
}

// complexSums writes a sum of complex numbers, whose parts are of d.
func (f *file) complexSums(s *isa, d *dtype) {
	of := map[*dtype]*dtype{f64: c128, f32: c64}[d]
	k := f.reduction(s, "Pairs", "pairwise", "(a *byte, n int) complex128", 4, of)
	a, n := k.pointer("a"), k.pointer("n")
	k.ADDQ(n, n)
	sum := k.pairwise(n, term{
		operands: []reg.GPVirtual{a}, size: d.size,
		vectors: func(at int) []reg.VecVirtual { return k.lanes(d, operand.Mem{Base: a, Disp: at}) },
		scalar: func() reg.VecVirtual {
			x := k.XMM()
			if d == f32 {
				k.VCVTPS2PD(operand.Mem{Base: a}, x)
			} else {
				k.VMOVUPD(operand.Mem{Base: a}, x)
			}
			return x
		},
	}, true)
	imaginary := k.XMM()
	k.VUNPCKHPD(sum, sum, imaginary)
	k.VZEROUPPER()
	k.Store(sum, k.ReturnIndex(0).Real())
	k.Store(imaginary, k.ReturnIndex(0).Imag())
	k.RET()
}

// pointer returns a register with a parameter.
func (k *kernel) pointer(name string) reg.GPVirtual {
	p := k.GP64()
	k.Load(k.Param(name), p)
	return p
}

// returnSum ends a function that returns a float64.
func (k *kernel) returnSum(sum reg.VecVirtual) {
	k.VZEROUPPER()
	k.Store(sum, k.ReturnIndex(0))
	k.RET()
}
