package npy

import (
	"fmt"
	"hash/crc32"
	"io"
	"runtime"
	"sync"
)

const (
	// block is how many bytes are read before they are put into this machine's byte order, or summed: they are still in the cache then.
	block = 256 << 10
	// atOnce is from how many bytes on a file is read by several goroutines: the kernel copies no faster than one CPU.
	atOnce = 8 << 20
)

// fill reads whole elements of a header's dtype into dst, and puts them into this machine's byte order.
func fill(dst []byte, r io.Reader, h Header) error {
	if m, ok := r.(*memberReader); ok && m.packed == nil {
		return m.fill(dst, h)
	}
	if len(dst) >= atOnce && runtime.GOMAXPROCS(0) > 1 {
		if f, at, _, ok := behind(r); ok {
			if ahead, ok := r.(*file); ok {
				ahead.used = ahead.n // which is read again
			}
			if _, err := fillAtOnce(dst, f, at, h, false); err != nil {
				return err
			}
			_, err := f.Seek(at+int64(len(dst)), io.SeekStart)
			return err
		}
	}
	itemsize, swaps := h.DType.Size(), h.swaps()
	size := partSize(len(dst), itemsize, swaps != nil)
	for read := 0; read < len(dst); read += size {
		part := dst[read:min(read+size, len(dst))]
		if n, err := io.ReadFull(r, part); err != nil {
			return endOf(err, len(dst), read+n)
		}
		swapElements(part, itemsize, swaps)
	}
	return nil
}

// fillAtOnce is fill for what can be read anywhere, from an offset on. It returns the CRC-32 of what it read, if that is asked for.
func fillAtOnce(dst []byte, r io.ReaderAt, at int64, h Header, summed bool) (crc uint32, err error) {
	if len(dst) == 0 {
		return 0, nil
	}
	itemsize, swaps := h.DType.Size(), h.swaps()
	workers := runtime.GOMAXPROCS(0)
	if len(dst) < atOnce {
		workers = 1
	}
	share := (len(dst)/itemsize + workers - 1) / workers * itemsize
	size := partSize(share, itemsize, summed || swaps != nil)
	bounds := func(i int) (first, end int) { return min(i*share, len(dst)), min((i+1)*share, len(dst)) }
	work := func(i int) (crc uint32, err error) {
		first, end := bounds(i)
		for ; first < end; first += size {
			part := dst[first:min(first+size, end)]
			if n, err := r.ReadAt(part, at+int64(first)); n < len(part) {
				return 0, endOf(err, len(dst), first+n)
			}
			if summed {
				crc = crc32.Update(crc, crc32.IEEETable, part)
			}
			swapElements(part, itemsize, swaps)
		}
		return crc, nil
	}
	if workers == 1 {
		return work(0)
	}
	crcs, errs := make([]uint32, workers), make([]error, workers)
	var group sync.WaitGroup
	for i := range workers {
		group.Go(func() { crcs[i], errs[i] = work(i) })
	}
	group.Wait()
	for i, err := range errs {
		if err != nil {
			return 0, err // the first one is that of the lowest offset
		}
		if first, end := bounds(i); summed {
			crc = joined(crc, crcs[i], end-first)
		}
	}
	return crc, nil
}

// partSize returns how many bytes of n to read at once: whole elements that stay in the cache where something has to be done to them,
// else all.
func partSize(n, itemsize int, visited bool) int {
	if !visited || itemsize == 0 {
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
