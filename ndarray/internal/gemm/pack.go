package gemm

// packB stores k rows of n columns of b in dst, in panels as package asm has them, the last one with zeros for what it has too few
// columns for.
func (r *kernel[T]) packB(dst []T, b Matrix[T], k, n int) {
	first := 0
	if whole := n / r.cols; whole > 0 && b.Step == 1 && r.pack != nil {
		r.copyPanels(dst, b, k, whole)
		first = whole * r.cols
	}
	for j := first; j < n; j += r.cols {
		gather(dst[j*k:(j+r.cols)*k], b.From(0, j), k, min(r.cols, n-j), r.cols)
	}
}

// gather stores k rows of n columns of b in a panel of so many columns, for any strides.
func gather[T Float](panel []T, b Matrix[T], k, n, cols int) {
	if n < cols {
		clear(panel[:k*cols])
	}
	if b.Step == 1 {
		at := b.Off
		for l := range k {
			copy(panel[l*cols:][:n], b.Data[at:])
			at += b.Row
		}
		return
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
