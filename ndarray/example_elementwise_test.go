package ndarray_test

import (
	"fmt"

	"github.com/samebytes/samebytes/ndarray"
)

func ExampleAdd() {
	row, _ := ndarray.FromSlice([]float64{1, 2, 3})
	column, _ := ndarray.FromSlice([]float64{10, 20}, 2, 1)
	table := ndarray.Add(nil, row, column) // both stretch to (2, 3)
	ndarray.Mul(table, table, ndarray.Scalar(2.0))
	fmt.Println(table.Data())
	// Output: [22 24 26 42 44 46]
}

func ExampleFloorDiv() {
	a, _ := ndarray.FromSlice([]int32{7, -7, 7})
	b, _ := ndarray.FromSlice([]int32{2, 2, 0})
	fmt.Println(ndarray.FloorDiv(nil, a, b).Data(), ndarray.Mod(nil, a, b).Data(), ndarray.Fmod(nil, a, b).Data())
	// Output: [3 -4 0] [1 1 0] [1 -1 0]
}

func ExamplePow() {
	a, _ := ndarray.FromSlice([]int64{1, 2, 3})
	fmt.Println(ndarray.Pow(nil, a, ndarray.Scalar[int64](10)).Data())
	// Output: [1 1024 59049]
}

func ExampleLog10() {
	a, _ := ndarray.FromSlice([]float64{1, 1000, 1e-5})
	fmt.Println(ndarray.Log10(nil, a).Data())
	// Output: [0 3 -5]
}

func ExampleAtan2() {
	y, _ := ndarray.FromSlice([]float64{0, 1, 0})
	x, _ := ndarray.FromSlice([]float64{1, 0, -1})
	angle := ndarray.Atan2(nil, y, x)
	fmt.Println(ndarray.Rad2Deg(angle, angle).Data())
	// Output: [0 90 180]
}

func ExampleRound() {
	a, _ := ndarray.FromSlice([]float64{0.125, 2.5, 1250})
	fmt.Println(ndarray.RoundToEven(nil, a).Data(), ndarray.Round(nil, a, 2).Data(), ndarray.Round(nil, a, -2).Data())
	// Output: [0 2 1250] [0.12 2.5 1250] [0 0 1200]
}

func ExampleLess() {
	a, _ := ndarray.FromSlice([]float64{1, 5, 3})
	b, _ := ndarray.FromSlice([]float64{2, 4, 3})
	fmt.Println(ndarray.Less(nil, a, b).Data(), ndarray.Equal(nil, a, b).Data())
	// Output: [true false false] [false false true]
}

func ExampleLogicalAnd() {
	a, _ := ndarray.FromSlice([]float64{-1, 0.5, 2})
	inside := ndarray.Greater(nil, a, ndarray.Scalar(0.0))
	ndarray.LogicalAnd(inside, inside, ndarray.Less(nil, a, ndarray.Scalar(1.0)))
	fmt.Println(inside.Data())
	// Output: [false true false]
}

func ExampleBitAnd() {
	a, _ := ndarray.FromSlice([]uint8{0b1100, 0b1010})
	fmt.Println(ndarray.BitAnd(nil, a, ndarray.Scalar[uint8](0b0110)).Data(), ndarray.BitCount(nil, a).Data())
	// Output: [4 2] [2 2]
}

func ExampleClip() {
	a, _ := ndarray.FromSlice([]float64{-3, 0.5, 7})
	ndarray.Clip(a, a, ndarray.Scalar(0.0), ndarray.Scalar(1.0))
	fmt.Println(a.Data())
	// Output: [0 0.5 1]
}

func ExampleIsNaN() {
	a, _ := ndarray.FromSlice([]float64{0, 1})
	ndarray.Div(a, a, ndarray.Scalar(0.0))
	fmt.Println(a.Data(), ndarray.IsNaN(nil, a).Data(), ndarray.IsInf(nil, a).Data())
	// Output: [NaN +Inf] [true false] [false true]
}

func ExampleAbsComplex() {
	a, _ := ndarray.FromSlice([]complex128{3 + 4i, -2})
	fmt.Println(ndarray.AbsComplex[float64](nil, a).Data(), ndarray.Conj(nil, a).Data())
	// Output: [5 2] [(3-4i) (-2-0i)]
}

func ExampleMap() {
	words, _ := ndarray.FromSlice([]int64{1, 2, 3, 4}, 2, 2)
	half := ndarray.Map(nil, words, func(x int64) float64 { return float64(x) / 2 })
	fmt.Println(half.Data())
	// Output: [0.5 1 1.5 2]
}

func ExampleEval() {
	a, _ := ndarray.FromSlice([]float64{3, 6, -9})
	b, _ := ndarray.FromSlice([]float64{4, 8, 12})
	x, y := ndarray.Lazy(a), ndarray.Lazy(b)
	length := x.Mul(x).Add(y.Mul(y)).Apply(ndarray.Sqrt)
	positive := x.Compare(ndarray.Greater, ndarray.Const(0.0))
	fmt.Println(ndarray.Eval(nil, length.Where(positive, ndarray.Const(-1.0))).Data())
	// Output: [5 10 -1]
}

// One rounding instead of two: what a product loses.
func ExampleAddScaled() {
	a, _ := ndarray.FromSlice([]float64{1, 2, 3})
	x, _ := ndarray.FromSlice([]float64{10, 20, 30})
	fmt.Println(ndarray.AddScaled(a, a, 0.5, x))
	// Output: [ 6. 12. 18.]
}

func ExampleFMA() {
	a, _ := ndarray.FromSlice([]float64{1 + 0x1p-30})
	product := ndarray.Mul(nil, a, a)
	minus := ndarray.Neg(nil, product)
	fmt.Println(ndarray.FMA(nil, a, a, minus).Data()[0] == 0x1p-60)
	// Output: true
}
