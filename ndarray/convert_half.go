package ndarray

import (
	"github.com/samebytes/samebytes/ndarray/internal/kern"
	"github.com/samebytes/samebytes/ndarray/internal/kern/asm"
)

// halfType says how numbers of sixteen bits are converted: by functions, and by the kernels that do the same.
type halfType[H Float16 | BFloat16] struct {
	round                             func(float64) H
	value                             func(H) float32
	fromFloat64, fromFloat32, toFloat asm.Half
}

var (
	float16Half  = halfType[Float16]{NewFloat16, Float16.Float32, asm.Float64ToFloat16, asm.Float32ToFloat16, asm.Float16ToFloat32}
	bfloat16Half = halfType[BFloat16]{NewBFloat16, BFloat16.Float32, asm.Float64ToBFloat16, asm.Float32ToBFloat16, asm.BFloat16ToFloat32}
)

// convertTo stores a's elements in dst, rounded once: from float32, or else from float64, which has all of every other type that
// a half float can tell apart.
func (h *halfType[H]) convertTo(dst *Array[H], a any) bool {
	switch a := a.(type) {
	case *Array[float32]:
		return convertRuns(dst, a, func(dst kern.Vec[H], a kern.Vec[float32], n int) {
			kern.ConvertHalf(h.fromFloat32, func(v float32) H { return h.round(float64(v)) }, dst, a, n)
		})
	case *Array[float64]:
		return convertRuns(dst, a, func(dst kern.Vec[H], a kern.Vec[float64], n int) {
			kern.ConvertHalf(h.fromFloat64, h.round, dst, a, n)
		})
	}
	wide := New[float64](dst.shape...)
	return convert(wide, a) && h.convertTo(dst, wide)
}

// convertFrom stores a's elements in dst, as those of the float32 that they are.
func (h *halfType[H]) convertFrom(dst any, a *Array[H]) bool {
	switch dst := dst.(type) {
	case *Array[float32]:
		return convertRuns(dst, a, func(dst kern.Vec[float32], a kern.Vec[H], n int) {
			kern.ConvertHalf(h.toFloat, h.value, dst, a, n)
		})
	case *Array[float64]:
		return convertRuns(dst, a, func(dst kern.Vec[float64], a kern.Vec[H], n int) {
			kern.ConvertHalfTwice(h.toFloat, h.value, dst, a, n)
		})
	}
	wide := New[float32](a.shape...)
	return h.convertFrom(wide, a) && convert(dst, wide)
}
