package npy

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/samebytes/samebytes/internal/pyrepr"
	"github.com/samebytes/samebytes/ndarray"
)

// numbers are NumPy's codes of them, and those of one letter, which may stand after a byte order too. Its other aliases ('l',
// 'int', 'float') are left out: the size of most is the machine's, and no writer uses them.
var numbers = map[string]ndarray.DType{
	"b1": ndarray.Bool,
	"i1": ndarray.Int8, "i2": ndarray.Int16, "i4": ndarray.Int32, "i8": ndarray.Int64,
	"u1": ndarray.Uint8, "u2": ndarray.Uint16, "u4": ndarray.Uint32, "u8": ndarray.Uint64,
	"f4": ndarray.Float32, "f8": ndarray.Float64, "c8": ndarray.Complex64, "c16": ndarray.Complex128,

	"?": ndarray.Bool,
	"b": ndarray.Int8, "h": ndarray.Int16, "i": ndarray.Int32, "q": ndarray.Int64,
	"B": ndarray.Uint8, "H": ndarray.Uint16, "I": ndarray.Uint32, "Q": ndarray.Uint64,
	"e": ndarray.DTypeOf[ndarray.Float16](), "f": ndarray.Float32, "d": ndarray.Float64,
	"F": ndarray.Complex64, "D": ndarray.Complex128,
}

// bfloat16 is written as ml_dtypes does: with a byte order, which plain bytes of that size never have.
var bfloat16 = ndarray.DTypeOf[ndarray.BFloat16]()

const bfloat16Code = "V2"

// nativeBig tells whether this machine's byte order, which '=', '|' and no mark stand for, is big-endian.
var nativeBig = binary.NativeEndian.Uint16([]byte{0, 1}) == 1

// orders are the byte orders of what a descr names.
type orders uint8

const (
	little orders = 1 << iota
	big
)

// errNoDType is returned for a descr that says how elements are, of which there is no DType.
var errNoDType = errors.New("no dtype for descr")

// parseDescr returns the dtype and byte orders that a descr names, and which of an element's bytes this machine has in
// another order. The error is errNoDType, beside ndarray.ErrDType, when there is no dtype for it.
func parseDescr(v *value) (d ndarray.DType, found orders, swapped []swap, err error) {
	switch {
	case !isDescr(v):
		return d, 0, nil, fmt.Errorf("%w: expected descr a type string, a tuple of a type and a shape, or a list of fields, found %s",
			ErrFormat, excerpt(v.source))
	case hasObjects(v):
		return d, 0, nil, fmt.Errorf("%w: expected numbers, found objects in descr %s: they are pickles, which run code when read, "+
			"and are refused", ndarray.ErrDType, excerpt(v.source))
	}
	d, found, swapped, err = parseDType(v)
	if err == nil && d.Base() != d {
		err = fmt.Errorf("%w: a subarray can only be a field", ndarray.ErrDType)
	}
	if err != nil {
		return ndarray.DType{}, 0, nil, fmt.Errorf("%w %s: %w", errNoDType, excerpt(v.source), err)
	}
	return d, found, swapped, nil
}

// parseDType returns the dtype of a descr that isDescr has accepted.
func parseDType(v *value) (d ndarray.DType, found orders, swapped []swap, err error) {
	switch v.kind {
	case text:
		d, bigEndian, err := parseType(v.text)
		found = ordersOf(d, bigEndian)
		if bigEndian != nativeBig && found != 0 {
			swapped = swapsOf(d)
		}
		return d, found, swapped, err
	case tuple:
		return subarray(&v.items[0], &v.items[1])
	}
	var fields []ndarray.DTypeField
	size := 0
	titles := map[string]bool{}
	for _, field := range v.items {
		d, order, inner, err := parseField(&field)
		if err != nil {
			return d, found, nil, err
		}
		name := &field.items[0]
		if name.kind == tuple {
			if title := string(name.items[0].text); titles[title] {
				return d, found, nil, fmt.Errorf("%w: two fields have the title %q", ndarray.ErrDType, title)
			} else {
				titles[title] = true
			}
			name = &name.items[1]
		} else if len(name.text) == 0 && d.Kind() == 'V' && d.Fields() == nil {
			size += d.Size() // padding
			continue
		}
		fields = append(fields, ndarray.DTypeField{Name: string(name.text), Offset: size, DType: d})
		found |= order
		swapped = appendMoved(swapped, inner, size)
		if size += d.Size(); size > 1<<31 {
			break // which StructDType refuses, before more of them overflow
		}
	}
	for _, f := range fields {
		if titles[f.Name] {
			return ndarray.DType{}, found, nil, fmt.Errorf("%w: %q is the name and the title of fields", ndarray.ErrDType, f.Name)
		}
	}
	d, err = ndarray.StructDType(fields, size)
	return d, found, swapped, err
}

