package blas

import (
	"gonum.org/v1/gonum/blas/blas32"
	"gonum.org/v1/gonum/blas/blas64"
)

// Register makes gonum use [Implementation] for float64 and float32: in packages blas64, blas32, lapack64 and mat, and in package
// ndarray, which goes by them. Call it at the start of a program, before others use these packages: it sets variables of theirs that
// nothing guards. Another call changes nothing. This is the way back:
//
//	blas64.Use(gonum.Implementation{})
//	blas32.Use(gonum.Implementation{})
func Register() {
	blas64.Use(Implementation{})
	blas32.Use(Implementation{})
}
