package wire

import (
	"math"
	"reflect"
	"time"
	"unicode/utf8"

	"github.com/tinylib/msgp/msgp"
)

// MaxDepth is how many lists and maps may stand in one another. A value that contains itself is refused by it.
const MaxDepth = 100 // Python's stack holds some 1000 calls

// Encoder appends values. Its functions, which may be nil, know what only the caller does.
type Encoder struct {
	// Array appends the payload of an array, or reports that the value is none. Object, which is asked second, does so for objects
	// that stay where they are. Both are asked about pointers that are not nil, functions, and values of types with a name.
	Array, Object func(dst []byte, v any) ([]byte, bool, error)
	// Depth is the number of lists and maps in which the values will stand.
	Depth int
}

// Append appends a value: nil, bool, any number, string, []byte, time.Time, time.Duration, an array or object, and slices, arrays, maps,
// structs and pointers of these.
//
// A nil pointer or interface is nil; a nil slice or map has no elements. Slices and arrays of bytes are bytes. Of a time the
// instant is kept. The keys of a map may be strings, integers, floats, bools and nil. For those of a struct see the tags in
// docs/reference/wire.md.
//
// The error is an [*Error] that is ErrUnencodable, or what Array or Object returned; dst is then returned as it was.
func (e *Encoder) Append(dst []byte, v any) ([]byte, error) {
	out, err := e.append(dst, v, e.Depth)
	if err != nil {
		return dst, err
	}
	return out, nil
}

func (e *Encoder) append(dst []byte, v any, depth int) ([]byte, error) {
	switch v := v.(type) {
	case nil:
		return msgp.AppendNil(dst), nil
	case bool:
		return msgp.AppendBool(dst, v), nil
	case int:
		return appendInt(dst, int64(v)), nil
	case int8:
		return appendInt(dst, int64(v)), nil
	case int16:
		return appendInt(dst, int64(v)), nil
	case int32:
		return appendInt(dst, int64(v)), nil
	case int64:
		return appendInt(dst, v), nil
	case uint:
		return msgp.AppendUint64(dst, uint64(v)), nil
	case uint8:
		return msgp.AppendUint64(dst, uint64(v)), nil
	case uint16:
		return msgp.AppendUint64(dst, uint64(v)), nil
	case uint32:
		return msgp.AppendUint64(dst, uint64(v)), nil
	case uint64:
		return msgp.AppendUint64(dst, v), nil
	case float32:
		return msgp.AppendFloat32(dst, v), nil
	case float64:
		return msgp.AppendFloat64(dst, v), nil
	case complex64:
		return appendComplex64(dst, v), nil
	case complex128:
		return appendComplex128(dst, v), nil
	case string:
		return appendString(dst, v)
	case []byte:
		return appendBytes(dst, v)
	case time.Time:
		return appendTime(dst, v)
	case time.Duration:
		return appendDuration(dst, v), nil
	case []any:
		return e.appendList(dst, v, depth)
	case map[string]any:
		return e.appendMap(dst, v, depth)
	}
	return e.appendReflected(dst, reflect.ValueOf(v), depth)
}

// appendInt appends an integer as Python's msgpack does: unsigned unless it is negative.
func appendInt(dst []byte, i int64) []byte {
	if i >= 0 {
		return msgp.AppendUint64(dst, uint64(i))
	}
	return msgp.AppendInt64(dst, i)
}

func appendString(dst []byte, s string) ([]byte, error) {
	if !utf8.ValidString(s) {
		return dst, unencodable("expected a string of UTF-8, found %.80q: send other bytes as []byte", s)
	}
	if err := countable(len(s)); err != nil {
		return dst, err
	}
	return msgp.AppendString(dst, s), nil
}

func appendBytes(dst, b []byte) ([]byte, error) {
	if err := countable(len(b)); err != nil {
		return dst, err
	}
	return msgp.AppendBytes(dst, b), nil
}

func (e *Encoder) appendList(dst []byte, list []any, depth int) (_ []byte, err error) {
	if err := enter(len(list), depth); err != nil {
		return dst, err
	}
	dst = msgp.AppendArrayHeader(dst, uint32(len(list)))
	for i, item := range list {
		if dst, err = e.append(dst, item, depth+1); err != nil {
			return dst, atIndex(i, err)
		}
	}
	return dst, nil
}

func (e *Encoder) appendMap(dst []byte, m map[string]any, depth int) (_ []byte, err error) {
	if err := enter(len(m), depth); err != nil {
		return dst, err
	}
	dst = msgp.AppendMapHeader(dst, uint32(len(m)))
	for key, item := range m {
		if dst, err = appendString(dst, key); err != nil {
			return dst, err
		}
		if dst, err = e.append(dst, item, depth+1); err != nil {
			return dst, atKey(key, err)
		}
	}
	return dst, nil
}

// enter checks that a list or map of n may stand in so many others.
func enter(n, depth int) error {
	if depth >= MaxDepth {
		return unencodable("expected lists and maps at most %d deep: does it contain itself?", MaxDepth)
	}
	return countable(n)
}

func countable(n int) error {
	if uint64(n) > math.MaxUint32 {
		return unencodable("expected at most %d elements, found %d", uint32(math.MaxUint32), n)
	}
	return nil
}
