package ndarray_test

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/samebytes/samebytes/ndarray"
)

// placed returns an array of a shape somewhere in data, its axes in any order, with any steps and directions. No element lies
// under two indices, but two such arrays may overlap in any way.
func placed[T ndarray.Element](r *rand.Rand, data []T, shape []int) *ndarray.Array[T] {
	strides := make([]int, len(shape))
	low, high, stride := 0, 0, 1+r.IntN(2)
	for _, d := range r.Perm(len(shape)) {
		strides[d] = stride
		stride *= max(shape[d], 1)
		if r.IntN(3) == 0 {
			strides[d] = -strides[d]
		}
		if reach := max(shape[d]-1, 0) * strides[d]; reach < 0 {
			low -= reach
		} else {
			high += reach
		}
	}
	return must(ndarray.FromStrided(data, shape, strides, low+r.IntN(len(data)-high-low)))
}

// numbered returns memory of n elements that differ.
func numbered(n int) []int64 {
	data := make([]int64, n)
	for i := range data {
		data[i] = int64(i)
	}
	return data
}

// randomShape returns a shape of up to four axes, mostly short, some of length zero or one.
func randomShape(r *rand.Rand) []int {
	shape := make([]int, r.IntN(5))
	for d := range shape {
		shape[d] = r.IntN(5)
	}
	return shape
}

// TestOverlappingMoves checks that all that moves elements gives, in any dst that lies upon the operand, what it gives in
// memory of its own, and nothing besides.
func TestOverlappingMoves(t *testing.T) {
	type array = *ndarray.Array[int64]
	r := rand.New(rand.NewPCG(1, 2))
	axis := func(a array) int { return r.IntN(2*a.NDim()) - a.NDim() }
	for name, choose := range map[string]func(a array) func(dst array) array{
		"CopyTo":  func(a array) func(dst array) array { return func(dst array) array { return ndarray.CopyTo(dst, a) } },
		"Convert": func(a array) func(dst array) array { return func(dst array) array { return ndarray.Convert(dst, a) } },
		"Concatenate": func(a array) func(dst array) array {
			d, b := axis(a), a.Flip()
			return func(dst array) array { return ndarray.Concatenate(dst, d, a, b, a) }
		},
		"Stack": func(a array) func(dst array) array {
			b := a.Flip(0)
			return func(dst array) array { return ndarray.Stack(dst, -1, a, b) }
		},
		"Tile": func(a array) func(dst array) array {
			reps := []int{r.IntN(3), 1 + r.IntN(2)}
			return func(dst array) array { return ndarray.Tile(dst, a, reps...) }
		},
		"Repeat": func(a array) func(dst array) array {
			d, n := axis(a), r.IntN(3)
			return func(dst array) array { return ndarray.Repeat(dst, a, n, d) }
		},
		"Roll": func(a array) func(dst array) array {
			d, n := axis(a), r.IntN(9)-4
			return func(dst array) array { return ndarray.Roll(dst, a, n, d) }
		},
		"Pad": func(a array) func(dst array) array {
			widths := make([][2]int, a.NDim())
			for d := range widths {
				widths[d] = [2]int{r.IntN(2), r.IntN(2)}
			}
			return func(dst array) array { return ndarray.Pad(dst, a, widths, -7) }
		},
		"Take": func(a array) func(dst array) array {
			d := axis(a)
			ix := chosen(r, a.Shape()[(d+a.NDim())%a.NDim()], 2, 3)
			return func(dst array) array { return ndarray.Take(dst, a, ix, d) }
		},
		"TakeAlongAxis": func(a array) func(dst array) array {
			shape := a.Shape()
			length := shape[0]
			shape[0] = 3
			ix := chosen(r, length, shape...)
			return func(dst array) array { return ndarray.TakeAlongAxis(dst, a, ix, 0) }
		},
		"Gather": func(a array) func(dst array) array {
			ix := chosen(r, a.Dim(0), 2, 2)
			return func(dst array) array { return ndarray.Gather(dst, a, ix) }
		},
		"Where": func(a array) func(dst array) array {
			mask := coins(r, a.Shape()...)
			return func(dst array) array { return ndarray.Where(dst, mask, a, a.Flip(-1)) }
		},
		"Select": func(a array) func(dst array) array {
			mask := coins(r, a.Shape()[:r.IntN(a.NDim()+1)]...)
			return func(dst array) array { return ndarray.Select(dst, a, mask) }
		},
		"Compress": func(a array) func(dst array) array {
			mask := coins(r, a.Dim(0))
			return func(dst array) array { return ndarray.Compress(dst, a, mask, 0) }
		},
	} {
		for range 300 {
			data := numbered(1200)
			shape := randomShape(r)
			if len(shape) == 0 || slices.Contains(shape, 0) {
				continue
			}
			a := placed(r, data[:600], shape)
			move := choose(a)
			want := move(nil)
			dst := a // in place, where the shape fits
			if !slices.Equal(want.Shape(), shape) || r.IntN(3) > 0 {
				if want.Len() > 500 {
					continue
				}
				dst = placed(r, data, want.Shape())
			}
			history := []any{name, shape, a.Strides(), dst.Strides()}
			after := slices.Clone(data)
			for place := range written(dst, data) {
				after[place] = -1
			}
			if got := move(dst); got != dst {
				t.Fatalf("%v: did not return dst", history)
			}
			if !slices.Equal(elements(dst), elements(want)) {
				t.Fatalf("%v: expected %v, found %v", history, elements(want), elements(dst))
			}
			for place := range data {
				if after[place] >= 0 && data[place] != after[place] {
					t.Fatalf("%v: wrote element %d, which is not dst's", history, place)
				}
			}
		}
	}
}

