package ndarray

import "github.com/samebytes/samebytes/ndarray/internal/kern"

// Scalar returns an array without axes that holds v, in memory of its own. As an operand it stands for v everywhere.
func Scalar[T Element](v T) *Array[T] {
	s := New[T]()
	s.data[0] = v
	return s
}

// Map stores f of each element of a in dst and returns it. It calls f in C order, on the caller's goroutine.
func Map[U, T Element](dst *Array[U], a *Array[T], f func(T) U) *Array[U] {
	dst = destination("Map", dst, a.shape, a.shape)
	a = apart(dst, a)
	l := newOrderedLoops(&dst.layout, &a.layout)
	l.each(func(offsets []int, n int) {
		kern.Func[U, T](f).Run(kern.Vec[U]{Data: dst.data, Off: offsets[0], Inc: l.inc(0)},
			kern.Vec[T]{Data: a.data, Off: offsets[1], Inc: l.inc(1)}, n)
	})
	return dst
}

// Apply2 stores f of each two elements of a and b, which are broadcast, in dst and returns it. It calls f in C order, on the
// caller's goroutine.
func Apply2[U, T, V Element](dst *Array[U], a *Array[T], b *Array[V], f func(T, V) U) *Array[U] {
	shape := broadcastShape("Apply2", a.shape, b.shape)
	dst = destination("Apply2", dst, shape, a.shape, b.shape)
	a, b = apart(dst, a), apart(dst, b)
	first, second := a.broadcast(shape), b.broadcast(shape)
	l := newOrderedLoops(&dst.layout, &first, &second)
	l.each(func(offsets []int, n int) {
		kern.Func2[U, T, V](f).Run(kern.Vec[U]{Data: dst.data, Off: offsets[0], Inc: l.inc(0)},
			kern.Vec[T]{Data: a.data, Off: offsets[1], Inc: l.inc(1)},
			kern.Vec[V]{Data: b.data, Off: offsets[2], Inc: l.inc(2)}, n)
	})
	return dst
}
