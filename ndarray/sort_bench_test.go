package ndarray_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/samebytes/samebytes/ndarray"
)

// BenchmarkSort compares with the standard library's sort, which has no way with NaN of its own.
func BenchmarkSort(b *testing.B) {
	for _, n := range []int{100, 1000, 1_000_000} {
		benchmarkSort(b, n, func(r *rand.Rand) float64 { return r.NormFloat64() })
		benchmarkSort(b, n, func(r *rand.Rand) int32 { return int32(r.Uint32()) })
		benchmarkSort(b, n, func(r *rand.Rand) uint8 { return uint8(r.Uint32()) })
	}
}

func benchmarkSort[T ndarray.Real](b *testing.B, n int, random func(r *rand.Rand) T) {
	r := rand.New(rand.NewPCG(1, 1))
	data := make([]T, n)
	for i := range data {
		data[i] = random(r)
	}
	a := ndarray.New[T](n)
	run := func(name string, f func()) {
		b.Run(fmt.Sprintf("%s/%v/%d", name, a.DType(), n), func(b *testing.B) {
			for b.Loop() {
				copy(a.Data(), data)
				f()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/elem")
		})
	}
	run("slices.Sort", func() { slices.Sort(a.Data()) })
	run("Sort", func() { ndarray.Sort(a, 0) })
	places := ndarray.New[int64](n)
	run("ArgSort", func() { ndarray.ArgSort(places, a, 0) })
	run("Partition", func() { ndarray.Partition(a, n/2, 0) })
}
