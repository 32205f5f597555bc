package ndarray

import (
	"github.com/samebytes/samebytes/ndarray/internal/kern"
	"github.com/samebytes/samebytes/ndarray/internal/workers"
)

// fold is an operation that makes one value of type A of many elements of an array.
type fold[A Element] struct {
	// direct is the array's data, where its elements are taken as they are.
	direct []A
	// load stores n elements in buf as values of A, from the place from on and inc apart, where direct is nil. centre has
	// what an earlier fold has found for them.
	load func(buf []A, from, inc, n int, centre kern.Vec[A])
	// whole, unless it is nil, folds n elements that lie side by side as load and run would.
	whole func(from, n int, centre kern.Vec[A]) A
	// run folds n > 0 values.
	run func(v kern.Vec[A], n int) A
	// sums is true where run is kern.Sum.
	sums bool
	// lines, unless it is nil, stores in acc what run makes of lines of n values, each step values after the one before.
	lines func(acc []A, v kern.Vec[A], step, n int)
	// half is where run cuts n values in two, nil if that makes no difference.
	half func(n int) int
	// rows folds rows of n values, each stride values after the one before, into acc.
	rows func(acc []A, v kern.Vec[A], stride, rows, n int)
	// exact is true where the order of elements and halves makes no difference.
	exact bool
	// empty is the result of no elements, nil where there is none.
	empty *A
	// finish makes results of what has been folded; nil if that is them.
	finish func(acc []A)
	// Where next is there, these results are only the centre that next's load gets.
	next *fold[A]
}

const (
	// tileLen is how many results are worked on at a time: their values, and a few rows of partial ones, stay in the cache.
	tileLen = 1024
	// leafRows is how many rows are folded one after the other, as NumPy does with any number of them, before halves are folded
	// pairwise.
	leafRows = 32
	// exactRows is leafRows where nothing rounds: halves are only for goroutines.
	exactRows = 1024
	// lineLen is how many elements of a line are folded at a time where they are loaded first, or to read lines together that
	// lie side by side.
	lineLen = 1024
	// gatherLen is how many elements are copied into one line, if all are folded into one result, before they are. NumPy's buffer
	// has as many, and so the sums of that many are the same.
	gatherLen = 8192
	// shortAxis is the length below which an axis is not worth a loop of its own, if there is one that is longer than that.
	shortAxis = 16
)

// folding is a fold of the elements of one array: its axes, in the order of memory, and what they are there for.
//
// Either rows of elements along the axis tile, which is kept, are folded into one another; or there is also an axis line,
// which is folded away for each index of the tile by itself. The rows lie along the axes outer, which are folded away too.
// All this happens for each index of the axes kept. The partial results are joined in an order that the shape and strides
// decide, so that they don't depend on the number of goroutines.
type folding[A Element] struct {
	*fold[A]
	first       int // offset of the first element
	firstTo     int // offset of the first result
	tile, line  foldAxis
	outer, kept []foldAxis // from the outermost to the innermost
	hasLine     bool
	gathered    int // elements that are gathered into one line
	leafRows    int
	most        int // results of a unit
}

// foldAxis is an axis along which elements are step apart, and results to.
type foldAxis struct{ n, step, to int }

// newFolding returns the folding of the elements that lie as from says into results that lie as to says: on the same axes, with a
// stride of zero on those that are folded away. Neither may be empty.
func newFolding[A Element](f *fold[A], from, to *layout) *folding[A] {
	l := newForwardLoops(from, to)
	if f.exact {
		l = newLoops(from, to)
	}
	g := &folding[A]{fold: f, first: l.offsets[0], firstTo: l.offsets[1],
		tile: foldAxis{n: 1, step: 1, to: 1}, line: foldAxis{n: 1}, leafRows: leafRows, most: tileLen}
	last := len(l.shape) - 1
	if !f.exact && f.half != nil && last > 0 && from.n <= gatherLen && to.n == 1 {
		g.gathered = from.n
	}
	main, inner := last, -1 // the axis that is taken whole, and the innermost kept one
	for d := last; d >= 0; d-- {
		if g.gathered == 0 && l.shape[last] < shortAxis && l.shape[d] > max(l.shape[main], shortAxis) {
			main = d
		}
		if l.strides[1][d] != 0 {
			inner = max(inner, d)
		}
	}
	if l.strides[1][main] != 0 {
		inner = main
	}
	for d, n := range l.shape {
		axis := foldAxis{n, l.strides[0][d], l.strides[1][d]}
		switch {
		case d == inner:
			g.tile = axis
		case d == main:
			g.line, g.hasLine = axis, true
		case axis.to != 0:
			g.kept = append(g.kept, axis)
		default:
			g.outer = append(g.outer, axis)
		}
	}
	if f.exact {
		g.leafRows = exactRows
	}
	if len(g.outer) == 0 {
		g.outer = []foldAxis{{n: 1}}
	}
	return g
}

