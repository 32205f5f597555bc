package pybridge

import (
	"context"
	"encoding/binary"
	"fmt"
	"reflect"
	"sync"
	"sync/atomic"

	"github.com/tinylib/msgp/msgp"

	"github.com/samebytes/samebytes/ndarray"
	"github.com/samebytes/samebytes/shm"
)

// An object in a message is an extension with this payload:
//
//	offset  bytes  content
//	0       1      0 for an object of the sender's, 1 for one of the receiver's
//	1       8      its number
//	9       ...    of the sender's: the name of its type, UTF-8
const (
	ofSender   = 0
	ofReceiver = 1

	objectHead = 1 + 8
)

// lastObject is the number of the object that was given away last, by any link.
var lastObject atomic.Uint64

// objects is this program's objects that the other side of a link holds.
type objects struct {
	link   *link
	server *Server // whose types are known; set before the link starts

	mu      sync.Mutex
	given   map[uint64]*given
	numbers map[any]uint64 // of the pointers among them
	ended   bool
}

// given is one of them.
type given struct {
	value   reflect.Value
	typ     *exposure
	call    *function // of a function
	count   int64     // how often it was given
	owned   bool      // it was made for the other side, and is closed when that lets it go
	pointer any       // its key in numbers
}

func newObjects(l *link) *objects {
	return &objects{link: l, given: map[uint64]*given{}, numbers: map[any]uint64{}}
}

// append is the wire.Encoder's Object, for who has link.sending.
func (o *objects) append(dst []byte, v any) ([]byte, bool, error) {
	if it, ok := v.(*Object); ok {
		if it.held.link != o.link {
			return dst, true, is(ndarray.ErrDType, "expected an object of the process that is called, found %s of another", it.typ)
		}
		if err := o.link.retain(it.held.number); err != nil {
			return dst, true, err
		}
		o.carry(func() { o.link.release(it.held.number) })
		return binary.LittleEndian.AppendUint64(append(dst, ofReceiver), it.held.number), true, nil
	}
	if m, ok := v.(made); ok {
		return o.appendGiven(dst, &given{value: m.value, typ: m.typ, owned: true}), true, nil
	}
	value := reflect.ValueOf(v)
	if value.Kind() == reflect.Func {
		fn, err := newFunction("function", value.Type())
		if err != nil {
			return dst, true, is(ndarray.ErrDType, "%v: %v", value.Type(), err)
		}
		fn.call, fn.meter = value, o.server.meters.of(functionExposure.name+".__call__")
		return o.appendGiven(dst, &given{value: value, call: fn, typ: functionExposure}), true, nil
	}
	if e := o.server.exposureOf(value.Type()); e != nil {
		return o.appendGiven(dst, &given{value: value, typ: e}), true, nil
	}
	return dst, false, nil
}

// carry notes what the message that is being made carries, and how it is taken back.
func (o *objects) carry(back func()) { o.link.cargo.objects = append(o.link.cargo.objects, back) }

// appendMade appends an object that was made for the other side.
func (o *objects) appendMade(dst []byte, v reflect.Value, e *exposure) ([]byte, error) {
	if k := v.Kind(); (k == reflect.Pointer || k == reflect.Interface) && v.IsNil() {
		return msgp.AppendNil(dst), nil
	}
	if v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	if own := o.server.exposureOf(v.Type()); own != nil && e.typ.Kind() != reflect.Interface {
		e = own
	}
	o.link.sending.Lock() // which the encoder is for who has
	defer o.link.sending.Unlock()
	defer o.link.cargo.take()
	return o.link.encoder.Append(dst, made{v, e})
}

// made is an object for the encoder, which is to be owned.
type made struct {
	value reflect.Value
	typ   *exposure
}

func (o *objects) appendGiven(dst []byte, g *given) []byte {
	if k := g.value.Kind(); k == reflect.Pointer {
		g.pointer = g.value.Interface()
	}
	number := o.give(g)
	o.carry(func() { o.count(number, -1) })
	dst = binary.LittleEndian.AppendUint64(append(dst, ofSender), number)
	return append(dst, g.typ.name...)
}

// give notes that the other side is given an object, and returns its number.
func (o *objects) give(g *given) uint64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	if number := o.numbers[g.pointer]; g.pointer != nil && number != 0 {
		it := o.given[number]
		it.count++
		it.owned = it.owned || g.owned
		return number
	}
	var number uint64
	if it, ok := g.pointer.(sharedObject); ok {
		it.retain()
		number = it.number()
	} else {
		number = lastObject.Add(1)
	}
	g.count = 1
	if !o.ended {
		o.given[number] = g
		if g.pointer != nil {
			o.numbers[g.pointer] = number
		}
	}
	return number
}

// release takes what the other side says that it has let go, or has sent where the number is negative.
func (o *objects) release(payload []byte) error {
	var all [][2]int64
	if _, err := decoder.Decode(payload, &all); err != nil {
		return fmt.Errorf("%w: %w", errBroken, err)
	}
	for _, of := range all {
		if err := o.count(uint64(of[0]), -of[1]); err != nil {
			return err
		}
	}
	return nil
}

