package ndarray_test

import (
	"fmt"

	"github.com/samebytes/samebytes/ndarray"
)

func Example_views() {
	a, _ := ndarray.FromSlice([]int64{0, 1, 2, 3, 4, 5}, 2, 3)
	fmt.Println(a.Slice(ndarray.Ellipsis, ndarray.At(-1)))
	fmt.Println(a.Flip(1))
	fmt.Println(a.Diagonal(1, 0, 1))
	fmt.Println(a.ExpandDims(0).MoveAxis(0, -1).Shape())

	a.SwapAxes(0, 1).Set(100, 2, 0) // what a view writes, the array has
	fmt.Println(a)
	// Output:
	// [2 5]
	// [[2 1 0]
	//  [5 4 3]]
	// [1 5]
	// [2 3 1]
	// [[  0   1 100]
	//  [  3   4   5]]
}

func ExampleArray_BroadcastTo() {
	row, _ := ndarray.FromSlice([]int64{1, 2, 3})
	fmt.Println(row.BroadcastTo(2, 3))
	// Output:
	// [[1 2 3]
	//  [1 2 3]]
}

func ExampleArray_SlidingWindow() {
	a, _ := ndarray.FromSlice([]int64{1, 5, 2, 4, 3})
	windows := a.SlidingWindow([]int{3})
	fmt.Println(windows)

	maxima := make([]int64, 0, 3)
	for w := range windows.Lanes(1) {
		maxima = append(maxima, ndarray.Max(w))
	}
	fmt.Println(maxima)
	// Output:
	// [[1 5 2]
	//  [5 2 4]
	//  [2 4 3]]
	// [5 5 4]
}

func ExampleArray_SplitAt() {
	a := ndarray.Arange[int64](0, 10, 1)
	for _, part := range a.SplitAt([]int{2, -3}, 0) {
		fmt.Println(part)
	}
	// Output:
	// [0 1]
	// [2 3 4 5 6]
	// [7 8 9]
}

func ExampleView() {
	a, _ := ndarray.FromSlice([]uint8{1, 0, 0, 1}, 2, 2)
	words, err := ndarray.View[uint16](a)
	fmt.Println(words, err)

	_, err = ndarray.View[uint16](a.T())
	fmt.Println(err)
	// Output:
	// [[  1]
	//  [256]] <nil>
	// ndarray: View: layout does not fit: last axis of strides [1 2] is not contiguous, Copy the array first: elements of 1 bytes as 2 bytes of uint16
}

func ExampleImagPart() {
	z, _ := ndarray.FromSlice([]complex128{1 + 2i, 3 + 4i})
	ndarray.ImagPart[float64](z).Fill(0)
	fmt.Println(z)
	// Output: [1.+0.j 3.+0.j]
}
