package ndarray_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/samebytes/samebytes/ndarray"
)

// normal returns an array of random numbers, each a view of another layout in turn.
func normal(r *rand.Rand, kind int, shape ...int) *ndarray.Array[float64] {
	last := len(shape) - 1
	wide := append([]int(nil), shape...)
	var a *ndarray.Array[float64]
	switch kind % 4 {
	case 0:
		a = ndarray.New[float64](shape...)
	case 1:
		wide[last] *= 2
		a = ndarray.New[float64](wide...).Slice(ndarray.Step(ndarray.End, ndarray.End, -1))
		wide[last] /= 2
		ix := make([]ndarray.Index, len(shape))
		ix[last] = ndarray.Step(1, ndarray.End, 2)
		a = a.Slice(ix...)
	case 2:
		for i := range wide {
			wide[i] = shape[last-i]
		}
		a = ndarray.New[float64](wide...).T()
	default:
		wide[0] += 3
		a = ndarray.New[float64](wide...).Slice(ndarray.Range(2, shape[0]+2))
	}
	indices(shape, func(ix []int) { a.Set(r.NormFloat64(), ix...) })
	return a
}

// TestEval compares expressions with the calls that they stand for, in all layouts, alone and shared out.
func TestEval(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	defer ndarray.SetWorkers(ndarray.SetWorkers(3))
	type array = *ndarray.Array[float64]
	for round := range 64 {
		shape, short := []int{5, 4, 3}, []int{4, 1}
		if round%8 == 7 {
			shape, short = []int{3, 40, 1500}, []int{40, 1}
		}
		a, b, c := normal(r, round, shape...), normal(r, round/4, shape...), normal(r, round/2, short...)
		x, y, z := ndarray.Lazy(a), ndarray.Lazy(b), ndarray.Lazy(c)
		two := ndarray.Const(2.0)
		for name, e := range map[string]struct {
			lazy  ndarray.Expr[float64]
			calls func() array
		}{
			"root": {x.Mul(y).Add(two).Apply(ndarray.Abs).Apply(ndarray.Sqrt), func() array {
				d := ndarray.Mul(nil, a, b)
				ndarray.Add(d, d, ndarray.Scalar(2.0))
				return ndarray.Sqrt(d, ndarray.Abs(d, d))
			}},
			"broadcast": {z.Mul(two).Sub(x).Apply2(ndarray.Hypot, z), func() array {
				d := ndarray.Mul(nil, c, ndarray.Scalar(2.0))
				return ndarray.Hypot(nil, ndarray.Sub(nil, d, a), c)
			}},
			"where": {x.Where(x.Compare(ndarray.Less, y).And(z.Test(ndarray.SignBit).Not()).Or(x.Compare(ndarray.Greater, two)), y.Mul(y)), func() array {
				less := ndarray.Less(nil, a, b)
				negative := ndarray.SignBit(nil, c)
				m := ndarray.LogicalAnd(nil, less, ndarray.LogicalNot(negative, negative))
				m = ndarray.LogicalOr(m, m, ndarray.Greater(nil, a, ndarray.Scalar(2.0)))
				return ndarray.Where(nil, m, a, ndarray.Mul(nil, b, b))
			}},
			"array":    {x, a.Copy},
			"constant": {two.Mul(two).Add(x.Mul(two.Sub(two))), func() array { return ndarray.Add(nil, ndarray.Mul(nil, a, ndarray.Scalar(0.0)), ndarray.Scalar(4.0)) }},
			"shared":   {x.Add(x).Mul(x.Add(y)), func() array { return ndarray.Mul(nil, ndarray.Add(nil, a, a), ndarray.Add(nil, a, b)) }},
		} {
			want := elements(e.calls())
			same := func(how string, got array) {
				t.Helper()
				for i, v := range elements(got) {
					if v != want[i] {
						t.Fatalf("%s %s, round %d: at %d expected %v, got %v", name, how, round, i, want[i], v)
					}
				}
			}
			same("into a new array", ndarray.Eval(nil, e.lazy))
			strided := normal(r, round/3, shape...)
			same("into a view", ndarray.Eval(strided, e.lazy))
			before := elements(a)
			same("into an operand", ndarray.Eval(a, e.lazy))
			i := 0
			indices(shape, func(ix []int) { a.Set(before[i], ix...); i++ })
		}
	}
}

