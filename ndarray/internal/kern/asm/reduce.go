package asm

// Reduce is the kernels that make one value of n elements without gaps, or one row of several, by the kind of elements. They keep
// no pointer, and are not interrupted; a kernel needs at least Least elements, and takes as many as the caller wants to wait for,
// but for those that add pairwise.
type Reduce struct {
	// Sums adds elements as float64, in the order of kern.Sum.
	Sums [kinds]KernelSums
	// Squares adds the squares of the elements' distances from centre.
	Squares [kinds]KernelSquares
	// Products adds the products of the elements of two operands.
	Products [kinds]KernelProducts
	// Pairs adds complex elements as complex128.
	Pairs [kinds]KernelPairs
	// Integers adds as many bits of integers as an int64 has.
	Integers [kinds]KernelIntegers
	// Extremes returns the bits of the least or greatest element, or of NaN, above the lowest bytes of which there is nothing
	// that matters. Of zeros it returns any.
	Extremes [extremes][kinds]KernelExtremes
	// Find returns the index of the first element that equals one that is given by its bits, and n if there is none.
	Find [kinds]KernelFind
	// Rows joins each of n elements of acc with the elements of rows, which begin stride bytes apart, one row after the
	// other. Of the last elements it leaves out those that are no whole Least.
	Rows [rowOps][kinds]KernelRows
}

// PairwiseMax is the number of elements that kernels add pairwise at most, and the number of parts of complex ones.
const PairwiseMax = 1 << 15

// Extreme is one of the elements that kernels look for.
type Extreme int

const (
	Greatest Extreme = iota
	LeastOf
	NaNGreatest // -Inf if there are only NaN
	NaNLeast    // +Inf if there are only NaN
	extremes
)

// RowOp is how elements of rows are joined.
type RowOp int

const (
	SumRows RowOp = iota
	ProdRows
	GreatestRows
	LeastRows
	NaNGreatestRows
	NaNLeastRows
	rowOps
)

type (
	KernelSums struct {
		Run   func(a *byte, n int) float64
		Least int
	}
	KernelSquares struct {
		Run   func(a *byte, n int, centre float64) float64
		Least int
	}
	KernelProducts struct {
		Run   func(a, b *byte, n int) float64
		Least int
	}
	KernelPairs struct {
		Run   func(a *byte, n int) complex128
		Least int
	}
	KernelIntegers struct {
		Run   func(a *byte, n int) int64
		Least int
	}
	KernelExtremes struct {
		Run   func(a *byte, n int) uint64
		Least int
	}
	KernelFind struct {
		Run   func(a *byte, n int, bits uint64) int
		Least int
	}
	KernelRows struct {
		Run   func(acc, a *byte, stride, rows, n int)
		Least int
	}
)
