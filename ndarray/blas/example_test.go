package blas_test

import (
	"fmt"

	"gonum.org/v1/gonum/blas/blas32"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/blas/gonum"
	"gonum.org/v1/gonum/mat"

	"github.com/samebytes/samebytes/ndarray"
	"github.com/samebytes/samebytes/ndarray/blas"
)

func ExampleRegister() {
	blas.Register()
	defer func() { // a program would leave it so
		blas64.Use(gonum.Implementation{})
		blas32.Use(gonum.Implementation{})
	}()

	a, err := ndarray.Arange(0.0, 6, 1).Reshape(2, 3)
	if err != nil {
		panic(err)
	}
	m, err := ndarray.Dense(a) // shares a's elements, be they in shared memory or not
	if err != nil {
		panic(err)
	}
	var square mat.Dense
	square.Mul(m, m.T())
	fmt.Println(mat.Formatted(&square))
	// Output:
	// ⎡ 5  14⎤
	// ⎣14  50⎦
}
