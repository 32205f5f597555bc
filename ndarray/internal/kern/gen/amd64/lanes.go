package amd64

import (
	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/operand"
)

// dwords returns where in memory numbers of 32 bits are, one after the other.
func (k *kernel) dwords(name string, values ...uint32) operand.Mem {
	if m, ok := k.globals[name]; ok {
		return m
	}
	m := k.StaticGlobal(name)
	k.DataAttributes(attr.RODATA | attr.NOPTR)
	for i, v := range values {
		k.AddDatum(4*i, operand.U32(v))
	}
	k.globals[name] = m
	return m
}
