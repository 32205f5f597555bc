package shm

// Types in handles, as docs/reference/handles.md says them.

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"

	"github.com/samebytes/samebytes/ndarray"
	"github.com/samebytes/samebytes/npy"
)

// typeWord are the type strings that NumPy writes: the kinds and sizes of elements. Others are as many ways to the same.
var typeWord = regexp.MustCompile(
	`^[<>|]([biufc]\d{1,2}|[SUV]\d{1,9}|[mM]8(\[\d{0,9}(Y|M|W|D|h|m|s|ms|us|ns|ps|fs|as)(/\d{1,9})?\])?)$`)

// setType sets what the elements are. Of what has no dtype here, which Python may have, no more is found out than that.
func (h *Handle) setType(raw json.RawMessage) error {
	if raw[0] != '[' && raw[0] != '{' {
		word, err := textOf(raw)
		if err != nil {
			return wrongHandle("a type as \"<f8\", or a list of fields", raw)
		}
		if !typeWord.MatchString(word) {
			return fmt.Errorf("%w: expected a type as \"<f8\", found %s (objects cannot be shared)", ndarray.ErrDType, excerpt(raw))
		}
	}
	d, order, err := parseType(raw, 0)
	if err != nil || order == bothOrders || d.Base() != d || d.Size() == 0 {
		h.Descr = string(raw)
		return nil
	}
	h.DType, h.BigEndian = d, order == bigOrder
	return nil
}

// byteOrders are those that the parts of a type have.
type byteOrders uint8

const (
	littleOrder byteOrders = 1 << iota
	bigOrder
	bothOrders = littleOrder | bigOrder
)

// maxTypeDepth bounds the depth of lists within one another: what has more is no type.
const maxTypeDepth = 64

// parseType returns the dtype and the byte orders of a type in JSON.
// The error is npy.ErrFormat or ndarray.ErrDType.
func parseType(raw json.RawMessage, depth int) (d ndarray.DType, order byteOrders, err error) {
	if depth > maxTypeDepth {
		return d, 0, wrongHandle("a type of fewer lists within lists", raw)
	}
	if word, err := textOf(raw); err == nil {
		if !typeWord.MatchString(word) {
			return d, 0, wrongHandle("a type as \"<f8\"", raw)
		}
		d, bigEndian, err := npy.ParseType(word)
		switch {
		case !d.Ordered():
		case bigEndian:
			order = bigOrder
		default:
			order = littleOrder
		}
		return d, order, err
	}
	var placed struct {
		ItemSize *int                 `json:"itemsize"`
		Fields   *[][]json.RawMessage `json:"fields"`
	}
	if len(raw) > 0 && raw[0] == '{' {
		if err := json.Unmarshal(raw, &placed); err != nil || placed.ItemSize == nil || placed.Fields == nil {
			return d, 0, wrongHandle("an itemsize and fields", raw)
		}
		return parseFields(*placed.Fields, placed.ItemSize, depth)
	}
	var pair []json.RawMessage
	if err := json.Unmarshal(raw, &pair); err != nil {
		return d, 0, wrongHandle("a type", raw)
	}
	if len(pair) == 2 {
		if shape, err := numbers(string(pair[1]), ndarray.ErrDType); err == nil {
			if d, order, err = parseType(pair[0], depth+1); err != nil {
				return d, order, err
			}
			d, err = ndarray.SubarrayDType(d, shape...)
			return d, order, err
		}
	}
	var fields [][]json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil {
		return d, 0, wrongHandle("a list of fields", raw)
	}
	return parseFields(fields, nil, depth)
}

