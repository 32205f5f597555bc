package amd64

import (
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// convertHalves converts eight numbers by AVX2's instructions, those of eight bytes in two vectors.
func (k *kernel) convertHalves(to, from *dtype) body {
	c := &converter{kernel: k}
	if from == u32 && to.isFloat() {
		c.power = k.load(k.constant(8, 0x433<<52))
	}
	if !to.isFloat() {
		switch to.size {
		case 1:
			c.order = k.YMM()
			k.VMOVDQU(k.dwords("bytes4", 0x0c080400, 0x80808080, 0x80808080, 0x80808080, 0x0c080400, 0x80808080, 0x80808080, 0x80808080), c.order)
		case 2:
			c.order = k.load(k.constant(4, 0xffff))
		}
	}
	return func(_ *kernel, src []operand.Mem, dst operand.Mem) {
		m := src[0]
		switch {
		case from == f64 && to == f32:
			for at := range 2 {
				x := k.XMM()
				k.VCVTPD2PSY(m.Offset(32*at), x)
				k.VMOVDQU(x, dst.Offset(16*at))
			}
		case from == f32 && to == f64:
			for at := range 2 {
				y := k.YMM()
				k.VCVTPS2PD(m.Offset(16*at), y)
				k.VMOVDQU(y, dst.Offset(32*at))
			}
		case from == u32 && to.isFloat():
			c.unsigned(to, m, dst)
		case to == f64:
			for at := range 2 {
				x, y := k.XMM(), k.YMM()
				k.extend(from, 4, m.Offset(4*at*from.size), x)
				k.VCVTDQ2PD(x, y)
				k.VMOVDQU(y, dst.Offset(32*at))
			}
		case to.size == 8:
			for at := range 2 {
				y := k.YMM()
				k.extend(from, 8, m.Offset(4*at*from.size), y)
				k.VMOVDQU(y, dst.Offset(32*at))
			}
		case to == f32:
			y := k.YMM()
			k.extend(from, 4, m, y)
			k.VCVTDQ2PS(y, y)
			k.VMOVDQU(y, dst)
		default:
			c.store(c.integers(from, m), to, dst)
		}
	}
}

// converter has the constants of a conversion.
type converter struct {
	*kernel
	power reg.VecVirtual // 1<<52, a number whose last bit counts one
	order reg.VecVirtual // what brings the lowest bytes together
}

// integers returns eight numbers at m as integers of four bytes.
func (k *converter) integers(from *dtype, m operand.Mem) reg.VecVirtual {
	y := k.YMM()
	switch {
	case from == f32:
		k.VCVTTPS2DQ(m, y)
	case from == f64:
		x, z := k.XMM(), k.XMM()
		k.VCVTTPD2DQY(m, x)
		k.VCVTTPD2DQY(m.Offset(32), z)
		k.VINSERTI128(operand.U8(1), z, x.AsY(), y)
	case from.size == 8:
		k.VMOVDQU(m, y)
		k.VSHUFPS(operand.U8(0x88), m.Offset(32), y, y)
		k.VPERMQ(operand.U8(0xd8), y, y)
	default:
		k.extend(from, 4, m, y)
	}
	return y
}

// store stores the lowest bytes of integers of four.
func (k *converter) store(y reg.VecVirtual, to *dtype, dst operand.Mem) {
	upper := k.XMM()
	switch to.size {
	case 1:
		k.VPSHUFB(k.order, y, y)
		k.VEXTRACTI128(operand.U8(1), y, upper)
		k.VPUNPCKLDQ(upper, y.AsX(), upper)
		k.VMOVQ(upper, dst)
	case 2:
		k.VPAND(k.order, y, y)
		k.VEXTRACTI128(operand.U8(1), y, upper)
		k.VPACKUSDW(upper, y.AsX(), upper)
		k.VMOVDQU(upper, dst)
	case 4:
		k.VMOVDQU(y, dst)
	}
}

// unsigned converts integers of four bytes to floats: as the lowest bits of one that begins at 1<<52, less that. A float64 has
// them exactly, so that to float32 they are rounded once.
func (k *converter) unsigned(to *dtype, m, dst operand.Mem) {
	for at := range 2 {
		y := k.YMM()
		k.VPMOVZXDQ(m.Offset(16*at), y)
		k.VPOR(k.power, y, y)
		k.VSUBPD(k.power, y, y)
		if to == f64 {
			k.VMOVDQU(y, dst.Offset(32*at))
			continue
		}
		x := k.XMM()
		k.VCVTPD2PSY(y, x)
		k.VMOVDQU(x, dst.Offset(16*at))
	}
}
