package asm

// Copies has kernels that copy. Stream copies n bytes, at least Least, that don't overlap, and leaves none of dst in a cache: for results that are larger than the
// caches, whose lines would else be read before they are written.
type Copies struct{ Stream KernelCopy }

type KernelCopy struct {
	Run   func(dst, src *byte, n int)
	Least int
}
