package wire

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"time"
	"unicode/utf8"

	"github.com/tinylib/msgp/msgp"
)

// Decoder decodes values. Its functions, which may be nil, know what only the caller does.
type Decoder struct {
	// Array opens the array that a payload stands for, as a value that can be assigned to into, which is any where nothing else
	// is asked for. Object does so for objects. The payload is the message's own memory.
	Array, Object func(payload []byte, into reflect.Type) (reflect.Value, error)
	// Depth is the number of lists and maps in which the values stand.
	Depth int
}

// DecodeAny returns the value that b begins with, and what follows it. The value is nil, a bool, int64, uint64 (above int64 only),
// float64, complex128, string, []byte, time.Time in UTC, time.Duration, []any, map[string]any, map[any]any where a key is no string, or
// what Array and Object return.
//
// The error is an [*Error] that is ErrMalformed, ErrMismatch for arrays and objects that there is no function for, or what Array or
// Object returned.
func (d *Decoder) DecodeAny(b []byte) (v any, rest []byte, err error) {
	return d.any(b, d.Depth)
}

// Decode decodes the value that b begins with into what a pointer points to, and returns what follows it in b.
//
// Numbers go only where they keep their value: integers into integers that hold them, and into floats that do so exactly; floats
// into floats, of which float32 rounds, but not to infinity, and into complex numbers. nil goes only into pointers, interfaces,
// slices and maps. A list goes into a slice, or into an array of its length; a map into a map, or into a struct, which must have a
// field for each key, and keeps the others. Of a map no two keys may be equal. Bytes, strings and lists are not taken for
// one another. Into an empty interface goes what DecodeAny returns.
//
// The error is an [*Error] as DecodeAny's, or one that is ErrMismatch. What is pointed to may then have changed in part.
// Decode panics with a [TargetError] if into is no pointer, or nil.
func (d *Decoder) Decode(b []byte, into any) (rest []byte, err error) {
	if v, ok := into.(*any); ok && v != nil {
		*v, rest, err = d.any(b, d.Depth)
		return rest, err
	}
	v := reflect.ValueOf(into)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		panic(TargetError{reflect.TypeOf(into)})
	}
	return d.into(b, v.Elem(), d.Depth)
}

const room = 1024 // bytes to allocate at most for elements before any are there: what a message claims may be untrue

// roomFor returns how many of the n elements of that size a message claims to have get memory at once.
func roomFor(n int, size uintptr) int { return min(n, room/max(1, int(size))) }

func (d *Decoder) any(b []byte, depth int) (any, []byte, error) {
	switch t, err := typeOf(b); t {
	case msgp.NilType:
		return nil, b[1:], nil
	case msgp.BoolType:
		v, rest, err := msgp.ReadBoolBytes(b)
		return v, rest, err
	case msgp.IntType, msgp.UintType:
		i, u, rest, err := readInt(b)
		if u != 0 {
			return u, rest, err
		}
		return i, rest, err
	case msgp.Float32Type, msgp.Float64Type:
		v, rest, err := readFloat(b)
		return v, rest, err
	case msgp.StrType:
		v, rest, err := readString(b)
		return string(v), rest, err
	case msgp.BinType:
		v, rest, err := readBytes(b)
		return append([]byte{}, v...), rest, err
	case msgp.ArrayType:
		return d.anyList(b, depth)
	case msgp.MapType:
		return d.anyMap(b, depth)
	case msgp.ExtensionType:
		return d.anyExt(b)
	default:
		return nil, b, err
	}
}

func (d *Decoder) anyList(b []byte, depth int) (any, []byte, error) {
	n, rest, err := readListHead(b, depth)
	if err != nil {
		return nil, b, err
	}
	list := make([]any, 0, roomFor(n, anyType.Size()))
	for i := range n {
		var item any
		if item, rest, err = d.any(rest, depth+1); err != nil {
			return nil, b, atIndex(i, err)
		}
		list = append(list, item)
	}
	return list, rest, nil
}

