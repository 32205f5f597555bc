package amd64

import (
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// join writes the instructions that make a new acc of acc and v.
type join func(k *kernel, d *dtype, acc, v reg.VecVirtual)

// addIns are the instructions for sums.
var addIns = map[*dtype]ins{
	f64: insN((*build.Context).VADDPD), f32: insN((*build.Context).VADDPS),
	i8: insN((*build.Context).VPADDB), u8: insN((*build.Context).VPADDB),
	i16: insN((*build.Context).VPADDW), u16: insN((*build.Context).VPADDW),
	i32: insN((*build.Context).VPADDD), u32: insN((*build.Context).VPADDD),
	i64: insN((*build.Context).VPADDQ), u64: insN((*build.Context).VPADDQ),
}

func rows(f *file) {
	for _, s := range isas {
		for _, d := range reals {
			f.rowsOf(s, d, "SumRows", func(k *kernel, d *dtype, acc, v reg.VecVirtual) { addIns[d](k, v, acc, acc) })
			if d.isFloat() {
				multiply := map[*dtype]ins{f64: insN((*build.Context).VMULPD), f32: insN((*build.Context).VMULPS)}[d]
				f.rowsOf(s, d, "ProdRows", func(k *kernel, d *dtype, acc, v reg.VecVirtual) { multiply(k, v, acc, acc) })
			}
			for which, name := range extremeNames {
				f.rowsOf(s, d, name+"Rows", joinExtreme(which, false))
				if d.isFloat() {
					f.rowsOf(s, d, "NaN"+name+"Rows", joinExtreme(which, true))
				}
			}
		}
	}
}

// joinExtreme keeps the greatest or least, acc where both are equal, and NaN: that of acc, or else v's. If noNaN it takes v instead
// where acc is NaN.
func joinExtreme(which int, noNaN bool) join {
	return func(k *kernel, d *dtype, acc, v reg.VecVirtual) {
		if !d.isFloat() {
			k.extreme(d, which, acc, v, acc)
			return
		}
		of := v
		if noNaN {
			of = acc
		}
		if k.isa == avx512 {
			is := k.K()
			k.unordered(d, of, of, is)
			k.extreme(d, which, acc, v, acc)
			if d == f64 {
				k.VMOVAPD(v, is, acc)
			} else {
				k.VMOVAPS(v, is, acc)
			}
			return
		}
		is := k.vec()
		k.unordered(d, of, of, is)
		k.extreme(d, which, acc, v, acc)
		if d == f64 {
			k.VBLENDVPD(is, v, acc, acc)
		} else {
			k.VBLENDVPS(is, v, acc, acc)
		}
	}
}

// rowsOf writes a kernel that goes over four rows at a time, and then over one at a time. It leaves out the elements at the end
// that don't fill a vector.
func (f *file) rowsOf(s *isa, d *dtype, op string, join join) {
	k := f.reduction(s, "Rows", lower(op), "(acc, a *byte, stride, rows, n int)", s.width/d.size, d, op)
	first, a, stride, rows := k.pointer("acc"), k.pointer("a"), k.pointer("stride"), k.pointer("rows")
	lanes := k.vectors(d)
	three := k.GP64()
	k.LEAQ(operand.Mem{Base: stride, Index: stride, Scale: 2}, three)
	for _, count := range []int{4, 1} {
		again, done := k.label("rows"), k.label("done")
		k.Label(again)
		k.CMPQ(rows, operand.I8(count))
		k.JL(operand.LabelRef(done))
		to, from, n := k.GP64(), k.GP64(), k.pointer("n")
		k.MOVQ(first, to)
		k.MOVQ(a, from)
		for _, unroll := range []int{2, 1} {
			along, end := k.label("along"), k.label("end")
			k.Label(along)
			k.CMPQ(n, operand.I32(unroll*lanes))
			k.JL(operand.LabelRef(end))
			acc := make([]reg.VecVirtual, unroll)
			for u := range acc {
				acc[u] = k.load(operand.Mem{Base: to, Disp: u * s.width})
			}
			for row := range count {
				for u := range acc {
					m := operand.Mem{Base: from, Disp: u * s.width}
					switch row {
					case 1:
						m.Index, m.Scale = stride, 1
					case 2:
						m.Index, m.Scale = stride, 2
					case 3:
						m.Index, m.Scale = three, 1
					}
					join(k, d, acc[u], k.load(m))
				}
			}
			for u, v := range acc {
				k.VMOVUPD(v, operand.Mem{Base: to, Disp: u * s.width})
			}
			k.ADDQ(operand.I32(unroll*s.width), to)
			k.ADDQ(operand.I32(unroll*s.width), from)
			k.SUBQ(operand.I32(unroll*lanes), n)
			k.JMP(operand.LabelRef(along))
			k.Label(end)
		}
		if count == 4 {
			k.LEAQ(operand.Mem{Base: a, Index: stride, Scale: 4}, a)
		} else {
			k.ADDQ(stride, a)
		}
		k.SUBQ(operand.I8(count), rows)
		k.JMP(operand.LabelRef(again))
		k.Label(done)
	}
	k.VZEROUPPER()
	k.RET()
}
