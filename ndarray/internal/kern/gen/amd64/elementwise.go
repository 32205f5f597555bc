package amd64

import (
	"slices"
	"strings"

	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// elementwise is an operation on elements in the same places of its operands.
type elementwise struct {
	op     string   // its name in package asm
	of     []*dtype // that there are kernels for in both instruction sets
	of512  []*dtype // that there are kernels for in AVX-512 alone
	signed bool     // whether numbers without a sign need kernels of their own; else they have those of the same size with one
	write  func(k *kernel, d *dtype, x []operand.Op) reg.VecVirtual
	as     []string // operations that are the same for integers
}

// floating and integers are the types that most operations have kernels for.
var (
	floating = []*dtype{f64, f32}
	integers = []*dtype{i8, i16, i32, i64}
	naturals = []*dtype{u8, u16, u32, u64}
	numbers  = slices.Concat(floating, integers)
	reals    = slices.Concat(numbers, naturals)
	complete = slices.Concat(numbers, []*dtype{c64, c128})
)

// unsigned are the types that have the kernels of others, because an instruction does the same with their bits.
var unsigned = map[*dtype]*dtype{i8: u8, i16: u16, i32: u32, i64: u64}

// elementwise writes kernels of operations on so many operands.
func (f *file) elementwise(operands int, ops []elementwise) {
	for _, s := range isas {
		for _, op := range ops {
			of := op.of
			if s == avx512 {
				of = slices.Concat(of, op.of512)
			}
			for _, d := range of {
				f.elementwiseOf(s, operands, op, d)
			}
		}
	}
}

// operations are the names of the tables for one, two and three operands.
var operations = []string{"", "Unary", "Binary", "Ternary"}

func (f *file) elementwiseOf(s *isa, operands int, op elementwise, d *dtype) {
	first := len(f.entries)
	m := mapping{
		table: operations[operands], index: []string{op.op, "reflect." + d.kind}, name: lower(op.op) + d.name,
		out: d.size, step: s.width / d.size, unroll: 4,
		prepare: func(*kernel) body {
			return func(k *kernel, src []operand.Mem, dst operand.Mem) {
				x := []operand.Op{k.load(src[0])}
				for _, m := range src[1:] {
					x = append(x, m)
				}
				k.VMOVUPD(op.write(k, d, x), dst)
			}
		},
	}
	if operands == 3 {
		m.unroll = 2 // so that vectors of the operands that are single elements fit what a function without a check of the stack may use
	}
	for range operands {
		m.in = append(m.in, d.size)
	}
	f.mapKernel(s, m)
	if same := unsigned[d]; same != nil && !op.signed {
		f.also(first, op.op, same)
	}
	if d.isFloat() {
		return
	}
	for _, e := range f.entries[first:] {
		for _, name := range op.as {
			e.Index = []string{name, e.Index[1]}
			f.entries = append(f.entries, e)
		}
	}
}

// also makes a kernel that of another operation or type too.
func (f *file) also(entry int, op string, d *dtype) {
	e := f.entries[entry]
	e.Index = []string{op, "reflect." + d.kind}
	f.entries = append(f.entries, e)
}

// lower returns an operation's name as that of a function that is not exported begins.
func lower(s string) string {
	if s == strings.ToUpper(s) {
		return strings.ToLower(s)
	}
	return strings.ToLower(s[:1]) + s[1:]
}
