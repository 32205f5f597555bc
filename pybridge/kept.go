package pybridge

import (
	"context"
	"reflect"
	"sync/atomic"

	"github.com/samebytes/samebytes/ndarray"
	"github.com/samebytes/samebytes/pybridge/internal/wire"
	"github.com/samebytes/samebytes/shm"
)

// kept is a value as calls carry it, which is kept: what its arrays are in stays open while somebody has it. A function that has a *kept as
// a parameter owns it; one that it returns is released when it has been sent.
type kept struct {
	value   any // as wire.Decoder.DecodeAny returns it, with *keptArray for arrays
	closes  []func()
	traffic *traffic // counts the arrays
	users   atomic.Int64
}

var keptType = reflect.TypeFor[*kept]()

// keptArray is an array in a kept value, of whatever dtype: its handle, and the segment that it is in.
type keptArray struct {
	payload []byte
	segment *shm.Array[uint8]
	nbytes  int
}

func (a *keptArray) bytes() int { return a.nbytes }

func newKept(value any) *kept {
	k := &kept{value: value}
	k.users.Store(1)
	return k
}

// decodeKept decodes the value that b begins with, and counts the objects that it has opened.
func decodeKept(l *link, b []byte, into **kept, opened *int) (rest []byte, err error) {
	k := newKept(nil)
	k.traffic = l.traffic
	open := l.objects.opener(context.Background(), opened, nil)
	d := &wire.Decoder{Array: k.array, Depth: 1, Object: func(payload []byte, of reflect.Type) (reflect.Value, error) {
		v, err := open(payload, of)
		if err == nil {
			k.hold(v.Interface())
		}
		return v, err
	}}
	if k.value, rest, err = d.DecodeAny(b); err != nil {
		k.release()
		return rest, err
	}
	*into = k
	return rest, nil
}

// hold keeps an object as long as k.
func (k *kept) hold(object any) {
	switch object := object.(type) {
	case *Object:
		k.closes = append(k.closes, func() { object.Close() })
	case sharedObject:
		object.retain()
		k.closes = append(k.closes, object.leave)
	}
}

// array opens the segment of an array.
func (k *kept) array(payload []byte, _ reflect.Type) (reflect.Value, error) {
	if isInline(payload) { // who has the value from now on has the same elements
		var err error
		if payload, err = place(payload); err != nil {
			return reflect.Value{}, err
		}
	}
	h, err := shm.ParseHandleMsgpack(payload)
	if err != nil {
		return reflect.Value{}, err
	}
	_, nbytes, err := ndarray.Size(h.Shape, h.DType.Size())
	if err != nil {
		return reflect.Value{}, err
	}
	of := h
	h.DType, h.BigEndian, h.Offset, h.Shape, h.Strides = ndarray.Uint8, false, 0, []int{0}, []int{1}
	segment, err := shm.Open[uint8](h)
	if err != nil {
		return reflect.Value{}, err
	}
	k.closes = append(k.closes, func() { segment.Close() })
	k.traffic.opened(open{handle: of}, false)
	return reflect.ValueOf(&keptArray{append([]byte(nil), payload...), segment, nbytes}), nil
}

// use returns k, which has one user more.
func (k *kept) use() *kept {
	k.users.Add(1)
	return k
}

// release has one user less. The last closes what is open.
func (k *kept) release() {
	if k != nil && k.users.Add(-1) == 0 {
		for _, closes := range k.closes {
			closes()
		}
	}
}

// part returns a part of k's value, which keeps all of it.
func (k *kept) part(value any) *kept {
	part := newKept(value)
	part.closes = []func(){k.use().release}
	return part
}

// joined returns a value that parts are in, which were used for it.
func joined(value any, parts []*kept) *kept {
	k := newKept(value)
	for _, part := range parts {
		k.closes = append(k.closes, part.release)
	}
	return k
}

// into stores the value in what out points to: arrays are opened once more, and objects are kept.
func (k *kept) into(l *link, out any) error {
	var objects []reflect.Value
	e := wire.Encoder{Array: appendArray, Object: func(dst []byte, v any) ([]byte, bool, error) {
		objects = append(objects, reflect.ValueOf(v))
		return dst, true, nil
	}}
	message, err := e.Append(nil, k.value)
	if err != nil {
		return err
	}
	var again traffic
	d := wire.Decoder{Array: again.openArray, Object: func(_ []byte, into reflect.Type) (v reflect.Value, err error) {
		v, objects = objects[0], objects[1:]
		if !v.Type().AssignableTo(into) {
			return v, is(ndarray.ErrDType, "expected %s, found a %s", typeName(into), typeName(v.Type()))
		}
		if o, ok := v.Interface().(*Object); ok {
			o.Keep()
		}
		return v, nil
	}}
	_, err = d.Decode(message, out)
	l.traffic.copies.Add(again.copies.Load())
	return err
}

// append appends the array's handle, which is under way from now on.
func (a *keptArray) append(dst []byte) ([]byte, error) {
	if _, err := a.segment.Handle(); err != nil {
		return dst, err
	}
	return append(dst, a.payload...), nil
}
