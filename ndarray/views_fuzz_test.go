package ndarray_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/samebytes/samebytes/ndarray"
)

// attempt is a view asked for with any arguments: what package ndarray makes of them, and what a loop over indices does.
type attempt struct {
	said  []any
	made  func(a *ndarray.Array[int64]) *ndarray.Array[int64]
	shape []int // of the view, if there is one
	from  func(ix []int) []int
	none  bool // there is none: it must panic
}

// number is a small number of either sign, or one of the extremes.
func (c *choices) number() int {
	extremes := []int{math.MinInt, math.MaxInt, math.MinInt + 1, math.MaxInt - 1}
	if i := c.below(24); i < len(extremes) {
		return extremes[i]
	}
	return c.below(9) - 4
}

func (c *choices) numbers(most int) []int {
	all := make([]int, c.below(most+1))
	for i := range all {
		all[i] = c.number()
	}
	return all
}

// place returns the axis of ndim that a number names, or -1.
func place(axis, ndim int) int {
	for d := range ndim {
		if axis == d || axis == d-ndim {
			return d
		}
	}
	return -1
}

// places returns the axes of ndim that numbers name, and whether each names one, and none the same as another.
func places(axes []int, ndim int) ([]int, bool) {
	var all []int
	for _, axis := range axes {
		d := place(axis, ndim)
		if d < 0 || slices.Contains(all, d) {
			return nil, false
		}
		all = append(all, d)
	}
	return all, true
}

// attempts are the views that can be asked for. Each takes its arguments from c.
var attempts = []func(c *choices, shape []int) attempt{
	func(c *choices, shape []int) attempt {
		axes := c.numbers(len(shape) + 1)
		order, ok := places(axes, len(shape))
		if len(axes) == 0 {
			order, ok = reversed(len(shape)), true
		}
		v := attempt{said: []any{"Transpose", axes}, none: !ok || len(order) != len(shape)}
		v.made = func(a *ndarray.Array[int64]) *ndarray.Array[int64] { return a.Transpose(axes...) }
		for _, d := range order {
			v.shape = append(v.shape, shape[d])
		}
		v.from = func(ix []int) []int {
			from := make([]int, len(ix))
			for at, d := range order {
				from[d] = ix[at]
			}
			return from
		}
		return v
	},
	func(c *choices, shape []int) attempt {
		first, second := c.number(), c.number()
		d, e := place(first, len(shape)), place(second, len(shape))
		v := attempt{said: []any{"SwapAxes", first, second}, none: d < 0 || e < 0, shape: slices.Clone(shape)}
		v.made = func(a *ndarray.Array[int64]) *ndarray.Array[int64] { return a.SwapAxes(first, second) }
		swapped := func(ix []int) []int {
			ix = slices.Clone(ix)
			ix[d], ix[e] = ix[e], ix[d]
			return ix
		}
		if v.from = swapped; !v.none {
			v.shape = swapped(shape)
		}
		return v
	},
	func(c *choices, shape []int) attempt {
		src, dst := c.number(), c.number()
		d, e := place(src, len(shape)), place(dst, len(shape))
		v := attempt{said: []any{"MoveAxis", src, dst}, none: d < 0 || e < 0}
		v.made = func(a *ndarray.Array[int64]) *ndarray.Array[int64] { return a.MoveAxis(src, dst) }
		v.from = func(ix []int) []int { return slices.Insert(slices.Delete(slices.Clone(ix), e, e+1), d, ix[e]) }
		if !v.none {
			v.shape = slices.Insert(slices.Delete(slices.Clone(shape), d, d+1), e, shape[d])
		}
		return v
	},
	func(c *choices, shape []int) attempt {
		axes := c.numbers(2)
		turned, ok := places(axes, len(shape))
		if len(axes) == 0 {
			turned = reversed(len(shape))
		}
		v := attempt{said: []any{"Flip", axes}, none: !ok, shape: shape}
		v.made = func(a *ndarray.Array[int64]) *ndarray.Array[int64] { return a.Flip(axes...) }
		v.from = func(ix []int) []int {
			from := slices.Clone(ix)
			for _, d := range turned {
				from[d] = shape[d] - 1 - ix[d]
			}
			return from
		}
		return v
	},
	func(c *choices, shape []int) attempt {
		axes := c.numbers(2)
		gone, ok := places(axes, len(shape))
		v := attempt{said: []any{"Squeeze", axes}, none: !ok}
		v.made = func(a *ndarray.Array[int64]) *ndarray.Array[int64] { return a.Squeeze(axes...) }
		for d, length := range shape {
			if len(axes) == 0 && length == 1 {
				gone = append(gone, d)
			}
			if !slices.Contains(gone, d) {
				v.shape = append(v.shape, length)
			}
			v.none = v.none || slices.Contains(gone, d) && length != 1
		}
		v.from = func(ix []int) []int {
			from := make([]int, len(shape))
			for d := range from {
				if !slices.Contains(gone, d) {
					from[d], ix = ix[0], ix[1:]
				}
			}
			return from
		}
		return v
	},
	func(c *choices, shape []int) attempt {
		axes := c.numbers(2)
		more, ok := places(axes, len(shape)+len(axes))
		v := attempt{said: []any{"ExpandDims", axes}, none: !ok}
		v.made = func(a *ndarray.Array[int64]) *ndarray.Array[int64] { return a.ExpandDims(axes...) }
		rest := shape
		for d := range len(shape) + len(more) {
			if slices.Contains(more, d) {
				v.shape = append(v.shape, 1)
			} else {
				v.shape, rest = append(v.shape, rest[0]), rest[1:]
			}
		}
		v.from = func(ix []int) []int {
			var from []int
			for d, i := range ix {
				if !slices.Contains(more, d) {
					from = append(from, i)
				}
			}
			return from
		}
		return v
	},
	func(c *choices, shape []int) attempt {
		to := c.numbers(len(shape) + 1)
		for d := range to {
			to[d] = min(to[d], 4) // without elements to store, any number of them is possible
		}
		v := attempt{said: []any{"BroadcastTo", to}, none: len(to) < len(shape), shape: to}
		v.made = func(a *ndarray.Array[int64]) *ndarray.Array[int64] { return a.BroadcastTo(to...) }
		for at, length := range to {
			d := at - (len(to) - len(shape))
			v.none = v.none || length < 0 || d >= 0 && d < len(shape) && shape[d] != 1 && shape[d] != length
		}
		v.from = func(ix []int) []int {
			from := slices.Clone(ix[len(ix)-len(shape):])
			for d, length := range shape {
				from[d] = min(from[d], length-1)
			}
			return from
		}
		return v
	},
	func(c *choices, shape []int) attempt {
		window, axis := c.number(), c.number()
		d := place(axis, len(shape))
		v := attempt{said: []any{"SlidingWindow", window, axis}, none: d < 0 || window < 0 || window > shape[d]}
		v.made = func(a *ndarray.Array[int64]) *ndarray.Array[int64] { return a.SlidingWindow([]int{window}, axis) }
		if !v.none {
			v.shape = append(slices.Clone(shape), window)
			v.shape[d] -= window - 1
		}
		v.from = func(ix []int) []int {
			from := slices.Clone(ix[:len(shape)])
			from[d] += ix[len(shape)]
			return from
		}
		return v
	},
	func(c *choices, shape []int) attempt {
		start, stop, step := c.number(), c.number(), c.number()
		axis := c.below(max(len(shape), 1))
		v := attempt{said: []any{"Slice", axis, start, stop, step}, none: len(shape) == 0, shape: slices.Clone(shape)}
		v.made = func(a *ndarray.Array[int64]) *ndarray.Array[int64] {
			return a.Slice(append(slices.Repeat([]ndarray.Index{ndarray.All}, axis), ndarray.Step(start, stop, step))...)
		}
		if v.none = v.none || step == 0; v.none {
			return v
		}
		taken, ok := stepped(shape[axis], start, stop, step)
		v.shape[axis], v.none = len(taken), !ok
		v.from = func(ix []int) []int {
			from := slices.Clone(ix)
			from[axis] = int(taken[ix[axis]])
			return from
		}
		return v
	},
}

