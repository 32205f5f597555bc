// Large results are read into memory that nobody has zeroed, and Go makes such memory only for strings.

package npy

import (
	"strings"
	"unsafe"
)

// unzeroed returns n bytes, more than none, of any content, for who writes them all: zeroing them first would take half the time
// of reading a file into them. It is sound because the string that shares them is seen by nobody, and an allocation of more
// than 32 KiB begins on a page. TestReadSizes guards it.
func unzeroed(n int) []byte {
	var b strings.Builder
	b.Grow(n)
	b.WriteByte(0)
	return unsafe.Slice(unsafe.StringData(b.String()), n)
}

// bytesOf returns words as bytes, n of them. It is sound because every pattern of bits is either, and words has as many bytes.
// TestReadSizes guards it.
func bytesOf(words []uint64, n int) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(words))), 8*len(words))[:n:n]
}
