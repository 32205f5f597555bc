package pybridge

import (
	"errors"
	"fmt"
	"reflect"
	"strconv"

	"github.com/tinylib/msgp/msgp"

	"github.com/samebytes/samebytes/ndarray"
	"github.com/samebytes/samebytes/npy"
	"github.com/samebytes/samebytes/shm"
)

// A small array that is in no segment travels in the message itself: to make a temporary segment for it, and to map that on the other
// side, takes ten times as long as to copy it. Its payload is, in msgpack, a list of its type, its shape, and its elements in C order.
// A handle is a longer list.

// mostInline is how many bytes of elements such an array has at most: they fit into a slot with what is beside them.
const mostInline = 12 << 10

const inlineHead = 0x93 // of a list of 3

func isInline(payload []byte) bool { return len(payload) > 0 && payload[0] == inlineHead }

// inlineTypes are the dtypes of arrays that travel so, by the type strings of their payloads: numbers. Not bools: of the bytes of one
// only 0 and 1 are a bool in Go.
var inlineTypes = map[string]ndarray.DType{}

// inlineTexts are the type strings.
var inlineTexts = map[ndarray.DType]string{}

func init() {
	for _, d := range []ndarray.DType{
		ndarray.Int8, ndarray.Int16, ndarray.Int32, ndarray.Int64, ndarray.Uint8, ndarray.Uint16, ndarray.Uint32, ndarray.Uint64,
		ndarray.DTypeOf[ndarray.Float16](), ndarray.Float32, ndarray.Float64, ndarray.Complex64, ndarray.Complex128,
	} {
		text := string(npy.AppendType(nil, d, false))
		inlineTypes[text], inlineTexts[d] = d, text
	}
}

// appendInline appends the payload of an array, unless it does not travel in the message.
func appendInline(dst []byte, a *ndarray.Any) (out []byte, ok bool, err error) {
	d := a.DType()
	nbytes := a.Len() * d.Size()
	text, numbers := inlineTexts[d]
	if nbytes > mostInline || !numbers {
		return dst, false, nil
	}
	dst = msgp.AppendString(append(dst, inlineHead), text)
	dst = msgp.AppendArrayHeader(dst, uint32(a.NDim()))
	for _, length := range a.Shape() {
		dst = msgp.AppendInt(dst, length)
	}
	dst = msgp.AppendBytesHeader(dst, uint32(nbytes))
	start := len(dst)
	dst = append(dst, make([]byte, nbytes)...)
	elements, err := ndarray.AnyFromFlat(dst[start:], d, a.Shape(), false)
	if err != nil {
		return dst, true, err
	}
	return dst, true, a.CopyTo(elements)
}

// parseInline returns the array of a payload, over the payload's own bytes.
// The errors are npy.ErrFormat, ndarray.ErrDType and ndarray.ErrShape.
func parseInline(payload []byte) (*ndarray.Any, error) {
	malformed := func(what string) error {
		return is(npy.ErrFormat, "expected %s of an array in a message, found %.40q", what, payload)
	}
	typ, b, err := msgp.ReadStringZC(payload[1:])
	if err != nil {
		return nil, malformed("the type")
	}
	d, ok := inlineTypes[string(typ)]
	if !ok {
		return nil, is(ndarray.ErrDType, "expected numbers in an array in a message, found %.40q", typ)
	}
	n, b, err := msgp.ReadArrayHeaderBytes(b)
	if err != nil {
		return nil, malformed("the shape")
	}
	if n > ndarray.MaxDims {
		return nil, is(ndarray.ErrShape, "expected at most %d axes, found %d", ndarray.MaxDims, n)
	}
	shape := make([]int, n)
	for axis := range shape {
		var tooGreat msgp.UintOverflow
		shape[axis], b, err = msgp.ReadIntBytes(b)
		if errors.As(err, &tooGreat) {
			return nil, is(ndarray.ErrShape, "expected lengths of %d bits, found %d", strconv.IntSize-1, tooGreat.Value)
		}
		if err != nil {
			return nil, malformed("lengths")
		}
	}
	data, b, err := msgp.ReadBytesZC(b)
	if err != nil || len(b) > 0 {
		return nil, malformed("the elements")
	}
	return ndarray.AnyFromFlat(data, d, shape, false)
}

// copiers have how to make the array types whose elements Go has a type for of an array in a message.
var copiers = map[reflect.Type]func(*ndarray.Any) (open, error){
	reflect.TypeFor[*ndarray.Any](): func(a *ndarray.Any) (open, error) { return opened(a.Copy()), nil },
}

func registerInline[T ndarray.Element]() {
	copiers[reflect.TypeFor[*ndarray.Array[T]]()] = func(a *ndarray.Any) (open, error) {
		array, err := ndarray.As[T](a.Copy())
		return opened(array), err
	}
	copiers[reflect.TypeFor[*shm.Array[T]]()] = func(a *ndarray.Any) (open, error) {
		if want := ndarray.DTypeOf[T](); a.DType() != want {
			return open{}, is(ndarray.ErrDType, "expected %v, found %v", want, a.DType())
		}
		array, err := shm.New[T](a.Shape(), shm.Uninitialized())
		if err != nil {
			return open{}, err
		}
		if err := a.CopyTo(array.Any()); err != nil {
			array.Close()
			return open{}, err
		}
		return open{value: reflect.ValueOf(array), close: array.Close}, nil
	}
}

// opened returns an array in ordinary memory, of which nobody else knows.
func opened(array any) open {
	value := reflect.ValueOf(array)
	return open{value: value, close: func() error { return nil }, copy: func() reflect.Value { return value }}
}

// openInline makes of the array in a payload what is asked for.
func openInline(payload []byte, into reflect.Type) (open, error) {
	a, err := parseInline(payload)
	if err != nil {
		return open{}, err
	}
	want := into
	if into.Kind() == reflect.Interface {
		want = byDType[a.DType()]
	}
	copier := copiers[want]
	if copier == nil {
		return open{}, fmt.Errorf("%w: expected %s, found an array of %v", ndarray.ErrDType, typeName(into), a.DType())
	}
	o, err := copier(a)
	o.inline = true
	o.handle.DType, o.handle.Shape = a.DType(), a.Shape()
	return o, err
}

// place puts the array in a payload into a temporary segment, and returns the payload of its handle.
func place(payload []byte) ([]byte, error) {
	a, err := parseInline(payload)
	if err != nil {
		return nil, err
	}
	h, err := copied(a)
	if err != nil {
		return nil, err
	}
	return h.AppendMsgpack(nil), nil
}