// parseField returns the dtype of a field: (name, descr) or (name, descr, shape).
func parseField(v *value) (ndarray.DType, orders, []swap, error) {
	if len(v.items) == 3 {
		return subarray(&v.items[1], &v.items[2])
	}
	return parseDType(&v.items[1])
}

// subarray returns the dtype of elements of a descr, as many as lengths say.
func subarray(descr, shape *value) (d ndarray.DType, found orders, swapped []swap, err error) {
	base, found, inner, err := parseDType(descr)
	if err != nil {
		return base, found, nil, err
	}
	if base.Size() == 0 && base.Fields() == nil { // of which NumPy refuses axes, and takes a length for the itemsize
		return base, found, nil, fmt.Errorf("%w: expected a subarray of elements with bytes, found %v", ndarray.ErrDType, base)
	}
	d, err = ndarray.SubarrayDType(base, lengths(shape)...)
	if err == nil && inner != nil && d.Size() > 0 {
		swapped = []swap{{n: d.Size() / base.Size(), step: base.Size(), inner: inner}}
	}
	return d, found, swapped, err
}

// lengths returns the lengths that a tuple of them, or one alone, says.
func lengths(v *value) []int {
	if v.kind == integer {
		return []int{int(v.num)}
	}
	shape := make([]int, len(v.items))
	for i := range shape {
		shape[i] = int(v.items[i].num)
	}
	return shape
}

// ParseType returns the dtype and the byte order of a type string as NumPy writes it, as "<f8", "|S3" or ">M8[ns]", and of
// NumPy's names and letters for numbers. Of elements that have no byte order bigEndian is false.
// The error is [ndarray.ErrDType].
func ParseType(s string) (d ndarray.DType, bigEndian bool, err error) {
	d, bigEndian, err = parseType([]byte(s))
	if err != nil {
		err = fmt.Errorf("npy: %w", err)
	}
	return d, bigEndian, err
}

func parseType(s []byte) (d ndarray.DType, bigEndian bool, err error) {
	order, name := splitOrder(s)
	marked := len(name) < len(s)
	d, known := numbers[string(name)]
	switch word := len(name) > 1 && 'a' <= name[1] && name[1] <= 'z'; {
	case known:
	case string(name) == bfloat16Code && (order == '<' || order == '>'):
		d = bfloat16
	case marked && word: // a name has no byte order
		err = fmt.Errorf("%w: no type %.100q", ndarray.ErrDType, s)
	default:
		d, err = ndarray.ParseDType(string(name))
	}
	if err == nil && d == bfloat16 && !marked {
		d, err = ndarray.DType{}, fmt.Errorf("%w: NumPy has no type %q", ndarray.ErrDType, s)
	}
	return d, (order == '>' || order != '<' && nativeBig) && d.Ordered(), err
}

func ordersOf(d ndarray.DType, bigEndian bool) orders {
	switch {
	case !d.Ordered():
		return 0
	case bigEndian:
		return big
	}
	return little
}

// splitOrder splits a type string after the byte order, which is '=' when it has none.
func splitOrder(s []byte) (order byte, name []byte) {
	if len(s) > 0 {
		switch s[0] {
		case '<', '>', '=', '|':
			return s[0], s[1:]
		}
	}
	return '=', s
}

