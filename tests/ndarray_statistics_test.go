package tests

import . "github.com/samebytes/samebytes/ndarray"

var statisticsTwins = map[string]functions{
	"bool":            together(alike[bool](), safely[bool]()),
	"int8":            together(alike[int8](), safely[int8](), statistics[int8](), traces[int8]()),
	"int16":           together(alike[int16](), safely[int16](), statistics[int16](), traces[int16]()),
	"int32":           together(alike[int32](), safely[int32](), statistics[int32](), traces[int32]()),
	"int64":           together(alike[int64](), safely[int64](), statistics[int64](), traces[int64]()),
	"uint8":           together(alike[uint8](), safely[uint8](), statistics[uint8](), traces[uint8]()),
	"uint16":          together(alike[uint16](), safely[uint16](), statistics[uint16](), traces[uint16]()),
	"uint32":          together(alike[uint32](), safely[uint32](), statistics[uint32](), traces[uint32]()),
	"uint64":          together(alike[uint64](), safely[uint64](), statistics[uint64](), traces[uint64]()),
	"float16":         together(alike[Float16](), safely[Float16]()),
	"float32":         together(alike[float32](), safely[float32](), statistics[float32](), traces[float32](), norms[float32](), gaps[float32]()),
	"float64":         together(alike[float64](), safely[float64](), statistics[float64](), traces[float64](), norms[float64](), gaps[float64]()),
	"complex64":       together(alike[complex64](), safely[complex64](), traces[complex64](), norms[complex64]()),
	"complex128":      together(alike[complex128](), safely[complex128](), traces[complex128](), norms[complex128]()),
	"datetime64[D]":   alike[day](),
	"timedelta64[ns]": alike[span](),
}

func statistics[T Real]() functions {
	return functions{
		"Average": as(functions{
			"float32": averages[float32, T],
			"float64": averages[float64, T],
		}),
		"Quantile": quantile(Quantile[T], QuantileTo[float64, T], QuantilesTo[float64, T]),
		"HistogramWeighted": func(c *call) []any {
			return []any{HistogramWeighted(nil, arrayOf[T](c, 0), arrayOf[float64](c, 2), arrayOf[float64](c, 1))}
		},
		"HistogramDensity": func(c *call) []any {
			return []any{HistogramDensity(nil, arrayOf[T](c, 1), arrayOf[float64](c, 0))}
		},
		"HistogramEdges": func(c *call) []any {
			return []any{HistogramEdges(arrayOf[T](c, 0), parameter[int](c, "bins"))}
		},
	}
}

func gaps[T Float]() functions {
	return functions{"NaNQuantile": quantile(NaNQuantile[T], NaNQuantileTo[float64, T], NaNQuantilesTo[float64, T])}
}

func averages[U Float, T Real](c *call) []any {
	a, weights := arrayOf[T](c, 0), arrayOf[float64](c, 1)
	if whole, ok := any(Average(a, weights)).(U); ok && !c.Parameters.has("axes") {
		return []any{whole}
	}
	return []any{AverageTo[U](nil, a, weights, parameter[[]int](c, "axes")...)}
}

// quantile is the twin of one quantile of all elements, of one over axes, and of several.
func quantile[T Real](
	whole func(a *Array[T], q float64, method QuantileMethod) float64,
	one func(dst *Array[float64], a *Array[T], q float64, method QuantileMethod, axes ...int) *Array[float64],
	several func(dst *Array[float64], a *Array[T], q []float64, method QuantileMethod, axes ...int) *Array[float64],
) twin {
	return func(c *call) []any {
		a, q, axes := arrayOf[T](c, 0), parameter[[]float64](c, "q"), parameter[[]int](c, "axes")
		method := QuantileMethod(parameter[int](c, "method"))
		switch {
		case !c.Parameters.has("one"):
			return []any{several(nil, a, q, method, axes...)}
		case axes == nil:
			return []any{whole(a, q[0], method)}
		}
		return []any{one(nil, a, q[0], method, axes...)}
	}
}

func traces[T Number]() functions {
	return functions{"Trace": whole(Trace[T])}
}

func norms[T Inexact]() functions {
	return functions{
		"Norm":     whole(Norm[T]),
		"AllClose": func(c *call) []any { return []any{AllClose(arrayOf[T](c, 0), arrayOf[T](c, 1), DefaultTolerance)} },
	}
}

func alike[T comparable]() functions {
	return functions{
		"ArrayEqual":    func(c *call) []any { return []any{ArrayEqual(arrayOf[T](c, 0), arrayOf[T](c, 1))} },
		"ArrayEqualNaN": func(c *call) []any { return []any{ArrayEqualNaN(arrayOf[T](c, 0), arrayOf[T](c, 1))} },
	}
}

// safely is ConvertSafe to each dtype, which must say what CanCast does.
func safely[T any]() functions {
	to := functions{
		"bool":       convertedSafely[bool, T],
		"int8":       convertedSafely[int8, T],
		"int16":      convertedSafely[int16, T],
		"int32":      convertedSafely[int32, T],
		"int64":      convertedSafely[int64, T],
		"uint8":      convertedSafely[uint8, T],
		"uint16":     convertedSafely[uint16, T],
		"uint32":     convertedSafely[uint32, T],
		"uint64":     convertedSafely[uint64, T],
		"float16":    convertedSafely[Float16, T],
		"float32":    convertedSafely[float32, T],
		"float64":    convertedSafely[float64, T],
		"complex64":  convertedSafely[complex64, T],
		"complex128": convertedSafely[complex128, T],
	}
	return functions{"ConvertSafe": func(c *call) []any { return to[parameter[string](c, "to")](c) }}
}

func convertedSafely[U, T any](c *call) []any {
	converted, err := ConvertSafe[U](nil, arrayOf[T](c, 0))
	if CanCast(DTypeOf[T](), DTypeOf[U]()) != (err == nil) {
		panic("CanCast says otherwise than ConvertSafe")
	}
	return orError(converted, err)
}
