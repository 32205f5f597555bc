package ndarray_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/samebytes/samebytes/ndarray"
)

var nan, inf, minus0 = math.NaN(), math.Inf(1), math.Copysign(0, -1)

// vector returns an array with one axis, and elements of its own.
func vector[T ndarray.Element](v ...T) *ndarray.Array[T] { return must(ndarray.FromSlice(v)).Copy() }

// identical reports whether got holds want, NaN as NaN and zeros with their signs.
func identical[T ndarray.Element](got *ndarray.Array[T], want []T) bool {
	return fmt.Sprint(elements(got)) == fmt.Sprint(want)
}

type reals = *ndarray.Array[float64]

// TestFloats holds functions of two floats to what NumPy 2.4 gives.
func TestFloats(t *testing.T) {
	x := []float64{7, -7, 7, -7, 0, 5, inf, 5, -5, nan, minus0, inf, 3.5, -3.5, 6}
	y := []float64{2, 2, -2, -2, 3, 0, 2, inf, inf, 1, 2, -inf, minus0, 1.1, .1}
	for name, c := range map[string]struct {
		f    func(dst, a, b reals) reals
		want []float64
	}{
		"FloorDiv": {ndarray.FloorDiv[float64], []float64{3, -4, -4, 3, 0, inf, nan, 0, -1, nan, minus0, nan, -inf, -4, 59}},
		"Mod":      {ndarray.Mod[float64], []float64{1, 1, -1, -1, 0, nan, nan, 5, inf, nan, 0, nan, nan, 0.9000000000000004, 0.09999999999999967}},
		"Fmod":     {ndarray.Fmod[float64], []float64{1, -1, 1, -1, 0, nan, nan, 5, -5, nan, minus0, nan, nan, -0.19999999999999973, 0.09999999999999967}},
		"Minimum":  {ndarray.Minimum[float64], []float64{2, -7, -2, -7, 0, 0, 2, 5, -5, nan, minus0, -inf, minus0, -3.5, .1}},
		"Maximum":  {ndarray.Maximum[float64], []float64{7, 2, 7, -2, 3, 5, inf, inf, inf, nan, 2, inf, 3.5, 1.1, 6}},
		"FMin":     {ndarray.FMin[float64], []float64{2, -7, -2, -7, 0, 0, 2, 5, -5, 1, minus0, -inf, minus0, -3.5, .1}},
		"FMax":     {ndarray.FMax[float64], []float64{7, 2, 7, -2, 3, 5, inf, inf, inf, 1, 2, inf, 3.5, 1.1, 6}},
		"CopySign": {ndarray.CopySign[float64], []float64{7, 7, -7, -7, 0, 5, inf, 5, 5, nan, 0, -inf, -3.5, 3.5, 6}},
		"Div":      {ndarray.Div[float64], []float64{3.5, -3.5, -3.5, 3.5, 0, inf, inf, 0, minus0, nan, minus0, nan, -inf, -3.1818181818181817, 60}},
	} {
		if got := c.f(nil, vector(x...), vector(y...)); !identical(got, c.want) {
			t.Errorf("%s: expected %v, got %v", name, c.want, elements(got))
		}
	}
	q, r := ndarray.DivMod(nil, nil, vector(x...), vector(y...))
	if !identical(q, elements(ndarray.FloorDiv(nil, vector(x...), vector(y...)))) || !identical(r, elements(ndarray.Mod(nil, vector(x...), vector(y...)))) {
		t.Errorf("DivMod: %v and %v", elements(q), elements(r))
	}
	a := vector(x...)
	if q, r := ndarray.DivMod(a, nil, a, vector(y...)); q != a || r.At(1) != 1 || a.At(1) != -4 {
		t.Errorf("DivMod over its operand: %v and %v", elements(q), elements(r))
	}
}

