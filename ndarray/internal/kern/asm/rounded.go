package asm

// Rounding is the kernels for functions that round, by the kind of the elements: within a unit in the last place of the exact
// result, and with the same bits on all instruction sets.
type Rounding struct {
	Rounded [unaries][kinds]KernelRounded
}

// KernelRounded stores the function of the elements at a at dst, which may be the same place: of Step elements at a time, as often
// as that fits into n, before the first Step that has an element beyond Limit, if that is not zero. It returns how many elements
// those were.
type KernelRounded struct {
	Run   func(dst, a *byte, n int) int
	Step  int
	Limit float64
}
