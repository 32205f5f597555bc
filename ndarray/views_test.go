package ndarray_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/samebytes/samebytes/ndarray"
)

// model is an array as a list of its elements in C order. It knows no strides: each view is made by a loop over indices.
type model struct {
	shape    []int
	elements []int64
}

// at returns the element at an index for each axis.
func (m model) at(ix []int) int64 {
	place := 0
	for d, i := range ix {
		place = place*m.shape[d] + i
	}
	return m.elements[place]
}

// build returns the model of a shape whose element at ix is m's at from(ix).
func (m model) build(shape []int, from func(ix []int) []int) model {
	v := model{shape: slices.Clone(shape)}
	indices(shape, func(ix []int) { v.elements = append(v.elements, m.at(from(ix))) })
	return v
}

func (m model) transpose(axes []int) model {
	shape := make([]int, len(axes))
	for d, axis := range axes {
		shape[d] = m.shape[axis]
	}
	return m.build(shape, func(ix []int) []int {
		from := make([]int, len(ix))
		for d, axis := range axes {
			from[axis] = ix[d]
		}
		return from
	})
}

// taken is what a slice takes of an axis: these positions, or one alone, which leaves no axis.
type taken struct {
	positions []int
	single    bool
}

func (m model) slice(axes []taken) model {
	var shape []int
	for _, axis := range axes {
		if !axis.single {
			shape = append(shape, len(axis.positions))
		}
	}
	return m.build(shape, func(ix []int) []int {
		from := make([]int, len(axes))
		for d, axis := range axes {
			from[d] = axis.positions[0]
			if !axis.single {
				from[d], ix = axis.positions[ix[0]], ix[1:]
			}
		}
		return from
	})
}

// expressible reports whether strides can express the model, whose elements are their places in memory.
func (m model) expressible() bool {
	if len(m.elements) == 0 {
		return true
	}
	zero := make([]int, len(m.shape))
	strides := make([]int64, len(m.shape))
	for d, length := range m.shape {
		if length > 1 {
			one := slices.Clone(zero)
			one[d] = 1
			strides[d] = m.at(one) - m.at(zero)
		}
	}
	fits := true
	indices(m.shape, func(ix []int) {
		place := m.at(zero)
		for d, i := range ix {
			place += int64(i) * strides[d]
		}
		fits = fits && place == m.at(ix)
	})
	return fits
}

// choices is a source of small numbers: the bytes of a fuzzer, and zeros after them.
type choices []byte

func (c *choices) below(n int) int {
	if len(*c) == 0 || n == 0 {
		return 0
	}
	b := (*c)[0]
	*c = (*c)[1:]
	return int(b) % n
}

// starts are the arrays that chains of views begin with. Their elements are their places in memory.
var starts = []func() *ndarray.Array[int64]{
	func() *ndarray.Array[int64] { return counted(4, 6) },
	func() *ndarray.Array[int64] { return counted(2, 3, 4) },
	func() *ndarray.Array[int64] { return counted(12) },
	func() *ndarray.Array[int64] { return counted(3, 1, 2, 4) },
	func() *ndarray.Array[int64] { return must(ndarray.FromFlat(counted(60).Data(), []int{3, 4, 5}, true)) },
	func() *ndarray.Array[int64] {
		return must(ndarray.FromStrided(counted(60).Data(), []int{3, 4}, []int{-20, 3}, 45))
	},
	func() *ndarray.Array[int64] {
		return must(ndarray.FromStrided(counted(20).Data(), []int{2, 3, 4}, []int{0, 2, 1}, 7))
	},
	func() *ndarray.Array[int64] { return counted(2, 0, 3) },
	func() *ndarray.Array[int64] { return counted() },
}