// count says that the other side holds an object so many times more.
func (o *objects) count(number uint64, more int64) error {
	o.mu.Lock()
	g := o.given[number]
	if g == nil || g.count+more < 0 {
		ended := o.ended
		o.mu.Unlock()
		if ended {
			return nil
		}
		return fmt.Errorf("%w: object %d let go that was not held so often", errBroken, number)
	}
	g.count += more
	if g.count > 0 {
		g = nil
	} else {
		o.forget(number, g)
	}
	o.mu.Unlock()
	if g != nil {
		g.end()
	}
	return nil
}

func (o *objects) forget(number uint64, g *given) {
	delete(o.given, number)
	if g.pointer != nil {
		delete(o.numbers, g.pointer)
	}
}

// end lets all objects go, when the link has ended.
func (o *objects) end() {
	o.mu.Lock()
	all := o.given
	o.given, o.numbers, o.ended = map[uint64]*given{}, map[any]uint64{}, true
	o.mu.Unlock()
	for _, g := range all {
		g.end()
	}
}

// end closes an object that was made for the other side, where it can be closed.
func (g *given) end() {
	if it, ok := g.pointer.(sharedObject); ok {
		it.leave()
		return
	}
	if !g.owned {
		return
	}
	defer func() { recover() }() // who could be told has let it go
	switch v := g.value.Interface().(type) {
	case interface{ Close() error }:
		v.Close() // as above
	case interface{ Close() }:
		v.Close()
	}
}

// find returns an object that the other side holds.
func (o *objects) find(number uint64) (*given, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if g := o.given[number]; g != nil {
		return g, nil
	}
	return nil, is(shm.ErrClosed, "no object %d is held", number)
}

// opener returns a wire.Decoder's Object, which counts what it has opened: nobody else lets that go. Of arguments that is let go with
// what is borrowed; until is nil for others.
func (o *objects) opener(ctx context.Context, opened *int, until *borrowed) func([]byte, reflect.Type) (reflect.Value, error) {
	return func(payload []byte, into reflect.Type) (reflect.Value, error) {
		owner, number, name, err := parseObject(payload)
		if err != nil {
			return reflect.Value{}, err
		}
		if owner == ofReceiver {
			v, err := o.home(number, into)
			if err == nil {
				*opened++
			}
			return v, err
		}
		callable := into.Kind() == reflect.Func && isCallable(into)
		if !callable && !objectType.AssignableTo(into) {
			return reflect.Value{}, is(ndarray.ErrDType, "expected %s, found a %s of Python", typeName(into), name)
		}
		it := newObject(o.link, number, name)
		*opened++
		if until != nil {
			until.closers = append(until.closers, it.closeUnlessKept)
		}
		if callable {
			return it.function(ctx, into), nil
		}
		return reflect.ValueOf(it), nil
	}
}

// home returns an object of this program that comes back.
func (o *objects) home(number uint64, into reflect.Type) (reflect.Value, error) {
	g, err := o.find(number)
	if err != nil {
		return reflect.Value{}, err
	}
	if !g.value.Type().AssignableTo(into) {
		return reflect.Value{}, is(ndarray.ErrDType, "expected %s, found a %s", typeName(into), g.typ.name)
	}
	return g.value, o.count(number, -1) // the message held it
}

// takeBack is as drop, of a message that was not sent.
func (o *objects) takeBack(payload []byte, _ reflect.Type) (reflect.Value, error) {
	owner, number, _, err := parseObject(payload)
	switch {
	case err != nil:
	case owner == ofSender:
		err = o.count(number, -1)
	default:
		o.link.release(number)
	}
	return reflect.Value{}, err
}

// dropAfter is drop, but for the first objects, which were opened.
func (o *objects) dropAfter(opened *int) func(payload []byte, into reflect.Type) (reflect.Value, error) {
	return func(payload []byte, into reflect.Type) (reflect.Value, error) {
		if *opened > 0 {
			*opened--
			return reflect.Value{}, nil
		}
		return o.drop(payload, into)
	}
}

// drop is the wire.Decoder's Object for what nobody asked for.
func (o *objects) drop(payload []byte, _ reflect.Type) (reflect.Value, error) {
	owner, number, _, err := parseObject(payload)
	switch {
	case err != nil:
	case owner == ofSender:
		go o.link.release(number) // who receives messages does not wait for room to send
	default:
		err = o.count(number, -1)
	}
	return reflect.Value{}, err
}

func parseObject(payload []byte) (owner byte, number uint64, name string, err error) {
	if len(payload) < objectHead || payload[0] > ofReceiver {
		return 0, 0, "", fmt.Errorf("%w: an object of %d bytes", errBroken, len(payload))
	}
	return payload[0], binary.LittleEndian.Uint64(payload[1:]), string(payload[objectHead:]), nil
}
