package main

import (
	"math"

	"github.com/samebytes/samebytes/ndarray"
)

// part is one of several equal parts of arrays.
type part struct{ i, of int }

// bounds returns where the part of n elements begins and ends.
func (p part) bounds(n int) (low, high int) { return n * p.i / p.of, n * (p.i + 1) / p.of }

// rows returns the part of an array along its first axis.
func rows[T ndarray.Element](p part, a *ndarray.Array[T]) *ndarray.Array[T] {
	if p.of == 1 {
		return a
	}
	low, high := p.bounds(a.Dim(0))
	return a.Slice(ndarray.Range(low, high))
}

// columns returns the part of a matrix along its second axis.
func columns[T ndarray.Element](p part, a *ndarray.Array[T]) *ndarray.Array[T] {
	return rows(p, a.T()).T()
}

// square returns the array's elements as a square matrix.
func square[T ndarray.Element](a *ndarray.Array[T]) *ndarray.Array[T] {
	side := int(math.Sqrt(float64(a.Len())))
	m, err := a.Reshape(side, side)
	if err != nil {
		panic(err) // kernel_classes.py gives such classes squares alone
	}
	return m
}

// The numbers of scaling and of the fused expression, as in kernel_classes.py.
const (
	factor = 3
	c0, c1 = 0.25, 0.5
	c2     = 0.125
	alpha  = 0.75
)

// call returns one call of the job's operation on a part of its arrays, or nil where there is none.
func (s *sources) call(j job, p part) func() {
	switch {
	case j.Gonum && j.DType == "float64":
		return gonumCall(s, j)
	case j.Gonum && j.DType == "float32":
		return gonumCall32(s, j)
	case j.Gonum:
		return nil
	}
	switch j.DType {
	case "float64":
		return floatCall[float64](s, j, p)
	case "float32":
		return floatCall[float32](s, j, p)
	case "int32":
		return realCall[int32, int64](s, j, p)
	case "uint8":
		return realCall[uint8, uint64](s, j, p)
	}
	return nil
}

// floatCall is call for what floats have, and for the rest.
func floatCall[T ndarray.Float](s *sources, j job, p part) func() {
	a, b, c, out := operands[T](s, j, p)
	switch j.Class {
	case "div":
		return func() { ndarray.Div(out, a, b) }
	case "axpy":
		return func() { ndarray.AddScaled(out, b, T(alpha), a) }
	case "sqrt":
		return func() { ndarray.Sqrt(out, a) }
	case "exp":
		return func() { ndarray.Exp(out, c) }
	case "log":
		return func() { ndarray.Log(out, a) }
	case "sin":
		return func() { ndarray.Sin(out, c) }
	case "tanh":
		return func() { ndarray.Tanh(out, c) }
	case "fused":
		x := ndarray.Lazy(c)
		inner := ndarray.Const(T(c0)).Add(x.Mul(ndarray.Const(T(c1)).Add(x.Mul(ndarray.Const(T(c2))))))
		whole := ndarray.Lazy(a).Mul(x).Add(ndarray.Lazy(b).Mul(inner))
		return func() { ndarray.Eval(out, whole) }
	case "var":
		return func() { out.Set(T(ndarray.Var(a, 0)), 0) }
	case "sum":
		return func() { out.Set(ndarray.Sum(a), 0) }
	case "matmul":
		x, y, z := rows(p, square(operand[T](s, j, "a"))), square(operand[T](s, j, "b")), rows(p, square(operand[T](s, j, "out")))
		return func() { ndarray.MatMul(z, x, y) }
	case "dense":
		return denseCall(s, j)
	case "to_float32":
		to := rows(p, operand[float32](s, j, "out"))
		return func() { ndarray.Convert(to, a) }
	}
	return realCall[T, float64](s, j, p)
}

// realCall is call for what all real types have. U is the type that NumPy sums them in, unless they are floats.
func realCall[T ndarray.Real, U ndarray.Real](s *sources, j job, p part) func() {
	a, b, _, out := operands[T](s, j, p)
	switch j.Class {
	case "add":
		return func() { ndarray.Add(out, a, b) }
	case "add_inplace":
		return func() { ndarray.Add(out, out, b) }
	case "sub":
		return func() { ndarray.Sub(out, a, b) }
	case "mul":
		return func() { ndarray.Mul(out, a, b) }
	case "scale":
		by := ndarray.Scalar(T(factor))
		return func() { ndarray.Mul(out, a, by) }
	case "less":
		to := rows(p, operand[bool](s, j, "out"))
		return func() { ndarray.Less(to, a, b) }
	case "where":
		mask := rows(p, operand[bool](s, j, "mask"))
		return func() { ndarray.Where(out, mask, a, b) }
	case "max":
		return func() { out.Set(ndarray.Max(a), 0) }
	case "argmax":
		to := rows(p, operand[int64](s, j, "out"))
		return func() { to.Set(int64(ndarray.ArgMax(a)), 0) }
	case "sum":
		to := rows(p, operand[U](s, j, "out"))
		return func() { to.Set(ndarray.SumAs[U](a), 0) }
	case "sum_axis0":
		m := columns(p, square(operand[T](s, j, "a")))
		return func() { ndarray.SumTo(out, m, 0) }
	case "sum_axis1":
		m := rows(p, square(operand[T](s, j, "a")))
		return func() { ndarray.SumTo(out, m, 1) }
	case "transpose":
		m, to := columns(p, square(operand[T](s, j, "a"))), rows(p, square(operand[T](s, j, "out")))
		return func() { ndarray.CopyTo(to, m.T()) }
	case "sort":
		if p.of > 1 {
			return nil
		}
		return func() { ndarray.SortTo(out, a, 0) }
	case "to_float64":
		to := rows(p, operand[float64](s, j, "out"))
		return func() { ndarray.Convert(to, a) }
	}
	return nil
}

// operands returns the parts of the arrays that the job has, and nil for others. The result is nil too where it has another type.
func operands[T ndarray.Real](s *sources, j job, p part) (a, b, c, out *ndarray.Array[T]) {
	for name, to := range map[string]**ndarray.Array[T]{"a": &a, "b": &b, "c": &c} {
		if _, ok := j.Arrays[name]; ok {
			*to = rows(p, operand[T](s, j, name))
		}
	}
	if !otherType[j.Class] && !(j.Class == "sum" && isInteger[T]()) {
		out = rows(p, operand[T](s, j, "out"))
	}
	return a, b, c, out
}

// otherType are the classes whose results have another type than the operands.
var otherType = map[string]bool{"less": true, "argmax": true, "to_float64": true, "to_float32": true}

func isInteger[T ndarray.Real]() bool { return T(1)/T(2) == 0 }
