package ndarray_test

import (
	"sync"
	"testing"

	"github.com/samebytes/samebytes/ndarray"
)

// TestEvalAgain evaluates one expression again and again, whose machine is kept: with other elements, by several goroutines, into
// an operand, and into memory that overlaps one.
func TestEvalAgain(t *testing.T) {
	const n = 600
	memory := ndarray.New[float64](n + 1)
	a, b := memory.Slice(ndarray.Range(0, n)), ndarray.New[float64](n)
	x, y := ndarray.Lazy(a), ndarray.Lazy(ndarray.Scalar(3.0))
	whole := x.Mul(ndarray.Lazy(b)).Add(y.Mul(ndarray.Const(2.0).Add(x.Mul(y))))
	reset := func() {
		for i := range n {
			a.Set(float64(i), i)
			b.Set(float64(i%7), i)
		}
	}
	check := func(how string, got *ndarray.Array[float64]) {
		t.Helper()
		for i, v := range elements(got) {
			if want := float64(i*(i%7) + 3*(2+3*i)); v != want {
				t.Errorf("%s: at %d expected %v, got %v", how, i, want, v)
				return
			}
		}
	}
	reset()
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			dst := ndarray.New[float64](n)
			for range 50 {
				check("alone", ndarray.Eval(dst.Fill(-1), whole))
			}
		})
	}
	all.Wait()
	for range 3 {
		check("into an operand", ndarray.Eval(a, whole))
		reset()
		check("into the other", ndarray.Eval(b, whole))
		reset()
		check("beside an operand", ndarray.Eval(memory.Slice(ndarray.Range(1, n+1)), whole))
		reset()
		check("reversed", ndarray.Eval(ndarray.New[float64](n).Slice(ndarray.Step(ndarray.End, ndarray.End, -1)), whole))
	}
	if err := panicOf(t, func() { ndarray.Eval(ndarray.New[float64](1, n), whole) }); err == nil {
		t.Error("expected a panic for another shape")
	}
	shape := ndarray.Lazy(ndarray.New[float64](1)).Add(ndarray.Lazy(ndarray.New[float64](1, 1)))
	for range 2 {
		ndarray.Eval(ndarray.New[float64](1, 1), shape)
		if err := panicOf(t, func() { ndarray.Eval(ndarray.New[float64](1), shape) }); err == nil {
			t.Error("expected a panic for fewer axes")
		}
	}
}
