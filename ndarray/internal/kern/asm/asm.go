// Package asm has the kernels of package kern: its loops in assembly, for operands without gaps. A kernel of package kern's
// loops does what the loop of the same name does, to the bit; those for functions that round come as near to the exact result
// as is said there.
//
// Which kernels there are depends on the processor. They are chosen by operation and by the kind of elements; what no
// instruction set does faster than Go has none. With the build tag noasm there are none at all.
package asm

import "reflect"

// Set is the kernels for an instruction set. Where Run is nil there is none.
type Set struct {
	Elementwise
	Sorting
	Gemm
	Copies
	Conversion
	Selection
	Reduce
	Rounding
}

// Kernels is the set in use.
var Kernels *Set

// A Level is an instruction set that this processor has, together with those before it.
type Level struct {
	Name string
	set  *Set
}

// Levels returns what this processor has, the least first: that without any kernels.
func Levels() []Level { return append([]Level{{"none", &Set{}}}, levels()...) }

// Use takes the kernels of a level. Nothing else may run meanwhile: it is for tests, since the best level is in use from the
// start.
func Use(l Level) { Kernels = l.set }

func init() {
	all := Levels()
	Use(all[len(all)-1])
}

// kinds is the number of kinds that elements may have.
const kinds = reflect.UnsafePointer + 1
