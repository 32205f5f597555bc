// Address arithmetic needs unsafe: whether two arrays overlap is a question about memory, which Go's slices don't answer.
// So does another name for the same elements: Go converts []Celsius to []float64 only one by one.

package ndarray

import (
	"fmt"
	"unsafe"
)

// address returns where a slice's elements begin, and the bytes of each. The number is only compared with that of another
// slice in the same call, while both are in use, and nothing is read through it; TestOverlap guards it.
func address[T Element](data []T) (first uintptr, size int) {
	var element T
	return uintptr(unsafe.Pointer(unsafe.SliceData(data))), int(unsafe.Sizeof(element))
}

// recast returns the memory of data as elements of another type, as many as fit. It is sound where every pattern of bits is
// a U: elements hold no pointers, and View refuses bools of other bytes; where memory is aligned for U, see aligned; and
// as long as the result is used, which keeps the memory alive. TestView and TestConvert guard it.
func recast[U, T Element](data []T) []U {
	var to U
	_, size := address(data)
	return unsafe.Slice((*U)(unsafe.Pointer(unsafe.SliceData(data))), len(data)*size/int(unsafe.Sizeof(to)))
}

// ElementsOf returns n elements of T that lie one after the other in the machine's byte order in data, and share its memory: what
// [As] does for an array. Whoever maps or reads a file gives their bytes here a type.
//
// The error is [ErrShape] where n elements take another number of bytes than data has, and [ErrLayout] where data is not aligned for
// T. As says what holds of a bool. It panics with a [GoTypeError] where T is no element.
func ElementsOf[T Element](data []byte, n int) ([]T, error) {
	_, nbytes, err := Size([]int{n}, DTypeOf[T]().Size())
	switch {
	case err != nil:
		return nil, fmt.Errorf("ndarray: ElementsOf: %w", err)
	case nbytes != len(data):
		return nil, fmt.Errorf("ndarray: ElementsOf: %w: expected %d bytes for %d of %v, found %d", ErrShape, nbytes, n, DTypeOf[T](), len(data))
	case nbytes == 0:
		return make([]T, n), nil
	case !aligned[T](data):
		return nil, fmt.Errorf("ndarray: ElementsOf: %w: memory is not aligned for %v", ErrLayout, DTypeOf[T]())
	}
	return recast[T](data), nil
}

// aligned reports whether a U may lie where data begins.
func aligned[U, T Element](data []T) bool {
	var to U
	first, _ := address(data)
	return first%unsafe.Alignof(to) == 0
}

// as returns a as an array of U, which must be T's underlying type: the two differ in name alone, down to the descriptions of
// their arrays, so that the pointer may point to either. TestNamedElements guards it.
func as[U, T Element](a *Array[T]) *Array[U] { return (*Array[U])(unsafe.Pointer(a)) }