func (d *Decoder) anyMap(b []byte, depth int) (any, []byte, error) {
	n, rest, err := readMapHead(b, depth)
	if err != nil {
		return nil, b, err
	}
	m := make(map[string]any, roomFor(n, 2*anyType.Size()))
	for i := range n {
		if t, _ := typeOf(rest); t != msgp.StrType {
			return d.anyMixedMap(m, n-i, rest, depth)
		}
		var text []byte
		if text, rest, err = readString(rest); err != nil {
			return nil, b, err
		}
		key := string(text)
		var item any
		if item, rest, err = d.any(rest, depth+1); err != nil {
			return nil, b, atKey(key, err)
		}
		if m[key] = item; len(m) == i {
			return nil, b, twice(key)
		}
	}
	return m, rest, nil
}

// anyMixedMap goes on with a map that begins with m, and of which n items are left.
func (d *Decoder) anyMixedMap(begun map[string]any, n int, b []byte, depth int) (_ any, rest []byte, err error) {
	m, seen := make(map[any]any, len(begun)+1), keys{}
	for key, item := range begun {
		seen.add(key)
		m[key] = item
	}
	for rest = b; n > 0; n-- {
		var key, item any
		if key, rest, err = readKey(rest); err != nil {
			return nil, b, err
		}
		if !seen.add(key) {
			return nil, b, twice(key)
		}
		if item, rest, err = d.any(rest, depth+1); err != nil {
			return nil, b, atKey(key, err)
		}
		m[key] = item
	}
	return m, rest, nil
}

func (d *Decoder) anyExt(b []byte) (any, []byte, error) {
	code, payload, rest, err := readExt(b)
	if err != nil {
		return nil, b, err
	}
	var v any
	switch code {
	case extComplex:
		v, err = parseComplex(payload)
	case extDuration:
		v, err = parseDuration(payload)
	case extTime:
		v, err = parseTime(payload)
	case extArray, extObject:
		var opened reflect.Value
		if opened, err = d.open(code, payload, anyType); err == nil && opened.IsValid() {
			v = opened.Interface()
		}
	default:
		err = malformed("expected an extension type of 1 to 4 or -1, found %d", code)
	}
	return v, rest, err
}

// open has the caller's functions open an array or object.
func (d *Decoder) open(code int8, payload []byte, into reflect.Type) (reflect.Value, error) {
	what, open := "an array", d.Array
	if code == extObject {
		what, open = "an object", d.Object
	}
	if open == nil {
		return reflect.Value{}, &Error{What: "expected no array and no object, found " + what, Kind: ErrMismatch}
	}
	v, err := open(payload, into)
	if err != nil {
		return v, At("", err)
	}
	if v.IsValid() && !v.Type().AssignableTo(into) {
		return v, &Error{What: fmt.Sprintf("expected %v, found %s: %v", into, what, v.Type()), Kind: ErrMismatch}
	}
	return v, nil
}

// typeOf returns the type of the value that b begins with. All extensions are of ExtensionType, and InvalidType comes with an error.
func typeOf(b []byte) (msgp.Type, error) {
	if len(b) == 0 {
		return msgp.InvalidType, cutShort()
	}
	switch t := msgp.NextType(b); t {
	case msgp.Complex64Type, msgp.Complex128Type, msgp.TimeType: // extension types of msgp's own
		return msgp.ExtensionType, nil
	case msgp.InvalidType:
		return t, malformed("expected a value, found the byte %#x", b[0])
	default:
		return t, nil
	}
}

func cutShort() error { return malformed("the message ends within a value") }

func twice(key any) error { return malformed("the key %#v is there twice", key) }

// readInt returns an integer, in u if it is above int64.
func readInt(b []byte) (i int64, u uint64, rest []byte, err error) {
	if i, rest, err = msgp.ReadInt64Bytes(b); err == nil {
		return i, 0, rest, nil
	}
	if errors.Is(err, msgp.ErrShortBytes) {
		return 0, 0, b, cutShort()
	}
	u, rest, _ = msgp.ReadUint64Bytes(b) // what int64 does not hold
	return 0, u, rest, nil
}

