package tests

import (
	"maps"

	"github.com/samebytes/samebytes/ndarray"
)

// twin does in Go what a case says, and returns its results, or an error as the last.
type twin func(c *call) []any

// functions are twins by the name of the function that they call.
type functions map[string]twin

// twins are the functions of package ndarray for each dtype.
var twins = joined(viewTwins, moveTwins, elementwiseTwins, orderTwins, reductionTwins, statisticsTwins)

func joined(families ...map[string]functions) map[string]functions {
	all := map[string]functions{}
	for _, family := range families {
		for dtype, has := range family {
			all[dtype] = together(all[dtype], has)
		}
	}
	return all
}

// together returns the functions of several constraints that a dtype satisfies.
func together(parts ...functions) functions {
	all := functions{}
	for _, part := range parts {
		maps.Copy(all, part)
	}
	return all
}

// arrayOf returns operand k of a case, whose elements must be of type T.
func arrayOf[T any](c *call, k int) *ndarray.Array[T] { return c.arrays[k].(*ndarray.Array[T]) }

// dstOf returns the dst of a case, or nil.
func dstOf[T any](c *call) *ndarray.Array[T] {
	if c.dst == nil {
		return nil
	}
	return c.dst.(*ndarray.Array[T])
}

func one[U, T any](f func(dst *ndarray.Array[U], a *ndarray.Array[T]) *ndarray.Array[U]) twin {
	return func(c *call) []any { return []any{f(dstOf[U](c), arrayOf[T](c, 0))} }
}

func two[U, T, V any](f func(dst *ndarray.Array[U], a *ndarray.Array[T], b *ndarray.Array[V]) *ndarray.Array[U]) twin {
	return func(c *call) []any { return []any{f(dstOf[U](c), arrayOf[T](c, 0), arrayOf[V](c, 1))} }
}

func three[U, T, V, W any](f func(dst *ndarray.Array[U], a *ndarray.Array[T], b *ndarray.Array[V], c *ndarray.Array[W]) *ndarray.Array[U]) twin {
	return func(c *call) []any {
		return []any{f(dstOf[U](c), arrayOf[T](c, 0), arrayOf[V](c, 1), arrayOf[W](c, 2))}
	}
}
