package kern

// Unary is a loop over one operand, Binary over two, and Ternary over three. They are interfaces and not functions because a
// generic function's value is allocated where it is made, and an empty struct in an interface is not.
type (
	Unary[U, T any] interface {
		Run(dst Vec[U], a Vec[T], n int)
	}
	Binary[U, T, V any] interface {
		Run(dst Vec[U], a Vec[T], b Vec[V], n int)
	}
	Ternary[U, T, V, W any] interface {
		Run(dst Vec[U], a Vec[T], b Vec[V], c Vec[W], n int)
	}
)

// Rows1 runs a loop over rows of n elements. Loops that are written out go from row to row themselves, which takes a fifth of
// the time that it takes to call them for each.
func Rows1[U, T any](loop Unary[U, T], dst Vec[U], a Vec[T], n, rows int) {
	if loop, ok := loop.(interface {
		Rows(dst Vec[U], a Vec[T], n, rows int)
	}); ok {
		loop.Rows(dst, a, n, rows)
		return
	}
	for range rows {
		loop.Run(dst, a, n)
		dst.Off += dst.Next
		a.Off += a.Next
	}
}

// shortRow is how many elements a row has at most that is repeated for several rows of the other operand, so that they become one
// run: the start of a run takes as long as a hundred elements or so. rowsBlock is how many elements such a run has.
const (
	shortRow  = 128
	rowsBlock = 1024
)

// repeated returns a row of n elements as often as fits in a block, and how often that is.
func repeated[T any](row Vec[T], n, rows int) (Vec[T], int) {
	times := min(rows, rowsBlock/n)
	data := make([]T, 0, n*times)
	for range times {
		data = append(data, row.Unit(n)...)
	}
	return Vec[T]{Data: data, Inc: 1}, times
}

// Rows2 is Rows1 for two operands.
func Rows2[U, T, V any](loop Binary[U, T, V], dst Vec[U], a Vec[T], b Vec[V], n, rows int) {
	if n <= shortRow && n*rows >= rowsBlock && dst.Inc == 1 && dst.Next == n {
		switch {
		case a.Inc == 1 && a.Next == n && b.Inc == 1 && b.Next == 0:
			b, block := repeated(b, n, rows)
			for ; rows > 0; rows -= block {
				loop.Run(dst, a, b, n*min(block, rows))
				dst.Off += n * block
				a.Off += n * block
			}
			return
		case b.Inc == 1 && b.Next == n && a.Inc == 1 && a.Next == 0:
			a, block := repeated(a, n, rows)
			for ; rows > 0; rows -= block {
				loop.Run(dst, a, b, n*min(block, rows))
				dst.Off += n * block
				b.Off += n * block
			}
			return
		}
	}
	if loop, ok := loop.(interface {
		Rows(dst Vec[U], a Vec[T], b Vec[V], n, rows int)
	}); ok {
		loop.Rows(dst, a, b, n, rows)
		return
	}
	for range rows {
		loop.Run(dst, a, b, n)
		dst.Off += dst.Next
		a.Off += a.Next
		b.Off += b.Next
	}
}

// Rows3 is Rows1 for three operands.
func Rows3[U, T, V, W any](loop Ternary[U, T, V, W], dst Vec[U], a Vec[T], b Vec[V], c Vec[W], n, rows int) {
	if loop, ok := loop.(interface {
		Rows(dst Vec[U], a Vec[T], b Vec[V], c Vec[W], n, rows int)
	}); ok {
		loop.Rows(dst, a, b, c, n, rows)
		return
	}
	for range rows {
		loop.Run(dst, a, b, c, n)
		dst.Off += dst.Next
		a.Off += a.Next
		b.Off += b.Next
		c.Off += c.Next
	}
}

// Func stores f(x), element for element.
type Func[U, T any] func(T) U

func (f Func[U, T]) Run(dst Vec[U], a Vec[T], n int) {
	d, p := dst.Data, a.Data
	to, i := dst.Off, a.Off
	for range n {
		d[to] = f(p[i])
		to += dst.Inc
		i += a.Inc
	}
}

// Func2 stores f(x, y).
type Func2[U, T, V any] func(T, V) U

func (f Func2[U, T, V]) Run(dst Vec[U], a Vec[T], b Vec[V], n int) {
	d, p, q := dst.Data, a.Data, b.Data
	to, i, j := dst.Off, a.Off, b.Off
	for range n {
		d[to] = f(p[i], q[j])
		to += dst.Inc
		i += a.Inc
		j += b.Inc
	}
}

// FloatFunc stores f(x) rounded to T.
type FloatFunc[T Float] func(float64) float64

func (f FloatFunc[T]) Run(dst, a Vec[T], n int) {
	d, p := dst.Data, a.Data
	to, i := dst.Off, a.Off
	for range n {
		d[to] = T(f(float64(p[i])))
		to += dst.Inc
		i += a.Inc
	}
}

// FloatFunc2 stores f(x, y) rounded to T.
type FloatFunc2[T Float] func(x, y float64) float64

func (f FloatFunc2[T]) Run(dst, a, b Vec[T], n int) {
	d, p, q := dst.Data, a.Data, b.Data
	to, i, j := dst.Off, a.Off, b.Off
	for range n {
		d[to] = T(f(float64(p[i]), float64(q[j])))
		to += dst.Inc
		i += a.Inc
		j += b.Inc
	}
}

// ComplexFunc stores f(x) rounded to T.
type ComplexFunc[T Complex] func(complex128) complex128

func (f ComplexFunc[T]) Run(dst, a Vec[T], n int) {
	d, p := dst.Data, a.Data
	to, i := dst.Off, a.Off
	for range n {
		d[to] = T(f(complex128(p[i])))
		to += dst.Inc
		i += a.Inc
	}
}

// ComplexFunc2 stores f(x, y) rounded to T.
type ComplexFunc2[T Complex] func(x, y complex128) complex128

func (f ComplexFunc2[T]) Run(dst, a, b Vec[T], n int) {
	d, p, q := dst.Data, a.Data, b.Data
	to, i, j := dst.Off, a.Off, b.Off
	for range n {
		d[to] = T(f(complex128(p[i]), complex128(q[j])))
		to += dst.Inc
		i += a.Inc
		j += b.Inc
	}
}

// UnaryLoop is a loop that is a function.
type UnaryLoop[U, T any] func(dst Vec[U], a Vec[T], n int)

func (f UnaryLoop[U, T]) Run(dst Vec[U], a Vec[T], n int) { f(dst, a, n) }

// BinaryLoop is a loop that is a function.
type BinaryLoop[U, T, V any] func(dst Vec[U], a Vec[T], b Vec[V], n int)

func (f BinaryLoop[U, T, V]) Run(dst Vec[U], a Vec[T], b Vec[V], n int) { f(dst, a, b, n) }
