package ndarray_test

import (
	"fmt"

	"github.com/samebytes/samebytes/ndarray"
)

func ExampleArange() {
	fmt.Println(ndarray.Arange[int32](0, 10, 3))
	fmt.Println(ndarray.Arange(1, 0, -0.25))
	// Output:
	// [0 3 6 9]
	// [1.   0.75 0.5  0.25]
}

func ExampleLinspace() {
	fmt.Println(ndarray.Linspace(0.0, 1, 5))
	fmt.Println(ndarray.Linspace(0.0, 1, 5).Slice(ndarray.Range(0, 4))) // without the end
	fmt.Println(ndarray.Geomspace(1.0, 1000, 4))
	// Output:
	// [0.   0.25 0.5  0.75 1.  ]
	// [0.   0.25 0.5  0.75]
	// [   1.   10.  100. 1000.]
}

func ExampleEye() {
	fmt.Println(ndarray.Eye[float32](2, 3, 1))
	fmt.Println(ndarray.Tril(nil, ndarray.Full(int8(7), 3, 3), 0))
	// Output:
	// [[0. 1. 0.]
	//  [0. 0. 1.]]
	// [[7 0 0]
	//  [7 7 0]
	//  [7 7 7]]
}

// Grids are views: whatever broadcasts needs none, but functions of coordinates do.
func ExampleMeshgrid() {
	grids := ndarray.Meshgrid(ndarray.Arange[int64](0, 3, 1), ndarray.Arange[int64](10, 30, 10))
	fmt.Println(grids[0])
	fmt.Println(grids[1])
	// Output:
	// [[0 1 2]
	//  [0 1 2]]
	// [[10 10 10]
	//  [20 20 20]]
}
