package ndarray_test

import (
	"testing"

	"github.com/samebytes/samebytes/ndarray"
)

// BenchmarkMatMul multiplies matrices of 512 by 512 as gonum does, and where gonum can't read an operand, or its type.
func BenchmarkMatMul(b *testing.B) {
	const n = 512
	x, y, z := floats(n, n), floats(n, n), floats(n, n)
	p, q, r := must(ndarray.Dense(x)), must(ndarray.Dense(y)), must(ndarray.Dense(z))
	singles, whole := ndarray.New[float32](n, n), ndarray.New[int32](n, n)
	for i := range singles.Data() {
		singles.Data()[i], whole.Data()[i] = float32(i), int32(i)
	}
	for name, multiply := range map[string]func(){
		"gonum":      func() { r.Mul(p, q) },
		"float64":    func() { ndarray.MatMul(z, x, y) },
		"transposed": func() { ndarray.MatMul(z, x.T(), y.T()) },
		"backwards":  func() { ndarray.MatMul(z, x.Slice(ndarray.All, ndarray.Step(ndarray.End, ndarray.End, -1)), y) },
		"float32":    func() { ndarray.MatMul(nil, singles, singles) },
		"int32":      func() { ndarray.MatMul(nil, whole, whole) },
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				multiply()
			}
		})
	}
}
