// Address arithmetic needs unsafe: whether two arrays overlap is a question about memory, which Go's slices don't answer.

package ndarray

import "unsafe"

// address returns where a slice's elements begin, and the bytes of each. The number is only compared with that of another
// slice in the same call, while both are in use, and nothing is read through it; TestOverlap guards it.
func address[T Element](data []T) (first uintptr, size int) {
	var element T
	return uintptr(unsafe.Pointer(unsafe.SliceData(data))), int(unsafe.Sizeof(element))
}

// viewed returns an array that shares a's elements and takes their bits for those of another type. It is for types of the
// same size and alignment that have no pointers, such as float64 and uint64 or a named type and what it is made of, for
// which every bit pattern is a value. TestSort guards it.
func viewed[U, T Element](a *Array[T]) *Array[U] {
	data := unsafe.Slice((*U)(unsafe.Pointer(unsafe.SliceData(a.data))), len(a.data))
	v := &Array[U]{data: data, layout: a.layout}
	v.rows, v.cols, v.rowStride, v.colStride = a.rows, a.cols, a.rowStride, a.colStride
	return v
}
