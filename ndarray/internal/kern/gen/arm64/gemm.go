package arm64

import "fmt"

// gemm writes the kernels for packed panels. A tile of eight rows of three vectors leaves eight of the 32 vectors for what it is
// made of: for each column of a and row of b, seven loads at most and 24 operations that don't wait for each other.
func gemm(f *file) {
	for _, d := range []*dtype{f64, f32} {
		f.packed(d, 8, 3)
	}
}

// packed writes a function(k int, a, b, c *byte, ldc int) for k >= 1.
func (f *file) packed(d *dtype, rows, vectors int) {
	name := "packed" + d.name + "NEON"
	lanes := width / d.size
	f.entries = append(f.entries, entry("Packed", []string{"reflect." + d.kinds[0]}, "KernelPacked", name, rows, vectors*lanes))
	f.function(name, "k int, a, b, c *byte, ldc int", 0, 40)
	for i, param := range []string{"k", "a", "b", "c", "ldc"} {
		f.line("MOVD %s+%d(FP), R%d", param, 8*i, i)
	}
	b := rows * vectors // the first vector of a row of b, and after it that of a column of a
	a := b + vectors
	for v := range b {
		f.line("VEOR V%d.B16, V%[1]d.B16, V%[1]d.B16", v)
	}
	f.label("loop")
	f.line("VLD1.P %d(R1), [%s]", rows*d.size, list(a, rows/lanes))
	f.line("VLD1.P %d(R2), [%s]", vectors*width, list(b, vectors))
	for r := range rows {
		for v := range vectors {
			f.line("%s", multiplyAdd(d, a+r/lanes, r%lanes, b+v, r*vectors+v))
		}
	}
	f.line("SUBS $1, R0")
	f.line("BNE loop")
	for r := range rows {
		f.line("VLD1 (R3), [%s]", list(b, vectors))
		for v := range vectors {
			f.line("%s", add[d](r*vectors+v, b+v, b+v))
		}
		f.line("VST1 [%s], (R3)", list(b, vectors))
		f.line("ADD R4, R3")
	}
	f.line("RET")
}

// multiplyAdd adds the products of n and one element of m to d, with one rounding.
func multiplyAdd(t *dtype, m, element, n, d int) string {
	bits, letter := uint32(0x4fc01000)|uint32(element)<<11, "d"
	if t == f32 {
		bits, letter = 0x4f801000|uint32(element&1)<<21|uint32(element>>1)<<11, "s"
	}
	arrangement := lowered(t.arrangement)
	return fmt.Sprintf("WORD $0x%08x // fmla v%d.%s, v%d.%s, v%d.%s[%d]", bits|uint32(m)<<16|uint32(n)<<5|uint32(d), d, arrangement, n,
		arrangement, m, letter, element)
}
