package kern

import (
	"math"
	"math/big"
	"math/rand/v2"
	"os"
	"reflect"
	"testing"

	"github.com/samebytes/samebytes/internal/emulated"
	"github.com/samebytes/samebytes/ndarray/internal/kern/asm"
)

// An approximated is a function with the operands that it is not constant for, of either type.
type approximated struct {
	name          string
	f             *Approximation
	low64, high64 float64
	low32, high32 float64
	natural       bool // whether no operand is below zero
}

var approximations = []approximated{
	{"Exp", Exp, -746, 710, -105, 89, false},
	{"Exp2", Exp2, -1076, 1025, -151, 129, false},
	{"Expm1", Expm1, -40, 710, -20, 89, false},
	{"Log", Log, 0, 1e308, 0, 1e38, true},
	{"Log2", Log2, 0, 1e308, 0, 1e38, true},
	{"Log10", Log10, 0, 1e308, 0, 1e38, true},
	{"Log1p", Log1p, -1, 1e308, -1, 1e38, false},
	{"Sin", Sin, -1 << 30, 1 << 30, -1 << 17, 1 << 17, false},
	{"Cos", Cos, -1 << 30, 1 << 30, -1 << 17, 1 << 17, false},
	{"Tanh", Tanh, -20, 20, -10, 10, false},
}

// point returns an operand: of any size, near 0, 1, multiples of π/2 or of log(2)/2, or anywhere where the function is not constant.
func (a approximated) point(r *rand.Rand, single bool) float64 {
	low, high, digits, sizes := a.low64, a.high64, 53, 1070
	if single {
		low, high, digits, sizes = a.low32, a.high32, 24, 148
	}
	sign := float64(r.IntN(2)*2 - 1)
	var x float64
	switch r.IntN(9) {
	case 0:
		x = r.NormFloat64()
	case 1:
		x = r.NormFloat64() * 10
	case 2:
		x = math.Ldexp(sign*(1+r.Float64()), r.IntN(2*sizes-50)-sizes)
	case 3:
		x = sign + sign*math.Ldexp(1+r.Float64(), -1-r.IntN(digits))
	case 4:
		x = low + (high-low)*r.Float64()
	case 5:
		x = math.Round(r.Float64()*high) * (math.Pi / 2) * sign
	case 6:
		x = float64(r.IntN(2000)-1000) / 2 * math.Ln2 * (1 + r.NormFloat64()*1e-3)
	case 7:
		x = sign * (0.3 + 0.3*r.Float64()) // where parts cancel
	default:
		x = 2.2 * (r.Float64() - 0.5)
	}
	if single {
		x = float64(float32(x))
	}
	if a.natural || a.f == Log1p && x < -1 {
		x = math.Abs(x)
	}
	return x
}

// off returns how far y is from want, in units in the last place of a float of so many digits. A result may overflow only where
// the exact one does.
func off(y float64, want *big.Float, single bool) float64 {
	digits, least, greatest := 53, -1074, math.MaxFloat64
	if single {
		digits, least, greatest = 24, -149, math.MaxFloat32
	}
	limit := new(big.Float).SetMantExp(big.NewFloat(1), map[bool]int{false: 1024, true: 128}[single])
	if math.IsInf(y, 0) {
		if new(big.Float).Abs(want).Cmp(big.NewFloat(greatest)) > 0 && (want.Sign() > 0) == (y > 0) {
			return 0
		}
		return math.Inf(1)
	}
	if y != y || new(big.Float).Abs(want).Cmp(limit) >= 0 {
		return math.Inf(1)
	}
	unit := least
	if want.Sign() != 0 {
		unit = max(unit, want.MantExp(nil)-digits)
	}
	d := newBig().Sub(want, bigOf(y))
	d.SetMantExp(d, -unit)
	ulps, _ := d.Float64()
	return math.Abs(ulps)
}

// TestApproximations holds kernels and the functions in Go to the exact results, and instruction sets to each other.
func TestApproximations(t *testing.T) {
	n := 2000
	if os.Getenv("SAMEBYTES_SOAK") != "" {
		n = 1_000_000
	}
	if emulated.Is() {
		n = 200
	}
	for _, a := range approximations {
		t.Run(a.name+"/float64", func(t *testing.T) { approximates[float64](t, a, n) })
		t.Run(a.name+"/float32", func(t *testing.T) { approximates[float32](t, a, n) })
	}
}

