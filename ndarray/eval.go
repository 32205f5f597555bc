package ndarray

import (
	"sync"

	"github.com/samebytes/samebytes/ndarray/internal/kern"
)

// Expr is an expression over arrays of T, for [Eval]: an array ([Lazy]), a number ([Const]), or a function of expressions. It is a value that
// never changes, and may be part of any number of others. Making one reads no elements and checks no shapes.
//
// Functions are those on arrays, by their names: x.Apply2(ndarray.Div, y).Apply(ndarray.Sqrt).
// The zero Expr is none: whatever is given it panics with a [ValueError].
type Expr[T Number] struct{ node node[T] }

// Cond is a condition on the elements of arrays, for [Expr.Where] and [EvalCond]. It is a value that never changes. The zero Cond
// is none, as the zero [Expr] is.
type Cond struct{ node node[bool] }

// Lazy is the elements of a, which the expression shares: those at the time of Eval.
// It panics with a [ValueError] if a is nil.
func Lazy[T Number](a *Array[T]) Expr[T] { return Expr[T]{variableOf("Lazy", a)} }

// Const is v everywhere.
func Const[T Number](v T) Expr[T] { return Expr[T]{&constant[T]{value: Scalar(v)}} }

// Add is x + y.
func (x Expr[T]) Add(y Expr[T]) Expr[T] {
	return Expr[T]{&sum[T]{x: given("Add", x.node), y: given("Add", y.node)}}
}

// Sub is x - y.
func (x Expr[T]) Sub(y Expr[T]) Expr[T] { return x.with("Sub", Sub[T], y) }

// Mul is x * y.
func (x Expr[T]) Mul(y Expr[T]) Expr[T] {
	return Expr[T]{&product[T]{call2[T, T]{f: Mul[T], x: given("Mul", x.node), y: given("Mul", y.node)}}}
}

// Apply is f of x, where f is an elementwise function of this package, or one of your own that keeps to their rules: it stores
// its result in dst, which is not nil and may be a, depends on no other element, and keeps neither array. Several goroutines
// may call it at once.
func (x Expr[T]) Apply(f func(dst, a *Array[T]) *Array[T]) Expr[T] {
	return Expr[T]{&call1[T, T]{f: f, x: given("Apply", x.node)}}
}

// Apply2 is f of x and y, where f is as in [Expr.Apply].
func (x Expr[T]) Apply2(f func(dst, a, b *Array[T]) *Array[T], y Expr[T]) Expr[T] {
	return x.with("Apply2", f, y)
}

func (x Expr[T]) with(op string, f func(dst, a, b *Array[T]) *Array[T], y Expr[T]) Expr[T] {
	return Expr[T]{&call2[T, T]{f: f, x: given(op, x.node), y: given(op, y.node)}}
}

// Compare is the condition that f says of x and y, where f is [Less] or the like, as in [Expr.Apply].
func (x Expr[T]) Compare(f func(dst *Array[bool], a, b *Array[T]) *Array[bool], y Expr[T]) Cond {
	return Cond{&call2[bool, T]{f: f, x: given("Compare", x.node), y: given("Compare", y.node)}}
}

// Test is the condition that f says of x, where f is [IsNaN] or the like, as in [Expr.Apply].
func (x Expr[T]) Test(f func(dst *Array[bool], a *Array[T]) *Array[bool]) Cond {
	return Cond{&call1[bool, T]{f: f, x: given("Test", x.node)}}
}

// Where is x where the condition holds, and y elsewhere.
func (x Expr[T]) Where(c Cond, y Expr[T]) Expr[T] {
	const op = "Where"
	return Expr[T]{&choice[T]{cond: given(op, c.node), x: given(op, x.node), y: given(op, y.node)}}
}

// Mask is the elements of a, which the condition shares: those at the time of Eval.
// It panics with a [ValueError] if a is nil.
func Mask(a *Array[bool]) Cond { return Cond{variableOf("Mask", a)} }

// And is c && d.
func (c Cond) And(d Cond) Cond {
	return Cond{&call2[bool, bool]{f: LogicalAnd, x: given("And", c.node), y: given("And", d.node)}}
}

// Or is c || d.
func (c Cond) Or(d Cond) Cond {
	return Cond{&call2[bool, bool]{f: LogicalOr, x: given("Or", c.node), y: given("Or", d.node)}}
}

