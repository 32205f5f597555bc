package ndarray_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	. "github.com/samebytes/samebytes/ndarray"
)

// TestIterators compares the iterators with indexing, whole and cut short.
func TestIterators(t *testing.T) {
	r := rand.New(rand.NewPCG(13, 14))
	for range 500 {
		shape := randomShape(r)
		a := placed(r, numbered(700), shape)
		if r.IntN(4) == 0 && len(shape) > 0 {
			a = a.BroadcastTo(append([]int{2}, shape...)...)
			shape = a.Shape()
		}
		want := elements(a)
		var at [][]int
		indices(shape, func(ix []int) { at = append(at, slices.Clone(ix)) })
		stop := r.IntN(len(want) + 2)
		seen := 0
		for ix, v := range a.All() {
			if seen == stop {
				break
			}
			if !slices.Equal(ix, at[seen]) || v != want[seen] {
				t.Fatalf("All of %v with strides %v: number %d is %d at %v", shape, a.Strides(), seen, v, ix)
			}
			seen++
		}
		if seen != min(stop, len(want)) {
			t.Fatalf("All of %v: %d elements, stopped at %d", shape, seen, stop)
		}
		if got := slices.Collect(a.Values()); !slices.Equal(got, want) {
			t.Fatalf("Values of %v with strides %v: %v", shape, a.Strides(), got)
		}
		seen = 0
		for range a.Values() {
			if seen++; seen == stop {
				break
			}
		}
		if len(shape) == 0 {
			continue
		}
		d := r.IntN(len(shape))
		moved := a.MoveAxis(d, -1)
		outer := moved.Shape()[:len(shape)-1]
		var firsts [][]int
		indices(outer, func(ix []int) { firsts = append(firsts, slices.Clone(ix)) })
		number := 0
		for lane := range a.Lanes(d - len(shape)) {
			ix := make([]Index, len(outer))
			for e, i := range firsts[number] {
				ix[e] = At(i)
			}
			check(t, "Lanes", lane, []int{shape[d]}, elements(moved.Slice(ix...)))
			number++
		}
		if number != len(firsts) {
			t.Fatalf("Lanes of %v: expected %d, found %d", shape, len(firsts), number)
		}
		size, next := 1+r.IntN(3), 0
		for first, block := range a.Blocks(size) {
			last := min(first+size, shape[0])
			if first != next {
				t.Fatalf("Blocks of %v: expected one from %d, found %d", shape, next, first)
			}
			check(t, "Blocks", block, block.Shape(), elements(a.Slice(Range(first, last))))
			next = last
		}
		if next != shape[0] {
			t.Fatalf("Blocks of %v: end at %d", shape, next)
		}
	}
}

func TestRows(t *testing.T) {
	a := counted(3, 4)
	for i, row := range a.Slice(All, Range(1, 3)).Rows() {
		if want := []int64{int64(4*i + 1), int64(4*i + 2)}; !slices.Equal(row, want) || cap(row) != 2 {
			t.Errorf("row %d: expected %v, found %v with capacity %d", i, want, row, cap(row))
		}
	}
	for name, c := range map[string]struct {
		a    *Array[int64]
		i    int
		want []int64
	}{
		"backwards":    {a.Flip(0), 0, []int64{8, 9, 10, 11}},
		"one column":   {a.Slice(All, Range(2, 3)), 1, []int64{6}},
		"no columns":   {New[int64](3, 0), 2, []int64{}},
		"one row":      {a.T().Slice(At(1), NewAxis, Range(0, 1)), 0, []int64{1}},
		"repeated row": {counted(4).BroadcastTo(2, 4), 1, []int64{0, 1, 2, 3}},
	} {
		if row := c.a.Row(c.i); !slices.Equal(row, c.want) {
			t.Errorf("%s: expected %v, found %v", name, c.want, row)
		}
	}
	a.Row(1)[2] = -1
	if a.At(1, 2) != -1 {
		t.Error("a row does not share its elements")
	}
	for want, f := range map[string]func(){
		"ndarray: Row: index [3] out of range of shape [3]":                                               func() { a.Row(3) },
		"ndarray: Row: index [-1] out of range of shape [3]":                                              func() { a.Row(-1) },
		"ndarray: Row: expected two axes: [[12]]":                                                         func() { counted(12).Row(0) },
		"ndarray: Row: expected rows of neighbours, Copy the array first: shape [4 3] with strides [1 4]": func() { a.T().Row(0) },
		"ndarray: Rows: expected two axes: [[2 3 4]]":                                                     func() { counted(2, 3, 4).Rows() },
		"ndarray: Lanes: no axis 2: [[3 4]]":                                                              func() { a.Lanes(2) },
		"ndarray: Blocks: no blocks of 0: [[3 4]]":                                                        func() { a.Blocks(0) },
		"ndarray: Blocks: no blocks of 1: [[]]":                                                           func() { counted().Blocks(1) },
	} {
		if err := panicOf(t, f); err.Error() != want {
			t.Errorf("expected %q\nfound    %q", want, err)
		}
	}
}

// TestIteratorsAllocate bounds what iterators allocate, whatever the number of elements: a call's closures and indices.
func TestIteratorsAllocate(t *testing.T) {
	a, total := counted(100, 100).T(), int64(0)
	if n := testing.AllocsPerRun(10, func() {
		for _, v := range a.All() {
			total += v
		}
		for v := range a.Values() {
			total += v
		}
	}); n > 20 {
		t.Errorf("All and Values of 10000 elements allocate %v times", n)
	}
}

func TestArrayEqual(t *testing.T) {
	a := counted(3, 4)
	b := a.CopyF()
	if !ArrayEqual(a, b) || ArrayEqual(a, a.T()) || ArrayEqual(a, must(a.Reshape(12))) {
		t.Error("arrays of one shape and elements are equal, others not")
	}
	b.Set(-1, 2, 1)
	if ArrayEqual(a, b) || !ArrayEqual(New[int64](0, 2), New[int64](0, 2)) || ArrayEqual(New[int64](0, 2), New[int64](2, 0)) {
		t.Error("one element differs, or none is there")
	}
	f := must(FromSlice([]float64{1, math.NaN(), 0}))
	g := must(FromSlice([]float64{1, math.NaN(), math.Copysign(0, -1)}))
	if ArrayEqual(f, f) || !ArrayEqualNaN(f, g) || ArrayEqualNaN(f, f.Flip()) {
		t.Error("NaN equals itself in ArrayEqualNaN alone")
	}
}
