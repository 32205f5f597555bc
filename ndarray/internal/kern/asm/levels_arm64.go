//go:build !noasm

package asm

// levels returns NEON, which all processors of this kind have.
func levels() []Level { return []Level{{"NEON", &neon}} }