// Not is !c.
func (c Cond) Not() Cond { return Cond{&call1[bool, bool]{f: LogicalNot, x: given("Not", c.node)}} }

// Eval stores the values of an expression in dst and returns it. Its arrays are broadcast together, and dst has their common
// shape; a nil dst is allocated. The result is that of the same functions called one after the other, but it is computed in
// blocks of some two thousand elements that stay in the processor's cache, without arrays for what lies between. dst may be one
// of the arrays, or overlap them.
//
// It panics with a [ShapeError] if the arrays do not broadcast or dst has another shape, with [ErrReadOnly] or a
// [LayoutError] if dst can't be written, before anything is written; and with what a function of the expression panics with.
func Eval[T Number](dst *Array[T], x Expr[T]) *Array[T] {
	return eval("Eval", dst, given("Eval", x.node))
}

// EvalCond is [Eval] for a condition.
func EvalCond(dst *Array[bool], c Cond) *Array[bool] {
	return eval("EvalCond", dst, given("EvalCond", c.node))
}

// blockSize is the number of elements that are computed at a time: enough that calls cost little beside them, and so few that the
// blocks of an expression fit a processor's first cache (16 KB each, of float64).
const blockSize = 2048

func eval[T Element](op string, dst *Array[T], x node[T]) *Array[T] {
	if dst != nil && dst.dense && dst.n <= blockSize && !dst.readonly && atOnce(dst, x) {
		return dst
	}
	var leaves []leaf
	x.collect(&leaves)
	shapes := make([][]int, len(leaves))
	for k, leaf := range leaves {
		shapes[k] = leaf.region().shape
	}
	shape := broadcastShape(op, shapes...)
	dst = destination(op, dst, shape, shapes...)
	layouts := make([]*layout, len(leaves)+1)
	layouts[0] = &dst.layout
	to := dst.region()
	past := kern.Past[T](dst.n)
	for k, leaf := range leaves {
		if from := leaf.region(); to.mayOverlap(from) {
			past = false
			if !to.same(from) {
				leaves[k] = leaf.copied()
			}
		}
		stretched := leaves[k].region().broadcast(shape)
		layouts[k+1] = &stretched
	}
	l := newLoops(layouts...)
	l.turn()
	var (
		all   []*machine[T]
		mutex sync.Mutex
	)
	machines := sync.Pool{New: func() any { // one for each goroutine
		m := &machine[T]{block: block{loops: &l, arena: arenas.Get().(*arena)}, leaves: leaves, past: past}
		mutex.Lock()
		all = append(all, m)
		mutex.Unlock()
		m.root = x.step(&m.block, &m.leaves)
		return m
	}}
	l.eachParallel(func(offsets []int, n int) {
		m := machines.Get().(*machine[T])
		m.run(dst, offsets, n)
		machines.Put(m)
	})
	for _, m := range all {
		m.arena.used = 0
		arenas.Put(m.arena)
	}
	return dst
}

// machine computes an expression, block after block.
type machine[T Element] struct {
	block
	leaves []leaf // those whose steps are not made yet
	root   step[T]
	result view[T]
	past   bool // whether results are stored past the caches
}

// block is the elements that are computed now: n of them, from the one with the number at on, of the run that begins at offsets.
type block struct {
	arena   *arena
	loops   *loops
	offsets []int
	at, n   int
}

// run computes the elements of one run of dst.
func (m *machine[T]) run(dst *Array[T], offsets []int, n int) {
	m.offsets = offsets
	inc := m.loops.inc(0)
	for m.at = 0; m.at < n; m.at += blockSize {
		m.n = min(blockSize, n-m.at)
		to := kern.Vec[T]{Data: dst.data, Off: offsets[0] + m.at*inc, Inc: inc}
		var target *Array[T]
		if inc == 1 && !m.past {
			target = m.result.of(to.Unit(m.n))
		}
		got, _ := m.root.compute(&m.block, target)
		switch {
		case got == target:
		case got.NDim() == 0:
			kern.Fill(to, got.data[0], m.n)
		case inc == 1 && m.past:
			kern.CopyPast(to.Unit(m.n), got.data)
		default:
			kern.Copy(to, kern.Vec[T]{Data: got.data, Inc: 1}, m.n)
		}
	}
}