// TestFloat holds functions of one float to what NumPy gives.
func TestFloat(t *testing.T) {
	x := []float64{-2.5, -0.5, minus0, 0, 0.5, 1.5, 4, inf, -inf, nan}
	for name, c := range map[string]struct {
		f    func(dst, a reals) reals
		want []float64
	}{
		"Floor":       {ndarray.Floor[float64], []float64{-3, -1, minus0, 0, 0, 1, 4, inf, -inf, nan}},
		"Ceil":        {ndarray.Ceil[float64], []float64{-2, minus0, minus0, 0, 1, 2, 4, inf, -inf, nan}},
		"Trunc":       {ndarray.Trunc[float64], []float64{-2, minus0, minus0, 0, 0, 1, 4, inf, -inf, nan}},
		"RoundToEven": {ndarray.RoundToEven[float64], []float64{-2, minus0, minus0, 0, 0, 2, 4, inf, -inf, nan}},
		"Abs":         {ndarray.Abs[float64], []float64{2.5, 0.5, 0, 0, 0.5, 1.5, 4, inf, inf, nan}},
		"Neg":         {ndarray.Neg[float64], []float64{2.5, 0.5, 0, minus0, -0.5, -1.5, -4, -inf, inf, nan}},
		"Sign":        {ndarray.Sign[float64], []float64{-1, -1, 0, 0, 1, 1, 1, 1, -1, nan}},
		"Square":      {ndarray.Square[float64], []float64{6.25, 0.25, 0, 0, 0.25, 2.25, 16, inf, inf, nan}},
		"Reciprocal":  {ndarray.Reciprocal[float64], []float64{-0.4, -2, -inf, inf, 2, 2. / 3, 0.25, 0, minus0, nan}},
		"Sqrt":        {ndarray.Sqrt[float64], []float64{nan, nan, minus0, 0, math.Sqrt(.5), math.Sqrt(1.5), 2, inf, nan, nan}},
		"Sinc":        {ndarray.Sinc[float64], []float64{0.12732395447351627, 0.6366197723675814, 1, 1, 0.6366197723675814, -0.2122065907891938, -3.8981718325193755e-17, nan, nan, nan}},
		"Round -1":    {func(dst, a reals) reals { return ndarray.Round(dst, a, -1) }, []float64{minus0, minus0, minus0, 0, 0, 0, 0, inf, -inf, nan}},
		"Round 1":     {func(dst, a reals) reals { return ndarray.Round(dst, a, 1) }, []float64{-2.5, -0.5, minus0, 0, 0.5, 1.5, 4, inf, -inf, nan}},
		"Log2":        {ndarray.Log2[float64], []float64{nan, nan, -inf, -inf, -1, 0.5849625007211562, 2, inf, nan, nan}},
		"Deg2Rad":     {func(dst, a reals) reals { return ndarray.Rad2Deg(dst, ndarray.Deg2Rad(dst, a)) }, []float64{-2.5, -0.5, minus0, 0, 0.5, 1.5000000000000002, 4, inf, -inf, nan}},
		"Heaviside":   {func(dst, a reals) reals { return ndarray.Heaviside(dst, a, ndarray.Scalar(.5)) }, []float64{0, 0, .5, .5, 1, 1, 1, 1, 0, nan}},
		"Clip":        {func(dst, a reals) reals { return ndarray.Clip(dst, a, ndarray.Scalar(-1.), ndarray.Scalar(1.)) }, []float64{-1, -.5, minus0, 0, .5, 1, 1, 1, -1, nan}},
		"AddScaled":   {func(dst, a reals) reals { return ndarray.AddScaled(dst, ndarray.Scalar(1.), 2, a) }, []float64{-4, 0, 1, 1, 2, 4, 9, inf, -inf, nan}},
		"FMA":         {func(dst, a reals) reals { return ndarray.FMA(dst, a, a, ndarray.Scalar(1.)) }, []float64{7.25, 1.25, 1, 1, 1.25, 3.25, 17, inf, inf, nan}},
		"NextAfter":   {func(dst, a reals) reals { return ndarray.NextAfter(dst, a, a) }, x},
		"Ldexp":       {func(dst, a reals) reals { return ndarray.Ldexp(dst, a, ndarray.Scalar[int8](3)) }, []float64{-20, -4, minus0, 0, 4, 12, 32, inf, -inf, nan}},
	} {
		a := vector(x...)
		if got := c.f(nil, a); !identical(got, c.want) {
			t.Errorf("%s: expected %v, got %v", name, c.want, elements(got))
		}
		if !identical(a, x) {
			t.Errorf("%s changed its operand", name)
		}
		if got := c.f(a, a); got != a || !identical(a, c.want) {
			t.Errorf("%s in place: expected %v, got %v", name, c.want, elements(got))
		}
	}
	for name, c := range map[string]struct {
		f    func(dst *ndarray.Array[bool], a reals) *ndarray.Array[bool]
		want []bool
	}{
		"IsNaN":    {ndarray.IsNaN[float64], []bool{9: true}},
		"IsInf":    {ndarray.IsInf[float64], []bool{7: true, 8: true, 9: false}},
		"IsFinite": {ndarray.IsFinite[float64], []bool{true, true, true, true, true, true, true, false, false, false}},
		"SignBit":  {ndarray.SignBit[float64], []bool{0: true, 1: true, 2: true, 8: true, 9: false}},
	} {
		if got := c.f(nil, vector(x...)); !identical(got, c.want) {
			t.Errorf("%s: expected %v, got %v", name, c.want, elements(got))
		}
	}
}

