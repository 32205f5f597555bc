package ndarray

import (
	"reflect"
	"slices"

	"github.com/samebytes/samebytes/ndarray/internal/kern"
)

// destination returns dst if it can take a result of the given shape, and a new array where dst is nil.
func destination[T Element](op string, dst *Array[T], shape []int, operands ...[]int) *Array[T] {
	if dst == nil {
		return sized[T](op, shape...)
	}
	if !slices.Equal(dst.shape, shape) {
		panic(newShapeError(op, "dst has not the operands' shape", append([][]int{dst.shape}, operands...)...))
	}
	dst.mustWrite(op)
	return dst
}

// small reports whether a call that writes dst may do without loops: its elements are in C order, and few.
func small[T Element](dst *Array[T]) bool {
	return dst != nil && dst.dense && uintptr(dst.n)*reflect.TypeFor[T]().Size() < smallBytes && !dst.readonly
}

// oneRun returns all elements of a as one run, and whether that goes with the elements of dst, which are in C order: the loop changes
// none of a's before it has read them.
func oneRun[U, T Element](dst *Array[U], a *Array[T]) (kern.Vec[T], bool) {
	if a.dense && slices.Equal(a.shape, dst.shape) {
		return kern.Vec[T]{Data: a.data, Inc: 1}, inStep(dst.data, a.data)
	}
	return kern.Vec[T]{Data: a.data}, a.n == 1 && len(a.shape) <= len(dst.shape) && inStep(dst.data, a.data)
}

// vec returns the run, or the first of the rows, that loops have come to: of the k-th operand, which is a.
func vec[T Element](a *Array[T], l *loops, k int, offsets []int) kern.Vec[T] {
	return kern.Vec[T]{Data: a.data, Off: offsets[k], Inc: l.inc(k), Next: l.next(k)}
}

// apply1 runs a loop over the elements of dst and a.
func apply1[U, T Element](op string, dst *Array[U], a *Array[T], loop kern.Unary[U, T]) *Array[U] {
	if small(dst) {
		if v, ok := oneRun(dst, a); ok && v.Inc == 1 {
			loop.Run(kern.Vec[U]{Data: dst.data, Inc: 1}, v, dst.n)
			return dst
		}
	}
	dst = destination(op, dst, a.shape, a.shape)
	a = apart(dst, a)
	l := newLoops(&dst.layout, &a.layout)
	l.turn()
	l.eachRows(func(offsets []int, n, rows int) {
		kern.Rows1(loop, vec(dst, &l, 0, offsets), vec(a, &l, 1, offsets), n, rows)
	})
	return dst
}

// apply2 runs a loop over the elements of dst, a and b, the latter two broadcast.
func apply2[U, T, V Element](op string, dst *Array[U], a *Array[T], b *Array[V], loop kern.Binary[U, T, V]) *Array[U] {
	if small(dst) {
		v, ok := oneRun(dst, a)
		w, okToo := oneRun(dst, b)
		if ok && okToo && v.Inc+w.Inc > 0 {
			loop.Run(kern.Vec[U]{Data: dst.data, Inc: 1}, v, w, dst.n)
			return dst
		}
	}
	shape := a.shape
	if !slices.Equal(a.shape, b.shape) {
		shape = broadcastShape(op, a.shape, b.shape)
	}
	dst = destination(op, dst, shape, a.shape, b.shape)
	a, b = apart(dst, a), apart(dst, b)
	first, second := a.broadcast(shape), b.broadcast(shape)
	l := newLoops(&dst.layout, &first, &second)
	l.turn()
	l.eachRows(func(offsets []int, n, rows int) {
		kern.Rows2(loop, vec(dst, &l, 0, offsets), vec(a, &l, 1, offsets), vec(b, &l, 2, offsets), n, rows)
	})
	return dst
}

// apply3 runs a loop over the elements of dst, a, b and c, the latter three broadcast.
func apply3[U, T, V, W Element](op string, dst *Array[U], a *Array[T], b *Array[V], c *Array[W], loop kern.Ternary[U, T, V, W]) *Array[U] {
	if small(dst) {
		u, ok := oneRun(dst, a)
		v, okToo := oneRun(dst, b)
		w, okAll := oneRun(dst, c)
		if ok && okToo && okAll && u.Inc+v.Inc+w.Inc > 0 {
			loop.Run(kern.Vec[U]{Data: dst.data, Inc: 1}, u, v, w, dst.n)
			return dst
		}
	}
	shape := broadcastShape(op, a.shape, b.shape, c.shape)
	dst = destination(op, dst, shape, a.shape, b.shape, c.shape)
	a, b, c = apart(dst, a), apart(dst, b), apart(dst, c)
	first, second, third := a.broadcast(shape), b.broadcast(shape), c.broadcast(shape)
	l := newLoops(&dst.layout, &first, &second, &third)
	l.turn()
	l.eachRows(func(offsets []int, n, rows int) {
		kern.Rows3(loop, vec(dst, &l, 0, offsets), vec(a, &l, 1, offsets), vec(b, &l, 2, offsets), vec(c, &l, 3, offsets), n, rows)
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

// approximate stores f of floats and g of complex numbers, which may be nil where T is none.
func approximate[T Inexact](op string, dst, a *Array[T], f *kern.Approximation, g func(complex128) complex128) *Array[T] {
	return inexactLoops(op, dst, a, kern.Rounded[float32]{Approximation: f}, kern.Rounded[float64]{Approximation: f}, g)
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