// A node is a part of an expression whose values are T. It is shared, and so has no state, but for machines that nobody uses.
type node[T Element] interface {
	spares() *sync.Pool
	collect(leaves *[]leaf)                // appends the arrays, in the order in which step takes them
	step(b *block, leaves *[]leaf) step[T] // returns what computes the node, for one goroutine
}

// A step computes a node for the elements of a block. The result has one axis, or none if all its elements are the same; it is
// target where that is given and the step writes at all. It is scratch if the caller may overwrite it.
type step[T Element] interface {
	compute(b *block, target *Array[T]) (result *Array[T], scratch bool)
}

// A leaf is an array of an expression.
type leaf interface {
	region() region
	copied() leaf
	oneRun(dst region) (inc int, ok bool)
}

// view is an array with one axis that is made once and laid over one slice after the other.
type view[T Element] struct {
	array *Array[T]
}

func (v *view[T]) of(data []T) *Array[T] {
	if v.array == nil {
		v.array = newArray(data, contiguousLayout([]int{len(data)}, len(data)))
		return v.array
	}
	v.array.data, v.array.shape[0], v.array.n = data, len(data), len(data)
	return v.array
}

// buffer is memory for a block.
type buffer[T Element] struct {
	data []T
	view view[T]
	one  *Array[T] // without axes
}

func (b *buffer[T]) block(n int, from *arena) *Array[T] {
	if len(b.data) < n { // the first block is the longest, but of runs that are cut
		b.data = lend[T](from, n)
	}
	return b.view.of(b.data[:n])
}

// result returns where a function of operands may store its values: an array without axes if they have none.
func (b *buffer[T]) result(n int, from *arena, target *Array[T], single bool) *Array[T] {
	switch {
	case single:
		if b.one == nil {
			b.one = New[T]()
		}
		return b.one
	case target != nil:
		return target
	}
	return b.block(n, from)
}

// arena is memory that blocks are cut from. It is used again, for to allocate and clear blocks takes longer than to compute short ones.
type arena struct {
	words [16 << 10]uint64 // eight blocks of float64
	used  int
}

var arenas = sync.Pool{New: func() any { return new(arena) }}

// lend returns n elements of any values, from an arena that has as many left, if there is one.
func lend[T Element](from *arena, n int) []T {
	if from == nil {
		return make([]T, n)
	}
	const line = 8 // words
	words := (n*DTypeOf[T]().Size() + 7) / 8
	words = (words + line - 1) / line * line
	if words > len(from.words)-from.used {
		return make([]T, n)
	}
	first := from.used
	from.used += words
	return recast[T](from.words[first:from.used])[:n]
}

type constant[T Element] struct {
	value *Array[T]
	spare
}

func (c *constant[T]) collect(*[]leaf) {}

func (c *constant[T]) step(*block, *[]leaf) step[T] { return c }

func (c *constant[T]) compute(*block, *Array[T]) (*Array[T], bool) { return c.value, false }

// given returns a node that is part of an expression. It panics with a [ValueError] if there is none.
func given[T Element](op string, x node[T]) node[T] {
	if x == nil {
		panic(ValueError{op, nil, "expected an expression"})
	}
	return x
}

type variable[T Element] struct {
	array *Array[T]
	spare
}

func variableOf[T Element](op string, a *Array[T]) *variable[T] {
	if a == nil {
		panic(ValueError{op, nil, "expected an array"})
	}
	return &variable[T]{array: a}
}

func (v *variable[T]) collect(leaves *[]leaf) { *leaves = append(*leaves, v) }

func (v *variable[T]) region() region { return v.array.region() }

func (v *variable[T]) copied() leaf { return &variable[T]{array: v.array.Copy()} }

func (v *variable[T]) step(b *block, leaves *[]leaf) step[T] {
	operand := len(b.loops.strides) - len(*leaves)
	array := (*leaves)[0].(*variable[T]).array // perhaps a copy of v's
	*leaves = (*leaves)[1:]
	return &load[T]{data: array.data, operand: operand, inc: b.loops.inc(operand)}
}

// load is the step of a variable.
type load[T Element] struct {
	data         []T
	operand, inc int
	view         view[T]
	one          *Array[T]
	buffer       buffer[T]
}

