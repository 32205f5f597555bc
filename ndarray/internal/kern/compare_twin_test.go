package kern

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

func TestComparisons(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		comparisons[float64](t)
		comparisons[float32](t)
		comparisons[int8](t)
		comparisons[int16](t)
		comparisons[int32](t)
		comparisons[int64](t)
		comparisons[uint8](t)
		comparisons[uint16](t)
		comparisons[uint32](t)
		comparisons[uint64](t)
		twin2(t, Equal[bool]{})
		twin2(t, NotEqual[bool]{})
	})
}

func comparisons[T Real](t *testing.T) {
	t.Helper()
	twin2(t, Equal[T]{})
	twin2(t, NotEqual[T]{})
	twin2(t, Less[T]{})
	twin2(t, LessEqual[T]{})
	twin1(t, UnaryLoop[bool, T](ConvertToBool[T]))
}

func TestClassification(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		classification[float64](t)
		classification[float32](t)
	})
}

func classification[T Float](t *testing.T) {
	t.Helper()
	twin1(t, IsNaN[T]{})
	twin1(t, IsInf[T]{})
	twin1(t, IsFinite[T]{})
	twin1(t, SignBit[T]{})
}

func TestWhere(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		where[uint8](t)
		where[int16](t)
		where[float32](t)
		where[float64](t)
		where[[2]uint64](t)
		where[[3]uint16](t)
	})
}

func where[T any](t *testing.T) {
	t.Helper()
	r := rand.New(rand.NewPCG(5, 6))
	values, conditions := samples[T](r, 4*longest), samples[bool](r, 4*longest)
	each(func(n, off int) {
		cond := newGuarded[bool](off*7%64, n).set(conditions[r.IntN(3*longest):])
		p := newGuarded[T](off*5%64, n).set(values[r.IntN(3*longest):])
		q := newGuarded[T](off*3%64, n).set(values[r.IntN(3*longest):])
		for inc := range 8 {
			c, a, b := cond.vec(), p.vec(), q.vec()
			c.Inc, a.Inc, b.Inc = inc&1, inc>>1&1, inc>>2&1
			want, got := newGuarded[T](off, n), newGuarded[T](off, n)
			pure(func() { Where(want.vec(), c, a, b, n) })
			Where(got.vec(), c, a, b, n)
			hold(t, fmt.Sprintf("Where of %T, increments %d %d %d", *new(T), c.Inc, a.Inc, b.Inc), want, got)
		}
		want, got := q.clone(), q.clone()
		pure(func() { Where(want.vec(), cond.vec(), p.vec(), want.vec(), n) })
		Where(got.vec(), cond.vec(), p.vec(), got.vec(), n)
		hold(t, fmt.Sprintf("Where of %T in place", *new(T)), want, got)
	})
}
