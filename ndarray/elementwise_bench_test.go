package ndarray_test

import (
	"fmt"
	"testing"

	"github.com/samebytes/samebytes/ndarray"
)

// BenchmarkAdd sets Add beside the loop that one would write by hand for the same operands, without a call.
func BenchmarkAdd(b *testing.B) {
	defer ndarray.SetWorkers(ndarray.SetWorkers(1))
	small, other := ndarray.New[float64](8), ndarray.New[float64](8)
	large, second := ndarray.New[float64](1000, 1000), ndarray.New[float64](1000, 1000)
	compare := func(name string, elements int, call, loop func()) {
		for kind, f := range map[string]func(){"ndarray": call, "loop": loop} {
			b.Run(name+"/"+kind, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					f()
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(elements), "ns/elem")
			})
		}
	}
	compare("8", 8, func() { ndarray.Add(small, small, other) }, func() {
		d, x := small.Data(), other.Data()
		for i := range d {
			d[i] += x[i]
		}
	})
	compare("contiguous", 1e6, func() { ndarray.Add(large, large, second) }, func() {
		d, x := large.Data(), second.Data()
		for i := range d {
			d[i] += x[i]
		}
	})
	row, column := ndarray.New[float64](1000), ndarray.New[float64](1000, 1)
	compare("row+column", 1e6, func() { ndarray.Add(large, row, column) }, func() {
		d := large.Data()
		for i, y := range column.Data() {
			to := d[i*1000 : i*1000+1000]
			for j, x := range row.Data() {
				to[j] = x + y
			}
		}
	})
	even := large.Slice(ndarray.All, ndarray.Step(0, ndarray.End, 2))
	odd := large.Slice(ndarray.All, ndarray.Step(1, ndarray.End, 2))
	compare("everysecond", 5e5, func() { ndarray.Add(even, even, odd) }, func() {
		d := large.Data()
		for i := range 1000 {
			to := d[i*1000 : i*1000+1000]
			for j := 0; j < 1000; j += 2 {
				to[j] += to[j+1]
			}
		}
	})
	square := ndarray.New[float64](300, 300)
	target := ndarray.New[float64](300, 300)
	compare("transposed", 9e4, func() { ndarray.Add(target, square, square.T()) }, func() {
		to, d := target.Data(), square.Data()
		for i := range 300 {
			for j := range 300 {
				to[i*300+j] = d[i*300+j] + d[j*300+i]
			}
		}
	})
	for _, width := range []int{2, 3, 8, 16, 32, 64, 200} {
		narrow, few := ndarray.New[float64](30000, width), ndarray.New[float64](width)
		compare(fmt.Sprint("width", width), 30000*width, func() { ndarray.Add(narrow, narrow, few) }, func() {
			d, f := narrow.Data(), few.Data()
			for i := range 30000 {
				to := d[i*width : i*width+width]
				for j, x := range f {
					to[j] += x
				}
			}
		})
	}
}
