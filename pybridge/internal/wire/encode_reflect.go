package wire

import (
	"math"
	"reflect"
	"time"

	"github.com/tinylib/msgp/msgp"
)

var (
	anyType      = reflect.TypeFor[any]()
	timeType     = reflect.TypeFor[time.Time]()
	durationType = reflect.TypeFor[time.Duration]()
)

func (e *Encoder) appendReflected(dst []byte, v reflect.Value, depth int) ([]byte, error) {
	for hops := 0; ; hops++ {
		if !v.IsValid() || isNilPointer(v) {
			return msgp.AppendNil(dst), nil
		}
		if out, ok, err := e.ask(dst, v); ok || err != nil {
			return out, err
		}
		if v.Kind() != reflect.Pointer && v.Kind() != reflect.Interface {
			break
		}
		if hops > MaxDepth {
			return dst, unencodable("expected pointers to end: %v points to itself", v.Type())
		}
		v = v.Elem()
	}
	switch v.Type() {
	case timeType:
		return appendTime(dst, v.Interface().(time.Time))
	case durationType:
		return appendDuration(dst, time.Duration(v.Int())), nil
	}
	switch v.Kind() {
	case reflect.Bool:
		return msgp.AppendBool(dst, v.Bool()), nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return appendInt(dst, v.Int()), nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return msgp.AppendUint64(dst, v.Uint()), nil
	case reflect.Float32:
		return msgp.AppendFloat32(dst, float32(v.Float())), nil
	case reflect.Float64:
		return msgp.AppendFloat64(dst, v.Float()), nil
	case reflect.Complex64:
		return appendComplex64(dst, complex64(v.Complex())), nil
	case reflect.Complex128:
		return appendComplex128(dst, v.Complex()), nil
	case reflect.String:
		return appendString(dst, v.String())
	case reflect.Slice, reflect.Array:
		return e.appendSlice(dst, v, depth)
	case reflect.Map:
		return e.appendReflectedMap(dst, v, depth)
	case reflect.Struct:
		return e.appendStruct(dst, v, depth)
	}
	return dst, unencodable("expected a value that calls carry, found %v", v.Type())
}

func isNilPointer(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface, reflect.Func, reflect.Chan:
		return v.IsNil()
	}
	return false
}

// ask has the caller's functions append the value, if they know it.
func (e *Encoder) ask(dst []byte, v reflect.Value) ([]byte, bool, error) {
	if e.Array == nil && e.Object == nil || v.Kind() == reflect.Interface || v.Kind() != reflect.Pointer && v.Kind() != reflect.Func && v.Type().PkgPath() == "" {
		return dst, false, nil
	}
	it := v.Interface()
	if e.Array != nil {
		if out, ok, err := appendExt(dst, extArray, it, e.Array); ok || err != nil {
			return out, ok, err
		}
	}
	if e.Object != nil {
		return appendExt(dst, extObject, it, e.Object)
	}
	return dst, false, nil
}

func (e *Encoder) appendSlice(dst []byte, v reflect.Value, depth int) (_ []byte, err error) {
	n := v.Len()
	if v.Type().Elem().Kind() == reflect.Uint8 {
		if err := countable(n); err != nil {
			return dst, err
		}
		if v.Kind() == reflect.Slice || v.CanAddr() {
			return appendBytes(dst, v.Bytes())
		}
		b := make([]byte, n)
		reflect.Copy(reflect.ValueOf(b), v)
		return appendBytes(dst, b)
	}
	if err := enter(n, depth); err != nil {
		return dst, err
	}
	dst = msgp.AppendArrayHeader(dst, uint32(n))
	for i := range n {
		if dst, err = e.appendReflected(dst, v.Index(i), depth+1); err != nil {
			return dst, atIndex(i, err)
		}
	}
	return dst, nil
}

func (e *Encoder) appendReflectedMap(dst []byte, m reflect.Value, depth int) (_ []byte, err error) {
	if err := enter(m.Len(), depth); err != nil {
		return dst, err
	}
	var seen keys
	if m.Type().Key().Kind() == reflect.Interface {
		seen = keys{}
	}
	dst = msgp.AppendMapHeader(dst, uint32(m.Len()))
	for it := m.MapRange(); it.Next(); {
		var key any
		if dst, key, err = appendKey(dst, it.Key()); err != nil {
			return dst, err
		}
		if seen != nil && !seen.add(key) {
			return dst, unencodable("two keys are the same to Python as %#v", key)
		}
		if dst, err = e.appendReflected(dst, it.Value(), depth+1); err != nil {
			return dst, atKey(key, err)
		}
	}
	return dst, nil
}

// appendKey appends a map's key, and returns it as DecodeAny will.
func appendKey(dst []byte, v reflect.Value) (_ []byte, key any, err error) {
	if v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	if !v.IsValid() {
		return msgp.AppendNil(dst), nil, nil
	}
	switch k := v.Kind(); {
	case k == reflect.String:
		dst, err = appendString(dst, v.String())
		return dst, v.String(), err
	case k == reflect.Bool:
		return msgp.AppendBool(dst, v.Bool()), v.Bool(), nil
	case v.CanInt() && v.Type() != durationType:
		return appendInt(dst, v.Int()), v.Int(), nil
	case v.CanUint() && k != reflect.Uintptr:
		return msgp.AppendUint64(dst, v.Uint()), anyInt(v.Uint()), nil
	case v.CanFloat() && !math.IsNaN(v.Float()):
		return msgp.AppendFloat64(dst, v.Float()), v.Float(), nil
	case v.CanFloat():
		return dst, nil, unencodable("expected a key that equals itself, found NaN")
	}
	return dst, nil, unencodable("expected a key that is a string, a number, a bool or nil, found %v", v.Type())
}

func anyInt(u uint64) any {
	if u <= math.MaxInt64 {
		return int64(u)
	}
	return u
}

// keys are those that a map has had so far. As in Python, where they may be a dict's, true, 1 and 1.0 are one.
type keys map[any]struct{}

// add reports whether the key, as DecodeAny gives it, is new.
func (k keys) add(key any) bool {
	n := len(k)
	k[Key(key)] = struct{}{}
	return len(k) > n
}

// Key returns a map's key, as DecodeAny gives it, such that those are equal which are to Python: true, 1 and 1.0 are one.
func Key(key any) any {
	switch v := key.(type) {
	case bool:
		if v {
			return int64(1)
		}
		return int64(0)
	case float64:
		if v == math.Trunc(v) {
			switch {
			case -1<<63 <= v && v < 1<<63:
				return int64(v)
			case 1<<63 <= v && v < 1<<64:
				return uint64(v)
			}
		}
	}
	return key
}

func (e *Encoder) appendStruct(dst []byte, v reflect.Value, depth int) (_ []byte, err error) {
	f := fieldsOf(v.Type())
	if f.err != nil {
		return dst, unencodable("%v", f.err)
	}
	n := 0
	for i := range f.all {
		if _, ok := f.all[i].get(v); ok {
			n++
		}
	}
	if err := enter(n, depth); err != nil {
		return dst, err
	}
	dst = msgp.AppendMapHeader(dst, uint32(n))
	for i := range f.all {
		item, ok := f.all[i].get(v)
		if !ok {
			continue
		}
		dst = msgp.AppendString(dst, f.all[i].name)
		if dst, err = e.appendReflected(dst, item, depth+1); err != nil {
			return dst, At("."+f.all[i].name, err)
		}
	}
	return dst, nil
}
