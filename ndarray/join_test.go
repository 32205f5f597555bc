package ndarray_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	. "github.com/samebytes/samebytes/ndarray"
)

// TestJoins compares what repeats and joins with a loop over indices.
func TestJoins(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	for range 500 {
		shape := randomShape(r)
		if len(shape) == 0 || slices.Contains(shape, 0) {
			continue
		}
		a := placed(r, numbered(700), shape)
		m := model{shape, elements(a)}
		d := r.IntN(len(shape))
		along := func(length int, from func(i int) int) ([]int, []int64) {
			taken := slices.Clone(shape)
			taken[d] = length
			return taken, m.build(taken, func(ix []int) []int {
				at := slices.Clone(ix)
				at[d] = from(ix[d])
				return at
			}).elements
		}
		axis := d - r.IntN(2)*len(shape)
		cut := r.IntN(shape[d] + 1)
		whole, want := along(shape[d], func(i int) int { return i })
		check(t, "Concatenate of SplitAt", Concatenate(nil, axis, a.SplitAt([]int{cut}, axis)...), whole, want)
		check(t, "Concatenate of Split", Concatenate(nil, axis, a.Split(shape[d], axis)...), whole, want)
		shift := r.IntN(30) - 15
		whole, want = along(shape[d], func(i int) int { return ((i-shift)%shape[d] + shape[d]) % shape[d] })
		check(t, "Roll", Roll(nil, a, shift, axis), whole, want)
		n := r.IntN(4)
		longer, want := along(n*shape[d], func(i int) int { return i / n })
		check(t, "Repeat", Repeat(nil, a, n, axis), longer, want)
		reps := slices.Repeat([]int{1}, len(shape))
		reps[d] = n
		longer, want = along(n*shape[d], func(i int) int { return i % shape[d] })
		check(t, "Tile", Tile(nil, a, reps...), longer, want)
		counts, sources := make([]int, shape[d]), []int{}
		for i := range counts {
			counts[i] = r.IntN(3)
			sources = append(sources, slices.Repeat([]int{i}, counts[i])...)
		}
		longer, want = along(len(sources), func(i int) int { return sources[i] })
		check(t, "RepeatEach", RepeatEach(nil, a, counts, axis), longer, want)
		stacked := Stack(nil, axis, a, a.Flip(), a)
		for i, part := range []*Array[int64]{a, a.Flip(), a} {
			at := Take(nil, stacked, Full(int64(i)), axis)
			check(t, "Stack", at, shape, elements(part))
		}
		widths := make([][2]int, len(shape))
		padded, inner := slices.Clone(shape), make([]Index, len(shape))
		for e := range widths {
			widths[e] = [2]int{r.IntN(3), r.IntN(3)}
			padded[e] += widths[e][0] + widths[e][1]
			inner[e] = Range(widths[e][0], widths[e][0]+shape[e])
		}
		p := Pad(nil, a, widths, -1)
		check(t, "inside of Pad", p.Slice(inner...), shape, elements(a))
		margin := 0
		for v := range p.Values() {
			if v == -1 {
				margin++
			}
		}
		if margin != p.Len()-a.Len() {
			t.Errorf("Pad of %v by %v: %d elements of margin", shape, widths, margin)
		}
	}
}

func TestJoinsAsNumPy(t *testing.T) {
	a, b := counted(2, 2), counted(1, 2)
	check(t, "concatenate", Concatenate(nil, 0, a, b, New[int64](0, 2)), []int{3, 2}, []int64{0, 1, 2, 3, 0, 1})
	check(t, "concatenate columns", Concatenate(nil, -1, a, b.T()), []int{2, 3}, []int64{0, 1, 0, 2, 3, 1})
	check(t, "stack", Stack(nil, 1, ints(1, 2), ints(3, 4)), []int{2, 2}, []int64{1, 3, 2, 4})
	check(t, "stack of no axes", Stack(nil, 0, Full(int64(1)), Full(int64(2))), []int{2}, []int64{1, 2})
	check(t, "tile", Tile(nil, ints(0, 1), 2, 2), []int{2, 4}, []int64{0, 1, 0, 1, 0, 1, 0, 1})
	check(t, "tile the last axis", Tile(nil, a, 2), []int{2, 4}, []int64{0, 1, 0, 1, 2, 3, 2, 3})
	check(t, "tile none", Tile(nil, a, 0, 1), []int{0, 2}, []int64{})
	check(t, "tile of no axes", Tile(nil, Full(int64(3)), 2), []int{2}, []int64{3, 3})
	check(t, "tile of no axes by none", Tile(nil, Full(int64(3))), []int{}, []int64{3})
	check(t, "repeat", Repeat(nil, a, 2, 1), []int{2, 4}, []int64{0, 0, 1, 1, 2, 2, 3, 3})
	check(t, "repeat each", RepeatEach(nil, a, []int{0, 3}, 0), []int{3, 2}, []int64{2, 3, 2, 3, 2, 3})
	check(t, "roll", Roll(nil, counted(5), 2, 0), []int{5}, []int64{3, 4, 0, 1, 2})
	check(t, "roll of none", Roll(nil, counted(0), 2, 0), []int{0}, []int64{})
	check(t, "pad", Pad(nil, counted(2), [][2]int{{1, 2}}, 9), []int{5}, []int64{9, 0, 1, 9, 9})
	check(t, "pad no axes", Pad(nil, Full(int64(4)), nil, 9), []int{}, []int64{4})

	wide := slices.Repeat([]int{1}, 62)
	check(t, "tile of 64 axes", Tile(nil, must(counted(2, 2).Reshape(append(wide, 2, 2)...)), 3), append(wide, 2, 6), []int64{0, 1, 0, 1, 0, 1, 2, 3, 2, 3, 2, 3})
}

