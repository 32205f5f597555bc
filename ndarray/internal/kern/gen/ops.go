package main

// An op is an operation whose loops are written out for each layout, because a call for each element would cost more than
// the operation. Its operands are x, y and z, as many as the result mentions types for.
type op struct {
	name   string
	class  string // constraint on T; none where In and Out are plain types
	out    string // type of the result's elements
	in     []string
	result string // Go expression
	slow   bool   // so that loops for more layouts would not be noticed
}

// files is the table of all such operations, under the name of the file that gets their loops.
var files = []struct {
	name string
	ops  []op
}{
	{"arithmetic", []op{
		{"Add", "Number", "T", two, "x + y", false},
		{"Sub", "Number", "T", two, "x - y", false},
		{"Mul", "Number", "T", two, "x * y", false},
		{"FMA", "Float", "T", three, "fma(x, y, z)", true},
	}},
	{"division", []op{
		{"Div", "Float", "T", two, "x / y", false},
		{"DivComplex", "Complex", "T", two, "T(Quotient(complex128(x), complex128(y)))", true},
		{"FloorDiv", "Real", "T", two, "floorDiv(x, y)", true},
		{"Mod", "Real", "T", two, "mod(x, y)", true},
		{"Fmod", "Real", "T", two, "fmod(x, y)", true},
	}},
	{"sign", []op{
		{"Neg", "Number", "T", one, "-x", false},
		{"Abs", "Real", "T", one, "abs(x)", false},
		{"Sign", "Real", "T", one, "sign(x)", false},
		{"Square", "Number", "T", one, "x * x", false},
		{"Reciprocal", "Float", "T", one, "1 / x", false},
		{"Sqrt", "Float", "T", one, "T(math.Sqrt(float64(x)))", false},
		{"Floor", "Float", "T", one, "T(math.Floor(float64(x)))", false},
		{"Ceil", "Float", "T", one, "T(math.Ceil(float64(x)))", false},
		{"Trunc", "Float", "T", one, "T(math.Trunc(float64(x)))", false},
		{"RoundToEven", "Float", "T", one, "T(math.RoundToEven(float64(x)))", false},
	}},
	{"order", []op{
		{"Minimum", "Real", "T", two, "min(x, y)", false},
		{"Maximum", "Real", "T", two, "max(x, y)", false},
		{"FMin", "Real", "T", two, "fmin(x, y)", false},
		{"FMax", "Real", "T", two, "fmax(x, y)", false},
	}},
	{"clip", []op{{"Clip", "Real", "T", three, "min(max(x, y), z)", false}}},
	{"compare", []op{
		{"Equal", "comparable", "bool", two, "x == y", false},
		{"NotEqual", "comparable", "bool", two, "x != y", false},
		{"Less", "Real", "bool", two, "x < y", false},
		{"LessEqual", "Real", "bool", two, "x <= y", false},
	}},
	{"floats", []op{
		{"IsNaN", "Inexact", "bool", one, "x != x", false},
		{"IsInf", "Float", "bool", one, "x == x && x-x != 0", false},
		{"IsFinite", "Inexact", "bool", one, "x-x == 0", false},
		{"SignBit", "Float", "bool", one, "math.Signbit(float64(x))", false},
	}},
	{"logic", []op{
		{"LogicalAnd", "", "bool", []string{"bool", "bool"}, "x && y", false},
		{"LogicalOr", "", "bool", []string{"bool", "bool"}, "x || y", false},
		{"LogicalXor", "", "bool", []string{"bool", "bool"}, "x != y", false},
		{"LogicalNot", "", "bool", []string{"bool"}, "!x", false},
	}},
	{"bits", []op{
		{"BitAnd", "Integer", "T", two, "x & y", false},
		{"BitOr", "Integer", "T", two, "x | y", false},
		{"BitXor", "Integer", "T", two, "x ^ y", false},
		{"BitNot", "Integer", "T", one, "^x", false},
	}},
	{"shift", []op{
		{"ShiftLeft", "Integer", "T", two, "x << uint64(y)", false},
		{"ShiftRight", "Integer", "T", two, "x >> uint64(y)", false},
		{"BitCount", "Integer", "uint8", one, "bitCount(x)", true},
	}},
}

var (
	one   = []string{"T"}
	two   = []string{"T", "T"}
	three = []string{"T", "T", "T"}
)
