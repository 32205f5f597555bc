package gemm

import "github.com/samebytes/samebytes/ndarray/internal/kern/asm"

// packB stores k rows of n columns of b in dst, in panels as package asm has them, the last one with zeros for what it has too few
// columns for.
func (r *kernel[T]) packB(dst []T, b Matrix[T], k, n int) {
	first := 0
	if whole := n / r.cols; whole > 0 && b.Step == 1 && r.pack != nil {
		r.copyPanels(dst, b, k, whole)
		first = whole * r.cols
	}
	for j := first; j < n; j += r.cols {
		r.gather(dst[j*k:(j+r.cols)*k], b.From(0, j), k, min(r.cols, n-j), r.cols)
	}
}

// gather stores k rows of n columns of b in a panel of so many columns, for any strides.
func (r *kernel[T]) gather(panel []T, b Matrix[T], k, n, cols int) {
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
	if b.Row == 1 && r.transpose != nil {
		deep, wide := k-k%asm.TransposeSide, n-n%asm.TransposeSide
		if deep > 0 && wide > 0 {
			r.transposeRows(panel, b.T(), deep, wide, cols)
		} else {
			deep, wide = 0, 0
		}
		spread(panel[deep*cols:], b.From(deep, 0), k-deep, wide, cols)
		spread(panel[wide:], b.From(0, wide), k, n-wide, cols)
		return
	}
	spread(panel, b, k, n, cols)
}

// spread stores k rows of n columns of b in rows that are cols apart.
func spread[T Float](dst []T, b Matrix[T], k, n, cols int) {
	for j := range n {
		from, to := b.Off+j*b.Step, j
		for range k {
			dst[to] = b.Data[from]
			from += b.Row
			to += cols
		}
	}
}
