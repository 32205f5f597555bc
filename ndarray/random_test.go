package ndarray_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/samebytes/samebytes/ndarray"
)

func seeded() rand.Source { return rand.NewPCG(3, 14) }

// layouts returns arrays of shape (3, 4, 5) in several layouts.
func layouts[T ndarray.Element]() []*ndarray.Array[T] {
	reversed := ndarray.Step(ndarray.End, ndarray.End, -1)
	return []*ndarray.Array[T]{
		ndarray.New[T](3, 4, 5),
		ndarray.New[T](5, 4, 3).T(),
		ndarray.New[T](4, 3, 5).Transpose(1, 0, 2).Slice(reversed, ndarray.All, reversed),
		ndarray.New[T](3, 4, 10).Slice(ndarray.All, ndarray.All, ndarray.Step(1, ndarray.End, 2)),
	}
}

// A source fills every layout in C order, with the numbers that a Rand returns.
func checkFill[T ndarray.Real](t *testing.T, name string, fill func(*ndarray.Array[T], rand.Source) *ndarray.Array[T], next func(*rand.Rand) T) {
	t.Helper()
	for i, a := range layouts[T]() {
		r := rand.New(seeded())
		want := make([]T, a.Len())
		for i := range want {
			want[i] = next(r)
		}
		if found := fill(a, seeded()).Copy().Data(); !slices.Equal(found, want) {
			t.Errorf("%s, layout %d: expected %v, found %v", name, i, want, found)
		}
	}
	if a := ndarray.New[T](2, 0); fill(a, seeded()) != a {
		t.Errorf("%s: not what it was given", name)
	}
	if a := fill(ndarray.New[T](), seeded()); a.At() != next(rand.New(seeded())) {
		t.Errorf("%s, no axes: found %v", name, a)
	}
}

func TestRandom(t *testing.T) {
	checkFill(t, "Random", ndarray.Random[float64], func(r *rand.Rand) float64 { return r.Float64() })
	checkFill(t, "Random", ndarray.Random[float32], func(r *rand.Rand) float32 { return r.Float32() })
	checkFill(t, "Random", ndarray.Random[celsius], func(r *rand.Rand) celsius { return celsius(r.Float64()) })
	checkFill(t, "RandomNormal", ndarray.RandomNormal[float64], func(r *rand.Rand) float64 { return r.NormFloat64() })
	checkFill(t, "RandomNormal", ndarray.RandomNormal[float32], func(r *rand.Rand) float32 { return float32(r.NormFloat64()) })
	checkFill(t, "RandomExp", ndarray.RandomExp[float64], func(r *rand.Rand) float64 { return r.ExpFloat64() })
	checkFill(t, "RandomIntN",
		func(a *ndarray.Array[int16], src rand.Source) *ndarray.Array[int16] {
			return ndarray.RandomIntN(a, 1000, src)
		},
		func(r *rand.Rand) int16 { return int16(r.IntN(1000)) })
	checkFill(t, "RandomIntN",
		func(a *ndarray.Array[uint64], src rand.Source) *ndarray.Array[uint64] {
			return ndarray.RandomIntN(a, math.MaxInt, src)
		},
		func(r *rand.Rand) uint64 { return uint64(r.IntN(math.MaxInt)) })
}

func TestRandomIntNLimits(t *testing.T) {
	full := ndarray.RandomIntN(ndarray.New[uint8](10000), 256, seeded())
	if data := full.Data(); slices.Min(data) != 0 || slices.Max(data) != 255 {
		t.Errorf("uint8 below 256: from %d to %d", slices.Min(data), slices.Max(data))
	}
	ndarray.RandomIntN(ndarray.New[int8](1), 128, seeded())
	for _, c := range []struct {
		name string
		call func()
	}{
		{"none", func() { ndarray.RandomIntN(ndarray.New[int8](1), 0, seeded()) }},
		{"negative", func() { ndarray.RandomIntN(ndarray.New[int8](1), -1, seeded()) }},
		{"too many for int8", func() { ndarray.RandomIntN(ndarray.New[int8](1), 129, seeded()) }},
		{"too many for uint8", func() { ndarray.RandomIntN(ndarray.New[uint8](1), 257, seeded()) }},
		{"too many for int32", func() { ndarray.RandomIntN(ndarray.New[int32](1), 1<<31+1, seeded()) }},
	} {
		func() {
			defer func() {
				if err, ok := recover().(ndarray.ValueError); !ok || err.Op != "RandomIntN" {
					t.Errorf("%s: expected a ValueError, found %v", c.name, err)
				}
			}()
			c.call()
		}()
	}
}

