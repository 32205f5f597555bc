package wire

import (
	"fmt"
	"math"
	"reflect"
	"strings"
	"time"

	"github.com/tinylib/msgp/msgp"

	"github.com/samebytes/samebytes/internal/near"
)

// into decodes the value that b begins with into v, which can be set.
func (d *Decoder) into(b []byte, v reflect.Value, depth int) (rest []byte, err error) {
	t, err := typeOf(b)
	if err != nil {
		return b, err
	}
	if t == msgp.ExtensionType {
		code, payload, rest, err := readExt(b)
		if err != nil {
			return b, err
		}
		if code == extArray || code == extObject {
			return rest, d.intoOpened(code, payload, v)
		}
	}
	switch v.Kind() {
	case reflect.Pointer:
		return d.intoPointer(b, v, depth)
	case reflect.Interface:
		return d.intoInterface(b, v, depth)
	case reflect.Slice, reflect.Array:
		return d.intoSlice(b, t, v, depth)
	case reflect.Map:
		return d.intoMap(b, t, v, depth)
	case reflect.Struct:
		if v.Type() != timeType {
			return d.intoStruct(b, t, v, depth)
		}
	}
	return d.intoScalar(b, t, v)
}

func (d *Decoder) intoOpened(code int8, payload []byte, v reflect.Value) error {
	opened, err := d.open(code, payload, v.Type())
	if err != nil {
		return err
	}
	if !opened.IsValid() {
		v.SetZero()
		return nil
	}
	v.Set(opened)
	return nil
}

func (d *Decoder) intoPointer(b []byte, v reflect.Value, depth int) ([]byte, error) {
	if b[0] == leadNil {
		v.SetZero()
		return b[1:], nil
	}
	if v.IsNil() {
		v.Set(reflect.New(v.Type().Elem()))
	}
	return d.into(b, v.Elem(), depth)
}

func (d *Decoder) intoInterface(b []byte, v reflect.Value, depth int) ([]byte, error) {
	item, rest, err := d.any(b, depth)
	switch {
	case err != nil:
		return b, err
	case item == nil:
		v.SetZero()
	case !reflect.TypeOf(item).AssignableTo(v.Type()):
		return b, mismatch(v.Type(), b)
	default:
		v.Set(reflect.ValueOf(item))
	}
	return rest, nil
}

// intoScalar decodes into what has no parts.
func (d *Decoder) intoScalar(b []byte, t msgp.Type, v reflect.Value) (rest []byte, err error) {
	fits := false
	switch t {
	case msgp.ArrayType, msgp.MapType, msgp.BinType: // for none of which there is a scalar
	case msgp.IntType, msgp.UintType:
		var i int64
		var u uint64
		if i, u, rest, err = readInt(b); u != 0 {
			fits = setUint(v, u)
		} else {
			fits = setInt(v, i)
		}
	case msgp.Float32Type, msgp.Float64Type:
		var f float64
		f, rest, err = readFloat(b)
		fits = setFloat(v, f)
	default:
		var item any
		if item, rest, err = d.any(b, 0); err == nil {
			fits = setScalar(v, item)
		}
	}
	if err == nil && !fits {
		err = mismatch(v.Type(), b)
	}
	return rest, err
}

// setScalar sets v to what DecodeAny returned, if it has the value.
func setScalar(v reflect.Value, item any) bool {
	switch item := item.(type) {
	case time.Time, time.Duration:
		if reflect.TypeOf(item) == v.Type() {
			v.Set(reflect.ValueOf(item))
			return true
		}
	case bool:
		if v.Kind() == reflect.Bool {
			v.SetBool(item)
			return true
		}
	case string:
		if v.Kind() == reflect.String {
			v.SetString(item)
			return true
		}
	case int64:
		return setInt(v, item)
	case uint64:
		return setUint(v, item)
	case float64:
		return setFloat(v, item)
	case complex128:
		if v.CanComplex() && !overflows(v, real(item)) && !overflows(v, imag(item)) {
			v.SetComplex(item)
			return true
		}
	}
	return false
}

func setInt(v reflect.Value, i int64) bool {
	switch {
	case v.Type() == durationType: // of which units?
		return false
	case v.CanInt():
		if v.OverflowInt(i) {
			return false
		}
		v.SetInt(i)
		return true
	case i >= 0:
		return setUint(v, uint64(i))
	}
	return int64(float64(i)) == i && setExactly(v, float64(i))
}

// setUint sets v, which is not of a signed integer's kind unless u is above them.
func setUint(v reflect.Value, u uint64) bool {
	if v.CanUint() && v.Kind() != reflect.Uintptr {
		if v.OverflowUint(u) {
			return false
		}
		v.SetUint(u)
		return true
	}
	f := float64(u)
	return f < 1<<64 && uint64(f) == u && setExactly(v, f)
}

// setExactly sets v to an integer.
func setExactly(v reflect.Value, f float64) bool {
	if (v.Kind() == reflect.Float32 || v.Kind() == reflect.Complex64) && float64(float32(f)) != f {
		return false
	}
	return setFloat(v, f)
}

func setFloat(v reflect.Value, f float64) bool {
	switch {
	case overflows(v, f):
		return false
	case v.CanFloat():
		v.SetFloat(f)
		return true
	case v.CanComplex():
		v.SetComplex(complex(f, 0))
		return true
	}
	return false
}

// overflows reports whether a finite number becomes infinite in v.
func overflows(v reflect.Value, f float64) bool {
	short := v.Kind() == reflect.Float32 || v.Kind() == reflect.Complex64
	return short && !math.IsInf(f, 0) && math.IsInf(float64(float32(f)), 0)
}

