package pybridge

import (
	"encoding/hex"
	"fmt"
	"reflect"
	"slices"

	"github.com/tinylib/msgp/msgp"

	"github.com/samebytes/samebytes/ndarray"
	"github.com/samebytes/samebytes/npy"
	"github.com/samebytes/samebytes/shm"
)

// Arrays travel as handles: of the segment that they are in, or of a temporary one that they are copied into. The payload is a
// msgpack list of the handle's fields, or, of elements that a type string cannot name, the handle as JSON.

// shared is an array in a segment, of whichever type.
type shared interface {
	Handle() (shm.Handle, error)
}

// plain is an array anywhere.
type plain interface{ Any() *ndarray.Any }

// readOnly is an array that the other side may not write to.
type readOnly struct{ array shared }

// ReadOnly returns a as an argument that the function which is called can't write to.
func ReadOnly(a shared) any { return readOnly{a} }

// View returns an argument that is a view of an array in a segment: the other side has the same elements. Without it a view, which
// does not know its segment, is copied.
// The error of the call is [ndarray.ErrLayout] where view is none of a's.
func View[T ndarray.Element](a *shm.Array[T], view *ndarray.Array[T]) any { return viewOf[T]{a, view} }

type viewOf[T ndarray.Element] struct {
	whole *shm.Array[T]
	view  *ndarray.Array[T]
}

func (v viewOf[T]) Handle() (shm.Handle, error) { return v.whole.HandleOf(v.view) }

// appendArray is the wire.Encoder's Array.
func appendArray(dst []byte, v any) ([]byte, bool, error) {
	var h shm.Handle
	var err error
	switch v := v.(type) {
	case readOnly:
		h, err = v.array.Handle()
		h.ReadOnly = true
	case shared:
		h, err = v.Handle()
	case *ndarray.Any:
		h, err = copied(v)
	case plain:
		h, err = copied(v.Any())
	default:
		return dst, false, nil
	}
	if err == nil {
		dst, err = appendHandle(dst, h)
	}
	return dst, true, err
}

// copied puts a copy of a into a temporary segment, and returns its handle. The segment goes with who opens it.
func copied(a *ndarray.Any) (shm.Handle, error) {
	size := a.DType().Size()
	segment, err := shm.New[uint8]([]int{a.Len() * size}, shm.Uninitialized())
	if err != nil {
		return shm.Handle{}, err
	}
	defer segment.Close()
	dst, err := ndarray.AnyFromFlat(segment.Data(), a.DType(), a.Shape(), false)
	if err == nil {
		err = a.CopyTo(dst)
	}
	if err != nil {
		return shm.Handle{}, err
	}
	h, err := segment.Handle()
	h.DType, h.Shape, h.Strides = a.DType(), dst.Shape(), dst.Strides()
	return h, err
}

func appendHandle(dst []byte, h shm.Handle) ([]byte, error) {
	if h.Descr != "" || h.DType.Fields() != nil {
		text, err := h.MarshalJSON()
		return append(dst, text...), err
	}
	dst = msgp.AppendArrayHeader(dst, 8)
	dst = msgp.AppendString(dst, h.Domain)
	dst = msgp.AppendString(dst, h.Name)
	dst = msgp.AppendString(dst, hex.EncodeToString(h.ID[:]))
	dst = msgp.AppendInt(dst, h.Offset)
	for _, list := range [][]int{h.Shape, h.Strides} {
		dst = msgp.AppendArrayHeader(dst, uint32(len(list)))
		for _, n := range list {
			dst = msgp.AppendInt(dst, n)
		}
	}
	var name [32]byte
	dst = msgp.AppendStringFromBytes(dst, npy.AppendType(name[:0], h.DType, h.BigEndian))
	return msgp.AppendBool(dst, h.ReadOnly), nil
}

