package ndarray_test

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/samebytes/samebytes/ndarray"
)

// randomView returns an array of zeros of the given shape, with axes in any order, any steps and directions.
func randomView[T ndarray.Element](r *rand.Rand, shape []int) *ndarray.Array[T] {
	order := r.Perm(len(shape))
	base, back := make([]int, len(shape)), make([]int, len(shape))
	ix := make([]ndarray.Index, len(shape))
	for i, d := range order {
		back[d] = i
		base[i], ix[i] = shape[d], ndarray.All
		switch kind := r.IntN(3); {
		case kind == 1 && shape[d] > 0:
			base[i], ix[i] = 2*shape[d]+1, ndarray.Step(1, ndarray.End, 2)
		case kind == 2:
			ix[i] = ndarray.Step(ndarray.End, ndarray.End, -1)
		}
	}
	return ndarray.New[T](base...).Slice(ix...).Transpose(back...)
}

// ordered are the elements that Go's operators know.
type ordered interface{ ~bool | ndarray.Number }

// before is the order of NumPy's sort, written out.
func before[T ordered](a, b T) bool {
	return comparison(reflect.ValueOf(a), reflect.ValueOf(b)) < 0
}

func comparison(a, b reflect.Value) int {
	// cmp.Compare has NaN first: 0 is equal to it only here, where both are none.
	float := func(x, y float64) int {
		if x != x || y != y {
			return cmp.Compare(boolean(x != x), boolean(y != y))
		}
		return cmp.Compare(x, y)
	}
	switch {
	case a.Kind() == reflect.Bool:
		return cmp.Compare(boolean(a.Bool()), boolean(b.Bool()))
	case a.CanInt():
		return cmp.Compare(a.Int(), b.Int())
	case a.CanUint():
		return cmp.Compare(a.Uint(), b.Uint())
	case a.CanFloat():
		return float(a.Float(), b.Float())
	}
	x, y := a.Complex(), b.Complex()
	class := func(z complex128) int { return 2*boolean(math.IsNaN(real(z))) + boolean(math.IsNaN(imag(z))) }
	return cmp.Or(cmp.Compare(class(x), class(y)), float(real(x), real(y)), float(imag(x), imag(y)))
}

func boolean(b bool) int {
	if b {
		return 1
	}
	return 0
}

// sameBits reports whether two elements are the same, NaN included.
func sameBits[T ordered](a, b T) bool { return fmt.Sprint(a) == fmt.Sprint(b) }

// The elements to sort come from few values, so that many are equal, or from all; each as often.
func realNumbers[T ndarray.Real](special ...T) func(r *rand.Rand) T {
	return func(r *rand.Rand) T {
		switch kind := r.IntN(3); {
		case kind == 0 && len(special) > 0:
			return special[r.IntN(len(special))]
		case kind == 1:
			return T(r.IntN(9))
		}
		bits := int64(r.Uint64())
		if v := reflect.ValueOf(T(0)); v.CanFloat() {
			return T(math.Ldexp(float64(bits), r.IntN(80)-90))
		}
		return T(bits)
	}
}

func complexNumbers[T ndarray.Complex](r *rand.Rand) T {
	part := realNumbers(math.NaN(), math.Inf(1), math.Inf(-1), 0, math.Copysign(0, -1))
	return T(complex(part(r), part(r)))
}

type kelvin float32 // an element of a named type

func TestSort(t *testing.T) {
	defer ndarray.SetWorkers(ndarray.SetWorkers(3))
	nan, inf, zero := math.NaN(), math.Inf(1), math.Copysign(0, -1)
	nan32, inf32, zero32 := float32(nan), float32(inf), float32(zero)
	negative := math.Float64frombits(0xfff8_0000_0000_0001)
	testSort(t, func(r *rand.Rand) bool { return r.IntN(2) == 0 })
	testSort(t, realNumbers[int8](math.MinInt8, math.MaxInt8))
	testSort(t, realNumbers[int16](math.MinInt16, math.MaxInt16))
	testSort(t, realNumbers[int32](math.MinInt32, math.MaxInt32))
	testSort(t, realNumbers[int64](math.MinInt64, math.MaxInt64))
	testSort(t, realNumbers[uint8](math.MaxUint8))
	testSort(t, realNumbers[uint16](math.MaxUint16))
	testSort(t, realNumbers[uint32](math.MaxUint32))
	testSort(t, realNumbers[uint64](math.MaxUint64))
	testSort(t, realNumbers(nan32, -nan32, inf32, -inf32, 0, zero32, math.SmallestNonzeroFloat32, -math.MaxFloat32))
	testSort(t, realNumbers(nan, negative, inf, -inf, 0, zero, math.SmallestNonzeroFloat64, -math.MaxFloat64))
	testSort(t, realNumbers(kelvin(nan), kelvin(inf), kelvin(zero)))
	testSort(t, complexNumbers[complex64])
	testSort(t, complexNumbers[complex128])
}

