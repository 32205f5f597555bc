package gemm

// Tiny reports whether a product is one that a plain loop computes before blocks are packed.
func Tiny(m, n, k int) bool { return uint(m|n|k) < 1<<16 && m*n*k <= 216 }

// Plain is Multiply in plain Go, with all strides zero or more.
func Plain[T Float](m, n, k int, alpha T, a []T, aRow, aStep int, b []T, bRow, bStep int, beta T, c []T, ldc int) {
	for i := range m {
		row := c[i*ldc:][:n]
		for j := range row {
			var sum T
			x, y := i*aRow, j*bStep
			for range k {
				sum += a[x] * b[y]
				x += aStep
				y += bRow
			}
			sum *= alpha
			if beta != 0 {
				sum += beta * row[j]
			}
			row[j] = sum
		}
	}
}
