package amd64

import (
	"strconv"

	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/samebytes/samebytes/ndarray/internal/kern/gen/table"
)

// tiles writes the kernels that store columns of four elements as rows: as many columns at a time as fill a vector.
func tiles(f *file) {
	for _, size := range []int{4, 8} {
		k := &kernel{file: f, isa: avx2}
		name := "transpose" + strconv.Itoa(8*size) + avx2.name
		step := avx2.width / size
		k.Function(name)
		k.Attributes(attr.NOSPLIT)
		k.Pragma("noescape")
		k.SignatureExpr("func(dst, src *byte, n, dstRow, srcCol int)")
		f.entries = append(f.entries, table.Entry{Set: avx2.set, Table: "Transpose", Index: []string{strconv.Itoa(size)},
			Kernel: "KernelTranspose", Function: name, Least: step})

		dst, src := k.Load(k.Param("dst"), k.GP64()), k.Load(k.Param("src"), k.GP64())
		n := k.Load(k.Param("n"), k.GP64())
		row, col := k.Load(k.Param("dstRow"), k.GP64()), k.Load(k.Param("srcCol"), k.GP64())
		at := func(base, by reg.Register) []operand.Mem {
			third := k.GP64()
			k.LEAQ(operand.Mem{Base: by, Index: by, Scale: 2}, third)
			return []operand.Mem{{Base: base}, {Base: base, Index: by, Scale: 1}, {Base: base, Index: by, Scale: 2}, {Base: base, Index: third, Scale: 1}}
		}
		to, from := at(dst, row), at(src, col)
		again := k.label("loop")
		k.Label(again)
		v := make([]reg.VecVirtual, 4)
		if size == 8 {
			for i := range v {
				v[i] = k.load(from[i])
			}
			low, high := k.interleaved((*build.Context).VUNPCKLPD, v), k.interleaved((*build.Context).VUNPCKHPD, v)
			for i, half := range []uint64{0x20, 0x31} {
				k.VPERM2F128(operand.U8(half), low[1], low[0], v[0])
				k.VMOVUPD(v[0], to[2*i])
				k.VPERM2F128(operand.U8(half), high[1], high[0], v[1])
				k.VMOVUPD(v[1], to[2*i+1])
			}
		} else {
			for i := range v {
				v[i] = k.YMM()
				k.VMOVUPS(from[i], v[i].AsX())
			}
			k.LEAQ(operand.Mem{Base: src, Index: col, Scale: 4}, src)
			for i := range v { // the fifth column beside the first, and so on
				k.VINSERTF128(operand.U8(1), from[i], v[i], v[i])
			}
			low, high := k.interleaved((*build.Context).VUNPCKLPS, v), k.interleaved((*build.Context).VUNPCKHPS, v)
			for i, pair := range [][]reg.VecVirtual{low, high} {
				k.VUNPCKLPD(pair[1], pair[0], v[0])
				k.VMOVUPS(v[0], to[2*i])
				k.VUNPCKHPD(pair[1], pair[0], v[1])
				k.VMOVUPS(v[1], to[2*i+1])
			}
		}
		k.LEAQ(operand.Mem{Base: src, Index: col, Scale: 4}, src)
		k.ADDQ(operand.U8(avx2.width), dst)
		k.SUBQ(operand.U8(step), n)
		k.JNZ(operand.LabelRef(again))
		k.VZEROUPPER()
		k.RET()
	}
}

// interleaved interleaves the first vector with the second, and the third with the fourth.
func (k *kernel) interleaved(unpack func(c *build.Context, ops ...operand.Op), v []reg.VecVirtual) []reg.VecVirtual {
	x, y := k.YMM(), k.YMM()
	unpack(k.Context, v[1], v[0], x)
	unpack(k.Context, v[3], v[2], y)
	return []reg.VecVirtual{x, y}
}
