package kern

import (
	"reflect"

	"github.com/samebytes/samebytes/ndarray/internal/kern/asm"
)

// SumLines stores in acc the sums of lines of n elements, each step elements after the one before.
func SumLines[T Number](acc []T, x Vec[T], step, n int) {
	if kind := kindOf[T](); kind == reflect.Float64 && x.Inc == 1 && vectorMin <= n && n <= asm.PairwiseMax {
		if run := asm.Kernels.Sums[kind].Run; run != nil {
			for i := range acc {
				acc[i] = as[T](run(place(x.Unit(n), 0), n))
				x.Off += step
			}
			return
		}
	}
	for i := range acc {
		acc[i] = Sum(x, n)
		x.Off += step
	}
}

// GreatestLines stores in acc the greatest elements of lines, as SumLines does sums.
func GreatestLines[T Real](acc []T, x Vec[T], step, n int) {
	extremeLines(asm.Greatest, Greatest[T], acc, x, step, n)
}

// LeastLines stores in acc the least elements of lines, as SumLines does sums.
func LeastLines[T Real](acc []T, x Vec[T], step, n int) {
	extremeLines(asm.LeastOf, Least[T], acc, x, step, n)
}

func extremeLines[T Real](which asm.Extreme, other func(x Vec[T], n int) T, acc []T, x Vec[T], step, n int) {
	kernel := &asm.Kernels.Extremes[which][kindOf[T]()]
	if kernel.Run == nil || x.Inc != 1 || n < kernel.Least || n*sizeOf[T]() > blockBytes {
		for i := range acc {
			acc[i] = other(x, n)
			x.Off += step
		}
		return
	}
	for i := range acc {
		m := as[T](kernel.Run(place(x.Unit(n), 0), n))
		if m == 0 {
			m = other(x, n) // which looks for the sign
		}
		acc[i] = m
		x.Off += step
	}
}
