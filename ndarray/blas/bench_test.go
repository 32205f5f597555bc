package blas_test

import (
	"fmt"
	"testing"
	"time"

	gonumblas "gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/gonum"

	"github.com/samebytes/samebytes/ndarray/blas"
)

// BenchmarkGemm multiplies square matrices by gonum's loops and by ours in turns, and prints the GFLOP/s of the fastest turn of
// each.
func BenchmarkGemm(b *testing.B) {
	for _, n := range []int{2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024} {
		b.Run(fmt.Sprintf("float64/%d", n), func(b *testing.B) {
			benchmark(b, n, gonum.Implementation{}.Dgemm, blas.Implementation{}.Dgemm)
		})
		b.Run(fmt.Sprintf("float32/%d", n), func(b *testing.B) {
			benchmark(b, n, gonum.Implementation{}.Sgemm, blas.Implementation{}.Sgemm)
		})
	}
}

type gemm[T float32 | float64] func(tA, tB gonumblas.Transpose, m, n, k int, alpha T, a []T, lda int, b []T, ldb int, beta T, c []T, ldc int)

func benchmark[T float32 | float64](b *testing.B, n int, theirs, ours gemm[T]) {
	x, y, z := make([]T, n*n), make([]T, n*n), make([]T, n*n)
	for i := range x {
		x[i], y[i] = T(i%7)-2.5, T(i%5)+0.5
	}
	operations := 2 * float64(n) * float64(n) * float64(n)
	repeat := max(1, int(1e5/operations)) // so that the clock's resolution does not matter
	fastest := func(f gemm[T], before time.Duration) time.Duration {
		start := time.Now()
		for range repeat {
			f(gonumblas.NoTrans, gonumblas.NoTrans, n, n, n, 1, x, n, y, n, 0, z, n)
		}
		return min(before, time.Since(start))
	}
	their, our := time.Hour, time.Hour
	for b.Loop() {
		their, our = fastest(theirs, their), fastest(ours, our)
	}
	rate := func(d time.Duration) float64 { return operations * float64(repeat) / float64(d.Nanoseconds()) }
	b.ReportMetric(rate(their), "gonum-GFLOP/s")
	b.ReportMetric(rate(our), "GFLOP/s")
	b.ReportMetric(float64(their)/float64(our), "times")
	b.ReportMetric(0, "ns/op")
}
