package pybridge

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/samebytes/samebytes/ndarray"
	"github.com/samebytes/samebytes/shm"
)

// Arrays travel as handles: of the segment that they are in, or of a temporary one that they are copied into.

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

func (v viewOf[T]) bytes() int { return v.view.Len() * v.view.DType().Size() }

func (v viewOf[T]) Handle() (shm.Handle, error) { return v.whole.HandleOf(v.view) }

// appendArray is the wire.Encoder's Array.
func appendArray(dst []byte, v any) ([]byte, bool, error) {
	var h shm.Handle
	var err error
	switch v := v.(type) {
	case *keptArray:
		dst, err = v.append(dst)
		return dst, true, err
	case readOnly:
		h, err = v.array.Handle()
		h.ReadOnly = true
	case shared:
		h, err = v.Handle()
	case *ndarray.Any:
		return appendCopy(dst, v)
	case plain:
		return appendCopy(dst, v.Any())
	default:
		return dst, false, nil
	}
	if err == nil {
		dst = h.AppendMsgpack(dst)
	}
	return dst, true, err
}

// appendCopy appends an array that is in no segment: itself, or the handle of a copy in a temporary one.
func appendCopy(dst []byte, a *ndarray.Any) ([]byte, bool, error) {
	if dst, ok, err := appendInline(dst, a); ok {
		return dst, true, err
	}
	h, err := copied(a)
	if err != nil {
		return dst, true, err
	}
	return h.AppendMsgpack(dst), true, nil
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

// open is an array that a handle was opened as.
type open struct {
	value reflect.Value        // of the type asked for: the elements themselves, until close
	close func() error         // lets the segment go
	copy  func() reflect.Value // the array in memory of its own; nil for an array that its user closes

	handle shm.Handle // of the array
	inline bool       // it was in the message itself, and the handle has its type and shape alone
}

// openers has how to open handles as the array types whose elements Go has a type for.
var openers = map[reflect.Type]func(h shm.Handle) (open, error){
	reflect.TypeFor[*ndarray.Any](): openAny,
}

// byDType is the type of array that a handle is opened as where nothing is asked for.
var byDType = map[ndarray.DType]reflect.Type{}

func register[T ndarray.Element]() {
	openers[reflect.TypeFor[*shm.Array[T]]()] = func(h shm.Handle) (open, error) {
		a, err := shm.Open[T](h)
		if err != nil {
			return open{}, err
		}
		return open{value: reflect.ValueOf(a), close: a.Close}, nil
	}
	openers[reflect.TypeFor[*ndarray.Array[T]]()] = func(h shm.Handle) (open, error) {
		a, err := shm.Open[T](h)
		if err != nil {
			return open{}, err
		}
		return open{value: reflect.ValueOf(a.Array), close: a.Close, copy: func() reflect.Value { return reflect.ValueOf(a.Copy()) }}, nil
	}
	registerInline[T]()
	byDType[ndarray.DTypeOf[T]()] = reflect.TypeFor[*shm.Array[T]]()
}

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
	register[ndarray.BFloat16]()
}

// openPayload opens the array of a payload as what is asked for.
func openPayload(payload []byte, into reflect.Type) (open, error) {
	if isInline(payload) {
		return openInline(payload, into)
	}
	h, err := shm.ParseHandleMsgpack(payload)
	if err != nil {
		return open{}, err
	}
	want := into
	if into.Kind() == reflect.Interface {
		var known bool
		if want, known = byDType[h.DType]; !known || h.BigEndian {
			want = reflect.TypeFor[*ndarray.Any]()
		}
	}
	opener, known := openers[want]
	if !known {
		return open{}, fmt.Errorf("%w: expected %s, found an array of %v", ndarray.ErrDType, typeName(into), h.DType)
	}
	o, err := opener(h)
	o.handle = h
	return o, err
}

// openArray is a wire.Decoder's Array for results: arrays in segments, which their user closes, or copies in ordinary memory.
func (t *traffic) openArray(payload []byte, into reflect.Type) (reflect.Value, error) {
	o, err := openPayload(payload, into)
	if err != nil {
		return o.value, err
	}
	t.opened(o, o.copy != nil)
	if o.copy == nil {
		return o.value, nil
	}
	defer o.close()
	return o.copy(), nil
}

// openAny opens an array of any dtype.
func openAny(h shm.Handle) (open, error) {
	n, _, err := ndarray.Size(h.Shape, h.DType.Size())
	if err == nil && (h.BigEndian || h.DType == ndarray.DType{}) {
		err = fmt.Errorf("%w: expected elements in this machine's byte order, found %v, big-endian: %v", ndarray.ErrDType, h.DType, h.BigEndian)
	}
	if err != nil {
		return open{}, err
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
	segment, err := shm.Open[uint8](raw)
	if err != nil {
		return open{}, err
	}
	// Where the sums above overflowed, this finds that elements are not in what was opened.
	a, err := ndarray.AnyFromStrided(slices.Clip(segment.Data()), h.DType, h.Shape, h.Strides, h.Offset-low)
	if err != nil {
		segment.Close()
		return open{}, err
	}
	if h.ReadOnly {
		a = a.ReadOnly()
	}
	return open{value: reflect.ValueOf(a), close: segment.Close, copy: func() reflect.Value { return reflect.ValueOf(a.Copy()) }}, nil
}

// borrowed is the arrays and objects that are open during a call.
type borrowed struct {
	closers []func() error
	objects int      // in the argument that is decoded
	traffic *traffic // counts the arrays
}

// array is a wire.Decoder's Array for arguments: the elements themselves, until close.
func (b *borrowed) array(payload []byte, into reflect.Type) (reflect.Value, error) {
	o, err := openPayload(payload, into)
	if err == nil {
		b.closers = append(b.closers, o.close)
		b.traffic.opened(o, false)
	}
	return o.value, err
}

func (b *borrowed) close() {
	for _, closer := range b.closers {
		closer()
	}
}
