package npy

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/samebytes/samebytes/ndarray"
)

// Limits bounds what a file may ask for. A zero field is its default.
type Limits struct {
	HeaderBytes int // of the header; by default, and at most, [MaxHeader]
	Axes        int // of the shape; by default, and at most, [ndarray.MaxDims]
	Bytes       int // that the elements take; by default as many as an int counts. More than there is memory for are not read
	Ratio       int // of a compressed member's bytes to those that it takes; by default what the method allows, about 1000 for deflated zeros
	Directory   int // bytes of an archive's table of its members; by default 8 MiB, enough for 100,000, which take 64 MiB of memory
}

// check returns an error where a header asks for more.
func (l Limits) check(h Header) error {
	switch {
	case l.HeaderBytes > 0 && h.DataOffset > l.HeaderBytes:
		return fmt.Errorf("npy: %w: expected a header of at most %d bytes, found %d", ErrFormat, l.HeaderBytes, h.DataOffset)
	case l.Axes > 0 && len(h.Shape) > l.Axes:
		return fmt.Errorf("npy: %w: expected at most %d axes, found %v", ndarray.ErrShape, l.Axes, h.Shape)
	case l.Bytes > 0 && h.NBytes() > l.Bytes:
		return fmt.Errorf("npy: %w: expected at most %d bytes of elements, found %d for %v of %v",
			ndarray.ErrShape, l.Bytes, h.NBytes(), h.Shape, h.DType)
	}
	return nil
}

// first returns the only limits given, or the defaults.
func first(limits []Limits) Limits {
	if len(limits) == 0 {
		return Limits{}
	}
	return limits[0]
}

// Read reads the next array of r: a header, and the elements. It reads no byte more, so that arrays written one behind the other
// are read by as many calls. The array has memory of its own; it is in C order or, as the header says, in Fortran order.
// T is the elements' dtype, in whichever byte order; or a struct that has fields of the same names and dtypes, which may lie
// elsewhere and be fewer.
//
// What a header claims is not believed. Files, and what packages bytes and strings make of memory, say how much they have, and
// fewer bytes than needed are refused. Of any other r memory is filled as the elements come: on Linux what has come and at most 64 MiB
// more, elsewhere up to twice that. Addresses, which cost nothing, are taken for 32 MiB at first, and for at most 16 times what has come.
//
// The errors are those of [Parse], [ndarray.ErrDType] where the elements are not T's, [ErrTruncated] where r ends before they
// do, io.EOF where it ends before the first byte, [ndarray.ErrShape] where (on Linux) the machine, a control group or a limit leaves no
// memory for the elements, those of limits, and r's.
func Read[T ndarray.Element](r io.Reader, limits ...Limits) (*ndarray.Array[T], error) {
	h, err := readHeader(r, first(limits))
	if err != nil {
		return nil, err
	}
	want, err := elementType[T](h)
	if err != nil {
		return nil, err
	}
	return readTyped[T](r, h, want)
}

// readTyped reads the elements that follow a header for which elementType has returned want.
func readTyped[T ndarray.Element](r io.Reader, h Header, want ndarray.DType) (*ndarray.Array[T], error) {
	if h.DType != want {
		a, err := readElements(r, h)
		if err != nil {
			return nil, err
		}
		return withFields[T](a)
	}
	b, err := readBytes(r, h)
	if err != nil {
		return nil, err
	}
	data, err := ndarray.ElementsOf[T](b, h.Len()) // of b, which is aligned for any, and whose bools are 0 or 1 by makeBools
	if err != nil {
		return nil, wrapped(err)
	}
	a, err := ndarray.FromFlat(data, h.Shape, h.Fortran)
	return a, wrapped(err)
}

// ReadAny is [Read] for a dtype that is only known at run time.
func ReadAny(r io.Reader, limits ...Limits) (*ndarray.Any, error) {
	h, err := readHeader(r, first(limits))
	if err != nil {
		return nil, err
	}
	return readElements(r, h)
}

// ReadElements reads the elements that follow a header which [ReadHeader] has read, as [ReadAny] does both.
// The errors are those of reading, and [ndarray.ErrDType] and [ndarray.ErrShape] for a header that neither ReadHeader nor
// Parse has returned, or whose DType was changed where it is Mixed.
func ReadElements(r io.Reader, h Header) (*ndarray.Any, error) {
	if _, _, err := h.size(); err != nil {
		return nil, fmt.Errorf("npy: %w", err)
	}
	if h.Mixed && h.mixed != h.DType {
		return nil, fmt.Errorf("npy: %w: expected the struct whose fields a header says to have both byte orders, found %v", ndarray.ErrDType, h.DType)
	}
	return readElements(r, h)
}

