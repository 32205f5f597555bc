package wire

import (
	"fmt"
	"reflect"

	"github.com/samebytes/samebytes/internal/sentinel"
	"github.com/samebytes/samebytes/ndarray"
	"github.com/samebytes/samebytes/npy"
)

// What every [Error] is one of, unless it is of a caller's function.
var (
	// ErrUnencodable is returned for a value that calls cannot carry. It is also ndarray.ErrDType.
	ErrUnencodable = sentinel.New("value cannot be carried", ndarray.ErrDType)
	// ErrMalformed is returned for bytes that are no value: cut short, of an unknown type, too deep. It is also npy.ErrFormat.
	ErrMalformed = sentinel.New("not a value", npy.ErrFormat)
	// ErrMismatch is returned for a value that does not fit where it is to go. It is also ndarray.ErrDType.
	ErrMismatch = sentinel.New("value does not fit", ndarray.ErrDType)
)

const maxPath = 120 // bytes of a path in a message: more is of a value that contains itself, and says nothing more

// Error says what is wrong with a value, and where in it.
type Error struct {
	Path string // where, from the value that was given, as ".Sizes[2]"; empty for that value itself
	What string // as "expected int8, found 300"
	Kind error  // one of this package's errors, or the one that a caller's function returned
}

func (e *Error) Error() string {
	if e.Path == "" {
		return e.What
	}
	return e.Path + ": " + e.What
}

func (e *Error) Unwrap() error { return e.Kind }

// At returns an error of a value as one of what contains it: the path of the value there stands before its own.
func At(path string, err error) error {
	e, ok := err.(*Error)
	if !ok {
		e = &Error{What: err.Error(), Kind: err}
	}
	if path += e.Path; len(path) > maxPath {
		path = path[:maxPath] + "..."
	}
	return &Error{path, e.What, e.Kind}
}

func atIndex(i int, err error) error { return At(fmt.Sprintf("[%d]", i), err) }
func atKey(key any, err error) error { return At(fmt.Sprintf("[%#v]", key), err) }

func unencodable(format string, args ...any) error {
	return &Error{What: fmt.Sprintf(format, args...), Kind: ErrUnencodable}
}

func malformed(format string, args ...any) error {
	return &Error{What: fmt.Sprintf(format, args...), Kind: ErrMalformed}
}

// mismatch is the error of what stands at the beginning of b, where a t is expected.
func mismatch(t reflect.Type, b []byte) error {
	return &Error{What: fmt.Sprintf("expected %v, found %s", t, describe(b)), Kind: ErrMismatch}
}

// TargetError is the value of the panic of a Decode into what is no pointer, or a nil one.
type TargetError struct {
	Into reflect.Type // nil for none
}

func (e TargetError) Error() string {
	return fmt.Sprintf("wire: Decode: expected a pointer that is not nil, found %v", e.Into)
}
