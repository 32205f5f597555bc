package ndarray_test

import (
	"fmt"

	"github.com/samebytes/samebytes/ndarray"
)

func ExampleArray_All() {
	a, _ := ndarray.FromSlice([]int64{10, 11, 12, 13}, 2, 2)
	for ix, v := range a.T().All() { // ix is the same slice each time
		fmt.Print(ix, v, " ")
	}
	// Output: [0 0] 10 [0 1] 12 [1 0] 11 [1 1] 13
}

func ExampleArray_Rows() {
	a, _ := ndarray.FromSlice([]float64{0, 1, 2, 3, 4, 5}, 2, 3)
	for i, row := range a.Rows() { // each is a []float64
		for j := range row {
			row[j] *= float64(i)
		}
	}
	fmt.Println(a)
	// Output:
	// [[0. 0. 0.]
	//  [3. 4. 5.]]
}

func ExampleArray_Lanes() {
	a, _ := ndarray.FromSlice([]int64{3, 1, 2, 6, 5, 4}, 2, 3)
	for column := range a.Lanes(0) {
		fmt.Print(column, " ")
	}
	// Output: [3 6] [1 5] [2 4]
}

func ExampleArray_Blocks() {
	a := ndarray.Arange[int64](0, 10, 1)
	for first, block := range a.Blocks(4) {
		fmt.Println(first, block)
	}
	// Output:
	// 0 [0 1 2 3]
	// 4 [4 5 6 7]
	// 8 [8 9]
}
