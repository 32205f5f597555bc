package ndarray

import (
	"math/rand/v2"

	"github.com/samebytes/samebytes/ndarray/internal/kern"
)

// The functions below take their numbers from src for one element after the other in C order, whatever the layout of the
// array. Numbers are those that the methods of a [rand.Rand] over src return, so that a seed gives the same array whatever its
// layout. A source must not be used by several goroutines at once.

// Random stores uniformly distributed numbers in [0, 1) in dst and returns it: those of [rand.Rand.Float64], which are
// multiples of 2^-53, or of [rand.Rand.Float32], of 2^-24.
// It panics with a [ValueError] if there is no dst or no src, with [ErrReadOnly] if dst is read-only, and with a [LayoutError] if
// its elements lie under several indices.
func Random[T Float](dst *Array[T], src rand.Source) *Array[T] {
	r := generator("Random", src)
	if DTypeOf[T]() == Float32 {
		return generate("Random", dst, func() T { return T(r.Float32()) })
	}
	return generate("Random", dst, func() T { return T(r.Float64()) })
}

// RandomNormal stores normally distributed numbers of mean 0 and standard deviation 1 in dst and returns it: those of
// [rand.Rand.NormFloat64], rounded to T. It panics as [Random] does.
func RandomNormal[T Float](dst *Array[T], src rand.Source) *Array[T] {
	r := generator("RandomNormal", src)
	return generate("RandomNormal", dst, func() T { return T(r.NormFloat64()) })
}

// RandomExp stores exponentially distributed numbers of mean 1 in dst and returns it: those of [rand.Rand.ExpFloat64],
// rounded to T. It panics as [Random] does.
func RandomExp[T Float](dst *Array[T], src rand.Source) *Array[T] {
	r := generator("RandomExp", src)
	return generate("RandomExp", dst, func() T { return T(r.ExpFloat64()) })
}

// RandomIntN stores uniformly distributed integers from 0 to n-1 in dst and returns it: those of [rand.Rand.IntN].
// It panics with a [ValueError] if n is below 1 or n-1 is no T, and otherwise as [Random] does.
func RandomIntN[T Integer](dst *Array[T], n int, src rand.Source) *Array[T] {
	if n < 1 || T(n-1) < 0 || uint64(T(n-1)) != uint64(n-1) {
		panic(ValueError{"RandomIntN", n, "expected a number of integers from 0 on that the elements can hold"})
	}
	r := generator("RandomIntN", src)
	return generate("RandomIntN", dst, func() T { return T(r.IntN(n)) })
}

func generator(op string, src rand.Source) *rand.Rand {
	if src == nil {
		panic(ValueError{op, nil, "expected a source of random numbers"})
	}
	return rand.New(src)
}

// generate stores what next returns in dst, in C order.
func generate[T Element](op string, dst *Array[T], next func() T) *Array[T] {
	dst.mustWrite(op)
	l := newOrderedLoops(&dst.layout)
	l.each(func(offsets []int, n int) {
		kern.Generate(kern.Vec[T]{Data: dst.data, Off: offsets[0], Inc: l.inc(0)}, next, n)
	})
	return dst
}

// Shuffle puts the elements of a, or what lies at each index of its first axis, into a random order, in which each is
// equally likely, as [rand.Rand.Shuffle] does.
// It panics with a [ShapeError] if a has no axes, and as [Random] does if a can't be written or there is no src.
func Shuffle[T Element](a *Array[T], src rand.Source) { shuffle("Shuffle", a, src) }

func shuffle[T Element](op string, a *Array[T], src rand.Source) {
	a.mustWrite(op)
	if len(a.shape) == 0 {
		panic(newShapeError(op, "expected an axis", a.shape))
	}
	r := generator(op, src)
	if a.n == 0 {
		return
	}
	stride := a.strides[0]
	item := layout{shape: a.shape[1:], strides: a.strides[1:], offset: a.offset, n: a.n / a.shape[0]}
	l := newLoops(&item)
	swap := func(i, j, offset, n int) {
		kern.Swap(kern.Vec[T]{Data: a.data, Off: offset + i*stride, Inc: l.inc(0)}, kern.Vec[T]{Data: a.data, Off: offset + j*stride, Inc: l.inc(0)}, n)
	}
	r.Shuffle(a.shape[0], func(i, j int) {
		if len(l.shape) == 1 { // each would allocate its counters
			swap(i, j, l.offsets[0], l.shape[0])
		} else {
			l.each(func(offsets []int, n int) { swap(i, j, offsets[0], n) })
		}
	})
}

// Permutation returns the integers from 0 to n-1 in a random order, in which [Shuffle] puts them, in memory of its own and
// of shape (n,). It panics with a [ShapeError] if n is negative, and with a [ValueError] if there is no src.
func Permutation(n int, src rand.Source) *Array[int64] {
	a := sized[int64]("Permutation", n)
	kern.Arange(a.data, 0, 1)
	shuffle("Permutation", a, src)
	return a
}
