package ndarray

import (
	"reflect"
	"slices"

	"github.com/samebytes/samebytes/ndarray/internal/kern"
)

// destination returns dst if it can take a result of the given shape, and a new array where dst is nil.
func destination[T Element](op string, dst *Array[T], shape []int, operands ...[]int) *Array[T] {
	if dst == nil {
		return New[T](shape...)
	}
	if !slices.Equal(dst.shape, shape) {
		panic(newShapeError(op, "dst has not the operands' shape", append([][]int{dst.shape}, operands...)...))
	}
	dst.mustWrite(op)
	return dst
}

// oneRun reports whether a call on n elements in C order may do without loops.
func oneRun[T Element](dst *Array[T], n int) bool {
	return dst != nil && dst.n == n && n < parallelMin && !dst.readonly && dst.contiguous()
}

// apply1 runs a loop over the elements of dst and a.
func apply1[U, T Element](op string, dst *Array[U], a *Array[T], loop kern.Unary[U, T]) *Array[U] {
	if oneRun(dst, a.n) && a.contiguous() && slices.Equal(dst.shape, a.shape) {
		a = apart(dst, a)
		loop.Run(kern.Vec[U]{Data: dst.data, Inc: 1}, kern.Vec[T]{Data: a.data, Inc: 1}, dst.n)
		return dst
	}
	dst = destination(op, dst, a.shape, a.shape)
	a = apart(dst, a)
	l := newLoops(&dst.layout, &a.layout)
	l.eachParallel(func(offsets []int, n int) {
		loop.Run(kern.Vec[U]{Data: dst.data, Off: offsets[0], Inc: l.inc(0)}, kern.Vec[T]{Data: a.data, Off: offsets[1], Inc: l.inc(1)}, n)
	})
	return dst
}

// apply2 runs a loop over the elements of dst, a and b, the latter two broadcast.
func apply2[U, T, V Element](op string, dst *Array[U], a *Array[T], b *Array[V], loop kern.Binary[U, T, V]) *Array[U] {
	same := slices.Equal(a.shape, b.shape)
	if same && oneRun(dst, a.n) && a.contiguous() && b.contiguous() && slices.Equal(dst.shape, a.shape) {
		a, b = apart(dst, a), apart(dst, b)
		loop.Run(kern.Vec[U]{Data: dst.data, Inc: 1}, kern.Vec[T]{Data: a.data, Inc: 1}, kern.Vec[V]{Data: b.data, Inc: 1}, dst.n)
		return dst
	}
	shape := a.shape
	if !same {
		shape = broadcastShape(op, a.shape, b.shape)
	}
	dst = destination(op, dst, shape, a.shape, b.shape)
	a, b = apart(dst, a), apart(dst, b)
	first, second := a.broadcast(shape), b.broadcast(shape)
	l := newLoops(&dst.layout, &first, &second)
	l.eachParallel(func(offsets []int, n int) {
		loop.Run(kern.Vec[U]{Data: dst.data, Off: offsets[0], Inc: l.inc(0)},
			kern.Vec[T]{Data: a.data, Off: offsets[1], Inc: l.inc(1)},
			kern.Vec[V]{Data: b.data, Off: offsets[2], Inc: l.inc(2)}, n)
	})
	return dst
}

// apply3 runs a loop over the elements of dst, a, b and c, the latter three broadcast.
func apply3[U, T, V, W Element](op string, dst *Array[U], a *Array[T], b *Array[V], c *Array[W], loop kern.Ternary[U, T, V, W]) *Array[U] {
	shape := broadcastShape(op, a.shape, b.shape, c.shape)
	dst = destination(op, dst, shape, a.shape, b.shape, c.shape)
	a, b, c = apart(dst, a), apart(dst, b), apart(dst, c)
	first, second, third := a.broadcast(shape), b.broadcast(shape), c.broadcast(shape)
	l := newLoops(&dst.layout, &first, &second, &third)
	l.eachParallel(func(offsets []int, n int) {
		loop.Run(kern.Vec[U]{Data: dst.data, Off: offsets[0], Inc: l.inc(0)},
			kern.Vec[T]{Data: a.data, Off: offsets[1], Inc: l.inc(1)},
			kern.Vec[V]{Data: b.data, Off: offsets[2], Inc: l.inc(2)},
			kern.Vec[W]{Data: c.data, Off: offsets[3], Inc: l.inc(3)}, n)
	})
	return dst
}

// unary is apply1 for a plain function.
func unary[U, T Element](op string, dst *Array[U], a *Array[T], loop func(dst kern.Vec[U], a kern.Vec[T], n int)) *Array[U] {
	return apply1(op, dst, a, kern.UnaryLoop[U, T](loop))
}

// binary is apply2 for a plain function.
func binary[U, T, V Element](op string, dst *Array[U], a *Array[T], b *Array[V],
	loop func(dst kern.Vec[U], a kern.Vec[T], b kern.Vec[V], n int)) *Array[U] {
	return apply2(op, dst, a, b, kern.BinaryLoop[U, T, V](loop))
}

// floats applies f, in float64, to floats of either size.
func floats[T Float](op string, dst, a *Array[T], f func(float64) float64) *Array[T] {
	return apply1(op, dst, a, kern.FloatFunc[T](f))
}

// floats2 applies f, in float64, to floats of either size.
func floats2[T Float](op string, dst, a, b *Array[T], f func(x, y float64) float64) *Array[T] {
	return apply2(op, dst, a, b, kern.FloatFunc2[T](f))
}

// inexact applies f to floats and g to complex numbers, in the greater of their sizes.
func inexact[T Inexact](op string, dst, a *Array[T], f func(float64) float64, g func(complex128) complex128) *Array[T] {
	return inexactLoops(op, dst, a, kern.FloatFunc[float32](f), kern.FloatFunc[float64](f), g)
}

// inexactLoops runs the loop for T's size on floats, and applies g to complex numbers.
func inexactLoops[T Inexact](op string, dst, a *Array[T], f32 kern.Unary[float32, float32], f64 kern.Unary[float64, float64],
	g func(complex128) complex128) *Array[T] {
	switch reflect.TypeFor[T]().Kind() {
	case reflect.Float32:
		return as[T](apply1(op, as[float32](dst), as[float32](a), f32))
	case reflect.Float64:
		return as[T](apply1(op, as[float64](dst), as[float64](a), f64))
	case reflect.Complex64:
		return as[T](apply1(op, as[complex64](dst), as[complex64](a), kern.ComplexFunc[complex64](g)))
	default:
		return as[T](apply1(op, as[complex128](dst), as[complex128](a), kern.ComplexFunc[complex128](g)))
	}
}
