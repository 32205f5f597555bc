package ndarray

import (
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

// unary calls loop for runs of the elements of dst and a.
func unary[U, T Element](op string, dst *Array[U], a *Array[T], loop func(dst kern.Vec[U], a kern.Vec[T], n int)) *Array[U] {
	dst = destination(op, dst, a.shape, a.shape)
	a = apart(dst, a)
	if n := dst.n; dst.contiguous() && a.contiguous() && n < parallelMin {
		loop(kern.Vec[U]{Data: dst.data, Inc: 1}, kern.Vec[T]{Data: a.data, Inc: 1}, n)
		return dst
	}
	l := newLoops(&dst.layout, &a.layout)
	l.eachParallel(func(offsets []int, n int) {
		loop(kern.Vec[U]{Data: dst.data, Off: offsets[0], Inc: l.inc(0)}, kern.Vec[T]{Data: a.data, Off: offsets[1], Inc: l.inc(1)}, n)
	})
	return dst
}

// binary calls loop for runs of the elements of dst, a and b, the latter two broadcast.
func binary[U, T, V Element](op string, dst *Array[U], a *Array[T], b *Array[V],
	loop func(dst kern.Vec[U], a kern.Vec[T], b kern.Vec[V], n int)) *Array[U] {
	shape := a.shape
	if !slices.Equal(a.shape, b.shape) {
		shape = broadcastShape(op, a.shape, b.shape)
	}
	dst = destination(op, dst, shape, a.shape, b.shape)
	a, b = apart(dst, a), apart(dst, b)
	if n := dst.n; len(a.shape) == len(b.shape) && a.n == n && b.n == n && n < parallelMin &&
		dst.contiguous() && a.contiguous() && b.contiguous() {
		loop(kern.Vec[U]{Data: dst.data, Inc: 1}, kern.Vec[T]{Data: a.data, Inc: 1}, kern.Vec[V]{Data: b.data, Inc: 1}, n)
		return dst
	}
	first, second := a.broadcast(shape), b.broadcast(shape)
	l := newLoops(&dst.layout, &first, &second)
	l.eachParallel(func(offsets []int, n int) {
		loop(kern.Vec[U]{Data: dst.data, Off: offsets[0], Inc: l.inc(0)},
			kern.Vec[T]{Data: a.data, Off: offsets[1], Inc: l.inc(1)},
			kern.Vec[V]{Data: b.data, Off: offsets[2], Inc: l.inc(2)}, n)
	})
	return dst
}