// checkAttempts asks for the views that c chooses, one of another, and compares each with what a loop finds. What a loop finds
// none of must panic with the errors that package ndarray promises.
func checkAttempts(t *testing.T, c choices) {
	t.Helper()
	a := starts[c.below(len(starts))]()
	m := model{a.Shape(), elements(a)}
	history := []any{m.shape}
	for len(c) > 0 && len(m.shape) < 7 && len(m.elements) < 1000 {
		v := attempts[c.below(len(attempts))](&c, slices.Clone(m.shape))
		history = append(history, v.said...)
		if v.none {
			var slice ndarray.SliceError
			if err := panicOf(t, func() { v.made(a) }); !errors.Is(err, ndarray.ErrShape) && !errors.As(err, &slice) {
				t.Fatalf("%v: expected a ShapeError or SliceError, found %v", history, err)
			}
			continue
		}
		a, m = v.made(a), m.build(v.shape, v.from)
		compare(t, history, a, m)
	}
}

func TestViewArguments(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for range 20000 {
		c := make(choices, random.IntN(40))
		for i := range c {
			c[i] = byte(random.Uint32())
		}
		checkAttempts(t, c)
	}
}

// FuzzViewArguments proves that views asked for with any arguments are those that a loop over indices finds, or none.
func FuzzViewArguments(f *testing.F) {
	for kind := range attempts {
		f.Add([]byte{1, byte(kind), 1, 10, 5, 10, 6, byte(kind), 10, 4, 10, 3})
		f.Add([]byte{8, byte(kind), 1, 10, 4, 10, 4, 10, 4}) // of no axes
		f.Add([]byte{byte(kind), byte(kind), 2, 0, 10, 8, 10, 7, 1, 2, 3})
	}
	f.Fuzz(func(t *testing.T, c []byte) {
		checkAttempts(t, c[:min(len(c), 100)]) // a longer chain finds nothing that a shorter one doesn't
	})
}
