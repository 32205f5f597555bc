package blas_test

import (
	"fmt"
	"os"
	"testing"

	"gonum.org/v1/gonum/blas/blas32"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/blas/gonum"
	"gonum.org/v1/gonum/mat"

	"github.com/samebytes/samebytes/ndarray"
	"github.com/samebytes/samebytes/ndarray/blas"
	"github.com/samebytes/samebytes/shm"
)

// TestShared multiplies a matrix in shared memory into another, in place.
func TestShared(t *testing.T) {
	blas.Register()
	defer func() {
		blas64.Use(gonum.Implementation{})
		blas32.Use(gonum.Implementation{})
	}()
	const n = 100
	var matrices [2]*mat.Dense
	for i := range matrices {
		name := fmt.Sprintf("blas-test-%d-%d", os.Getpid(), i)
		a, err := shm.Create[float64](name, []int{n, n})
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := a.Close(); err != nil {
				t.Error(err)
			}
			if err := shm.Delete(name); err != nil {
				t.Error(err)
			}
		}()
		if matrices[i], err = ndarray.Dense(a.Array); err != nil {
			t.Fatal(err)
		}
	}
	x, square := matrices[0], matrices[1]
	for i := range n {
		for j := range n {
			x.Set(i, j, float64((i*7+j*3)%11-5))
		}
	}
	square.Mul(x, x.T())
	for i := range n {
		for j := range n {
			if want := mat.Dot(x.RowView(i), x.RowView(j)); square.At(i, j) != want {
				t.Fatalf("(%d, %d) is %v, want %v", i, j, square.At(i, j), want)
			}
		}
	}
}
