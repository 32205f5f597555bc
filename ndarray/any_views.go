package ndarray

import (
	"fmt"
	"iter"
)

// The views of an array that need no element's type: what each does is said at the method of [Array] that has its name.

// Slice is [Array.Slice].
func (a *Any) Slice(ix ...Index) *Any { return a.view(a.slice(ix)) }

// T is [Array.T].
func (a *Any) T() *Any { return a.Transpose() }

// Transpose is [Array.Transpose].
func (a *Any) Transpose(axes ...int) *Any { return a.view(a.permuted(axes)) }

// MoveAxis is [Array.MoveAxis].
func (a *Any) MoveAxis(src, dst int) *Any { return a.view(a.moveAxis(src, dst)) }

// SwapAxes is [Array.SwapAxes].
func (a *Any) SwapAxes(axis1, axis2 int) *Any { return a.view(a.swapAxes("SwapAxes", axis1, axis2)) }

// Squeeze is [Array.Squeeze].
func (a *Any) Squeeze(axes ...int) *Any { return a.view(a.squeeze(axes)) }

// ExpandDims is [Array.ExpandDims].
func (a *Any) ExpandDims(axes ...int) *Any { return a.view(a.expandDims("ExpandDims", axes)) }

// BroadcastTo is [Array.BroadcastTo].
func (a *Any) BroadcastTo(shape ...int) *Any { return a.view(a.broadcastTo("BroadcastTo", shape)) }

// Flip is [Array.Flip].
func (a *Any) Flip(axes ...int) *Any { return a.view(a.flip(axes)) }

// Diagonal is [Array.Diagonal].
func (a *Any) Diagonal(offset, axis1, axis2 int) *Any {
	return a.view(a.diagonal(offset, axis1, axis2))
}

// SlidingWindow is [Array.SlidingWindow].
func (a *Any) SlidingWindow(window []int, axes ...int) *Any {
	return a.view(a.slidingWindow(window, axes))
}

// Rot90 is [Array.Rot90].
func (a *Any) Rot90(k, axis1, axis2 int) *Any { return a.view(a.rot90(k, axis1, axis2)) }

// Split is [Array.Split].
func (a *Any) Split(sections, axis int) []*Any { return a.parts(a.split(sections, axis)) }

// SplitAt is [Array.SplitAt].
func (a *Any) SplitAt(indices []int, axis int) []*Any { return a.parts(a.splitAt(indices, axis)) }

func (a *Any) parts(layouts []layout) []*Any {
	parts := make([]*Any, len(layouts))
	for i, l := range layouts {
		parts[i] = a.view(l)
	}
	return parts
}

// Lanes is [Array.Lanes].
func (a *Any) Lanes(axis int) iter.Seq[*Any] {
	lanes := a.lanes(axis)
	return func(yield func(*Any) bool) {
		for lane := range lanes {
			if !yield(a.view(lane)) {
				return
			}
		}
	}
}

// Blocks is [Array.Blocks].
func (a *Any) Blocks(n int) iter.Seq2[int, *Any] {
	blocks := a.blocks(n)
	return func(yield func(int, *Any) bool) {
		for first, block := range blocks {
			if !yield(first, a.view(block)) {
				return
			}
		}
	}
}

// Reshape is [Array.Reshape].
func (a *Any) Reshape(shape ...int) (*Any, error) {
	l, err := a.reshaped(shape, a.dtype.size)
	if err != nil {
		return nil, err
	}
	return a.view(l), nil
}

// Ravel is [Array.Ravel].
func (a *Any) Ravel() (*Any, error) { return a.Reshape(a.n) }

// View returns an array that shares a's bytes as elements of another dtype of the same size: bfloat16, for one, which NumPy
// saves as plain bytes. The error is [ErrDType] where the size is another.
func (a *Any) View(d DType) (*Any, error) {
	if d.kind == 0 || d.size != a.dtype.size {
		return nil, fmt.Errorf("ndarray: View: %w: expected one of %d bytes for %v, found %v of %d", ErrDType, a.dtype.size, a.dtype, d, d.size)
	}
	return newAny(d, a.data, a.layout), nil
}

// view lays another layout over a's bytes.
func (a *Any) view(l layout) *Any { return newAny(a.dtype, a.data, l) }
