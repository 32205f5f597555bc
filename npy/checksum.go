package npy

import (
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/samebytes/samebytes/ndarray"
)

// checksumBlock is how many bytes of elements are put into the checksum's form at a time. Elements of another order are found
// in so many columns of it that most of a cache line is used.
const checksumBlock = 4 << 20

// Checksum returns a checksum of an array's contents: the same whatever its strides are, and for a file whatever its order,
// byte order and padding are.
//
// It is the SHA-256 of the elements in C order, one behind the other. Each takes its itemsize. Numbers, times and characters
// of text are in little-endian order, the real before the imaginary part; bools are 0 or 1, whatever byte a file has for
// true; the bytes of a struct that belong to no field are zero; all other bytes are as they are, so that 0.0 and -0.0 differ,
// and NaNs of other bits. It says nothing of dtype and shape.
//
// Elements that do not lie so are copied, a few MiB at a time.
func Checksum(a *ndarray.Any) [sha256.Size]byte {
	return checksum(a, contents(Header{DType: a.DType(), BigEndian: nativeBig}))
}

// ChecksumFile returns the header of a file, and the [Checksum] of its array, of which it reads a few MiB at a time. Where
// the file is in Fortran order, it is mapped: it must not be cut meanwhile.
// The errors are those of [ReadFile].
func ChecksumFile(path string, limits ...Limits) (h Header, sum [sha256.Size]byte, err error) {
	f, err := os.Open(path)
	if err != nil {
		return h, sum, wrapped(err)
	}
	defer f.Close()
	h, err = ReadHeader(f, limits...)
	if err == nil {
		sum, err = checksumRest(f, h, func() ([]byte, *ndarray.Any, error) {
			return mapElements(f, int64(h.DataOffset), h, ReadOnly)
		})
	}
	return h, sum, inFile(path, err)
}

// Checksum returns the header of the array and its [Checksum], for which it takes little memory as [ChecksumFile] does, but
// that of all elements where they are in Fortran order and compressed. The errors are those of [ReadMember].
func (m Member) Checksum() (h Header, sum [sha256.Size]byte, err error) {
	r, err := m.open()
	if err == nil {
		h, err = ReadHeader(r, m.z.limits)
	}
	if err == nil {
		sum, err = checksumRest(r, h, func() ([]byte, *ndarray.Any, error) { return m.z.mapRest(r, h, ReadOnly, false) })
	}
	if err == nil {
		err = r.finish()
	}
	if err != nil {
		return h, sum, m.failed(err)
	}
	return h, sum, nil
}

// checksumRest returns the checksum of the elements that follow a header in r, which mapped may map.
func checksumRest(r io.Reader, h Header, mapped func() ([]byte, *ndarray.Any, error)) (sum [sha256.Size]byte, err error) {
	available, known := remaining(r, h.NBytes())
	switch nbytes := h.NBytes(); {
	case nbytes > available:
		return sum, fmt.Errorf("npy: %w: expected %d bytes of elements, found %d", ErrTruncated, nbytes, available)
	case !h.Fortran && h.DType.Size() <= checksumBlock:
		return checksumStream(r, h)
	case known:
		memory, a, err := mapped()
		if err == nil {
			sum = checksum(a, contents(h))
			return sum, wrapped(unmap(memory))
		}
		if !errors.Is(err, errors.ErrUnsupported) && !errors.Is(err, ndarray.ErrLayout) {
			return sum, err
		}
	}
	a, err := readElements(r, h)
	if err != nil {
		return sum, err
	}
	return Checksum(a), nil
}

// checksumStream is checksumRest for elements in C order.
func checksumStream(r io.Reader, h Header) (sum [sha256.Size]byte, err error) {
	form, hash, left := contents(h), sha256.New(), h.NBytes()
	if left > 0 {
		buffer := newBytes(min(max(checksumBlock/form.itemsize, 1)*form.itemsize, left))
		for left > 0 {
			part := buffer[:min(len(buffer), left)]
			if n, err := io.ReadFull(r, part); err != nil {
				return sum, endOf(err, h.NBytes(), h.NBytes()-left+n)
			}
			form.apply(part)
			hash.Write(part)
			left -= len(part)
		}
	}
	return [sha256.Size]byte(hash.Sum(nil)), nil
}

