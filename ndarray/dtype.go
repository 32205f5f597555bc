package ndarray

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unique"
)

// DType names the type of an array's elements, as NumPy's dtype does. Two are == if they are the same type, and a DType can
// be the key of a map. It says nothing of byte order: elements in memory are in the machine's, and a file's order is its
// header's matter. The zero DType names no type.
//
// [DTypeOf] has the dtype of a Go type, [ParseDType] that of NumPy's name, and [StructDType] and [SubarrayDType] put others
// together.
type DType struct {
	kind  byte // NumPy's kind character
	form  form
	unit  timeUnit                 // of M and m
	count int32                    // of M and m: units to a tick
	size  int                      // bytes an element takes
	parts unique.Handle[dtypePart] // of a struct its fields, of a subarray its axes; none where there are none
}

// form tells apart what NumPy calls V.
type form uint8

const (
	simple form = iota
	brain
	structured
	subarray
)

// The dtypes of plain Go types, and of [Float16] and [BFloat16].
var (
	Bool          = DType{kind: 'b', size: 1}
	Int8          = DType{kind: 'i', size: 1}
	Int16         = DType{kind: 'i', size: 2}
	Int32         = DType{kind: 'i', size: 4}
	Int64         = DType{kind: 'i', size: 8}
	Uint8         = DType{kind: 'u', size: 1}
	Uint16        = DType{kind: 'u', size: 2}
	Uint32        = DType{kind: 'u', size: 4}
	Uint64        = DType{kind: 'u', size: 8}
	Float32       = DType{kind: 'f', size: 4}
	Float64       = DType{kind: 'f', size: 8}
	Complex64     = DType{kind: 'c', size: 8}
	Complex128    = DType{kind: 'c', size: 16}
	float16DType  = DType{kind: 'f', size: 2}
	bfloat16DType = DType{kind: 'V', form: brain, size: 2}
)

// scalars is the table of all of the above, in NumPy's order of promotion.
var scalars = []struct {
	dtype DType
	name  string
}{
	{Bool, "bool"},
	{Int8, "int8"},
	{Int16, "int16"},
	{Int32, "int32"},
	{Int64, "int64"},
	{Uint8, "uint8"},
	{Uint16, "uint16"},
	{Uint32, "uint32"},
	{Uint64, "uint64"},
	{float16DType, "float16"},
	{bfloat16DType, "bfloat16"},
	{Float32, "float32"},
	{Float64, "float64"},
	{Complex64, "complex64"},
	{Complex128, "complex128"},
}

const (
	maxItemsize = math.MaxInt32 // bytes: NumPy keeps an itemsize in a C int wherever it reads one
	codePoint   = 4             // bytes a character of kind U takes
)

// ParseDType returns the dtype of NumPy's name for it, as "float64" or "datetime64[ns]", or of its code without a byte
// order, as "f8", "S5" (5 bytes), "U5" (5 characters), "V16" or "M8[25us]".
// The error is [ErrDType].
func ParseDType(name string) (DType, error) {
	for _, t := range scalars {
		if t.name == name {
			return t.dtype, nil
		}
	}
	if d, ok := parseCode(name); ok {
		return d, nil
	}
	return DType{}, fmt.Errorf("%w: expected one of bool, int8 to int64, uint8 to uint64, bfloat16, float16 to float64, complex64, "+
		"complex128, or a code as S5, U5, V16, datetime64[ns], timedelta64[ns], found %q", ErrDType, name)
}

func parseCode(code string) (DType, bool) {
	for _, times := range []struct {
		prefix string
		kind   byte
	}{{"datetime64", 'M'}, {"M8", 'M'}, {"timedelta64", 'm'}, {"m8", 'm'}} {
		if unit, ok := strings.CutPrefix(code, times.prefix); ok {
			return timeDType(times.kind, unit)
		}
	}
	if len(code) < 2 || code[1] == '0' && len(code) > 2 {
		return DType{}, false
	}
	n, err := strconv.ParseUint(code[1:], 10, 31) // which takes no sign
	if err != nil {
		return DType{}, false
	}
	if code[0] == 'U' {
		n *= codePoint
	}
	return DTypeOfKind(code[0], int(n))
}

// DTypeOfKind returns the dtype of NumPy's kind character and itemsize in bytes, and whether there is one: of 'b', 'i', 'u',
// 'f' and 'c' those of Go types, of 'S', 'U' and 'V' one for each size, and of 'M' and 'm' that without a unit.
func DTypeOfKind(kind byte, itemsize int) (DType, bool) {
	d := DType{kind: kind, size: itemsize}
	switch kind {
	case 'S', 'V':
		return d, itemsize >= 0 && itemsize <= maxItemsize
	case 'U':
		return d, itemsize >= 0 && itemsize <= maxItemsize && itemsize%codePoint == 0
	case 'M', 'm':
		d.count = 1
		return d, itemsize == 8
	}
	for _, t := range scalars {
		if t.dtype == d {
			return d, true
		}
	}
	return DType{}, false
}

// Kind returns NumPy's kind character: b boolean, i signed and u unsigned integer, f float, c complex, S bytes, U text,
// M datetime, m timedelta, V anything else: plain bytes, bfloat16, structs and subarrays.
func (d DType) Kind() byte { return d.kind }

// Size returns the itemsize: the bytes that an element takes.
func (d DType) Size() int { return d.size }

// Unit returns how long a tick of a datetime64 or timedelta64 is, as "ns" or "25us", and "" where NumPy's says generic, or
// of any other dtype.
func (d DType) Unit() string {
	switch {
	case d.unit == generic:
		return ""
	case d.count == 1:
		return d.unit.code()
	}
	return strconv.Itoa(int(d.count)) + d.unit.code()
}

// Ordered reports whether elements have a byte order: numbers, text and times of more than a byte, and structs and
// subarrays that have any of these.
func (d DType) Ordered() bool {
	switch {
	case d.form == subarray:
		return d.Base().Ordered()
	case d.form == structured:
		for p := range d.all() {
			if p.dtype.Ordered() {
				return true
			}
		}
		return false
	}
	return d.kind == 'U' || d.form == brain || d.size > 1 && d.kind != 'S' && d.kind != 'V'
}

// Code returns NumPy's type string without the byte order, as "f8", "S5", "U5" or "M8[ns]". That of structs, subarrays and
// bfloat16 says no more than their size, as "V16".
func (d DType) Code() string {
	switch d.kind {
	case 0:
		return ""
	case 'U':
		return "U" + strconv.Itoa(d.size/codePoint)
	case 'M', 'm':
		if unit := d.Unit(); unit != "" {
			return string(d.kind) + "8[" + unit + "]"
		}
	}
	return string(d.kind) + strconv.Itoa(d.size)
}

// String returns what NumPy prints: "float64", "|S5", "<U5", "datetime64[ns]", "[('x', '<f8'), ('y', '<i4', (2,))]", or, of
// a struct with padding, {'names': ..., 'formats': ..., 'offsets': ..., 'itemsize': ...}.
func (d DType) String() string {
	for _, t := range scalars {
		if t.dtype == d {
			return t.name
		}
	}
	switch {
	case d.kind == 0:
		return "no dtype"
	case d.form != simple:
		return string(d.appendFormat(nil))
	case d.kind == 'S', d.kind == 'V':
		return "|" + d.Code()
	case d.kind == 'U':
		return "<" + d.Code()
	}
	name := "datetime64"
	if d.kind == 'm' {
		name = "timedelta64"
	}
	if unit := d.Unit(); unit != "" {
		name += "[" + unit + "]"
	}
	return name
}
