package ndarray

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"unicode/utf8"
	"unique"

	"github.com/samebytes/samebytes/internal/pyrepr"
)

// dtypePart is a field of a struct, or an axis of a subarray, and the list of those after it. Equal lists are the same handle:
// so a DType is small, and == compares all of it. The handles' memory goes when no DType has them any more.
type dtypePart struct {
	name  string // of a field
	n     int    // a field's offset in bytes, or an axis's length
	dtype DType  // of the field, or of the subarray's elements
	next  unique.Handle[dtypePart]

	// What follows from the above.
	fields int // in this list and within its dtypes
	depth  int // structs within one another: of its dtypes, the most
}

const (
	maxFields = 1 << 16 // a header of package npy has room for no more values. It bounds what printing or comparing costs
	maxNested = 16      // structs in structs; as many as handles of arrays may have
)

// DTypeField is a field of a struct.
type DTypeField struct {
	Name   string
	Offset int // bytes from the struct's beginning
	DType  DType
}

// StructDType returns the dtype of structs of these fields that take size bytes. What no field takes is padding. The order
// of the fields is that of their names, as in NumPy; the offsets may have another.
// The error is [ErrDType] for fields without a name, two of one name, ones that overlap or lie outside size, more than
// 65,536 of them or 16 structs within each other, and a size of more than 2 GiB.
func StructDType(fields []DTypeField, size int) (DType, error) {
	if size < 0 || size > maxItemsize {
		return DType{}, fmt.Errorf("%w: expected a struct of 0 to %d bytes, found %d", ErrDType, maxItemsize, size)
	}
	if len(fields) > maxFields {
		return DType{}, fmt.Errorf("%w: expected at most %d fields, found %d", ErrDType, maxFields, len(fields))
	}
	seen := make(map[string]bool, len(fields))
	for _, f := range fields {
		switch end := size - f.DType.size; {
		case f.DType.kind == 0:
			return DType{}, fmt.Errorf("%w: field %q has no dtype", ErrDType, f.Name)
		case f.Name == "" || !utf8.ValidString(f.Name):
			return DType{}, fmt.Errorf("%w: expected a name in UTF-8 for each field, found %q", ErrDType, f.Name)
		case seen[f.Name]:
			return DType{}, fmt.Errorf("%w: two fields have the name %q", ErrDType, f.Name)
		case f.Offset < 0 || f.Offset > end:
			return DType{}, fmt.Errorf("%w: field %q of %d bytes at %d lies outside the %d of the struct",
				ErrDType, f.Name, f.DType.size, f.Offset, size)
		}
		seen[f.Name] = true
	}
	if err := overlapping(fields); err != nil {
		return DType{}, err
	}
	d := DType{kind: 'V', form: structured, size: size}
	for _, f := range slices.Backward(fields) {
		p := dtypePart{name: f.Name, n: f.Offset, dtype: f.DType}
		if err := d.prepend(p); err != nil {
			return DType{}, err
		}
	}
	return d, nil
}

// overlapping says which fields overlap.
func overlapping(fields []DTypeField) error {
	byOffset := func(a, b DTypeField) int { return cmp.Compare(a.Offset, b.Offset) }
	if !slices.IsSortedFunc(fields, byOffset) {
		fields = slices.Clone(fields)
		slices.SortStableFunc(fields, byOffset)
	}
	var last DTypeField // of those that have bytes
	for _, f := range fields {
		if f.DType.size == 0 {
			continue
		}
		if f.Offset < last.Offset+last.DType.size {
			return fmt.Errorf("%w: field %q at byte %d overlaps %q, which takes %d bytes at %d",
				ErrDType, f.Name, f.Offset, last.Name, last.DType.size, last.Offset)
		}
		last = f
	}
	return nil
}

// SubarrayDType returns the dtype of C-order arrays of that shape within a struct. Without a shape it is base, and of
// another subarray it is one with the axes of both. The error is [ErrDType] where a length is negative, there are more than
// [MaxDims] axes or 2 GiB, and for a base without bytes.
func SubarrayDType(base DType, shape ...int) (DType, error) {
	if len(shape) == 0 {
		return base, nil
	}
	if base.size == 0 {
		return DType{}, fmt.Errorf("%w: expected a subarray of elements with bytes, found %v", ErrDType, base)
	}
	shape, base = append(slices.Clone(shape), base.Shape()...), base.Base()
	n, nbytes, err := Size(shape, base.size)
	if err != nil || nbytes > maxItemsize || slices.Max(shape) > maxItemsize { // which counts where another length is 0
		return DType{}, fmt.Errorf("%w: expected a subarray of at most %d axes and %d bytes, found %v of %v",
			ErrDType, MaxDims, maxItemsize, shape, base)
	}
	d := DType{kind: 'V', form: subarray, size: n * base.size}
	for axis := len(shape) - 1; axis >= 0; axis-- {
		p := dtypePart{n: shape[axis]}
		if axis == 0 {
			p.dtype = base // on one axis alone: it counts once
		}
		if err := d.prepend(p); err != nil {
			return DType{}, err
		}
	}
	return d, nil
}

