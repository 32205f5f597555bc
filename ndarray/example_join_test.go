package ndarray_test

import (
	"fmt"

	"github.com/samebytes/samebytes/ndarray"
)

func ExampleStack() {
	x, _ := ndarray.FromSlice([]int64{1, 2})
	y, _ := ndarray.FromSlice([]int64{3, 4})
	fmt.Println(ndarray.Stack(nil, 1, x, y))
	// Output:
	// [[1 3]
	//  [2 4]]
}

func ExampleRepeat() {
	a, _ := ndarray.FromSlice([]int64{1, 2})
	fmt.Println(ndarray.Repeat(nil, a, 2, 0), ndarray.RepeatEach(nil, a, []int{1, 3}, 0))
	// Output: [1 1 2 2] [1 2 2 2]
}

func ExampleRoll() {
	a := ndarray.Arange[int64](0, 5, 1)
	fmt.Println(ndarray.Roll(a, a, 2, 0)) // in place
	// Output: [3 4 0 1 2]
}

func ExamplePad() {
	a, _ := ndarray.FromSlice([]int64{1, 2})
	fmt.Println(ndarray.Pad(nil, a, [][2]int{{1, 2}}, 0))
	// Output: [0 1 2 0 0]
}

func ExampleDivMod() {
	a, _ := ndarray.FromSlice([]int64{7, -7})
	quotient, remainder := ndarray.DivMod(nil, nil, a, ndarray.Scalar[int64](3))
	fmt.Println(quotient, remainder)
	// Output: [ 2 -3] [1 2]
}

func ExampleDiff() {
	a, _ := ndarray.FromSlice([]int64{1, 2, 4, 7})
	fmt.Println(ndarray.Diff(nil, a, 1, 0), ndarray.Diff(nil, a, 2, 0))
	// Output: [1 2 3] [1 1]
}

func ExampleSetWorkers() {
	before := ndarray.SetWorkers(1) // all on this goroutine
	defer ndarray.SetWorkers(before)
	fmt.Println(ndarray.Sum(ndarray.Ones[float64](1000, 1000)))
	// Output: 1e+06
}

func ExampleElementsOf() {
	bytes := make([]byte, 16) // of a file or a mapping
	elements, err := ndarray.ElementsOf[int32](bytes, 4)
	if err != nil {
		fmt.Println(err)
		return
	}
	elements[0] = -1
	fmt.Println(bytes[:5])
	// Output: [255 255 255 255 0]
}

func ExampleTril() {
	fmt.Println(ndarray.Tril(nil, ndarray.Ones[int64](3, 3), 0))
	// Output:
	// [[1 0 0]
	//  [1 1 0]
	//  [1 1 1]]
}

func ExampleTakeAlongAxis() {
	a, _ := ndarray.FromSlice([]int64{30, 10, 20})
	fmt.Println(ndarray.TakeAlongAxis(nil, a, ndarray.ArgSort(nil, a, 0), 0))
	// Output: [10 20 30]
}

func ExampleTrace() {
	fmt.Println(ndarray.Trace(ndarray.Eye[float64](3, 3, 0)))
	// Output: 3
}

func ExampleQuantileTo() {
	a, _ := ndarray.FromSlice([]float64{1, 2, 3, 10, 20, 30}, 2, 3)
	fmt.Println(ndarray.QuantileTo[float64](nil, a, 0.5, ndarray.QuantileLinear, 1))
	// Output: [ 2. 20.]
}
