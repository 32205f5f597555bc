package kern

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// twin1 is twin2 for one operand.
func twin1[U, T any](t *testing.T, loop Unary[U, T]) {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	values := samples[T](r, 4*longest)
	each(func(n, off int) {
		p := newGuarded[T](off*5%64, n).set(values[r.IntN(3*longest):])
		for inc := range 2 {
			a := p.vec()
			a.Inc = inc
			want, got := newGuarded[U](off, n), newGuarded[U](off, n)
			pure(func() { loop.Run(want.vec(), a, n) })
			loop.Run(got.vec(), a, n)
			hold(t, fmt.Sprintf("%T, increment %d", loop, inc), want, got)
		}
		if same, ok := any(loop).(Unary[T, T]); ok {
			want, got := p.clone(), p.clone()
			pure(func() { same.Run(want.vec(), want.vec(), n) })
			same.Run(got.vec(), got.vec(), n)
			hold(t, fmt.Sprintf("%T in place", loop), want, got)
		}
	})
}

// twin2 holds the kernels of a loop over two operands to the loop itself: for all lengths and alignments, with operands that are
// one element, and in place.
func twin2[U, T any](t *testing.T, loop Binary[U, T, T]) {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	values := samples[T](r, 4*longest)
	each(func(n, off int) {
		p := newGuarded[T](off*5%64, n).set(values[r.IntN(3*longest):])
		q := newGuarded[T](off*3%64, n).set(values[r.IntN(3*longest):])
		for _, incs := range [][2]int{{1, 1}, {1, 0}, {0, 1}, {0, 0}} {
			a, b := p.vec(), q.vec()
			a.Inc, b.Inc = incs[0], incs[1]
			want, got := newGuarded[U](off, n), newGuarded[U](off, n)
			pure(func() { loop.Run(want.vec(), a, b, n) })
			loop.Run(got.vec(), a, b, n)
			hold(t, fmt.Sprintf("%T, increments %v", loop, incs), want, got)
		}
		same, ok := any(loop).(Binary[T, T, T])
		if !ok {
			return
		}
		want, got := p.clone(), p.clone()
		pure(func() { same.Run(want.vec(), want.vec(), q.vec(), n) })
		same.Run(got.vec(), got.vec(), q.vec(), n)
		hold(t, fmt.Sprintf("%T in place of the first operand", loop), want, got)
		want, got = q.clone(), q.clone()
		pure(func() { same.Run(want.vec(), p.vec(), want.vec(), n) })
		same.Run(got.vec(), p.vec(), got.vec(), n)
		hold(t, fmt.Sprintf("%T in place of the second operand", loop), want, got)
	})
}

// twin3 is twin2 for three operands.
func twin3[U, T any](t *testing.T, loop Ternary[U, T, T, T]) {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	values := samples[T](r, 4*longest)
	each(func(n, off int) {
		var operands [3]guarded[T]
		for k := range operands {
			operands[k] = newGuarded[T](off*(2*k+3)%64, n).set(values[r.IntN(3*longest):])
		}
		for single := range 8 { // a bit for each operand
			var v [3]Vec[T]
			for k := range v {
				v[k] = operands[k].vec()
				v[k].Inc = 1 - single>>k&1
			}
			want, got := newGuarded[U](off, n), newGuarded[U](off, n)
			pure(func() { loop.Run(want.vec(), v[0], v[1], v[2], n) })
			loop.Run(got.vec(), v[0], v[1], v[2], n)
			hold(t, fmt.Sprintf("%T, %d: increments of zero", loop, single), want, got)
		}
		same, ok := any(loop).(Ternary[T, T, T, T])
		if !ok {
			return
		}
		for k := range operands {
			run := func(dst guarded[T]) {
				v := [3]Vec[T]{operands[0].vec(), operands[1].vec(), operands[2].vec()}
				v[k] = dst.vec()
				same.Run(dst.vec(), v[0], v[1], v[2], n)
			}
			want, got := operands[k].clone(), operands[k].clone()
			pure(func() { run(want) })
			run(got)
			hold(t, fmt.Sprintf("%T in place of operand %d", loop, k), want, got)
		}
	})
}
