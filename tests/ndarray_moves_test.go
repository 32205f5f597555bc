package tests

import . "github.com/samebytes/samebytes/ndarray"

var moveTwins = map[string]functions{
	"bool":       together(moves[bool](), converted[bool]()),
	"int8":       together(moves[int8](), converted[int8]()),
	"int16":      together(moves[int16](), converted[int16]()),
	"int32":      together(moves[int32](), converted[int32]()),
	"int64":      together(moves[int64](), converted[int64]()),
	"uint8":      together(moves[uint8](), converted[uint8]()),
	"uint16":     together(moves[uint16](), converted[uint16]()),
	"uint32":     together(moves[uint32](), converted[uint32]()),
	"uint64":     together(moves[uint64](), converted[uint64]()),
	"float32":    together(moves[float32](), converted[float32]()),
	"float64":    together(moves[float64](), converted[float64]()),
	"complex64":  together(moves[complex64](), converted[complex64]()),
	"complex128": together(moves[complex128](), converted[complex128]()),

	"float16":         together(moves[Float16](), converted[Float16]()),
	"datetime64[D]":   moves[day](),
	"timedelta64[ns]": moves[span](),
}

func moves[T comparable]() functions {
	return functions{
		"Copy":   func(c *call) []any { return []any{arrayOf[T](c, 0).Copy()} },
		"CopyTo": one(CopyTo[T]),
		"Fill":   func(c *call) []any { return []any{dstOf[T](c).Fill(arrayOf[T](c, 0).At())} },
		"Concatenate": func(c *call) []any {
			return []any{Concatenate(dstOf[T](c), parameter[int](c, "axis"), arraysOf[T](c)...)}
		},
		"Stack": func(c *call) []any { return []any{Stack(dstOf[T](c), parameter[int](c, "axis"), arraysOf[T](c)...)} },
		"Tile": func(c *call) []any {
			return []any{Tile(dstOf[T](c), arrayOf[T](c, 0), parameter[[]int](c, "repeats")...)}
		},
		"Repeat":     along(Repeat[T], "repeats"),
		"RepeatEach": along(RepeatEach[T], "counts"),
		"Roll":       along(Roll[T], "shift"),
		"Pad": func(c *call) []any {
			return []any{Pad(dstOf[T](c), arrayOf[T](c, 0), parameter[[][2]int](c, "widths"), arrayOf[T](c, 1).At())}
		},
		"Take": func(c *call) []any {
			return []any{Take(dstOf[T](c), arrayOf[T](c, 0), arrayOf[int64](c, 1), parameter[int](c, "axis"))}
		},
		"TakeAlongAxis": func(c *call) []any {
			return []any{TakeAlongAxis(dstOf[T](c), arrayOf[T](c, 0), arrayOf[int64](c, 1), parameter[int](c, "axis"))}
		},
		"Gather": func(c *call) []any {
			var indices []*Array[int64]
			for _, index := range c.arrays[1:] {
				indices = append(indices, index.(*Array[int64]))
			}
			return []any{Gather(dstOf[T](c), arrayOf[T](c, 0), indices...)}
		},
		"Scatter": func(c *call) []any {
			var indices []*Array[int64]
			for _, index := range c.arrays[:len(c.arrays)-1] {
				indices = append(indices, index.(*Array[int64]))
			}
			return []any{Scatter(dstOf[T](c), arrayOf[T](c, len(indices)), indices...)}
		},
		"Meshgrid": func(c *call) []any { return list(Meshgrid(arraysOf[T](c)...)) },
		"CopyF":    func(c *call) []any { return []any{arrayOf[T](c, 0).CopyF()} },
		"Put":      func(c *call) []any { return []any{Put(dstOf[T](c), arrayOf[int64](c, 0), arrayOf[T](c, 1))} },
		"PutAlongAxis": func(c *call) []any {
			return []any{PutAlongAxis(dstOf[T](c), arrayOf[int64](c, 0), arrayOf[T](c, 1), parameter[int](c, "axis"))}
		},
		"PutMask": func(c *call) []any { return []any{PutMask(dstOf[T](c), arrayOf[bool](c, 0), arrayOf[T](c, 1))} },
		"Where":   three(Where[T]),
		"Select":  func(c *call) []any { return []any{Select(dstOf[T](c), arrayOf[T](c, 0), arrayOf[bool](c, 1))} },
		"Compress": func(c *call) []any {
			return []any{Compress(dstOf[T](c), arrayOf[T](c, 0), arrayOf[bool](c, 1), parameter[int](c, "axis"))}
		},
		"NonZero":     func(c *call) []any { return list(NonZero(arrayOf[T](c, 0))) },
		"FlatNonZero": func(c *call) []any { return []any{FlatNonZero(arrayOf[T](c, 0))} },
		"ArgWhere":    func(c *call) []any { return []any{ArgWhere(arrayOf[T](c, 0))} },
	}
}

// along is the twin of a function with another parameter than the axis.
func along[T, P any](f func(dst, a *Array[T], p P, axis int) *Array[T], name string) twin {
	return func(c *call) []any {
		return []any{f(dstOf[T](c), arrayOf[T](c, 0), parameter[P](c, name), parameter[int](c, "axis"))}
	}
}

func arraysOf[T any](c *call) []*Array[T] {
	arrays := make([]*Array[T], len(c.arrays))
	for k := range arrays {
		arrays[k] = arrayOf[T](c, k)
	}
	return arrays
}

// converted is Convert to each dtype.
func converted[T any]() functions {
	to := functions{
		"bool":       one(Convert[bool, T]),
		"int8":       one(Convert[int8, T]),
		"int16":      one(Convert[int16, T]),
		"int32":      one(Convert[int32, T]),
		"int64":      one(Convert[int64, T]),
		"uint8":      one(Convert[uint8, T]),
		"uint16":     one(Convert[uint16, T]),
		"uint32":     one(Convert[uint32, T]),
		"uint64":     one(Convert[uint64, T]),
		"float16":    one(Convert[Float16, T]),
		"float32":    one(Convert[float32, T]),
		"float64":    one(Convert[float64, T]),
		"complex64":  one(Convert[complex64, T]),
		"complex128": one(Convert[complex128, T]),
	}
	return functions{"Convert": func(c *call) []any { return to[parameter[string](c, "to")](c) }}
}
