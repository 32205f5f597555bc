package npy

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"sync"
)

const (
	// block is how many bytes are read before they are put into this machine's byte order: they are still in the cache then.
	block = 256 << 10
	// atOnce is from how many bytes on a file is read by several goroutines: the kernel copies no faster than one CPU.
	atOnce = 8 << 20
)

// fill reads whole elements of a header's dtype into dst, and puts them into this machine's byte order.
func fill(dst []byte, r io.Reader, h Header) error {
	if len(dst) >= atOnce && runtime.GOMAXPROCS(0) > 1 {
		if f, at, _, ok := behind(r); ok {
			if ahead, ok := r.(*file); ok {
				ahead.used = ahead.n // which is read again
			}
			return fillAtOnce(dst, f, at, h)
		}
	}
	itemsize, swaps := h.DType.Size(), h.swaps()
	size := partSize(len(dst), itemsize, swaps)
	for read := 0; read < len(dst); read += size {
		part := dst[read:min(read+size, len(dst))]
		if n, err := io.ReadFull(r, part); err != nil {
			return endOf(err, len(dst), read+n)
		}
		swapElements(part, itemsize, swaps)
	}
	return nil
}

// fillAtOnce is fill for a file that can be read anywhere, from an offset on. It leaves the file's offset behind what it read.
func fillAtOnce(dst []byte, f *os.File, at int64, h Header) error {
	itemsize, swaps := h.DType.Size(), h.swaps()
	workers := runtime.GOMAXPROCS(0)
	share := (len(dst)/itemsize + workers - 1) / workers * itemsize
	size := partSize(share, itemsize, swaps)
	errs := make([]error, workers)
	var group sync.WaitGroup
	for i := range workers {
		first, end := min(i*share, len(dst)), min((i+1)*share, len(dst))
		group.Go(func() {
			for ; first < end; first += size {
				part := dst[first:min(first+size, end)]
				if n, err := f.ReadAt(part, at+int64(first)); n < len(part) {
					errs[i] = endOf(err, len(dst), first+n)
					return
				}
				swapElements(part, itemsize, swaps)
			}
		})
	}
	group.Wait()
	for _, err := range errs {
		if err != nil {
			return err // the first one is that of the lowest offset
		}
	}
	_, err := f.Seek(at+int64(len(dst)), io.SeekStart)
	return err
}

// partSize returns how many bytes of n to read at once: whole elements, and all where nothing has to be done to them.
func partSize(n, itemsize int, swaps []swap) int {
	if swaps == nil {
		return max(n, 1)
	}
	return max(block/itemsize, 1) * itemsize
}

// endOf turns what io.ReadFull and ReadAt return at the end of a file into ErrTruncated.
func endOf(err error, needed, found int) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		err = fmt.Errorf("%w: expected %d bytes of elements, found %d", ErrTruncated, needed, found)
	}
	return fmt.Errorf("npy: %w", err)
}
