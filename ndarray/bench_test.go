package ndarray_test

import (
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/samebytes/samebytes/ndarray"
)

// The benchmarks write their loops out, since a closure around the access would keep it from being inlined.
// Each visits the same side*side elements, so their ns/elem compare.
const side = 128

var sum float64

func perElement(b *testing.B, visit func()) {
	for b.Loop() {
		visit()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/(side*side), "ns/elem")
}

func BenchmarkAt(b *testing.B) {
	data := make([]float64, side*side)
	dense := mat.NewDense(side, side, data)
	vec := mat.NewVecDense(side*side, data)
	one := must(ndarray.FromSlice(data))
	two := must(ndarray.FromSlice(data, side, side))
	three := must(ndarray.FromSlice(data, side, side/8, 8))

	b.Run("slice", func(b *testing.B) {
		perElement(b, func() {
			s := 0.0
			for i := range side {
				for j := range side {
					s += data[i*side+j]
				}
			}
			sum = s
		})
	})
	b.Run("gonum", func(b *testing.B) {
		perElement(b, func() {
			s := 0.0
			for i := range side {
				for j := range side {
					s += dense.At(i, j)
				}
			}
			sum = s
		})
	})
	b.Run("2d", func(b *testing.B) {
		perElement(b, func() {
			s := 0.0
			for i := range side {
				for j := range side {
					s += two.At(i, j)
				}
			}
			sum = s
		})
	})
	b.Run("gonumvec", func(b *testing.B) {
		perElement(b, func() {
			s := 0.0
			for i := range side * side {
				s += vec.AtVec(i)
			}
			sum = s
		})
	})
	b.Run("1d", func(b *testing.B) {
		perElement(b, func() {
			s := 0.0
			for i := range side * side {
				s += one.At(i)
			}
			sum = s
		})
	})
	b.Run("3d", func(b *testing.B) {
		perElement(b, func() {
			s := 0.0
			for i := range side {
				for j := range side / 8 {
					for k := range 8 {
						s += three.At(i, j, k)
					}
				}
			}
			sum = s
		})
	})
}

func BenchmarkSet(b *testing.B) {
	data := make([]float64, side*side)
	dense := mat.NewDense(side, side, data)
	two := must(ndarray.FromSlice(data, side, side))

	b.Run("gonum", func(b *testing.B) {
		perElement(b, func() {
			for i := range side {
				for j := range side {
					dense.Set(i, j, 1)
				}
			}
		})
	})
	b.Run("2d", func(b *testing.B) {
		perElement(b, func() {
			for i := range side {
				for j := range side {
					two.Set(1, i, j)
				}
			}
		})
	})
}

func BenchmarkCopy(b *testing.B) {
	a := ndarray.New[float64](side, side)
	for name, view := range map[string]*ndarray.Array[float64]{
		"contiguous": a,
		"columns":    a.Slice(ndarray.All, ndarray.Range(1, side)),
		"transposed": a.T(),
	} {
		b.Run(name, func(b *testing.B) {
			perElement(b, func() { view.Copy() })
		})
	}
}
