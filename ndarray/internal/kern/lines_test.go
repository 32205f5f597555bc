package kern

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// linesOf holds loops over lines to the same without kernels.
func linesOf[T Real](t *testing.T) {
	t.Helper()
	r := rand.New(rand.NewPCG(7, 8))
	values := samples[T](r, 8000)
	each(func(n, off int) {
		lines, gap := 1+r.IntN(5), r.IntN(3)
		x := newGuarded[T](off, (n+gap)*lines).set(values[r.IntN(4000):])
		for what, loop := range map[string]func(acc []T, x Vec[T], step, n int){
			"sums": SumLines[T], "greatest": GreatestLines[T], "least": LeastLines[T],
		} {
			want, got := newGuarded[T](off, lines), newGuarded[T](off, lines)
			pure(func() { loop(want.all[want.first:][:lines], x.vec(), n+gap, n) })
			loop(got.all[got.first:][:lines], x.vec(), n+gap, n)
			hold(t, fmt.Sprintf("%s of %d", what, n), want, got)
		}
	})
}

func TestLines(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		linesOf[float64](t)
		linesOf[float32](t)
		linesOf[int8](t)
		linesOf[uint64](t)
	})
}