// written returns the places in data, whose elements still are their places, of the elements of a.
func written(a *ndarray.Array[int64], data []int64) map[int]bool {
	places := map[int]bool{}
	for _, v := range elements(a) {
		places[int(v)] = true
	}
	return places
}

// chosen returns indices of an axis, some counted from its end.
func chosen(r *rand.Rand, length int, shape ...int) *ndarray.Array[int64] {
	ix := ndarray.New[int64](shape...)
	for i := range ix.Data() {
		ix.Data()[i] = int64(r.IntN(2*length) - length)
	}
	return ix
}

// coins returns bools at random.
func coins(r *rand.Rand, shape ...int) *ndarray.Array[bool] {
	mask := ndarray.New[bool](shape...)
	for i := range mask.Data() {
		mask.Data()[i] = r.IntN(2) == 0
	}
	return mask
}

// TestCopies compares copies between any layouts, some large enough for tiles and goroutines, with indexing.
func TestCopies(t *testing.T) {
	defer ndarray.SetWorkers(ndarray.SetWorkers(3))
	r := rand.New(rand.NewPCG(3, 4))
	for _, shape := range [][]int{
		{}, {0}, {1}, {7}, {3, 4}, {0, 3}, {1, 5, 1}, {2, 3, 4, 5}, {33, 70}, {64, 64}, {5, 37, 41}, {300, 301}, {9, 100, 100}, {37, 3, 41}, slices.Repeat([]int{1, 1, 2, 1}, 16)[:60],
	} {
		n := 1
		for _, length := range shape {
			n *= length
		}
		for range 6 {
			a := placed(r, numbered(3*n+20), shape)
			dst := placed(r, make([]int64, 3*n+20), shape)
			want := elements(a)
			ndarray.CopyTo(dst, a)
			c, f := a.Copy(), a.CopyF()
			if !slices.Equal(elements(dst), want) || !slices.Equal(c.Data(), want) || !slices.Equal(elements(f), want) {
				t.Fatalf("copy of %v with strides %v to %v", shape, a.Strides(), dst.Strides())
			}
			if !c.Contiguous() || !f.T().Contiguous() || !c.Writable() || !slices.Equal(f.Shape(), shape) {
				t.Fatalf("Copy of %v: strides %v, CopyF: shape %v, strides %v", shape, c.Strides(), f.Shape(), f.Strides())
			}
		}
	}
}

func TestCopyTo(t *testing.T) {
	dst := counted(2, 3)
	ndarray.CopyTo(dst, must(ndarray.FromSlice([]int64{7, 8, 9})))
	if want := []int64{7, 8, 9, 7, 8, 9}; !slices.Equal(dst.Data(), want) {
		t.Errorf("a row: expected %v, found %v", want, dst.Data())
	}
	ndarray.CopyTo(dst, dst.Slice(ndarray.All, ndarray.Range(1, 2))) // broadcasts from dst itself
	if want := []int64{8, 8, 8, 8, 8, 8}; !slices.Equal(dst.Data(), want) {
		t.Errorf("a column of dst: expected %v, found %v", want, dst.Data())
	}
	a := counted(2)
	if c := ndarray.CopyTo(nil, a.ReadOnly()); !slices.Equal(c.Data(), a.Data()) || !c.Writable() || &c.Data()[0] == &a.Data()[0] {
		t.Errorf("nil: found %v", c.Data())
	}
	err, ok := panicOf(t, func() { ndarray.CopyTo(dst, counted(2)) }).(ndarray.ShapeError)
	if want := "ndarray: CopyTo: first shape does not broadcast to the second: [[2] [2 3]]"; !ok || err.Error() != want {
		t.Errorf("expected %q, found %q", want, err)
	}
}

