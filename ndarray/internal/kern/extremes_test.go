package kern

import (
	"math"
	"testing"
)

// extremesOf holds all kernels that look for elements of T to their loops.
func extremesOf[T Real](t *testing.T) {
	t.Helper()
	for what, f := range map[string]func(v Vec[T], n int) T{"greatest": Greatest[T], "least": Least[T]} {
		twinOf(t, what, func(data []T) T { return f(Vec[T]{Data: data, Inc: 1}, len(data)) })
	}
	for what, f := range map[string]func(v Vec[T], n int) int{"index of the greatest": ArgMax[T], "index of the least": ArgMin[T]} {
		twinOf(t, what, func(data []T) int { return f(Vec[T]{Data: data, Inc: 1}, len(data)) })
	}
}

func noNaNExtremesOf[T Float](t *testing.T) {
	t.Helper()
	for what, f := range map[string]func(v Vec[T], n int) T{"greatest": NaNGreatest[T], "least": NaNLeast[T]} {
		twinOf(t, what+" but NaN", func(data []T) T { return f(Vec[T]{Data: data, Inc: 1}, len(data)) })
	}
	for what, f := range map[string]func(v Vec[T], n int) int{"index of the greatest": NaNArgMax[T], "index of the least": NaNArgMin[T]} {
		twinOf(t, what+" but NaN", func(data []T) int { return f(Vec[T]{Data: data, Inc: 1}, len(data)) })
	}
}

func TestExtremes(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		extremesOf[float64](t)
		extremesOf[float32](t)
		extremesOf[int8](t)
		extremesOf[int16](t)
		extremesOf[int32](t)
		extremesOf[int64](t)
		extremesOf[uint8](t)
		extremesOf[uint16](t)
		extremesOf[uint32](t)
		extremesOf[uint64](t)
		noNaNExtremesOf[float64](t)
		noNaNExtremesOf[float32](t)
	})
}

// TestExtremesAnywhere puts one element that matters in each place among others that are equal.
func TestExtremesAnywhere(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		anywhere[float64](t, 1, 0, math.NaN())
		anywhere[float64](t, math.Copysign(0, -1), 0, math.Inf(1), math.Inf(-1))
		anywhere[float64](t, math.NaN(), 0, math.Inf(-1), math.Inf(1))
		anywhere[float32](t, 1, 0, float32(math.NaN()))
		anywhere[float32](t, float32(math.NaN()), 0, float32(math.Inf(-1)), float32(math.Inf(1)))
	})
}

func anywhere[T Float](t *testing.T, others T, special ...T) {
	t.Helper()
	data := make([]T, 150)
	for _, n := range []int{16, 17, 31, 64, 100, 150} {
		for _, v := range special {
			for at := range n {
				for i := range n {
					data[i] = others
				}
				data[at] = v
				run := Vec[T]{Data: data, Inc: 1}
				for k, f := range []func(Vec[T], int) T{Greatest[T], Least[T], NaNGreatest[T], NaNLeast[T]} {
					var want T
					pure(func() { want = f(run, n) })
					if got := f(run, n); !same(got, want) {
						t.Fatalf("function %d of %d %T, %v at %d among %v: got %v, want %v", k, n, v, v, at, others, got, want)
					}
				}
				for k, f := range []func(Vec[T], int) int{ArgMax[T], ArgMin[T], NaNArgMax[T], NaNArgMin[T]} {
					var want int
					pure(func() { want = f(run, n) })
					if got := f(run, n); got != want {
						t.Fatalf("index %d of %d %T, %v at %d among %v: got %v, want %v", k, n, v, v, at, others, got, want)
					}
				}
			}
		}
	}
}
