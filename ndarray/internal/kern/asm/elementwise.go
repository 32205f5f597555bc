package asm

// The operations on one, two and three operands, by the names that they have in package kern, or else in package ndarray.
type (
	Unary   int
	Binary  int
	Ternary int
)

const (
	Neg Unary = iota
	Abs
	Sign
	Square
	Reciprocal
	Sqrt
	Floor
	Ceil
	Trunc
	RoundToEven
	BitNot
	LogicalNot
	IsNaN
	IsInf
	IsFinite
	SignBit
	Exp
	Exp2
	Expm1
	Log
	Log2
	Log10
	Log1p
	Sin
	Cos
	Tanh
	unaries
)

const (
	Add Binary = iota
	Sub
	Mul
	Div
	Minimum
	Maximum
	FMin
	FMax
	Equal
	NotEqual
	Less
	LessEqual
	LogicalAnd
	LogicalOr
	LogicalXor
	BitAnd
	BitOr
	BitXor
	ShiftLeft
	ShiftRight
	EncodeFloat
	DecodeFloat
	binaries
)

const (
	FMA Ternary = iota
	Clip
	AddProduct
	ternaries
)

// Elementwise is the kernels that read n elements at each of their operands and store n results at dst, by the kind of the
// operands' elements. An operand's move is -1, or 0 for one element that stands for all. dst may be the place of an operand
// whose elements are as large; else they don't overlap. A kernel keeps no pointer, and is not interrupted: the caller sees that
// n is not too much. It needs at least Least elements.
type Elementwise struct {
	Unary   [unaries][kinds]KernelUnary
	Binary  [binaries][kinds]KernelBinary
	Ternary [ternaries][kinds]KernelTernary
}

type (
	KernelUnary struct {
		Run   func(dst, a *byte, n, aMove int)
		Least int
	}
	KernelBinary struct {
		Run   func(dst, a, b *byte, n, aMove, bMove int)
		Least int
	}
	KernelTernary struct {
		Run   func(dst, a, b, c *byte, n, aMove, bMove, cMove int)
		Least int
	}
)
