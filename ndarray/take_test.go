package ndarray_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	. "github.com/samebytes/samebytes/ndarray"
)

// check compares an array with the shape and elements expected.
func check[T comparable](t *testing.T, name string, a *Array[T], shape []int, want []T) {
	t.Helper()
	if !slices.Equal(a.Shape(), shape) || !slices.Equal(elements(a), want) {
		t.Errorf("%s: expected %v of shape %v, found %v of shape %v", name, want, shape, elements(a), a.Shape())
	}
}

func ints(v ...int64) *Array[int64] { return must(FromSlice(v, len(v))) }

// wrap returns an index counted from the start.
func wrap(i int64, length int) int {
	if i < 0 {
		return int(i) + length
	}
	return int(i)
}

// TestTake compares Take with indexing, on all axes of arrays of any layout.
func TestTake(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 500 {
		shape := randomShape(r)
		if len(shape) == 0 || slices.Contains(shape, 0) {
			continue
		}
		a := placed(r, numbered(700), shape)
		d := r.IntN(len(shape))
		ix := chosen(r, shape[d], []int{r.IntN(4), r.IntN(4)}[:r.IntN(3)]...)
		if r.IntN(2) == 0 {
			ix = ix.Flip().T()
		}
		m := model{shape, elements(a)}
		of := model{ix.Shape(), elements(ix)}
		taken := slices.Concat(shape[:d], of.shape, shape[d+1:])
		want := m.build(taken, func(at []int) []int {
			i := of.at(at[d : d+len(of.shape)])
			return slices.Concat(at[:d], []int{wrap(i, shape[d])}, at[d+len(of.shape):])
		})
		check(t, "Take", Take(nil, a, ix, d-len(shape)), taken, want.elements)

		along := slices.Clone(shape)
		along[d] = r.IntN(4)
		if other := r.IntN(len(shape)); other != d {
			along[other] = 1
		}
		ix = chosen(r, shape[d], along...).CopyF()
		of = model{along, elements(ix)}
		taken = slices.Clone(shape)
		taken[d] = along[d]
		want = m.build(taken, func(at []int) []int {
			from, which := slices.Clone(at), slices.Clone(at)
			for e := range which {
				which[e] = min(which[e], along[e]-1)
			}
			from[d] = wrap(of.at(which), shape[d])
			return from
		})
		check(t, "TakeAlongAxis", TakeAlongAxis(nil, a, ix, d), taken, want.elements)
	}
}

func TestTakeAsNumPy(t *testing.T) {
	a := counted(2, 3) // [[0 1 2] [3 4 5]]
	check(t, "columns", Take(nil, a, ints(2, 0, -1), 1), []int{2, 3}, []int64{2, 0, 2, 5, 3, 5})
	check(t, "a column", Take(nil, a, Full(int64(1)), 1), []int{2}, []int64{1, 4})
	check(t, "no rows", Take(nil, a, ints(), 0), []int{0, 3}, []int64{})
	check(t, "of none", Take(nil, counted(0, 3), ints(), 0), []int{0, 3}, []int64{})
	check(t, "a grid", Take(nil, counted(4), must(FromSlice([]int64{3, 2, 1, 0}, 2, 2)), 0), []int{2, 2}, []int64{3, 2, 1, 0})

	check(t, "a[[1, 0], [2, -1]]", Gather(nil, a, ints(1, 0), ints(2, -1)), []int{2}, []int64{5, 2})
	check(t, "a[[[1], [0]], [2, 1]]", Gather(nil, a, must(FromSlice([]int64{1, 0}, 2, 1)), ints(2, 1)), []int{2, 2}, []int64{5, 4, 2, 1})
	check(t, "a[[1, 1]]", Gather(nil, a, ints(1, 1)), []int{2, 3}, []int64{3, 4, 5, 3, 4, 5})
	check(t, "no indices", Gather(nil, a), []int{2, 3}, []int64{0, 1, 2, 3, 4, 5})

	check(t, "put", Put(counted(2, 3), ints(4, -1, 4), ints(10, 11, 12)), []int{2, 3}, []int64{0, 1, 2, 3, 12, 11})
	check(t, "put transposed", Put(counted(2, 3).T(), ints(1, -2), ints(10, 11)), []int{3, 2}, []int64{0, 10, 1, 4, 11, 5})
	check(t, "put one", Put(counted(3), ints(0, 2), Full(int64(9))), []int{3}, []int64{9, 1, 9})
	check(t, "put none", Put(counted(0), ints(), ints()), []int{0}, []int64{})

	check(t, "scatter", Scatter(counted(2, 3), ints(7, 8, 9), ints(1, 0, 1), ints(2, 0, 2)), []int{2, 3}, []int64{8, 1, 2, 3, 4, 9})
	check(t, "scatter rows", Scatter(counted(3, 2), ints(7, 8), ints(0, -1)), []int{3, 2}, []int64{7, 8, 2, 3, 7, 8})

	order := ArgSort(nil, must(FromSlice([]int64{3, 1, 2, 5, 6, 4}, 2, 3)), 1)
	check(t, "sorted", TakeAlongAxis(nil, must(FromSlice([]int64{3, 1, 2, 5, 6, 4}, 2, 3)), order, 1), []int{2, 3}, []int64{1, 2, 3, 4, 5, 6})
	check(t, "put along", PutAlongAxis(counted(2, 3), must(FromSlice([]int64{0, -1}, 2, 1)), Full(int64(9)), 1), []int{2, 3}, []int64{9, 1, 2, 3, 4, 9})
	check(t, "put along, stretched", PutAlongAxis(counted(2, 3), must(FromSlice([]int64{1, 1}, 1, 2)), ints(8, 9), 1), []int{2, 3}, []int64{0, 9, 2, 3, 9, 5})
}