// TestIntegers holds functions of integers to what NumPy gives.
func TestIntegers(t *testing.T) {
	x := []int8{7, -7, 7, -7, -128, -128, 5, 0, 1, -1}
	y := []int8{2, 2, -2, -2, -1, 0, 0, 3, 9, -1}
	type ints = *ndarray.Array[int8]
	for name, c := range map[string]struct {
		f    func(dst, a, b ints) ints
		want []int8
	}{
		"Add":        {ndarray.Add[int8], []int8{9, -5, 5, -9, 127, -128, 5, 3, 10, -2}},
		"Mul":        {ndarray.Mul[int8], []int8{14, -14, -14, 14, -128, 0, 0, 0, 9, 1}},
		"FloorDiv":   {ndarray.FloorDiv[int8], []int8{3, -4, -4, 3, -128, 0, 0, 0, 0, 1}},
		"Mod":        {ndarray.Mod[int8], []int8{1, 1, -1, -1, 0, 0, 0, 0, 1, 0}},
		"Fmod":       {ndarray.Fmod[int8], []int8{1, -1, 1, -1, 0, 0, 0, 0, 1, 0}},
		"ShiftLeft":  {ndarray.ShiftLeft[int8], []int8{28, -28, 0, 0, 0, -128, 5, 0, 0, 0}},
		"ShiftRight": {ndarray.ShiftRight[int8], []int8{1, -2, 0, -1, -1, -128, 5, 0, 0, -1}},
		"BitAnd":     {ndarray.BitAnd[int8], []int8{2, 0, 6, -8, -128, 0, 0, 0, 1, -1}},
		"BitXor":     {ndarray.BitXor[int8], []int8{5, -5, -7, 7, 127, -128, 5, 3, 8, 0}},
		"Minimum":    {ndarray.Minimum[int8], []int8{2, -7, -2, -7, -128, -128, 0, 0, 1, -1}},
	} {
		if got := c.f(nil, vector(x...), vector(y...)); !identical(got, c.want) {
			t.Errorf("%s: expected %v, got %v", name, c.want, elements(got))
		}
	}
	if got := ndarray.BitCount(nil, vector[int8](-128, -1, -3, 127)); !identical(got, []uint8{1, 1, 2, 7}) {
		t.Errorf("BitCount: %v", elements(got))
	}
	if got := ndarray.Abs(nil, vector[int8](-128, -1, 3)); !identical(got, []int8{-128, 1, 3}) {
		t.Errorf("Abs: %v", elements(got))
	}
	if got := ndarray.Pow(nil, vector[uint8](3, 2, 0, 255), vector[uint8](5, 8, 0, 2)); !identical(got, []uint8{243, 0, 1, 1}) {
		t.Errorf("Pow: %v", elements(got))
	}
	a := vector[int32](2, 3)
	err := panicOf(t, func() { ndarray.Pow(a, a, vector[int32](2, -1)) })
	if _, ok := err.(ndarray.ValueError); !ok || a.At(0) != 2 {
		t.Errorf("negative exponent: expected a ValueError before anything is written, got %v and %v", err, elements(a))
	}
}

