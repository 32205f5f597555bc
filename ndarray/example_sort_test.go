package ndarray_test

import (
	"fmt"
	"math"

	"github.com/samebytes/samebytes/ndarray"
)

// Each row, then each column.
func ExampleSort() {
	a, _ := ndarray.FromSlice([]float64{3, math.NaN(), 1, 2, 9, 0}, 2, 3)
	ndarray.Sort(a, -1)
	fmt.Println(a.Data())
	ndarray.Sort(a, 0)
	fmt.Println(a.Data())
	// Output:
	// [1 3 NaN 0 2 9]
	// [0 2 9 1 3 NaN]
}

func ExampleArgSort() {
	heights, _ := ndarray.FromSlice([]int32{170, 155, 182, 155})
	fmt.Println(ndarray.ArgSort(nil, heights, 0).Data())
	// Output: [1 3 0 2]
}

// The three greatest, in no order, without sorting the others.
func ExamplePartition() {
	a, _ := ndarray.FromSlice([]uint8{3, 250, 7, 80, 1, 66})
	ndarray.Partition(a, -3, 0)
	greatest := a.Slice(ndarray.Range(-3, ndarray.End))
	ndarray.Sort(greatest, 0)
	fmt.Println(greatest.Data())
	// Output: [66 80 250]
}

// Where the two least are.
func ExampleArgPartition() {
	prices, _ := ndarray.FromSlice([]float64{9.5, 2, 7.25, 3, 8})
	where := ndarray.ArgPartition(nil, prices, 1, 0).Slice(ndarray.Range(0, 2))
	fmt.Println(ndarray.Take(nil, prices, where, 0).Data())
	// Output: [2 3]
}

func ExampleSearchSorted() {
	sorted, _ := ndarray.FromSlice([]float64{1, 2, 2, 5})
	values, _ := ndarray.FromSlice([]float64{2, 0, 9})
	fmt.Println(ndarray.SearchSorted(nil, sorted, values, ndarray.Left).Data())
	fmt.Println(ndarray.SearchSorted(nil, sorted, values, ndarray.Right).Data())
	// Output:
	// [1 0 4]
	// [3 0 4]
}

func ExampleUniqueAll() {
	a, _ := ndarray.FromSlice([]int16{7, 3, 7, 7, 5, 3}, 2, 3)
	u := ndarray.UniqueAll(a)
	fmt.Println("values ", u.Values.Data())
	fmt.Println("index  ", u.Index.Data())
	fmt.Println("inverse", u.Inverse.Data(), u.Inverse.Shape())
	fmt.Println("counts ", u.Counts.Data())
	// Output:
	// values  [3 5 7]
	// index   [1 4 0]
	// inverse [2 0 2 2 1 0] [2 3]
	// counts  [2 1 3]
}

func ExampleIsIn() {
	a, _ := ndarray.FromSlice([]int64{4, 8, 15, 16, 23, 42})
	b, _ := ndarray.FromSlice([]int64{42, 8, 7})
	fmt.Println(ndarray.IsIn(nil, a, b).Data())
	fmt.Println(ndarray.Intersect(a, b).Data(), ndarray.Union(a, b).Data(), ndarray.Difference(a, b).Data())
	// Output:
	// [false true false false false true]
	// [8 42] [4 7 8 15 16 23 42] [4 15 16 23]
}
