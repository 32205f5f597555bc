package npy

import (
	"fmt"
	"runtime/debug"

	"github.com/samebytes/samebytes/ndarray"
)

const (
	// unbelieved is how much memory is taken for elements of which nobody knows whether they come, in bytes.
	unbelieved = 32 << 20
	// growth is by how much the memory grows when all of it is filled. So much that what is copied meanwhile is little beside the
	// elements that come; the pages that nothing comes for are never touched.
	growth = 16
	// huge is from how many bytes on memory is asked for in huge pages, of 2 MiB on most machines: as NumPy does.
	huge = 4 << 20
	// asked is from how many bytes on the system is asked whether it has as much, which takes longer than reading a small file.
	asked = 64 << 20
)

// newBytes returns n bytes that are aligned for any element, and that are to be written all.
func newBytes(n int) []byte {
	if n < huge {
		return bytesOf(make([]uint64, (n+7)/8), n)
	}
	b := unzeroed(n)
	inHugePages(b)
	return b
}

// newResult is newBytes for as many as a file asks for. The error is ndarray.ErrShape where there is no memory for them: to take it
// nevertheless would end the process.
func newResult(n int) ([]byte, error) {
	if err := roomFor(n); err != nil {
		return nil, err
	}
	return newBytes(n), nil
}

// roomFor returns ndarray.ErrShape where there is no memory for n bytes of elements.
func roomFor(n int) error {
	if n < asked {
		return nil
	}
	most := availableMemory()
	if n > most {
		debug.FreeOSMemory() // what is not used any more, as the array that was read before
		most = availableMemory()
	}
	if n > most {
		return fmt.Errorf("npy: %w: expected elements for which there is memory, of which %d bytes are available, found %d", ndarray.ErrShape, most, n)
	}
	if !addressable(n) {
		return fmt.Errorf("npy: %w: expected elements for which there is memory, found %d bytes, which the system denies", ndarray.ErrShape, n)
	}
	return nil
}

// grown returns memory of n bytes that begins with what data has, which must not be used any more. What is copied of it is given back
// at once, so that no more than the larger one's is ever taken.
func grown(data []byte, n int) ([]byte, error) {
	larger, err := newResult(n)
	if err != nil {
		return nil, err
	}
	const step = 8 << 20 // bytes that are there twice
	for at := 0; at < len(data); at += step {
		part := data[at:min(at+step, len(data))]
		copy(larger[at:], part)
		discard(part)
	}
	return larger, nil
}