// TestEvalOverlap moves an array within itself.
func TestEvalOverlap(t *testing.T) {
	a := ndarray.New[int64](3000)
	for i := range a.Data() {
		a.Data()[i] = int64(i)
	}
	one := ndarray.Const[int64](1)
	ndarray.Eval(a.Slice(ndarray.Range(1, 3000)), ndarray.Lazy(a.Slice(ndarray.Range(0, 2999))).Add(one))
	for i, v := range a.Data() {
		if v != int64(i) {
			t.Fatalf("expected %d, got %d", i, v)
		}
	}
	reversed := a.Slice(ndarray.Step(ndarray.End, ndarray.End, -1))
	mask := ndarray.EvalCond(nil, ndarray.Lazy(a).Compare(ndarray.Less, ndarray.Lazy(reversed)))
	ndarray.EvalCond(mask, ndarray.Mask(mask.Slice(ndarray.Step(ndarray.End, ndarray.End, -1))).Not())
	for i, v := range mask.Data() {
		if v != (i < 1500) {
			t.Fatalf("at %d: %v", i, v)
		}
	}
}

// TestEvalRefuses checks that nothing is written where shapes don't fit, and that panics arrive.
func TestEvalRefuses(t *testing.T) {
	defer ndarray.SetWorkers(ndarray.SetWorkers(3))
	a, b := ndarray.New[float64](2, 3), ndarray.New[float64](4)
	x := ndarray.Lazy(a)
	for name, f := range map[string]func(){
		"operands": func() { ndarray.Eval(nil, x.Add(ndarray.Lazy(b))) },
		"dst":      func() { ndarray.Eval(b, x) },
	} {
		if err := panicOf(t, f); !errors.Is(err, ndarray.ErrShape) {
			t.Errorf("%s: expected ErrShape, got %v", name, err)
		}
	}
	if err := panicOf(t, func() { ndarray.Eval(a.ReadOnly(), x.Add(ndarray.Const(1.0))) }); !errors.Is(err, ndarray.ErrReadOnly) {
		t.Errorf("expected ErrReadOnly, got %v", err)
	}
	large := ndarray.New[int32](1 << 18)
	negative := ndarray.Const[int32](-1)
	err := panicOf(t, func() { ndarray.Eval(large, ndarray.Lazy(large).Apply2(ndarray.Pow, negative)) })
	var value ndarray.ValueError
	if !errors.As(err, &value) {
		t.Errorf("expected a ValueError of another goroutine, got %v", err)
	}
	empty := ndarray.New[float64](0, 3)
	if got := ndarray.Eval(nil, ndarray.Lazy(empty).Add(ndarray.Const(math.Pi))); got.Len() != 0 || got.Dim(1) != 3 {
		t.Errorf("of nothing: %v", got.Shape())
	}
}

func BenchmarkEval(b *testing.B) {
	n := 1000000
	x, y, dst := ndarray.New[float64](n), ndarray.New[float64](n), ndarray.New[float64](n)
	for i := range n {
		x.Data()[i], y.Data()[i] = float64(i), float64(n-i)
	}
	two := ndarray.Scalar(2.0)
	b.Run("calls", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			d := ndarray.Mul(dst, x, y)
			ndarray.Sqrt(d, ndarray.Add(d, ndarray.Sub(d, d, x), two))
		}
	})
	e := ndarray.Lazy(x).Mul(ndarray.Lazy(y)).Sub(ndarray.Lazy(x)).Add(ndarray.Const(2.0)).Apply(ndarray.Sqrt)
	b.Run("eval", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			ndarray.Eval(dst, e)
		}
	})
}
