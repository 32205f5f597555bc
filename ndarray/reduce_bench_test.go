package ndarray_test

import (
	"math/rand/v2"
	"testing"

	gonum "gonum.org/v1/gonum/floats"

	"github.com/samebytes/samebytes/ndarray"
)

// BenchmarkReduce compares reductions of a million float64 with gonum's, and with loops written by hand.
func BenchmarkReduce(b *testing.B) {
	const side = 1000
	defer ndarray.SetWorkers(ndarray.SetWorkers(1))
	a := ndarray.RandomNormal(ndarray.New[float64](side, side), rand.NewPCG(1, 2))
	data, row, column := a.Data(), make([]float64, side), make([]float64, side)
	out := ndarray.New[float64](side)
	complexes := ndarray.Convert[complex128](nil, a)
	small := a.Slice(ndarray.Range(0, 32), ndarray.Range(0, 32))
	for _, c := range []struct {
		name string
		run  func()
	}{
		{"sum/gonum", func() { sum = gonum.Sum(data) }},
		{"sum/all", func() { sum = ndarray.Sum(a) }},
		{"sum/rows by hand", func() {
			clear(row)
			for i := range side {
				for j, v := range data[i*side : (i+1)*side] {
					row[j] += v
				}
			}
		}},
		{"sum/rows", func() { ndarray.SumTo(out, a, 0) }},
		{"sum/columns by hand", func() {
			for i := range side {
				s0, s1, s2, s3 := 0.0, 0.0, 0.0, 0.0
				for r := data[i*side : (i+1)*side]; len(r) >= 4; r = r[4:] {
					s0, s1, s2, s3 = s0+r[0], s1+r[1], s2+r[2], s3+r[3]
				}
				column[i] = s0 + s1 + s2 + s3
			}
		}},
		{"sum/columns", func() { ndarray.SumTo(out, a, 1) }},
		{"sum/complex", func() { ndarray.Sum(complexes) }},
		{"sum/small views", func() {
			for range 1000 {
				sum = ndarray.Sum(small)
			}
		}},
		{"sum/every other column", func() { sum = ndarray.Sum(a.Slice(ndarray.All, ndarray.Step(0, ndarray.End, 2))) }},
		{"max/by hand", func() {
			m := data[0]
			for _, v := range data {
				if v > m {
					m = v
				}
			}
			sum = m
		}},
		{"max/all", func() { sum = ndarray.Max(a) }},
		{"max/rows", func() { ndarray.MaxTo(out, a, 0) }},
		{"max/columns", func() { ndarray.MaxTo(out, a, 1) }},
		{"argmax/all", func() { ndarray.ArgMax(a) }},
		{"var/all", func() { sum = ndarray.Var(a, 0) }},
		{"var/rows", func() { ndarray.VarTo(out, a, 0, 0) }},
		{"median/all", func() { sum = ndarray.Median(a) }},
		{"median/columns", func() { ndarray.MedianTo(out, a, 1) }},
		{"median/rows", func() { ndarray.MedianTo(out, a, 0) }},
		{"cumsum/rows", func() { ndarray.CumSum(a, a, 0) }},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				c.run()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/(side*side), "ns/elem")
		})
	}
	ten := ndarray.New[float64](10)
	b.Run("ten elements", func(b *testing.B) {
		for b.Loop() {
			sum = ndarray.Sum(ten)
		}
	})
}
