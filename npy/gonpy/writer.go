package gonpy

import (
	"encoding/binary"
	"fmt"
	"io"
	"os"

	"github.com/samebytes/samebytes/ndarray"
	"github.com/samebytes/samebytes/npy"
)

// NpyWriter writes one slice as an array. Its fields are set before that.
type NpyWriter struct {
	Endian      binary.ByteOrder // of the elements in the file; little-endian by default
	Shape       []int            // lengths of the axes; nil for one axis as long as the data
	ColumnMajor bool             // whether the first index moves fastest in the data, and in the file
	Version     int              // of the header: 1 by default, 2 or 3

	w io.WriteCloser // nil when it is written
}

// NewFileWriter creates a file, or cuts one that is there to nothing.
// The errors are those of package os.
func NewFileWriter(fname string) (*NpyWriter, error) {
	w, err := os.Create(fname)
	if err != nil {
		return nil, fmt.Errorf("gonpy: %w", err)
	}
	return NewWriter(w)
}

// NewWriter returns a writer that writes one array to w and closes it. The error is always nil.
func NewWriter(w io.WriteCloser) (*NpyWriter, error) {
	return &NpyWriter{Endian: binary.LittleEndian, Version: 1, w: w}, nil
}

// write writes data and closes w.
func write[T ndarray.Element](w *NpyWriter, data []T) (err error) {
	if w.w == nil {
		return fmt.Errorf("gonpy: an array has been written: %w", os.ErrClosed)
	}
	defer func() {
		if closed := w.w.Close(); err == nil && closed != nil {
			err = fmt.Errorf("gonpy: %w", closed)
		}
		w.w = nil
	}()
	shape := w.Shape
	if shape == nil {
		shape = []int{len(data)}
	}
	a, err := ndarray.FromFlat(data, shape, w.ColumnMajor)
	if err != nil {
		return fmt.Errorf("gonpy: %w", err)
	}
	f := npy.Format{Version: w.Version, Order: npy.C, BigEndian: bigEndian(w.Endian)}
	if w.ColumnMajor {
		f.Order = npy.Fortran
	}
	if f.Version == 0 {
		return fmt.Errorf("gonpy: %w: expected version 1, 2 or 3, found 0", npy.ErrFormat)
	}
	return npy.Write(w.w, a, f)
}

// bigEndian reports whether an order, which may be any implementation of it or nil, has the high byte first.
func bigEndian(order binary.ByteOrder) bool {
	return order != nil && order.Uint16([]byte{0, 1}) == 1
}

// The Writes write data as an array of w's shape, in one call, and close what it is written to, also after an error.
// The errors are [ndarray.ErrShape] where Shape is not one of that many elements, [npy.ErrFormat] for a version that is none,
// [os.ErrClosed] when an array has been written, and those of writing and closing.

// WriteFloat64 writes elements of type float64.
func (w *NpyWriter) WriteFloat64(data []float64) error { return write(w, data) }

// WriteFloat32 writes elements of type float32.
func (w *NpyWriter) WriteFloat32(data []float32) error { return write(w, data) }

// WriteComplex128 writes elements of type complex128.
func (w *NpyWriter) WriteComplex128(data []complex128) error { return write(w, data) }

// WriteComplex64 writes elements of type complex64.
func (w *NpyWriter) WriteComplex64(data []complex64) error { return write(w, data) }

// WriteInt64 writes elements of type int64.
func (w *NpyWriter) WriteInt64(data []int64) error { return write(w, data) }

// WriteInt32 writes elements of type int32.
func (w *NpyWriter) WriteInt32(data []int32) error { return write(w, data) }

// WriteInt16 writes elements of type int16.
func (w *NpyWriter) WriteInt16(data []int16) error { return write(w, data) }

// WriteInt8 writes elements of type int8.
func (w *NpyWriter) WriteInt8(data []int8) error { return write(w, data) }

// WriteUint64 writes elements of type uint64.
func (w *NpyWriter) WriteUint64(data []uint64) error { return write(w, data) }

// WriteUint32 writes elements of type uint32.
func (w *NpyWriter) WriteUint32(data []uint32) error { return write(w, data) }

// WriteUint16 writes elements of type uint16.
func (w *NpyWriter) WriteUint16(data []uint16) error { return write(w, data) }

// WriteUint8 writes elements of type uint8.
func (w *NpyWriter) WriteUint8(data []uint8) error { return write(w, data) }
