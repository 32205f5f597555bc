package asm

// Gemm is the kernels that multiply matrices, by the kind of the elements. A processor has at most one of the two forms for a kind;
// package gemm does blocks, packing and edges for both. They multiply and add in one rounding.
//
// What is packed lies so: a panel of a has Rows rows of a block of k columns, column after column: element (i, l) is at
// [l*Rows+i]. A panel of b has Cols columns of a block of k rows, row after row: element (l, j) is at [l*Cols+j]. What a block
// has too few rows or columns for, a panel has as zeros. A kernel keeps no pointer, and is not interrupted: the caller sees that
// k is not too much.
type Gemm struct {
	Packed  [kinds]KernelPacked
	Strided [kinds]KernelStrided
}

// TransposeSide is the number of elements of which a kernel that transposes handles as many at a time.
const TransposeSide = 8

type (
	// KernelPacked adds the product of a panel of a and one of b to a tile of c, which has Rows rows of Cols elements, each ldc
	// bytes after the one before it. k is at least one.
	KernelPacked struct {
		Run        func(k int, a, b, c *byte, ldc int)
		Rows, Cols int
	}

	// KernelStrided sets c to alpha*a*b + beta*c, of rows times cols elements. Zero for beta means that c is not read. The distances are in bytes: aRow from an element of a to the next of its
	// column and aStep to the next of its row, bStep and ldc from a row to the next; elements of a row of b and c are
	// neighbours. k, rows and cols are at least one. It is fastest in tiles of Rows times Cols.
	//
	// Pack stores k rows of b, bStep bytes apart, in panels of Cols columns, size bytes apart. All three are at least one.
	// Transpose stores n rows of k elements, bStep bytes apart, as n columns of dst, whose rows are dstStep bytes apart. Both
	// numbers are multiples of TransposeSide, and not zero.
	KernelStrided struct {
		Run        func(k int, a, b, c *byte, aRow, aStep, bStep, ldc, rows, cols int, alpha, beta float64)
		Pack       func(dst, b *byte, k, bStep, panels, size int)
		Transpose  func(dst, b *byte, k, n, bStep, dstStep int)
		Rows, Cols int
	}
)
