package tests

import (
	"encoding/json"
	"fmt"

	. "github.com/samebytes/samebytes/ndarray"
)

var viewTwins = map[string]functions{
	"bool":       views[bool](),
	"int8":       together(views[int8](), reinterpreted[int8]()),
	"int16":      together(views[int16](), reinterpreted[int16]()),
	"int32":      together(views[int32](), reinterpreted[int32]()),
	"int64":      together(views[int64](), reinterpreted[int64]()),
	"uint8":      together(views[uint8](), reinterpreted[uint8]()),
	"uint16":     together(views[uint16](), reinterpreted[uint16]()),
	"uint32":     together(views[uint32](), reinterpreted[uint32]()),
	"uint64":     together(views[uint64](), reinterpreted[uint64]()),
	"float32":    together(views[float32](), reinterpreted[float32]()),
	"float64":    together(views[float64](), reinterpreted[float64]()),
	"complex64":  together(views[complex64](), reinterpreted[complex64](), parts[float32, complex64]()),
	"complex128": together(views[complex128](), reinterpreted[complex128](), parts[float64, complex128]()),

	"float16":         views[Float16](),
	"datetime64[D]":   views[day](),
	"timedelta64[ns]": views[span](),

	"record": {"Field": field},
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

// reinterpreted is View as each dtype.
func reinterpreted[T any]() functions {
	to := functions{
		"int8":       seenAs[int8, T],
		"int16":      seenAs[int16, T],
		"int32":      seenAs[int32, T],
		"int64":      seenAs[int64, T],
		"uint8":      seenAs[uint8, T],
		"uint16":     seenAs[uint16, T],
		"uint32":     seenAs[uint32, T],
		"uint64":     seenAs[uint64, T],
		"float32":    seenAs[float32, T],
		"float64":    seenAs[float64, T],
		"complex64":  seenAs[complex64, T],
		"complex128": seenAs[complex128, T],
	}
	return functions{"View": func(c *call) []any { return to[parameter[string](c, "to")](c) }}
}

func seenAs[U, T any](c *call) []any { return orError(View[U](arrayOf[T](c, 0))) }

// record is the struct that the corpus has arrays of.
type record struct {
	Mass  float64   `npy:"mass"`
	Phase complex64 `npy:"phase"`
	Count int32     `npy:"count"`
	X     int16     `npy:"x"`
	Y     uint16    `npy:"y"`
}

func field(c *call) []any {
	a, name := arrayOf[record](c, 0), parameter[string](c, "name")
	switch name {
	case "phase":
		return orError(Field[complex64](a, name))
	case "count":
		return orError(Field[int32](a, name))
	case "x":
		return orError(Field[int16](a, name))
	case "y":
		return orError(Field[uint16](a, name))
	}
	return orError(Field[float64](a, name))
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
