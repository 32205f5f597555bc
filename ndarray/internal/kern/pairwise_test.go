package kern

import (
	"math/rand/v2"
	"testing"
	"unsafe"
)

// lengths are those that reductions are tested with: whole and partial leaves of sums, steps of kernels and blocks.
func lengths(r *rand.Rand) []int {
	var all []int
	for n := 1; n <= longest; n++ {
		all = append(all, n)
	}
	for range 20 {
		all = append(all, 1+r.IntN(5000))
	}
	return append(all, 1024, 4096, 32767, 32768, 32769, 40000, 70001)
}

// eachRun calls try with data of all lengths, fenced in.
func eachRun[T any](t *testing.T, try func(data []T)) {
	t.Helper()
	r := rand.New(rand.NewPCG(3, 4))
	values := samples[T](r, 100_000)
	calm := samples[T](r, 100_000)
	for i := range calm {
		switch p := any(&calm[i]).(type) {
		case *float64:
			*p = r.NormFloat64()
		case *float32:
			*p = float32(r.NormFloat64())
		case *complex128:
			*p = complex(r.NormFloat64(), r.NormFloat64())
		case *complex64:
			*p = complex(float32(r.NormFloat64()), float32(r.NormFloat64()))
		}
	}
	f := newFence(t, 100_000*int(unsafe.Sizeof(values[0])))
	for _, n := range lengths(r) {
		for _, from := range [][]T{calm, values} {
			at := r.IntN(len(from) - n)
			eachFenced(f, from[at:at+n], try)
		}
	}
}

// twinOf holds what a function returns with kernels to what it returns without.
func twinOf[T, U any](t *testing.T, what string, f func(data []T) U) {
	t.Helper()
	eachRun(t, func(data []T) {
		t.Helper()
		var want U
		pure(func() { want = f(data) })
		if got := f(data); !same(want, got) {
			t.Fatalf("%s of %d %T: got %s, want %s", what, len(data), data[0], bitsOf(got), bitsOf(want))
		}
	})
}

func sumOf[T Number](data []T) T { return Sum(Vec[T]{Data: data, Inc: 1}, len(data)) }

// asFloats has [SumFloats] to Sum of the same elements as float64.
func asFloats[T Real](t *testing.T) {
	t.Helper()
	eachRun(t, func(data []T) {
		t.Helper()
		wide := make([]float64, len(data))
		Convert(Vec[float64]{Data: wide, Inc: 1}, Vec[T]{Data: data, Inc: 1}, len(data))
		var want, square float64
		pure(func() { want = sumOf(wide) })
		if got := SumFloats(data); !same(want, got) {
			t.Fatalf("sum of %d %T: got %s, want %s", len(data), data[0], bitsOf(got), bitsOf(want))
		}
		centre := []float64{want / float64(len(data))}
		SquaredFrom(wide, Vec[T]{Data: data, Inc: 1}, len(data), Vec[float64]{Data: centre})
		pure(func() { square = sumOf(wide) })
		if got := SumSquaredFrom(data, centre[0]); !same(square, got) {
			t.Fatalf("squares of %d %T: got %s, want %s", len(data), data[0], bitsOf(got), bitsOf(square))
		}
	})
}

func TestSums(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		twinOf(t, "sum", sumOf[float64])
		twinOf(t, "sum", sumOf[float32])
		twinOf(t, "sum", sumOf[complex64])
		twinOf(t, "sum", sumOf[complex128])
		twinOf(t, "sum", sumOf[int8])
		twinOf(t, "sum", sumOf[int16])
		twinOf(t, "sum", sumOf[int32])
		twinOf(t, "sum", sumOf[int64])
		twinOf(t, "sum", sumOf[uint8])
		twinOf(t, "sum", sumOf[uint16])
		twinOf(t, "sum", sumOf[uint32])
		twinOf(t, "sum", sumOf[uint64])
		twinOf(t, "wide sum", SumIntegers[int8])
		twinOf(t, "wide sum", SumIntegers[int16])
		twinOf(t, "wide sum", SumIntegers[int32])
		twinOf(t, "wide sum", SumIntegers[uint8])
		twinOf(t, "wide sum", SumIntegers[uint16])
		twinOf(t, "wide sum", SumIntegers[uint32])
		twinOf(t, "wide sum", SumComplex)
	})
}

func TestSumsAsFloats(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		asFloats[float64](t)
		asFloats[float32](t)
		asFloats[int8](t)
		asFloats[int16](t)
		asFloats[int32](t)
		asFloats[int64](t)
		asFloats[uint8](t)
		asFloats[uint16](t)
		asFloats[uint32](t)
		asFloats[uint64](t)
	})
}

func TestDot(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		twinOf(t, "dot", dotHalves[float64])
		twinOf(t, "dot", dotHalves[float32])
	})
}

// dotHalves returns the sum of the products of the elements of one half with those of the other.
func dotHalves[T Float](data []T) float64 {
	half := len(data) / 2
	return DotFloats(Vec[T]{Data: data, Inc: 1}, Vec[T]{Data: data, Off: len(data) - half, Inc: 1}, half)
}
