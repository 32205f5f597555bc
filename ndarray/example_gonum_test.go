package ndarray_test

import (
	"fmt"

	"gonum.org/v1/gonum/dsp/fourier"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"

	"github.com/samebytes/samebytes/ndarray"
)

// One stack of two matrices, and one vector for both.
func ExampleMatMul() {
	a, _ := ndarray.FromSlice([]float64{1, 2, 3, 4, 0, 1, 1, 0}, 2, 2, 2)
	x, _ := ndarray.FromSlice([]float64{10, 1})
	y := ndarray.MatMul(nil, a, x)
	fmt.Println(y.Shape(), y.Data())

	square := a.Slice(ndarray.At(0))
	ndarray.MatMul(square, square, square.T()) // as if the operands had been copied before
	fmt.Println(square.Data())
	// Output:
	// [2 2] [12 34 1 10]
	// [5 11 11 25]
}

func ExampleDot() {
	a, _ := ndarray.FromSlice([]int32{1, 2, 3, 4})
	fmt.Println(ndarray.Dot(a, a.Slice(ndarray.Step(ndarray.End, ndarray.End, -1))))
	// Output: 20
}

func ExampleNorm() {
	a, _ := ndarray.FromSlice([]float32{2, 3, 6}, 1, 3)
	fmt.Println(ndarray.Norm(a))
	// Output: 7
}

// Statistics read a row where it lies, and weigh it by another.
func Example_stat() {
	a, _ := ndarray.FromSlice([]float64{
		2, 4, 9,
		1, 1, 2,
	}, 2, 3)
	values, weights := a.Slice(ndarray.At(0)).Data(), a.Slice(ndarray.At(1)).Data()
	fmt.Println(stat.Mean(values, nil), stat.Mean(values, weights))

	// The covariance of the columns of a matrix goes into the upper half of an array.
	covariance := ndarray.New[float64](2, 2)
	m, err := ndarray.SymDense(covariance)
	if err != nil {
		fmt.Println(err)
		return
	}
	samples, err := ndarray.Matrix(a.T())
	if err != nil {
		fmt.Println(err)
		return
	}
	stat.CovarianceMatrix(m, samples, nil)
	fmt.Printf("%.2f\n", covariance.Data())
	// Output:
	// 5 6
	// [13.00 2.00 0.00 0.33]
}

// The singular values of every second column.
func Example_svd() {
	a, _ := ndarray.FromSlice([]float64{
		3, 0, 0, 0,
		0, 9, 2, 9,
		0, 9, 0, 9,
	}, 3, 4)
	m, err := ndarray.Dense(a.Slice(ndarray.All, ndarray.Step(0, ndarray.End, 2)).Copy())
	if err != nil {
		fmt.Println(err)
		return
	}
	var svd mat.SVD
	if !svd.Factorize(m, mat.SVDThin) {
		fmt.Println("no convergence")
		return
	}
	fmt.Printf("%.3f\n", svd.Values(nil))

	var u mat.Dense
	svd.UTo(&u)
	fmt.Println(ndarray.FromDense(&u).Shape())
	// Output:
	// [3.000 2.000]
	// [3 2]
}

// The spectrum of each row goes into the row of another array.
func Example_fourier() {
	signals, _ := ndarray.FromSlice([]float64{
		1, 1, 1, 1,
		1, 0, -1, 0,
	}, 2, 4)
	spectra := ndarray.New[complex128](2, 3)
	fft := fourier.NewFFT(4)
	for i := range 2 {
		fft.Coefficients(spectra.Slice(ndarray.At(i)).Data(), signals.Slice(ndarray.At(i)).Data())
	}
	fmt.Println(spectra.Data()[:3])
	fmt.Println(spectra.Data()[3:])
	// Output:
	// [(4+0i) (0+0i) (0+0i)]
	// [(0+0i) (2+0i) (0+0i)]
}

func ExampleSymDense() {
	a, _ := ndarray.FromSlice([]float64{
		2, 1,
		0, 2, // below the diagonal, and not read
	}, 2, 2)
	m, err := ndarray.SymDense(a)
	if err != nil {
		fmt.Println(err)
		return
	}
	var eigen mat.EigenSym
	eigen.Factorize(m, false)
	fmt.Printf("%.1f\n", eigen.Values(nil))
	// Output: [1.0 3.0]
}

func ExampleDense() {
	a, _ := ndarray.FromSlice([]float64{1, 2, 3, 4}, 2, 2)
	m, err := ndarray.Dense(a)
	if err != nil {
		fmt.Println(err)
		return
	}
	m.Mul(m, m)
	fmt.Println(a.Data())
	// Output: [7 10 15 22]
}

func ExampleMatrix() {
	a, _ := ndarray.FromFlat([]float64{1, 3, 2, 4}, []int{2, 2}, true)
	_, err := ndarray.Dense(a)
	fmt.Println(err)

	m, err := ndarray.Matrix(a)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(mat.Formatted(m))
	// Output:
	// ndarray: Dense: layout does not fit: expected C order, found Fortran order (strides [1 2]): use Matrix, or Dense(a.T())
	// ⎡1  2⎤
	// ⎣3  4⎦
}

func ExampleVecDense() {
	a := ndarray.New[float64](3, 2)
	column, err := ndarray.VecDense(a.Slice(ndarray.All, ndarray.At(1)))
	if err != nil {
		fmt.Println(err)
		return
	}
	column.SetVec(2, 5)
	fmt.Println(a.Data(), mat.Sum(column))
	// Output: [0 0 0 0 0 5] 5
}

func ExampleFromDense() {
	m := mat.NewDense(2, 3, []float64{0, 1, 2, 3, 4, 5})
	a := ndarray.FromDense(m)
	a.Set(50, 1, 2)
	fmt.Println(m.At(1, 2))
	// Output: 50
}
