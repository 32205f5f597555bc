// Package amd64 writes the kernels of package asm for amd64.
package amd64

import (
	"fmt"
	"log"
	"strings"

	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/pass"
	"github.com/mmcloughlin/avo/printer"
	"github.com/mmcloughlin/avo/reg"

	"github.com/samebytes/samebytes/ndarray/internal/kern/gen/table"
)

// isa is an instruction set, with the bytes of its vectors.
type isa struct {
	name  string // as in the name of a kernel
	set   string // as in the name of its table
	width int
}

var (
	avx2   = &isa{"AVX2", "avx2", 32}
	avx512 = &isa{"AVX512", "avx512", 64}
	isas   = []*isa{avx2, avx512}
)

// dtype is a type of elements.
type dtype struct {
	name string // as in the name of a kernel
	kind string // of package reflect
	size int
	part *dtype // of complex numbers
}

var (
	f64 = &dtype{"F64", "Float64", 8, nil}
	f32 = &dtype{"F32", "Float32", 4, nil}
	i8  = &dtype{"I8", "Int8", 1, nil}
	i16 = &dtype{"I16", "Int16", 2, nil}
	i32 = &dtype{"I32", "Int32", 4, nil}
	i64 = &dtype{"I64", "Int64", 8, nil}
	u8  = &dtype{"U8", "Uint8", 1, nil}
	u16 = &dtype{"U16", "Uint16", 2, nil}
	u32 = &dtype{"U32", "Uint32", 4, nil}
	u64 = &dtype{"U64", "Uint64", 8, nil}

	c64     = &dtype{"C64", "Complex64", 8, f32}
	c128    = &dtype{"C128", "Complex128", 16, f64}
	boolean = &dtype{"Bool", "Bool", 1, nil}
)

func (d *dtype) isFloat() bool { return d.name[0] == 'F' }

// ins is an instruction: the operands are its sources, in the order of Go's assembler, and its destination.
type ins func(k *kernel, ops ...operand.Op)

// ins3 is an instruction of three operands, from a method of build.Context.
func ins3(f func(c *build.Context, x, y, z operand.Op)) ins {
	return func(k *kernel, ops ...operand.Op) { f(k.Context, ops[0], ops[1], ops[2]) }
}

// ins2 is an instruction of two.
func ins2(f func(c *build.Context, x, y operand.Op)) ins {
	return func(k *kernel, ops ...operand.Op) { f(k.Context, ops[0], ops[1]) }
}

// insN is an instruction whose form with a mask makes the number of its operands vary.
func insN(f func(c *build.Context, ops ...operand.Op)) ins {
	return func(k *kernel, ops ...operand.Op) { f(k.Context, ops...) }
}

// file is a file of assembly, and what the tables say of it.
type file struct {
	*build.Context
	name    string
	entries []table.Entry
	globals map[string]operand.Mem
}

func newFile(name string) *file {
	f := &file{Context: build.NewContext(), name: name, globals: map[string]operand.Mem{}}
	f.ConstraintExpr("!noasm")
	return f
}

// kernel is a function that is being written.
type kernel struct {
	*file
	isa    *isa
	labels int
}

// vec returns a new register.
func (k *kernel) vec() reg.VecVirtual {
	if k.isa == avx512 {
		return k.ZMM()
	}
	return k.YMM()
}

// load returns a register with the vector at m.
func (k *kernel) load(m operand.Op) reg.VecVirtual {
	v := k.vec()
	k.VMOVUPD(m, v)
	return v
}

// zero returns a register of zeros.
func (k *kernel) zero() reg.VecVirtual {
	v := k.vec()
	if k.isa == avx512 {
		k.VXORPD(v, v, v) // other than of VPXORQ, avo knows that this reads nothing
	} else {
		k.VPXOR(v, v, v)
	}
	return v
}

// vectors returns the number of elements of a vector.
func (k *kernel) vectors(d *dtype) int { return k.isa.width / d.size }

// label returns a new name.
func (k *kernel) label(name string) string {
	k.labels++
	return fmt.Sprintf("%s%d", name, k.labels)
}

