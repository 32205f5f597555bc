package kern

// Generate stores what next returns in n elements of dst, in their order.
func Generate[T any](dst Vec[T], next func() T, n int) {
	for to := dst.Off; n > 0; n-- {
		dst.Data[to] = next()
		to += dst.Inc
	}
}

// Swap exchanges n elements of a with those of b.
func Swap[T any](a, b Vec[T], n int) {
	i, j := a.Off, b.Off
	for range n {
		a.Data[i], b.Data[j] = b.Data[j], a.Data[i]
		i += a.Inc
		j += b.Inc
	}
}