// AppendType appends the type string of a dtype to dst, as "<f8". Structs and subarrays have none but that of as many bytes.
func AppendType(dst []byte, d ndarray.DType, bigEndian bool) []byte {
	order := byte('|')
	switch {
	case d.Fields() != nil || d.Base() != d:
	case d.Ordered() && bigEndian:
		order = '>'
	case d.Ordered():
		order = '<'
	}
	return append(append(dst, order), d.Code()...)
}

// appendDescr appends the descr of a dtype as np.save writes it.
// The error is ndarray.ErrDType where there is none, because the fields of a struct don't stand one behind the other.
func appendDescr(dst []byte, d ndarray.DType, bigEndian bool) ([]byte, error) {
	fields := d.Fields()
	if fields == nil {
		return append(AppendType(append(dst, '\''), d, bigEndian), '\''), nil
	}
	dst = append(dst, '[')
	end := 0
	pad := func(to int) {
		if to > end {
			dst = fmt.Appendf(appendComma(dst), "('', '|V%d')", to-end)
		}
	}
	for _, f := range fields {
		if f.Offset < end {
			return dst, fmt.Errorf("%w: no header can have fields in another order than their offsets', as in %v", ndarray.ErrDType, d)
		}
		pad(f.Offset)
		end = f.Offset + f.DType.Size()
		dst = append(pyrepr.AppendString(append(appendComma(dst), '('), f.Name), ", "...)
		var err error
		if dst, err = appendDescr(dst, f.DType.Base(), bigEndian); err != nil {
			return dst, err
		}
		if shape := f.DType.Shape(); shape != nil {
			dst = appendShape(append(dst, ", "...), shape)
		}
		dst = append(dst, ')')
	}
	pad(d.Size())
	return append(dst, ']'), nil
}

// appendComma appends a comma and a space, unless dst ends in a bracket that was opened.
func appendComma(dst []byte) []byte {
	if last := dst[len(dst)-1]; last == '[' || last == '(' {
		return dst
	}
	return append(dst, ", "...)
}

// appendShape appends lengths as Python writes a tuple of them.
func appendShape(dst []byte, shape []int) []byte {
	dst = append(dst, '(')
	for _, length := range shape {
		dst = strconv.AppendInt(appendComma(dst), int64(length), 10)
	}
	if len(shape) == 1 {
		dst = append(dst, ',')
	}
	return append(dst, ')')
}

// isDescr reports whether v is built as a descr is: a type string, (descr, shape) for a subarray, or a list of the fields
// of a struct. It takes any string for a type: the next NumPy may have more of them.
func isDescr(v *value) bool {
	switch v.kind {
	case text:
		return true
	case tuple:
		return len(v.items) == 2 && isDescr(&v.items[0]) && isFieldShape(&v.items[1])
	case list:
		return all(v.items, isField)
	}
	return false
}

// isField reports whether v is a field of a struct: (name, descr) or (name, descr, shape), where the name may be
// (title, name).
func isField(v *value) bool {
	if v.kind != tuple && v.kind != list || len(v.items) < 2 || len(v.items) > 3 {
		return false
	}
	name := &v.items[0]
	if name.kind == tuple && len(name.items) == 2 && name.items[0].kind == text {
		name = &name.items[1]
	}
	return name.kind == text && isDescr(&v.items[1]) && (len(v.items) == 2 || isFieldShape(&v.items[2]))
}

// isFieldShape reports whether v is a length or a tuple of lengths.
func isFieldShape(v *value) bool {
	if v.kind == tuple {
		return all(v.items, isLength)
	}
	return isLength(v)
}

func isLength(v *value) bool { return v.kind == integer && !v.huge && v.num >= 0 }

// all reports whether each of items is what is asks for.
func all(items []value, is func(*value) bool) bool {
	for i := range items {
		if !is(&items[i]) {
			return false
		}
	}
	return true
}

// hasObjects reports whether an element of a descr is, or has in it, a Python object.
func hasObjects(v *value) bool {
	switch v.kind {
	case text:
		_, name := splitOrder(v.text)
		return len(name) > 0 && name[0] == 'O' || bytes.HasPrefix(v.text, []byte("object"))
	case tuple:
		return hasObjects(&v.items[0])
	}
	return slices.ContainsFunc(v.items, func(field value) bool { return hasObjects(&field.items[1]) })
}
