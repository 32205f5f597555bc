package amd64

import (
	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/samebytes/samebytes/ndarray/internal/kern/gen/table"
)

// A rounded is a kernel for a function that rounds: func(dst, a *byte, n int) int. It handles whole vectors, before the first
// that has an element beyond the limit, and returns how many elements they have.
type rounded struct {
	op    string // in package asm
	d     *dtype
	limit float64 // greatest magnitude of an operand, 0 for none
	write func(c *calc, x reg.VecVirtual) reg.VecVirtual
}

// held is the number of constants that AVX-512 holds in registers: what arithmetic leaves of them. AVX2 has none to spare.
const held = 14

func (f *file) roundedKernel(s *isa, r rounded) {
	var hold []operand.Mem
	if s == avx512 {
		draft := newFile("draft").rounded(s, r, nil)
		hold = draft[:min(held, len(draft))]
	}
	f.rounded(s, r, hold)
}

// rounded writes a kernel that holds constants in registers, and returns all that it uses.
func (f *file) rounded(s *isa, r rounded, hold []operand.Mem) []operand.Mem {
	k := &kernel{file: f, isa: s}
	c := &calc{kernel: k, d: r.d, held: map[operand.Mem]reg.VecVirtual{}}
	name := lower(r.op) + r.d.name + s.name
	k.Function(name)
	k.Attributes(attr.NOSPLIT)
	k.Pragma("noescape")
	k.SignatureExpr("func(dst, a *byte, n int) int")
	lanes := s.width / r.d.size
	f.entries = append(f.entries, table.Entry{
		Set: s.set, Table: "Rounded", Index: []string{r.op, "reflect." + r.d.kind}, Kernel: "KernelRounded", Function: name, Least: lanes,
		More: []any{r.limit},
	})

	dst := k.Load(k.Param("dst"), k.GP64())
	src := k.Load(k.Param("a"), k.GP64())
	n := k.Load(k.Param("n"), k.GP64())
	done := k.GP64()
	k.XORQ(done, done)
	k.SUBQ(operand.I32(lanes), n) // the greatest index that a vector may begin at
	for _, m := range hold {
		c.held[m] = c.load(m)
	}
	again, end := k.label("loop"), k.label("end")
	k.Label(again)
	k.CMPQ(done, n)
	k.JG(operand.LabelRef(end))
	x := k.load(operand.Mem{Base: src, Index: done, Scale: uint8(r.d.size)})
	if r.limit != 0 {
		c.jumpIfAny(c.compare(above, c.abs(x), c.f(r.limit)), end)
	}
	k.VMOVUPD(r.write(c, x), operand.Mem{Base: dst, Index: done, Scale: uint8(r.d.size)})
	k.ADDQ(operand.I32(lanes), done)
	k.JMP(operand.LabelRef(again))
	k.Label(end)
	k.Store(done, k.ReturnIndex(0))
	k.VZEROUPPER()
	k.RET()
	for _, write := range c.late {
		write()
	}
	return c.used
}
