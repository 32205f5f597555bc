package arm64

import "math/bits"

// width is the bytes of a vector.
const width = 16

func arithmetic(f *file) {
	for _, op := range binaries {
		for _, d := range dtypes {
			if instruction := op.of[d]; instruction != nil {
				name := lower(op.op) + d.name + "NEON"
				f.binary(name, d, instruction)
				for _, kind := range d.kinds {
					f.entry("Binary", []string{op.op, "reflect." + kind}, "KernelBinary", name, width/d.size)
				}
			}
		}
	}
}

// binary writes a function(dst, a, b *byte, n, aMove, bMove int) for n >= one vector. An operand's move is -1, or 0 for a single
// element that stands for all n, of which the frame then has four vectors.
//
// The last vector is computed first, and stored last: it covers the elements that don't fill one, together with some that others
// have done. Its operands are read before any are written, so that dst may be an operand.
func (f *file) binary(name string, d *dtype, op instruction) {
	const unroll = 4
	f.function(name, "dst, a, b *byte, n, aMove, bMove int", 2*unroll*width, 48)
	for i, param := range []string{"dst", "a", "b", "n", "aMove", "bMove"} {
		f.line("MOVD %s+%d(FP), R%d", param, 8*i, i)
	}
	for i, operand := range []string{"a", "b"} {
		f.line("CBNZ R%d, %sMany", 4+i, operand)
		f.line("VLD1R (R%d), [V0.%s]", 1+i, d.arrangement)
		for v := 1; v < unroll; v++ {
			f.line("VMOV V0.B16, V%d.B16", v)
		}
		f.line("MOVD $%sAll-%d(SP), R%d", operand, (2-i)*unroll*width, 1+i)
		f.line("VST1 [V0.B16, V1.B16, V2.B16, V3.B16], (R%d)", 1+i)
		f.label(operand + "Many")
	}
	f.line("SUB $%d, R3, R6", width/d.size)
	if d.size > 1 {
		f.line("LSL $%d, R6, R6", bits.TrailingZeros(uint(d.size)))
	}
	for i := range 2 {
		f.line("AND R%d, R6, R7", 4+i)
		f.line("ADD R%d, R7, R7", 1+i)
		f.line("VLD1 (R7), [V%d.B16]", i)
	}
	f.line("%s", op(1, 0, 31))
	f.line("ADD R0, R6, R6")
	for _, vectors := range []int{unroll, 1} {
		loop, done := "four", "few"
		if vectors == 1 {
			loop, done = "one", "last"
		}
		f.line("AND $%d, R4, R7", vectors*width)
		f.line("AND $%d, R5, R8", vectors*width)
		f.label(loop)
		f.line("CMP $%d, R3", vectors*width/d.size)
		f.line("BLT %s", done)
		f.line("VLD1 (R1), [%s]", list(0, vectors))
		f.line("VLD1 (R2), [%s]", list(unroll, vectors))
		for v := range vectors {
			f.line("%s", op(unroll+v, v, v))
		}
		f.line("VST1.P [%s], %d(R0)", list(0, vectors), vectors*width)
		f.line("ADD R7, R1")
		f.line("ADD R8, R2")
		f.line("SUB $%d, R3", vectors*width/d.size)
		f.line("B %s", loop)
		f.label(done)
	}
	f.line("VST1 [V31.B16], (R6)")
	f.line("RET")
}