// scratch has the values that one goroutine is working on.
type scratch[A Element] struct {
	acc, buf []A
	free     [][]A
	centre   []A
	line     []A // nil until elements are gathered
}

// row returns n values that nobody uses.
func (s *scratch[A]) row(n int) []A {
	if last := len(s.free) - 1; last >= 0 {
		row := s.free[last]
		s.free = s.free[:last]
		return row[:n]
	}
	return make([]A, n, len(s.acc))
}

func (s *scratch[A]) release(row []A) { s.free = append(s.free, row) }

func (g *folding[A]) newScratch() *scratch[A] {
	s := &scratch[A]{acc: make([]A, min(g.tile.n, tileLen))}
	if g.hasLine && (!g.wholeLines() || g.next != nil && (g.next.whole == nil || g.line.step != 1)) {
		s.buf = make([]A, max(min(g.tile.n, tileLen), min(g.line.n, lineLen)))
	}
	return s
}

// wholeLines reports whether lines are folded without being loaded.
func (g *folding[A]) wholeLines() bool {
	return g.direct != nil || g.whole != nil && g.line.step == 1
}

// each calls emit with all results: n values, and where the first of them goes. It may call it from several goroutines.
func (g *folding[A]) each(total int, emit func(acc []A, to, inc int)) {
	count := goroutines()
	units := g.count()
	if g.hasLine && count > 1 && units < 2*count && total >= pieceMin {
		g.most = max(min(tileLen, g.tile.n/(4*count)), shortAxis) // each result has a line of its own
		units = g.count()
	}
	switch {
	case count == 1 || total < tryMin:
		g.units(0, units, 1, emit)
	case units < 2*count:
		g.units(0, units, count, emit)
	default:
		workers.Share(count, units, total >= longMin, func(first, last int) { g.units(first, last, 1, emit) })
	}
}

// count returns the number of units.
func (g *folding[A]) count() int {
	units := (g.tile.n + g.most - 1) / g.most
	for _, axis := range g.kept {
		units *= axis.n
	}
	return units
}

// units works out the results from unit first to last-1: a unit is a tile at one index of the kept axes.
func (g *folding[A]) units(first, last, goroutines int, emit func(acc []A, to, inc int)) {
	s := g.newScratch()
	for unit := first; unit < last; unit++ {
		from, to, rest := g.first, g.firstTo, unit
		for d := len(g.kept) - 1; d >= 0; d-- {
			axis := g.kept[d]
			i := rest % axis.n
			rest /= axis.n
			from += i * axis.step
			to += i * axis.to
		}
		n := min(g.most, g.tile.n-rest*g.most)
		from += rest * g.most * g.tile.step
		to += rest * g.most * g.tile.to
		acc := s.acc[:n]
		g.all(acc, from, s, goroutines)
		if g.next != nil {
			g.finish(acc)
			s.centre = acc
			second := *g
			second.fold = g.next
			acc = s.row(n)
			second.all(acc, from, s, goroutines)
			second.finish(acc)
			emit(acc, to, g.tile.to)
			s.release(acc)
			continue
		}
		if g.finish != nil {
			g.finish(acc)
		}
		emit(acc, to, g.tile.to)
	}
}

// all stores in acc what all rows fold into.
func (g *folding[A]) all(acc []A, from int, s *scratch[A], goroutines int) {
	if g.gathered == 0 {
		g.rowsFrom(acc, 0, from, g.outer[0].n, s, goroutines)
		return
	}
	if s.line == nil {
		s.line = make([]A, 0, g.gathered)
	}
	line := g.gather(s.line[:0], 0, from, kern.Vec[A]{Data: s.centre})
	acc[0] = g.run(kern.Vec[A]{Data: line, Inc: 1}, len(line))
}

// gather appends the elements of the rows on an outer axis, and on those within, to line.
func (g *folding[A]) gather(line []A, level, from int, centre kern.Vec[A]) []A {
	axis := g.outer[level]
	for range axis.n {
		n := len(line)
		switch {
		case level < len(g.outer)-1:
			line = g.gather(line, level+1, from, centre)
		case g.direct != nil:
			line = line[:n+g.line.n]
			kern.Copy(kern.Vec[A]{Data: line, Off: n, Inc: 1}, kern.Vec[A]{Data: g.direct, Off: from, Inc: g.line.step}, g.line.n)
		default:
			line = line[:n+g.line.n]
			g.load(line[n:], from, g.line.step, g.line.n, centre)
		}
		from += axis.step
	}
	return line
}