// TestComplex holds functions of complex numbers to what NumPy gives; package libm's tests have their special values.
func TestComplex(t *testing.T) {
	x := vector(3+4i, complex(-1, minus0), 0, complex(inf, nan))
	if got := ndarray.AbsComplex[float32](nil, x); !identical(got, []float32{5, 1, 0, float32(inf)}) {
		t.Errorf("AbsComplex: %v", elements(got))
	}
	if got := ndarray.Angle[float64](nil, x); !identical(got, []float64{math.Atan2(4, 3), -math.Pi, 0, nan}) {
		t.Errorf("Angle: %v", elements(got))
	}
	if got := ndarray.Sqrt(nil, x); !identical(got, []complex128{2 + 1i, complex(0, -1), 0, complex(inf, nan)}) {
		t.Errorf("Sqrt: %v", elements(got))
	}
	if got := ndarray.Div(nil, vector(1+1i, 1, 4+2i), vector(0, complex(inf, inf), 1-1i)); !identical(got, []complex128{complex(inf, inf), complex(nan, nan), 1 + 3i}) {
		t.Errorf("Div: %v", elements(got))
	}
	if got := ndarray.PowComplex(nil, vector(1+2i, 0), vector(2, complex128(1i))); !identical(got, []complex128{-3 + 4i, complex(nan, nan)}) {
		t.Errorf("PowComplex: %v", elements(got))
	}
	if got := ndarray.IsInf(nil, x); !identical(got, []bool{false, false, false, true}) {
		t.Errorf("IsInf: %v", elements(got))
	}
	if got := ndarray.Conj(nil, vector[complex64](1+2i)); got.At(0) != 1-2i {
		t.Errorf("Conj: %v", elements(got))
	}
}

// TestClose holds IsClose and AllClose to what NumPy gives.
func TestClose(t *testing.T) {
	a, b := vector(1, inf, nan, 1, 0, inf), vector(1+1e-6, inf, nan, 1.1, 1e-9, 1)
	if got := ndarray.IsClose(nil, a, b, ndarray.DefaultTolerance); !identical(got, []bool{true, true, false, false, true, false}) {
		t.Errorf("IsClose: %v", elements(got))
	}
	if !ndarray.AllClose(a, a, ndarray.Tolerance{EqualNaN: true}) || ndarray.AllClose(a, a, ndarray.Tolerance{}) {
		t.Error("AllClose: NaN is close to itself only where that is asked for")
	}
	if !ndarray.AllClose(vector[complex64](1+1i), vector[complex64](1+1.000001i), ndarray.DefaultTolerance) {
		t.Error("AllClose: complex numbers are not")
	}
}

// TestLogic goes through all pairs.
func TestLogic(t *testing.T) {
	a, b := vector(false, false, true, true), vector(false, true, false, true)
	for name, c := range map[string]struct {
		got  *ndarray.Array[bool]
		want []bool
	}{
		"LogicalAnd": {ndarray.LogicalAnd(nil, a, b), []bool{false, false, false, true}},
		"LogicalOr":  {ndarray.LogicalOr(nil, a, b), []bool{false, true, true, true}},
		"LogicalXor": {ndarray.LogicalXor(nil, a, b), []bool{false, true, true, false}},
		"LogicalNot": {ndarray.LogicalNot(nil, a), []bool{true, true, false, false}},
		"Equal":      {ndarray.Equal(nil, a, b), []bool{true, false, false, true}},
		"NaN":        {ndarray.Equal(nil, vector(nan, 1), vector(nan, 1)), []bool{false, true}},
		"Less":       {ndarray.Less(nil, vector(nan, 1, 1, 2), vector(1, 1, 2, 1.)), []bool{false, false, true, false}},
		"LessEqual":  {ndarray.LessEqual(nil, vector(nan, 1, 1, 2), vector(1, 1, 2, 1.)), []bool{false, true, true, false}},
		"Greater":    {ndarray.Greater(nil, vector(nan, 1, 1, 2), vector(1, 1, 2, 1.)), []bool{false, false, false, true}},
	} {
		if !identical(c.got, c.want) {
			t.Errorf("%s: expected %v, got %v", name, c.want, elements(c.got))
		}
	}
}

// TestNamedElements checks that a name changes nothing, in particular where arrays pass as those of the type underneath.
func TestNamedElements(t *testing.T) {
	a := vector[celsius](4, 9)
	if got := ndarray.Sqrt(a, a); got != a || !identical(a, []celsius{2, 3}) {
		t.Errorf("Sqrt: %v", elements(got))
	}
	if got := ndarray.Div(nil, a, ndarray.Scalar[celsius](2)); !identical(got, []celsius{1, 1.5}) {
		t.Errorf("Div: %v", elements(got))
	}
	if got := ndarray.Mod(nil, a, ndarray.Scalar[celsius](-2)); !identical(got, []celsius{0, -1}) && !identical(got, []celsius{celsius(minus0), -1}) {
		t.Errorf("Mod: %v", elements(got))
	}
}

