package gemm

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"
	"unsafe"

	"github.com/samebytes/samebytes/ndarray/internal/kern/asm"
)

// eachKernel runs a test with the kernels of each instruction set that this processor has, and with one in Go of the packed form.
func eachKernel(t *testing.T, test func(t *testing.T)) {
	levels := asm.Levels()
	best := asm.Kernels
	defer func() { asm.Kernels = best }()
	for _, level := range levels[1:] {
		asm.Use(level)
		t.Run(level.Name, test)
	}
	asm.Kernels = &asm.Set{}
	asm.Kernels.Packed[reflect.Float64] = asm.KernelPacked{Run: packedTwin[float64], Rows: twinRows, Cols: twinCols}
	asm.Kernels.Packed[reflect.Float32] = asm.KernelPacked{Run: packedTwin[float32], Rows: twinRows, Cols: twinCols}
	t.Run("packed", test)
}

const (
	twinRows = 3
	twinCols = 5
)

// packedTwin is what a kernel for packed panels does.
func packedTwin[T Float](k int, a, b, c *byte, ldc int) {
	left, right := unsafe.Slice((*T)(unsafe.Pointer(a)), k*twinRows), unsafe.Slice((*T)(unsafe.Pointer(b)), k*twinCols)
	for i := range twinRows {
		row := unsafe.Slice((*T)(unsafe.Add(unsafe.Pointer(c), i*ldc)), twinCols)
		for j := range row {
			var sum T
			for l := range k {
				sum += left[l*twinRows+i] * right[l*twinCols+j]
			}
			row[j] += sum
		}
	}
}

// filled returns a matrix in a slice of its own, with its rows or its columns as neighbours and something between them.
func filled[T Float](r *rand.Rand, rows, cols int, columns bool) Matrix[T] {
	if columns {
		return filled[T](r, cols, rows, false).T()
	}
	gap := r.IntN(3)
	m := Matrix[T]{make([]T, 7+rows*(cols+gap)+7), r.IntN(7), cols + gap, 1}
	for i := range m.Data {
		m.Data[i] = T(r.NormFloat64())
	}
	return m
}

// want returns what c should be, and how far off it may be.
func want[T Float](p product[T]) (sums, bounds []float64) {
	for i := range p.m {
		for j := range p.n {
			sum, bound := 0.0, 0.0
			for l := range p.k {
				x, y := float64(p.a.at(i, l)), float64(p.b.at(l, j))
				sum += x * y
				bound += math.Abs(x * y)
			}
			sum *= float64(p.alpha)
			bound *= math.Abs(float64(p.alpha))
			if p.beta != 0 {
				sum += float64(p.beta) * float64(p.c.at(i, j))
				bound += math.Abs(float64(p.beta) * float64(p.c.at(i, j)))
			}
			sums, bounds = append(sums, sum), append(bounds, bound*float64(p.k+3))
		}
	}
	return sums, bounds
}

func (m Matrix[T]) at(i, j int) T { return m.Data[m.Off+i*m.Row+j*m.Step] }

// check computes a product and compares all of c's slice.
func check[T Float](t *testing.T, p product[T], goroutines int) {
	t.Helper()
	sums, bounds := want(p)
	before := append([]T(nil), p.c.Data...)
	epsilon := 0x1p-52
	if size[T]() == 4 {
		epsilon = 0x1p-23
	}
	switch p.part {
	case whole:
		Multiply(goroutines, p.m, p.n, p.k, p.alpha, p.a, p.b, p.beta, p.c)
	case upper:
		MultiplyUpper(goroutines, p.n, p.k, p.alpha, p.a, p.b, p.beta, p.c)
	case lower:
		MultiplyLower(goroutines, p.n, p.k, p.alpha, p.a, p.b, p.beta, p.c)
	}
	place := func(i, j int) int { return p.c.Off + i*p.c.Row + j*p.c.Step }
	for i := range p.m {
		for j := range p.n {
			if p.part == upper && j < i || p.part == lower && j > i {
				continue
			}
			got, sum := float64(p.c.at(i, j)), sums[i*p.n+j]
			if !(math.Abs(got-sum) <= bounds[i*p.n+j]*epsilon) && !(math.IsNaN(got) && math.IsNaN(sum)) && got != sum {
				t.Fatalf("(%d, %d) of %d x %d x %d (part %d): %v, want %v", i, j, p.m, p.n, p.k, p.part, got, sum)
			}
			before[place(i, j)] = p.c.at(i, j)
		}
	}
	for i, v := range p.c.Data {
		if math.Float64bits(float64(v)) != math.Float64bits(float64(before[i])) {
			t.Fatalf("element %d of c's slice, which is not c's, became %v (%d x %d x %d, part %d)", i, v, p.m, p.n, p.k, p.part)
		}
	}
}

