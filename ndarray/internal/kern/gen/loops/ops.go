package loops

// An op is an operation whose loops are written out for each layout, because a call for each element would cost more than
// the operation. Its operands are x, y and z, as many as the result mentions types for.
type op struct {
	name   string
	class  string // constraint on T; none where In and Out are plain types
	out    string // type of the result's elements
	in     []string
	result string // Go expression
	slow   bool   // so that loops for more layouts would not be noticed
	kernel bool   // there is one in package asm, under the same name
}

// files is the table of all such operations, under the name of the file that gets their loops.
var files = []struct {
	name string
	ops  []op
}{
	{"arithmetic", []op{
		{"Add", "Number", "T", two, "x + y", false, true},
		{"Sub", "Number", "T", two, "x - y", false, true},
		{"Mul", "Number", "T", two, "x * y", false, true},
		{"AddProduct", "Number", "T", three, "x + T(y * z)", false, true},
		{"FMA", "Float", "T", three, "fma(x, y, z)", true, true},
	}},
	{"division", []op{
		{"Div", "Float", "T", two, "x / y", false, true},
		{"DivComplex", "Complex", "T", two, "T(Quotient(complex128(x), complex128(y)))", true, false},
		{"FloorDiv", "Real", "T", two, "floorDiv(x, y)", true, false},
		{"Mod", "Real", "T", two, "mod(x, y)", true, false},
		{"Fmod", "Real", "T", two, "fmod(x, y)", true, false},
	}},
	{"sign", []op{
		{"Neg", "Number", "T", one, "-x", false, true},
		{"Abs", "Real", "T", one, "abs(x)", false, true},
		{"Sign", "Real", "T", one, "sign(x)", false, true},
		{"Square", "Number", "T", one, "x * x", false, true},
		{"Reciprocal", "Float", "T", one, "1 / x", false, true},
		{"Sqrt", "Float", "T", one, "T(math.Sqrt(float64(x)))", false, true},
		{"Floor", "Float", "T", one, "T(math.Floor(float64(x)))", false, true},
		{"Ceil", "Float", "T", one, "T(math.Ceil(float64(x)))", false, true},
		{"Trunc", "Float", "T", one, "T(math.Trunc(float64(x)))", false, true},
		{"RoundToEven", "Float", "T", one, "T(math.RoundToEven(float64(x)))", false, true},
	}},
	{"order", []op{
		{"Minimum", "Real", "T", two, "min(x, y)", false, true},
		{"Maximum", "Real", "T", two, "max(x, y)", false, true},
		{"FMin", "Real", "T", two, "fmin(x, y)", false, true},
		{"FMax", "Real", "T", two, "fmax(x, y)", false, true},
	}},
	{"clip", []op{{"Clip", "Real", "T", three, "min(max(x, y), z)", false, true}}},
	{"compare", []op{
		{"Equal", "comparable", "bool", two, "x == y", false, true},
		{"NotEqual", "comparable", "bool", two, "x != y", false, true},
		{"Less", "Real", "bool", two, "x < y", false, true},
		{"LessEqual", "Real", "bool", two, "x <= y", false, true},
	}},
	{"floats", []op{
		{"IsNaN", "Inexact", "bool", one, "x != x", false, true},
		{"IsInf", "Float", "bool", one, "x == x && x-x != 0", false, true},
		{"IsFinite", "Inexact", "bool", one, "x-x == 0", false, true},
		{"SignBit", "Float", "bool", one, "math.Signbit(float64(x))", false, true},
	}},
	{"logic", []op{
		{"LogicalAnd", "", "bool", []string{"bool", "bool"}, "x && y", false, true},
		{"LogicalOr", "", "bool", []string{"bool", "bool"}, "x || y", false, true},
		{"LogicalXor", "", "bool", []string{"bool", "bool"}, "x != y", false, true},
		{"LogicalNot", "", "bool", []string{"bool"}, "!x", false, true},
	}},
	{"bits", []op{
		{"BitAnd", "Integer", "T", two, "x & y", false, true},
		{"BitOr", "Integer", "T", two, "x | y", false, true},
		{"BitXor", "Integer", "T", two, "x ^ y", false, true},
		{"BitNot", "Integer", "T", one, "^x", false, true},
	}},
	{"shift", []op{
		{"ShiftLeft", "Integer", "T", two, "x << uint64(y)", false, true},
		{"ShiftRight", "Integer", "T", two, "x >> uint64(y)", false, true},
		{"BitCount", "Integer", "uint8", one, "bitCount(x)", true, false},
	}},
}

var (
	one   = []string{"T"}
	two   = []string{"T", "T"}
	three = []string{"T", "T", "T"}
)
