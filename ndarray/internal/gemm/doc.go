// Package gemm multiplies matrices of floats by the kernels of package asm.
//
// It knows blocks, packing, edges and goroutines; the kernels know tiles. Other than gonum's loops it leaves out no product
// because a factor is zero, so that infinities and NaN reach all sums that they are part of; multiplies and adds in one rounding;
// and adds the elements of a row in an order that depends on the sizes only, not on the number of goroutines. That order and the
// kernels differ between processors, and results with them, in the last bits.
//
// What it gets must be right: sizes and strides that lead nowhere outside a slice are its callers' to check, and it panics as any
// index outside a slice does.
package gemm
