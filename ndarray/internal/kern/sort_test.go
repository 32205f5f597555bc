package kern

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"unsafe"
)

// patterns are keys that quicksorts find easy, or hard.
var patterns = map[string]func(r *rand.Rand, i, n int) uint64{
	"any":       func(r *rand.Rand, i, n int) uint64 { return r.Uint64() },
	"few":       func(r *rand.Rand, i, n int) uint64 { return uint64(r.IntN(3)) },
	"bytes":     func(r *rand.Rand, i, n int) uint64 { return uint64(r.IntN(256)) },
	"one":       func(r *rand.Rand, i, n int) uint64 { return 7 },
	"greatest":  func(r *rand.Rand, i, n int) uint64 { return ^uint64(0) },
	"extremes":  func(r *rand.Rand, i, n int) uint64 { return -uint64(r.IntN(2)) },
	"rising":    func(r *rand.Rand, i, n int) uint64 { return uint64(i) },
	"falling":   func(r *rand.Rand, i, n int) uint64 { return uint64(n - i) },
	"organ":     func(r *rand.Rand, i, n int) uint64 { return uint64(min(i, n-i)) },
	"saw":       func(r *rand.Rand, i, n int) uint64 { return uint64(i % 17) },
	"last less": func(r *rand.Rand, i, n int) uint64 { return uint64((i + 1) % n) },
}

// TestSort holds what sorts keys to the standard library, for all short lengths, and for some of which partitions are made in
// place.
func TestSort(t *testing.T) {
	t.Run("digits", func(t *testing.T) { pure(func() { sorts(t) }) })
	eachLevel(t, sorts)
}

func sorts(t *testing.T) {
	lengths := []int{1000, 2047, 2048, 2049, 4095, 4096, 4097, 10_000, 100_003}
	for n := range 2*longest + 1 {
		lengths = append(lengths, n)
	}
	for name, pattern := range patterns {
		for _, n := range lengths {
			sortsKeys[uint64](t, name, n, pattern)
			sortsKeys[uint32](t, name, n, pattern)
			sortsKeys[uint16](t, name, n, pattern)
			sortsKeys[uint8](t, name, n, pattern)
		}
	}
}

func sortsKeys[K Unsigned](t *testing.T, name string, n int, pattern func(r *rand.Rand, i, n int) uint64) {
	t.Helper()
	r := rand.New(rand.NewPCG(uint64(n), 3))
	keys := make([]K, n)
	for i := range keys {
		keys[i] = K(pattern(r, i, n))
	}
	want, got := newGuarded[K](n%64, n).set(keys), newGuarded[K](n%64, n).set(keys)
	slices.Sort(want.all[want.first:][:n])
	NewSorter[K](n, 1+n%3).Sort(got.all[got.first:][:n])
	hold(t, fmt.Sprintf("%T, %s", keys, name), want, got)
	if n == 0 {
		return
	}
	k := r.IntN(n)
	sorted := want.all[want.first:][:n]
	NewSorter[K](n, 1).Select(keys, k)
	if keys[k] != sorted[k] || slices.Max(keys[:k+1]) != keys[k] || slices.Min(keys[k:]) != keys[k] {
		t.Fatalf("%T, %s: Select of %d of %d", keys, name, k, n)
	}
	if slices.Sort(keys); !slices.Equal(keys, sorted) {
		t.Fatalf("%T, %s: Select of %d of %d has lost keys", keys, name, k, n)
	}
}

// TestSortDigitsTakesOver sorts keys that were chosen so that each partition leaves nearly all.
func TestSortDigitsTakesOver(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		keys := make([]uint64, 5000)
		s := NewSorter[uint64](len(keys), 1)
		if s.partition == nil {
			t.Skip("there are no kernels for this")
		}
		r := rand.New(rand.NewPCG(1, 3))
		for i := range keys {
			keys[i] = r.Uint64()
		}
		want := slices.Sorted(slices.Values(keys))
		s.sort(keys, 1, 1)
		if !slices.Equal(keys, want) {
			t.Error("not sorted")
		}
	})
}

// TestCodes holds the kernels that make keys of floats, and floats of keys, to the loops.
func TestCodes(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		codes[float64, uint64](t, 52)
		codes[float32, uint32](t, 23)
	})
}

func codes[T Float, K Unsigned](t *testing.T, mantissa int) {
	t.Helper()
	order := Order{Kind: Floating, Mantissa: mantissa}
	r := rand.New(rand.NewPCG(1, 4))
	each(func(n, off int) {
		bits := newGuarded[K](off, n).set(keysOf[K](samples[T](r, n)))
		want, got := bits.clone(), bits.clone()
		pure(func() { Encode(want.all[want.first:][:n], order) })
		Encode(got.all[got.first:][:n], order)
		hold(t, "Encode", want, got)
		Decode(got.all[got.first:][:n], order)
		hold(t, "Decode", bits, got)
	})
}

// keysOf returns the bits of floats.
func keysOf[K Unsigned, T Float](floats []T) []K {
	return unsafe.Slice((*K)(unsafe.Pointer(&floats[0])), len(floats))
}