// prepend puts p before d's parts.
func (d *DType) prepend(p dtypePart) error {
	if p.dtype.form == structured {
		p.depth++
	}
	p.fields = 1
	if p.dtype.parts != noParts {
		inner := p.dtype.parts.Value()
		p.fields += inner.fields
		p.depth += inner.depth
	}
	if p.next = d.parts; p.next != noParts {
		rest := p.next.Value()
		p.fields += rest.fields
		p.depth = max(p.depth, rest.depth)
	}
	if p.fields > maxFields || p.depth >= maxNested {
		return fmt.Errorf("%w: expected at most %d fields and %d structs within one another", ErrDType, maxFields, maxNested)
	}
	d.parts = unique.Make(p)
	return nil
}

// noParts is the end of each list of parts.
var noParts unique.Handle[dtypePart]

// all iterates over the parts of d.
func (d DType) all() iter.Seq[dtypePart] {
	return func(yield func(dtypePart) bool) {
		for h := d.parts; h != noParts; {
			p := h.Value()
			if !yield(p) {
				return
			}
			h = p.next
		}
	}
}

// Fields returns the fields of a struct, in the order of their names; of one that has none it is empty. It is nil of a dtype
// that is no struct.
func (d DType) Fields() []DTypeField {
	if d.form != structured {
		return nil
	}
	fields := []DTypeField{}
	for p := range d.all() {
		fields = append(fields, DTypeField{p.name, p.n, p.dtype})
	}
	return fields
}

// Field returns the field of that name, and whether there is one.
func (d DType) Field(name string) (DTypeField, bool) {
	if d.form == structured {
		for p := range d.all() {
			if p.name == name {
				return DTypeField{p.name, p.n, p.dtype}, true
			}
		}
	}
	return DTypeField{}, false
}

// Base returns the dtype of a subarray's elements, and any other dtype itself.
func (d DType) Base() DType {
	if d.form == subarray {
		return d.parts.Value().dtype
	}
	return d
}

// Shape returns the lengths of a subarray's axes, and none of any other dtype.
func (d DType) Shape() []int {
	var shape []int
	if d.form == subarray {
		for p := range d.all() {
			shape = append(shape, p.n)
		}
	}
	return shape
}

// appendFormat appends the dtype as NumPy writes it within that of a struct.
func (d DType) appendFormat(dst []byte) []byte {
	switch {
	case d.form == structured && d.packed():
		dst = append(dst, '[')
		for p := range d.all() {
			dst = appendSeparator(dst, '[')
			dst = append(pyrepr.AppendString(append(dst, '('), p.name), ", "...)
			dst = p.dtype.Base().appendFormat(dst)
			if p.dtype.form == subarray {
				dst = appendTuple(append(dst, ", "...), p.dtype.Shape())
			}
			dst = append(dst, ')')
		}
		return append(dst, ']')
	case d.form == structured:
		return d.appendDict(dst)
	case d.form == subarray:
		dst = append(d.Base().appendFormat(append(dst, '(')), ", "...)
		return append(appendTuple(dst, d.Shape()), ')')
	case d == Bool:
		return append(dst, "'?'"...)
	case d.form == brain:
		return append(dst, "'bfloat16'"...)
	}
	dst = append(dst, '\'')
	if d.Ordered() {
		dst = append(dst, '<')
	}
	if d.size == 0 {
		return append(dst, d.kind, '\'')
	}
	return append(append(dst, d.Code()...), '\'')
}

// packed reports whether a struct has no padding, and its fields in order.
func (d DType) packed() bool {
	end := 0
	for p := range d.all() {
		if p.n != end {
			return false
		}
		end += p.dtype.size
	}
	return end == d.size
}

// appendDict appends what NumPy writes of a struct that isn't packed.
func (d DType) appendDict(dst []byte) []byte {
	dst = append(dst, "{'names': ["...)
	for p := range d.all() {
		dst = pyrepr.AppendString(appendSeparator(dst, '['), p.name)
	}
	dst = append(dst, "], 'formats': ["...)
	for p := range d.all() {
		dst = p.dtype.appendFormat(appendSeparator(dst, '['))
	}
	dst = append(dst, "], 'offsets': ["...)
	for p := range d.all() {
		dst = strconv.AppendInt(appendSeparator(dst, '['), int64(p.n), 10)
	}
	dst = append(dst, "], 'itemsize': "...)
	return append(strconv.AppendInt(dst, int64(d.size), 10), '}')
}

// appendSeparator appends a comma and a space unless dst ends in opening.
func appendSeparator(dst []byte, opening byte) []byte {
	if dst[len(dst)-1] == opening {
		return dst
	}
	return append(dst, ", "...)
}

// appendTuple appends ints as Python writes a tuple of them.
func appendTuple(dst []byte, tuple []int) []byte {
	dst = append(dst, '(')
	for _, n := range tuple {
		dst = strconv.AppendInt(appendSeparator(dst, '('), int64(n), 10)
	}
	if len(tuple) == 1 {
		dst = append(dst, ',')
	}
	return append(dst, ')')
}
