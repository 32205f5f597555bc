package main

import (
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/blas/gonum"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"

	"github.com/samebytes/samebytes/ndarray"
	ourblas "github.com/samebytes/samebytes/ndarray/blas"
)

// use lets gonum's matrices, and ndarray's products of matrices, go by gonum's own BLAS or by ours.
func use(own bool) {
	blas64.Use(gonum.Implementation{})
	blas32.Use(gonum.Implementation{})
	if !own {
		register()
	}
}

// register puts our BLAS in the place of gonum's.
func register() { ourblas.Register() }

// denseCall is the product of gonum's matrices.
func denseCall(s *sources, j job) func() {
	a, b, c := dense(s, j, "a"), dense(s, j, "b"), dense(s, j, "out")
	return func() { c.Mul(a, b) }
}

func dense(s *sources, j job, name string) *mat.Dense {
	m, err := ndarray.Dense(square(operand[float64](s, j, name)))
	if err != nil && s.err == nil {
		s.err = err
	}
	return m
}

// gonumCall is call for what gonum has.
func gonumCall(s *sources, j job) func() {
	data := func(name string) []float64 {
		if _, ok := j.Arrays[name]; !ok {
			return nil
		}
		return operand[float64](s, j, name).Data()
	}
	switch j.Class {
	case "matmul", "dense":
		return denseCall(s, j)
	case "argmax":
		a, to := data("a"), operand[int64](s, j, "out")
		return func() { to.Set(int64(floats.MaxIdx(a)), 0) }
	}
	a, b, out := data("a"), data("b"), data("out")
	switch j.Class {
	case "add":
		return func() { floats.AddTo(out, a, b) }
	case "add_inplace":
		return func() { floats.Add(out, b) }
	case "sub":
		return func() { floats.SubTo(out, a, b) }
	case "mul":
		return func() { floats.MulTo(out, a, b) }
	case "scale":
		return func() { floats.ScaleTo(out, factor, a) }
	case "axpy":
		return func() { floats.AddScaledTo(out, b, alpha, a) }
	case "div":
		return func() { floats.DivTo(out, a, b) }
	case "sum":
		return func() { out[0] = floats.Sum(a) }
	case "var":
		return func() { out[0] = stat.PopVariance(a, nil) }
	case "max":
		return func() { out[0] = floats.Max(a) }
	}
	return nil
}

// gonumCall32 is gonumCall for float32, for which gonum has its BLAS alone.
func gonumCall32(s *sources, j job) func() {
	if j.Class != "matmul" {
		return nil
	}
	general := func(name string) blas32.General {
		m, err := ndarray.General32(square(operand[float32](s, j, name)))
		if err != nil && s.err == nil {
			s.err = err
		}
		return m
	}
	a, b, c := general("a"), general("b"), general("out")
	return func() { blas32.Gemm(blas.NoTrans, blas.NoTrans, 1, a, b, 0, c) }
}