// parseHandle returns the handle of a payload.
func parseHandle(b []byte) (h shm.Handle, err error) {
	if len(b) > 0 && b[0] == '{' {
		return shm.ParseHandle(b)
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("%w: a handle that is none: %w", npy.ErrFormat, err)
		}
	}()
	n, b, err := msgp.ReadArrayHeaderBytes(b)
	if err == nil && n != 8 {
		err = fmt.Errorf("expected 8 fields, found %d", n)
	}
	texts := []*string{&h.Domain, &h.Name, new(string)}
	for _, text := range texts {
		if err == nil {
			*text, b, err = msgp.ReadStringBytes(b)
		}
	}
	if err == nil {
		h.Offset, b, err = msgp.ReadIntBytes(b)
	}
	for _, list := range []*[]int{&h.Shape, &h.Strides} {
		if err != nil {
			return h, err
		}
		if n, b, err = msgp.ReadArrayHeaderBytes(b); err == nil && n > ndarray.MaxDims {
			err = fmt.Errorf("%d axes", n)
		}
		for range n {
			var v int
			if err == nil {
				v, b, err = msgp.ReadIntBytes(b)
			}
			*list = append(*list, v)
		}
	}
	var name string
	if err == nil {
		name, b, err = msgp.ReadStringBytes(b)
	}
	if err == nil {
		h.ReadOnly, b, err = msgp.ReadBoolBytes(b)
	}
	if err != nil {
		return h, err
	}
	id := *texts[2]
	if n, err := hex.Decode(h.ID[:], []byte(id)); err != nil || n != len(h.ID) || len(id) != 2*len(h.ID) || len(b) > 0 {
		return h, fmt.Errorf("expected 32 hexadecimal digits as id and nothing behind, found %q and %d bytes", id, len(b))
	}
	h.DType, h.BigEndian, err = npy.ParseType(name)
	if err == nil && len(h.Shape) != len(h.Strides) {
		err = fmt.Errorf("%d strides for %d axes", len(h.Strides), len(h.Shape))
	}
	return h, err
}

// opener opens a handle as what is asked for.
type opener func(h shm.Handle) (reflect.Value, error)

// openers has how to open the array types whose elements Go has a type for: those in segments, which their user closes, and
// copies in ordinary memory.
var openers = map[reflect.Type]opener{}

func register[T ndarray.Element]() {
	openers[reflect.TypeFor[*shm.Array[T]]()] = func(h shm.Handle) (reflect.Value, error) {
		a, err := shm.Open[T](h)
		return reflect.ValueOf(a), err
	}
	openers[reflect.TypeFor[*ndarray.Array[T]]()] = func(h shm.Handle) (reflect.Value, error) {
		a, err := shm.Open[T](h)
		if err != nil {
			return reflect.Value{}, err
		}
		defer a.Close()
		return reflect.ValueOf(a.Copy()), nil
	}
	byDType[ndarray.DTypeOf[T]()] = reflect.TypeFor[*shm.Array[T]]()
}

// byDType is the type of array that a handle is opened as where nothing is asked for.
var byDType = map[ndarray.DType]reflect.Type{}

func init() {
	register[bool]()
	register[int8]()
	register[int16]()
	register[int32]()
	register[int64]()
	register[uint8]()
	register[uint16]()
	register[uint32]()
	register[uint64]()
	register[float32]()
	register[float64]()
	register[complex64]()
	register[complex128]()
	register[ndarray.Float16]()
	openers[reflect.TypeFor[*ndarray.Any]()] = openAny
}

// openArray is the wire.Decoder's Array.
func openArray(payload []byte, into reflect.Type) (reflect.Value, error) {
	h, err := parseHandle(payload)
	if err != nil {
		return reflect.Value{}, err
	}
	want := into
	if into.Kind() == reflect.Interface {
		var known bool
		if want, known = byDType[h.DType]; !known || h.BigEndian {
			want = reflect.TypeFor[*ndarray.Any]()
		}
	}
	open, known := openers[want]
	if !known {
		return reflect.Value{}, fmt.Errorf("%w: expected %v, found an array of %v", ndarray.ErrDType, into, h.DType)
	}
	return open(h)
}

// openAny opens an array of any dtype, as a copy in ordinary memory.
func openAny(h shm.Handle) (reflect.Value, error) {
	n, _, err := ndarray.Size(h.Shape, h.DType.Size())
	if err != nil || h.BigEndian {
		return reflect.Value{}, fmt.Errorf("%w: %v of %v (big-endian: %v): %w", ndarray.ErrDType, h.Shape, h.DType, h.BigEndian, err)
	}
	low, high := h.Offset, h.Offset
	for d, length := range h.Shape {
		if reach := (length - 1) * h.Strides[d]; n > 0 && reach < 0 {
			low += reach
		} else if n > 0 {
			high += reach
		}
	}
	if n > 0 {
		high += h.DType.Size()
	}
	raw := h
	raw.DType, raw.Offset, raw.Shape, raw.Strides = ndarray.Uint8, low, []int{max(high-low, 0)}, []int{1}
	segment, err := shm.Open[uint8](raw) // which checks that all of it is there, also where the sums above overflowed
	if err != nil {
		return reflect.Value{}, err
	}
	defer segment.Close()
	a, err := ndarray.AnyFromStrided(slices.Clip(segment.Data()), h.DType, h.Shape, h.Strides, h.Offset-low)
	if err != nil {
		return reflect.Value{}, err
	}
	return reflect.ValueOf(a.Copy()), nil
}
