package ndarray

// convertToHalf stores a's elements in dst, rounded once: from float64, which has all of every other type that a half float
// can tell apart.
func convertToHalf[H Float16 | BFloat16](dst *Array[H], a any, round func(float64) H) bool {
	wide := New[float64](dst.shape...)
	if !convert(wide, a) {
		return false
	}
	l := newLoops(&dst.layout, &wide.layout)
	to, from := l.inc(0), l.inc(1)
	l.eachParallel(func(offsets []int, n int) {
		d, s := offsets[0], offsets[1]
		for range n {
			dst.data[d] = round(wide.data[s])
			d, s = d+to, s+from
		}
	})
	return true
}

// convertFromHalf stores a's elements in dst, as those of the float32 that they are.
func convertFromHalf[H Float16 | BFloat16](dst any, a *Array[H], value func(H) float32) bool {
	wide := New[float32](a.shape...)
	l := newLoops(&wide.layout, &a.layout)
	to, from := l.inc(0), l.inc(1)
	l.eachParallel(func(offsets []int, n int) {
		d, s := offsets[0], offsets[1]
		for range n {
			wide.data[d] = value(a.data[s])
			d, s = d+to, s+from
		}
	})
	return convert(dst, wide)
}
