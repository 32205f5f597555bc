package kern

// Vec is a run: the elements Data[Off], Data[Off+Inc], Data[Off+2*Inc], ... The increment may be negative, or zero. Of several
// rows each begins Next elements after the one before.
type Vec[T any] struct {
	Data     []T
	Off, Inc int
	Next     int
}

// Unit returns the n elements of a run whose increment is one.
func (v Vec[T]) Unit(n int) []T { return v.Data[v.Off : v.Off+n : v.Off+n] }

// Copy stores n elements of src in dst.
func Copy[T any](dst, src Vec[T], n int) {
	if dst.Inc == 1 && src.Inc == 1 {
		copy(dst.Unit(n), src.Unit(n))
		return
	}
	if src.Inc == 0 {
		Fill(dst, src.Data[src.Off], n)
		return
	}
	to, from := dst.Off, src.Off
	for range n {
		dst.Data[to] = src.Data[from]
		to += dst.Inc
		from += src.Inc
	}
}

// Fill stores v in n elements of dst.
func Fill[T any](dst Vec[T], v T, n int) {
	if dst.Inc == 1 {
		const block = 512 // elements, which then stay in the first cache
		d := dst.Unit(n)
		first := d[:min(n, block)]
		for i := range first {
			first[i] = v
		}
		if n > block {
			repeat(d, block)
		}
		return
	}
	for to := dst.Off; n > 0; n-- {
		dst.Data[to] = v
		to += dst.Inc
	}
}