// testSort compares all that sorts with a stable sort of each lane by comparing.
func testSort[T ordered](t *testing.T, random func(r *rand.Rand) T) {
	name := reflect.TypeFor[T]().String()
	r := rand.New(rand.NewPCG(5, 6))
	for round := range 60 {
		shape := make([]int, 1+r.IntN(3))
		for d := range shape {
			shape[d] = r.IntN(7)
		}
		axis := r.IntN(len(shape))
		switch {
		case round == 0:
			shape = []int{26, 2600, 1}
			axis = 1
		case round%5 == 0:
			shape[axis] = r.IntN(400)
		}
		a := randomView[T](r, shape)
		indices(shape, func(ix []int) { a.Set(random(r), ix...) })
		n := shape[axis]
		var kth int
		sorted, stable, to := randomView[T](r, shape), randomView[T](r, shape), randomView[T](r, shape)
		parted, argParted := randomView[T](r, shape), randomView[int64](r, shape)
		indices(shape, func(ix []int) {
			sorted.Set(a.At(ix...), ix...)
			stable.Set(a.At(ix...), ix...)
			parted.Set(a.At(ix...), ix...)
		})
		negative := axis - len(shape)
		ndarray.Sort(sorted, negative)
		ndarray.SortStable(stable, axis)
		if ndarray.SortTo(to, a, axis) != to {
			t.Fatalf("%s: SortTo did not return dst", name)
		}
		arg := ndarray.ArgSort(nil, a, negative)
		ndarray.ArgSort(argParted, a, axis)
		if !slices.Equal(elements(arg), elements(argParted)) {
			t.Fatalf("%s: ArgSort differs into dst", name)
		}
		if n > 0 {
			kth = r.IntN(n)
			ndarray.Partition(parted, kth-n, negative)
			ndarray.ArgPartition(argParted, a, kth, axis)
		}
		outer := slices.Clone(shape)
		outer[axis] = min(n, 1)
		indices(outer, func(ix []int) {
			at := func(i int) []int {
				ix := slices.Clone(ix)
				ix[axis] = i
				return ix
			}
			order, values := make([]int, n), make([]reflect.Value, n)
			for i := range order {
				order[i], values[i] = i, reflect.ValueOf(a.At(at(i)...))
			}
			slices.SortStableFunc(order, func(i, j int) int { return comparison(values[i], values[j]) })
			seen := make([]bool, n)
			for i, place := range order {
				want := a.At(at(place)...)
				if got := sorted.At(at(i)...); before(got, want) || before(want, got) {
					t.Fatalf("%s: shape %v strides %v axis %d: Sort: %d is %v, expected %v", name, shape, a.Strides(), axis, i, got, want)
				}
				if got := to.At(at(i)...); before(got, want) || before(want, got) {
					t.Fatalf("%s: shape %v strides %v axis %d: SortTo: %d is %v, expected %v", name, shape, a.Strides(), axis, i, got, want)
				}
				if got := stable.At(at(i)...); !sameBits(got, want) {
					t.Fatalf("%s: shape %v strides %v axis %d: SortStable: %d is %v, expected %v", name, shape, a.Strides(), axis, i, got, want)
				}
				if got := arg.At(at(i)...); got != int64(place) {
					t.Fatalf("%s: shape %v strides %v axis %d: ArgSort: %d is %v, expected %v", name, shape, a.Strides(), axis, i, got, place)
				}
				for _, got := range []T{parted.At(at(i)...), a.At(at(int(argParted.At(at(i)...)))...)} {
					middle := a.At(at(order[kth])...)
					if i < kth && before(middle, got) || i > kth && before(got, middle) || i == kth && (before(got, middle) || before(middle, got)) {
						t.Fatalf("%s: shape %v axis %d: Partition around %d (%v) has %v at %d", name, shape, axis, kth, middle, got, i)
					}
				}
				seen[argParted.At(at(i)...)] = true
			}
			if slices.Contains(seen, false) {
				t.Fatalf("%s: ArgPartition is no permutation", name)
			}
		})
	}
}

