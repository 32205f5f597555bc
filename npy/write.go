package npy

import (
	"fmt"
	"io"
	"os"

	"github.com/samebytes/samebytes/ndarray"
)

// Order is the order of the elements in a file.
type Order uint8

const (
	Keep    Order = iota // Fortran order for an array whose elements lie so, else C order: what np.save does
	C                    // the last index moves fastest
	Fortran              // the first index moves fastest
)

// Format says how to write a file. The zero Format is np.save's, byte for byte.
type Format struct {
	Align     int // of the elements in the file, a power of two; by default 64. 4096 makes them begin on a page of their own
	Version   int // of the header: 1, 2 or 3; by default the first that can express it
	Order     Order
	BigEndian bool // elements and fields; else little-endian

	// HeaderBytes is what the header takes at least, ended by spaces, so that it can be written anew in its place; it is rounded up to
	// a multiple of Align, and at most MaxHeader. By default there is room for the length of one axis to grow to 21 digits.
	HeaderBytes int
}

func format(formats []Format) Format {
	f := Format{}
	if len(formats) > 0 {
		f = formats[0]
	}
	if f.Align == 0 {
		f.Align = 64
	}
	return f
}

// Write writes a as a file, to be read by anything that knows the format. Without a Format the bytes are those of np.save.
// The errors are those of [Header.Append], [ErrFormat] for a version or an order that is none, and w's. It panics with an [AlignError].
func Write[T ndarray.Element](w io.Writer, a *ndarray.Array[T], formats ...Format) error {
	return WriteAny(w, a.Any(), formats...)
}

// WriteAny is [Write] for a dtype that is only known at run time.
func WriteAny(w io.Writer, a *ndarray.Any, formats ...Format) error {
	f := format(formats)
	h, elements := f.header(a)
	b, err := h.append(nil, f, Header.appendText)
	if err != nil {
		return err
	}
	if elements.Contiguous() && len(elements.Data()) <= together && h.swaps() == nil {
		_, err = w.Write(append(b, elements.Data()...))
		return wrapped(err)
	}
	if _, err := w.Write(b); err != nil {
		return wrapped(err)
	}
	return writeElements(w, elements, h)
}

// together is how many bytes of elements are written in one call with the header, which takes half the time of two.
const together = 16 << 10

// header returns the header of a, and a with its elements' C order that of the file.
func (f Format) header(a *ndarray.Any) (Header, *ndarray.Any) {
	fortran := f.Order == Fortran || f.Order == Keep && !a.Contiguous() && a.T().Contiguous()
	h := Header{DType: a.DType(), BigEndian: f.BigEndian && a.DType().Ordered(), Fortran: fortran && ordersDiffer(a.Shape()), Shape: a.Shape()}
	if h.Fortran {
		return h, a.T()
	}
	return h, a
}

// writeElements writes elements in C order, in the header's byte order.
func writeElements(w io.Writer, a *ndarray.Any, h Header) error {
	swaps, itemsize := h.swaps(), h.DType.Size()
	if a.Contiguous() && swaps == nil {
		_, err := w.Write(a.Data())
		return wrapped(err)
	}
	var scratch []byte
	for part := range parts(a, max(block/max(itemsize, 1), 1)) {
		n := part.Len() * itemsize
		if n > len(scratch) {
			scratch = newBytes(n)
		}
		b := scratch[:n]
		copied, err := ndarray.AnyFromFlat(b, a.DType(), part.Shape(), false)
		if err == nil {
			err = part.CopyTo(copied)
		}
		if err != nil {
			return wrapped(err)
		}
		if swaps != nil {
			swapElements(b, itemsize, swaps)
		}
		if _, err := w.Write(b); err != nil {
			return wrapped(err)
		}
	}
	return nil
}

// parts yields views of a, in C order, of at most so many elements where an axis can be cut so.
func parts(a *ndarray.Any, most int) func(yield func(*ndarray.Any) bool) {
	var visit func(a *ndarray.Any, yield func(*ndarray.Any) bool) bool
	visit = func(a *ndarray.Any, yield func(*ndarray.Any) bool) bool {
		if a.Len() == 0 {
			return true
		}
		if a.Len() <= most || a.NDim() == 0 {
			return yield(a)
		}
		rows := a.Shape()[0]
		step := most / (a.Len() / rows)
		if step == 0 {
			for i := range rows {
				if !visit(a.Slice(ndarray.At(i)), yield) {
					return false
				}
			}
			return true
		}
		for i := 0; i < rows; i += step {
			if !yield(a.Slice(ndarray.Range(i, min(i+step, rows)))) {
				return false
			}
		}
		return true
	}
	return func(yield func(*ndarray.Any) bool) { visit(a, yield) }
}

// WriteFile writes a to a file of that very name, as [Write] does. A file that is there is replaced by the whole new one, at once:
// who reads it sees either, also when this process is killed meanwhile. Its permissions stay, and its owner and group as far as this
// process may give files to them; a new file's permissions are 0666 less the umask. Other names of the same file (hard links) keep the
// old content. A symbolic link stays, and the file it points to is replaced or made. What is there and no regular file, as a pipe or a
// device, is written to instead.
// The errors are also those of package os: fs.ErrPermission where the file may not be written, although its directory may.
func WriteFile[T ndarray.Element](path string, a *ndarray.Array[T], formats ...Format) error {
	return WriteFileAny(path, a.Any(), formats...)
}

// WriteFileAny is [WriteFile] for a dtype that is only known at run time.
func WriteFileAny(path string, a *ndarray.Any, formats ...Format) error {
	checkAlign(format(formats).Align)
	return replace(path, func(f *os.File) error { return WriteAny(f, a, formats...) })
}

func wrapped(err error) error {
	if err != nil {
		return fmt.Errorf("npy: %w", err)
	}
	return nil
}