func random[T Float](r *rand.Rand, m, n, k int) product[T] {
	factors := []T{0, 1, -1, 0.5, 3}
	p := product[T]{m: m, n: n, k: k, alpha: factors[1+r.IntN(4)], beta: factors[r.IntN(5)]}
	p.a = filled[T](r, m, k, r.IntN(2) == 0)
	p.b = filled[T](r, k, n, r.IntN(2) == 0)
	p.c = filled[T](r, m, n, r.IntN(4) == 0)
	return p
}

func testSizes[T Float](t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 1000 {
		check(t, random[T](r, 1+r.IntN(60), 1+r.IntN(60), 1+r.IntN(40)), 1)
	}
	for _, n := range []int{1, 2, 3, 5, 8, 9, 12, 24, 31, 48, 49} {
		for _, m := range []int{1, 2, 3, 4, 7, 8, 9} {
			check(t, random[T](r, m, n, 1), 1)
		}
	}
}

func testBlocks[T Float](t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, sizes := range [][3]int{{1, 700, 600}, {700, 1, 600}, {65, 500, 260}, {33, 250, 257}, {100, 90, 300}, {260, 521, 5}, {201, 301, 101}} {
		for _, goroutines := range []int{1, 2, 3, 7, 16} {
			check(t, random[T](r, sizes[0], sizes[1], sizes[2]), goroutines)
		}
	}
}

func testParts[T Float](t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for i := range 200 {
		n := 1 + r.IntN(70)
		if i%100 == 0 {
			n = 300 + r.IntN(50)
		}
		p := random[T](r, n, n, 1+r.IntN(60))
		p.part = upper + part(i%2)
		check(t, p, 1+r.IntN(3))
	}
}

func TestMultiply(t *testing.T) {
	eachKernel(t, func(t *testing.T) {
		for name, test := range map[string][2]func(*testing.T){
			"sizes":  {testSizes[float64], testSizes[float32]},
			"blocks": {testBlocks[float64], testBlocks[float32]},
			"parts":  {testParts[float64], testParts[float32]},
		} {
			t.Run(name+"/float64", test[0])
			t.Run(name+"/float32", test[1])
		}
	})
}

// TestMultiplyStrides reads operands none of whose rows or columns are neighbours, backwards too.
func TestMultiplyStrides(t *testing.T) {
	eachKernel(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(7, 8))
		for _, size := range []int{3, 30, 120} {
			p := random[float64](r, size, size+1, size+2)
			a := filled[float64](r, 2*p.m, 3*p.k, false)
			p.a = Matrix[float64]{a.Data, a.Off + (p.m-1)*2*a.Row, -2 * a.Row, 3}
			b := filled[float64](r, p.k, 2*p.n, false)
			p.b = Matrix[float64]{b.Data, b.Off + (p.n-1)*2, b.Row, -2}
			check(t, p, 2)
			p.b = Matrix[float64]{b.Data, b.Off, 0, 1}
			check(t, p, 2)
		}
	})
}

// TestMultiplySpecial holds products to IEEE's rules: no product is left out, and what beta as zero makes unread is not read.
func TestMultiplySpecial(t *testing.T) {
	eachKernel(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(9, 10))
		for _, size := range []int{2, 9, 40, 100} {
			for _, special := range []float64{math.Inf(1), math.Inf(-1), math.NaN()} {
				t.Run(fmt.Sprint(size, special), func(t *testing.T) {
					p := random[float64](r, size, size, size)
					for i := range p.a.Data {
						p.a.Data[i] = 0
					}
					p.b.Data[p.b.Off+p.b.Row+p.b.Step] = special
					for i := range p.c.Data {
						p.c.Data[i] = math.NaN()
					}
					p.beta = 0
					Multiply(1, size, size, size, 1, p.a, p.b, 0, p.c)
					for i := range size {
						for j := range size {
							if got := p.c.at(i, j); math.IsNaN(got) != (j == 1) {
								t.Fatalf("(%d, %d) is %v", i, j, got)
							}
						}
					}
				})
			}
		}
	})
}
