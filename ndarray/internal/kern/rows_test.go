package kern

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// rowsOf holds the kernels for rows of T to their loops.
func rowsOf[T Number](t *testing.T, loops rowLoops[T]) {
	t.Helper()
	r := rand.New(rand.NewPCG(5, 6))
	values := samples[T](r, 8000)
	each(func(n, off int) {
		rows, gap := r.IntN(14), r.IntN(3)
		stride := n + gap
		x := newGuarded[T](off, stride*(rows+1)).set(values[r.IntN(4000):])
		from := x.vec()
		if r.IntN(3) == 0 && rows > 0 {
			from.Off, stride = from.Off+(rows-1)*stride, -stride
		}
		start := newGuarded[T](off*7%64, n).set(values[r.IntN(4000):])
		for what, loop := range loops {
			want, got := start.clone(), start.clone()
			pure(func() { loop(want.all[want.first:][:n], from, stride, rows, n) })
			loop(got.all[got.first:][:n], from, stride, rows, n)
			hold(t, fmt.Sprintf("%s, %d rows, stride %d", what, rows, stride), want, got)
		}
	})
}

type rowLoops[T any] = map[string]func(acc []T, x Vec[T], stride, rows, n int)

func realRows[T Real](t *testing.T) {
	t.Helper()
	rowsOf(t, rowLoops[T]{"sum": SumRows[T], "product": ProdRows[T], "greatest": GreatestRows[T], "least": LeastRows[T]})
}

func TestRows(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		realRows[float64](t)
		realRows[float32](t)
		realRows[int8](t)
		realRows[int16](t)
		realRows[int32](t)
		realRows[int64](t)
		realRows[uint8](t)
		realRows[uint16](t)
		realRows[uint32](t)
		realRows[uint64](t)
		rowsOf(t, rowLoops[float64]{"greatest but NaN": NaNGreatestRows[float64], "least but NaN": NaNLeastRows[float64]})
		rowsOf(t, rowLoops[float32]{"greatest but NaN": NaNGreatestRows[float32], "least but NaN": NaNLeastRows[float32]})
		rowsOf(t, rowLoops[complex128]{"sum": SumRows[complex128]})
		rowsOf(t, rowLoops[complex64]{"sum": SumRows[complex64]})
	})
}
