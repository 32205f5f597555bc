package ndarray

import (
	"fmt"
	"reflect"
)

// DType names the type of an array's elements, as NumPy's dtype does. It says nothing of byte order: elements in memory
// are in the machine's, and a file's order is its header's matter. The zero DType names no type.
type DType struct {
	kind byte  // NumPy's kind character: b, i, u, f or c
	size uint8 // bytes an element takes
}

// The dtypes that have a Go type.
var (
	Bool       = DType{'b', 1}
	Int8       = DType{'i', 1}
	Int16      = DType{'i', 2}
	Int32      = DType{'i', 4}
	Int64      = DType{'i', 8}
	Uint8      = DType{'u', 1}
	Uint16     = DType{'u', 2}
	Uint32     = DType{'u', 4}
	Uint64     = DType{'u', 8}
	Float32    = DType{'f', 4}
	Float64    = DType{'f', 8}
	Complex64  = DType{'c', 8}
	Complex128 = DType{'c', 16}
)

// dtypes is the table of all of the above, in NumPy's order of promotion.
var dtypes = []struct {
	dtype DType
	name  string
	kind  reflect.Kind
}{
	{Bool, "bool", reflect.Bool},
	{Int8, "int8", reflect.Int8},
	{Int16, "int16", reflect.Int16},
	{Int32, "int32", reflect.Int32},
	{Int64, "int64", reflect.Int64},
	{Uint8, "uint8", reflect.Uint8},
	{Uint16, "uint16", reflect.Uint16},
	{Uint32, "uint32", reflect.Uint32},
	{Uint64, "uint64", reflect.Uint64},
	{Float32, "float32", reflect.Float32},
	{Float64, "float64", reflect.Float64},
	{Complex64, "complex64", reflect.Complex64},
	{Complex128, "complex128", reflect.Complex128},
}

// DTypeOf returns the dtype of T.
func DTypeOf[T Element]() DType {
	kind := reflect.TypeFor[T]().Kind()
	for _, d := range dtypes {
		if d.kind == kind {
			return d.dtype
		}
	}
	panic(fmt.Sprintf("ndarray: no dtype for %v", reflect.TypeFor[T]()))
}

// ParseDType returns the dtype of NumPy's name for it, as "float64".
// The error is [ErrDType].
func ParseDType(name string) (DType, error) {
	for _, d := range dtypes {
		if d.name == name {
			return d.dtype, nil
		}
	}
	return DType{}, fmt.Errorf("%w: expected one of bool, int8 to int64, uint8 to uint64, float32, float64, complex64, complex128, found %q", ErrDType, name)
}

// DTypeOfKind returns the dtype of NumPy's kind character ('b', 'i', 'u', 'f' or 'c') and itemsize in bytes, as a
// descr names them, and whether there is one.
func DTypeOfKind(kind byte, itemsize int) (DType, bool) {
	for _, d := range dtypes {
		if d.dtype.kind == kind && int(d.dtype.size) == itemsize {
			return d.dtype, true
		}
	}
	return DType{}, false
}

// Kind returns NumPy's kind character: b boolean, i signed and u unsigned integer, f float, c complex.
func (d DType) Kind() byte { return d.kind }

// Size returns the itemsize: the bytes that an element takes.
func (d DType) Size() int { return int(d.size) }

// String returns NumPy's name, as "float64".
func (d DType) String() string {
	for _, t := range dtypes {
		if t.dtype == d {
			return t.name
		}
	}
	return "no dtype"
}
