package tests

import (
	"slices"

	. "github.com/samebytes/samebytes/ndarray"
)

var orderTwins = map[string]functions{
	"bool":       sorts[bool](),
	"int8":       together(sorts[int8](), products[int8]()),
	"int16":      together(sorts[int16](), products[int16]()),
	"int32":      together(sorts[int32](), products[int32]()),
	"int64":      together(sorts[int64](), products[int64]()),
	"uint8":      together(sorts[uint8](), products[uint8]()),
	"uint16":     together(sorts[uint16](), products[uint16]()),
	"uint32":     together(sorts[uint32](), products[uint32]()),
	"uint64":     together(sorts[uint64](), products[uint64]()),
	"float32":    together(sorts[float32](), products[float32]()),
	"float64":    together(sorts[float64](), products[float64]()),
	"complex64":  together(sorts[complex64](), products[complex64]()),
	"complex128": together(sorts[complex128](), products[complex128]()),

	"float16":         sorts[Float16](),
	"datetime64[D]":   sorts[day](),
	"timedelta64[ns]": sorts[span](),
}

func sorts[T comparable]() functions {
	return functions{
		"Sort": func(c *call) []any {
			a := arrayOf[T](c, 0).Copy()
			Sort(a, parameter[int](c, "axis"))
			return []any{a}
		},
		"ArgSort": func(c *call) []any {
			return []any{ArgSort(nil, arrayOf[T](c, 0), parameter[int](c, "axis"))}
		},
		"SortStable": func(c *call) []any {
			a := arrayOf[T](c, 0).Copy()
			SortStable(a, parameter[int](c, "axis"))
			return []any{a}
		},
		"SortTo": func(c *call) []any { return []any{SortTo(nil, arrayOf[T](c, 0), parameter[int](c, "axis"))} },
		"ArgPartition": func(c *call) []any {
			axis, kth := parameter[int](c, "axis"), parameter[int](c, "kth")
			a := TakeAlongAxis(nil, arrayOf[T](c, 0), ArgPartition(nil, arrayOf[T](c, 0), kth, axis), axis)
			if a.Len() > 0 {
				sortAround(a, kth, axis)
			}
			return []any{a}
		},
		"Partition": func(c *call) []any {
			a, axis, kth := arrayOf[T](c, 0).Copy(), parameter[int](c, "axis"), parameter[int](c, "kth")
			Partition(a, kth, axis)
			if a.Len() > 0 {
				sortAround(a, kth, axis)
			}
			return []any{a}
		},
		"SearchSorted": func(c *call) []any {
			side := Left
			if parameter[bool](c, "right") {
				side = Right
			}
			return []any{SearchSorted(nil, arrayOf[T](c, 0), arrayOf[T](c, 1), side)}
		},
		"IsIn":       two(IsIn[T]),
		"Intersect":  func(c *call) []any { return []any{Intersect(arrayOf[T](c, 0), arrayOf[T](c, 1))} },
		"Union":      func(c *call) []any { return []any{Union(arrayOf[T](c, 0), arrayOf[T](c, 1))} },
		"Difference": func(c *call) []any { return []any{Difference(arrayOf[T](c, 0), arrayOf[T](c, 1))} },
		"Unique": func(c *call) []any {
			u := UniqueAll(arrayOf[T](c, 0))
			if values := Unique(arrayOf[T](c, 0)); !ArrayEqualNaN(values, u.Values) {
				panic("Unique finds others than UniqueAll")
			}
			return []any{u.Values, u.Index, u.Inverse.Copy().Data(), u.Counts}
		},
	}
}

// sortAround sorts what a partition has left on either side of element kth along an axis: if that is right, all is sorted.
func sortAround[T Element](a *Array[T], kth, axis int) {
	shape := a.Shape()
	if axis < 0 {
		axis += len(shape)
	}
	if kth < 0 {
		kth += shape[axis]
	}
	index := slices.Repeat([]Index{All}, axis+1)
	for _, part := range []Index{Range(0, kth), Range(kth+1, shape[axis])} {
		index[axis] = part
		Sort(a.Slice(index...), axis)
	}
}

func products[T Number]() functions {
	return functions{
		"Dot":    func(c *call) []any { return []any{Dot(arrayOf[T](c, 0), arrayOf[T](c, 1))} },
		"MatMul": two(MatMul[T]),
		"Tril":   func(c *call) []any { return []any{Tril(dstOf[T](c), arrayOf[T](c, 0), parameter[int](c, "k"))} },
		"Triu":   func(c *call) []any { return []any{Triu(dstOf[T](c), arrayOf[T](c, 0), parameter[int](c, "k"))} },
	}
}