// TestConcatenateInPlace checks that parts which are where they belong stay there, and others are read before they are
// overwritten.
func TestConcatenateInPlace(t *testing.T) {
	a := counted(4)
	Concatenate(a, 0, a.Slice(Range(0, 2)), a.Slice(Range(0, 2)))
	check(t, "first half twice", a, []int{4}, []int64{0, 1, 0, 1})
	a = counted(4)
	Concatenate(a, 0, a.Slice(Range(2, 4)), a.Slice(Range(0, 2)))
	check(t, "halves swapped", a, []int{4}, []int64{2, 3, 0, 1})
	a = counted(4)
	Concatenate(a, 0, a.Slice(Range(3, 4)), a.Slice(Range(0, 3)))
	check(t, "rolled", a, []int{4}, []int64{3, 0, 1, 2})
	a = counted(2)
	Stack(a, 0, must(a.Slice(At(1)).Reshape()), must(a.Slice(At(0)).Reshape()))
	check(t, "stacked in reverse", a, []int{2}, []int64{1, 0})
}

func TestJoinPanics(t *testing.T) {
	a, huge := counted(2, 3), counted(1).BroadcastTo(1<<62)
	for _, c := range []struct {
		f    func()
		want string
	}{
		{func() { Concatenate[int64](nil, 0) }, "ndarray: Concatenate: expected arrays: []"},
		{func() { Concatenate(nil, 0, a, counted(2, 2)) }, "ndarray: Concatenate: shapes differ not only on axis 0: [[2 3] [2 2]]"},
		{func() { Concatenate(nil, 0, a, counted(3)) }, "ndarray: Concatenate: shapes differ not only on axis 0: [[2 3] [3]]"},
		{func() { Concatenate(nil, 2, a, a) }, "ndarray: Concatenate: no axis 2: [[2 3]]"},
		{func() { Concatenate(nil, 0, counted()) }, "ndarray: Concatenate: no axis 0: [[]]"},
		{func() { Concatenate(nil, 0, huge, huge, huge, huge) }, "ndarray: Concatenate: wrong shape: negative length in [-9223372036854775808]: [[4611686018427387904] [4611686018427387904] [4611686018427387904] [4611686018427387904]]"},
		{func() { Stack(nil, 0, a, counted(3, 2)) }, "ndarray: Stack: shapes differ: [[2 3] [3 2]]"},
		{func() { Stack(nil, 3, a, a) }, "ndarray: Stack: no axis 3 among 3: [[2 3]]"},
		{func() { Tile(nil, a, -1) }, "ndarray: Tile: wrong shape: negative length in [3 -1]: [[2 3] [-1]]"},
		{func() { Tile(nil, a, math.MaxInt) }, "ndarray: Tile: wrong shape: [3 9223372036854775807] has more than 9223372036854775807 elements: [[2 3] [9223372036854775807]]"},
		{func() { Repeat(nil, a, -1, 0) }, "ndarray: Repeat: wrong shape: negative length in [2 -1]: [[2 3] [-1 1]]"},
		{func() { RepeatEach(nil, a, []int{1}, 0) }, "ndarray: RepeatEach: expected a count for each index of axis 0: [[2 3] [1]]"},
		{func() { RepeatEach(nil, a, []int{1, -1}, 0) }, "ndarray: RepeatEach: no repetitions [1 -1]: [[2 3]]"},
		{func() { RepeatEach(nil, a, []int{math.MaxInt, 1}, 0) }, "ndarray: RepeatEach: no repetitions [9223372036854775807 1]: [[2 3]]"},
		{func() { Roll(nil, a, 1, -3) }, "ndarray: Roll: no axis -3: [[2 3]]"},
		{func() { Pad(nil, a, [][2]int{{1, 1}}, 0) }, "ndarray: Pad: expected widths for each axis, found [[1 1]]: [[2 3]]"},
		{func() { Pad(nil, a, [][2]int{{1, -1}, {0, 0}}, 0) }, "ndarray: Pad: no margins of widths [[1 -1] [0 0]]: [[2 3]]"},
		{func() { Pad(nil, a, [][2]int{{math.MaxInt, math.MaxInt}, {0, 0}}, 0) }, "ndarray: Pad: no margins of widths [[9223372036854775807 9223372036854775807] [0 0]]: [[2 3]]"},
	} {
		if err := panicOf(t, c.f); err.Error() != c.want {
			t.Errorf("expected %q\nfound    %q", c.want, err)
		}
	}
}
