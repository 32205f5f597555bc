package shm

import "sync/atomic"

// loadFence makes the loads before it come before those after it. An acquiring load alone would let earlier ones pass it.
func loadFence()

// storeRelease makes the stores before it come before it.
func storeRelease(word *uint64, value uint64) { atomic.StoreUint64(word, value) }

// storeFence makes the stores before it come before those after it. A releasing store alone would let later ones pass it.
func storeFence()
