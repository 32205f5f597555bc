// Address arithmetic needs unsafe: whether two arrays overlap is a question about memory, which Go's slices don't answer.

package ndarray

import "unsafe"

// address returns where a slice's elements begin, and the bytes of each. The number is only compared with that of another
// slice in the same call, while both are in use, and nothing is read through it; TestOverlap guards it.
func address[T Element](data []T) (first uintptr, size int) {
	var element T
	return uintptr(unsafe.Pointer(unsafe.SliceData(data))), int(unsafe.Sizeof(element))
}
