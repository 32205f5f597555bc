package ndarray_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	. "github.com/samebytes/samebytes/ndarray"
)

func bools(v ...bool) *Array[bool] { return must(FromSlice(v, len(v))) }

// TestMasks compares masks of any layout with a loop over indices.
func TestMasks(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for range 500 {
		shape := randomShape(r)
		if slices.Contains(shape, 0) {
			continue
		}
		a := placed(r, numbered(700), shape)
		axes := r.IntN(len(shape) + 1)
		mask := coins(r, shape[:axes]...)
		if r.IntN(2) == 0 {
			mask = mask.CopyF().Flip()
		}
		want, rest := []int64{}, shape[axes:]
		indices(shape, func(ix []int) {
			if mask.At(ix[:axes]...) {
				want = append(want, a.At(ix...))
			}
		})
		size := 1
		for _, length := range rest {
			size *= length
		}
		taken := append([]int{len(want) / size}, rest...)
		check(t, "Select", Select(nil, a, mask), taken, want)

		put, values := a.Copy(), New[int64](taken...)
		next := int64(-1)
		for i := range values.Data() {
			values.Data()[i] = next
			next--
		}
		next = -1
		want = nil
		indices(shape, func(ix []int) {
			v := a.At(ix...)
			if mask.At(ix[:axes]...) {
				v = next
				next--
			}
			want = append(want, v)
		})
		check(t, "PutMask", PutMask(put, mask, values), shape, want)

		b, cond := placed(r, numbered(700), shape), coins(r, shape...).T().Copy().T()
		want = nil
		indices(shape, func(ix []int) {
			if cond.At(ix...) {
				want = append(want, a.At(ix...))
			} else {
				want = append(want, b.At(ix...))
			}
		})
		check(t, "Where", Where(nil, cond, a, b), shape, want)

		want = nil
		flat, at := int64(0), [][]int{}
		indices(shape, func(ix []int) {
			if a.At(ix...) != 0 {
				want, at = append(want, flat), append(at, slices.Clone(ix))
			}
			flat++
		})
		check(t, "FlatNonZero", FlatNonZero(a), []int{len(want)}, want)
		rows := ArgWhere(a)
		want = nil
		for _, ix := range at {
			for _, i := range ix {
				want = append(want, int64(i))
			}
		}
		check(t, "ArgWhere", rows, []int{len(at), len(shape)}, want)
		if len(shape) > 0 {
			check(t, "Gather of NonZero", Gather(nil, a, NonZero(a)...), []int{len(at)}, elements(Select(nil, a, Convert[bool](nil, a))))
		}
	}
}

func TestMasksAsNumPy(t *testing.T) {
	a := counted(2, 3)
	check(t, "rows", Select(nil, a, bools(false, true)), []int{1, 3}, []int64{3, 4, 5})
	check(t, "no axes", Select(nil, a, Full(true)), []int{1, 2, 3}, []int64{0, 1, 2, 3, 4, 5})
	check(t, "none", Select(nil, counted(0, 3), New[bool](0, 3)), []int{0}, []int64{})
	check(t, "compress", Compress(nil, a, bools(true, false, true), -1), []int{2, 2}, []int64{0, 2, 3, 5})
	check(t, "compress by a short condition", Compress(nil, a, bools(false, true), 1), []int{2, 1}, []int64{1, 4})
	check(t, "put one", PutMask(counted(2, 3), bools(true, false), Full(int64(9))), []int{2, 3}, []int64{9, 9, 9, 3, 4, 5})
	check(t, "put rows", PutMask(counted(2, 3), bools(true, true), ints(7, 8, 9)), []int{2, 3}, []int64{7, 8, 9, 7, 8, 9})
	check(t, "where", Where(nil, must(FromSlice([]bool{true, false}, 2, 1)), a, Full(int64(-1))), []int{2, 3}, []int64{0, 1, 2, -1, -1, -1})
	nan, negative := math.NaN(), math.Copysign(0, -1)
	check(t, "NaN", FlatNonZero(must(FromSlice([]float64{0, nan, negative, 1}))), []int{2}, []int64{1, 3})
	check(t, "ArgWhere of one", ArgWhere(Full(5.0)), []int{1, 0}, []int64{})
	mask := must(FromSlice([]bool{true, false, true, true}))
	check(t, "a mask by itself", PutMask(mask, mask, bools(false)), []int{4}, []bool{false, false, false, false})

	if n := NonZero(New[bool](2, 3)); len(n) != 2 || n[0].Len() != 0 || n[1].Len() != 0 {
		t.Errorf("NonZero of nothing: %v", n)
	}
	for _, c := range []struct {
		f    func()
		want string
	}{
		{func() { Select(nil, a, bools(true, true, true)) }, "ndarray: Select: mask has not the shape of the first axes: [[2 3] [3]]"},
		{func() { PutMask(a, New[bool](2, 3, 1), a) }, "ndarray: PutMask: mask has not the shape of the first axes: [[2 3] [2 3 1]]"},
		{func() { PutMask(a, bools(true, true), ints(1, 2)) }, "ndarray: PutMask: first shape does not broadcast to the second: [[2] [2 3]]"},
		{func() { Where(nil, bools(true, true), a, a) }, "ndarray: Where: shapes do not broadcast: [[2] [2 3] [2 3]]"},
		{func() { Compress(nil, a, New[bool](2, 2), 0) }, "ndarray: Compress: expected a condition of one axis: [[2 3] [2 2]]"},
		{func() { NonZero(Full(true)) }, "ndarray: NonZero: expected axes: [[]]"},
	} {
		if err := panicOf(t, c.f); err.Error() != c.want {
			t.Errorf("expected %q\nfound    %q", c.want, err)
		}
	}
}