func TestShuffle(t *testing.T) {
	const n = 50
	want := make([]int64, n)
	for i := range want {
		want[i] = int64(i)
	}
	rand.New(seeded()).Shuffle(n, func(i, j int) { want[i], want[j] = want[j], want[i] })
	if found := ndarray.Permutation(n, seeded()); !slices.Equal(found.Data(), want) {
		t.Errorf("Permutation: expected %v, found %v", want, found)
	}
	if found := ndarray.Permutation(0, seeded()); found.Len() != 0 {
		t.Errorf("Permutation of nothing: %v", found)
	}
	// What lies at index i of the first axis is i*100 + the place within.
	whole := ndarray.New[int64](n, 2, 3)
	views := map[string]*ndarray.Array[int64]{
		"C order":  whole,
		"reversed": ndarray.New[int64](n, 2, 3).Slice(ndarray.Step(ndarray.End, ndarray.End, -1)),
		"strided":  ndarray.New[int64](3, n, 4).Transpose(1, 2, 0).Slice(ndarray.All, ndarray.Step(0, 4, 2)),
	}
	for name, a := range views {
		indices(a.Shape(), func(ix []int) { a.Set(int64(100*ix[0]+3*ix[1]+ix[2]), ix...) })
		ndarray.Shuffle(a, seeded())
		indices(a.Shape(), func(ix []int) {
			if found := a.At(ix...); found != 100*want[ix[0]]+int64(3*ix[1]+ix[2]) {
				t.Errorf("%s at %v: expected that of %d, found %d", name, ix, want[ix[0]], found)
			}
		})
	}
	ndarray.Shuffle(ndarray.New[int64](3, 0), seeded())
}

func TestRandomPanics(t *testing.T) {
	overlapping := must(ndarray.FromStrided([]float64{1, 2, 3}, []int{2, 2}, []int{1, 1}, 0))
	var shape ndarray.ShapeError
	for _, c := range []struct {
		name string
		call func()
		want error
	}{
		{"Random, read-only", func() { ndarray.Random(ndarray.New[float64](2).ReadOnly(), seeded()) }, ndarray.ErrReadOnly},
		{"Random, overlapping", func() { ndarray.Random(overlapping, seeded()) }, ndarray.ErrLayout},
		{"RandomNormal, overlapping", func() { ndarray.RandomNormal(overlapping, seeded()) }, ndarray.ErrLayout},
		{"RandomExp, read-only", func() { ndarray.RandomExp(overlapping.ReadOnly(), seeded()) }, ndarray.ErrReadOnly},
		{"RandomIntN, read-only", func() { ndarray.RandomIntN(counted(2).ReadOnly(), 3, seeded()) }, ndarray.ErrReadOnly},
		{"Shuffle, read-only", func() { ndarray.Shuffle(counted(2).ReadOnly(), seeded()) }, ndarray.ErrReadOnly},
		{"Shuffle, overlapping", func() { ndarray.Shuffle(overlapping, seeded()) }, ndarray.ErrLayout},
		{"Shuffle, no axes", func() { ndarray.Shuffle(counted(), seeded()) }, ndarray.ErrShape},
		{"Permutation of -1", func() { ndarray.Permutation(-1, seeded()) }, ndarray.ErrShape},
	} {
		func() {
			defer func() {
				err, _ := recover().(error)
				if !errors.Is(err, c.want) || c.want == ndarray.ErrShape && !errors.As(err, &shape) {
					t.Errorf("%s: expected %v, found %v", c.name, c.want, err)
				}
			}()
			c.call()
		}()
	}
}
