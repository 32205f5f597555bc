package gemm

// packB stores k rows of n columns of b in dst, in panels as package asm has them, the last one with zeros for what it has too few
// columns for.
func packB[T Float](dst []T, b Matrix[T], k, n, cols int) {
	for j := 0; j < n; j += cols {
		panel, width := dst[j*k:(j+cols)*k], min(cols, n-j)
		if b.Step == 1 {
			for l := range k {
				to := panel[l*cols : (l+1)*cols]
				at := b.Off + l*b.Row + j
				if copy(to, b.Data[at:at+width]) < cols {
					clear(to[width:])
				}
			}
			continue
		}
		gather(panel, b.From(0, j), k, width, cols)
	}
}

// packA stores rows of k columns of a in dst, as a panel.
func packA[T Float](dst []T, a Matrix[T], rows, k, height int) {
	gather(dst, a.T(), k, rows, height)
}

// gather stores k rows of n columns of b in a panel of so many columns, for any strides.
func gather[T Float](panel []T, b Matrix[T], k, n, cols int) {
	if n < cols {
		clear(panel[:k*cols])
	}
	for j := range n {
		from, to := b.Off+j*b.Step, j
		for range k {
			panel[to] = b.Data[from]
			from += b.Row
			to += cols
		}
	}
}