func TestTakePanics(t *testing.T) {
	a := counted(2, 3)
	for _, c := range []struct {
		f    func()
		want string
	}{
		{func() { Take(a, a, ints(0, 3), 1) }, "ndarray: Take: dst has not the operands' shape: [[2 3] [2 3] [2]]"},
		{func() { Take(nil, a, ints(0, 3), 1) }, "ndarray: Take: index [3] out of range of shape [3]"},
		{func() { Take(nil, a, ints(-3), 0) }, "ndarray: Take: index [-3] out of range of shape [2]"},
		{func() { Take(nil, a, ints(-9223372036854775808), 0) }, "ndarray: Take: index [-9223372036854775808] out of range of shape [2]"},
		{func() { Take(nil, counted(0), ints(0), 0) }, "ndarray: Take: index [0] out of range of shape [0]"},
		{func() { Take(nil, a, ints(0), 2) }, "ndarray: Take: no axis 2: [[2 3]]"},
		{func() { Compress(nil, a, must(FromSlice([]bool{false, false, true})), 0) }, "ndarray: Compress: index [2] out of range of shape [2]"},
		{func() { Put(a, ints(1, 6), ints(7, 7)) }, "ndarray: Put: index [6] out of range of shape [6]"},
		{func() { Put(a, ints(1, 2), ints(7, 8, 9)) }, "ndarray: Put: first shape does not broadcast to the second: [[3] [2]]"},
		{func() { Gather(nil, a, ints(0), ints(0), ints(0)) }, "ndarray: Gather: expected at most 2 index arrays, found 3: [[2 3]]"},
		{func() { Gather(nil, a, ints(0, 1), ints(0, 1, 2)) }, "ndarray: Gather: shapes do not broadcast: [[2] [3]]"},
		{func() { Scatter(a, ints(7), ints(0), ints(5)) }, "ndarray: Scatter: index [5] out of range of shape [3]"},
		{func() { TakeAlongAxis(nil, a, ints(0), 1) }, "ndarray: TakeAlongAxis: expected indices of 2 axes: [[2 3] [1]]"},
		{func() { TakeAlongAxis(nil, a, New[int64](3, 1), 1) }, "ndarray: TakeAlongAxis: shapes do not broadcast: [[2 1] [3 1]]"},
		{func() { PutAlongAxis(New[int64](1, 3), New[int64](2, 1), ints(1), 1) }, "ndarray: PutAlongAxis: indices do not broadcast to dst: [[1 3] [2 1]]"},
	} {
		if err := panicOf(t, c.f); err.Error() != c.want {
			t.Errorf("expected %q\nfound    %q", c.want, err)
		}
	}
	check(t, "after all", a, []int{2, 3}, []int64{0, 1, 2, 3, 4, 5})
}