// rowsFrom stores in acc what count rows on an outer axis, and those on all axes within, fold into: pairwise, which rounds
// as little as may be. Halves may be shared out among goroutines.
func (g *folding[A]) rowsFrom(acc []A, level, from, count int, s *scratch[A], goroutines int) {
	axis, last := g.outer[level], level == len(g.outer)-1
	rows := count
	for _, inner := range g.outer[level+1:] {
		rows *= inner.n
	}
	switch {
	case rows <= g.leafRows:
		g.leaf(acc, level, from, count, false, s, goroutines)
		return
	case count == 1:
		g.rowsFrom(acc, level+1, from, g.outer[level+1].n, s, goroutines)
		return
	}
	half := count / 2
	if last {
		half = (half + g.leafRows - 1) / g.leafRows * g.leafRows
	}
	g.halves(acc, rows*len(acc)*g.line.n, s, goroutines,
		func(acc []A, s *scratch[A], goroutines int) { g.rowsFrom(acc, level, from, half, s, goroutines) },
		func(acc []A, s *scratch[A], goroutines int) {
			g.rowsFrom(acc, level, from+half*axis.step, count-half, s, goroutines)
		})
}

// halves folds what two halves of so much work store into acc. With several goroutines each half has its own.
func (g *folding[A]) halves(acc []A, work int, s *scratch[A], goroutines int, left, right func(acc []A, s *scratch[A], goroutines int)) {
	var other []A
	if goroutines > 1 && work >= parallelMin {
		mine := g.newScratch()
		mine.centre = s.centre
		other = mine.acc[:len(acc)]
		workers.Do(2, func(half int) {
			if half == 0 {
				left(acc, s, goroutines-goroutines/2)
			} else {
				right(other, mine, goroutines/2)
			}
		})
	} else {
		other = s.row(len(acc))
		defer s.release(other)
		left(acc, s, 1)
		right(other, s, 1)
	}
	g.rows(acc, kern.Vec[A]{Data: other, Inc: 1}, 0, 1, len(acc))
}

// leaf stores in acc what count rows on an outer axis, and those on all axes within, fold into, one after the other. If begun,
// it folds them into what acc has.
func (g *folding[A]) leaf(acc []A, level, from, count int, begun bool, s *scratch[A], goroutines int) {
	step := g.outer[level].step
	if level < len(g.outer)-1 {
		for range count {
			g.leaf(acc, level+1, from, g.outer[level+1].n, begun, s, goroutines)
			from += step
			begun = true
		}
		return
	}
	if !begun {
		g.row(acc, from, s, goroutines)
		from += step
		count--
	}
	n := len(acc)
	switch {
	case count == 0:
		return
	case g.direct != nil && !g.hasLine:
		g.rows(acc, kern.Vec[A]{Data: g.direct, Off: from, Inc: g.tile.step}, step, count, n)
		return
	}
	row := s.row(n)
	for range count {
		g.row(row, from, s, goroutines)
		g.rows(acc, kern.Vec[A]{Data: row, Inc: 1}, 0, 1, n)
		from += step
	}
	s.release(row)
}

// row stores in acc one row.
func (g *folding[A]) row(acc []A, from int, s *scratch[A], goroutines int) {
	switch {
	case g.hasLine:
		g.lines(acc, from, g.line.n, s, goroutines)
	case g.direct != nil:
		kern.Copy(kern.Vec[A]{Data: acc, Inc: 1}, kern.Vec[A]{Data: g.direct, Off: from, Inc: g.tile.step}, len(acc))
	default:
		g.load(acc, from, g.tile.step, len(acc), kern.Vec[A]{Data: s.centre, Inc: 1})
	}
}

// lines stores in acc what n elements of each result's line fold into.
func (g *folding[A]) lines(acc []A, from, n int, s *scratch[A], goroutines int) {
	together := !g.wholeLines() || len(acc) > 1 && max(g.line.step, -g.line.step) > max(g.tile.step, -g.tile.step)
	if n > lineLen && (together || goroutines > 1 && n*len(acc) >= parallelMin) {
		half := n / 2
		if g.half != nil {
			half = g.half(n)
		}
		g.halves(acc, n*len(acc), s, goroutines,
			func(acc []A, s *scratch[A], goroutines int) { g.lines(acc, from, half, s, goroutines) },
			func(acc []A, s *scratch[A], goroutines int) {
				g.lines(acc, from+half*g.line.step, n-half, s, goroutines)
			})
		return
	}
	if g.direct != nil {
		if g.fold.lines != nil {
			g.fold.lines(acc, kern.Vec[A]{Data: g.direct, Off: from, Inc: g.line.step}, g.tile.step, n)
			return
		}
		for j := range acc {
			acc[j] = g.run(kern.Vec[A]{Data: g.direct, Off: from, Inc: g.line.step}, n)
			from += g.tile.step
		}
		return
	}
	if g.wholeLines() {
		for j := range acc {
			acc[j] = g.whole(from, n, kern.Vec[A]{Data: s.centre, Off: j})
			from += g.tile.step
		}
		return
	}
	for j := range acc {
		g.load(s.buf, from, g.line.step, n, kern.Vec[A]{Data: s.centre, Off: j})
		acc[j] = g.run(kern.Vec[A]{Data: s.buf, Inc: 1}, n)
		from += g.tile.step
	}
}
