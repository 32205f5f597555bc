package ndarray

import (
	"fmt"
	"math"
	"math/bits"
)

// MaxDims is the most axes an array may have: NumPy's own limit (NPY_MAXDIMS).
const MaxDims = 64

// Size returns the number of elements of a shape and the bytes that they take with the given itemsize.
// It is the one place where lengths of axes are multiplied: a shape with more than [MaxDims] axes, a negative length, or
// more bytes than an int counts is [ErrShape]. As in NumPy, axes of length zero do not excuse the others: (0, 1<<62, 8)
// is an error too.
func Size(shape []int, itemsize int) (n, nbytes int, err error) {
	if len(shape) > MaxDims {
		return 0, 0, fmt.Errorf("%w: expected at most %d axes, found %d", ErrShape, MaxDims, len(shape))
	}
	product, empty := uint64(itemsize), false
	for _, length := range shape {
		switch {
		case length < 0:
			return 0, 0, fmt.Errorf("%w: negative length in %v", ErrShape, shape)
		case length == 0:
			empty = true
		default:
			high, low := bits.Mul64(product, uint64(length))
			if high != 0 || low > math.MaxInt {
				return 0, 0, fmt.Errorf("%w: %v of %d-byte elements takes more than %d bytes", ErrShape, shape, itemsize, math.MaxInt)
			}
			product = low
		}
	}
	if empty {
		return 0, 0, nil
	}
	return int(product) / itemsize, int(product), nil
}