func approximates[T float32 | float64](t *testing.T, a approximated, n int) {
	single := reflect.TypeFor[T]().Kind() == reflect.Float32
	r := rand.New(rand.NewPCG(3, 4))
	xs := make([]T, n)
	for i := range xs {
		xs[i] = T(a.point(r, single))
	}
	levels := asm.Levels()
	ys := make([][]T, len(levels))
	for i, level := range levels { // the last is the best, which stays in use
		asm.Use(level)
		ys[i] = make([]T, n)
		Rounded[T]{a.f}.Run(Vec[T]{Data: ys[i], Inc: 1}, Vec[T]{Data: xs, Inc: 1}, n)
	}
	kernel := asm.Kernels.Rounded[a.f.op][reflect.TypeFor[T]().Kind()].Run != nil
	worst, at := make([]float64, len(levels)), make([]T, len(levels))
	for i, x := range xs {
		if x == 0 || a.f == Log1p && x == -1 {
			continue // see TestApproximationPlaces
		}
		want := bigFunctions[a.f](bigOf(float64(x)))
		for l, level := range levels {
			if l > 1 && !same(ys[l][i], ys[1][i]) {
				t.Fatalf("%s: of %v is %s, with %s %s", level.Name, x, bitsOf(ys[l][i]), levels[1].Name, bitsOf(ys[1][i]))
			}
			if ulps := off(float64(ys[l][i]), want, single); ulps > worst[l] {
				worst[l], at[l] = ulps, x
			}
		}
	}
	for l, level := range levels {
		t.Logf("%s: %.4f ulp, at %v", level.Name, worst[l], at[l])
		if limit := map[bool]float64{false: 2, true: 1}[l > 0 && kernel]; worst[l] > limit {
			t.Errorf("%s: %v ulp at %v, expected no more than %v", level.Name, worst[l], at[l], limit)
		}
	}
}

// TestApproximationPlaces checks that results depend neither on an element's place nor on what is around it: for all lengths and
// alignments, in place, and with gaps; and that special values have the same results without kernels.
func TestApproximationPlaces(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		for _, a := range approximations {
			places[float64](t, a)
			places[float32](t, a)
		}
	})
}

func places[T float32 | float64](t *testing.T, a approximated) {
	t.Helper()
	f := Rounded[T]{a.f}
	r := rand.New(rand.NewPCG(5, 6))
	single := reflect.TypeFor[T]().Kind() == reflect.Float32
	values := samples[T](r, 2*longest)
	for i := range values {
		if i%2 == 0 {
			values[i] = T(a.point(r, single))
		}
	}
	results := make([]T, len(values))
	for i := range values {
		f.Run(Vec[T]{Data: results, Off: i, Inc: 1}, Vec[T]{Data: values, Off: i, Inc: 1}, 1)
		plain := T(a.f.f(float64(values[i])))
		if special(values[i]) && special(plain) && !same(results[i], plain) {
			t.Fatalf("%s of %v: got %s, without kernels %s", a.name, values[i], bitsOf(results[i]), bitsOf(plain))
		}
	}
	each(func(n, from int) {
		p := newGuarded[T](from*5%64, n).set(values[from:])
		want, got := newGuarded[T](from, n).set(results[from:]), newGuarded[T](from, n)
		f.Run(got.vec(), p.vec(), n)
		hold(t, a.name, want, got)
		want = p.clone().set(results[from:])
		f.Run(p.vec(), p.vec(), n)
		hold(t, a.name+" in place", want, p)
		wide, backwards := newGuarded[T](from, 3*n), newGuarded[T](from, n)
		for i := range n {
			wide.all[wide.first+3*i] = values[from+n-1-i]
		}
		f.Run(backwards.vec(), Vec[T]{Data: wide.all, Off: wide.first + 3*(n-1), Inc: -3}, n)
		hold(t, a.name+" with gaps", newGuarded[T](from, n).set(results[from:]), backwards)
		one := newGuarded[T](from, n)
		f.Run(one.vec(), Vec[T]{Data: values, Off: from}, n)
		for i := range n {
			if !same(one.all[one.first+i], results[from]) {
				t.Fatalf("%s of one for all: got %s, want %s", a.name, bitsOf(one.all[one.first+i]), bitsOf(results[from]))
			}
		}
	})
}

// special reports whether a float is one that functions have exact results of, or that is one.
func special[T float32 | float64](x T) bool { return x == 0 || x == 1 || x == -1 || x-x != 0 }
