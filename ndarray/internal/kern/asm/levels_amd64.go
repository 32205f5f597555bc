//go:build !noasm

package asm

import "golang.org/x/sys/cpu"

// levels returns the instruction sets that this processor has. GODEBUG=cpu.avx512f=off or cpu.avx2=off leaves one out, as
// package cpu has it.
func levels() []Level {
	x := &cpu.X86
	if !x.HasAVX2 || !x.HasFMA || !x.HasF16C {
		return nil
	}
	found := []Level{{"AVX2", &avx2}}
	if x.HasAVX512F && x.HasAVX512BW && x.HasAVX512DQ && x.HasAVX512VL {
		found = append(found, Level{"AVX-512", &avx512})
	}
	return found
}
