package ndarray_test

import (
	"math"
	"testing"

	"github.com/samebytes/samebytes/ndarray"
)

// TestHalfRoundsToEven takes neighbouring numbers of each format and what lies between them: the middle goes to the one whose
// last bit is zero, and what is beside the middle to the nearer.
func TestHalfRoundsToEven(t *testing.T) {
	for name, f := range map[string]struct {
		value    func(uint16) float64
		round    func(float64) uint16
		infinity uint16
	}{
		"float16": {
			func(b uint16) float64 { return ndarray.Float16FromBits(b).Float64() },
			func(x float64) uint16 { return ndarray.NewFloat16(x).Bits() }, 0x7c00,
		},
		"bfloat16": {
			func(b uint16) float64 { return ndarray.BFloat16FromBits(b).Float64() },
			func(x float64) uint16 { return ndarray.NewBFloat16(x).Bits() }, 0x7f80,
		},
	} {
		for low := uint16(0); low < f.infinity; low++ {
			high, a := low+1, f.value(low)
			b := f.value(high)
			if high == f.infinity { // as if the exponent had no end
				b = a + (a - f.value(low-1))
			}
			middle, even := (a+b)/2, low+low&1
			for x, want := range map[float64]uint16{
				a: low, middle: even, math.Nextafter(middle, 0): low, math.Nextafter(middle, math.Inf(1)): high,
			} {
				if got := f.round(x); got != want {
					t.Fatalf("%s: %g between %04x and %04x becomes %04x, want %04x", name, x, low, high, got, want)
				}
				if got := f.round(-x); got != want|0x8000 {
					t.Fatalf("%s: %g becomes %04x, want %04x", name, -x, got, want|0x8000)
				}
			}
		}
		if got := f.round(math.Inf(-1)); got != f.infinity|0x8000 {
			t.Errorf("%s: -inf becomes %04x", name, got)
		}
		if x := f.value(f.round(math.NaN())); x == x {
			t.Errorf("%s: NaN becomes %g", name, x)
		}
		if x := f.value(f.infinity); !math.IsInf(x, 1) {
			t.Errorf("%s: infinity is %g", name, x)
		}
	}
}

func TestBFloat16IsHalfAFloat32(t *testing.T) {
	for bits := range 1 << 16 {
		b := ndarray.BFloat16FromBits(uint16(bits))
		if got := math.Float32bits(b.Float32()); got != uint32(bits)<<16 {
			t.Fatalf("%04x is %08x", bits, got)
		}
		if x := b.Float64(); x == x && x != float64(b.Float32()) {
			t.Fatalf("%04x is %g and %g", bits, x, b.Float32())
		}
		if back := ndarray.NewBFloat16(b.Float64()); back != b {
			t.Fatalf("%04x becomes %04x", bits, back.Bits())
		}
	}
}

func TestHalfStrings(t *testing.T) {
	for x, want := range map[float64][2]string{
		0.1: {"0.1", "0.1"}, 65504: {"6.55e+04", "65500.0"}, 1: {"1.0", "1.0"}, 1e-7: {"1e-07", "1e-07"}, -2.5: {"-2.5", "-2.5"},
	} {
		if got := [2]string{ndarray.NewFloat16(x).String(), ndarray.NewBFloat16(x).String()}; got != want {
			t.Errorf("%g: got %q, want %q", x, got, want)
		}
	}
}

func TestConvertHalf(t *testing.T) {
	type half ndarray.Float16
	a := must(ndarray.FromSlice([]int32{1, -2, 70000, 2049, 0, 3}, 2, 3)).T()
	h := ndarray.Convert[half](nil, a)
	if got, want := h.String(), "[[ 1.000e+00  2.048e+03]\n [-2.000e+00  0.000e+00]\n [       inf  3.000e+00]]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	b := ndarray.Convert[ndarray.BFloat16](nil, h)
	if got := ndarray.Convert[float64](nil, b); got.At(0, 1) != 2048 || got.At(1, 0) != -2 || !math.IsInf(got.At(2, 0), 1) {
		t.Errorf("%v", got)
	}
	if got := ndarray.Convert[bool](nil, b); got.At(1, 1) || !got.At(0, 0) {
		t.Errorf("%v", got)
	}
	if got := ndarray.Convert[complex64](nil, h.Slice(ndarray.At(1))); got.At(0) != -2 {
		t.Errorf("%v", got)
	}
}
