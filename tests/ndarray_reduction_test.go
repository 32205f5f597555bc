package tests

import . "github.com/samebytes/samebytes/ndarray"

var reductionTwins = map[string]functions{
	"bool":       truths[bool](),
	"int8":       together(truths[int8](), order[int8](), moments[int8](), sums[int8, int64]()),
	"int16":      together(truths[int16](), order[int16](), moments[int16](), sums[int16, int64]()),
	"int32":      together(truths[int32](), order[int32](), moments[int32](), sums[int32, int64]()),
	"int64":      together(truths[int64](), order[int64](), moments[int64](), sums[int64, int64]()),
	"uint8":      together(truths[uint8](), order[uint8](), moments[uint8](), sums[uint8, uint64]()),
	"uint16":     together(truths[uint16](), order[uint16](), moments[uint16](), sums[uint16, uint64]()),
	"uint32":     together(truths[uint32](), order[uint32](), moments[uint32](), sums[uint32, uint64]()),
	"uint64":     together(truths[uint64](), order[uint64](), moments[uint64](), sums[uint64, uint64]()),
	"float32":    together(truths[float32](), order[float32](), moments[float32](), sums[float32, float64](), skipping[float32]()),
	"float64":    together(truths[float64](), order[float64](), moments[float64](), sums[float64, float64](), skipping[float64]()),
	"complex64":  together(truths[complex64](), sums[complex64, complex128](), complexMeans[complex64]()),
	"complex128": together(truths[complex128](), sums[complex128, complex128](), complexMeans[complex128]()),
}

func truths[T interface{ Number | ~bool }]() functions {
	return functions{
		"AllTrue":      over(AllTrueTo[T], whole(AllTrue[T])),
		"AnyTrue":      over(AnyTrueTo[T], whole(AnyTrue[T])),
		"CountNonZero": over(CountNonZeroTo[T], whole(CountNonZero[T])),
	}
}

func order[T Real]() functions {
	return functions{
		"Min":    over(MinTo[T], whole(Min[T])),
		"Max":    over(MaxTo[T], whole(Max[T])),
		"Ptp":    over(PtpTo[T], whole(Ptp[T])),
		"ArgMin": overOne(ArgMinTo[T], whole(ArgMin[T])),
		"ArgMax": overOne(ArgMaxTo[T], whole(ArgMax[T])),
		"Median": as(functions{
			"float32": over(MedianTo[float32, T], nil),
			"float64": over(MedianTo[float64, T], whole(Median[T])),
		}),
		"Histogram": func(c *call) []any {
			return []any{Histogram(dstOf[int64](c), arrayOf[T](c, 0), arrayOf[float64](c, 1))}
		},
	}
}

func moments[T Real]() functions {
	return functions{
		"Mean": as(functions{
			"float32": over(MeanTo[float32, T], nil),
			"float64": over(MeanTo[float64, T], whole(Mean[T])),
		}),
		"Var": as(functions{
			"float32": overLess(VarTo[float32, T], nil),
			"float64": overLess(VarTo[float64, T], wholeLess(Var[T])),
		}),
		"Std": as(functions{
			"float32": overLess(StdTo[float32, T], nil),
			"float64": overLess(StdTo[float64, T], wholeLess(Std[T])),
		}),
	}
}

func complexMeans[T Complex]() functions {
	return functions{"Mean": as(functions{
		"complex64":  over(MeanTo[complex64, T], nil),
		"complex128": over(MeanTo[complex128, T], nil),
	})}
}

// sums are reckoned in T, in the widest number of its kind, and in float64.
func sums[T, W Number]() functions {
	own := DTypeOf[T]().String()
	wide := DTypeOf[W]().String()
	return functions{
		"Sum": as(functions{
			"float64": over(SumTo[float64, T], whole(SumAs[float64, T])),
			wide:      over(SumTo[W, T], whole(SumAs[W, T])),
			own:       over(SumTo[T, T], whole(Sum[T])),
		}),
		"Prod": as(functions{
			"float64": over(ProdTo[float64, T], whole(ProdAs[float64, T])),
			wide:      over(ProdTo[W, T], whole(ProdAs[W, T])),
			own:       over(ProdTo[T, T], whole(Prod[T])),
		}),
		"CumSum": as(functions{
			"float64": onAxis(CumSum[float64, T]),
			wide:      onAxis(CumSum[W, T]),
			own:       onAxis(CumSum[T, T]),
		}),
		"CumProd": as(functions{
			"float64": onAxis(CumProd[float64, T]),
			wide:      onAxis(CumProd[W, T]),
			own:       onAxis(CumProd[T, T]),
		}),
		"Diff": func(c *call) []any {
			return []any{Diff(dstOf[T](c), arrayOf[T](c, 0), parameter[int](c, "n"), parameter[int](c, "axis"))}
		},
	}
}

