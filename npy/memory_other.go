//go:build !linux

package npy

import "math"

// availableMemory says that there is enough: no other system is asked.
func availableMemory() int { return math.MaxInt }

// addressable says that the system has the addresses.
func addressable(int) bool { return true }

// discard does nothing: what is not needed any more is collected.
func discard([]byte) {}

// inHugePages does nothing: Linux alone can be asked.
func inHugePages([]byte) {}