// checkChain makes the views that c chooses, of an array and of its model, and compares the two after each.
func checkChain(t *testing.T, c choices) {
	t.Helper()
	a := starts[c.below(len(starts))]()
	m := model{a.Shape(), elements(a)}
	history := []any{m.shape}
	for len(c) > 0 {
		switch c.below(10) {
		case 0:
			a, m = a.T(), m.transpose(reversed(len(m.shape)))
			history = append(history, "T")
		case 1:
			axes := reversed(len(m.shape))
			for d := range axes {
				other := c.below(len(axes))
				axes[d], axes[other] = axes[other], axes[d]
			}
			a, m = a.Transpose(axes...), m.transpose(axes)
			history = append(history, "Transpose", axes)
		case 2:
			ix, axes, added := chooseSlice(&c, m.shape)
			a, m = a.Slice(ix...), m.slice(axes)
			if added >= 0 {
				m.shape = slices.Insert(m.shape, added, 1)
			}
			history = append(history, ix)
		case 3:
			shape := chooseShape(&c, len(m.elements))
			v, err := a.Reshape(shape...)
			reshaped := model{shape, m.elements}
			history = append(history, "Reshape", shape)
			if (err == nil) != reshaped.expressible() || err != nil && !errors.Is(err, ndarray.ErrLayout) {
				t.Fatalf("%v: strides can express it: %v; found %v", history, reshaped.expressible(), err)
			}
			if err == nil {
				a, m = v, reshaped
			}
		default:
			var step []any
			a, m, step = chooseView(&c, a, m)
			history = append(history, step...)
		}
		compare(t, history, a, m)
	}
}

// chooseView makes one of the views that are neither slices nor transposes alone, if the array has axes for it.
func chooseView(c *choices, a *ndarray.Array[int64], m model) (*ndarray.Array[int64], model, []any) {
	ndim := len(m.shape)
	if ndim == 0 || ndim > 6 || len(m.elements) > 1000 {
		return a, m, nil
	}
	d, e := c.below(ndim), c.below(ndim)
	switch c.below(7) {
	case 0:
		axes := slices.Delete(reversed(ndim), ndim-1-d, ndim-d)
		slices.Reverse(axes)
		return a.MoveAxis(d, e-ndim), m.transpose(slices.Insert(axes, e, d)), []any{"MoveAxis", d, e - ndim}
	case 1:
		axes := reversed(ndim)
		slices.Reverse(axes)
		axes[d], axes[e] = e, d
		return a.SwapAxes(d-ndim, e), m.transpose(axes), []any{"SwapAxes", d - ndim, e}
	case 2:
		return a.Flip(d), m.build(m.shape, func(ix []int) []int {
			from := slices.Clone(ix)
			from[d] = m.shape[d] - 1 - ix[d]
			return from
		}), []any{"Flip", d}
	case 3:
		if m.shape[d] == 1 {
			return a.Squeeze(d - ndim), model{slices.Delete(slices.Clone(m.shape), d, d+1), m.elements}, []any{"Squeeze", d - ndim}
		}
		return a.ExpandDims(d), model{slices.Insert(slices.Clone(m.shape), d, 1), m.elements}, []any{"ExpandDims", d}
	case 4:
		if d == e {
			return a, m, nil
		}
		offset := c.below(m.shape[d]+m.shape[e]+3) - m.shape[d] - 1
		length := max(0, min(m.shape[d]-max(0, -offset), m.shape[e]-max(0, offset)))
		shape := []int{}
		for axis, n := range m.shape {
			if axis != d && axis != e {
				shape = append(shape, n)
			}
		}
		return a.Diagonal(offset, d, e), m.build(append(shape, length), func(ix []int) []int {
			i, rest := ix[len(ix)-1], ix[:len(ix)-1]
			from := make([]int, ndim)
			for axis := range from {
				switch axis {
				case d:
					from[axis] = i + max(0, -offset)
				case e:
					from[axis] = i + max(0, offset)
				default:
					from[axis], rest = rest[0], rest[1:]
				}
			}
			return from
		}), []any{"Diagonal", offset, d, e}
	case 5:
		window := c.below(m.shape[d] + 1)
		shape := append(slices.Clone(m.shape), window)
		shape[d] -= window - 1
		return a.SlidingWindow([]int{window}, d), m.build(shape, func(ix []int) []int {
			from := slices.Clone(ix[:ndim])
			from[d] += ix[ndim]
			return from
		}), []any{"SlidingWindow", window, d}
	default:
		shape := append([]int{1 + c.below(2)}, m.shape...)
		if m.shape[d] == 1 {
			shape[d+1] = c.below(3)
		}
		return a.BroadcastTo(shape...), m.build(shape, func(ix []int) []int {
			from := slices.Clone(ix[1:])
			for axis, length := range m.shape {
				from[axis] = min(from[axis], length-1)
			}
			return from
		}), []any{"BroadcastTo", shape}
	}
}

