package npy

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/samebytes/samebytes/ndarray"
)

// types are the names that a descr can have for a dtype. NumPy's other aliases ('l', 'int', 'float') are left out: the
// size of most is the machine's, and no writer uses them.
var types = []struct {
	code   string // what np.save writes after the byte order
	letter string // NumPy's one-letter code, which may stand after a byte order too
	name   string // without a byte order
	dtype  ndarray.DType
}{
	{"b1", "?", "bool", ndarray.Bool},
	{"i1", "b", "int8", ndarray.Int8},
	{"i2", "h", "int16", ndarray.Int16},
	{"i4", "i", "int32", ndarray.Int32},
	{"i8", "q", "int64", ndarray.Int64},
	{"u1", "B", "uint8", ndarray.Uint8},
	{"u2", "H", "uint16", ndarray.Uint16},
	{"u4", "I", "uint32", ndarray.Uint32},
	{"u8", "Q", "uint64", ndarray.Uint64},
	{"f4", "f", "float32", ndarray.Float32},
	{"f8", "d", "float64", ndarray.Float64},
	{"c8", "F", "complex64", ndarray.Complex64},
	{"c16", "D", "complex128", ndarray.Complex128},
}

// nativeBig tells whether this machine's byte order, which '=', '|' and no mark stand for, is big-endian.
var nativeBig = binary.NativeEndian.Uint16([]byte{0, 1}) == 1

// parseDescr returns the dtype and byte order that a descr names, or no dtype when there is no Go type for it.
func parseDescr(v *value) (d ndarray.DType, bigEndian bool, err error) {
	switch {
	case !isDescr(v):
		err = fmt.Errorf("%w: expected descr a type string, a tuple of a type and a shape, or a list of fields, found %s",
			ErrFormat, excerpt(v.source))
	case hasObjects(v):
		err = fmt.Errorf("%w: expected numbers, found objects in descr %s: they are pickles, which run code when read, "+
			"and are refused", ndarray.ErrDType, excerpt(v.source))
	default:
		d, bigEndian = parseType(v)
	}
	return d, bigEndian, err
}

// parseType returns the dtype and byte order of a type string, or no dtype.
func parseType(v *value) (d ndarray.DType, bigEndian bool) {
	order, name := splitOrder(v.text)
	for _, t := range types {
		if string(name) == t.code || string(name) == t.letter || string(v.text) == t.name {
			bigEndian = order == '>' || order != '<' && nativeBig
			return t.dtype, bigEndian && t.dtype.Size() > 1
		}
	}
	return ndarray.DType{}, false
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
