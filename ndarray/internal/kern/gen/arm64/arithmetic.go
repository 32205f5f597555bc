package arm64

import (
	"fmt"
	"math/bits"
	"strings"
)

// width is the bytes of a vector.
const width = 16

func arithmetic(f *file) {
	for _, op := range binaries {
		for _, d := range dtypes {
			if instruction := op.of[d]; instruction != nil {
				f.elements("Binary", op.op, d, 2, func(operands []int, to int) {
					f.line("%s", instruction(operands[1], operands[0], to))
				})
			}
		}
	}
	for _, d := range []*dtype{f64, f32} {
		f.elements("Ternary", "AddProduct", d, 3, func(operands []int, to int) {
			f.line("%s", multiply[d](operands[2], operands[1], operands[1]))
			f.line("%s", add[d](operands[1], operands[0], to))
		})
	}
}

// elements writes a function(dst, a, b *byte, n, aMove, bMove int), or one with fewer or more operands, for n >= one vector. An
// operand's move is -1, or 0 for a single element that stands for all n, of which the frame then has four vectors. What compute
// writes may change its operands.
//
// The last vector is computed first, and stored last: it covers the elements that don't fill one, together with some that others
// have done. Its operands are read before any are written, so that dst may be an operand.
func (f *file) elements(in, op string, d *dtype, operands int, compute func(operands []int, to int)) {
	const unroll = 4
	name := lower(op) + d.name + "NEON"
	for _, kind := range d.kinds {
		f.entry(in, []string{op, "reflect." + kind}, "Kernel"+in, name, width/d.size)
	}
	letters := strings.Split("abc"[:operands], "")
	moves := strings.Join(letters, "Move, ") + "Move"
	f.function(name, fmt.Sprintf("dst, %s *byte, n, %s int", strings.Join(letters, ", "), moves), operands*unroll*width, 16+16*operands)
	params := append(append([]string{"dst"}, letters...), "n")
	for i, param := range append(params, strings.Split(moves, ", ")...) {
		f.line("MOVD %s+%d(FP), R%d", param, 8*i, i)
	}
	from, n := 1, 1+operands
	move := n + 1
	last := move + operands
	step := last + 1
	for i, letter := range letters {
		f.line("CBNZ R%d, %sMany", move+i, letter)
		f.line("VLD1R (R%d), [V0.%s]", from+i, d.arrangement)
		for v := 1; v < unroll; v++ {
			f.line("VMOV V0.B16, V%d.B16", v)
		}
		f.line("MOVD $%sAll-%d(SP), R%d", letter, (operands-i)*unroll*width, from+i)
		f.line("VST1 [V0.B16, V1.B16, V2.B16, V3.B16], (R%d)", from+i)
		f.label(letter + "Many")
	}
	f.line("SUB $%d, R%d, R%d", width/d.size, n, last)
	if d.size > 1 {
		f.line("LSL $%d, R%d, R%[2]d", bits.TrailingZeros(uint(d.size)), last)
	}
	var vectors []int
	for i := range operands {
		f.line("AND R%d, R%d, R%d", move+i, last, step)
		f.line("ADD R%d, R%d, R%[2]d", from+i, step)
		f.line("VLD1 (R%d), [V%d.B16]", step, i)
		vectors = append(vectors, i)
	}
	compute(vectors, 31)
	f.line("ADD R0, R%d, R%[1]d", last)
	for _, count := range []int{unroll, 1} {
		loop, done := "four", "few"
		if count == 1 {
			loop, done = "one", "last"
		}
		for i := range operands {
			f.line("AND $%d, R%d, R%d", count*width, move+i, step+i)
		}
		f.label(loop)
		f.line("CMP $%d, R%d", count*width/d.size, n)
		f.line("BLT %s", done)
		for i := range operands {
			f.line("VLD1 (R%d), [%s]", from+i, list(unroll*i, count))
		}
		for v := range count {
			for i := range vectors {
				vectors[i] = unroll*i + v
			}
			compute(vectors, v)
		}
		f.line("VST1.P [%s], %d(R0)", list(0, count), count*width)
		for i := range operands {
			f.line("ADD R%d, R%d", step+i, from+i)
		}
		f.line("SUB $%d, R%d", count*width/d.size, n)
		f.line("B %s", loop)
		f.label(done)
	}
	f.line("VST1 [V31.B16], (R%d)", last)
	f.line("RET")
}
