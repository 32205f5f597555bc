package ndarray

import (
	"fmt"
	"slices"
)

// Array is elements of type T on any number of axes, laid over a slice with a stride for each axis.
// Make one with [New], [FromSlice], [FromFlat] or [FromStrided]. The zero Array has no axes and no elements,
// and is no operand.
//
// As with slices, arrays made from one another share elements, and any number of goroutines may read elements while
// none writes them.
type Array[T Element] struct {
	// What At and Set need of a 2-d array whose offset is zero, small enough to be inlined. For any other array rows and
	// cols are zero, and no index is below them.
	rows, cols           int
	rowStride, colStride int

	data []T // from the lowest to the highest element that the layout reaches
	layout
	dense bool // what contiguous says, which small calls ask for more than they compute
}

// newArray lays l over data, and cuts away what it doesn't reach.
func newArray[T Element](data []T, l layout) *Array[T] {
	if l.n == 0 {
		data, l.offset = data[:0:0], 0
	} else {
		below, above, _ := span(l.shape, l.strides) // can't overflow: the elements lie in data
		low, high := l.offset-below, l.offset+above+1
		data, l.offset = data[low:high:high], below
	}
	a := &Array[T]{data: data, layout: l, dense: l.contiguous()}
	if len(l.shape) == 2 && l.offset == 0 {
		a.rows, a.cols = l.shape[0], l.shape[1]
		a.rowStride, a.colStride = l.strides[0], l.strides[1]
	}
	return a
}

// New returns an array of zeros in C order, with its own memory. With no shape it has no axes, and one element.
// It panics with a [ShapeError] where [Size] would return an error, and where no memory is as large.
func New[T Element](shape ...int) *Array[T] { return sized[T]("New", shape...) }

// addressable is more bytes than a process can address, on the machines that Go knows. To make a slice of more panics, as New should
// not; what is not there of less ends the program.
const addressable = 1 << 47

// sized is New under another name for the panic.
func sized[T Element](op string, shape ...int) *Array[T] {
	n, _ := mustFit(op, shape, DTypeOf[T]().Size())
	return newArray(make([]T, n), contiguousLayout(shape, n))
}

// mustFit is [Size] of what is to be allocated: it panics where that returns an error, and where no memory is as large.
func mustFit(op string, shape []int, itemsize int) (n, nbytes int) {
	n, nbytes, err := Size(shape, itemsize)
	if err == nil && nbytes >= addressable {
		err = fmt.Errorf("%w: %d bytes are more than memory can be", ErrShape, nbytes)
	}
	if err != nil {
		panic(newShapeError(op, err.Error(), shape))
	}
	return n, nbytes
}

// FromSlice returns an array that shares the elements of data, in C order. With no shape it has one axis.
// The error is [ErrShape] where the shape has another number of elements than data.
func FromSlice[T Element](data []T, shape ...int) (*Array[T], error) {
	if len(shape) == 0 {
		shape = []int{len(data)}
	}
	return fromFlat("FromSlice", data, shape, false)
}

// FromFlat returns an array that shares the elements of data, which lie one after the other in C order, or in Fortran
// order, as a file's header says. It is [FromSlice] for a shape that may have no axes.
// The error is [ErrShape] where the shape has another number of elements than data.
func FromFlat[T Element](data []T, shape []int, fortran bool) (*Array[T], error) {
	return fromFlat("FromFlat", data, shape, fortran)
}

func fromFlat[T Element](op string, data []T, shape []int, fortran bool) (*Array[T], error) {
	n, _, err := Size(shape, DTypeOf[T]().Size())
	if err != nil {
		return nil, fmt.Errorf("ndarray: %s: %w", op, err)
	}
	if n != len(data) {
		return nil, fmt.Errorf("ndarray: %s: %w: expected %d elements for %v, found %d", op, ErrShape, n, shape, len(data))
	}
	if !fortran {
		return newArray(data, contiguousLayout(shape, n)), nil
	}
	shape = slices.Clone(shape)
	slices.Reverse(shape)
	return newArray(data, contiguousLayout(shape, n)).T(), nil
}

// FromStrided returns an array that shares elements of data: the one at (0, 0, ...) is data[offset], and an index more
// on axis d is strides[d] elements further. A stride may be negative or zero, and elements may lie under several indices.
// The error is [ErrShape] for a shape that [Size] does not accept, and [ErrLayout] where there is not one stride for
// each axis or an element would lie outside data.
func FromStrided[T Element](data []T, shape, strides []int, offset int) (*Array[T], error) {
	n, _, err := Size(shape, DTypeOf[T]().Size())
	if err != nil {
		return nil, fmt.Errorf("ndarray: FromStrided: %w", err)
	}
	if len(shape) != len(strides) {
		return nil, fmt.Errorf("ndarray: FromStrided: %w: expected a stride for each axis of %v, found %v", ErrLayout, shape, strides)
	}
	l := newLayout(len(shape), n)
	copy(l.shape, shape)
	copy(l.strides, strides)
	l.offset = offset
	if n == 0 {
		return newArray(data, l), nil
	}
	below, above, ok := span(shape, strides)
	if !ok || offset < below || offset >= len(data) || above >= len(data)-offset {
		return nil, fmt.Errorf("ndarray: FromStrided: %w: shape %v with strides %v from element %d reaches outside %d elements",
			ErrLayout, shape, strides, offset, len(data))
	}
	return newArray(data, l), nil
}

