package arm64

import "fmt"

// instruction writes one operation on vectors, from the registers with the numbers m and n to that with the number d: n op m.
type instruction func(m, n, d int) string

// A word is an instruction that Go's assembler doesn't know: the bits that it has besides its registers, and its name with the
// arrangement of vectors.
func word(bits uint32, name, arrangement string) instruction {
	return func(m, n, d int) string {
		return fmt.Sprintf("WORD $0x%08x // %s v%d.%[4]s, v%[5]d.%[4]s, v%[6]d.%[4]s",
			bits|uint32(m)<<16|uint32(n)<<5|uint32(d), name, d, lowered(arrangement), n, m)
	}
}

// lowered returns an arrangement of Go's assembler, as D2, as that of the manual: 2d.
func lowered(arrangement string) string {
	return arrangement[1:] + string(arrangement[0]|0x20)
}

// known is an instruction that Go's assembler knows.
func known(name, arrangement string) instruction {
	return func(m, n, d int) string {
		return fmt.Sprintf("%s V%d.%s, V%d.%[3]s, V%[5]d.%[3]s", name, m, arrangement, n, d)
	}
}

// The encodings are those of the Arm Architecture Reference Manual, C7.2, for 128 bits.
var (
	add = map[*dtype]instruction{
		f64: word(0x4e60d400, "fadd", "D2"), f32: word(0x4e20d400, "fadd", "S4"),
		i8: known("VADD", "B16"), i16: known("VADD", "H8"), i32: known("VADD", "S4"), i64: known("VADD", "D2"),
	}
	multiply = map[*dtype]instruction{
		f64: word(0x6e60dc00, "fmul", "D2"), f32: word(0x6e20dc00, "fmul", "S4"),
		i8: word(0x4e209c00, "mul", "B16"), i16: word(0x4e609c00, "mul", "H8"), i32: word(0x4ea09c00, "mul", "S4"),
	}
)

var binaries = []struct {
	op string // its name in package asm
	of map[*dtype]instruction
}{
	{"Add", add},
	{"Sub", map[*dtype]instruction{
		f64: word(0x4ee0d400, "fsub", "D2"), f32: word(0x4ea0d400, "fsub", "S4"),
		i8: known("VSUB", "B16"), i16: known("VSUB", "H8"), i32: known("VSUB", "S4"), i64: known("VSUB", "D2"),
	}},
	{"Mul", multiply},
	{"Div", map[*dtype]instruction{
		f64: word(0x6e60fc00, "fdiv", "D2"), f32: word(0x6e20fc00, "fdiv", "S4"),
	}},
}

// dtype is a type of elements.
type dtype struct {
	name        string   // as in the name of a kernel
	kinds       []string // of package reflect
	size        int      // bytes
	arrangement string   // of a vector of them
}

var (
	f64    = &dtype{"F64", []string{"Float64"}, 8, "D2"}
	f32    = &dtype{"F32", []string{"Float32"}, 4, "S4"}
	i8     = &dtype{"I8", []string{"Int8", "Uint8"}, 1, "B16"}
	i16    = &dtype{"I16", []string{"Int16", "Uint16"}, 2, "H8"}
	i32    = &dtype{"I32", []string{"Int32", "Uint32"}, 4, "S4"}
	i64    = &dtype{"I64", []string{"Int64", "Uint64"}, 8, "D2"}
	dtypes = []*dtype{f64, f32, i8, i16, i32, i64}
)
