package amd64

import (
	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/samebytes/samebytes/ndarray/internal/kern/gen/table"
)

// line is the bytes of a cache line.
const line = 64

// stream writes a function(dst, src *byte, n int) that copies n >= line bytes and leaves none of dst in a cache: whole lines are stored
// past it, those at the ends as usual.
func stream(f *file) {
	const unroll = 4
	k := &kernel{file: f, isa: avx2}
	k.Function("stream" + k.isa.name)
	k.Attributes(attr.NOSPLIT)
	k.Pragma("noescape")
	k.SignatureExpr("func(dst, src *byte, n int)")
	f.entries = append(f.entries, table.Entry{Set: k.isa.set, Table: "Stream", Kernel: "KernelCopy", Function: "stream" + k.isa.name, Least: line})
	dst := k.Load(k.Param("dst"), k.GP64())
	src := k.Load(k.Param("src"), k.GP64())
	n := k.Load(k.Param("n"), k.GP64())

	copyLine := func(to, from reg.Register, disp int, past bool) {
		a, b := k.load(operand.Mem{Base: from, Disp: disp}), k.load(operand.Mem{Base: from, Disp: disp + 32})
		if past {
			k.VMOVNTPD(a, operand.Mem{Base: to, Disp: disp})
			k.VMOVNTPD(b, operand.Mem{Base: to, Disp: disp + 32})
		} else {
			k.VMOVUPD(a, operand.Mem{Base: to, Disp: disp})
			k.VMOVUPD(b, operand.Mem{Base: to, Disp: disp + 32})
		}
	}
	aligned := k.label("aligned")
	first := k.GP64()
	k.MOVQ(dst, first)
	k.NEGQ(first)
	k.ANDQ(operand.I32(line-1), first)
	k.JZ(operand.LabelRef(aligned))
	copyLine(dst, src, 0, false)
	k.ADDQ(first, dst)
	k.ADDQ(first, src)
	k.SUBQ(first, n)
	k.Label(aligned)
	for _, lines := range []int{unroll, 1} {
		again, done := k.label("loop"), k.label("done")
		k.Label(again)
		k.CMPQ(n, operand.I32(lines*line))
		k.JL(operand.LabelRef(done))
		for i := range lines {
			copyLine(dst, src, i*line, true)
		}
		k.ADDQ(operand.I32(lines*line), dst)
		k.ADDQ(operand.I32(lines*line), src)
		k.SUBQ(operand.I32(lines*line), n)
		k.JMP(operand.LabelRef(again))
		k.Label(done)
	}
	end := k.label("end")
	k.TESTQ(n, n)
	k.JZ(operand.LabelRef(end))
	k.ADDQ(n, dst)
	k.ADDQ(n, src)
	copyLine(dst, src, -line, false)
	k.Label(end)
	k.SFENCE() // what other processors see of later stores, they see after these
	k.VZEROUPPER()
	k.RET()
}