func compare(t *testing.T, history []any, a *ndarray.Array[int64], m model) {
	t.Helper()
	if !slices.Equal(a.Shape(), m.shape) || a.Len() != len(m.elements) || a.NDim() != len(m.shape) {
		t.Fatalf("%v: expected shape %v, found %v with %d elements", history, m.shape, a.Shape(), a.Len())
	}
	if !slices.Equal(elements(a), m.elements) {
		t.Fatalf("%v: expected %v, found %v", history, m.elements, elements(a))
	}
	if b := a.Copy(); !slices.Equal(b.Data(), m.elements) || !slices.Equal(b.Shape(), m.shape) || !b.Contiguous() {
		t.Fatalf("%v: expected a copy of %v, found %v", history, m.elements, b.Data())
	}
	if neighbours := isRun(m.elements); a.Contiguous() != neighbours || neighbours && !slices.Equal(a.Data(), m.elements) {
		t.Fatalf("%v: elements %v, contiguous %v with data %v", history, m.elements, a.Contiguous(), a.Data())
	}
	if len(m.elements) > 0 {
		if data := a.Data(); data[0] != slices.Min(m.elements) || data[len(data)-1] != slices.Max(m.elements) {
			t.Fatalf("%v: elements %v, data %v", history, m.elements, data)
		}
	}
}

// isRun reports whether the elements, which are their places in memory, lie one after the other.
func isRun(places []int64) bool {
	for i, place := range places {
		if place != places[0]+int64(i) {
			return false
		}
	}
	return true
}

func reversed(n int) []int {
	axes := make([]int, n)
	for d := range axes {
		axes[d] = n - 1 - d
	}
	return axes
}

// chooseSlice returns indices, the positions they take, and where in the result they add an axis, or -1.
func chooseSlice(c *choices, shape []int) (ix []ndarray.Index, axes []taken, added int) {
	added = -1
	kept := 0
	for _, length := range shape {
		if added < 0 && len(shape) < 6 && c.below(8) == 1 {
			ix, added = append(ix, ndarray.NewAxis), kept
		}
		x, axis := ndarray.All, taken{}
		switch kind := c.below(5); {
		case kind == 0 && length > 0:
			i := c.below(length)
			x, axis = ndarray.At(i-length*c.below(2)), taken{[]int{i}, true}
		case kind == 1 || kind == 2 && length == 0:
			start := c.below(length + 1)
			stop := start + c.below(length-start+1)
			step := 1 + c.below(3)
			x = ndarray.Step(start, stop, step)
			for i := start; i < stop; i += step {
				axis.positions = append(axis.positions, i)
			}
		case kind == 2:
			start := c.below(length)
			stop := start - c.below(start+2)
			step := 1 + c.below(3)
			x = ndarray.Step(start-length*c.below(2), stop, -step)
			if stop < 0 {
				x = ndarray.Step(start, ndarray.End, -step)
			}
			for i := start; i > stop; i -= step {
				axis.positions = append(axis.positions, i)
			}
		default:
			for i := range length {
				axis.positions = append(axis.positions, i)
			}
		}
		ix, axes = append(ix, x), append(axes, axis)
		if !axis.single {
			kept++
		}
	}
	return ix, axes, added
}

// chooseShape returns a shape of n elements.
func chooseShape(c *choices, n int) []int {
	if n == 0 {
		return []int{c.below(3), 0, c.below(3)}
	}
	shape := []int{}
	for rest := n; rest > 1 && len(shape) < 4; {
		length := 1 + c.below(rest)
		for rest%length != 0 {
			length--
		}
		shape = append(shape, length)
		rest /= length
		if rest > 1 && len(shape) == 4 {
			shape = append(shape, rest)
		}
	}
	return shape
}

func FuzzViews(f *testing.F) {
	f.Add([]byte{0, 3, 2, 0, 3, 5, 7})
	f.Add([]byte{4, 2, 1, 0, 3, 2, 3, 2, 1, 1, 4, 3, 11, 1, 2})
	f.Add([]byte{5, 2, 3, 2, 1, 1, 0, 3, 9, 9, 9, 0, 3, 1, 2, 3})
	f.Add([]byte{7, 3, 1, 2, 2, 0, 1, 1, 1, 0})
	f.Fuzz(func(t *testing.T, c []byte) {
		checkChain(t, c[:min(len(c), 100)]) // a longer chain finds nothing that a shorter one doesn't
	})
}

func TestViews(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 5000 {
		c := make(choices, random.IntN(40))
		for i := range c {
			c[i] = byte(random.Uint32())
		}
		checkChain(t, c)
	}
}

