//go:build noasm || !amd64

package asm

func levels() []Level { return nil }
