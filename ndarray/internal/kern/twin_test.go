package kern

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"unsafe"

	"github.com/samebytes/samebytes/ndarray/internal/kern/asm"
)

// longest is the greatest length that kernels are tested with: several steps of the longest, and what is left after them.
const longest = 200

// eachLevel runs a test with the kernels of each instruction set that this processor has, and leaves the best in use.
func eachLevel(t *testing.T, test func(t *testing.T)) {
	levels := asm.Levels()
	for _, level := range levels[1:] {
		t.Run(level.Name, func(t *testing.T) {
			asm.Use(level)
			defer asm.Use(levels[len(levels)-1])
			test(t)
		})
	}
	if len(levels) == 1 {
		t.Skip("this processor has no instruction set that there are kernels for")
	}
}

// pure calls f without kernels.
func pure(f func()) {
	levels := asm.Levels()
	before := asm.Kernels
	asm.Use(levels[0])
	defer func() { asm.Kernels = before }()
	f()
}

// specials are the floats that operations treat in ways of their own.
var specials = []float64{
	0, math.Copysign(0, -1), 1, -1, 0.5, -0.5, 1.5, 2.5, -2.5, math.Inf(1), math.Inf(-1), math.NaN(), math.MaxFloat64, -math.MaxFloat64,
	math.SmallestNonzeroFloat64, -math.SmallestNonzeroFloat64, 0x1p-1022, 0x0.8p-1022, math.MaxFloat32, math.SmallestNonzeroFloat32,
	0x1p-126, 0x1p-127, 1 << 31, -1 << 31, 1 << 52, 1<<52 + 1, 1 << 53, 1 << 63, -1 << 63, 1 << 23, 1<<23 + 1, math.Pi, -math.E,
}

// samples returns n elements: among special ones and any bits, most of a common size.
func samples[T any](r *rand.Rand, n int) []T {
	data := make([]T, n)
	for i := range data {
		switch p := any(&data[i]).(type) {
		case *float64:
			*p = sample(r, math.Float64frombits(r.Uint64()))
		case *float32:
			*p = float32(sample(r, float64(math.Float32frombits(r.Uint32()))))
		case *bool:
			*p = r.IntN(2) == 0
		default:
			raw := unsafe.Slice((*byte)(unsafe.Pointer(&data[i])), unsafe.Sizeof(data[i]))
			for k := range raw {
				raw[k] = byte(r.Uint32())
			}
			if r.IntN(4) == 0 {
				clear(raw[1:]) // so that some are equal
				raw[0] &= 1
			}
		}
	}
	return data
}

func sample(r *rand.Rand, anyBits float64) float64 {
	switch r.IntN(4) {
	case 0:
		return specials[r.IntN(len(specials))]
	case 1:
		return anyBits
	}
	return r.NormFloat64()
}

// guarded is a slice of n elements that begins off elements after a multiple of 64 bytes, with others before and after it.
type guarded[T any] struct {
	all   []T
	first int
	n     int
}

const guards = 64 // elements

func newGuarded[T any](off, n int) guarded[T] {
	all := make([]T, 3*guards+off+n)
	for uintptr(unsafe.Pointer(&all[guards]))%64 != 0 {
		all = all[1:]
	}
	return guarded[T]{all[:guards+off+n+guards], guards + off, n}
}

func (g guarded[T]) vec() Vec[T] { return Vec[T]{Data: g.all, Off: g.first, Inc: 1} }

func (g guarded[T]) clone() guarded[T] {
	c := newGuarded[T](g.first-guards, g.n)
	copy(c.all, g.all)
	return c
}

func (g guarded[T]) set(from []T) guarded[T] {
	copy(g.all[g.first:][:g.n], from)
	return g
}

// bitsOf returns an element's bits, of NaN those of one.
func bitsOf[T any](v T) string {
	switch v := any(v).(type) {
	case float64:
		return fmt.Sprintf("%x (%v)", math.Float64bits(v), v)
	case float32:
		return fmt.Sprintf("%x (%v)", math.Float32bits(v), v)
	}
	return fmt.Sprint(v)
}

func rawOf[T any](data []T) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(&data[0])), len(data)*int(unsafe.Sizeof(data[0])))
}

// same reports whether elements have the same bits, or are both NaN.
func same[T any](x, y T) bool {
	switch x := any(x).(type) {
	case float64:
		y := any(y).(float64)
		return math.Float64bits(x) == math.Float64bits(y) || x != x && y != y
	case float32:
		y := any(y).(float32)
		return math.Float32bits(x) == math.Float32bits(y) || x != x && y != y
	case complex128:
		y := any(y).(complex128)
		return same(real(x), real(y)) && same(imag(x), imag(y))
	case complex64:
		return same(complex128(x), complex128(any(y).(complex64)))
	}
	return any(x) == any(y)
}

// hold fails where two slices differ, which say what the loop without kernels and the kernel have left.
func hold[T any](t *testing.T, what string, want, got guarded[T]) {
	t.Helper()
	if bytes.Equal(rawOf(want.all), rawOf(got.all)) {
		return
	}
	for i := range want.all {
		if !same(want.all[i], got.all[i]) {
			t.Fatalf("%s: element %d of %d: got %s, want %s", what, i-want.first, want.n, bitsOf(got.all[i]), bitsOf(want.all[i]))
		}
	}
}

// each calls try for all lengths from 1 to the longest, each with some places after a multiple of 64 bytes: all of them, for
// elements of any size, over all lengths.
func each(try func(n, off int)) {
	for n := 1; n <= longest; n++ {
		for k := range 6 {
			try(n, (n*7+k*11)%64)
		}
	}
}

// twin2 holds the kernels of a loop over two operands to the loop itself: for all lengths and alignments, with operands that are
// one element, and in place.
func twin2[U, T any](t *testing.T, loop Binary[U, T, T]) {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	values := samples[T](r, 4*longest)
	each(func(n, off int) {
		p := newGuarded[T](off*5%64, n).set(values[r.IntN(3*longest):])
		q := newGuarded[T](off*3%64, n).set(values[r.IntN(3*longest):])
		for _, incs := range [][2]int{{1, 1}, {1, 0}, {0, 1}} {
			a, b := p.vec(), q.vec()
			a.Inc, b.Inc = incs[0], incs[1]
			want, got := newGuarded[U](off, n), newGuarded[U](off, n)
			pure(func() { loop.Run(want.vec(), a, b, n) })
			loop.Run(got.vec(), a, b, n)
			hold(t, fmt.Sprintf("%T, increments %v", loop, incs), want, got)
		}
		same, ok := any(loop).(Binary[T, T, T])
		if !ok {
			return
		}
		want, got := p.clone(), p.clone()
		pure(func() { same.Run(want.vec(), want.vec(), q.vec(), n) })
		same.Run(got.vec(), got.vec(), q.vec(), n)
		hold(t, fmt.Sprintf("%T in place of the first operand", loop), want, got)
		want, got = q.clone(), q.clone()
		pure(func() { same.Run(want.vec(), p.vec(), want.vec(), n) })
		same.Run(got.vec(), p.vec(), got.vec(), n)
		hold(t, fmt.Sprintf("%T in place of the second operand", loop), want, got)
	})
}

func TestArithmetic(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		twin2(t, Add[float64]{})
		twin2(t, Add[float32]{})
		twin2(t, Add[int8]{})
		twin2(t, Add[int16]{})
		twin2(t, Add[int32]{})
		twin2(t, Add[int64]{})
		twin2(t, Add[uint8]{})
		twin2(t, Add[uint16]{})
		twin2(t, Add[uint32]{})
		twin2(t, Add[uint64]{})
	})
}
