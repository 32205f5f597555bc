package npy

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/samebytes/samebytes/ndarray"
)

// Unknown is the number of rows of a [Writer] that learns it by the end.
const Unknown = -1

// Writer writes an array in pieces, along its first axis. Make one with [NewWriter].
type Writer[T ndarray.Element] struct {
	w      io.Writer
	format Format
	header Header
	size   int // bytes of the header, whatever the number of rows
	start  int64
	rows   int  // written so far
	ended  bool // the header has, or could not get, the number of rows
	err    error
}

// NewWriter begins a file of so many rows, each of a shape: all the lengths of the array but the first. If rows is [Unknown], w must
// be an io.WriteSeeker, as files are: the header says zero rows until [Writer.Close] puts the number in its place, so that what
// is written is a valid file at every moment. Without that Close, as of a process that was killed, the rows are there uncounted:
// [ReadElements] reads them by a header that counts them, and [Append] refuses the file. A w opened with os.O_APPEND, in which nothing
// has a place, is refused. A Format can't ask for Fortran order.
// The errors are those of [Write], [ndarray.ErrLayout] for Fortran order or a w that can't be sought in, and w's.
func NewWriter[T ndarray.Element](w io.Writer, rows int, row []int, formats ...Format) (*Writer[T], error) {
	wr := &Writer[T]{w: w, format: format(formats)}
	if wr.format.Order == Fortran {
		return nil, fmt.Errorf("npy: %w: expected C order, in which rows follow each other", ndarray.ErrLayout)
	}
	length := rows
	if rows == Unknown {
		seeker, ok := w.(io.WriteSeeker)
		if !ok {
			return nil, fmt.Errorf("npy: %w: expected an io.WriteSeeker, or the number of rows, found %T", ndarray.ErrLayout, w)
		}
		var err error
		if wr.start, err = seeker.Seek(0, io.SeekCurrent); err != nil {
			return nil, wrapped(err)
		}
		if at, ok := w.(io.WriterAt); ok {
			if _, err := at.WriteAt(nil, wr.start); err != nil { // as os.File does after O_APPEND
				return nil, fmt.Errorf("npy: %w: expected a file in which the header can be written last: %w", ndarray.ErrLayout, err)
			}
		}
		length = 0
	}
	d, err := elementDType[T]()
	if err != nil {
		return nil, wrapped(err)
	}
	wr.header = Header{DType: d, BigEndian: wr.format.BigEndian && d.Ordered(), Shape: append([]int{length}, row...)}
	b, err := wr.header.append(nil, wr.format, Header.appendText)
	if err != nil {
		return nil, err
	}
	wr.size = len(b)
	if rows == Unknown {
		wr.header.Shape[0] = Unknown
	}
	if _, err := w.Write(b); err != nil {
		return nil, wrapped(err)
	}
	return wr, nil
}

// Write writes rows: an array of one more axis than a row has, or a single row.
// The errors are [ndarray.ErrShape] where they are of another shape or too many, after which nothing was written, and w's, after
// which the Writer only returns that.
func (w *Writer[T]) Write(a *ndarray.Array[T]) error {
	if w.err != nil {
		return w.err
	}
	shape, row := a.Shape(), w.header.Shape[1:]
	n := 1
	if !slices.Equal(shape, row) {
		if len(shape) == 0 || !slices.Equal(shape[1:], row) {
			return fmt.Errorf("npy: %w: expected rows of shape %v, found %v", ndarray.ErrShape, row, shape)
		}
		n = shape[0]
	}
	if rows := w.header.Shape[0]; rows != Unknown && n > rows-w.rows {
		return fmt.Errorf("npy: %w: expected at most %d further rows, found %d", ndarray.ErrShape, rows-w.rows, n)
	}
	if err := writeElements(w.w, a.Any(), w.header); err != nil {
		w.err = err
		return err
	}
	w.rows += n
	return nil
}

// Close ends the file. It does not close what it was written to. Also after a Write that failed, the header gets the number of rows of
// those before that one, if it was [Unknown]; what the failed one has written stands behind them.
// The errors are [ErrTruncated] where fewer rows were written than NewWriter was told, w's, and that of a Write that failed.
func (w *Writer[T]) Close() error {
	switch rows := w.header.Shape[0]; {
	case w.err == os.ErrClosed:
		return nil
	case rows == Unknown && !w.ended:
		w.ended = true
		if err := w.finish(); w.err == nil {
			w.err = err
		} else if err != nil {
			w.err = errors.Join(w.err, err)
		}
	case w.err != nil:
		return w.err
	case rows != w.rows:
		w.err = fmt.Errorf("npy: %w: expected %d rows, found %d", ErrTruncated, rows, w.rows)
	}
	if w.err != nil {
		return w.err
	}
	w.err = os.ErrClosed
	return nil
}

// finish puts the number of rows into the header.
func (w *Writer[T]) finish() error {
	h := w.header
	h.Shape = slices.Clone(h.Shape)
	h.Shape[0] = w.rows
	b, err := h.append(nil, w.format, Header.appendText)
	if err != nil {
		return err
	}
	if len(b) != w.size {
		return fmt.Errorf("npy: %w: the header of %d rows takes %d bytes, and has %d", ndarray.ErrShape, w.rows, len(b), w.size)
	}
	if at, ok := w.w.(io.WriterAt); ok {
		_, err := at.WriteAt(b, w.start)
		return wrapped(err)
	}
	seeker := w.w.(io.WriteSeeker) // as NewWriter has seen
	end, err := seeker.Seek(0, io.SeekCurrent)
	if err != nil {
		return wrapped(err)
	}
	if _, err := seeker.Seek(w.start, io.SeekStart); err != nil {
		return wrapped(err)
	}
	if _, err := seeker.Write(b); err != nil {
		return wrapped(err)
	}
	_, err = seeker.Seek(end, io.SeekStart)
	return wrapped(err)
}
