package gemm

import "sync"

// What of b is packed at a time: blockK rows of blockCols columns, 645 KiB, in the cache of the second level, while blockK columns
// of a tile's rows of a are in that of the first.
const blockK = 344

func blockCols[T Float]() int { return 1920 / size[T]() }

// What one call of a kernel does without packing is less than what goroutines share: some tens of microseconds. Of more rows of b than
// directRows those that are far apart may not stay in the cache until the next tile reads them, except where the product is so small
// that packing takes longer.
const (
	directMax  = sharedMin - 1
	directRows = 256
	directMin  = 1 << 16
)

// small reports whether a product is one to do without packing.
func small(m, n, k int) bool {
	if uint(m|n|k) >= 1<<16 {
		return false
	}
	products := m * n * k
	return products <= directMin || products <= directMax && k <= directRows
}

// lowMax is the number of rows of c up to which b is read so rarely that it is not packed, where a kernel can read it as it is.
const lowMax = 16

// buffers is where packed blocks lie.
type buffers[T Float] struct {
	a, b []T
	tile []T // one that is not wholly part of the result
}

var pools = [2]sync.Pool{}

func pool[T Float]() *sync.Pool { return &pools[size[T]()/8] }

// room returns the slice, or a longer one.
func room[T Float](have []T, n int) []T {
	if len(have) < n {
		return aligned[T](n)
	}
	return have[:n]
}

// even returns the length of equal blocks, in whole tiles, that are at most as long as most.
func even(n, most, tile int) int {
	most -= most % tile
	return ceil(ceil(n, ceil(n, most)), tile) * tile
}

// blocks computes the product block by block.
func (p *product[T]) blocks(kernel *kernel[T]) {
	pool := pool[T]()
	buffer, _ := pool.Get().(*buffers[T])
	if buffer == nil {
		buffer = new(buffers[T])
	}
	defer pool.Put(buffer)
	deep := even(p.k, blockK, 4)
	wide := even(p.n, blockCols[T](), kernel.cols)
	buffer.b = room(buffer.b, wide*deep)
	buffer.a = room(buffer.a, kernel.rows*deep)
	buffer.tile = room(buffer.tile, kernel.rows*kernel.cols)
	for first := 0; first < p.k; first += deep {
		q := *p
		q.k = min(deep, p.k-first)
		if first > 0 {
			q.beta = 1
		}
		for left := 0; left < p.n; left += wide {
			q.n = min(wide, p.n-left)
			q.a, q.b, q.c = p.a.From(0, first), p.b.From(first, left), p.c.From(0, left)
			q.diagonal = p.diagonal - left
			q.block(kernel, buffer)
		}
	}
}

// block computes a product whose b is packed as a whole.
func (p *product[T]) block(kernel *kernel[T], buffer *buffers[T]) {
	bInPlace := kernel.strided != nil && p.b.Step == 1 && p.m <= lowMax
	if !bInPlace {
		kernel.packB(buffer.b, p.b, p.k, p.n)
	}
	aInPlace := kernel.strided != nil && p.a.Step == 1
	for i := 0; i < p.m; i += kernel.rows {
		rows := min(kernel.rows, p.m-i)
		a := p.a.From(i, 0)
		if !aInPlace {
			kernel.gather(buffer.a, a.T(), p.k, rows, kernel.rows)
			a = Matrix[T]{buffer.a, 0, 1, kernel.rows}
		}
		if p.part == whole && kernel.strided != nil {
			if bInPlace {
				kernel.tile(p.k, rows, p.n, a, p.b, p.c.From(i, 0), p.alpha, p.beta)
			} else {
				kernel.tiles(p.k, rows, p.n, a, buffer.b, p.c.From(i, 0), p.alpha, p.beta)
			}
			continue
		}
		for j := 0; j < p.n; j += kernel.cols {
			cols := min(kernel.cols, p.n-j)
			b := p.b.From(0, j)
			if !bInPlace {
				b = Matrix[T]{buffer.b, j * p.k, kernel.cols, 1}
			}
			side := p.side(i, j, rows, cols)
			switch {
			case side == outside:
			case side == inside && kernel.strided != nil:
				kernel.tile(p.k, rows, cols, a, b, p.c.From(i, j), p.alpha, p.beta)
			default:
				p.edge(kernel, buffer.tile, i, j, rows, cols, a, b, side)
			}
		}
	}
}

// side is where a tile lies.
type side int

const (
	inside side = iota
	outside
	across
)

// side returns whether a tile is in the part of the result that is computed.
func (p *product[T]) side(i, j, rows, cols int) side {
	if p.part == whole {
		return inside
	}
	i += p.diagonal
	first, last := j-(i+rows-1), j+cols-1-i // of the tile's diagonals, where 0 is that of the result
	if p.part == lower {
		first, last = -last, -first
	}
	switch {
	case first >= 0:
		return inside
	case last < 0:
		return outside
	}
	return across
}

// edge computes a tile in a place of its own, and from there what is in the part of the result that is computed.
func (p *product[T]) edge(kernel *kernel[T], place []T, i, j, rows, cols int, a, b Matrix[T], side side) {
	tile := Matrix[T]{place, 0, kernel.cols, 1}
	if kernel.strided != nil {
		kernel.tile(p.k, rows, cols, a, b, tile, 1, 0)
	} else {
		clear(place)
		kernel.add(p.k, a, b, tile)
	}
	for r := range rows {
		first, last := 0, cols
		if diagonal := i + r + p.diagonal - j; side == across && p.part == upper {
			first = max(diagonal, 0)
		} else if side == across {
			last = min(diagonal+1, cols)
		}
		if first >= last {
			continue
		}
		at := p.c.Off + (i+r)*p.c.Row + j
		to, from := p.c.Data[at+first:at+last], place[r*kernel.cols+first:r*kernel.cols+last]
		if p.beta == 0 {
			for x, v := range from {
				to[x] = p.alpha * v
			}
			continue
		}
		for x, v := range from {
			to[x] = p.alpha*v + p.beta*to[x]
		}
	}
}