// checksum returns the checksum of an array whose elements have a form.
func checksum(a *ndarray.Any, form content) [sha256.Size]byte {
	hash := sha256.New()
	switch {
	case a.Len() == 0 || form.itemsize == 0:
	case a.Contiguous() && form.plain():
		hash.Write(a.Data())
	default:
		var scratch []byte
		for part := range parts(a, max(checksumBlock/form.itemsize, 1)) {
			n := part.Len() * form.itemsize
			if n > len(scratch) {
				scratch = newBytes(n)
			}
			copied, err := ndarray.AnyFromFlat(scratch[:n], a.DType(), part.Shape(), false)
			if err == nil {
				err = part.CopyTo(copied)
			}
			if err != nil {
				panic(err) // a copy has the dtype and shape
			}
			form.apply(scratch[:n])
			hash.Write(scratch[:n])
		}
	}
	return [sha256.Size]byte(hash.Sum(nil))
}

// content is what has to be done to an element's bytes for a checksum.
type content struct {
	itemsize int
	swaps    []swap // to this machine's order
	little   []swap // and from that
	bools    []swap
	gaps     []gap
}

// contents returns what has to be done to the elements of a header.
func contents(h Header) content {
	c := content{itemsize: h.DType.Size(), swaps: h.swaps(), bools: boolsOf(h.DType), gaps: gapsOf(h.DType)}
	if nativeBig {
		c.little = swapsOf(h.DType)
	}
	return c
}

func (c content) plain() bool {
	return c.swaps == nil && c.little == nil && c.bools == nil && c.gaps == nil
}

// apply does it to elements that lie one after the other.
func (c content) apply(b []byte) {
	for _, swaps := range [][]swap{c.swaps, c.little, c.bools} {
		swapElements(b, c.itemsize, swaps)
	}
	if c.gaps != nil {
		for ; len(b) > 0; b = b[c.itemsize:] {
			clearGaps(b[:c.itemsize], c.gaps)
		}
	}
}

// gap says which bytes of an element are no field's: size from an offset on; or, where it has inner ones, those n times, step
// bytes apart.
type gap struct {
	offset, size int
	n, step      int
	inner        []gap
}

func gapsOf(d ndarray.DType) []gap {
	if base := d.Base(); base != d {
		if inner := gapsOf(base); inner != nil && d.Size() > 0 {
			return []gap{{n: d.Size() / base.Size(), step: base.Size(), inner: inner}}
		}
		return nil
	}
	if d.Fields() == nil {
		return nil
	}
	var gaps []gap
	end := 0
	for _, f := range byOffset(d.Fields()) {
		if f.Offset > end {
			gaps = append(gaps, gap{offset: end, size: f.Offset - end})
		}
		for _, g := range gapsOf(f.DType) {
			g.offset += f.Offset
			gaps = append(gaps, g)
		}
		end = f.Offset + f.DType.Size()
	}
	if d.Size() > end {
		gaps = append(gaps, gap{offset: end, size: d.Size() - end})
	}
	return gaps
}

// byOffset sorts fields, which don't overlap, by their place.
func byOffset(fields []ndarray.DTypeField) []ndarray.DTypeField {
	slices.SortStableFunc(fields, func(a, b ndarray.DTypeField) int {
		return cmp.Or(cmp.Compare(a.Offset, b.Offset), cmp.Compare(a.DType.Size(), b.DType.Size()))
	})
	return fields
}

func clearGaps(b []byte, gaps []gap) {
	for _, g := range gaps {
		at := b[g.offset:]
		if g.inner == nil {
			clear(at[:g.size])
			continue
		}
		for i := range g.n {
			clearGaps(at[i*g.step:(i+1)*g.step], g.inner)
		}
	}
}