func readFloat(b []byte) (float64, []byte, error) {
	f, rest, err := msgp.ReadFloat64Bytes(b)
	if err != nil {
		return 0, b, cutShort()
	}
	return f, rest, nil
}

// readString returns a string's text, in b's memory.
func readString(b []byte) (text, rest []byte, err error) {
	text, rest, err = msgp.ReadStringZC(b)
	if err != nil {
		return nil, b, cutShort()
	}
	if !utf8.Valid(text) {
		return nil, b, malformed("expected a string of UTF-8, found %.80q", text)
	}
	return text, rest, nil
}

// readBytes returns bytes, in b's memory.
func readBytes(b []byte) (v, rest []byte, err error) {
	v, rest, err = msgp.ReadBytesZC(b)
	if err != nil {
		return nil, b, cutShort()
	}
	return v, rest, nil
}

// readListHead returns a list's length, which the message can have, and whose depth is allowed.
func readListHead(b []byte, depth int) (n int, rest []byte, err error) {
	size, rest, err := msgp.ReadArrayHeaderBytes(b)
	if err != nil || uint64(size) > uint64(len(rest)) {
		return 0, b, cutShort()
	}
	return int(size), rest, tooDeep(depth)
}

// readMapHead returns the number of a map's keys, as readListHead does a length.
func readMapHead(b []byte, depth int) (n int, rest []byte, err error) {
	size, rest, err := msgp.ReadMapHeaderBytes(b)
	if err != nil || 2*uint64(size) > uint64(len(rest)) {
		return 0, b, cutShort()
	}
	return int(size), rest, tooDeep(depth)
}

func tooDeep(depth int) error {
	if depth >= MaxDepth {
		return malformed("expected lists and maps at most %d deep", MaxDepth)
	}
	return nil
}

// readKey returns a map's key.
func readKey(b []byte) (key any, rest []byte, err error) {
	switch t, err := typeOf(b); t {
	case msgp.InvalidType:
		return nil, b, err
	case msgp.NilType, msgp.BoolType, msgp.IntType, msgp.UintType, msgp.Float32Type, msgp.Float64Type, msgp.StrType:
		key, rest, err = new(Decoder).any(b, 0)
		if f, ok := key.(float64); ok && math.IsNaN(f) {
			err = malformed("expected a key that equals itself, found NaN")
		}
		return key, rest, err
	default:
		return nil, b, malformed("expected a key that is a string, a number, a bool or nil, found %s", describe(b))
	}
}

// describe says for a message what the value is that b begins with.
func describe(b []byte) string {
	t, _ := typeOf(b)
	switch t {
	case msgp.NilType:
		return "nil"
	case msgp.BinType:
		v, _, _ := readBytes(b)
		return fmt.Sprintf("%d bytes", len(v))
	case msgp.ArrayType:
		n, _, _ := msgp.ReadArrayHeaderBytes(b)
		return fmt.Sprintf("a list of %d", n)
	case msgp.MapType:
		n, _, _ := msgp.ReadMapHeaderBytes(b)
		return fmt.Sprintf("a map of %d", n)
	case msgp.ExtensionType:
		return describeExt(b)
	case msgp.StrType:
		v, _, _ := readString(b)
		return fmt.Sprintf("%.80q", v)
	}
	v, _, _ := new(Decoder).any(b, 0)
	switch v := v.(type) {
	case float64:
		return fmt.Sprintf("the float %v", v)
	default:
		return fmt.Sprint(v)
	}
}

func describeExt(b []byte) string {
	code, payload, _, _ := readExt(b)
	switch code {
	case extArray:
		return "an array"
	case extObject:
		return "an object"
	case extComplex:
		c, _ := parseComplex(payload)
		return fmt.Sprintf("the complex number %v", c)
	case extDuration:
		v, _ := parseDuration(payload)
		return fmt.Sprintf("the duration %v", v)
	case extTime:
		v, _ := parseTime(payload)
		return "the time " + v.Format(time.RFC3339Nano)
	}
	return fmt.Sprintf("an extension of type %d", code)
}
