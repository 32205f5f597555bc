package amd64

import (
	"math"

	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// classify writes the kernels that say of floats what kind of number each is, and of any numbers whether they are zero.
func classify(f *file) {
	const unordered, equal, less, notEqual = 0x03, 0x00, 0x11, 0x04
	for _, s := range isas {
		for _, d := range []*dtype{f64, f32} {
			magnitude, infinity := uint64(math.MaxInt64), math.Float64bits(math.Inf(1))
			if d == f32 {
				magnitude, infinity = math.MaxInt32, uint64(math.Float32bits(float32(math.Inf(1))))
			}
			against := func(imm int) func(k *kernel) verdict {
				return func(k *kernel) verdict {
					mask, limit := k.load(k.constant(d.size, magnitude)), k.load(k.constant(d.size, infinity))
					return func(k *kernel, src []operand.Mem, out reg.Register) {
						x := k.vec()
						if k.isa == avx512 {
							k.VPANDQ(src[0], mask, x)
						} else {
							k.VPAND(src[0], mask, x)
						}
						k.compareFloats(d, imm, limit, x, out)
					}
				}
			}
			f.truths(s, "Unary", []string{"IsInf", "reflect." + d.kind}, "isInf"+d.name, d, 1, false, against(equal))
			f.truths(s, "Unary", []string{"IsFinite", "reflect." + d.kind}, "isFinite"+d.name, d, 1, false, against(less))
			f.truths(s, "Unary", []string{"IsNaN", "reflect." + d.kind}, "isNaN"+d.name, d, 1, false, func(k *kernel) verdict {
				return func(k *kernel, src []operand.Mem, out reg.Register) {
					x := k.load(src[0])
					k.compareFloats(d, unordered, x, x, out)
				}
			})
			f.truths(s, "Unary", []string{"SignBit", "reflect." + d.kind}, "signBit"+d.name, d, 1, false, func(k *kernel) verdict {
				zero := k.zero()
				return func(k *kernel, src []operand.Mem, out reg.Register) {
					switch {
					case k.isa == avx2:
						x := k.load(src[0])
						greaters.of(d)(k, x, zero, out)
					case d == f64:
						k.VPMOVQ2M(k.load(src[0]), out)
					default:
						k.VPMOVD2M(k.load(src[0]), out)
					}
				}
			})
		}
		for _, d := range []*dtype{f64, f32, i8, i16, i32, i64} {
			f.truths(s, "Convert", []string{"reflect.Bool", "reflect." + d.kind}, "bool"+d.name, d, 1, !d.isFloat(), func(k *kernel) verdict {
				zero := k.zero()
				return func(k *kernel, src []operand.Mem, out reg.Register) {
					switch {
					case d.isFloat():
						k.compareFloats(d, notEqual, src[0], zero, out)
					case k.isa == avx512:
						comparisons512[d](k, operand.U8(4), src[0], zero, out)
					default:
						equals.of(d)(k, src[0], zero, out)
					}
				}
			})
			if same := unsigned[d]; same != nil {
				f.alias("reflect.Bool", "reflect."+same.kind)
			}
		}
	}
}

// compareFloats leaves in out where y relates to x as the immediate operand says.
func (k *kernel) compareFloats(d *dtype, imm int, x, y, out operand.Op) {
	comparison := (*build.Context).VCMPPD
	if d == f32 {
		comparison = (*build.Context).VCMPPS
	}
	comparison(k.Context, operand.U8(imm), x, y, out)
}