// splat stores in v the value at m in all elements.
func (k *kernel) splat(size int, m operand.Op, v reg.VecVirtual) {
	switch size {
	case 1:
		k.VPBROADCASTB(m, v)
	case 2:
		k.VPBROADCASTW(m, v)
	case 4:
		k.VPBROADCASTD(m, v)
	case 8:
		k.VPBROADCASTQ(m, v)
	case 16:
		if k.isa == avx512 {
			k.VBROADCASTI64X2(m, v)
		} else {
			k.VBROADCASTI128(m, v)
		}
	}
}

// constant returns where in memory a whole vector of a value is, given by its bits.
func (k *kernel) constant(size int, bits uint64) operand.Mem {
	name := fmt.Sprintf("c%d_%x", size, bits)
	if m, ok := k.globals[name]; ok {
		return m
	}
	// A function that is being written stays the one that is, for avo's context has a place for each.
	m := k.StaticGlobal(name)
	k.DataAttributes(attr.RODATA | attr.NOPTR)
	for at := 0; at < 64; at += size {
		switch size {
		case 1:
			k.AddDatum(at, operand.U8(bits))
		case 2:
			k.AddDatum(at, operand.U16(bits))
		case 4:
			k.AddDatum(at, operand.U32(bits))
		case 8:
			k.AddDatum(at, operand.U64(bits))
		}
	}
	k.globals[name] = m
	return m
}

// pairs returns where in memory a whole vector is whose elements of 64 bits are two in turn.
func (k *kernel) pairs(name string, low, high uint64) operand.Mem {
	if m, ok := k.globals[name]; ok {
		return m
	}
	m := k.StaticGlobal(name)
	k.DataAttributes(attr.RODATA | attr.NOPTR)
	for at := 0; at < 64; at += 16 {
		k.AddDatum(at, operand.U64(low))
		k.AddDatum(at+8, operand.U64(high))
	}
	k.globals[name] = m
	return m
}

// A mapping is a kernel that goes over contiguous elements of several operands, so many of each at a time. An operand may be one
// element that stands for all.
type mapping struct {
	table   string   // of the set: Unary, Binary or the like
	index   []string // within the table
	name    string   // of the function, without that of the instruction set
	in      []int    // bytes of an element of each operand
	out     int      // bytes of an element of the result
	step    int      // elements that one call of the body handles
	unroll  int      // calls of the body in the main loop
	prepare func(k *kernel) body
}

// body writes the instructions for one step: from the operands at src to dst.
type body func(k *kernel, src []operand.Mem, dst operand.Mem)

