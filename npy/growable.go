package npy

// Headers of arrays that grow in place: of these the length of the first axis has a field that one store changes.

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/samebytes/samebytes/ndarray"
)

// AppendGrowable is [Header.Append] of a header whose array may grow along its first axis while others read it: the axis's length
// stands in a field of its own of [LengthField] bytes, left-aligned and padded with spaces, at a multiple of 8 bytes from the
// header's beginning. [LengthOffset] finds it. So one aligned store changes the length, and a reader sees one or the other.
//
// The errors are also ErrDType for a field whose name has "'shape': (" in it, [ndarray.ErrLayout] for Fortran order and for an
// array without axes, which cannot grow in place, and ErrShape for a length of more than LengthField digits.
func (h Header) AppendGrowable(dst []byte, align int) ([]byte, error) {
	if len(h.Shape) == 0 || h.Fortran {
		return dst, fmt.Errorf("npy: %w: expected an array in C order that grows along its first axis, found shape %v", ndarray.ErrLayout, h.Shape)
	}
	if h.Shape[0] > MaxLength {
		return dst, fmt.Errorf("npy: %w: expected at most %d rows, found %d", ndarray.ErrShape, MaxLength, h.Shape[0])
	}
	begin := len(dst)
	dst, err := h.append(dst, Format{Align: align}, Header.appendGrowableText)
	if err == nil && LengthOffset(dst[begin:]) == 0 {
		return dst[:begin], fmt.Errorf("npy: %w: expected field names without %q, found %v", ndarray.ErrDType, shapeKey, h.DType)
	}
	return dst, err
}

const (
	// LengthField is the size of a growable array's length in the header, in bytes: what one aligned store writes.
	LengthField = 8
	// MaxLength is the greatest length that it has room for.
	MaxLength = 99_999_999
)

const shapeKey = "'shape': ("

// LengthOffset returns where the length of the first axis begins in a header that AppendGrowable has made, or 0 for any other.
func LengthOffset(head []byte) int {
	i := bytes.Index(head, []byte(shapeKey))
	if i < 0 {
		return 0
	}
	off := roundUp(i+len(shapeKey), LengthField)
	if off+LengthField >= len(head) || head[off+LengthField] != ',' || strings.Trim(string(head[i+len(shapeKey):off]), " ") != "" {
		return 0
	}
	if _, err := ParseLength([LengthField]byte(head[off:])); err != nil {
		return 0
	}
	return off
}

// ParseLength returns the number in a growable header's length field.
// The error is [ErrFormat].
func ParseLength(field [LengthField]byte) (int, error) {
	n, digits := 0, 0
	for digits < LengthField && field[digits] >= '0' && field[digits] <= '9' {
		n = 10*n + int(field[digits]-'0')
		digits++
	}
	if digits == 0 || strings.Trim(string(field[digits:]), " ") != "" {
		return 0, fmt.Errorf("npy: %w: expected digits and spaces as a length, found %q", ErrFormat, field[:])
	}
	return n, nil
}

// FormatLength returns the length field of n, which must be 0 to [MaxLength].
func FormatLength(n int) (field [LengthField]byte) {
	copy(field[:], "        ")
	strconv.AppendInt(field[:0], int64(n), 10)
	return field
}

func (h Header) appendGrowableText(dst, descr []byte, begin int) []byte {
	dst = append(appendType(dst, descr), ", 'fortran_order': False, "+shapeKey...)
	dst = appendSpaces(dst, roundUp(len(dst)-begin, LengthField)-(len(dst)-begin))
	field := FormatLength(h.Shape[0])
	dst = append(append(dst, field[:]...), ',')
	for i, length := range h.Shape[1:] {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = strconv.AppendInt(append(dst, ' '), int64(length), 10)
	}
	return append(dst, "), }"...)
}

func roundUp(n, to int) int { return (n + to - 1) / to * to }
