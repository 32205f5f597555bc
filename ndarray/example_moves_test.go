package ndarray_test

import (
	"fmt"

	"github.com/samebytes/samebytes/ndarray"
)

func ExampleCopyTo() {
	a := ndarray.New[float64](2, 3)
	row, _ := ndarray.FromSlice([]float64{1, 2, 3})
	ndarray.CopyTo(a, row)
	ndarray.CopyTo(a.Slice(ndarray.At(1)), row.Flip())
	fmt.Println(a)
	// Output:
	// [[1. 2. 3.]
	//  [3. 2. 1.]]
}

func ExampleConvert() {
	a, _ := ndarray.FromSlice([]float64{-1.5, 0, 2.7})
	fmt.Println(ndarray.Convert[int32](nil, a))
	fmt.Println(ndarray.Convert[bool](nil, a))

	_, err := ndarray.ConvertSafe[float32](nil, a)
	fmt.Println(err)
	// Output:
	// [-1  0  2]
	// [ True False  True]
	// ndarray: ConvertSafe: wrong dtype: expected one that keeps the values of float64, found float32
}

func ExampleConcatenate() {
	a, _ := ndarray.FromSlice([]int64{0, 1, 2, 3}, 2, 2)
	b, _ := ndarray.FromSlice([]int64{4, 5}, 1, 2)
	fmt.Println(ndarray.Concatenate(nil, 0, a, b))
	fmt.Println(ndarray.Stack(nil, -1, a, a.T()).Shape())
	// Output:
	// [[0 1]
	//  [2 3]
	//  [4 5]]
	// [2 2 2]
}

func ExampleTile() {
	a, _ := ndarray.FromSlice([]int64{1, 2})
	fmt.Println(ndarray.Tile(nil, a, 3))
	fmt.Println(ndarray.Repeat(nil, a, 3, 0))
	fmt.Println(ndarray.Roll(nil, ndarray.Arange[int64](0, 5, 1), 2, 0))
	fmt.Println(ndarray.Pad(nil, a, [][2]int{{1, 2}}, 0))
	// Output:
	// [1 2 1 2 1 2]
	// [1 1 1 2 2 2]
	// [3 4 0 1 2]
	// [0 1 2 0 0]
}

func ExampleTake() {
	a, _ := ndarray.FromSlice([]int64{0, 1, 2, 3, 4, 5}, 2, 3)
	columns, _ := ndarray.FromSlice([]int64{-1, 0})
	fmt.Println(ndarray.Take(nil, a, columns, 1))

	best := ndarray.ArgSort(nil, a, 1).Slice(ndarray.All, ndarray.Range(-1, ndarray.End))
	fmt.Println(ndarray.TakeAlongAxis(nil, a, best, 1))
	// Output:
	// [[2 0]
	//  [5 3]]
	// [[2]
	//  [5]]
}

// Several index arrays take single elements: here those of a[[0, 1], [2, 0]].
func ExampleGather() {
	a, _ := ndarray.FromSlice([]int64{0, 1, 2, 3, 4, 5}, 2, 3)
	rows, _ := ndarray.FromSlice([]int64{0, 1})
	columns, _ := ndarray.FromSlice([]int64{2, 0})
	fmt.Println(ndarray.Gather(nil, a, rows, columns))

	ndarray.Scatter(a, ndarray.Full(int64(-1)), rows, columns)
	fmt.Println(a)
	// Output:
	// [2 3]
	// [[ 0  1 -1]
	//  [-1  4  5]]
}

func ExampleSelect() {
	a, _ := ndarray.FromSlice([]float64{1, -2, 3, -4}, 2, 2)
	negative := ndarray.Less(nil, a, ndarray.Scalar(0.0))
	fmt.Println(ndarray.Select(nil, a, negative))
	fmt.Println(ndarray.ArgWhere(negative))
	fmt.Println(ndarray.Where(nil, negative, ndarray.Scalar(0.0), a))

	ndarray.PutMask(a, negative, ndarray.Scalar(9.0))
	fmt.Println(a)
	// Output:
	// [-2. -4.]
	// [[0 1]
	//  [1 1]]
	// [[1. 0.]
	//  [3. 0.]]
	// [[1. 9.]
	//  [3. 9.]]
}