// TestViewsAsNumPy has what NumPy gives for these calls of arange(...).reshape(...).
func TestViewsAsNumPy(t *testing.T) {
	a := counted(2, 3) // [[0 1 2] [3 4 5]]
	for _, c := range []struct {
		name  string
		view  *ndarray.Array[int64]
		shape []int
		want  []int64
	}{
		{"rot90", a.Rot90(1, 0, 1), []int{3, 2}, []int64{2, 5, 1, 4, 0, 3}},
		{"rot90 twice", a.Rot90(-2, 0, 1), []int{2, 3}, []int64{5, 4, 3, 2, 1, 0}},
		{"rot90 back", a.Rot90(3, 0, 1), []int{3, 2}, []int64{3, 0, 4, 1, 5, 2}},
		{"rot90 the other way", a.Rot90(1, 1, 0), []int{3, 2}, []int64{3, 0, 4, 1, 5, 2}},
		{"rot90 by nothing", a.Rot90(4, 0, 1), []int{2, 3}, []int64{0, 1, 2, 3, 4, 5}},
		{"flip all", a.Flip(), []int{2, 3}, []int64{5, 4, 3, 2, 1, 0}},
		{"flip no axes", counted().Flip(), []int{}, []int64{0}},
		{"flip nothing", counted(2, 0).Flip(), []int{2, 0}, []int64{}},
		{"diagonal", a.Diagonal(0, 0, 1), []int{2}, []int64{0, 4}},
		{"diagonal above", a.Diagonal(1, 0, 1), []int{2}, []int64{1, 5}},
		{"diagonal below", a.Diagonal(-1, 0, -1), []int{1}, []int64{3}},
		{"diagonal far off", a.Diagonal(math.MinInt, 0, 1), []int{0}, []int64{}},
		{"diagonals", counted(2, 2, 2).Diagonal(0, 0, 2), []int{2, 2}, []int64{0, 5, 2, 7}},
		{"squeeze", counted(1, 2, 1).Squeeze(), []int{2}, []int64{0, 1}},
		{"squeeze one", counted(1, 2, 1).Squeeze(-1), []int{1, 2}, []int64{0, 1}},
		{"expand_dims", a.ExpandDims(0, -1), []int{1, 2, 3, 1}, []int64{0, 1, 2, 3, 4, 5}},
		{"expand no axes", counted().ExpandDims(1, 0), []int{1, 1}, []int64{0}},
		{"moveaxis", counted(1, 2, 3).MoveAxis(0, -1), []int{2, 3, 1}, []int64{0, 1, 2, 3, 4, 5}},
		{"broadcast_to", counted(2, 1).BroadcastTo(2, 2, 3), []int{2, 2, 3}, []int64{0, 0, 0, 1, 1, 1, 0, 0, 0, 1, 1, 1}},
		{"broadcast to nothing", counted(1).BroadcastTo(0), []int{0}, []int64{}},
		{"windows", counted(4).SlidingWindow([]int{2}), []int{3, 2}, []int64{0, 1, 1, 2, 2, 3}},
		{"windows of both axes", a.SlidingWindow([]int{2, 2}), []int{1, 2, 2, 2}, []int64{0, 1, 3, 4, 1, 2, 4, 5}},
		{"windows of windows", counted(4).SlidingWindow([]int{2, 2}, 0, -1), []int{2, 2, 2}, []int64{0, 1, 1, 2, 1, 2, 2, 3}},
		{"windows of nothing", counted(2).SlidingWindow([]int{0}), []int{3, 0}, []int64{}},
		{"windows of no axes", counted().SlidingWindow(nil), []int{}, []int64{0}},
		{"a[..., 0]", a.Slice(ndarray.Ellipsis, ndarray.At(0)), []int{2}, []int64{0, 3}},
		{"a[1, ...]", a.Slice(ndarray.At(1), ndarray.Ellipsis), []int{3}, []int64{3, 4, 5}},
		{"a[1, ..., 0]", a.Slice(ndarray.At(1), ndarray.Ellipsis, ndarray.At(0)), []int{}, []int64{3}},
		{"a[..., newaxis, 2:0:-1]", a.Slice(ndarray.Ellipsis, ndarray.NewAxis, ndarray.Step(2, 0, -1)), []int{2, 1, 2}, []int64{2, 1, 5, 4}},
		{"a[...] of no axes", counted().Slice(ndarray.Ellipsis), []int{}, []int64{0}},
	} {
		if !slices.Equal(c.view.Shape(), c.shape) || !slices.Equal(elements(c.view), c.want) {
			t.Errorf("%s: expected %v of shape %v, found %v of shape %v", c.name, c.want, c.shape, elements(c.view), c.view.Shape())
		}
	}
	shapes := func(parts []*ndarray.Array[int64]) (shapes [][]int) {
		for _, p := range parts {
			shapes = append(shapes, p.Shape())
		}
		return shapes
	}
	if got := fmt.Sprint(shapes(counted(2, 6).Split(3, -1))); got != "[[2 2] [2 2] [2 2]]" {
		t.Errorf("Split: %v", got)
	}
	if got := fmt.Sprint(shapes(counted(2, 6).SplitAt([]int{1, 1, -2}, 1))); got != "[[2 1] [2 0] [2 3] [2 2]]" {
		t.Errorf("SplitAt: %v", got)
	}
}

