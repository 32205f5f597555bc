package asm

// Selection is the kernels that move elements as they are, by the number of their bytes.
type Selection struct {
	// Where stores elements of its second operand where the first, of bools, is true, and else of the third.
	Where [17]KernelTernary
}
