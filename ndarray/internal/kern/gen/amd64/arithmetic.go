package amd64

import (
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
)

// simple is an operation that is one instruction, for elements of some types.
type simple struct {
	op string // its name in package asm
	of map[*dtype]ins
}

// sames are the types that an instruction for one type does for too, because it does the same with their bits.
var sames = map[*dtype]*dtype{i8: u8, i16: u16, i32: u32, i64: u64}

var binaries = []simple{
	{"Add", map[*dtype]ins{
		f64: insN((*build.Context).VADDPD), f32: insN((*build.Context).VADDPS),
		i8: insN((*build.Context).VPADDB), i16: insN((*build.Context).VPADDW),
		i32: insN((*build.Context).VPADDD), i64: insN((*build.Context).VPADDQ),
	}},
}

// dtypes are all types of elements, in the order in which kernels are written.
var dtypes = []*dtype{f64, f32, i8, i16, i32, i64, u8, u16, u32, u64}

func arithmetic(f *file) {
	for _, s := range isas {
		for _, op := range binaries {
			for _, d := range dtypes {
				instruction := op.of[d]
				if instruction == nil {
					continue
				}
				lanes := s.width / d.size
				f.mapKernel(s, mapping{
					table: "Binary", index: []string{op.op, "reflect." + d.kind}, name: lower(op.op) + d.name,
					in: []int{d.size, d.size}, out: d.size, step: lanes, unroll: 4,
					prepare: func(*kernel) body {
						return func(k *kernel, src []operand.Mem, dst operand.Mem) {
							x := k.load(src[0])
							instruction(k, src[1], x, x)
							k.VMOVUPD(x, dst)
						}
					},
				})
				if same := sames[d]; same != nil {
					e := f.entries[len(f.entries)-1]
					e.Index = []string{op.op, "reflect." + same.kind}
					f.entries = append(f.entries, e)
				}
			}
		}
	}
}

func lower(s string) string { return string(s[0]|0x20) + s[1:] }
