package ndarray

import (
	"reflect"

	"github.com/samebytes/samebytes/ndarray/internal/kern"
)

// product is a node for the product of two others, which a sum takes in.
type product[T Number] struct{ call2[T, T] }

// sum is a node for the sum of two others. That of a product is computed in one step, which rounds the product as two steps do.
type sum[T Number] struct {
	x, y node[T]
	spare
}

func (s *sum[T]) collect(leaves *[]leaf) {
	s.x.collect(leaves)
	s.y.collect(leaves)
}

func (s *sum[T]) step(b *block, leaves *[]leaf) step[T] {
	kind := reflect.TypeFor[T]().Kind()
	fuses := kind == reflect.Float64 || kind == reflect.Float32 // others have no kernel that does both
	if p, ok := s.y.(*product[T]); ok && fuses {
		x := s.x.step(b, leaves)
		y := p.x.step(b, leaves)
		return &summed[T]{operands: [3]step[T]{x, y, p.y.step(b, leaves)}}
	}
	if p, ok := s.x.(*product[T]); ok && fuses {
		y := p.x.step(b, leaves)
		z := p.y.step(b, leaves)
		return &summed[T]{operands: [3]step[T]{s.y.step(b, leaves), y, z}}
	}
	return (&call2[T, T]{f: Add[T], x: s.x, y: s.y}).step(b, leaves)
}

// summed adds the product of the second and the third operand to the first.
type summed[T Number] struct {
	operands [3]step[T]
	buffer   buffer[T]
}

func (s *summed[T]) compute(b *block, target *Array[T]) (*Array[T], bool) {
	var v [3]kern.Vec[T]
	axes := 0
	for k, operand := range s.operands {
		x, scratch := operand.compute(b, nil)
		v[k] = kern.Vec[T]{Data: x.data, Inc: x.NDim()}
		axes += x.NDim()
		if target == nil && scratch && x.NDim() != 0 {
			target = x
		}
	}
	dst := s.buffer.result(b.n, b.arena, target, axes == 0)
	kern.AddProduct[T]{}.Run(kern.Vec[T]{Data: dst.data, Inc: 1}, v[0], v[1], v[2], dst.n)
	return dst, true
}
