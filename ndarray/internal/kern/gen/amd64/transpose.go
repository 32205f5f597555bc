package amd64

import (
	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// transpose writes the kernel that stores rows as columns, in squares of as many as a vector of AVX2 has elements.
func (f *file) transpose(d *dtype) {
	k := &kernel{file: f, isa: avx2}
	side := k.vectors(d)
	k.Function("transpose" + d.name)
	k.Attributes(attr.NOSPLIT)
	k.Pragma("noescape")
	k.SignatureExpr("func(dst, b *byte, k, n, bStep, dstStep int)")
	dst, b, n := k.Load(k.Param("dst"), k.GP64()), k.Load(k.Param("b"), k.GP64()), k.Load(k.Param("n"), k.GP64())
	step, dstStep := k.Load(k.Param("bStep"), k.GP64()), k.Load(k.Param("dstStep"), k.GP64())
	step3, dstStep3 := k.GP64(), k.GP64()
	k.LEAQ(operand.Mem{Base: step, Index: step, Scale: 2}, step3)
	k.LEAQ(operand.Mem{Base: dstStep, Index: dstStep, Scale: 2}, dstStep3)
	rows := k.label("rows")
	k.Label(rows)
	from, to, left := k.GP64(), k.GP64(), k.GP64()
	k.MOVQ(b, from)
	k.MOVQ(dst, to)
	k.Load(k.Param("k"), left)
	square := k.label("square")
	k.Label(square)
	from4, to4 := k.GP64(), k.GP64()
	if side > 4 {
		k.LEAQ(operand.Mem{Base: from, Index: step, Scale: 4}, from4)
	}
	x := make([]reg.VecVirtual, side)
	for i := range x {
		x[i] = k.load(row(i, from, from4, step, step3, 0))
	}
	// Pairs of rows whose numbers differ by one bit change halves, quarters and so on, until each row has what was a column.
	if d == f64 {
		x = k.exchange(x, 1, func(x, y, low, high reg.VecVirtual) { k.VUNPCKLPD(y, x, low); k.VUNPCKHPD(y, x, high) })
		x = k.exchange(x, 2, func(x, y, low, high reg.VecVirtual) {
			k.VPERM2F128(operand.U8(0x20), y, x, low)
			k.VPERM2F128(operand.U8(0x31), y, x, high)
		})
	} else {
		x = k.exchange(x, 1, func(x, y, low, high reg.VecVirtual) { k.VUNPCKLPS(y, x, low); k.VUNPCKHPS(y, x, high) })
		x = k.exchange(x, 2, func(x, y, low, high reg.VecVirtual) { k.VUNPCKLPD(y, x, low); k.VUNPCKHPD(y, x, high) })
		x[1], x[2], x[5], x[6] = x[2], x[1], x[6], x[5] // unpacking halves has left columns 2 and 3 in place 1, and 1 in place 2
		x = k.exchange(x, 4, func(x, y, low, high reg.VecVirtual) {
			k.VPERM2F128(operand.U8(0x20), y, x, low)
			k.VPERM2F128(operand.U8(0x31), y, x, high)
		})
	}
	if side > 4 {
		k.LEAQ(operand.Mem{Base: to, Index: dstStep, Scale: 4}, to4)
	}
	for i := range x {
		k.VMOVUPD(x[i], row(i, to, to4, dstStep, dstStep3, 0))
	}
	k.ADDQ(operand.I32(32), from)
	k.LEAQ(operand.Mem{Base: to, Index: dstStep, Scale: 4}, to)
	if side > 4 {
		k.LEAQ(operand.Mem{Base: to, Index: dstStep, Scale: 4}, to)
	}
	k.SUBQ(operand.I32(side), left)
	k.JG(operand.LabelRef(square))
	k.ADDQ(operand.I32(32), dst)
	k.LEAQ(operand.Mem{Base: b, Index: step, Scale: 4}, b)
	if side > 4 {
		k.LEAQ(operand.Mem{Base: b, Index: step, Scale: 4}, b)
	}
	k.SUBQ(operand.I32(side), n)
	k.JG(operand.LabelRef(rows))
	k.VZEROUPPER()
	k.RET()
}

// exchange calls do for each two vectors whose numbers differ by the bit, and returns the results in their places.
func (k *kernel) exchange(x []reg.VecVirtual, bit int, do func(x, y, low, high reg.VecVirtual)) []reg.VecVirtual {
	out := make([]reg.VecVirtual, len(x))
	for i := range x {
		if i&bit == 0 {
			out[i], out[i|bit] = k.vec(), k.vec()
			do(x[i], x[i|bit], out[i], out[i|bit])
		}
	}
	return out
}
