package kern

import "testing"

// Each instance of an operation is held to its loop, whether there is a kernel for it or not.

func binaryTwins[T Real](t *testing.T) {
	twin2(t, Add[T]{})
	twin2(t, Sub[T]{})
	twin2(t, Mul[T]{})
	twin2(t, Minimum[T]{})
	twin2(t, Maximum[T]{})
	twin2(t, FMin[T]{})
	twin2(t, FMax[T]{})
}

func unaryTwins[T Real](t *testing.T) {
	twin1(t, Neg[T]{})
	twin1(t, Abs[T]{})
	twin1(t, Sign[T]{})
	twin1(t, Square[T]{})
}

func ternaryTwins[T Real](t *testing.T) {
	twin3(t, Clip[T]{})
	twin3(t, AddProduct[T]{})
}

func integerTwins[T Integer](t *testing.T) {
	binaryTwins[T](t)
	unaryTwins[T](t)
	ternaryTwins[T](t)
	twin2(t, BitAnd[T]{})
	twin2(t, BitOr[T]{})
	twin2(t, BitXor[T]{})
	twin2(t, ShiftLeft[T]{})
	twin2(t, ShiftRight[T]{})
	twin1(t, BitNot[T]{})
}

func floatTwins[T Float](t *testing.T) {
	binaryTwins[T](t)
	unaryTwins[T](t)
	ternaryTwins[T](t)
	twin2(t, Div[T]{})
	twin1(t, Reciprocal[T]{})
	twin1(t, Sqrt[T]{})
	twin1(t, Floor[T]{})
	twin1(t, Ceil[T]{})
	twin1(t, Trunc[T]{})
	twin1(t, RoundToEven[T]{})
	twin3(t, FMA[T]{})
}

func complexTwins[T Complex](t *testing.T) {
	twin2(t, Add[T]{})
	twin2(t, Sub[T]{})
	twin2(t, Mul[T]{})
	twin1(t, Neg[T]{})
	twin1(t, Square[T]{})
	twin3(t, AddProduct[T]{})
}

func TestElementwise(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		for name, twins := range map[string]func(t *testing.T){
			"float64": floatTwins[float64], "float32": floatTwins[float32],
			"int8": integerTwins[int8], "int16": integerTwins[int16], "int32": integerTwins[int32], "int64": integerTwins[int64],
			"uint8": integerTwins[uint8], "uint16": integerTwins[uint16], "uint32": integerTwins[uint32], "uint64": integerTwins[uint64],
			"complex64": complexTwins[complex64], "complex128": complexTwins[complex128],
			"bool": func(t *testing.T) {
				twin2(t, LogicalAnd{})
				twin2(t, LogicalOr{})
				twin2(t, LogicalXor{})
				twin1(t, LogicalNot{})
			},
		} {
			t.Run(name, twins)
		}
	})
}
