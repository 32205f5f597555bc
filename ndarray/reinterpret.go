package ndarray

import (
	"fmt"
	"reflect"
)

// View returns an array that shares a's bytes, as elements of another type. Of types of one size the shape stays; otherwise
// the elements of the last axis must lie one after the other, and it becomes longer or shorter as they do, as in NumPy.
//
// A view of bools as other elements must only be given bytes of 0 and 1: see [As].
//
// The error is [ErrDType] where U is or holds a bool and is not T, since a Go bool must be a byte of 0 or 1, and where one
// size does not divide the bytes of the other, or of the last axis. It is [ErrLayout] where the last axis is not contiguous, or
// memory or strides are not aligned for U: then view a Copy.
func View[U, T Element](a *Array[T]) (*Array[U], error) {
	from, to := reflect.TypeFor[T](), reflect.TypeFor[U]()
	oldSize, newSize := DTypeOf[T]().Size(), DTypeOf[U]().Size()
	if from != to && holdsBool(to) {
		return nil, fmt.Errorf("ndarray: View: %w: expected a type without bools, found %v, for bytes of %v", ErrDType, to, from)
	}
	l, err := a.resized(oldSize, newSize)
	if err != nil {
		return nil, fmt.Errorf("ndarray: View: %w: elements of %d bytes as %d bytes of %v", err, oldSize, newSize, to)
	}
	if !aligned[U](a.data) {
		return nil, fmt.Errorf("ndarray: View: %w: memory is not aligned for %v, Copy the array first", ErrLayout, to)
	}
	return newArray(recast[U](a.data), l), nil
}

// resized returns the layout of l's bytes as elements of another size. They begin where l's data does.
func (l *layout) resized(oldSize, newSize int) (layout, error) {
	r := l.clone()
	if oldSize == newSize {
		return r, nil
	}
	last := len(l.shape) - 1
	switch {
	case last < 0:
		return layout{}, fmt.Errorf("%w: no axis to change the length of", ErrDType)
	case newSize < oldSize && oldSize%newSize != 0, l.shape[last]*oldSize%newSize != 0:
		return layout{}, fmt.Errorf("%w: sizes do not divide in shape %v", ErrDType, l.shape)
	case l.n > 0 && l.shape[last] != 1 && l.strides[last] != 1:
		return layout{}, fmt.Errorf("%w: last axis of strides %v is not contiguous, Copy the array first", ErrLayout, l.strides)
	}
	r.shape[last], r.strides[last] = l.shape[last]*oldSize/newSize, 1
	n, _, err := Size(r.shape, newSize)
	if err != nil {
		return layout{}, err
	}
	r.n = n
	for d := range last {
		if l.n > 0 && l.shape[d] > 1 && l.strides[d]*oldSize%newSize != 0 {
			return layout{}, fmt.Errorf("%w: strides %v do not divide, Copy the array first", ErrLayout, l.strides)
		}
		r.strides[d] = l.strides[d] * oldSize / newSize // may wrap where the length is one, and means nothing there
	}
	r.offset = l.offset * oldSize / newSize // the sum of strides that divide
	return r, nil
}

// holdsBool reports whether bytes of a type are bools.
func holdsBool(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Bool:
		return true
	case reflect.Array:
		return holdsBool(t.Elem())
	case reflect.Struct:
		for i := range t.NumField() {
			if holdsBool(t.Field(i).Type) {
				return true
			}
		}
	}
	return false
}

// RealPart returns an array that shares the real parts of a's elements. F is the float of half the size: float32 for
// complex64, float64 for complex128. It panics with a [CastError] if it is another.
func RealPart[F Float, C Complex](a *Array[C]) *Array[F] { return halves[F]("RealPart", a, 0) }

// ImagPart returns an array that shares the imaginary parts of a's elements, as [RealPart] does the real ones.
func ImagPart[F Float, C Complex](a *Array[C]) *Array[F] { return halves[F]("ImagPart", a, 1) }

// halves returns the first or the second float of each element.
func halves[F Float, C Complex](op string, a *Array[C], which int) *Array[F] {
	if from, to := DTypeOf[C](), DTypeOf[F](); to.Size()*2 != from.Size() {
		panic(CastError{op, from, to})
	}
	l := a.clone()
	l.offset = 2*l.offset + which
	for d := range l.strides {
		l.strides[d] *= 2 // may wrap where the length is one, and means nothing there
	}
	return newArray(recast[F](a.data), l)
}
