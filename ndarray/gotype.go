package ndarray

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
)

// GoTypeError says why a Go type has no dtype, and wraps [ErrDType].
type GoTypeError struct {
	Type   string // of the elements, as "main.Quote"
	Path   string // of the field that can't be stored, as "Inner.Sizes"; empty where it is the elements themselves
	Reason string
}

func (e GoTypeError) Error() string {
	where := e.Type
	if e.Path != "" {
		where += ": field " + e.Path
	}
	return fmt.Sprintf("ndarray: no dtype for %s: %s", where, e.Reason)
}

func (e GoTypeError) Unwrap() error { return ErrDType }

// DTypeOf returns the dtype whose elements lie in memory as values of T do:
//
//	bool, int8 ... uint64, float32 ... complex128   the dtype of that name; of named types of these too
//	Float16, BFloat16                               float16, bfloat16
//	Datetime64[Nanosecond], Timedelta64[Second]     datetime64[ns], timedelta64[s]
//	[5]Char, [5]UTF32                               S5, U5: bytes and characters
//	[2][3]T                                         a subarray; without axes it can only be within a struct
//	struct                                          a struct of its fields
//
// A field has the name of its tag, as npy:"price", or else its Go name, and the offset that the compiler gave it. Blank
// fields, those with the tag npy:"-", and gaps are padding. Fields may be structs and arrays.
//
// It panics with a [GoTypeError] for any other type: int, uint and uintptr, whose size is the machine's; what holds pointers,
// such as strings, slices and maps; what has no bytes. [DTypeOfType] returns the error instead.
func DTypeOf[T Element]() DType {
	switch any((*T)(nil)).(type) { // of a pointer, which is never allocated: several times faster than the map
	case *bool:
		return Bool
	case *int8:
		return Int8
	case *int16:
		return Int16
	case *int32:
		return Int32
	case *int64:
		return Int64
	case *uint8:
		return Uint8
	case *uint16:
		return Uint16
	case *uint32:
		return Uint32
	case *uint64:
		return Uint64
	case *float32:
		return Float32
	case *float64:
		return Float64
	case *complex64:
		return Complex64
	case *complex128:
		return Complex128
	}
	d, err := DTypeOfType(reflect.TypeFor[T]())
	if err != nil {
		panic(err)
	}
	return d
}

// DTypeOfType returns what [DTypeOf] does, of a type known at run time. The error is a [GoTypeError].
func DTypeOfType(t reflect.Type) (DType, error) {
	if found, ok := goTypes.Load(t); ok {
		answer := found.(*goType)
		return answer.dtype, answer.err
	}
	answer := &goType{}
	var failed *GoTypeError
	if answer.dtype, answer.err = elementDType(t); errors.As(answer.err, &failed) {
		failed.Type = t.String()
		answer.err = *failed
	}
	goTypes.Store(t, answer)
	return answer.dtype, answer.err
}

// goTypes has the dtype of each type that was asked for, by its reflect.Type: as many as the program has types.
var goTypes sync.Map

type goType struct {
	dtype DType
	err   error
}

// goKinds are the dtypes of Go's kinds.
var goKinds = map[reflect.Kind]DType{
	reflect.Bool: Bool,
	reflect.Int8: Int8, reflect.Int16: Int16, reflect.Int32: Int32, reflect.Int64: Int64,
	reflect.Uint8: Uint8, reflect.Uint16: Uint16, reflect.Uint32: Uint32, reflect.Uint64: Uint64,
	reflect.Float32: Float32, reflect.Float64: Float64,
	reflect.Complex64: Complex64, reflect.Complex128: Complex128,
}

// goStructs are the dtypes of the package's own types that are Go structs, so that their operators don't compile.
var goStructs = append([]goStruct{
	{reflect.TypeFor[Float16](), float16DType},
	{reflect.TypeFor[BFloat16](), bfloat16DType},
}, timeStructs()...)

type goStruct struct {
	goType reflect.Type
	dtype  DType
}

var (
	charType  = reflect.TypeFor[Char]()
	utf32Type = reflect.TypeFor[UTF32]()
)

// elementDType returns the dtype of elements of type t.
// The error is a *GoTypeError.
func elementDType(t reflect.Type) (DType, error) {
	d, err := dtypeAt(t, "")
	if err == nil && d.size == 0 {
		return DType{}, &GoTypeError{Reason: "its values have no bytes"}
	}
	return d, err
}

// dtypeAt returns the dtype of t, which stands at that path in the elements' type.
// The error is a *GoTypeError.
func dtypeAt(t reflect.Type, path string) (DType, error) {
	fail := func(reason string) (DType, error) { return DType{}, &GoTypeError{Path: path, Reason: reason} }
	if d, ok := goKinds[t.Kind()]; ok {
		switch t {
		case charType:
			return DType{kind: 'S', size: 1}, nil
		case utf32Type:
			return DType{kind: 'U', size: codePoint}, nil
		}
		return d, nil
	}
	var d DType
	var err error
	switch t.Kind() {
	case reflect.Array:
		if d, err = arrayDType(t, path); err == nil {
			return d, nil
		}
	case reflect.Struct:
		if d, err = structDType(t, path); err == nil {
			return d, nil
		}
	case reflect.Int, reflect.Uint, reflect.Uintptr:
		return fail(fmt.Sprintf("the size of %v is the machine's, use %v64", t, strings.TrimSuffix(t.Kind().String(), "ptr")))
	case reflect.String:
		return fail("a string is a pointer to text elsewhere, use [N]ndarray.Char or [N]ndarray.UTF32")
	case reflect.Slice:
		return fail(fmt.Sprintf("the slice %v is a pointer to elements elsewhere, use an array", t))
	default:
		return fail(fmt.Sprintf("%v holds a pointer, which means nothing in another process", t))
	}
	if failed := (*GoTypeError)(nil); errors.As(err, &failed) {
		return DType{}, err
	}
	return fail(err.Error())
}

func arrayDType(t reflect.Type, path string) (DType, error) {
	var kind byte
	switch t.Elem() {
	case charType:
		kind = 'S'
	case utf32Type:
		kind = 'U'
	default:
		base, err := dtypeAt(t.Elem(), path)
		if err != nil {
			return DType{}, err
		}
		return SubarrayDType(base, t.Len())
	}
	if t.Size() > maxItemsize {
		return DType{}, fmt.Errorf("%w: expected at most %d bytes, found %d", ErrDType, maxItemsize, t.Size())
	}
	return DType{kind: kind, size: int(t.Size())}, nil
}

func structDType(t reflect.Type, path string) (DType, error) {
	for _, s := range goStructs {
		if t.ConvertibleTo(s.goType) { // a type named by whoever uses it has no methods to be known by
			return s.dtype, nil
		}
	}
	var fields []DTypeField
	for f := range t.Fields() {
		name, tagged := f.Tag.Lookup("npy")
		if f.Name == "_" || name == "-" {
			continue
		}
		if !tagged {
			name = f.Name
		}
		d, err := dtypeAt(f.Type, strings.TrimPrefix(path+"."+f.Name, "."))
		if err != nil {
			return DType{}, err
		}
		fields = append(fields, DTypeField{name, int(f.Offset), d})
	}
	if t.Size() > maxItemsize {
		return DType{}, fmt.Errorf("%w: expected at most %d bytes, found %d", ErrDType, maxItemsize, t.Size())
	}
	return StructDType(fields, int(t.Size()))
}