// TestViewsShare checks that views share elements, stay read-only, and stand strides that mean nothing.
func TestViewsShare(t *testing.T) {
	odd := must(ndarray.FromStrided(numbered(8), []int{1, 4, 1}, []int{math.MaxInt, -2, math.MinInt}, 6))
	for name, view := range map[string]func(a *ndarray.Array[int64]) *ndarray.Array[int64]{
		"MoveAxis":      func(a *ndarray.Array[int64]) *ndarray.Array[int64] { return a.MoveAxis(1, 0) },
		"SwapAxes":      func(a *ndarray.Array[int64]) *ndarray.Array[int64] { return a.SwapAxes(0, -1) },
		"Squeeze":       func(a *ndarray.Array[int64]) *ndarray.Array[int64] { return a.Squeeze() },
		"ExpandDims":    func(a *ndarray.Array[int64]) *ndarray.Array[int64] { return a.ExpandDims(0) },
		"Flip":          func(a *ndarray.Array[int64]) *ndarray.Array[int64] { return a.Flip().Flip() },
		"Rot90":         func(a *ndarray.Array[int64]) *ndarray.Array[int64] { return a.Rot90(4, 0, 1) },
		"BroadcastTo":   func(a *ndarray.Array[int64]) *ndarray.Array[int64] { return a.BroadcastTo(3, 1, 4, 2) },
		"Diagonal":      func(a *ndarray.Array[int64]) *ndarray.Array[int64] { return a.Diagonal(0, 0, 2) },
		"Split":         func(a *ndarray.Array[int64]) *ndarray.Array[int64] { return a.Split(1, 0)[0] },
		"SplitAt":       func(a *ndarray.Array[int64]) *ndarray.Array[int64] { return a.SplitAt(nil, 0)[0] },
		"SlidingWindow": func(a *ndarray.Array[int64]) *ndarray.Array[int64] { return a.SlidingWindow([]int{1, 4, 1}) },
		"View":          func(a *ndarray.Array[int64]) *ndarray.Array[int64] { return must(ndarray.View[int64](a)) },
		"Slice":         func(a *ndarray.Array[int64]) *ndarray.Array[int64] { return a.Slice(ndarray.Ellipsis) },
	} {
		a := odd
		v := view(a)
		first := make([]int, v.NDim())
		before := a.At(0, 0, 0)
		v.Set(100, first...)
		if before == 100 || a.At(0, 0, 0) != 100 {
			t.Errorf("%s: elements are not shared", name)
		}
		v.Set(before, first...)
		if view(a.ReadOnly()).Writable() {
			t.Errorf("%s of a read-only array is writable", name)
		}
		if got := slices.Sorted(v.Values()); got[0] != 0 && len(got) == 4 {
			t.Errorf("%s: found %v", name, got)
		}
	}
}

