package ndarray_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/samebytes/samebytes/ndarray"
)

func TestUnique(t *testing.T) {
	nan, zero := math.NaN(), math.Copysign(0, -1)
	testUnique(t, func(r *rand.Rand) bool { return r.IntN(2) == 0 })
	testUnique(t, realNumbers[int8](math.MinInt8))
	testUnique(t, realNumbers[uint16](math.MaxUint16))
	testUnique(t, realNumbers[int32](math.MinInt32))
	testUnique(t, realNumbers[int64](math.MinInt64))
	testUnique(t, realNumbers(float32(nan), float32(zero), 0))
	testUnique(t, realNumbers(nan, -nan, zero, 0, math.Inf(1)))
	testUnique(t, complexNumbers[complex64])
	testUnique(t, complexNumbers[complex128])
}

// isNaN reports whether an element is not equal to itself.
func isNaN[T ordered](v T) bool { return v != v }

// testUnique compares Unique, UniqueAll, IsIn and SearchSorted with loops over all elements.
func testUnique[T ordered](t *testing.T, random func(r *rand.Rand) T) {
	name := reflect.TypeFor[T]().String()
	r := rand.New(rand.NewPCG(9, 10))
	same := func(a, b T) bool { return a == b || isNaN(a) && isNaN(b) }
	for range 60 {
		shape := []int{r.IntN(9), r.IntN(9)}
		a := randomView[T](r, shape)
		indices(shape, func(ix []int) { a.Set(random(r), ix...) })
		flat := elements(a)
		values := elements(ndarray.Unique(a))
		for i, v := range values {
			if !slices.ContainsFunc(flat, func(u T) bool { return same(u, v) }) || i > 0 && !before(values[i-1], v) {
				t.Fatalf("%s: Unique of %v is %v", name, flat, values)
			}
		}
		for _, v := range flat {
			if !slices.ContainsFunc(values, func(u T) bool { return same(u, v) }) {
				t.Fatalf("%s: Unique of %v is %v", name, flat, values)
			}
		}

		u := ndarray.UniqueAll(a)
		if !slices.EqualFunc(values, elements(u.Values), same) || u.Index.Len() != len(values) || u.Counts.Len() != len(values) ||
			!slices.Equal(u.Inverse.Shape(), shape) {
			t.Fatalf("%s: Unique %v, UniqueAll %v", name, values, elements(u.Values))
		}
		inverse := elements(u.Inverse)
		for i, v := range elements(u.Values) {
			first, count := slices.IndexFunc(flat, func(u T) bool { return same(u, v) }), 0
			for j, w := range flat {
				if same(v, w) {
					count++
					if inverse[j] != int64(i) {
						t.Fatalf("%s: the inverse of %v at %d is %d, expected %d", name, flat, j, inverse[j], i)
					}
				}
			}
			if isNaN(v) && u.Values.DType().Kind() == 'c' {
				first = int(u.Index.At(i)) // complex NaN are one value, but not equal in order: the first sorted stands for it
			}
			if u.Index.At(i) != int64(first) || u.Counts.At(i) != int64(count) || !sameBits(v, flat[first]) {
				t.Fatalf("%s: %v in %v: expected it %d times, first at %d, found %d and %d",
					name, v, flat, count, first, u.Counts.At(i), u.Index.At(i))
			}
		}

		others := randomView[T](r, []int{r.IntN(20)})
		indices(others.Shape(), func(ix []int) { others.Set(random(r), ix...) })
		in := elements(ndarray.IsIn(nil, a, others))
		for i, v := range flat {
			if want := slices.Contains(elements(others), v); in[i] != want {
				t.Fatalf("%s: IsIn: %v in %v is %v", name, v, elements(others), in[i])
			}
		}

		ndarray.Sort(others, 0)
		dst := randomView[int64](r, shape)
		for _, side := range []ndarray.Side{ndarray.Left, ndarray.Right} {
			ndarray.SearchSorted(dst, others, a, side)
			places := elements(dst)
			for i, v := range flat {
				want := int64(0)
				for _, other := range elements(others) {
					if before(other, v) || side == ndarray.Right && !before(v, other) {
						want++
					}
				}
				if places[i] != want {
					t.Fatalf("%s: SearchSorted: %v in %v (%v): expected %d, found %d", name, v, elements(others), side, want, places[i])
				}
			}
		}
	}
}

func TestSets(t *testing.T) {
	nan := math.NaN()
	a := must(ndarray.FromSlice([]float64{3, 1, nan, 2, 1, nan}, 2, 3))
	b := must(ndarray.FromSlice([]float64{nan, 5, 3, 3}))
	for _, c := range []struct {
		name string
		got  *ndarray.Array[float64]
		want []float64
	}{
		{"Intersect", ndarray.Intersect(a, b), []float64{3}},
		{"Difference", ndarray.Difference(a, b), []float64{1, 2, nan}},
		{"Union", ndarray.Union(a, b), []float64{1, 2, 3, 5, nan}},
		{"Union of nothing", ndarray.Union(ndarray.New[float64](0), ndarray.New[float64](2, 0)), nil},
	} {
		if !slices.EqualFunc(c.got.Data(), c.want, func(x, y float64) bool { return x == y || x != x && y != y }) {
			t.Errorf("%s: expected %v, found %v", c.name, c.want, c.got.Data())
		}
	}
}

func TestSearchSortedPanics(t *testing.T) {
	if err := panicOf(t, func() { ndarray.SearchSorted(nil, counted(2, 2), counted(2), ndarray.Left) }); !errors.Is(err, ndarray.ErrShape) {
		t.Errorf("two axes: found %v", err)
	}
	if err := panicOf(t, func() { ndarray.SearchSorted(counted(3), counted(2), counted(2), ndarray.Left) }); !errors.Is(err, ndarray.ErrShape) {
		t.Errorf("another shape: found %v", err)
	}
}

// TestSearchSortedOverlap finds places in the array that takes the result.
func TestSearchSortedOverlap(t *testing.T) {
	a := counted(5)
	ndarray.SearchSorted(a, a, a.Slice(ndarray.Step(ndarray.End, ndarray.End, -1)), ndarray.Right)
	if want := []int64{5, 4, 3, 2, 1}; !slices.Equal(a.Data(), want) {
		t.Errorf("expected %v, found %v", want, a.Data())
	}
}
