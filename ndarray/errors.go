package ndarray

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Errors that whatever names a dtype, a shape or a layout from outside (a file, a segment, an argument) can meet.
// Test for them with errors.Is; the text that wraps them says what was expected and what was found.
var (
	// ErrDType is returned when the elements are not of the type asked for, or of one that cannot be shared (objects).
	ErrDType = errors.New("wrong dtype")
	// ErrShape is returned when a shape has a negative length, too many axes, more elements than an int counts, or
	// another number of elements than are there.
	ErrShape = errors.New("wrong shape")
	// ErrLayout is returned when what was asked for cannot be expressed without copying elements, and when strides
	// lead outside the memory that they were given for.
	ErrLayout = errors.New("layout does not fit")
	// ErrReadOnly is returned, or the value of a panic in Set, when an array that was opened for reading is written.
	ErrReadOnly = errors.New("array is read-only")
)

// IndexError is the value of the panic of an index that is out of range, or of a wrong number of indices.
type IndexError struct {
	Op    string // the method called, as "At"
	Index []int  // what was given
	Shape []int  // the array's own, to be read only
}

func (e IndexError) Error() string {
	if len(e.Index) != len(e.Shape) {
		return fmt.Sprintf("ndarray: %s: %d indices %v for %d axes of shape %v", e.Op, len(e.Index), e.Index, len(e.Shape), e.Shape)
	}
	return fmt.Sprintf("ndarray: %s: index %v out of range of shape %v", e.Op, e.Index, e.Shape)
}

// SliceError is the value of the panic of [Array.Slice] where an index is out of range, or there are too many of them.
type SliceError struct {
	Index  []Index // what was given
	Shape  []int   // the array's
	Reason string
}

func (e SliceError) Error() string {
	index := make([]string, len(e.Index))
	for i, x := range e.Index {
		index[i] = x.String()
	}
	return fmt.Sprintf("ndarray: Slice: [%s] of shape %v: %s", strings.Join(index, ", "), e.Shape, e.Reason)
}

// ShapeError is the value of the panic of a call whose shapes do not fit, and wraps [ErrShape].
type ShapeError struct {
	Op     string
	Shapes [][]int
	Reason string
}

// newShapeError returns a ShapeError with copies of the shapes, which the arrays go on using.
func newShapeError(op, reason string, shapes ...[]int) ShapeError {
	copies := make([][]int, len(shapes))
	for i, shape := range shapes {
		copies[i] = slices.Clone(shape)
	}
	return ShapeError{op, copies, reason}
}

func (e ShapeError) Error() string {
	return fmt.Sprintf("ndarray: %s: %s: %v", e.Op, e.Reason, e.Shapes)
}

func (e ShapeError) Unwrap() error { return ErrShape }

// LayoutError is the value of the panic of a call for which an array's strides are not fit, and wraps [ErrLayout].
type LayoutError struct {
	Op      string
	Shape   []int
	Strides []int // in elements
	Reason  string
}

func (e LayoutError) Error() string {
	return fmt.Sprintf("ndarray: %s: %s: shape %v with strides %v", e.Op, e.Reason, e.Shape, e.Strides)
}

func (e LayoutError) Unwrap() error { return ErrLayout }

// CastError is the value of the panic of a call that does not make elements of one dtype into those of another, and wraps
// [ErrDType].
type CastError struct {
	Op       string
	From, To DType
}

func (e CastError) Error() string {
	return fmt.Sprintf("ndarray: %s: no cast from %v to %v", e.Op, e.From, e.To)
}

func (e CastError) Unwrap() error { return ErrDType }

// ValueError is the value of the panic of a call with an argument, or an element, that it can't take.
type ValueError struct {
	Op     string
	Value  any // what was found
	Reason string
}

func (e ValueError) Error() string {
	return fmt.Sprintf("ndarray: %s: %s, found %v", e.Op, e.Reason, e.Value)
}

// DTypeError is the value of the panic of a call that knows nothing to do with elements of a dtype, and wraps [ErrDType].
type DTypeError struct {
	Op       string
	DType    DType
	Expected string
}

func (e DTypeError) Error() string {
	return fmt.Sprintf("ndarray: %s: expected %s, found %v", e.Op, e.Expected, e.DType)
}

func (e DTypeError) Unwrap() error { return ErrDType }
