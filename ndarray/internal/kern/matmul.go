package kern

// Matrix is rows of neighbours in Data, each Stride elements after the one before it.
type Matrix[T any] struct {
	Data               []T
	Rows, Cols, Stride int
}

// Row returns a row.
func (m Matrix[T]) Row(i int) []T { return m.Data[i*m.Stride : i*m.Stride+m.Cols : i*m.Stride+m.Cols] }

// Part returns the rows from first to last-1.
func (m Matrix[T]) Part(first, last int) Matrix[T] {
	return Matrix[T]{m.Data[first*m.Stride:], last - first, m.Cols, m.Stride}
}

// Blocks of b that the nearest caches keep while each row of a passes over them.
const (
	blockRows = 64
	blockCols = 512
)

// MatMul stores the product of a and b in c, whose elements are no operand's. Integers wrap; no factor is left out because the
// other is zero, as it must not be where that may be infinite.
func MatMul[T Number](c, a, b Matrix[T]) {
	for i := range c.Rows {
		clear(c.Row(i))
	}
	for first := 0; first < b.Rows; first += blockRows {
		for left := 0; left < b.Cols; left += blockCols {
			last, right := min(first+blockRows, b.Rows), min(left+blockCols, b.Cols)
			for i := range c.Rows {
				sums, factors := c.Row(i)[left:right], a.Row(i)[first:last]
				l := 0
				for ; l+4 <= len(factors); l += 4 {
					addProducts4(sums, [4]T(factors[l:]), b.Row(first + l)[left:right], b.Row(first + l + 1)[left:right],
						b.Row(first + l + 2)[left:right], b.Row(first + l + 3)[left:right])
				}
				for ; l < len(factors); l++ {
					for j, v := range b.Row(first + l)[left:right] {
						sums[j] += factors[l] * v
					}
				}
			}
		}
	}
}

// addProducts4 adds four rows, each times a factor, to sums, one after the other.
func addProducts4[T Number](sums []T, f [4]T, x0, x1, x2, x3 []T) {
	x0, x1, x2, x3 = x0[:len(sums)], x1[:len(sums)], x2[:len(sums)], x3[:len(sums)]
	for j, sum := range sums {
		sums[j] = sum + f[0]*x0[j] + f[1]*x1[j] + f[2]*x2[j] + f[3]*x3[j]
	}
}

// Dot returns the sum of the products of n elements.
func Dot[T Number](a, b Vec[T], n int) T {
	var sum T
	i, j := a.Off, b.Off
	for range n {
		sum += a.Data[i] * b.Data[j]
		i += a.Inc
		j += b.Inc
	}
	return sum
}

// Finite reports whether no element is infinite or NaN.
func Finite[T Number](m Matrix[T]) bool {
	var zero T
	for i := range m.Rows {
		for _, v := range m.Row(i) {
			zero += v - v
		}
	}
	return zero == 0
}
