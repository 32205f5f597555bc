package asm

// Selection is the kernels that move elements as they are, by the number of their bytes.
type Selection struct {
	// Where stores elements of its second operand where the first, of bools, is true, and else of the third.
	Where [17]KernelTernary
	// Transpose stores columns as rows.
	Transpose [17]KernelTranspose
}

// KernelTranspose stores four rows of n elements, each dstRow bytes after the one before, from n columns of four neighbours, each
// srcCol bytes after the one before. n is a multiple of Least above zero.
type KernelTranspose struct {
	Run   func(dst, src *byte, n, dstRow, srcCol int)
	Least int
}
