package arm64

import "fmt"

// pairwise writes the kernels that add as kern.Sum does.
func pairwise(f *file) {
	for _, d := range []*dtype{f64, f32} {
		f.pairwise("Sums", "pairwise", d, 1)
		f.pairwise("Products", "products", d, 2)
	}
}

// pairwise writes a function(a *byte, n int) float64 that adds elements, or one(a, b *byte, n int) that adds products, for n >= 8. The
// tree of halves is walked with a stack in the frame, of which an entry has the sum of a left half and the length of the right one,
// or zero. Eight numbers are added at a time, in the vectors 0 to 3.
func (f *file) pairwise(in, kernel string, d *dtype, operands int) {
	const levels = 12
	name := kernel + d.name + "NEON"
	f.entry(in, []string{"reflect." + d.kinds[0]}, "Kernel"+in, name, 8)
	params := []string{"a", "b"}[:operands]
	signature := "a *byte, n int"
	if operands == 2 {
		signature = "a, b *byte, n int"
	}
	f.returning(name, signature, "float64", 16*levels, 16+8*operands)
	for i, param := range params {
		f.line("MOVD %s+%d(FP), R%d", param, 8*i, i)
	}
	f.line("MOVD n+%d(FP), R2", 8*operands)
	f.line("MOVD $stack-%d(SP), R4", 16*levels)
	f.line("MOVD R4, R5")
	f.line("MOVD $(1<<63), R7") // -0, which changes nothing that is added to it
	f.label("descend")
	f.line("CMP $128, R2")
	f.line("BLE leaf")
	f.line("LSR $1, R2, R6")
	f.line("AND $-8, R6, R6")
	f.line("SUB R6, R2, R2")
	f.line("MOVD R2, 8(R4)")
	f.line("MOVD R6, R2")
	f.line("ADD $16, R4")
	f.line("B descend")

	f.label("leaf")
	for v := range 4 {
		f.line("VDUP R7, V%d.D2", v)
	}
	f.label("eights")
	f.line("CMP $8, R2")
	f.line("BLT across")
	for i := range operands {
		f.eight(d, i, 4+4*i)
	}
	for v := range 4 {
		if operands == 2 {
			f.line("%s", multiply[f64](8+v, 4+v, 4+v))
		}
		f.line("%s", add[f64](4+v, v, v))
	}
	f.line("SUB $8, R2")
	f.line("B eights")

	f.label("across") // ((s0 + s1) + (s2 + s3)) + ((s4 + s5) + (s6 + s7))
	neighbours := word(0x6e60d400, "faddp", "D2")
	f.line("%s", neighbours(1, 0, 0))
	f.line("%s", neighbours(3, 2, 2))
	f.line("%s", neighbours(2, 0, 0))
	f.line("%s", neighbours(0, 0, 0))
	f.label("rest")
	f.line("CBZ R2, ascend")
	for i := range operands {
		if d == f64 {
			f.line("FMOVD.P 8(R%d), F%d", i, 4+i)
		} else {
			f.line("FMOVS.P 4(R%d), F%d", i, 4+i)
			f.line("FCVTSD F%d, F%[1]d", 4+i)
		}
	}
	if operands == 2 {
		f.line("FMULD F5, F4, F4")
	}
	f.line("FADDD F4, F0, F0")
	f.line("SUB $1, R2")
	f.line("B rest")

	f.label("ascend")
	f.line("CMP R4, R5")
	f.line("BEQ done")
	f.line("MOVD -8(R4), R2")
	f.line("CBZ R2, join")
	f.line("FMOVD F0, -16(R4)")
	f.line("MOVD ZR, -8(R4)")
	f.line("B descend")
	f.label("join")
	f.line("FMOVD -16(R4), F4")
	f.line("FADDD F0, F4, F0")
	f.line("SUB $16, R4")
	f.line("B ascend")
	f.label("done")
	f.line("FMOVD F0, ret+%d(FP)", 8+8*operands)
	f.line("RET")
}

// eight loads eight elements as float64 in four vectors, and moves on.
func (f *file) eight(d *dtype, pointer, to int) {
	if d == f64 {
		f.line("VLD1.P 64(R%d), [%s]", pointer, list(to, 4))
		return
	}
	f.line("VLD1.P 32(R%d), [%s]", pointer, list(16, 2))
	for v := range 4 {
		bits, name, lanes := uint32(0x0e617800), "fcvtl", "2s"
		if v%2 == 1 {
			bits, name, lanes = 0x4e617800, "fcvtl2", "4s"
		}
		from := 16 + v/2
		f.line("%s", fmt.Sprintf("WORD $0x%08x // %s v%d.2d, v%d.%s", bits|uint32(from)<<5|uint32(to+v), name, to+v, from, lanes))
	}
}
