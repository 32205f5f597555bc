package ndarray

import (
	"fmt"
	"slices"
)

// Any is an array whose dtype is known at run time. It has the views of an [Array], copies, and prints; [As] makes an Array
// of it. Its elements may be what no Go type is, or lie where none may: fields of packed NumPy structs are seldom aligned.
// Make one with [Array.Any], [AnyFromFlat] or [AnyFromStrided].
//
// Sharing, panics and concurrency are those of Array. Only its strides differ: they count bytes, as NumPy's do.
type Any struct {
	dtype DType
	data  []byte // from the lowest to the highest byte that the layout reaches
	layout
}

// newAny lays l, whose strides and offset count bytes, over data, and cuts away what it doesn't reach.
func newAny(d DType, data []byte, l layout) *Any {
	if l.n == 0 {
		data, l.offset = data[:0:0], 0
	} else {
		below, above, _ := span(l.shape, l.strides) // can't overflow: the elements lie in data
		low, high := l.offset-below, l.offset+above+d.size
		data, l.offset = data[low:high:high], below
	}
	return &Any{d, data, l}
}

// inBytes returns a layout whose strides and offset count elements, as one that counts bytes.
func (l *layout) inBytes(size int) layout {
	b := *l
	b.offset *= size
	b.strides = make([]int, len(l.strides))
	for d, stride := range l.strides {
		b.strides[d] = stride * size // may wrap where the length is at most one, and means nothing there
	}
	return b
}

// Any returns an array that shares a's elements, and has their dtype as a value.
func (a *Array[T]) Any() *Any {
	d := DTypeOf[T]()
	return newAny(d, recast[byte](a.data), a.inBytes(d.size))
}

// As returns an array of T that shares a's elements.
// The error is [ErrDType] where T's dtype is another, and [ErrLayout] where memory or strides are not aligned for T, which
// those of a Copy are.
//
// Any bytes are a value of most types, but only 0 and 1 are a Go bool, alone or in a struct: compiled code may index by a bool
// without a check. Of bytes from elsewhere, take bools as uint8.
func As[T Element](a *Any) (*Array[T], error) {
	d := DTypeOf[T]()
	if a.dtype != d {
		return nil, fmt.Errorf("ndarray: As: %w: expected %v, found %v", ErrDType, d, a.dtype)
	}
	b, err := recastAny[T](a)
	if err != nil {
		return nil, fmt.Errorf("ndarray: As: %w, Copy the array first", err)
	}
	return b, nil
}

// recastAny returns a's memory as an array of elements of another type of the same size.
// The error is ErrLayout where they can't lie there.
func recastAny[T Element](a *Any) (*Array[T], error) {
	size := a.dtype.size
	if a.n == 0 {
		return newArray([]T(nil), a.layout), nil
	}
	if !aligned[T](a.data) {
		return nil, fmt.Errorf("%w: memory is not aligned for %v", ErrLayout, a.dtype)
	}
	l := a.layout
	l.strides = make([]int, len(a.strides))
	for axis, stride := range a.strides {
		if a.shape[axis] > 1 && stride%size != 0 {
			return nil, fmt.Errorf("%w: expected strides of multiples of the %d bytes of %v, found %v", ErrLayout, size, a.dtype, a.strides)
		}
		l.strides[axis] = stride / size
	}
	l.offset /= size // a sum of strides
	return newArray(recast[T](a.data), l), nil
}

// AnyFromFlat returns an array that shares the bytes of data, in which elements in the machine's byte order lie one after the
// other, in C order or in Fortran order, as a file's header says. They need not be aligned.
// The error is [ErrDType] for the zero DType, and [ErrShape] where the shape takes another number of bytes than data has.
func AnyFromFlat(data []byte, d DType, shape []int, fortran bool) (*Any, error) {
	n, nbytes, err := sizeOf(d, shape)
	if err != nil {
		return nil, fmt.Errorf("ndarray: AnyFromFlat: %w", err)
	}
	if nbytes != len(data) {
		return nil, fmt.Errorf("ndarray: AnyFromFlat: %w: expected %d bytes for %v of %v, found %d", ErrShape, nbytes, shape, d, len(data))
	}
	if !fortran {
		l := contiguousLayout(shape, n)
		return newAny(d, data, l.inBytes(d.size)), nil
	}
	shape = slices.Clone(shape)
	slices.Reverse(shape)
	l := contiguousLayout(shape, n)
	return newAny(d, data, l.inBytes(d.size)).T(), nil
}

