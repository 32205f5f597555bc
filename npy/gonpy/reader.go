package gonpy

import (
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/samebytes/samebytes/ndarray"
	"github.com/samebytes/samebytes/npy"
)

// NpyReader reads the elements of a file into a slice. Its fields say what the header does.
type NpyReader struct {
	Dtype       string           // NumPy's type string without the byte order, as "f8"
	Endian      binary.ByteOrder // of the elements in the file
	Version     int              // of the header: 1, 2 or 3
	Shape       []int            // lengths of the axes
	ColumnMajor bool             // whether the first index moves fastest in the slices that are read

	r      io.Reader // nil when the elements have been read
	file   io.Closer // what NewFileReader has opened, or nil
	header npy.Header
}

// NewFileReader reads the header of a file.
// The errors are those of [NewReader] and of package os.
func NewFileReader(f string) (*NpyReader, error) {
	file, err := os.Open(f)
	if err != nil {
		return nil, fmt.Errorf("gonpy: %w", err)
	}
	r, err := NewReader(file)
	if err != nil {
		file.Close() // it was only read
		return nil, fmt.Errorf("%s: %w", f, err)
	}
	r.file = file
	return r, nil
}

// NewReader reads the header of the next array of r, and no byte more.
// The errors are those of [npy.ReadHeader]; where r is empty, io.EOF.
func NewReader(r io.Reader) (*NpyReader, error) {
	h, err := npy.ReadHeader(r)
	if err != nil {
		return nil, err
	}
	reader := &NpyReader{
		Dtype:       string(npy.AppendType(nil, h.DType, false)[1:]),
		Endian:      binary.LittleEndian,
		Version:     h.Major,
		Shape:       slices.Clone(h.Shape),
		ColumnMajor: h.Fortran,
		r:           r,
		header:      h,
	}
	if h.BigEndian {
		reader.Endian = binary.BigEndian
	}
	return reader, nil
}

// Close closes the file that NewFileReader has opened, if no Get has done so.
func (r *NpyReader) Close() error {
	r.r = nil
	if r.file == nil {
		return nil
	}
	file := r.file
	r.file = nil
	return file.Close()
}

// get reads the elements, in the order of the file.
func get[T ndarray.Element](r *NpyReader) ([]T, error) {
	if want := ndarray.DTypeOf[T](); r.r == nil {
		return nil, fmt.Errorf("gonpy: the elements have been read: %w", os.ErrClosed)
	} else if r.header.DType != want {
		return nil, fmt.Errorf("gonpy: %w: expected %v, found %v", ndarray.ErrDType, want, r.header.DType)
	}
	read, err := npy.ReadElements(r.r, r.header)
	r.Close() // it was only read
	if err != nil {
		return nil, err
	}
	a, err := ndarray.As[T](read)
	if err != nil {
		return nil, err
	}
	return a.Data(), nil
}

// The Gets read the elements, as they follow each other in the file: in row-major order, or as ColumnMajor says.
// The errors are [ndarray.ErrDType] for elements of another type, after which another Get may be tried, [npy.ErrTruncated] where there
// are fewer than the header says, [os.ErrClosed] when they have been read, and those of reading.

// GetFloat64 reads elements of type float64.
func (r *NpyReader) GetFloat64() ([]float64, error) { return get[float64](r) }

// GetFloat32 reads elements of type float32.
func (r *NpyReader) GetFloat32() ([]float32, error) { return get[float32](r) }

// GetComplex128 reads elements of type complex128.
func (r *NpyReader) GetComplex128() ([]complex128, error) { return get[complex128](r) }

// GetComplex64 reads elements of type complex64.
func (r *NpyReader) GetComplex64() ([]complex64, error) { return get[complex64](r) }

// GetInt64 reads elements of type int64.
func (r *NpyReader) GetInt64() ([]int64, error) { return get[int64](r) }

// GetInt32 reads elements of type int32.
func (r *NpyReader) GetInt32() ([]int32, error) { return get[int32](r) }

// GetInt16 reads elements of type int16.
func (r *NpyReader) GetInt16() ([]int16, error) { return get[int16](r) }

// GetInt8 reads elements of type int8.
func (r *NpyReader) GetInt8() ([]int8, error) { return get[int8](r) }

// GetUint64 reads elements of type uint64.
func (r *NpyReader) GetUint64() ([]uint64, error) { return get[uint64](r) }

// GetUint32 reads elements of type uint32.
func (r *NpyReader) GetUint32() ([]uint32, error) { return get[uint32](r) }

// GetUint16 reads elements of type uint16.
func (r *NpyReader) GetUint16() ([]uint16, error) { return get[uint16](r) }

// GetUint8 reads elements of type uint8.
func (r *NpyReader) GetUint8() ([]uint8, error) { return get[uint8](r) }
