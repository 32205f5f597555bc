package shm

// Mapped bytes become elements and counters here, and nowhere else.

import (
	"fmt"
	"sync/atomic"
	"unsafe"

	"github.com/samebytes/samebytes/ndarray"
)

// elements returns n elements that begin at byte off, sharing b's memory.
// The error is ndarray.ErrLayout when they are not aligned, as in a .npy file whose header was not padded.
func elements[T ndarray.Element](b []byte, off, n int) ([]T, error) {
	if n == 0 {
		return nil, nil
	}
	var zero T
	b = b[off : off+n*int(unsafe.Sizeof(zero))] // the bounds check that the cast below relies on
	p := unsafe.Pointer(&b[0])
	if uintptr(p)%unsafe.Alignof(zero) != 0 {
		return nil, fmt.Errorf("%w: elements of %d bytes begin at byte %d of the file, which is no multiple of %d",
			ndarray.ErrLayout, unsafe.Sizeof(zero), off, unsafe.Alignof(zero))
	}
	// Sound but for bool: the bytes are within b, aligned, hold no pointers, and live outside the garbage collector's heap
	// until unmapped. Any bytes are a value of every other type; of bool only 0 and 1 are, which [Attach] tells its callers.
	// Guarded by TestAttachMisaligned and, for the bounds, by the checks of content.
	return unsafe.Slice((*T)(p), n), nil
}

// published returns the counter in the control block. The mapping must have one.
func (m *mapping) published() *atomic.Uint64 {
	// Sound: controlOffset is a multiple of the page size, the field's offset one of 8, and both lie within the mapping, as
	// decodeFooter checked. Guarded by TestControlBlock.
	return (*atomic.Uint64)(unsafe.Pointer(&m.bytes[m.content.controlOffset+publishedOffset]))
}

// futexWord returns the low half of that counter: the lower address, both systems that are supported being little-endian.
// Sound as published is. Guarded by TestM05VersionWraps.
func (m *mapping) futexWord() *uint32 {
	return (*uint32)(unsafe.Pointer(m.published()))
}