// ReadInto reads the next array of r, as [Read] does, into dst, which has any layout: so a file in Fortran order is turned into
// C order, or read into a part of another array. Where elements lie in dst otherwise than in the file, it takes memory for some
// of them, or for all where axes are so long that going over dst again and again would take longer.
// The error is also [ndarray.ErrShape] where dst has another shape than the file. After an error dst may have some of the elements.
// Before reading it panics with [ndarray.ErrReadOnly], and with an [ndarray.LayoutError] where elements of dst lie under several indices.
func ReadInto[T ndarray.Element](dst *ndarray.Array[T], r io.Reader, limits ...Limits) error {
	if !dst.Writable() {
		panic(ndarray.ErrReadOnly)
	}
	if !dst.Contiguous() && !dst.T().Contiguous() {
		ndarray.Put(dst, ndarray.New[int64](0), ndarray.New[T](0)) // of nothing: it only panics where dst can't be written
	}
	h, err := readHeader(r, first(limits))
	if err != nil {
		return err
	}
	want, err := elementType[T](h)
	if err != nil {
		return err
	}
	if !slices.Equal(h.Shape, dst.Shape()) {
		return fmt.Errorf("npy: %w: expected %v as dst has, found %v", ndarray.ErrShape, dst.Shape(), h.Shape)
	}
	inOrder := dst
	if h.Fortran {
		inOrder = dst.T()
	}
	if h.DType == want && inOrder.Contiguous() {
		data := inOrder.Any().Data()
		err := fill(data, r, h, 0, len(data))
		makeBools(data, h.DType)
		return err
	}
	if h.DType == want {
		if done, err := fillAcross(inOrder.Any(), r, h); done {
			return err
		}
	}
	read, err := readTyped[T](r, h, want)
	if err != nil {
		return err
	}
	ndarray.CopyTo(dst, read)
	return nil
}

// ReadFile reads the array of a file, as [Read] does. What follows the elements is left unread.
func ReadFile[T ndarray.Element](path string, limits ...Limits) (*ndarray.Array[T], error) {
	f, err := openFile(path)
	if err != nil {
		return nil, wrapped(err)
	}
	defer f.close()
	a, err := Read[T](f, limits...)
	return a, inFile(path, err)
}

// ReadFileAny is [ReadFile] for a dtype that is only known at run time.
func ReadFileAny(path string, limits ...Limits) (*ndarray.Any, error) {
	f, err := openFile(path)
	if err != nil {
		return nil, wrapped(err)
	}
	defer f.close()
	a, err := ReadAny(f, limits...)
	return a, inFile(path, err)
}

