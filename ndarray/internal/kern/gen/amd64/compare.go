package amd64

import (
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// A relation is a comparison, by the immediate operand of AVX-512's instructions for integers and for floats.
type relation struct {
	op              string // its name in package asm
	integer, float  int
	swapped, negate bool // how AVX2 has it by what integers have there: equal and greater
	equal           bool
}

var relations = []relation{
	{op: "Equal", integer: 0, float: 0x00, equal: true},
	{op: "NotEqual", integer: 4, float: 0x04, equal: true, negate: true},
	{op: "Less", integer: 1, float: 0x11, swapped: true},
	{op: "LessEqual", integer: 2, float: 0x12, negate: true},
}

// compare writes the kernels of comparisons, which store a byte of one or zero for each pair of elements.
func compare(f *file) {
	for _, s := range isas {
		for _, r := range relations {
			for _, d := range reals {
				if r.equal && d.isUnsigned() {
					continue // as for the signed type of this size
				}
				f.truths(s, "Binary", []string{r.op, "reflect." + d.kind}, lower(r.op)+d.name, d, 2, r.negate && !d.isFloat(),
					func(k *kernel) verdict { return k.relate(r, d) })
				for _, same := range r.sames(d) {
					f.alias(r.op, "reflect."+same)
				}
			}
		}
	}
}

// sames returns the kinds that are compared as d is.
func (r relation) sames(d *dtype) []string {
	if !r.equal || d.isFloat() {
		return nil
	}
	kinds := []string{unsigned[d].kind}
	if d == i8 {
		kinds = append(kinds, "Bool")
	}
	return kinds
}

func (d *dtype) isUnsigned() bool { return d.name[0] == 'U' }

// alias enters the last kernel under another index too.
func (f *file) alias(index ...string) {
	e := f.entries[len(f.entries)-1]
	e.Index = index
	f.entries = append(f.entries, e)
}

// A verdict writes the instructions that leave in out, for a vector of elements, which of them something is true of: bits of a
// mask register of AVX-512, or all bits of an element of a vector of AVX2.
type verdict func(k *kernel, src []operand.Mem, out reg.Register)

// truths writes a kernel that stores verdicts as bytes, or their contrary.
func (f *file) truths(s *isa, table string, index []string, name string, d *dtype, operands int, negate bool, prepare func(k *kernel) verdict) {
	in := make([]int, operands)
	for i := range in {
		in[i] = d.size
	}
	step := max(16, s.width/d.size)
	f.mapKernel(s, mapping{
		table: table, index: index, name: name, in: in, out: 1, step: step, unroll: 2,
		prepare: func(k *kernel) body {
			judge := prepare(k)
			if s == avx512 {
				return k.storeMasks(judge, d, step)
			}
			return k.storeLanes(judge, d, step, negate)
		},
	})
}

// storeMasks stores the bytes for the bits of masks.
func (k *kernel) storeMasks(judge verdict, d *dtype, step int) body {
	ones := k.load(k.constant(1, 1))
	return func(k *kernel, src []operand.Mem, dst operand.Mem) {
		lanes := k.isa.width / d.size
		var masks []reg.Register
		for at := 0; at < step; at += lanes {
			m := k.K()
			judge(k, further(src, at*d.size), m)
			masks = append(masks, m)
		}
		if len(masks) == 2 {
			k.KUNPCKBW(masks[0], masks[1], masks[0])
		}
		bytes := ones
		switch step {
		case 16:
			out := k.XMM()
			k.VMOVDQU8_Z(bytes.AsX(), masks[0], out)
			k.VMOVDQU(out, dst)
		case 32:
			out := k.YMM()
			k.VMOVDQU8_Z(bytes.AsY(), masks[0], out)
			k.VMOVDQU(out, dst)
		case 64:
			out := k.ZMM()
			k.VMOVDQU8_Z(bytes, masks[0], out)
			k.VMOVUPD(out, dst)
		}
	}
}

// storeLanes stores the bytes for elements that are all ones or zeros.
func (k *kernel) storeLanes(judge verdict, d *dtype, step int, negate bool) body {
	ones := k.load(k.constant(1, 1))
	var order reg.VecVirtual
	if d.size == 8 {
		order = k.YMM()
		k.VMOVDQU(k.dwords("order8", 0, 4, 1, 5, 2, 6, 3, 7), order)
	}
	return func(k *kernel, src []operand.Mem, dst operand.Mem) {
		lanes := k.isa.width / d.size
		var v []reg.VecVirtual
		for at := 0; at < step; at += lanes {
			out := k.YMM()
			judge(k, further(src, at*d.size), out)
			v = append(v, out)
		}
		mask := func(x, ones reg.Register) {
			if negate {
				k.VPANDN(ones, x, x)
			} else {
				k.VPAND(ones, x, x)
			}
		}
		switch d.size {
		case 1:
			mask(v[0], ones)
			k.VMOVDQU(v[0], dst)
			return
		case 4:
			k.VPACKSSDW(v[1], v[0], v[0])
			k.VPERMQ(operand.U8(0xd8), v[0], v[0])
		case 8:
			k.VPACKSSDW(v[1], v[0], v[0])
			k.VPACKSSDW(v[3], v[2], v[2])
			k.VPACKSSDW(v[2], v[0], v[0])
			k.VPERMD(v[0], order, v[0])
		}
		upper := k.XMM()
		k.VEXTRACTI128(operand.U8(1), v[0], upper)
		k.VPACKSSWB(upper, v[0].AsX(), upper)
		mask(upper, ones.AsX())
		k.VMOVDQU(upper, dst)
	}
}

// further returns operands so many bytes on.
func further(src []operand.Mem, by int) []operand.Mem {
	moved := make([]operand.Mem, len(src))
	for i, m := range src {
		moved[i] = m.Offset(by)
	}
	return moved
}

// relate returns how elements of d are compared.
func (k *kernel) relate(r relation, d *dtype) verdict {
	if k.isa == avx512 {
		comparison := comparisons512[d]
		imm := r.integer
		if d.isFloat() {
			imm = r.float
		}
		return func(k *kernel, src []operand.Mem, out reg.Register) {
			comparison(k, operand.U8(imm), src[1], k.load(src[0]), out)
		}
	}
	if d.isFloat() {
		comparison := (*build.Context).VCMPPD
		if d == f32 {
			comparison = (*build.Context).VCMPPS
		}
		return func(k *kernel, src []operand.Mem, out reg.Register) {
			comparison(k.Context, operand.U8(r.float), src[1], k.load(src[0]), out)
		}
	}
	if r.equal {
		comparison := equals.of(d)
		return func(k *kernel, src []operand.Mem, out reg.Register) {
			comparison(k, src[1], k.load(src[0]), out)
		}
	}
	greater := greaters.of(d)
	var sign reg.VecVirtual
	if d.isUnsigned() {
		sign = k.load(k.constant(d.size, 1<<(8*d.size-1)))
	}
	return func(k *kernel, src []operand.Mem, out reg.Register) {
		x, y := k.load(src[0]), operand.Op(src[1])
		if d.isUnsigned() { // whose order is that of signed numbers with the sign turned round
			k.VPXOR(sign, x, x)
			z := k.YMM()
			k.VPXOR(src[1], sign, z)
			y = z
		} else if r.swapped {
			y = k.load(src[1])
		}
		if r.swapped {
			greater(k, x, y, out)
		} else {
			greater(k, y, x, out)
		}
	}
}

var comparisons512 = map[*dtype]ins{
	f64: insN((*build.Context).VCMPPD), f32: insN((*build.Context).VCMPPS),
	i8: insN((*build.Context).VPCMPB), i16: insN((*build.Context).VPCMPW),
	i32: insN((*build.Context).VPCMPD), i64: insN((*build.Context).VPCMPQ),
	u8: insN((*build.Context).VPCMPUB), u16: insN((*build.Context).VPCMPUW),
	u32: insN((*build.Context).VPCMPUD), u64: insN((*build.Context).VPCMPUQ),
}