// AnyFromStrided returns an array that shares bytes of data: the element at (0, 0, ...) begins at data[offset], and an index
// more on axis d is strides[d] bytes further. A stride may be negative, zero, or less than an element takes.
// The error is [ErrDType] for the zero DType, [ErrShape] for a shape that [Size] does not accept, and [ErrLayout] where
// there is not one stride for each axis or an element would lie outside data.
func AnyFromStrided(data []byte, d DType, shape, strides []int, offset int) (*Any, error) {
	n, _, err := sizeOf(d, shape)
	if err != nil {
		return nil, fmt.Errorf("ndarray: AnyFromStrided: %w", err)
	}
	if len(shape) != len(strides) {
		return nil, fmt.Errorf("ndarray: AnyFromStrided: %w: expected a stride for each axis of %v, found %v", ErrLayout, shape, strides)
	}
	l := newLayout(len(shape), n)
	copy(l.shape, shape)
	copy(l.strides, strides)
	l.offset = offset
	if n == 0 {
		return newAny(d, data, l), nil
	}
	below, above, ok := span(shape, strides)
	if !ok || offset < below || offset > len(data)-d.size || above > len(data)-d.size-offset {
		return nil, fmt.Errorf("ndarray: AnyFromStrided: %w: %v of %v with strides %v from byte %d reaches outside %d bytes",
			ErrLayout, shape, d, strides, offset, len(data))
	}
	return newAny(d, data, l), nil
}

func sizeOf(d DType, shape []int) (n, nbytes int, err error) {
	if d.kind == 0 {
		return 0, 0, fmt.Errorf("%w: expected one, found the zero DType", ErrDType)
	}
	return Size(shape, d.size)
}

// DType returns the dtype of the elements.
func (a *Any) DType() DType { return a.dtype }

// NDim returns the number of axes.
func (a *Any) NDim() int { return len(a.shape) }

// Dim is [Array.Dim].
func (a *Any) Dim(axis int) int { return a.dim(axis) }

// Shape returns a copy of the lengths of the axes.
func (a *Any) Shape() []int { return slices.Clone(a.shape) }

// Strides returns a copy of the strides, in bytes. That of an axis of length one, or of an array without elements, means
// nothing.
func (a *Any) Strides() []int { return slices.Clone(a.strides) }

// Len returns the number of elements.
func (a *Any) Len() int { return a.n }

// Contiguous reports whether the elements lie one after the other in C order, so that Data is exactly them.
func (a *Any) Contiguous() bool {
	c := contiguousLayout(a.shape, a.n)
	for d, length := range a.shape {
		if length != 1 && a.n > 0 && a.strides[d] != c.strides[d]*a.dtype.size {
			return false
		}
	}
	return true
}

// Data returns the bytes from the lowest to the highest of the array, which it shares, as [Array.Data] does.
func (a *Any) Data() []byte { return a.data }

// ReadOnly returns an array that shares a's elements and has no way to write them but Data, as have its views and what [As]
// makes of it.
func (a *Any) ReadOnly() *Any {
	l := a.layout
	l.readonly = true
	return newAny(a.dtype, a.data, l)
}

// Writable reports whether elements may be written: false of what [Any.ReadOnly] returned, of a read-only Array's Any, and
// of their views.
func (a *Any) Writable() bool { return !a.readonly }

// Copy returns an array with the same elements in memory of its own, in C order and aligned for whatever type they have. It
// is not read-only. Padding is copied too.
//
// It panics with a [ShapeError] as [Array.Copy] does.
func (a *Any) Copy() *Any { return a.copied("Copy") }

// CopyF is [Any.Copy] in Fortran order, as [Array.CopyF] is.
func (a *Any) CopyF() *Any { return a.T().copied("CopyF").T() }

// copied is Copy under another name for the panic.
func (a *Any) copied(op string) *Any {
	size := a.dtype.size
	_, nbytes := mustFit(op, a.shape, size)
	c := contiguousLayout(a.shape, a.n)
	dst := newAny(a.dtype, recast[byte](make([]uint64, (nbytes+7)/8))[:nbytes], c.inBytes(size))
	dst.assign(a)
	return dst
}

// CopyTo stores a's elements in dst, broadcast to its shape. They may overlap: dst becomes what a was. Padding is copied too.
// The error is [ErrDType] where the dtypes differ, [ErrShape] where a does not broadcast to dst's shape, [ErrReadOnly], and
// [ErrLayout] where an element of dst lies under several indices.
func (a *Any) CopyTo(dst *Any) error {
	var err error
	switch {
	case dst.dtype != a.dtype:
		err = fmt.Errorf("%w: expected %v, found %v", ErrDType, dst.dtype, a.dtype)
	case !a.stretches(dst.shape):
		err = fmt.Errorf("%w: expected one that broadcasts to %v, found %v", ErrShape, dst.shape, a.shape)
	case dst.readonly:
		err = ErrReadOnly
	case dst.meetsItself():
		err = fmt.Errorf("%w: elements of shape %v with strides %v lie under several indices", ErrLayout, dst.shape, dst.strides)
	}
	if err != nil {
		return fmt.Errorf("ndarray: CopyTo: %w", err)
	}
	first, _ := address(dst.data)
	other, _ := address(a.data)
	if first < other+uintptr(len(a.data)) && other < first+uintptr(len(dst.data)) {
		a = a.copied("CopyTo")
	}
	dst.assign(a.view(a.broadcast(dst.shape)))
	return nil
}

