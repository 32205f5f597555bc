package npy

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"

	"github.com/samebytes/samebytes/ndarray"
)

// Append writes rows to the end of a file that has some: an array of as many axes as the file's, or a single row. The elements
// come first and the header last, so that the file is valid, with the old rows or with all, at every moment. Of the header only the
// length changes, spaces, and an order that only now counts: titles, comments and the byte orders of fields stay. Only one process at
// a time may do it.
//
// Bytes behind the elements, which no header counts, are taken for what an Append has left that was killed before it wrote the header,
// and are dropped. Refused as [ErrFormat] are those that are somebody's: another array that follows, the rest of a segment, and any
// in a file without elements, which may be the rows of a [Writer] that was killed.
//
// The errors are those of [Parse] and of package os, [ndarray.ErrDType] and [ndarray.ErrShape] where the rows are others than the
// file's, [ndarray.ErrLayout] for a file in Fortran order, without axes, or whose header has no room for the new length or order;
// [ndarray.ErrLayout] also for what is no regular file. After one the file's array is as it was.
func Append[T ndarray.Element](path string, a *ndarray.Array[T]) error {
	if err := regular(path); err != nil {
		return inFile(path, err)
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return wrapped(err)
	}
	err = appendTo(f, a.Any())
	if closed := f.Close(); err == nil {
		err = wrapped(closed)
	}
	return inFile(path, err)
}

func appendTo(f *os.File, a *ndarray.Any) error {
	h, err := ReadHeader(f)
	if err != nil {
		return err
	}
	switch {
	case h.DType != a.DType():
		return fmt.Errorf("npy: %w: expected %v as the file has, found %v", ndarray.ErrDType, h.DType, a.DType())
	case h.Fortran || len(h.Shape) == 0:
		return fmt.Errorf("npy: %w: expected a file with rows in C order, found shape %v", ndarray.ErrLayout, h.Shape)
	}
	n, shape := 1, a.Shape()
	if !slices.Equal(shape, h.Shape[1:]) {
		if len(shape) == 0 || !slices.Equal(shape[1:], h.Shape[1:]) {
			return fmt.Errorf("npy: %w: expected rows of shape %v, found %v", ndarray.ErrShape, h.Shape[1:], shape)
		}
		n = shape[0]
	}
	info, err := f.Stat()
	if err != nil {
		return wrapped(err)
	}
	end := int64(h.DataOffset) + int64(h.NBytes())
	if info.Size() < end {
		return fmt.Errorf("npy: %w: expected %d bytes, found %d", ErrTruncated, end, info.Size())
	}
	if err := droppable(f, end, info.Size(), h); err != nil {
		return err
	}
	grown := h
	grown.Shape = slices.Clone(h.Shape)
	if grown.Shape[0] += n; grown.Shape[0] < 0 {
		return fmt.Errorf("npy: %w: %d rows and %d more", ndarray.ErrShape, h.Shape[0], n)
	}
	if _, _, err := grown.size(); err != nil {
		return fmt.Errorf("npy: %w", err)
	}
	old := make([]byte, h.DataOffset)
	if _, err := f.ReadAt(old, 0); err != nil {
		return wrapped(err)
	}
	head, err := lengthened(old, grown.Shape[0], ordersDiffer(grown.Shape))
	if err != nil {
		return err
	}
	if err := f.Truncate(end); err != nil {
		return wrapped(err)
	}
	if _, err := f.Seek(end, io.SeekStart); err != nil {
		return wrapped(err)
	}
	if err := writeElements(f, a, h); err != nil {
		return errors.Join(err, wrapped(f.Truncate(end)))
	}
	if _, err = f.WriteAt(head, 0); err != nil {
		_, back := f.WriteAt(old, 0)
		return wrapped(errors.Join(err, back, f.Truncate(end)))
	}
	return nil
}

// segmentEnd begins the last bytes of a segment's file, as many as segmentEndSize: of package shm's control block, which it defines.
const (
	segmentEnd     = "\x93SAMEEND"
	segmentEndSize = 64
)

// droppable returns ErrFormat where the bytes of a file from end on, to its size, may be somebody's.
func droppable(f *os.File, end, size int64, h Header) error {
	behind := size - end
	if behind == 0 {
		return nil
	}
	if h.NBytes() == 0 {
		return fmt.Errorf("npy: %w: expected nothing behind the header of a file without elements, found %d bytes: rows that a killed "+
			"Writer has not counted? Cut the file to %d bytes to drop them", ErrFormat, behind, end)
	}
	var start [len(magic)]byte
	if n, err := f.ReadAt(start[:], end); err != nil && err != io.EOF {
		return wrapped(err)
	} else if string(start[:n]) == magic {
		return fmt.Errorf("npy: %w: expected one array, found %d bytes of another behind it", ErrFormat, behind)
	}
	if behind < segmentEndSize {
		return nil
	}
	var last [len(segmentEnd)]byte
	if _, err := f.ReadAt(last[:], size-segmentEndSize); err != nil {
		return wrapped(err)
	} else if string(last[:]) == segmentEnd {
		return fmt.Errorf("npy: %w: expected a file, found a segment, which only package shm can make longer", ErrFormat)
	}
	return nil
}

// lengthened returns a header of the same bytes, which parse takes, with another length of its first axis, and where the order counts
// with C order: a header may say Fortran order of rows so few that both are the same.
// The error is ndarray.ErrLayout where the header has no room for what is longer.
func lengthened(head []byte, length int, ordered bool) ([]byte, error) {
	if begin, end, fortran := orderIn(head); fortran && ordered {
		var ok bool
		if head, ok = rewritten(head, begin, end, []byte("False")); !ok {
			return nil, fmt.Errorf("npy: %w: the header says Fortran order, and has no room for another: write the file anew",
				ndarray.ErrLayout)
		}
	}
	begin, end := firstLength(head)
	longer, ok := rewritten(head, begin, end, strconv.AppendInt(nil, int64(length), 10))
	if !ok {
		return nil, fmt.Errorf("npy: %w: the header has no room for %d rows: write the file anew", ndarray.ErrLayout, length)
	}
	return longer, nil
}

// rewritten returns a header of as many bytes that has field where head has others. What that is longer by comes from spaces behind
// these, and from those at the header's end. It reports whether they suffice.
func rewritten(head []byte, begin, end int, field []byte) ([]byte, bool) {
	for len(field) > end-begin && head[end] == ' ' {
		end++
	}
	for len(field) < end-begin {
		field = append(field, ' ')
	}
	rest, _ := bytes.CutSuffix(head[end:], []byte("\n"))
	last := head[end+len(rest):] // the newline, if there is one
	kept := bytes.TrimRight(rest, " ")
	room := len(rest) - len(kept) - (len(field) - (end - begin))
	if room < 0 {
		return nil, false
	}
	longer := slices.Concat(head[:begin], field, kept)
	return append(appendSpaces(longer, room), last...), true
}
