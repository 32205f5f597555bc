// Package blas multiplies gonum's matrices by kernels that use the processor's vector instructions: [Register] puts it in place of
// gonum's own loops, and all of package mat and lapack that multiplies gains, whoever calls it.
//
//	func main() {
//		blas.Register()
//		...
//		c.Mul(a, b) // gonum's mat.Dense
//
// The kernels are for amd64 with AVX2 or AVX-512, and for what else package asm has them; without them, or with the build tag
// noasm, gonum's loops do the work as before. Functions that have no kernels here are gonum's: [Implementation] embeds it. Goroutines
// share the work of large products, as many as GOMAXPROCS allows.
//
// # Numbers
//
// Products and sums are rounded once where gonum's are rounded twice, and added up in another order, so that results differ from
// gonum's in their last bits, and between processors. They do not depend on the number of goroutines. Other than gonum's loops
// these leave out no product because a factor is zero: zero times infinity or NaN is NaN. As in gonum, what is multiplied by an alpha of
// zero, and what a beta of zero overwrites, is not read.
//
// # Panics
//
// Arguments are gonum's to check: a wrong one panics with gonum's words.
package blas