// mapKernel writes a function(dst, a, b, ... *byte, n, aMove, bMove, ... int) for n >= step elements. An operand's move is -1,
// or 0 for a single element that stands for all n.
//
// The last step is computed first, into the frame, and stored last: it covers the elements that don't fill a step, together with
// some that others have done. It reads them before any are written, so that dst may be an operand.
func (f *file) mapKernel(s *isa, m mapping) {
	k := &kernel{file: f, isa: s}
	name := m.name + s.name
	params := []string{"dst"}
	moves := []string{"n"}
	for i := range m.in {
		params = append(params, "abc"[i:i+1])
		moves = append(moves, "abc"[i:i+1]+"Move")
	}
	k.Function(name)
	k.Attributes(attr.NOSPLIT)
	k.Pragma("noescape")
	k.SignatureExpr("func(" + strings.Join(params, ", ") + " *byte, " + strings.Join(moves, ", ") + " int)")
	f.entries = append(f.entries, table.Entry{Set: s.set, Table: m.table, Index: m.index, Kernel: []string{"", "KernelUnary", "KernelBinary", "KernelTernary"}[len(m.in)], Function: name, Least: m.step})

	dst := k.Load(k.Param("dst"), k.GP64())
	n := k.Load(k.Param("n"), k.GP64())
	src := make([]reg.Register, len(m.in))
	move := make([]reg.Register, len(m.in))
	for i, size := range m.in {
		src[i] = k.Load(k.Param(params[i+1]), k.GP64())
		move[i] = k.Load(k.Param(moves[i+1]), k.GP64())
		many := k.label("many")
		k.TESTQ(move[i], move[i])
		k.JNZ(operand.LabelRef(many))
		all := k.vec()
		k.splat(size, operand.Mem{Base: src[i]}, all)
		nbytes := max(m.unroll*m.step*size, s.width)
		local := k.AllocLocal(nbytes)
		for at := 0; at < nbytes; at += s.width {
			k.VMOVUPD(all, local.Offset(at))
		}
		k.LEAQ(local, src[i])
		k.Label(many)
	}
	emit := m.prepare(k)

	tail := k.AllocLocal(max(m.step*m.out, 8))
	last := make([]operand.Mem, len(m.in))
	for i, size := range m.in {
		at := k.GP64()
		k.LEAQ(operand.Mem{Base: n, Disp: -m.step}, at)
		k.IMUL3Q(operand.U32(size), at, at)
		k.ANDQ(move[i], at)
		k.ADDQ(src[i], at)
		last[i] = operand.Mem{Base: at}
	}
	emit(k, last, tail)
	end := k.GP64()
	k.LEAQ(operand.Mem{Base: n, Disp: -m.step}, end)
	k.IMUL3Q(operand.U32(m.out), end, end)
	k.ADDQ(dst, end)

	loop := func(unroll int) {
		again, done := k.label("loop"), k.label("done")
		k.Label(again)
		k.CMPQ(n, operand.I32(m.step*unroll))
		k.JL(operand.LabelRef(done))
		for u := range unroll {
			at := make([]operand.Mem, len(m.in))
			for i, size := range m.in {
				at[i] = operand.Mem{Base: src[i], Disp: u * m.step * size}
			}
			emit(k, at, operand.Mem{Base: dst, Disp: u * m.step * m.out})
		}
		for i, size := range m.in {
			by := k.GP64()
			k.MOVQ(move[i], by)
			k.ANDQ(operand.I32(unroll*m.step*size), by)
			k.ADDQ(by, src[i])
		}
		k.ADDQ(operand.I32(unroll*m.step*m.out), dst)
		k.SUBQ(operand.I32(m.step*unroll), n)
		k.JMP(operand.LabelRef(again))
		k.Label(done)
	}
	if m.unroll > 1 {
		loop(m.unroll)
	}
	loop(1)
	for at, left := 0, m.step*m.out; left > 0; {
		switch {
		case left >= s.width:
			k.VMOVUPD(k.load(tail.Offset(at)), operand.Mem{Base: end, Disp: at})
			at, left = at+s.width, left-s.width
		case left >= 16:
			x := k.XMM()
			k.VMOVUPD(tail.Offset(at), x)
			k.VMOVUPD(x, operand.Mem{Base: end, Disp: at})
			at, left = at+16, left-16
		default:
			x := k.GP64()
			k.MOVQ(tail.Offset(at), x)
			k.MOVQ(x, operand.Mem{Base: end, Disp: at})
			at, left = at+8, left-8
		}
	}
	k.VZEROUPPER()
	k.RET()
}

// Sources returns the files of assembly, of Go's declarations of what is in them, and of the tables, under their names in kern's
// folder.
func Sources() map[string][]byte {
	all := map[string][]byte{}
	var entries []table.Entry
	for _, group := range []struct {
		name  string
		write func(f *file)
	}{
		{"arithmetic", arithmetic},
		{"sort", sorting},
		{"gemm", gemms},
		{"order", order},
		{"bits", bitOperations},
		{"sign", sign},
		{"stream", stream},
		{"compare", compare},
		{"classify", classify},
		{"convert", convert},
		{"half", halves},
		{"where", where},
		{"tiles", tiles},
		{"pairwise", pairwiseSums},
		{"integers", integerSums},
		{"extremes", extremes},
		{"rows", rows},
		{"exp", exps},
		{"log", logs},
		{"trig", trigs},
	} {
		f := newFile(group.name)
		group.write(f)
		result, err := f.Result()
		if err != nil {
			log.Fatalf("%s: %v", f.name, err)
		}
		if err := pass.Compile.Execute(result); err != nil {
			log.Fatalf("%s: %v", f.name, err)
		}
		config := printer.Config{Name: "gen", Pkg: "asm"}
		for suffix, p := range map[string]printer.Printer{".s": printer.NewGoAsm(config), ".go": printer.NewStubs(config)} {
			source, err := p.Print(result)
			if err != nil {
				log.Fatalf("%s: %v", f.name, err)
			}
			all["asm/"+f.name+"_amd64"+suffix] = source
		}
		entries = append(entries, f.entries...)
	}
	all["asm/tables_amd64.go"] = table.Source("!noasm", entries)
	return all
}
