package ndarray

import "slices"

// BroadcastShape returns the shape that arrays of the given shapes have together: axes are matched from the last, those of
// length one stretch to the others' length, and missing ones count as one, as in NumPy.
// It panics with a [ShapeError] that shows all of them where two lengths differ and neither is one.
func BroadcastShape(shapes ...[]int) []int { return broadcastShape("BroadcastShape", shapes...) }

func broadcastShape(op string, shapes ...[]int) []int {
	ndim := 0
	for _, shape := range shapes {
		ndim = max(ndim, len(shape))
	}
	result := make([]int, ndim)
	for d := range result {
		result[d] = 1
	}
	for _, shape := range shapes {
		first := ndim - len(shape)
		for d, length := range shape {
			switch {
			case result[first+d] == 1:
				result[first+d] = length
			case length != 1 && length != result[first+d]:
				panic(newShapeError(op, "shapes do not broadcast", shapes...))
			}
		}
	}
	if _, _, err := Size(result, 1); err != nil {
		panic(newShapeError(op, err.Error(), shapes...))
	}
	return result
}

// broadcast returns l stretched to a shape that broadcastShape has returned for it: its elements lie where l's do, the
// stretched axes' one upon another.
func (l *layout) broadcast(shape []int) layout {
	if slices.Equal(l.shape, shape) {
		return *l
	}
	n := 1
	for _, length := range shape {
		n *= length // Size has accepted it
	}
	b := newLayout(len(shape), n)
	b.offset, b.readonly = l.offset, l.readonly
	copy(b.shape, shape)
	first := len(shape) - len(l.shape)
	for d, length := range l.shape {
		if length != 1 {
			b.strides[first+d] = l.strides[d]
		}
	}
	return b
}
