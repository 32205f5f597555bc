package ndarray_test

import (
	"fmt"

	"github.com/samebytes/samebytes/ndarray"
)

func ExampleWhere() {
	a, _ := ndarray.FromSlice([]float64{-1, 2, -3, 4})
	fmt.Println(ndarray.Where(nil, ndarray.Less(nil, a, ndarray.Scalar(0.0)), ndarray.Scalar(0.0), a))
	// Output: [0. 2. 0. 4.]
}

func ExamplePutMask() {
	a := ndarray.Arange(0, 6, 1.0)
	even := ndarray.Equal(nil, ndarray.Mod(nil, a, ndarray.Scalar(2.0)), ndarray.Scalar(0.0))
	fmt.Println(ndarray.PutMask(a, even, ndarray.Scalar(-1.0))) // a[even] = -1
	// Output: [-1.  1. -1.  3. -1.  5.]
}

func ExamplePut() {
	a := ndarray.New[int64](2, 3)
	indices, _ := ndarray.FromSlice([]int64{0, -1})
	values, _ := ndarray.FromSlice([]int64{7, 9})
	fmt.Println(ndarray.Put(a, indices, values))
	// Output:
	// [[7 0 0]
	//  [0 0 9]]
}

func ExampleScatter() {
	a := ndarray.New[int64](2, 3)
	rows, _ := ndarray.FromSlice([]int64{0, 1})
	cols, _ := ndarray.FromSlice([]int64{2, 0})
	fmt.Println(ndarray.Scatter(a, ndarray.Scalar[int64](5), rows, cols)) // a[rows, cols] = 5
	// Output:
	// [[0 0 5]
	//  [5 0 0]]
}

func ExampleCompress() {
	a, _ := ndarray.FromSlice([]int64{1, 2, 3, 4, 5, 6}, 2, 3)
	cond, _ := ndarray.FromSlice([]bool{true, false, true})
	fmt.Println(ndarray.Compress(nil, a, cond, 1))
	// Output:
	// [[1 3]
	//  [4 6]]
}

func ExampleNonZero() {
	a, _ := ndarray.FromSlice([]int64{0, 7, 0, 0, 8, 9}, 2, 3)
	indices := ndarray.NonZero(a)
	fmt.Println(indices[0], indices[1])
	fmt.Println(ndarray.Gather(nil, a, indices...))
	// Output:
	// [0 1 1] [1 1 2]
	// [7 8 9]
}