// parseFields returns the struct of these fields: of size bytes, with an offset for each, or one behind the other.
func parseFields(items [][]json.RawMessage, size *int, depth int) (d ndarray.DType, order byteOrders, err error) {
	var fields []ndarray.DTypeField
	end := 0
	for _, item := range items {
		if len(item) < 2 || len(item) > 3 || size != nil && len(item) != 3 {
			return d, 0, fmt.Errorf("%w: expected fields of a name, a type and a shape or an offset", errHandle)
		}
		field, o, err := parseType(item[1], depth+1)
		if err != nil {
			return d, 0, err
		}
		offset := end
		switch {
		case size != nil:
			if offset, err = strconv.Atoi(string(item[2])); err != nil {
				return d, 0, wrongHandle("an offset", item[2])
			}
		case len(item) == 3:
			shape, err := numbers(string(item[2]), ndarray.ErrDType)
			if err != nil {
				return d, 0, err
			}
			if field, err = ndarray.SubarrayDType(field, shape...); err != nil {
				return d, 0, err
			}
		}
		name, err := fieldName(item[0])
		if err != nil {
			return d, 0, err
		}
		if name != "" {
			fields = append(fields, ndarray.DTypeField{Name: name, Offset: offset, DType: field})
			order |= o
		}
		if end += field.Size(); end > 1<<31 {
			break // which StructDType refuses, before more of them overflow
		}
	}
	if size != nil {
		end = *size
	}
	d, err = ndarray.StructDType(fields, end)
	return d, order, err
}

// fieldName returns a field's name, without the title that it may have.
func fieldName(raw json.RawMessage) (string, error) {
	if name, err := textOf(raw); err == nil {
		return name, nil
	}
	var both []string
	if err := json.Unmarshal(raw, &both); err != nil || len(both) != 2 {
		return "", wrongHandle("a name, or a title and a name", raw)
	}
	return both[1], nil
}

// appendType appends the type as JSON.
func appendType(dst []byte, d ndarray.DType, bigEndian bool) []byte {
	fields := d.Fields()
	if fields == nil && d.Base() == d {
		return strconv.AppendQuote(dst, string(npy.AppendType(nil, d, bigEndian))) // ASCII without quotes
	}
	if fields == nil {
		dst = append(appendType(append(dst, '['), d.Base(), bigEndian), ", "...)
		return append(appendJSON(dst, d.Shape()), ']')
	}
	if !inOrder(fields) {
		dst = fmt.Appendf(dst, `{"itemsize": %d, "fields": [`, d.Size())
		for _, f := range fields {
			dst = append(appendJSON(append(appendComma(dst), '['), f.Name), ", "...)
			dst = fmt.Appendf(appendType(dst, f.DType, bigEndian), ", %d]", f.Offset)
		}
		return append(dst, "]}"...)
	}
	dst = append(dst, '[')
	end := 0
	pad := func(to int) {
		if to > end {
			dst = fmt.Appendf(appendComma(dst), `["", "|V%d"]`, to-end)
		}
	}
	for _, f := range fields {
		pad(f.Offset)
		end = f.Offset + f.DType.Size()
		dst = append(appendJSON(append(appendComma(dst), '['), f.Name), ", "...)
		dst = appendType(dst, f.DType.Base(), bigEndian)
		if shape := f.DType.Shape(); shape != nil {
			dst = appendJSON(append(dst, ", "...), shape)
		}
		dst = append(dst, ']')
	}
	pad(d.Size())
	return append(dst, ']')
}

// inOrder reports whether fields stand one behind the other.
func inOrder(fields []ndarray.DTypeField) bool {
	end := 0
	for _, f := range fields {
		if f.Offset < end {
			return false
		}
		end = f.Offset + f.DType.Size()
	}
	return true
}

// appendComma appends a comma, unless dst ends in a bracket that was opened.
func appendComma(dst []byte) []byte {
	if dst[len(dst)-1] == '[' {
		return dst
	}
	return append(dst, ", "...)
}

// appendJSON appends a name or a shape.
func appendJSON(dst []byte, v any) []byte {
	text, _ := json.Marshal(v) // cannot fail: v is a string or ints
	return append(dst, text...)
}