// skipping are those that leave NaN out.
func skipping[T Float]() functions {
	own := DTypeOf[T]().String()
	return functions{
		"NaNMin":    over(NaNMinTo[T], whole(NaNMin[T])),
		"NaNMax":    over(NaNMaxTo[T], whole(NaNMax[T])),
		"NaNArgMin": overOne(NaNArgMinTo[T], whole(NaNArgMin[T])),
		"NaNArgMax": overOne(NaNArgMaxTo[T], whole(NaNArgMax[T])),
		"NaNSum":    as(functions{"float64": over(NaNSumTo[float64, T], nil), own: over(NaNSumTo[T, T], whole(NaNSum[T]))}),
		"NaNProd":   as(functions{"float64": over(NaNProdTo[float64, T], nil), own: over(NaNProdTo[T, T], whole(NaNProd[T]))}),
		"NaNMean":   as(functions{own: over(NaNMeanTo[T, T], nil), "float64": over(NaNMeanTo[float64, T], whole(NaNMean[T]))}),
		"NaNMedian": as(functions{own: over(NaNMedianTo[T, T], nil), "float64": over(NaNMedianTo[float64, T], whole(NaNMedian[T]))}),
		"NaNVar": as(functions{
			own:       overLess(NaNVarTo[T, T], nil),
			"float64": overLess(NaNVarTo[float64, T], wholeLess(NaNVar[T])),
		}),
		"NaNStd": as(functions{
			own:       overLess(NaNStdTo[T, T], nil),
			"float64": overLess(NaNStdTo[float64, T], wholeLess(NaNStd[T])),
		}),
		"NaNCumSum":  as(functions{"float64": onAxis(NaNCumSum[float64, T]), own: onAxis(NaNCumSum[T, T])}),
		"NaNCumProd": as(functions{"float64": onAxis(NaNCumProd[float64, T]), own: onAxis(NaNCumProd[T, T])}),
	}
}

// as is the twin that reckons in the dtype that the case names.
func as(twins functions) twin {
	return func(c *call) []any { return twins[parameter[string](c, "as")](c) }
}

// reduction is a function over axes, with what else it takes from the case.
type reduction[U, T any] func(c *call, dst *Array[U], a *Array[T], axes []int) *Array[U]

// reduced is the twin of a function over axes, and of all, where the case names none, for that over all elements.
func reduced[U, T any](f reduction[U, T], all twin) twin {
	return func(c *call) []any {
		axes := parameter[[]int](c, "axes")
		if axes == nil && all != nil {
			return all(c)
		}
		return []any{f(c, dstOf[U](c), arrayOf[T](c, 0), axes)}
	}
}

func over[U, T any](f func(dst *Array[U], a *Array[T], axes ...int) *Array[U], all twin) twin {
	return reduced(func(c *call, dst *Array[U], a *Array[T], axes []int) *Array[U] { return f(dst, a, axes...) }, all)
}

// overOne is over, of a function that takes one axis.
func overOne[U, T any](f func(dst *Array[U], a *Array[T], axis int) *Array[U], all twin) twin {
	return reduced(func(c *call, dst *Array[U], a *Array[T], axes []int) *Array[U] { return f(dst, a, axes[0]) }, all)
}

// overLess is over, of a function that divides by the number of elements less some.
func overLess[U, T any](f func(dst *Array[U], a *Array[T], ddof int, axes ...int) *Array[U], all twin) twin {
	return reduced(func(c *call, dst *Array[U], a *Array[T], axes []int) *Array[U] {
		return f(dst, a, parameter[int](c, "ddof"), axes...)
	}, all)
}

func whole[T, V any](f func(a *Array[T]) V) twin {
	return func(c *call) []any { return []any{f(arrayOf[T](c, 0))} }
}

func wholeLess[T any](f func(a *Array[T], ddof int) float64) twin {
	return func(c *call) []any { return []any{f(arrayOf[T](c, 0), parameter[int](c, "ddof"))} }
}

func onAxis[U, T any](f func(dst *Array[U], a *Array[T], axis int) *Array[U]) twin {
	return func(c *call) []any { return []any{f(dstOf[U](c), arrayOf[T](c, 0), parameter[int](c, "axis"))} }
}
