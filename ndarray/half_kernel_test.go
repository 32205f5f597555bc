package ndarray

import (
	"math"
	"math/rand/v2"
	"testing"
)

// Every Float16 and BFloat16, and float32 and float64 around each and around the middle between two, are converted in long runs,
// by kernels where there are some, as they are one by one.
func TestHalvesInRuns(t *testing.T) {
	halves, brains := New[Float16](1<<16), New[BFloat16](1<<16)
	var singles []float32
	var doubles []float64
	r := rand.New(rand.NewPCG(1, 2))
	for i := range 1 << 16 {
		halves.data[i], brains.data[i] = Float16FromBits(uint16(i)), BFloat16FromBits(uint16(i))
		single, brain, double := math.Float32bits(halves.data[i].Float32()), uint32(i)<<16, math.Float64bits(halves.data[i].Float64())
		for _, d := range []uint32{0, 1, 1 << 31, 0xfff, 0x1000, 0x1001, 0x1fff, r.Uint32()} {
			singles = append(singles, math.Float32frombits(single+d))
		}
		for _, d := range []uint32{0, 1, 0x7fff, 0x8000, 0x8001, 0xffff} {
			singles = append(singles, math.Float32frombits(brain+d))
		}
		for _, d := range []uint64{0, 1, 1 << 28, 1<<29 - 1, 1 << 29, 1<<41 - 1, 1 << 41, 1<<41 + 1, 1<<42 - 1, r.Uint64()} {
			doubles = append(doubles, math.Float64frombits(double+d))
		}
	}
	doubles = append(doubles, math.Float64frombits(0x7ff0000000000001), math.Float64frombits(0xfff0000000000001), 0x1p-25, 0x1.0000001p-25, 0x1p-1074)
	for n := range 200 { // of all lengths, and places
		matchHalves(t, halves.Slice(Range(n, 2*n)), Float16.Float32)
	}
	matchHalves(t, halves, Float16.Float32)
	matchHalves(t, brains, BFloat16.Float32)
	matchNarrow(t, vector(singles), func(v float32) Float16 { return NewFloat16(float64(v)) })
	matchNarrow(t, vector(singles), func(v float32) BFloat16 { return NewBFloat16(float64(v)) })
	matchNarrow(t, vector(doubles), NewFloat16)
	matchNarrow(t, vector(doubles), NewBFloat16)
}

func matchHalves[H Float16 | BFloat16](t *testing.T, a *Array[H], value func(H) float32) {
	t.Helper()
	single, double := Convert[float32](nil, a), Convert[float64](nil, a)
	for i := range single.n {
		h := a.At(i)
		if got, want := math.Float32bits(single.data[i]), math.Float32bits(value(h)); got != want {
			t.Fatalf("%T %x became the float32 %x, want %x", h, h, got, want)
		}
		if got, want := math.Float64bits(double.data[i]), math.Float64bits(float64(value(h))); got != want {
			t.Fatalf("%T %x became the float64 %x, want %x", h, h, got, want)
		}
	}
}

func matchNarrow[H Float16 | BFloat16, F float32 | float64](t *testing.T, a *Array[F], round func(F) H) {
	t.Helper()
	for i, got := range Convert[H](nil, a).data {
		if want := round(a.data[i]); got != want {
			t.Fatalf("%T %v (%x) became %x, want %x", a.data[i], a.data[i], a.data[i], got, want)
		}
	}
}
