//go:build !arm64

package shm

// On amd64 loads come in the order of the program, and so do stores: only a load may pass an earlier store. The compiler keeps
// that order too, as it moves no access to memory across a store.

// loadFence makes the loads before it come before those after it.
func loadFence() {}

// storeRelease makes the stores before it come before it. sync/atomic's Store would also hold up later loads, at 5 ns.
func storeRelease(word *uint64, value uint64) { *word = value }

// storeFence makes the stores before it come before those after it.
func storeFence() {}
