package kern

import (
	"reflect"

	"github.com/samebytes/samebytes/ndarray/internal/kern/asm"
)

// kindOf returns the kind of T.
func kindOf[T any]() reflect.Kind {
	switch any(*new(T)).(type) {
	case float64:
		return reflect.Float64
	case float32:
		return reflect.Float32
	case int64:
		return reflect.Int64
	}
	return reflect.TypeFor[T]().Kind()
}

// sumByKernel returns [Sum] of at least vectorMin elements, if there is a kernel for it.
func sumByKernel[T Number](x []T) (sum T, ok bool) {
	switch kind := kindOf[T](); kind {
	case reflect.Float64:
		if run := asm.Kernels.Sums[kind].Run; run != nil {
			return as[T](sumHalves(run, x)), true
		}
	case reflect.Float32, reflect.Complex64: // kernels add them as if they had 64 bits
	case reflect.Complex128:
		if run := asm.Kernels.Pairs[kind].Run; run != nil {
			return as[T](sumPairHalves(run, x)), true
		}
	default:
		if kernel := &asm.Kernels.Integers[kind]; kernel.Run != nil && len(x) >= kernel.Least {
			return as[T](sumBlocks(kernel.Run, x, kernel.Least)), true
		}
	}
	return sum, false
}

// sumHalves adds what a kernel makes of parts of x, cut as [Sum] cuts them.
func sumHalves[T any](run func(a *byte, n int) float64, x []T) float64 {
	if len(x) > asm.PairwiseMax {
		half := half(len(x))
		return sumHalves(run, x[:half]) + sumHalves(run, x[half:])
	}
	return run(place(x, 0), len(x))
}

// sumPairHalves is sumHalves for complex elements.
func sumPairHalves[T Number](run func(a *byte, n int) complex128, x []T) complex128 {
	if len(x) > asm.PairwiseMax/2 {
		half := Half[T](len(x))
		return sumPairHalves(run, x[:half]) + sumPairHalves(run, x[half:])
	}
	return run(place(x, 0), len(x))
}

// sumBlocks adds integers by a kernel that needs some at least.
func sumBlocks[T any](run func(a *byte, n int) int64, x []T, least int) int64 {
	var sum int64
	for at := 0; at < len(x); {
		count := blockOf[T](len(x)-at, least)
		sum += run(place(x, at), count)
		at += count
	}
	return sum
}

// SumFloats returns the sum of elements as float64, in the order of [Sum].
func SumFloats[T Real](x []T) float64 {
	if len(x) >= vectorMin {
		if run := asm.Kernels.Sums[kindOf[T]()].Run; run != nil {
			return sumHalves(run, x)
		}
	}
	return sumFloats(x)
}

func sumFloats[T Real](x []T) float64 {
	if len(x) > 128 {
		half := half(len(x))
		return sumFloats(x[:half]) + sumFloats(x[half:])
	}
	var leaf [128]float64
	for i, v := range x {
		leaf[i] = float64(v)
	}
	return sumBlock(leaf[:len(x)])
}

// SumIntegers returns the sum of integers, of which an int64 or uint64 has the lowest bits.
func SumIntegers[T Real](x []T) int64 {
	if kernel := &asm.Kernels.Integers[kindOf[T]()]; kernel.Run != nil && len(x) >= kernel.Least {
		return sumBlocks(kernel.Run, x, kernel.Least)
	}
	var sum int64
	for _, v := range x {
		sum += int64(v)
	}
	return sum
}

// SumComplex returns the sum of elements as complex128, in the order of [Sum].
func SumComplex(x []complex64) complex128 {
	if len(x) >= vectorMin {
		if run := asm.Kernels.Pairs[reflect.Complex64].Run; run != nil {
			return sumPairHalves(run, x)
		}
	}
	return sumComplex(x)
}

func sumComplex(x []complex64) complex128 {
	if len(x) > 64 {
		half := Half[complex64](len(x))
		return sumComplex(x[:half]) + sumComplex(x[half:])
	}
	var leaf [64]complex128
	for i, v := range x {
		leaf[i] = complex128(v)
	}
	return sumPairs(Vec[complex128]{Data: leaf[:], Inc: 1}, len(x))
}

// SumSquaredFrom returns the sum of the squares of elements' distances from centre, in the order of [Sum].
func SumSquaredFrom[T Real](x []T, centre float64) float64 {
	if len(x) >= vectorMin {
		if run := asm.Kernels.Squares[kindOf[T]()].Run; run != nil {
			return squaresHalves(run, x, centre)
		}
	}
	return sumSquaredFrom(x, centre)
}

func squaresHalves[T any](run func(a *byte, n int, centre float64) float64, x []T, centre float64) float64 {
	if len(x) > asm.PairwiseMax {
		half := half(len(x))
		return squaresHalves(run, x[:half], centre) + squaresHalves(run, x[half:], centre)
	}
	return run(place(x, 0), len(x), centre)
}

func sumSquaredFrom[T Real](x []T, centre float64) float64 {
	if len(x) > 128 {
		half := half(len(x))
		return sumSquaredFrom(x[:half], centre) + sumSquaredFrom(x[half:], centre)
	}
	var leaf [128]float64
	SquaredFrom(leaf[:], Vec[T]{Data: x, Inc: 1}, len(x), Vec[float64]{Data: []float64{centre}})
	return sumBlock(leaf[:len(x)])
}

// DotFloats returns the sum of the products of n elements as float64: each product is rounded, and they are added in the order of
// [Sum].
func DotFloats[T Float](x, y Vec[T], n int) float64 {
	if x.Inc == 1 && y.Inc == 1 && n >= vectorMin {
		if run := asm.Kernels.Products[kindOf[T]()].Run; run != nil {
			return productsHalves(run, x.Unit(n), y.Unit(n))
		}
	}
	return dotFloats(x, y, n)
}

func productsHalves[T any](run func(a, b *byte, n int) float64, x, y []T) float64 {
	if len(x) > asm.PairwiseMax {
		half := half(len(x))
		return productsHalves(run, x[:half], y[:half]) + productsHalves(run, x[half:], y[half:])
	}
	return run(place(x, 0), place(y, 0), len(x))
}

func dotFloats[T Float](x, y Vec[T], n int) float64 {
	if n > 128 {
		half := half(n)
		return dotFloats(x, y, half) + dotFloats(x.from(half), y.from(half), n-half)
	}
	var leaf [128]float64
	for i := range leaf[:n] {
		leaf[i] = float64(x.Data[x.Off+i*x.Inc]) * float64(y.Data[y.Off+i*y.Inc])
	}
	return sumBlock(leaf[:n])
}