// TestLayouts compares each kind of loop, in all layouts, with plain Go.
func TestLayouts(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for round := range 256 {
		shape := []int{1 + r.IntN(5), 1 + r.IntN(5), 1 + r.IntN(40)}
		a, dst := normal(r, round, shape...), normal(r, round/4, shape...)
		other := []int{shape[0], shape[1], shape[2]}
		for d := range other {
			if r.IntN(2) == 0 {
				other[d] = 1
			}
		}
		b := normal(r, round/16, other...)
		low := ndarray.Minimum(nil, b, ndarray.Scalar(0.))
		at := func(x reals, ix []int) float64 {
			if x.NDim() == 0 {
				return x.At()
			}
			clipped := append([]int(nil), ix...)
			for d := range clipped {
				clipped[d] = min(clipped[d], x.Dim(d)-1)
			}
			return x.At(clipped...)
		}
		check := func(name string, got reals, want func(ix []int) float64) {
			t.Helper()
			indices(shape, func(ix []int) {
				if g, w := got.At(ix...), want(ix); g != w {
					t.Fatalf("%s, round %d, at %v: expected %v, got %v", name, round, ix, w, g)
				}
			})
		}
		check("Sub", ndarray.Sub(dst, a, b), func(ix []int) float64 { return at(a, ix) - at(b, ix) })
		check("Sub", ndarray.Sub(dst, b, a), func(ix []int) float64 { return at(b, ix) - at(a, ix) })
		check("Square", ndarray.Square(dst, a), func(ix []int) float64 { return at(a, ix) * at(a, ix) })
		check("Clip", ndarray.Clip(dst, a, low, ndarray.Scalar(.5)), func(ix []int) float64 { return min(max(at(a, ix), at(low, ix)), .5) })
		check("Atan", ndarray.Atan(dst, a), func(ix []int) float64 { return math.Atan(at(a, ix)) })
		check("Hypot", ndarray.CopySign(dst, a, b), func(ix []int) float64 { return math.Copysign(at(a, ix), at(b, ix)) })
		less := ndarray.Less(nil, a, b)
		indices(shape, func(ix []int) {
			if less.At(ix...) != (at(a, ix) < at(b, ix)) {
				t.Fatalf("Less, round %d, at %v", round, ix)
			}
		})
	}
}

// TestMap checks the order of calls.
func TestMap(t *testing.T) {
	a := counted(2, 3).T()
	var seen []int64
	got := ndarray.Map(nil, a, func(x int64) bool { seen = append(seen, x); return x > 2 })
	if fmt.Sprint(seen) != "[0 3 1 4 2 5]" || !identical(got, []bool{false, true, false, true, false, true}) {
		t.Errorf("Map: calls %v, result %v", seen, elements(got))
	}
	seen = nil
	sum := ndarray.Apply2(nil, a, vector[int64](10, 20), func(x, y int64) int64 { seen = append(seen, y); return x + y })
	if fmt.Sprint(seen) != "[10 20 10 20 10 20]" || !identical(sum, []int64{10, 23, 11, 24, 12, 25}) {
		t.Errorf("Apply2: calls %v, result %v", seen, elements(sum))
	}
	if err := panicOf(t, func() { ndarray.Apply2(a, a, vector[int64](1, 2, 3), nil) }); !errors.Is(err, ndarray.ErrShape) {
		t.Errorf("expected ErrShape, got %v", err)
	}
}

// TestScalarsAreNoShape checks that operands without axes do not fit a dst with one.
func TestScalarsAreNoShape(t *testing.T) {
	one := ndarray.Scalar(1.0)
	if err := panicOf(t, func() { ndarray.Add(ndarray.New[float64](3), one, one) }); !errors.Is(err, ndarray.ErrShape) {
		t.Errorf("expected ErrShape, got %v", err)
	}
	if got := ndarray.Add(nil, one, one); got.NDim() != 0 || got.At() != 2 {
		t.Errorf("of two scalars: %v", got.Shape())
	}
}
