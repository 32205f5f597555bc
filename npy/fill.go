package npy

import (
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/samebytes/samebytes/ndarray"
)

const (
	// block is how many bytes are read before they are put into this machine's byte order, or summed: they are still in the cache then.
	block = 256 << 10
	// atOnce is from how many bytes on a file is read by several goroutines: the kernel copies no faster than one CPU.
	atOnce = 8 << 20
)

// fill reads whole elements of a header's dtype into dst, and puts them into this machine's byte order. They follow so many bytes
// that were read before, of nbytes in all, which an error counts.
func fill(dst []byte, r io.Reader, h Header, before, nbytes int) error {
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
			return endOf(err, nbytes, before+read+n)
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

const (
	// slab is how many bytes are read before they are stored elsewhere in another order: half of what the smaller caches of today have.
	slab = 1 << 20
	// run is how many bytes of a slab must come to lie one behind the other, for less would fill lines of the cache in parts.
	run = 64
)

// fillAcross reads elements into dst, whose C order is that of the file, whatever its layout. It reports false, and has read nothing,
// where they should rather be read all before they are stored: a slab would have too few of each line of dst.
func fillAcross(dst *ndarray.Any, r io.Reader, h Header) (done bool, err error) {
	nbytes, itemsize := h.NBytes(), h.DType.Size()
	shape := dst.Shape()
	if nbytes < slab || len(shape) == 0 {
		return false, nil
	}
	rows, rowBytes := shape[0], nbytes/shape[0]
	step := slab / rowBytes
	if step*itemsize < run {
		return false, nil
	}
	swaps := h.swaps()
	store := func(b []byte, first int) error {
		part := dst.Slice(ndarray.Range(first, first+len(b)/rowBytes))
		swapElements(b, itemsize, swaps)
		makeBools(b, h.DType)
		a, err := ndarray.AnyFromFlat(b, h.DType, part.Shape(), false)
		if err == nil {
			err = a.CopyTo(part)
		}
		return wrapped(err)
	}
	workers := runtime.GOMAXPROCS(0)
	f, at, size, ok := behind(r)
	if !ok || nbytes < atOnce || workers == 1 {
		b := newBytes(step * rowBytes)
		for first := 0; first < rows; first += step {
			part := b[:min(step, rows-first)*rowBytes]
			if n, err := io.ReadFull(r, part); err != nil {
				return true, endOf(err, nbytes, first*rowBytes+n)
			}
			if err := store(part, first); err != nil {
				return true, err
			}
		}
		return true, nil
	}
	if available := int(min(max(size-at, 0), math.MaxInt)); nbytes > available {
		return true, truncatedElements(nbytes, available)
	}
	errs := make([]error, workers)
	var next atomic.Int64 // the first row that nobody reads yet
	var group sync.WaitGroup
	for i := range workers {
		group.Go(func() {
			b := newBytes(step * rowBytes)
			for {
				first := int(next.Add(int64(step))) - step
				if first >= rows {
					return
				}
				part := b[:min(step, rows-first)*rowBytes]
				if n, err := f.ReadAt(part, at+int64(first*rowBytes)); n < len(part) {
					errs[i] = endOf(err, nbytes, first*rowBytes+n)
					return
				}
				if errs[i] = store(part, first); errs[i] != nil {
					return
				}
			}
		})
	}
	group.Wait()
	for _, err := range errs {
		if err != nil {
			return true, err
		}
	}
	_, err = f.Seek(at+int64(nbytes), io.SeekStart)
	return true, wrapped(err)
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
		return truncatedElements(needed, found)
	}
	return fmt.Errorf("npy: %w", err)
}

func truncatedElements(needed, found int) error {
	return fmt.Errorf("npy: %w: expected %d bytes of elements, found %d", ErrTruncated, needed, found)
}
