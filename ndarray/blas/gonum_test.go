package blas_test

import (
	"testing"

	"gonum.org/v1/gonum/blas/blas32"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/blas/gonum"
	"gonum.org/v1/gonum/blas/testblas"

	"github.com/samebytes/samebytes/ndarray/blas"
	"github.com/samebytes/samebytes/ndarray/internal/kern/asm"
)

// eachLevel runs a test with the kernels of each instruction set that this processor has, and without any.
func eachLevel(t *testing.T, test func(t *testing.T)) {
	levels := asm.Levels()
	for _, level := range levels {
		t.Run(level.Name, func(t *testing.T) {
			asm.Use(level)
			defer asm.Use(levels[len(levels)-1])
			test(t)
		})
	}
}

// TestGonum runs gonum's own tests of the functions that are not gonum's here.
func TestGonum(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		t.Run("Dgemm", func(t *testing.T) { testblas.TestDgemm(t, blas.Implementation{}) })
		t.Run("Dsyrk", func(t *testing.T) { testblas.DsyrkTest(t, blas.Implementation{}) })
	})
}

// TestRegister holds Register to what gonum uses afterwards, and the way back to gonum's own.
func TestRegister(t *testing.T) {
	for range 2 {
		blas.Register()
		if blas64.Implementation() != (blas.Implementation{}) || blas32.Implementation() != (blas.Implementation{}) {
			t.Fatalf("gonum uses %T and %T", blas64.Implementation(), blas32.Implementation())
		}
	}
	blas64.Use(gonum.Implementation{})
	blas32.Use(gonum.Implementation{})
}
