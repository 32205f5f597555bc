package amd64

import (
	"strconv"

	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// where writes the kernels that choose between two operands by bytes of one or zero, for elements of each size.
func where(f *file) {
	for _, s := range isas {
		for _, size := range []int{1, 2, 4, 8, 16} {
			if s == avx512 && size == 16 {
				continue // for which there is no mask that has two bits for an element
			}
			step := max(s.width/size, 4)
			f.mapKernel(s, mapping{
				table: "Where", index: []string{strconv.Itoa(size)}, name: "where" + strconv.Itoa(8*size),
				in: []int{1, size, size}, out: size, step: step, unroll: 2,
				prepare: func(k *kernel) body {
					if s == avx512 {
						return k.blendMasked(size)
					}
					return k.blend(size)
				},
			})
		}
	}
}

// blendMasked chooses by a mask register, set where the bytes are not zero.
func (k *kernel) blendMasked(size int) body {
	blend := map[int]func(c *build.Context, ops ...operand.Op){
		1: (*build.Context).VPBLENDMB, 2: (*build.Context).VPBLENDMW, 4: (*build.Context).VPBLENDMD, 8: (*build.Context).VPBLENDMQ,
	}[size]
	return func(k *kernel, src []operand.Mem, dst operand.Mem) {
		m := k.K()
		switch size {
		case 1:
			c := k.load(src[0])
			k.VPTESTMB(c, c, m)
		case 2:
			c := k.YMM()
			k.VMOVDQU(src[0], c)
			k.VPTESTMB(c, c, m)
		case 4:
			c := k.XMM()
			k.VMOVDQU(src[0], c)
			k.VPTESTMB(c, c, m)
		case 8:
			c := k.XMM()
			k.VMOVQ(src[0], c)
			k.VPTESTMB(c, c, m)
		}
		out := k.load(src[2])
		blend(k.Context, src[1], out, m, out)
		k.VMOVUPD(out, dst)
	}
}

// blend chooses by the highest bit of each element of a vector, where it moves the bit of each byte.
func (k *kernel) blend(size int) body {
	return func(k *kernel, src []operand.Mem, dst operand.Mem) {
		choose := func(c reg.Register, blend func(xy, mxy, xy1, xy2 operand.Op), by int) {
			out := k.load(src[2].Offset(by))
			blend(c, src[1].Offset(by), out, out)
			k.VMOVUPD(out, dst.Offset(by))
		}
		c := k.YMM()
		switch size {
		case 1:
			k.VMOVDQU(src[0], c)
			k.VPSLLW(operand.U8(7), c, c)
			choose(c, k.VPBLENDVB, 0)
		case 2:
			k.VPMOVZXBW(src[0], c)
			k.VPSLLW(operand.U8(7), c, c)
			d := k.YMM()
			k.VPSLLW(operand.U8(8), c, d)
			k.VPOR(d, c, c)
			choose(c, k.VPBLENDVB, 0)
		case 4:
			k.VPMOVZXBD(src[0], c)
			k.VPSLLD(operand.U8(31), c, c)
			choose(c, k.VBLENDVPS, 0)
		case 8, 16:
			k.VPMOVZXBQ(src[0], c)
			k.VPSLLQ(operand.U8(63), c, c)
			if size == 8 {
				choose(c, k.VBLENDVPD, 0)
				return
			}
			d := k.YMM()
			k.VPERMQ(operand.U8(0x50), c, d)
			choose(d, k.VBLENDVPD, 0)
			k.VPERMQ(operand.U8(0xfa), c, d)
			choose(d, k.VBLENDVPD, 32)
		}
	}
}
