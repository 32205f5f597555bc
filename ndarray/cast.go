// Address arithmetic needs unsafe: whether two arrays overlap is a question about memory, which Go's slices don't answer.
// So does another name for the same elements: Go converts []Celsius to []float64 only one by one.

package ndarray

import "unsafe"

// address returns where a slice's elements begin, and the bytes of each. The number is only compared with that of another
// slice in the same call, while both are in use, and nothing is read through it; TestOverlap guards it.
func address[T Element](data []T) (first uintptr, size int) {
	var element T
	return uintptr(unsafe.Pointer(unsafe.SliceData(data))), int(unsafe.Sizeof(element))
}

// recast returns the same elements as values of U. It is sound because its callers have seen that T and U are one kind of
// number (reflect.Kind), which has one size and one meaning whatever the type is called; TestSumNamedTypes guards it.
func recast[U, T Element](data []T) []U {
	return unsafe.Slice((*U)(unsafe.Pointer(unsafe.SliceData(data))), len(data))
}