// TestSortKeepsElements checks that the bits of elements survive: sorting goes through keys made of them.
func TestSortKeepsElements(t *testing.T) {
	data := []float64{3, math.Float64frombits(0xfff8_0000_0000_1234), math.Inf(-1), math.Copysign(0, -1),
		math.Float64frombits(0x7ff8_0000_0000_0042), 0, -5e-324, math.Inf(1), math.Float64frombits(0xffff_ffff_ffff_ffff)}
	sorted := slices.Clone(data)
	ndarray.Sort(must(ndarray.FromSlice(sorted)), 0)
	counts := map[uint64]int{}
	for i := range data {
		counts[math.Float64bits(data[i])]++
		counts[math.Float64bits(sorted[i])]--
	}
	for bits, count := range counts {
		if count != 0 {
			t.Errorf("%x: %d too few", bits, count)
		}
	}
	if !math.IsInf(sorted[0], -1) || !math.Signbit(sorted[2]) || sorted[2] != 0 || !math.IsNaN(sorted[6]) || !math.IsNaN(sorted[8]) {
		t.Errorf("found %v", sorted)
	}
}

func TestSortPanics(t *testing.T) {
	a := counted(2, 3)
	for name, c := range map[string]struct {
		want error
		call func()
	}{
		"axis":              {ndarray.ErrShape, func() { ndarray.Sort(a, 2) }},
		"negative axis":     {ndarray.ErrShape, func() { ndarray.SortStable(a, -3) }},
		"no axes":           {ndarray.ErrShape, func() { ndarray.ArgSort(nil, ndarray.New[bool](), 0) }},
		"kth":               {ndarray.IndexError{"Partition", []int{3}, []int{3}}, func() { ndarray.Partition(a, 3, 1) }},
		"negative kth":      {ndarray.IndexError{"ArgPartition", []int{-4}, []int{3}}, func() { ndarray.ArgPartition(nil, a, -4, 1) }},
		"of nothing":        {ndarray.IndexError{"Partition", []int{0}, []int{0}}, func() { ndarray.Partition(counted(2, 0), 0, 1) }},
		"read-only":         {ndarray.ErrReadOnly, func() { ndarray.Sort(a.ReadOnly(), 0) }},
		"partition reads":   {ndarray.ErrReadOnly, func() { ndarray.Partition(a.ReadOnly(), 0, 0) }},
		"dst":               {ndarray.ErrShape, func() { ndarray.SortTo(counted(3, 2), a, 0) }},
		"dst of indices":    {ndarray.ErrShape, func() { ndarray.ArgSort(counted(3, 2), a, 0) }},
		"elements repeated": {ndarray.ErrLayout, func() { ndarray.Sort(must(ndarray.FromStrided([]int64{1, 2, 3}, []int{2, 2}, []int{1, 1}, 0)), 0) }},
	} {
		err := panicOf(t, c.call)
		if index, ok := c.want.(ndarray.IndexError); ok {
			if err == nil || err.Error() != index.Error() {
				t.Errorf("%s: expected %v, found %v", name, c.want, err)
			}
		} else if !errors.Is(err, c.want) {
			t.Errorf("%s: expected %v, found %v", name, c.want, err)
		}
	}
}