// At returns the element at an index for each axis. It panics with an [IndexError] if there is not one for each axis, or
// one is not in 0 to the axis's length - 1: here -1 is not the last element.
func (a *Array[T]) At(ix ...int) T {
	if len(ix) == 2 && uint(ix[0]) < uint(a.rows) && uint(ix[1]) < uint(a.cols) {
		return a.data[ix[0]*a.rowStride+ix[1]*a.colStride]
	}
	return a.data[apply(readOffset, &a.layout, ix)]
}

// Set stores v at an index for each axis. It panics as [Array.At] does, and with [ErrReadOnly] if the array is read-only.
func (a *Array[T]) Set(v T, ix ...int) {
	if len(ix) == 2 && uint(ix[0]) < uint(a.rows) && uint(ix[1]) < uint(a.cols) && !a.readonly {
		a.data[ix[0]*a.rowStride+ix[1]*a.colStride] = v
	} else {
		a.data[apply(writeOffset, &a.layout, ix)] = v
	}
}

// apply returns f(l, ix). It is here for the inliner, which prices the call of a parameter at 17, that of a function at 57,
// and lets At and Set cost 80 altogether; knowing f, it then inlines that too. So accesses to a 2-d array call nothing and
// spill nothing, which takes a third of the time of a call. go build -gcflags=-m=2 shows the costs, TestInlined guards them.
func apply(f func(*layout, []int) int, l *layout, ix []int) int { return f(l, ix) }

// readOffset returns the offset of the element at ix. It copies ix for the panic, so that the caller's stays on the stack.
func readOffset(l *layout, ix []int) int {
	offset := l.index(ix)
	if offset < 0 || l.n == 0 { // the zero Array has no axes, and no element either
		panic(IndexError{"At", append([]int(nil), ix...), l.shape})
	}
	return offset
}

// writeOffset is readOffset for an element that is to be written.
func writeOffset(l *layout, ix []int) int {
	if l.readonly {
		panic(ErrReadOnly)
	}
	offset := l.index(ix)
	if offset < 0 {
		panic(IndexError{"Set", append([]int(nil), ix...), l.shape})
	}
	return offset
}

// NDim returns the number of axes.
func (a *Array[T]) NDim() int { return len(a.shape) }

// Dim returns the length of an axis. It panics with an [IndexError] if there is no such axis.
func (a *Array[T]) Dim(axis int) int { return a.dim(axis) }

func (l *layout) dim(axis int) int {
	if uint(axis) >= uint(len(l.shape)) {
		panic(IndexError{"Dim", []int{axis}, []int{len(l.shape)}})
	}
	return l.shape[axis]
}

// Shape returns a copy of the lengths of the axes.
func (a *Array[T]) Shape() []int { return slices.Clone(a.shape) }

// Strides returns a copy of the strides, in elements. That of an axis of length one, or of an array without elements,
// means nothing.
func (a *Array[T]) Strides() []int { return slices.Clone(a.strides) }

// Len returns the number of elements.
func (a *Array[T]) Len() int { return a.n }

// DType returns the dtype of T.
func (a *Array[T]) DType() DType { return DTypeOf[T]() }

// Contiguous reports whether the elements lie one after the other in C order, so that Data is exactly them.
func (a *Array[T]) Contiguous() bool { return a.dense }

// Data returns the memory from the lowest to the highest element of the array, which it shares. Of a contiguous array it
// is the elements in order; of any other it may hold more than them, in another order. As through gonum's RawMatrix,
// what is written is not checked: writing the data of a read-only array that is mapped faults.
func (a *Array[T]) Data() []T { return a.data }

// ReadOnly returns an array that shares a's elements and whose Set panics with [ErrReadOnly], as do its views'.
func (a *Array[T]) ReadOnly() *Array[T] {
	l := a.layout
	l.readonly = true
	return newArray(a.data, l)
}

// Writable reports whether Set may be called: false of what [Array.ReadOnly] returned, and of its views.
func (a *Array[T]) Writable() bool { return !a.readonly }

// Slice returns an array that shares the elements that ix takes, an [Index] for each axis; axes without one are taken
// whole. It panics with a [SliceError] if an index is out of range of its axis, or there are more of them than axes.
func (a *Array[T]) Slice(ix ...Index) *Array[T] {
	return newArray(a.data, a.slice(ix))
}

// T returns an array that shares a's elements, with the axes in reverse order.
func (a *Array[T]) T() *Array[T] { return a.Transpose() }

// Transpose returns an array that shares a's elements, and whose axis d is a's axis axes[d]. A negative axis counts from
// the last; none at all reverse the order. It panics with a [ShapeError] if axes don't name each axis once.
func (a *Array[T]) Transpose(axes ...int) *Array[T] {
	return newArray(a.data, a.permuted(axes))
}

// Reshape returns an array that shares a's elements, in the same C order, under another shape. One length may be -1: it
// becomes what the others leave.
// The error is [ErrShape] if the shape has another number of elements, and [ErrLayout] if no strides express it: then
// reshape a Copy.
func (a *Array[T]) Reshape(shape ...int) (*Array[T], error) {
	l, err := a.reshaped(shape, DTypeOf[T]().Size())
	if err != nil {
		return nil, err
	}
	return newArray(a.data, l), nil
}

// Ravel returns an array that shares a's elements, in C order, on one axis. The error is [ErrLayout] if they are not
// evenly spaced: then ravel a Copy.
func (a *Array[T]) Ravel() (*Array[T], error) { return a.Reshape(a.n) }
