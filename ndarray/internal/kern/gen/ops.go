package main

// An op is an operation whose loops are written out for each layout, because a call for each element would cost more than
// the operation. Its operands are x, y and z, as many as the result mentions types for.
type op struct {
	name   string
	class  string // constraint on T; none where In and Out are plain types
	out    string // type of the result's elements
	in     []string
	result string // Go expression
}

// files is the table of all such operations, under the name of the file that gets their loops.
var files = []struct {
	name string
	ops  []op
}{
	{"arithmetic", []op{
		{"Add", "Number", "T", two, "x + y"},
		{"Sub", "Number", "T", two, "x - y"},
		{"Mul", "Number", "T", two, "x * y"},
		{"Div", "Float", "T", two, "x / y"},
		{"DivComplex", "Complex", "T", two, "T(Quotient(complex128(x), complex128(y)))"},
		{"FloorDiv", "Real", "T", two, "floorDiv(x, y)"},
		{"Mod", "Real", "T", two, "mod(x, y)"},
		{"Fmod", "Real", "T", two, "fmod(x, y)"},
		{"FMA", "Float", "T", three, "fma(x, y, z)"},
	}},
	{"sign", []op{
		{"Neg", "Number", "T", one, "-x"},
		{"Abs", "Real", "T", one, "abs(x)"},
		{"Sign", "Real", "T", one, "sign(x)"},
		{"Square", "Number", "T", one, "x * x"},
		{"Reciprocal", "Float", "T", one, "1 / x"},
		{"Sqrt", "Float", "T", one, "T(math.Sqrt(float64(x)))"},
		{"Floor", "Float", "T", one, "T(math.Floor(float64(x)))"},
		{"Ceil", "Float", "T", one, "T(math.Ceil(float64(x)))"},
		{"Trunc", "Float", "T", one, "T(math.Trunc(float64(x)))"},
		{"RoundToEven", "Float", "T", one, "T(math.RoundToEven(float64(x)))"},
	}},
	{"order", []op{
		{"Minimum", "Real", "T", two, "min(x, y)"},
		{"Maximum", "Real", "T", two, "max(x, y)"},
		{"FMin", "Real", "T", two, "fmin(x, y)"},
		{"FMax", "Real", "T", two, "fmax(x, y)"},
		{"Clip", "Real", "T", three, "min(max(x, y), z)"},
	}},
	{"compare", []op{
		{"Equal", "comparable", "bool", two, "x == y"},
		{"NotEqual", "comparable", "bool", two, "x != y"},
		{"Less", "Real", "bool", two, "x < y"},
		{"LessEqual", "Real", "bool", two, "x <= y"},
		{"IsNaN", "Inexact", "bool", one, "x != x"},
		{"IsInf", "Float", "bool", one, "x == x && x-x != 0"},
		{"IsFinite", "Inexact", "bool", one, "x-x == 0"},
		{"SignBit", "Float", "bool", one, "math.Signbit(float64(x))"},
	}},
	{"logic", []op{
		{"LogicalAnd", "", "bool", []string{"bool", "bool"}, "x && y"},
		{"LogicalOr", "", "bool", []string{"bool", "bool"}, "x || y"},
		{"LogicalXor", "", "bool", []string{"bool", "bool"}, "x != y"},
		{"LogicalNot", "", "bool", []string{"bool"}, "!x"},
	}},
	{"bits", []op{
		{"BitAnd", "Integer", "T", two, "x & y"},
		{"BitOr", "Integer", "T", two, "x | y"},
		{"BitXor", "Integer", "T", two, "x ^ y"},
		{"BitNot", "Integer", "T", one, "^x"},
		{"ShiftLeft", "Integer", "T", two, "x << uint64(y)"},
		{"ShiftRight", "Integer", "T", two, "x >> uint64(y)"},
		{"BitCount", "Integer", "uint8", one, "bitCount(x)"},
	}},
}

var (
	one   = []string{"T"}
	two   = []string{"T", "T"}
	three = []string{"T", "T", "T"}
)