// inFile says in which file an error was met, unless it does. That a file is empty is no end of arrays.
func inFile(path string, err error) error {
	if err == io.EOF {
		err = truncated(textOff1, 0)
	}
	if failed := (*os.PathError)(nil); errors.As(err, &failed) && failed.Path == path {
		return err
	}
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// ReadHeader reads the header of the next array of r, and no byte more.
// The errors are those of [Parse] and of limits, io.EOF where r ends before the first byte, and r's.
func ReadHeader(r io.Reader, limits ...Limits) (Header, error) {
	h, err := readHeader(r, first(limits))
	h.Shape = slices.Clone(h.Shape)
	return h, err
}

// readHeader is ReadHeader, of which the shape must not be changed.
func readHeader(r io.Reader, limits Limits) (h Header, err error) {
	if f, ok := r.(*file); ok {
		if b := f.header(); b != nil {
			if h, err = parseAgain(b); err == nil {
				err = limits.check(h)
			}
			return h, err
		}
	}
	room := headers.Get().(*[textOff2 + 512]byte)
	defer headers.Put(room)
	b := room[:textOff1]
	if n, err := io.ReadFull(r, b); err == io.EOF {
		return Header{}, err
	} else if err == io.ErrUnexpectedEOF {
		if _, _, bad := measure(b[:n]); bad != nil {
			return Header{}, fmt.Errorf("npy: %w", bad)
		}
		return Header{}, fmt.Errorf("npy: %w", truncated(textOff1, n))
	} else if err != nil {
		return Header{}, fmt.Errorf("npy: %w", err)
	}
	size, _, err := measure(b)
	if err != nil && len(b) == textOff1 && b[len(magic)] != 1 { // which has its length after that
		b = room[:textOff2]
		if n, failed := io.ReadFull(r, b[textOff1:]); failed != nil {
			return Header{}, shortOf(failed, textOff2, textOff1+n)
		}
		size, _, err = measure(b)
	}
	if err != nil {
		return Header{}, fmt.Errorf("npy: %w", err)
	}
	if limits.HeaderBytes > 0 && size > limits.HeaderBytes {
		return Header{}, limits.check(Header{DataOffset: size})
	}
	begun := len(b)
	if size <= len(room) {
		b = room[:size]
	} else {
		b = append(make([]byte, 0, size), b...)[:size]
	}
	if n, err := io.ReadFull(r, b[begun:]); err != nil {
		return Header{}, shortOf(err, size, begun+n)
	}
	if h, err = parseAgain(b); err == nil {
		err = limits.check(h)
	}
	return h, err
}

// latest is the header that was read last: files that are read one after the other often have the same.
var latest atomic.Pointer[parsed]

type parsed struct {
	bytes  []byte
	header Header
}

// parseAgain is Parse of all of b, whose shape must not be changed.
func parseAgain(b []byte) (Header, error) {
	if l := latest.Load(); l != nil && bytes.Equal(l.bytes, b) {
		return l.header, nil
	}
	h, err := Parse(b)
	if most := len(file{}.start); err == nil && len(b) <= most {
		latest.Store(&parsed{bytes.Clone(b), h})
	}
	return h, err
}

// headers has room for most of them.
var headers = sync.Pool{New: func() any { return new([textOff2 + 512]byte) }}

// shortOf turns what io.ReadFull returned into the error of a header that ends too early, if it is that.
func shortOf(err error, needed, found int) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		err = truncated(needed, found)
	}
	return fmt.Errorf("npy: %w", err)
}

// elementType returns the dtype of T.
// The error is ndarray.ErrDType where a header's elements are neither that nor structs that have its fields.
func elementType[T ndarray.Element](h Header) (ndarray.DType, error) {
	want, err := elementDType[T]()
	if err != nil {
		return want, fmt.Errorf("npy: %w", err)
	}
	if h.DType != want {
		if err := hasFields(h.DType, want); err != nil {
			return want, fmt.Errorf("npy: %w", err)
		}
	}
	return want, nil
}

// elementDType returns the dtype of T, or ndarray.ErrDType.
func elementDType[T ndarray.Element]() (ndarray.DType, error) {
	return ndarray.DTypeOfType(reflect.TypeFor[T]())
}

// readElements reads the elements that follow a header.
func readElements(r io.Reader, h Header) (*ndarray.Any, error) {
	data, err := readBytes(r, h)
	if err != nil {
		return nil, err
	}
	a, err := ndarray.AnyFromFlat(data, h.DType, h.Shape, h.Fortran)
	return a, wrapped(err)
}

// readBytes reads the elements that follow a header into memory of their own.
func readBytes(r io.Reader, h Header) ([]byte, error) {
	nbytes := h.NBytes()
	available, known := remaining(r, nbytes)
	if nbytes > available {
		return nil, truncatedElements(nbytes, available)
	}
	capacity, parts := nbytes, h
	if itemsize := h.DType.Size(); !known && nbytes > unbelieved {
		if capacity = unbelieved / itemsize * itemsize; capacity == 0 { // less than an element: their bytes are put in order at the end
			capacity, parts = unbelieved, Header{DType: ndarray.Uint8}
		}
	}
	data, err := newResult(capacity)
	if err != nil {
		return nil, err
	}
	for filled := 0; ; {
		if err := fill(data[filled:], r, parts, filled, nbytes); err != nil {
			return nil, err
		}
		if filled = len(data); filled == nbytes {
			break
		}
		if data, err = grown(data, min(nbytes, growth*filled)); err != nil {
			return nil, err
		}
	}
	if parts.DType != h.DType {
		swapElements(data, h.DType.Size(), h.swaps())
	}
	makeBools(data, h.DType)
	return data, nil
}
