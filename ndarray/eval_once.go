package ndarray

import (
	"slices"
	"sync"
)

// spare is the machines of the expression that a node is the root of, for one block, which nobody uses now: to make one takes longer
// than to compute a thousand elements. They go with the garbage, as all in a pool.
type spare struct{ pool sync.Pool }

func (s *spare) spares() *sync.Pool { return &s.pool }

// atOnce computes an expression as one block on the caller's goroutine, without loops. It reports whether that goes: all arrays
// have dst's shape and lie in C order, or are single elements, and dst is none that they would have to be copied for.
func atOnce[T Element](dst *Array[T], x node[T]) bool {
	spares := x.spares()
	m, _ := spares.Get().(*once[T])
	if m == nil {
		m = &once[T]{}
		x.collect(&m.all)
	}
	to := dst.region()
	whole := false
	for k, leaf := range m.all {
		inc, ok := leaf.oneRun(to)
		if !ok || m.root != nil && m.loops.inc(k+1) != inc {
			return false
		}
		whole = whole || inc == 1
	}
	if !whole { // the shapes are not dst's, or there are no arrays
		return false
	}
	if m.root == nil {
		m.prepare(to, x)
	}
	m.run(dst, m.loops.offsets, dst.n)
	spares.Put(m)
	return true
}

// once is a machine for one block.
type once[T Element] struct {
	machine[T]
	all []leaf
}

// prepare makes the steps. Each operand is a run that begins with its array's first element.
func (m *once[T]) prepare(dst region, x node[T]) {
	l := loops{shape: []int{dst.n}, strides: [][]int{{1}}, offsets: make([]int, len(m.all)+1)}
	for _, leaf := range m.all {
		inc, _ := leaf.oneRun(dst)
		l.strides = append(l.strides, []int{inc})
	}
	m.loops, m.leaves = &l, m.all
	m.root = x.step(&m.block, &m.leaves)
}

// oneRun returns the increment of the array's elements if they are one run that goes with those of dst: see the function.
func (v *variable[T]) oneRun(dst region) (inc int, ok bool) {
	a := v.array
	first, size := address(a.data)
	length := uintptr(len(a.data) * size)
	apart := dst.first+uintptr(dst.length) <= first || first+length <= dst.first
	if a.dense && slices.Equal(a.shape, dst.shape) {
		return 1, apart || first == dst.first && size == dst.bytes
	}
	return 0, apart && a.n == 1 && len(a.shape) <= len(dst.shape)
}