// meetsItself reports whether a byte belongs to several elements: strides of bytes may be shorter than an element.
func (a *Any) meetsItself() bool {
	if a.overlapsItself() {
		return true
	}
	size := a.dtype.size
	bytes := newLayout(len(a.shape)+1, a.n*size) // which memory has, since no two elements begin at one place
	copy(bytes.shape, a.shape)
	copy(bytes.strides, a.strides)
	bytes.shape[len(a.shape)], bytes.strides[len(a.shape)] = size, 1
	return bytes.overlapsItself()
}

// assign stores src's elements, of the same dtype and shape, which lie apart.
func (a *Any) assign(src *Any) {
	size := a.dtype.size
	if a.n == 0 || size == 0 {
		return
	}
	switch size { // to bytes it makes no difference what numbers they are
	case 1:
		if assignAs[uint8](a, src) {
			return
		}
	case 2:
		if assignAs[uint16](a, src) {
			return
		}
	case 4:
		if assignAs[uint32](a, src) {
			return
		}
	case 8:
		if assignAs[uint64](a, src) {
			return
		}
	case 16:
		if assignAs[complex128](a, src) {
			return
		}
	}
	l := newLoops(&a.layout, &src.layout)
	to, from := l.inc(0), l.inc(1)
	l.each(func(offsets []int, n int) {
		d, s := offsets[0], offsets[1]
		if to == size && from == size {
			copy(a.data[d:d+n*size], src.data[s:])
			return
		}
		for range n {
			copy(a.data[d:d+size], src.data[s:])
			d, s = d+to, s+from
		}
	})
}

// assignAs stores src's elements as those of a Go type of their size, which is faster. It reports whether they lie so that it could.
func assignAs[T Element](a, src *Any) bool {
	to, err := recastAny[T](a)
	if err != nil {
		return false
	}
	from, err := recastAny[T](src)
	if err != nil {
		return false
	}
	assign(to, from)
	return true
}

// Field returns an array that shares the field of that name of each struct. A field that is a subarray adds its axes after
// a's, as in NumPy.
// The error is [ErrDType] where there is no such field, and [ErrShape] where there would be more axes than [MaxDims].
func (a *Any) Field(name string) (*Any, error) {
	f, ok := a.dtype.Field(name)
	if !ok {
		return nil, fmt.Errorf("ndarray: Field: %w: no field %q in %v", ErrDType, name, a.dtype)
	}
	field, err := a.field(f).expanded()
	if err != nil {
		return nil, fmt.Errorf("ndarray: Field %q: %w", name, err)
	}
	return field, nil
}

func (a *Any) field(f DTypeField) *Any {
	l := a.layout
	l.offset += f.Offset
	return newAny(f.DType, a.data, l)
}

// expanded returns an array of subarrays as one of their elements, with more axes. Others it returns as they are.
func (a *Any) expanded() (*Any, error) {
	inner := a.dtype.Shape()
	if len(inner) == 0 {
		return a, nil
	}
	base := a.dtype.Base()
	shape := append(slices.Clone(a.shape), inner...)
	n, _, err := Size(shape, base.size)
	if err != nil {
		return nil, err
	}
	in := contiguousLayout(inner, a.dtype.size/base.size)
	in = in.inBytes(base.size)
	l := layout{shape, append(slices.Clone(a.strides), in.strides...), a.offset, n, a.readonly}
	return newAny(base, a.data, l), nil
}

// Field returns an array that shares the field of that name of each struct in a, as Field[float64](quotes, "price"). Of a field
// that is a Go array, U is its type, or that of its elements: then its axes come after a's.
// The error is [ErrDType] where there is no such field or it is no U, and [ErrLayout] where the struct's size is no multiple
// of U's: then Any().Field(name).Copy() has them.
func Field[U, T Element](a *Array[T], name string) (*Array[U], error) {
	structs := a.Any()
	f, ok := structs.dtype.Field(name)
	if !ok {
		return nil, fmt.Errorf("ndarray: Field: %w: no field %q in %v", ErrDType, name, structs.dtype)
	}
	field := structs.field(f)
	if f.DType != DTypeOf[U]() {
		var err error
		if field, err = field.expanded(); err != nil {
			return nil, fmt.Errorf("ndarray: Field %q: %w", name, err)
		}
	}
	typed, err := As[U](field)
	if err != nil {
		return nil, fmt.Errorf("ndarray: Field %q: %w", name, err)
	}
	return typed, nil
}
