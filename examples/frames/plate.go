package main

import (
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/samebytes/samebytes/ndarray"
	"github.com/samebytes/samebytes/shm"
)

const (
	spread = 1.5      // how far heat goes between two frames: the width of the Gaussian that a hot point becomes, in points
	flame  = 9.0      // degrees that the flame adds to what is in it, each frame
	round  = 1.0 / 90 // of the flame's way, each frame
)

// plate is a square plate whose edges are kept at 0 degrees. A flame goes round under it, and a bar of ice lies on it.
//
// The heat equation du/dt = u_xx + u_yy is, with A the matrix of second differences, U' = A U + U A, which exp(tA) U exp(tA) solves:
// one frame is two matrix products away from the last, however long the time between them.
type plate struct {
	size int
	heat *mat.Dense // exp(tA)
	half *mat.Dense // the product with the first
}

func newPlate(size int) *plate {
	a := mat.NewDense(size, size, nil)
	for i := range size {
		a.Set(i, i, -spread*spread)
		if i > 0 {
			a.Set(i, i-1, spread*spread/2)
			a.Set(i-1, i, spread*spread/2)
		}
	}
	p := &plate{size, new(mat.Dense), mat.NewDense(size, size, nil)}
	p.heat.Exp(a)
	return p
}

// next fills a frame, in place, from the one before it, which is nil for the first.
func (p *plate) next(frame *ndarray.Array[float64], before *shm.Item[float64]) error {
	number := uint64(0)
	if before == nil {
		frame.Fill(0)
	} else {
		number = before.Number
		to, err := ndarray.Dense(frame)
		if err != nil {
			return err
		}
		from, err := ndarray.Dense(before.Array)
		if err != nil {
			return err
		}
		p.half.Mul(p.heat, from)
		to.Mul(p.half, p.heat)
	}
	at := func(turn float64) int { return int(float64(p.size) * (0.5 + 0.3*turn)) }
	sin, cos := math.Sincos(2 * math.Pi * round * float64(number))
	width := p.size / 16
	under := frame.Slice(around(at(sin), width), around(at(cos), width))
	ndarray.Add(under, under, ndarray.Scalar(flame))
	frame.Slice(around(p.size/2, width/2), around(p.size/2, 3*width)).Fill(0)
	return nil
}

func around(i, width int) ndarray.Index { return ndarray.Range(i-width, i+width) }
