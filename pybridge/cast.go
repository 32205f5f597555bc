// Words in memory that processes share need unsafe: atomics are only defined for Go's own variables.

package pybridge

import (
	"sync/atomic"
	"unsafe"
)

// counterAt returns the 64-bit word at an offset of mapped memory. It is sound: mappings begin on a page, so that a multiple of
// 8 is aligned, the index checks that all of it is there, and the memory is unmapped only after the link's last user has gone
// (TestClose guards it).
func counterAt(memory []byte, offset int) *atomic.Uint64 {
	word := memory[offset : offset+8]
	p := unsafe.Pointer(&word[0])
	if uintptr(p)%8 != 0 {
		panic("pybridge: a word that is not aligned")
	}
	return (*atomic.Uint64)(p)
}

// wordAt is counterAt for a word of 32 bits.
func wordAt(memory []byte, offset int) *atomic.Uint32 {
	word := memory[offset : offset+4]
	p := unsafe.Pointer(&word[0])
	if uintptr(p)%4 != 0 {
		panic("pybridge: a word that is not aligned")
	}
	return (*atomic.Uint32)(p)
}

// futexWord returns the word as the kernel takes it.
func futexWord(word *atomic.Uint32) *uint32 { return (*uint32)(unsafe.Pointer(word)) }
