package ndarray_test

import (
	"math"
	"slices"
	"testing"

	. "github.com/samebytes/samebytes/ndarray"
)

// TestSliceAxis compares every small range with the loop that defines it.
func TestSliceAxis(t *testing.T) {
	bounds := []int{End}
	for i := -7; i <= 7; i++ {
		bounds = append(bounds, i)
	}
	for length := range 6 {
		a := counted(length)
		for _, step := range []int{1, 2, 3, 7, math.MaxInt, -1, -2, -3, -7, math.MinInt} {
			for _, start := range bounds {
				for _, stop := range bounds {
					want, ok := stepped(length, start, stop, step)
					x := Step(start, stop, step)
					if !ok {
						err := panicOf(t, func() { a.Slice(x) })
						if e, ok := err.(SliceError); !ok || len(e.Index) != 1 || e.Index[0] != x {
							t.Errorf("[%v] of %d: panicked with %v", x, length, err)
						}
					} else if v := a.Slice(x); !slices.Equal(elements(v), want) {
						t.Errorf("[%v] of %d: expected %v, found %v", x, length, want, elements(v))
					}
				}
			}
		}
	}
}

// stepped returns the elements that Step(start, stop, step) takes of 0, 1, ... length-1, and whether it may.
func stepped(length, start, stop, step int) (taken []int64, ok bool) {
	lowest, highest, open := 0, length, length
	if step < 0 {
		lowest, highest, open = -1, length-1, -1
	}
	place := func(i, end int) int {
		switch {
		case i == End:
			return end
		case i < 0 && i+length < 0:
			return math.MinInt // counts past the first
		case i < 0:
			return i + length
		}
		return i
	}
	from, to := place(start, highest), place(stop, open)
	if from < lowest || from > highest || to < lowest || to > highest || step > 0 && from > to || step < 0 && from < to {
		return nil, false
	}
	// Counted one by one, since adding the largest steps would overflow.
	direction := 1
	if step < 0 {
		direction = -1
	}
	for i, n := from, uint(0); i != to; i, n = i+direction, n+1 {
		size := uint(step)
		if step < 0 {
			size = -size
		}
		if n%size == 0 {
			taken = append(taken, int64(i))
		}
	}
	return taken, true
}

func TestSlice(t *testing.T) {
	a := counted(3, 4, 5)
	for _, c := range []struct {
		ix             []Index
		shape, strides []int
		first          int64
	}{
		{nil, []int{3, 4, 5}, []int{20, 5, 1}, 0},
		{[]Index{All, All, All}, []int{3, 4, 5}, []int{20, 5, 1}, 0},
		{[]Index{{}}, []int{3, 4, 5}, []int{20, 5, 1}, 0},
		{[]Index{At(1)}, []int{4, 5}, []int{5, 1}, 20},
		{[]Index{At(-1), At(-4), At(-5)}, []int{}, []int{}, 40},
		{[]Index{All, Range(1, 3)}, []int{3, 2, 5}, []int{20, 5, 1}, 5},
		{[]Index{All, All, Range(-2, End)}, []int{3, 4, 2}, []int{20, 5, 1}, 3},
		{[]Index{Step(End, End, -1), Step(3, 0, -2), At(2)}, []int{3, 2}, []int{-20, -10}, 57},
		{[]Index{NewAxis, At(1), NewAxis, All}, []int{1, 1, 4, 5}, []int{1, 1, 5, 1}, 20},
		{[]Index{All, All, All, NewAxis}, []int{3, 4, 5, 1}, []int{20, 5, 1, 1}, 0},
		{[]Index{Step(0, End, 2), Step(0, End, 2), Step(0, End, 2)}, []int{2, 2, 3}, []int{40, 10, 2}, 0},
	} {
		v := a.Slice(c.ix...)
		if !slices.Equal(v.Shape(), c.shape) || !slices.Equal(v.Strides(), c.strides) {
			t.Errorf("Slice(%v): shape %v, strides %v", c.ix, v.Shape(), v.Strides())
		} else if first := v.At(make([]int, v.NDim())...); first != c.first {
			t.Errorf("Slice(%v): begins at %d", c.ix, first)
		}
	}
	if v := a.Slice(At(1), Range(2, 2)); v.Len() != 0 || !slices.Equal(v.Shape(), []int{0, 5}) {
		t.Errorf("empty range: shape %v", v.Shape())
	}
}

func TestSlicePanics(t *testing.T) {
	a := counted(3, 4)
	axes := make([]Index, MaxDims-1)
	for i := range axes {
		axes[i] = NewAxis
	}
	for _, c := range []struct {
		ix   []Index
		want string
	}{
		{[]Index{At(3)}, "ndarray: Slice: [3] of shape [3 4]: no element 3 on axis 0, which has length 3"},
		{[]Index{All, At(-5)}, "ndarray: Slice: [:, -5] of shape [3 4]: no element -5 on axis 1, which has length 4"},
		{[]Index{Range(4, End)}, "ndarray: Slice: [4:] of shape [3 4]: no position 4 to start at on axis 0, which has length 3"},
		{[]Index{Range(0, 4)}, "ndarray: Slice: [0:4] of shape [3 4]: no position 4 to stop at on axis 0, which has length 3"},
		{[]Index{Range(2, 1)}, "ndarray: Slice: [2:1] of shape [3 4]: 2:1 ends before it starts on axis 0, which has length 3"},
		{[]Index{Step(0, 2, 0)}, "ndarray: Slice: [0:2:0] of shape [3 4]: step of zero on axis 0, which has length 3"},
		{[]Index{All, NewAxis, All, All}, "ndarray: Slice: [:, newaxis, :, :] of shape [3 4]: 3 indices for 2 axes"},
	} {
		err, ok := panicOf(t, func() { a.Slice(c.ix...) }).(SliceError)
		if !ok || err.Error() != c.want {
			t.Errorf("expected %q\nfound    %q", c.want, err)
		}
	}
	if _, ok := panicOf(t, func() { a.Slice(axes...) }).(SliceError); !ok {
		t.Errorf("expected a SliceError for %d axes", len(axes)+2)
	}
	if v := a.Slice(axes[1:]...); v.NDim() != MaxDims {
		t.Errorf("expected %d axes, found %d", MaxDims, v.NDim())
	}
}

func TestIndexString(t *testing.T) {
	for want, x := range map[string]Index{
		":": All, "newaxis": NewAxis, "-3": At(-3), "1:2": Range(1, 2), "1:": Range(1, End), "::-1": Step(End, End, -1), "9:0:-2": Step(9, 0, -2),
	} {
		if x.String() != want {
			t.Errorf("expected %q, found %q", want, x)
		}
	}
}
