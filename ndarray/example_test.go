package ndarray_test

import (
	"errors"
	"fmt"

	"github.com/samebytes/samebytes/ndarray"
)

// A slice shares elements with its array, and gonum with both.
func Example() {
	prices := ndarray.New[float64](3, 4)
	second := prices.Slice(ndarray.At(1))
	second.Set(20, 2)

	m, err := ndarray.Dense(prices)
	if err != nil {
		fmt.Println(err)
		return
	}
	m.Scale(0.5, m)
	fmt.Println(prices.At(1, 2), second.At(2))
	// Output: 10 10
}

func ExampleFromSlice() {
	data := []float32{0, 1, 2, 3, 4, 5}
	a, err := ndarray.FromSlice(data, 2, 3)
	if err != nil {
		fmt.Println(err)
		return
	}
	a.Set(50, 1, 2)
	fmt.Println(a.Shape(), a.DType(), data)

	_, err = ndarray.FromSlice(data, 2, 4)
	fmt.Println(err)
	// Output:
	// [2 3] float32 [0 1 2 3 4 50]
	// ndarray: FromSlice: wrong shape: expected 8 elements for [2 4], found 6
}

// The memory that numpy.asfortranarray([[0, 1, 2], [3, 4, 5]]) has.
func ExampleFromFlat() {
	data := []int32{0, 3, 1, 4, 2, 5}
	a, err := ndarray.FromFlat(data, []int{2, 3}, true)
	fmt.Println(a.At(0, 2), a.Strides(), a.Contiguous(), err)
	// Output: 2 [1 2] false <nil>
}

// Windows of three elements, each of which shares two with the next.
func ExampleFromStrided() {
	data := []float64{0, 1, 2, 3, 4, 5}
	windows, err := ndarray.FromStrided(data, []int{4, 3}, []int{1, 1}, 0)
	fmt.Println(windows.Slice(ndarray.At(2)).Data(), err)

	_, err = ndarray.FromStrided(data, []int{4, 4}, []int{1, 1}, 0)
	fmt.Println(err)
	// Output:
	// [2 3 4] <nil>
	// ndarray: FromStrided: layout does not fit: shape [4 4] with strides [1 1] from element 0 reaches outside 6 elements
}

func ExampleArray_Slice() {
	a, _ := ndarray.FromSlice([]int64{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, 3, 4)
	show := func(ix ...ndarray.Index) {
		v := a.Slice(ix...)
		fmt.Println(ix, v.Shape(), v.Copy().Data())
	}
	end := ndarray.End
	show(ndarray.At(-1))
	show(ndarray.All, ndarray.Range(1, 3))
	show(ndarray.Step(0, end, 2), ndarray.Range(-2, end))
	show(ndarray.At(0), ndarray.Step(3, 0, -1))
	show(ndarray.At(0), ndarray.Step(end, end, -1))
	show(ndarray.At(0), ndarray.NewAxis)
	// Output:
	// [-1] [4] [8 9 10 11]
	// [: 1:3] [3 2] [1 2 5 6 9 10]
	// [0::2 -2:] [2 2] [2 3 10 11]
	// [0 3:0:-1] [3] [3 2 1]
	// [0 ::-1] [4] [3 2 1 0]
	// [0 newaxis] [1 4] [0 1 2 3]
}

func ExampleArray_Transpose() {
	images := ndarray.New[uint8](10, 480, 640, 3)
	fmt.Println(images.T().Shape(), images.Transpose(0, 3, 1, 2).Shape())
	// Output: [3 640 480 10] [10 3 480 640]
}

// What strides can't express is refused, and never copied unasked.
func ExampleArray_Reshape() {
	a, _ := ndarray.FromSlice([]int64{0, 1, 2, 3, 4, 5}, 2, 3)
	b, err := a.Reshape(3, -1)
	fmt.Println(b.Shape(), err)

	_, err = a.T().Reshape(6)
	fmt.Println(errors.Is(err, ndarray.ErrLayout))

	c, err := a.T().Copy().Reshape(6)
	fmt.Println(c.Data(), err)
	// Output:
	// [3 2] <nil>
	// true
	// [0 3 1 4 2 5] <nil>
}

func ExampleArray_ReadOnly() {
	a := ndarray.New[float64](2)
	r := a.ReadOnly()
	a.Set(1, 0)
	fmt.Println(r.At(0))

	defer func() { fmt.Println(recover() == ndarray.ErrReadOnly) }()
	r.Set(2, 0)
	// Output:
	// 1
	// true
}
