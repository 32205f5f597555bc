package tests

import (
	"encoding/json"
	"fmt"

	. "github.com/samebytes/samebytes/ndarray"
)

var viewTwins = map[string]functions{
	"bool":       views[bool](),
	"int8":       views[int8](),
	"int16":      views[int16](),
	"int32":      views[int32](),
	"int64":      views[int64](),
	"uint8":      views[uint8](),
	"uint16":     views[uint16](),
	"uint32":     views[uint32](),
	"uint64":     views[uint64](),
	"float32":    views[float32](),
	"float64":    views[float64](),
	"complex64":  together(views[complex64](), parts[float32, complex64]()),
	"complex128": together(views[complex128](), parts[float64, complex128]()),

	"float16":         views[Float16](),
	"datetime64[D]":   views[day](),
	"timedelta64[ns]": views[span](),
}

func views[T Element]() functions {
	return functions{
		"Slice":     view(func(c *call, a *Array[T]) *Array[T] { return a.Slice(indices(c)...) }),
		"Transpose": view(func(c *call, a *Array[T]) *Array[T] { return a.Transpose(parameter[[]int](c, "axes")...) }),
		"MoveAxis": view(func(c *call, a *Array[T]) *Array[T] {
			return a.MoveAxis(parameter[int](c, "from"), parameter[int](c, "to"))
		}),
		"SwapAxes": view(func(c *call, a *Array[T]) *Array[T] {
			return a.SwapAxes(parameter[int](c, "from"), parameter[int](c, "to"))
		}),
		"Squeeze":     view(func(c *call, a *Array[T]) *Array[T] { return a.Squeeze(parameter[[]int](c, "axes")...) }),
		"ExpandDims":  view(func(c *call, a *Array[T]) *Array[T] { return a.ExpandDims(parameter[[]int](c, "axes")...) }),
		"BroadcastTo": view(func(c *call, a *Array[T]) *Array[T] { return a.BroadcastTo(parameter[[]int](c, "shape")...) }),
		"Flip":        view(func(c *call, a *Array[T]) *Array[T] { return a.Flip(parameter[[]int](c, "axes")...) }),
		"Rot90": view(func(c *call, a *Array[T]) *Array[T] {
			return a.Rot90(parameter[int](c, "k"), parameter[int](c, "axis1"), parameter[int](c, "axis2"))
		}),
		"Diagonal": view(func(c *call, a *Array[T]) *Array[T] {
			return a.Diagonal(parameter[int](c, "offset"), parameter[int](c, "axis1"), parameter[int](c, "axis2"))
		}),
		"SlidingWindow": view(func(c *call, a *Array[T]) *Array[T] {
			return a.SlidingWindow(parameter[[]int](c, "window"), parameter[[]int](c, "axes")...)
		}),
		"Reshape": func(c *call) []any { return orError(arrayOf[T](c, 0).Reshape(parameter[[]int](c, "shape")...)) },
		"Ravel":   func(c *call) []any { return orError(arrayOf[T](c, 0).Ravel()) },
		"Split": func(c *call) []any {
			axis := parameter[int](c, "axis")
			if c.Parameters.has("indices") {
				return list(arrayOf[T](c, 0).SplitAt(parameter[[]int](c, "indices"), axis))
			}
			return list(arrayOf[T](c, 0).Split(parameter[int](c, "sections"), axis))
		},
	}
}

func parts[F Float, T Complex]() functions {
	return functions{
		"RealPart": func(c *call) []any { return []any{RealPart[F](arrayOf[T](c, 0))} },
		"ImagPart": func(c *call) []any { return []any{ImagPart[F](arrayOf[T](c, 0))} },
	}
}

// view is the twin of a function that returns a view, which must share its elements.
func view[T Element](f func(c *call, a *Array[T]) *Array[T]) twin {
	return func(c *call) []any {
		a := arrayOf[T](c, 0)
		v := f(c, a)
		if v.Len() > 0 {
			lies := false
			for i := range a.Data() {
				lies = lies || &a.Data()[i] == &v.Data()[0]
			}
			if !lies {
				panic(fmt.Sprintf("%s: does not share elements", c.Function))
			}
		}
		return []any{v}
	}
}

func orError[T any](a *Array[T], err error) []any {
	if err != nil {
		return []any{err}
	}
	return []any{a}
}

func list[T any](elements []T) []any {
	all := make([]any, len(elements))
	for i, x := range elements {
		all[i] = x
	}
	return all
}

// indices returns what a case slices with.
func indices(c *call) []Index {
	var all []Index
	for _, text := range parameter[[]json.RawMessage](c, "index") {
		all = append(all, index(text))
	}
	return all
}

func index(text json.RawMessage) Index {
	var word string
	var i int
	var bounds [3]*int
	switch {
	case json.Unmarshal(text, &word) == nil:
		return map[string]Index{"newaxis": NewAxis, "ellipsis": Ellipsis}[word]
	case json.Unmarshal(text, &i) == nil:
		return At(i)
	case json.Unmarshal(text, &bounds) != nil:
		panic(fmt.Sprintf("expected an index, found %s", text))
	}
	start, stop, step := 0, End, *bounds[2]
	if step < 0 {
		start = End
	}
	if bounds[0] != nil {
		start = *bounds[0]
	}
	if bounds[1] != nil {
		stop = *bounds[1]
	}
	return Step(start, stop, step)
}
