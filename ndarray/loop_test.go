package ndarray

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/samebytes/samebytes/ndarray/internal/kern"
)

// randomLayout returns an array of the given shape over memory of its own, with axes in any order, any steps and directions.
func randomLayout(r *rand.Rand, shape []int) *Array[int64] {
	order := r.Perm(len(shape))
	base := make([]int, len(shape))
	ix := make([]Index, len(shape))
	back := make([]int, len(shape))
	for i, d := range order {
		back[d] = i
		switch r.IntN(3) {
		case 0:
			base[i], ix[i] = shape[d], All
		case 1:
			base[i], ix[i] = 2*shape[d]+1, Step(1, End, 2)
		default:
			base[i], ix[i] = shape[d], Step(End, End, -1)
		}
		if shape[d] == 0 {
			base[i], ix[i] = 0, All
		}
	}
	return New[int64](base...).Slice(ix...).Transpose(back...)
}

// indices calls f for every index of a shape, in C order.
func indices(shape []int, f func(ix []int)) {
	n, _, _ := Size(shape, 1)
	ix := make([]int, len(shape))
	for range n {
		f(ix)
		for d := len(ix) - 1; d >= 0; d-- {
			if ix[d]++; ix[d] < shape[d] {
				break
			}
			ix[d] = 0
		}
	}
}

// TestLoops compares the loops, alone and shared out, with indexing.
func TestLoops(t *testing.T) {
	defer SetWorkers(SetWorkers(3))
	r := rand.New(rand.NewPCG(1, 2))
	add := func(dst, a, b kern.Vec[int64], n int) {
		for i := range n {
			dst.Data[dst.Off+i*dst.Inc] = a.Data[a.Off+i*a.Inc] + b.Data[b.Off+i*b.Inc]
		}
	}
	for round := range 2000 {
		shape := make([]int, r.IntN(5))
		for d := range shape {
			shape[d] = r.IntN(5)
		}
		if round%200 == 0 {
			shape = []int{r.IntN(3) + 1, 300, r.IntN(300) + 100}
		}
		other := slices.Clone(shape[r.IntN(len(shape)+1):])
		for d := range other {
			if r.IntN(3) == 0 {
				other[d] = 1
			}
		}
		dst, a, b := randomLayout(r, shape), randomLayout(r, shape), randomLayout(r, other)
		number := int64(1)
		for _, x := range []*Array[int64]{a, b} {
			indices(x.shape, func(ix []int) { x.Set(number, ix...); number++ })
		}
		binary("Add", dst, a, b, add)
		stretched := b.broadcast(shape)
		indices(shape, func(ix []int) {
			if got, want := dst.At(ix...), a.At(ix...)+b.data[stretched.index(ix)]; got != want {
				t.Fatalf("shape %v and %v, strides %v, %v and %v: at %v expected %d, got %d",
					shape, other, dst.strides, a.strides, b.strides, ix, want, got)
			}
		})
		next := int64(0)
		l := newOrderedLoops(&a.layout, &dst.layout)
		l.each(func(offsets []int, n int) {
			for i := range n {
				a.data[offsets[0]+i*l.inc(0)] = next
				next++
			}
		})
		next = 0
		indices(shape, func(ix []int) {
			if got := a.At(ix...); got != next {
				t.Fatalf("shape %v, strides %v: expected %v to be visited as number %d, was %d", shape, a.strides, ix, next, got)
			}
			next++
		})
	}
}

// TestOverlap compares what the checks of overlap say with the sets of bytes.
func TestOverlap(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	data := make([]int64, 60)
	view := func() *Array[int64] {
		for {
			shape, strides := make([]int, r.IntN(4)), make([]int, 3)
			for d := range shape {
				shape[d], strides[d] = r.IntN(4), r.IntN(13)-6
			}
			if a, err := FromStrided(data, shape, strides[:len(shape)], r.IntN(len(data))); err == nil {
				return a
			}
		}
	}
	places := func(a *Array[int64]) map[*int64]bool {
		set := map[*int64]bool{}
		indices(a.shape, func(ix []int) { set[&a.data[a.index(ix)]] = true })
		return set
	}
	overlapping := 0
	for range 20000 {
		a, b := view(), view()
		setA, setB := places(a), places(b)
		if got, want := a.overlapsItself(), len(setA) < a.n; got != want {
			t.Fatalf("shape %v strides %v: overlaps itself is %v, expected %v", a.shape, a.strides, got, want)
		}
		for place := range setA {
			if setB[place] {
				overlapping++
				if !mayOverlap(a, b) {
					t.Fatalf("shapes %v %v strides %v %v share an element", a.shape, b.shape, a.strides, b.strides)
				}
				break
			}
		}
	}
	if overlapping < 500 {
		t.Fatalf("only %d pairs overlap", overlapping)
	}
	even, err := FromSlice(data, 30, 2)
	if err != nil {
		t.Fatal(err)
	}
	if mayOverlap(even.Slice(All, At(0)), even.Slice(All, At(1))) {
		t.Error("two columns of one matrix are said to overlap")
	}
}

// TestDestination checks what cannot take a result.
func TestDestination(t *testing.T) {
	a := New[int64](2, 3)
	panics := func(name string, want error, dst *Array[int64]) {
		t.Helper()
		defer func() {
			if err, ok := recover().(error); !ok || !errors.Is(err, want) {
				t.Errorf("%s: expected a panic with %v, got %v", name, want, err)
			}
		}()
		unary("Neg", dst, a, kern.Copy[int64])
	}
	stretched := New[int64](1, 3).broadcast([]int{2, 3})
	panics("another shape", ErrShape, New[int64](3, 2))
	panics("read-only", ErrReadOnly, New[int64](2, 3).ReadOnly())
	panics("one row twice", ErrLayout, newArray(make([]int64, 3), stretched))
}

// TestOperandsThatOverlap checks that results are as if operands had been copied before.
func TestOperandsThatOverlap(t *testing.T) {
	a := New[int64](6)
	indices(a.shape, func(ix []int) { a.Set(int64(ix[0]), ix...) })
	unary("Copy", a.Slice(Range(1, End)), a.Slice(Range(0, 5)), kern.Copy[int64])
	if want := []int64{0, 0, 1, 2, 3, 4}; !slices.Equal(a.data, want) {
		t.Errorf("moved up: expected %v, got %v", want, a.data)
	}
	unary("Copy", a, a.Slice(Step(End, End, -1)), kern.Copy[int64])
	if want := []int64{4, 3, 2, 1, 0, 0}; !slices.Equal(a.data, want) {
		t.Errorf("reversed: expected %v, got %v", want, a.data)
	}
}
