package gemm

import (
	"math"
	"runtime"

	"github.com/samebytes/samebytes/ndarray/internal/workers"
)

// Float is the types of elements.
type Float interface{ ~float32 | ~float64 }

// Matrix is elements in Data: the one of row i and column j at Off + i*Row + j*Step.
type Matrix[T Float] struct {
	Data           []T
	Off, Row, Step int
}

// T returns the transposed matrix.
func (m Matrix[T]) T() Matrix[T] { return Matrix[T]{m.Data, m.Off, m.Step, m.Row} }

// From returns the matrix from row i and column j on.
func (m Matrix[T]) From(i, j int) Matrix[T] {
	return Matrix[T]{m.Data, m.Off + i*m.Row + j*m.Step, m.Row, m.Step}
}

// part is what of the result is computed: all, or the elements on one side of the diagonal and those on it.
type part int

const (
	whole part = iota
	upper
	lower
)

// transposed returns the part of the transposed matrix.
func (p part) transposed() part {
	switch p {
	case upper:
		return lower
	case lower:
		return upper
	}
	return whole
}

// product is one to compute: c = alpha*a*b + beta*c, where c has m rows and n columns, and a has k columns.
type product[T Float] struct {
	m, n, k     int
	alpha, beta T
	a, b, c     Matrix[T]
	part        part
	diagonal    int // the column of the diagonal's element in row 0
}

// sharedMin is the number of products from which goroutines share them.
const sharedMin = 1 << 20

// Available reports whether there are kernels for T. Multiply and the like need them.
func Available[T Float]() bool {
	_, ok := kernelOf[T]()
	return ok
}

// Multiply sets c to alpha*a*b + beta*c, where c has m rows and n columns, and a has k columns, all at least one. If beta is zero,
// c is not read. The elements of c are neighbours in rows or in columns, and are none of a or b. At most so many goroutines share
// the work; zero stands for GOMAXPROCS.
func Multiply[T Float](goroutines, m, n, k int, alpha T, a, b Matrix[T], beta T, c Matrix[T]) {
	kernel, _ := kernelOf[T]()
	if kernel.strided != nil && small(m, n, k) && b.Step == 1 && c.Step == 1 {
		kernel.tile(k, m, n, a, b, c, alpha, beta)
		return
	}
	p := product[T]{m: m, n: n, k: k, alpha: alpha, beta: beta, a: a, b: b, c: c}
	p.run(&kernel, goroutines)
}

// MultiplyUpper is Multiply for a square c of which only the elements on the diagonal and right of it are read and set.
func MultiplyUpper[T Float](goroutines, n, k int, alpha T, a, b Matrix[T], beta T, c Matrix[T]) {
	kernel, _ := kernelOf[T]()
	p := product[T]{m: n, n: n, k: k, alpha: alpha, beta: beta, a: a, b: b, c: c, part: upper}
	p.run(&kernel, goroutines)
}

// MultiplyLower is Multiply for a square c of which only the elements on the diagonal and left of it are read and set.
func MultiplyLower[T Float](goroutines, n, k int, alpha T, a, b Matrix[T], beta T, c Matrix[T]) {
	kernel, _ := kernelOf[T]()
	p := product[T]{m: n, n: n, k: k, alpha: alpha, beta: beta, a: a, b: b, c: c, part: lower}
	p.run(&kernel, goroutines)
}

func (p *product[T]) run(kernel *kernel[T], goroutines int) {
	if p.c.Step != 1 { // whose columns are neighbours then
		p.m, p.n = p.n, p.m
		p.a, p.b, p.c = p.b.T(), p.a.T(), p.c.T()
		p.part = p.part.transposed()
	}
	operations := float64(p.m) * float64(p.n) * float64(p.k) // an int may not hold it
	if operations < sharedMin {
		p.blocks(kernel)
		return
	}
	if goroutines == 0 {
		goroutines = runtime.GOMAXPROCS(0)
	}
	p.shared(*kernel, goroutines)
}

// shared splits the result into parts for goroutines.
func (p product[T]) shared(kernel kernel[T], goroutines int) {
	down, across := grid(p.m, p.n, goroutines, kernel.rows, kernel.cols)
	if down*across == 1 {
		p.blocks(&kernel)
		return
	}
	workers.Do(down*across, func(i int) {
		firstRow, lastRow := share(p.m, i/across, down, kernel.rows)
		firstCol, lastCol := share(p.n, i%across, across, kernel.cols)
		q := p
		q.m, q.n = lastRow-firstRow, lastCol-firstCol
		q.a, q.b, q.c = p.a.From(firstRow, 0), p.b.From(0, firstCol), p.c.From(firstRow, firstCol)
		q.diagonal += firstRow - firstCol
		q.blocks(&kernel)
	})
}

// grid returns into how many parts rows and columns are split. Each part packs its columns of b anew for its rows, so that it is
// the columns that are split first.
func grid(m, n, goroutines, rows, cols int) (down, across int) {
	best := math.Inf(1)
	for d := 1; d <= goroutines; d++ {
		a := goroutines / d
		if d > 1 && m/d < 4*rows || a > 1 && n/a < 2*cols {
			continue
		}
		// What the slowest part computes, in products, and packs, which costs some of them.
		cost := float64(ceil(m, d)) * (float64(ceil(n, a)) + float64(cols)/2) * (1 + 8/float64(ceil(m, d)))
		if cost < best {
			best, down, across = cost, d, a
		}
	}
	if down == 0 {
		return 1, 1
	}
	return down, across
}

func ceil(n, parts int) int { return (n + parts - 1) / parts }

// share returns the part i of n, in whole tiles.
func share(n, i, parts, tile int) (first, last int) {
	tiles := ceil(n, tile)
	return min(tiles*i/parts*tile, n), min(tiles*(i+1)/parts*tile, n)
}
