package asm

// Conversion is the kernels that store n elements as those of another kind, by that kind and their own, as Elementwise's kernels
// are called. Bools are bytes of one or zero, both as operands and as results.
type Conversion struct {
	Convert [kinds][kinds]KernelUnary
	Half    [halves]KernelUnary
}

// A Half is a conversion from or to numbers of sixteen bits, Float16's or BFloat16's.
type Half int

const (
	Float16ToFloat32 Half = iota
	Float32ToFloat16
	Float64ToFloat16
	BFloat16ToFloat32
	Float32ToBFloat16
	Float64ToBFloat16
	halves
)
