package kern

import (
	"math"
	"reflect"
	"sync"

	"github.com/samebytes/samebytes/ndarray/internal/kern/asm"
	"github.com/samebytes/samebytes/ndarray/internal/libm"
)

// An Approximation is a function whose results round, with kernels that are nearer to the exact result than the function itself
// need be. Where there is a kernel it computes all elements, so that none's result depends on where it is, but for those beyond
// the kernel's limit, of which the function computes all.
type Approximation struct {
	op asm.Unary
	f  func(float64) float64
}

var (
	Exp   = &Approximation{asm.Exp, libm.Exp}
	Exp2  = &Approximation{asm.Exp2, libm.Exp2}
	Expm1 = &Approximation{asm.Expm1, math.Expm1}
	Log   = &Approximation{asm.Log, libm.Log}
	Log2  = &Approximation{asm.Log2, libm.Log2}
	Log10 = &Approximation{asm.Log10, libm.Log10}
	Log1p = &Approximation{asm.Log1p, math.Log1p}
	Sin   = &Approximation{asm.Sin, libm.Sin}
	Cos   = &Approximation{asm.Cos, libm.Cos}
	Tanh  = &Approximation{asm.Tanh, math.Tanh}
)

// Rounded stores an approximation, rounded to T.
type Rounded[T float32 | float64] struct{ *Approximation }

func (r Rounded[T]) Run(dst, a Vec[T], n int) {
	kernel := &asm.Kernels.Rounded[r.op][reflect.TypeFor[T]().Kind()]
	if kernel.Run == nil {
		FloatFunc[T](r.f).Run(dst, a, n)
		return
	}
	if a.Inc == 0 {
		one := Vec[T]{Data: dst.Data, Off: dst.Off}
		r.throughBuffer(kernel, one, a, 1)
		Fill(dst, dst.Data[dst.Off], n)
		return
	}
	unit, few := dst.Inc == 1 && a.Inc == 1, buffered
	if unit {
		few = kernel.Step
	}
	for n > 0 {
		if unit {
			done := rounded(kernel, dst.Unit(n), a.Unit(n))
			dst.Off, a.Off, n = dst.Off+done, a.Off+done, n-done
		}
		count := min(n, few)
		r.throughBuffer(kernel, dst, a, count)
		dst.Off, a.Off, n = dst.Off+count*dst.Inc, a.Off+count*a.Inc, n-count
	}
}

// buffered is the number of elements that go through a buffer at a time: no less than any kernel's step, and a multiple of it.
const buffered = 64

type buffer struct {
	of64 [buffered]float64
	of32 [buffered]float32
}

// buffers are kept since what a kernel gets is allocated.
var buffers = sync.Pool{New: func() any { return new(buffer) }}

// throughBuffer stores the results of up to so many elements as are buffered.
func (r Rounded[T]) throughBuffer(kernel *asm.KernelRounded, dst, a Vec[T], n int) {
	if n == 0 {
		return
	}
	b := buffers.Get().(*buffer)
	defer buffers.Put(b)
	all, ok := any(&b.of64).(*[buffered]T)
	if !ok {
		all = any(&b.of32).(*[buffered]T)
	}
	size := (n + kernel.Step - 1) / kernel.Step * kernel.Step
	var beyond [buffered]T
	some := false
	for i := range all[:size] {
		all[i] = 0
		if i >= n {
			continue
		}
		x := a.Data[a.Off+i*a.Inc]
		if kernel.Limit != 0 && math.Abs(float64(x)) > kernel.Limit {
			beyond[i], some = x, true
			continue
		}
		all[i] = x
	}
	rounded(kernel, all[:size], all[:size])
	for i, y := range all[:n] {
		if some && beyond[i] != 0 {
			y = T(r.f(float64(beyond[i])))
		}
		dst.Data[dst.Off+i*dst.Inc] = y
	}
}
