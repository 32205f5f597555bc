package kern

import (
	"bytes"
	"reflect"
)

// Bools are bytes of one or zero, which package bytes searches and counts by kernels of its own. Numbers become such bytes by a
// kernel first, where there is one.

// truthBlock is how many at a time: few enough that they are still in the cache when they are counted.
const truthBlock = 2048

// inBlocks reports whether so many elements are worth that.
func inBlocks[T comparable](x Vec[T], n int) bool {
	return x.Inc == 1 && n >= 64 && (reflect.TypeFor[T]().Kind() == reflect.Bool || converts[bool, T]())
}

// truths returns whether the elements of a block that begins with x's element at are not zero. It may use buf.
func truths[T comparable](buf *[truthBlock]bool, x Vec[T], at, n int) []byte {
	n = min(n-at, len(buf))
	if bools, ok := any(x.Data).([]bool); ok {
		return boolBytes(bools[x.Off+at:][:n])
	}
	x.Off += at
	NonZero(buf[:], x, n)
	return boolBytes(buf[:n])
}

func countInBlocks[T comparable](x Vec[T], n int) int {
	var buf [truthBlock]bool
	count, one := 0, []byte{1}
	for at := 0; at < n; at += truthBlock {
		count += bytes.Count(truths(&buf, x, at, n), one)
	}
	return count
}

// findInBlocks reports whether one of n elements is not zero, or, for a truth of zero, is.
func findInBlocks[T comparable](x Vec[T], n int, truth byte) bool {
	var buf [truthBlock]bool
	for at := 0; at < n; at += truthBlock {
		if bytes.IndexByte(truths(&buf, x, at, n), truth) >= 0 {
			return true
		}
	}
	return false
}
