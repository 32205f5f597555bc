package libm_test

import (
	"bufio"
	"math"
	"math/cmplx"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/samebytes/samebytes/ndarray/internal/libm"
)

var one = map[string]func(float64) float64{
	"exp": libm.Exp, "exp2": libm.Exp2, "log": libm.Log, "log2": libm.Log2, "log10": libm.Log10, "sinh": libm.Sinh, "cosh": libm.Cosh,
	"sin": libm.Sin, "cos": libm.Cos, "tan": libm.Tan, "arcsin": libm.Asin, "arccos": libm.Acos,
}

var two = map[string]func(x, y float64) float64{"power": libm.Pow, "hypot": libm.Hypot, "arctan2": libm.Atan2}

var ofComplex = map[string]func(complex128) complex128{
	"exp": libm.ExpComplex, "log": libm.LogComplex, "log10": libm.Log10Complex, "sqrt": libm.SqrtComplex,
	"sin": libm.SinComplex, "cos": libm.CosComplex, "tan": libm.TanComplex,
	"arcsin": libm.AsinComplex, "arccos": libm.AcosComplex, "arctan": libm.AtanComplex,
	"sinh": libm.SinhComplex, "cosh": libm.CoshComplex, "tanh": libm.TanhComplex,
	"arcsinh": libm.AsinhComplex, "arccosh": libm.AcoshComplex, "arctanh": libm.AtanhComplex,
}

// ulps returns how far got is from want, in units of the last place of size.
func ulps(got, want, size float64) float64 {
	if got == want || got != got && want != want {
		return 0
	}
	size = math.Max(math.Abs(size), 0x1p-1022)
	return math.Abs(got-want) / (math.Nextafter(size, 0x1p1023*2*(1-0x1p-53)) - size)
}

// TestPoints compares with testdata/points.txt, which testdata/make.py wrote.
func TestPoints(t *testing.T) {
	file, err := os.Open("testdata/points.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	seen := map[string]int{}
	for lines := bufio.NewScanner(file); lines.Scan(); {
		words := strings.Fields(lines.Text())
		v := make([]float64, len(words)-1)
		for i, word := range words[1:] {
			if v[i], err = strconv.ParseFloat(word, 64); err != nil {
				t.Fatal(err)
			}
		}
		seen[words[0]]++
		switch kind, name, found := strings.Cut(words[0], "_"); {
		case !found && one[kind] != nil:
			if got := one[kind](v[0]); !(ulps(got, v[1], v[1]) <= 2) {
				t.Errorf("%s(%v): expected %v, got %v", kind, v[0], v[1], got)
			}
		case !found:
			if got := two[kind](v[0], v[1]); !(ulps(got, v[2], v[2]) <= 2) {
				t.Errorf("%s(%v, %v): expected %v, got %v", kind, v[0], v[1], v[2], got)
			}
		default:
			got, want := ofComplex[name](complex(v[0], v[1])), complex(v[2], v[3])
			size := cmplx.Abs(want)
			exact := kind == "special" && (signs(got) != signs(want) || cmplx.IsNaN(got) != cmplx.IsNaN(want))
			if exact || !(ulps(real(got), v[2], size) <= 4) || !(ulps(imag(got), v[3], size) <= 4) {
				t.Errorf("%s(%v): expected %v, got %v", name, complex(v[0], v[1]), want, got)
			}
		}
	}
	if want := len(one) + len(two) + 2*len(ofComplex); len(seen) != want {
		t.Errorf("expected points of %d functions, found %d", want, len(seen))
	}
}

// signs returns the signs of the parts that are not NaN.
func signs(z complex128) (s [2]bool) {
	for i, part := range []float64{real(z), imag(z)} {
		s[i] = part == part && math.Signbit(part)
	}
	return s
}

// TestPowSpecial holds Pow to math.Pow where that is exact.
func TestPowSpecial(t *testing.T) {
	values := []float64{0, math.Copysign(0, -1), 1, -1, 2, -2, 3, -3, 0.5, -0.5, math.Inf(1), math.Inf(-1), math.NaN(), 1e300, -1e300, 1 << 53, 0x1p-1074}
	for _, x := range values {
		for _, y := range values {
			got, want := libm.Pow(x, y), math.Pow(x, y)
			if ulps(got, want, want) > 2 || got == got && math.Signbit(got) != math.Signbit(want) {
				t.Errorf("Pow(%v, %v): expected %v, got %v", x, y, want, got)
			}
		}
	}
}

// TestExactLogarithms checks that logarithms of powers of their base are whole.
func TestExactLogarithms(t *testing.T) {
	for i := range 309 {
		x, _ := strconv.ParseFloat("1e"+strconv.Itoa(i), 64)
		if got := libm.Log10(x); got != float64(i) {
			t.Errorf("Log10(1e%d) = %v", i, got)
		}
		if got := libm.Log2(math.Ldexp(1, i)); got != float64(i) {
			t.Errorf("Log2(2 to the power of %d) = %v", i, got)
		}
	}
}
