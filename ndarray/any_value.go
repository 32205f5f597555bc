package ndarray

import (
	"bytes"
	endian "encoding/binary" // package-level functions here are called binary and unary
	"math"
	"slices"
)

// Value returns the element at an index for each axis, as the Go value for it:
//
//	b            bool
//	i  u         int64, uint64
//	f  bfloat16  float64
//	c            complex128
//	S  U         string, without the zeros at its end
//	M            time.Time, or int64 ticks beyond its range and without a unit
//	m            time.Duration, or int64 ticks beyond its range and of years, months and no unit
//	V            []byte, of its own
//	struct       map[string]any, of each field by name
//	subarray     []any, of these in turn for each axis more
//
// A NaT is nil. It panics as [Array.At] does.
func (a *Any) Value(ix ...int) any {
	offset := a.index(ix)
	if offset < 0 || a.n == 0 {
		panic(IndexError{"Value", slices.Clone(ix), a.shape})
	}
	return valueOf(a.dtype, a.data[offset:])
}

// valueOf returns the element that b begins with.
func valueOf(d DType, b []byte) any {
	b = b[:d.size]
	switch d.kind {
	case 'b':
		return b[0] != 0
	case 'i':
		return intOf(b)
	case 'u':
		return uintOf(b)
	case 'f':
		return floatOf(d, b)
	case 'c':
		return complexOf(b)
	case 'S':
		return string(textBytes(b))
	case 'U':
		return Text(charactersOf(b))
	case 'M', 'm':
		return timeValue(d, intOf(b))
	}
	switch d.form {
	case brain:
		return floatOf(d, b)
	case structured:
		fields := map[string]any{}
		for p := range d.all() {
			fields[p.name] = valueOf(p.dtype, b[p.n:])
		}
		return fields
	case subarray:
		return listOf(d.Base(), d.Shape(), b)
	}
	return bytes.Clone(b)
}

func timeValue(d DType, ticks int64) any {
	if ticks == NaT {
		return nil
	}
	if t, ok := timeOf(ticks, d.unit, d.count); ok && d.kind == 'M' {
		return t
	}
	if span, ok := durationOf(ticks, d.unit, d.count); ok && d.kind == 'm' {
		return span
	}
	return ticks
}

// listOf returns the elements of a subarray, in C order in b, as a list for each index on its first axis.
func listOf(base DType, shape []int, b []byte) any {
	if len(shape) == 0 {
		return valueOf(base, b)
	}
	list := []any{}
	for i := range shape[0] {
		each := len(b) / shape[0]
		list = append(list, listOf(base, shape[1:], b[i*each:(i+1)*each]))
	}
	return list
}

func uintOf(b []byte) uint64 {
	switch len(b) {
	case 1:
		return uint64(b[0])
	case 2:
		return uint64(endian.NativeEndian.Uint16(b))
	case 4:
		return uint64(endian.NativeEndian.Uint32(b))
	}
	return endian.NativeEndian.Uint64(b)
}

func intOf(b []byte) int64 {
	unused := 64 - 8*len(b)
	return int64(uintOf(b)<<unused) >> unused
}

// floatOf returns a number of kind f, or bfloat16.
func floatOf(d DType, b []byte) float64 {
	bits := uintOf(b)
	switch {
	case d.form == brain:
		return BFloat16FromBits(uint16(bits)).Float64()
	case len(b) == 2:
		return Float16FromBits(uint16(bits)).Float64()
	case len(b) == 4:
		return float64(math.Float32frombits(uint32(bits)))
	}
	return math.Float64frombits(bits)
}

func complexOf(b []byte) complex128 {
	half := len(b) / 2
	return complex(floatOf(Float64, b[:half]), floatOf(Float64, b[half:]))
}

// textBytes returns the bytes of a text of kind S: without the zeros at its end.
func textBytes(b []byte) []byte { return bytes.TrimRight(b, "\x00") }

// charactersOf returns the characters of a text of kind U, which need not be aligned.
func charactersOf(b []byte) []UTF32 {
	text := make([]UTF32, len(b)/codePoint)
	for i := range text {
		text[i] = UTF32(endian.NativeEndian.Uint32(b[i*codePoint:]))
	}
	return text
}
