package asm

// Sorting is the kernels that sort keys, which are unsigned numbers, by their kind.
type Sorting struct {
	// SortFew sorts n keys, no more than Most. There are several, from that for few keys to that for many.
	SortFew [kinds][4]KernelSort
	// Partition leaves the keys below the pivot at the front of keys, stores the others at others, where there must be place for
	// n, and returns how many are below.
	Partition [kinds]KernelPartition
	// Sides does the same in place, but for two rounds' keys from the ends, and some that it leaves in the middle. State is
	// four numbers of bytes, from keys on: where the next key below the pivot goes, the first key not yet read, the end of these,
	// and the end of the place for the others.
	Sides [kinds]KernelSides
}

type (
	KernelSort struct {
		Run  func(keys *byte, n int)
		Most int
	}
	KernelSides struct {
		Run   func(keys, state, pivot *byte, rounds int)
		Round int // keys of a round
	}
	KernelPartition struct {
		Run   func(keys, others *byte, n int, pivot *byte) int
		Least int
	}
)