func (d *Decoder) intoSlice(b []byte, t msgp.Type, v reflect.Value, depth int) ([]byte, error) {
	isBytes := v.Type().Elem().Kind() == reflect.Uint8
	switch {
	case t == msgp.NilType && v.Kind() == reflect.Slice:
		v.SetZero()
		return b[1:], nil
	case t == msgp.BinType && isBytes:
		return intoBytes(b, v)
	case t != msgp.ArrayType || isBytes:
		return b, mismatch(v.Type(), b)
	}
	n, rest, err := readListHead(b, depth)
	if err != nil {
		return b, err
	}
	if v.Kind() == reflect.Array {
		if n != v.Len() {
			return b, mismatch(v.Type(), b)
		}
		return d.intoItems(rest, v, n, depth)
	}
	list := reflect.New(v.Type()).Elem()
	list.Set(reflect.MakeSlice(v.Type(), 0, roomFor(n, v.Type().Elem().Size())))
	if rest, err = d.intoItems(rest, list, n, depth); err != nil {
		return b, err
	}
	v.Set(list)
	return rest, nil
}

// intoItems decodes n values into the elements of an array, or of a slice that grows for them.
func (d *Decoder) intoItems(b []byte, list reflect.Value, n, depth int) (rest []byte, err error) {
	rest = b
	for i := range n {
		if list.Kind() == reflect.Slice {
			if i == list.Cap() {
				list.Grow(1)
			}
			list.SetLen(i + 1)
		}
		if rest, err = d.into(rest, list.Index(i), depth+1); err != nil {
			return b, atIndex(i, err)
		}
	}
	return rest, nil
}

func intoBytes(b []byte, v reflect.Value) ([]byte, error) {
	payload, rest, err := readBytes(b)
	switch {
	case err != nil:
		return b, err
	case v.Kind() == reflect.Slice:
		v.SetBytes(append([]byte{}, payload...))
	case v.Len() != len(payload):
		return b, mismatch(v.Type(), b)
	default:
		copy(v.Bytes(), payload)
	}
	return rest, nil
}

func (d *Decoder) intoMap(b []byte, t msgp.Type, v reflect.Value, depth int) ([]byte, error) {
	switch t {
	case msgp.NilType:
		v.SetZero()
		return b[1:], nil
	case msgp.MapType:
	default:
		return b, mismatch(v.Type(), b)
	}
	n, rest, err := readMapHead(b, depth)
	if err != nil {
		return b, err
	}
	of := v.Type()
	m := reflect.MakeMapWithSize(of, roomFor(n, of.Key().Size()+of.Elem().Size()))
	var seen keys
	if of.Key().Kind() == reflect.Interface {
		seen = keys{}
	}
	for i := range n {
		plain, after, err := readKey(rest)
		if err != nil {
			return b, err
		}
		key := reflect.New(of.Key()).Elem()
		if !setKey(key, plain) {
			return b, &Error{What: fmt.Sprintf("expected keys for %v, found %s", of, describe(rest)), Kind: ErrMismatch}
		}
		item := reflect.New(of.Elem()).Elem()
		if rest, err = d.into(after, item, depth+1); err != nil {
			return b, atKey(plain, err)
		}
		if m.SetMapIndex(key, item); m.Len() == i || seen != nil && !seen.add(plain) {
			return b, twice(plain)
		}
	}
	v.Set(m)
	return rest, nil
}

func setKey(v reflect.Value, plain any) bool {
	if v.Kind() != reflect.Interface {
		return setScalar(v, plain)
	}
	if plain == nil {
		return true
	}
	if !reflect.TypeOf(plain).AssignableTo(v.Type()) {
		return false
	}
	v.Set(reflect.ValueOf(plain))
	return true
}

func (d *Decoder) intoStruct(b []byte, t msgp.Type, v reflect.Value, depth int) ([]byte, error) {
	if t != msgp.MapType {
		return b, mismatch(v.Type(), b)
	}
	f := fieldsOf(v.Type())
	if f.err != nil {
		return b, &Error{What: f.err.Error(), Kind: ErrMismatch}
	}
	n, rest, err := readMapHead(b, depth)
	if err != nil {
		return b, err
	}
	seen := make([]bool, len(f.all))
	for range n {
		if t, err := typeOf(rest); err != nil {
			return b, err
		} else if t != msgp.StrType {
			return b, &Error{What: fmt.Sprintf("expected keys for %v, found %s", v.Type(), describe(rest)), Kind: ErrMismatch}
		}
		key, after, err := readString(rest)
		if err != nil {
			return b, err
		}
		at, ok := f.byName[string(key)]
		if !ok {
			return b, unknownKey(v.Type(), f, string(key))
		}
		if seen[at] {
			return b, twice(string(key))
		}
		seen[at] = true
		item, err := f.all[at].set(v)
		if err == nil {
			rest, err = d.into(after, item, depth+1)
		}
		if err != nil {
			return b, At("."+f.all[at].name, err)
		}
	}
	return rest, nil
}

func unknownKey(t reflect.Type, f *fields, key string) error {
	hint := "it has " + strings.Join(f.names(), ", ")
	if names := near.Names(key, f.names()); len(names) > 0 {
		hint = "did you mean " + strings.Join(names, ", ") + "?"
	}
	return &Error{What: fmt.Sprintf("%v has no field for the key %.80q; %s", t, key, hint), Kind: ErrMismatch}
}
