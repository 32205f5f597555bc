package tests

import . "github.com/samebytes/samebytes/ndarray"

var elementwiseTwins = map[string]functions{
	"bool":       together(equals[bool](), logic),
	"int8":       together(arithmetic[int8](), ordered[int8](), bits[int8]()),
	"int16":      together(arithmetic[int16](), ordered[int16](), bits[int16]()),
	"int32":      together(arithmetic[int32](), ordered[int32](), bits[int32]()),
	"int64":      together(arithmetic[int64](), ordered[int64](), bits[int64]()),
	"uint8":      together(arithmetic[uint8](), ordered[uint8](), bits[uint8]()),
	"uint16":     together(arithmetic[uint16](), ordered[uint16](), bits[uint16]()),
	"uint32":     together(arithmetic[uint32](), ordered[uint32](), bits[uint32]()),
	"uint64":     together(arithmetic[uint64](), ordered[uint64](), bits[uint64]()),
	"float32":    together(arithmetic[float32](), ordered[float32](), inexact[float32](), floats[float32]()),
	"float64":    together(arithmetic[float64](), ordered[float64](), inexact[float64](), floats[float64]()),
	"complex64":  together(arithmetic[complex64](), inexact[complex64](), complexes[float32, complex64]()),
	"complex128": together(arithmetic[complex128](), inexact[complex128](), complexes[float64, complex128]()),

	"float16":         equals[Float16](),
	"datetime64[D]":   equals[day](),
	"timedelta64[ns]": equals[span](),
}

var logic = functions{
	"LogicalAnd": two(LogicalAnd),
	"LogicalOr":  two(LogicalOr),
	"LogicalXor": two(LogicalXor),
	"LogicalNot": one(LogicalNot),
}

func equals[T comparable]() functions {
	return functions{
		"Equal":    two(Equal[T]),
		"NotEqual": two(NotEqual[T]),
	}
}

func arithmetic[T interface {
	Number
	comparable
}]() functions {
	return together(equals[T](), functions{
		"Add":    two(Add[T]),
		"Sub":    two(Sub[T]),
		"Mul":    two(Mul[T]),
		"Neg":    one(Neg[T]),
		"Square": one(Square[T]),
	})
}

func ordered[T Real]() functions {
	return functions{
		"FloorDiv":     two(FloorDiv[T]),
		"Mod":          two(Mod[T]),
		"Fmod":         two(Fmod[T]),
		"Pow":          two(Pow[T]),
		"Abs":          one(Abs[T]),
		"Sign":         one(Sign[T]),
		"Less":         two(Less[T]),
		"LessEqual":    two(LessEqual[T]),
		"Greater":      two(Greater[T]),
		"GreaterEqual": two(GreaterEqual[T]),
		"Minimum":      two(Minimum[T]),
		"Maximum":      two(Maximum[T]),
		"FMin":         two(FMin[T]),
		"FMax":         two(FMax[T]),
		"Clip":         three(Clip[T]),
		"Map": func(c *call) []any {
			return []any{Map(dstOf[T](c), arrayOf[T](c, 0), func(x T) T {
				if x > 0 {
					return x
				}
				return 0
			})}
		},
		"Apply2": func(c *call) []any {
			return []any{Apply2(dstOf[bool](c), arrayOf[T](c, 0), arrayOf[T](c, 1), func(x, y T) bool { return x < y })}
		},
		"Eval": func(c *call) []any {
			x, y, z := Lazy(arrayOf[T](c, 0)), Lazy(arrayOf[T](c, 1)), Lazy(arrayOf[T](c, 2))
			return []any{Eval(dstOf[T](c), x.Add(y).Mul(z).Sub(x).Where(x.Compare(Less[T], y), z))}
		},
		"EvalCond": func(c *call) []any {
			x, y, z := Lazy(arrayOf[T](c, 0)), Lazy(arrayOf[T](c, 1)), Lazy(arrayOf[T](c, 2))
			less := x.Compare(Less[T], y).And(y.Compare(Less[T], z).Not())
			return []any{EvalCond(dstOf[bool](c), less.Or(Mask(Equal(nil, arrayOf[T](c, 0), arrayOf[T](c, 2)))))}
		},
		"DivMod": func(c *call) []any {
			quotient, remainder := DivMod(nil, nil, arrayOf[T](c, 0), arrayOf[T](c, 1))
			return []any{quotient, remainder}
		},
	}
}

func bits[T Integer]() functions {
	return functions{
		"BitAnd":     two(BitAnd[T]),
		"BitOr":      two(BitOr[T]),
		"BitXor":     two(BitXor[T]),
		"BitNot":     one(BitNot[T]),
		"ShiftLeft":  two(ShiftLeft[T]),
		"ShiftRight": two(ShiftRight[T]),
		"BitCount":   one(BitCount[T]),
	}
}

func inexact[T Inexact]() functions {
	return functions{
		"Div":        two(Div[T]),
		"Reciprocal": one(Reciprocal[T]),
		"Sqrt":       one(Sqrt[T]),
		"Exp":        one(Exp[T]),
		"Log":        one(Log[T]),
		"Log10":      one(Log10[T]),
		"Sin":        one(Sin[T]),
		"Cos":        one(Cos[T]),
		"Tan":        one(Tan[T]),
		"Asin":       one(Asin[T]),
		"Acos":       one(Acos[T]),
		"Atan":       one(Atan[T]),
		"Sinh":       one(Sinh[T]),
		"Cosh":       one(Cosh[T]),
		"Tanh":       one(Tanh[T]),
		"Asinh":      one(Asinh[T]),
		"Acosh":      one(Acosh[T]),
		"Atanh":      one(Atanh[T]),
		"IsNaN":      one(IsNaN[T]),
		"IsInf":      one(IsInf[T]),
		"IsFinite":   one(IsFinite[T]),
		"IsClose": func(c *call) []any {
			return []any{IsClose(dstOf[bool](c), arrayOf[T](c, 0), arrayOf[T](c, 1), DefaultTolerance)}
		},
	}
}

func floats[T Float]() functions {
	return functions{
		"Hypot":       two(Hypot[T]),
		"Atan2":       two(Atan2[T]),
		"CopySign":    two(CopySign[T]),
		"NextAfter":   two(NextAfter[T]),
		"Heaviside":   two(Heaviside[T]),
		"LogAddExp":   two(LogAddExp[T]),
		"FMA":         three(FMA[T]),
		"Sinc":        one(Sinc[T]),
		"Ldexp":       func(c *call) []any { return []any{Ldexp(nil, arrayOf[T](c, 0), arrayOf[int32](c, 1))} },
		"Floor":       one(Floor[T]),
		"Ceil":        one(Ceil[T]),
		"Trunc":       one(Trunc[T]),
		"RoundToEven": one(RoundToEven[T]),
		"Round": func(c *call) []any {
			return []any{Round(dstOf[T](c), arrayOf[T](c, 0), parameter[int](c, "decimals"))}
		},
		"Cbrt":    one(Cbrt[T]),
		"Exp2":    one(Exp2[T]),
		"Expm1":   one(Expm1[T]),
		"Log2":    one(Log2[T]),
		"Log1p":   one(Log1p[T]),
		"Deg2Rad": one(Deg2Rad[T]),
		"Rad2Deg": one(Rad2Deg[T]),
		"SignBit": one(SignBit[T]),
	}
}

func complexes[F Float, T Complex]() functions {
	return functions{
		"Conj":       one(Conj[T]),
		"AbsComplex": one(AbsComplex[F, T]),
		"Angle":      one(Angle[F, T]),
		"PowComplex": two(PowComplex[T]),
	}
}