func TestViewPanics(t *testing.T) {
	a := counted(2, 3)
	deep := must(counted(1).Reshape(slices.Repeat([]int{1}, ndarray.MaxDims)...))
	for _, c := range []struct {
		f    func()
		want string
	}{
		{func() { a.MoveAxis(0, 2) }, "ndarray: MoveAxis: no axis 2: [[2 3]]"},
		{func() { a.SwapAxes(-3, 0) }, "ndarray: SwapAxes: no axis -3: [[2 3]]"},
		{func() { a.Squeeze(1) }, "ndarray: Squeeze: axis 1 is not of length one: [[2 3]]"},
		{func() { a.Flip(1, -1) }, "ndarray: Flip: axis -1 is named twice in [1 -1]: [[2 3]]"},
		{func() { a.ExpandDims(3) }, "ndarray: ExpandDims: no axis 3 among 3: [[2 3]]"},
		{func() { a.ExpandDims(0, 0) }, "ndarray: ExpandDims: axis 0 is named twice in [0 0]: [[2 3]]"},
		{func() { a.Rot90(1, 0, 0) }, "ndarray: Rot90: axis 0 is named twice in [0 0]: [[2 3]]"},
		{func() { a.Diagonal(0, 1, 1) }, "ndarray: Diagonal: axis 1 is named twice in [1 1]: [[2 3]]"},
		{func() { counted(2).Diagonal(0, 0, 1) }, "ndarray: Diagonal: no axis 1 among 1: [[2]]"},
		{func() { a.BroadcastTo(3, 3) }, "ndarray: BroadcastTo: first shape does not broadcast to the second: [[2 3] [3 3]]"},
		{func() { a.BroadcastTo(3) }, "ndarray: BroadcastTo: first shape does not broadcast to the second: [[2 3] [3]]"},
		{func() { a.BroadcastTo(-1, 3) }, "ndarray: BroadcastTo: wrong shape: negative length in [-1 3]: [[2 3] [-1 3]]"},
		{func() { a.Split(2, 1) }, "ndarray: Split: axis 1 does not split into 2 equal sections: [[2 3]]"},
		{func() { a.Split(0, 1) }, "ndarray: Split: axis 1 does not split into 0 equal sections: [[2 3]]"},
		{func() { a.SplitAt([]int{2, 1}, 1) }, "ndarray: SplitAt: indices [2 1] do not ascend in axis 1: [[2 3]]"},
		{func() { a.SplitAt([]int{4}, 1) }, "ndarray: SplitAt: indices [4] do not ascend in axis 1: [[2 3]]"},
		{func() { a.SplitAt([]int{-4}, 1) }, "ndarray: SplitAt: indices [-4] do not ascend in axis 1: [[2 3]]"},
		{func() { a.SlidingWindow([]int{2}) }, "ndarray: SlidingWindow: expected a window of 2 axes: [[2 3] [2]]"},
		{func() { a.SlidingWindow([]int{3}, 0) }, "ndarray: SlidingWindow: window does not fit axis 0: [[2 3] [3]]"},
		{func() { a.SlidingWindow([]int{-1}, 0) }, "ndarray: SlidingWindow: window does not fit axis 0: [[2 3] [-1]]"},
		{func() { a.SlidingWindow([]int{2, 2}, 0, 0) }, "ndarray: SlidingWindow: window does not fit axis 0: [[2 3] [2 2]]"},
		{func() { a.Slice(ndarray.Ellipsis, ndarray.Ellipsis) }, "ndarray: Slice: [..., ...] of shape [2 3]: more than one ellipsis"},
		{func() { a.Slice(ndarray.Ellipsis, ndarray.At(0), ndarray.At(0), ndarray.At(0)) },
			"ndarray: Slice: [..., 0, 0, 0] of shape [2 3]: 3 indices for 2 axes"},
	} {
		if err := panicOf(t, c.f); err.Error() != c.want {
			t.Errorf("expected %q\nfound    %q", c.want, err)
		}
	}
	huge := counted(1).BroadcastTo(1 << 40)
	for name, f := range map[string]func(){
		"more than 64 axes":     func() { deep.ExpandDims(0) },
		"windows of 65 axes":    func() { deep.SlidingWindow([]int{1}, 0) },
		"stretched to 65 axes":  func() { deep.BroadcastTo(slices.Repeat([]int{1}, 65)...) },
		"too many windows":      func() { huge.SlidingWindow([]int{1 << 39}) },
		"stretched beyond ints": func() { huge.BroadcastTo(1<<30, 1<<40) },
	} {
		if err, ok := panicOf(t, f).(ndarray.ShapeError); !ok || !errors.Is(err, ndarray.ErrShape) {
			t.Errorf("%s: panicked with %v", name, err)
		}
	}
	if deep.Squeeze().NDim() != 0 || deep.Flip().SwapAxes(0, 63).MoveAxis(1, -2).Diagonal(0, 0, 63).NDim() != 63 {
		t.Error("64 axes are not too many")
	}
}