func (l *load[T]) compute(b *block, _ *Array[T]) (*Array[T], bool) {
	from := kern.Vec[T]{Data: l.data, Off: b.offsets[l.operand] + b.at*l.inc, Inc: l.inc}
	switch l.inc {
	case 0:
		if l.one == nil {
			l.one = New[T]()
		}
		l.one.data[0] = l.data[from.Off]
		return l.one, false
	case 1:
		return l.view.of(from.Unit(b.n)), false
	}
	gathered := l.buffer.block(b.n, b.arena)
	kern.Copy(kern.Vec[T]{Data: gathered.data, Inc: 1}, from, b.n)
	return gathered, true
}

type call1[U, T Element] struct {
	f func(dst *Array[U], a *Array[T]) *Array[U]
	x node[T]
	spare
}

func (c *call1[U, T]) collect(leaves *[]leaf) { c.x.collect(leaves) }

func (c *call1[U, T]) step(b *block, leaves *[]leaf) step[U] {
	return &called1[U, T]{f: c.f, x: c.x.step(b, leaves)}
}

type called1[U, T Element] struct {
	f      func(dst *Array[U], a *Array[T]) *Array[U]
	x      step[T]
	buffer buffer[U]
}

func (c *called1[U, T]) compute(b *block, target *Array[U]) (*Array[U], bool) {
	x, scratch := c.x.compute(b, nil)
	if target == nil && scratch {
		target, _ = any(x).(*Array[U]) // of T other than U, it stays nil
	}
	dst := c.buffer.result(b.n, b.arena, target, x.NDim() == 0)
	c.f(dst, x)
	return dst, true
}

type call2[U, T Element] struct {
	f    func(dst *Array[U], a, b *Array[T]) *Array[U]
	x, y node[T]
	spare
}

func (c *call2[U, T]) collect(leaves *[]leaf) {
	c.x.collect(leaves)
	c.y.collect(leaves)
}

func (c *call2[U, T]) step(b *block, leaves *[]leaf) step[U] {
	x := c.x.step(b, leaves)
	return &called2[U, T]{f: c.f, x: x, y: c.y.step(b, leaves)}
}

type called2[U, T Element] struct {
	f      func(dst *Array[U], a, b *Array[T]) *Array[U]
	x      step[T]
	y      step[T]
	buffer buffer[U]
}

func (c *called2[U, T]) compute(b *block, target *Array[U]) (*Array[U], bool) {
	x, scratch := c.x.compute(b, nil)
	y, scratchToo := c.y.compute(b, nil)
	if target == nil && scratch && x.NDim() != 0 {
		target, _ = any(x).(*Array[U])
	}
	if target == nil && scratchToo && y.NDim() != 0 {
		target, _ = any(y).(*Array[U])
	}
	dst := c.buffer.result(b.n, b.arena, target, x.NDim()+y.NDim() == 0)
	c.f(dst, x, y)
	return dst, true
}

type choice[T Element] struct {
	cond node[bool]
	x, y node[T]
	spare
}

func (c *choice[T]) collect(leaves *[]leaf) {
	c.cond.collect(leaves)
	c.x.collect(leaves)
	c.y.collect(leaves)
}

func (c *choice[T]) step(b *block, leaves *[]leaf) step[T] {
	cond := c.cond.step(b, leaves)
	x := c.x.step(b, leaves)
	return &chosen[T]{cond: cond, x: x, y: c.y.step(b, leaves)}
}

type chosen[T Element] struct {
	cond   step[bool]
	x, y   step[T]
	buffer buffer[T]
}

func (c *chosen[T]) compute(b *block, target *Array[T]) (*Array[T], bool) {
	cond, _ := c.cond.compute(b, nil)
	x, _ := c.x.compute(b, nil)
	y, _ := c.y.compute(b, nil)
	dst := c.buffer.result(b.n, b.arena, target, cond.NDim()+x.NDim()+y.NDim() == 0)
	to := kern.Vec[T]{Data: dst.data, Inc: dst.NDim()}
	kern.Where(to, kern.Vec[bool]{Data: cond.data, Inc: cond.NDim()}, kern.Vec[T]{Data: x.data, Inc: x.NDim()},
		kern.Vec[T]{Data: y.data, Inc: y.NDim()}, dst.n)
	return dst, true
}