func TestFill(t *testing.T) {
	a := counted(3, 4)
	if b := a.Slice(ndarray.All, ndarray.Step(ndarray.End, ndarray.End, -2)); b.Fill(-1) != b {
		t.Error("Fill did not return its array")
	}
	if want := []int64{0, -1, 2, -1, 4, -1, 6, -1, 8, -1, 10, -1}; !slices.Equal(a.Data(), want) {
		t.Errorf("expected %v, found %v", want, a.Data())
	}
	if zero := ndarray.New[int64]().Fill(3); zero.At() != 3 {
		t.Errorf("no axes: found %d", zero.At())
	}
}

// TestUnfitDestinations checks that whatever writes refuses an array whose elements it can't, and before it writes any.
func TestUnfitDestinations(t *testing.T) {
	a, mask := counted(2, 3), ndarray.New[bool](2, 3).Fill(true)
	zero := ndarray.New[int64](2)
	for name, f := range map[string]func(dst *ndarray.Array[int64]){
		"CopyTo":        func(dst *ndarray.Array[int64]) { ndarray.CopyTo(dst, a) },
		"Convert":       func(dst *ndarray.Array[int64]) { ndarray.Convert(dst, ndarray.New[float32](2, 3)) },
		"Fill":          func(dst *ndarray.Array[int64]) { dst.Fill(1) },
		"Concatenate":   func(dst *ndarray.Array[int64]) { ndarray.Concatenate(dst, 0, a.Split(2, 0)...) },
		"Stack":         func(dst *ndarray.Array[int64]) { ndarray.Stack(dst, 1, zero, zero, zero) },
		"Tile":          func(dst *ndarray.Array[int64]) { ndarray.Tile(dst, a, 1) },
		"Repeat":        func(dst *ndarray.Array[int64]) { ndarray.Repeat(dst, a, 1, 0) },
		"RepeatEach":    func(dst *ndarray.Array[int64]) { ndarray.RepeatEach(dst, a, []int{1, 1}, 0) },
		"Roll":          func(dst *ndarray.Array[int64]) { ndarray.Roll(dst, a, 1, 0) },
		"Pad":           func(dst *ndarray.Array[int64]) { ndarray.Pad(dst, a, make([][2]int, 2), 0) },
		"Take":          func(dst *ndarray.Array[int64]) { ndarray.Take(dst, a, zero, 0) },
		"TakeAlongAxis": func(dst *ndarray.Array[int64]) { ndarray.TakeAlongAxis(dst, a, ndarray.New[int64](2, 3), 0) },
		"PutAlongAxis":  func(dst *ndarray.Array[int64]) { ndarray.PutAlongAxis(dst, ndarray.New[int64](2, 3), a, 0) },
		"Gather":        func(dst *ndarray.Array[int64]) { ndarray.Gather(dst, a, zero) },
		"Scatter":       func(dst *ndarray.Array[int64]) { ndarray.Scatter(dst, a, zero) },
		"Put":           func(dst *ndarray.Array[int64]) { ndarray.Put(dst, zero, zero) },
		"Where":         func(dst *ndarray.Array[int64]) { ndarray.Where(dst, mask, a, a) },
		"Select":        func(dst *ndarray.Array[int64]) { ndarray.Select(dst, a, mask.Slice(ndarray.All, ndarray.At(0))) },
		"PutMask":       func(dst *ndarray.Array[int64]) { ndarray.PutMask(dst, mask, counted(6)) },
		"Compress": func(dst *ndarray.Array[int64]) {
			ndarray.Compress(dst, a, mask.Slice(ndarray.All, ndarray.At(0)), 0)
		},
	} {
		f(counted(2, 3)) // a fit one
		if err := panicOf(t, func() { f(counted(2, 3).ReadOnly()) }); err != ndarray.ErrReadOnly {
			t.Errorf("%s of a read-only dst: panicked with %v", name, err)
		}
		for view, dst := range map[string]*ndarray.Array[int64]{
			"stretched": counted(3).BroadcastTo(2, 3), "windows": counted(4).SlidingWindow([]int{3}),
		} {
			err := panicOf(t, func() { f(dst) })
			if _, ok := err.(ndarray.LayoutError); !ok || !errors.Is(err, ndarray.ErrLayout) {
				t.Errorf("%s of %s: panicked with %v", name, view, err)
			}
			if dst.At(0, 0) != 0 || dst.At(1, 2) < 2 {
				t.Errorf("%s wrote %s", name, view)
			}
		}
		switch name {
		case "Fill", "Put", "PutMask", "Scatter", "PutAlongAxis", "CopyTo":
			continue // dst's shape is theirs
		}
		err, ok := panicOf(t, func() { f(counted(3, 2)) }).(ndarray.ShapeError)
		if !ok || err.Op != name || len(err.Shapes) < 2 || !slices.Equal(err.Shapes[0], []int{3, 2}) {
			t.Errorf("%s of a dst of shape [3 2]: panicked with %v", name, err)
		}
	}
}