// TestSortOverlap checks destinations that share elements with the operand.
func TestSortOverlap(t *testing.T) {
	data := []int64{5, 1, 4, 2, 3, 0}
	a := must(ndarray.FromSlice(data))
	ndarray.SortTo(a.Slice(ndarray.Range(1, 6)), a.Slice(ndarray.Range(0, 5)), 0)
	if want := []int64{5, 1, 2, 3, 4, 5}; !slices.Equal(data, want) {
		t.Errorf("SortTo: expected %v, found %v", want, data)
	}
	copy(data, []int64{5, 1, 4, 2, 3, 0})
	ndarray.ArgSort(a, a, 0)
	if want := []int64{5, 1, 3, 4, 2, 0}; !slices.Equal(data, want) {
		t.Errorf("ArgSort: expected %v, found %v", want, data)
	}
}

// TestSortDTypes sorts, seeks and counts elements that operators don't know.
func TestSortDTypes(t *testing.T) {
	nan := math.NaN()
	half := func(v float64) ndarray.Float16 { return ndarray.NewFloat16(v) }
	testSorted(t, half(math.Inf(-1)), half(-3), half(-0.5), half(0), half(1e-7), half(2), half(math.Inf(1)), half(nan))
	brain := func(v float64) ndarray.BFloat16 { return ndarray.NewBFloat16(v) }
	testSorted(t, brain(math.Inf(-1)), brain(-3), brain(-0.5), brain(0), brain(1e-30), brain(2), brain(math.Inf(1)), brain(nan))
	day := ndarray.NewDatetime64[ndarray.Day]
	testSorted(t, day(math.MinInt64+1), day(-1), day(0), day(1), day(math.MaxInt64), day(ndarray.NaT))
	span := ndarray.NewTimedelta64[ndarray.Second]
	testSorted(t, span(math.MinInt64+1), span(-1), span(0), span(math.MaxInt64), span(ndarray.NaT))
	testSorted(t, [3]ndarray.Char{}, [3]ndarray.Char{'a'}, [3]ndarray.Char{'a', 0, 'a'}, [3]ndarray.Char{'a', 'b'}, [3]ndarray.Char{0xff})
	testSorted(t, [2]ndarray.UTF32{}, [2]ndarray.UTF32{'a'}, [2]ndarray.UTF32{'a', 'b'}, [2]ndarray.UTF32{'ÿ'}, [2]ndarray.UTF32{0x1f600})

	type pair struct{ A, B int32 }
	err := panicOf(t, func() { ndarray.Sort(ndarray.New[pair](2), 0) })
	if !errors.Is(err, ndarray.ErrDType) {
		t.Errorf("structs: found %v", err)
	}
}

// testSorted sorts elements that are given in order, all different, the last one NaN or NaT if there is one.
func testSorted[T comparable](t *testing.T, want ...T) {
	t.Helper()
	r := rand.New(rand.NewPCG(11, 12))
	for range 20 {
		a := ndarray.New[T](3 * len(want))
		order := r.Perm(a.Len())
		for i, place := range order {
			a.Set(want[i/3], place)
		}
		arg := ndarray.ArgSort(nil, a, 0)
		u := ndarray.UniqueAll(a)
		found := ndarray.SearchSorted(nil, u.Values, a, ndarray.Left)
		if !slices.Equal(u.Values.Data(), want) || !slices.Equal(found.Data(), u.Inverse.Data()) || !slices.Equal(ndarray.Unique(a).Data(), want) {
			t.Fatalf("%T: expected %v, found %v, %v", want[0], want, u.Values.Data(), found.Data())
		}
		if in := ndarray.IsIn(nil, a, u.Values.Slice(ndarray.Range(1, ndarray.End))); in.At(order[0]) || !in.At(order[3]) {
			t.Fatalf("%T: IsIn: %v", want[0], in.Data())
		}
		for i := range a.Len() {
			if a.At(int(arg.At(i))) != want[i/3] {
				t.Fatalf("%T: ArgSort: %d is %v, expected %v", want[0], i, a.At(int(arg.At(i))), want[i/3])
			}
		}
		b := a.Copy()
		ndarray.Partition(b, 4, 0)
		ndarray.Sort(a, 0)
		for i := range a.Len() {
			if a.At(i) != want[i/3] {
				t.Fatalf("%T: Sort: %d is %v, expected %v", want[0], i, a.At(i), want[i/3])
			}
		}
		if b.At(4) != want[1] {
			t.Fatalf("%T: Partition: found %v, expected %v", want[0], b.At(4), want[1])
		}
	}
}
