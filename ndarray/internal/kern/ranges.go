package kern

// Arange stores start and start+step in dst, and then start + i*delta, where delta is the difference of these two.
func Arange[T ~int8 | ~int16 | ~int32 | ~int64 | ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~float32 | ~float64](dst []T, start, step T) {
	next := start + step
	delta := next - start
	for i := range dst {
		dst[i] = start + T(T(i)*delta) // the conversion keeps the compiler from fusing both operations, which NumPy rounds apart
	}
	copy(dst, []T{start, next})
}

// Linspace stores len(dst) numbers from start to stop in dst, evenly spaced: rounded where NumPy's linspace rounds, so that
// the last addition must not be fused with the multiplication.
func Linspace[T ~float32 | ~float64](dst []T, start, stop float64) {
	delta, parts := stop-start, float64(len(dst)-1)
	step := delta / parts
	for i := range dst {
		at := float64(i)
		switch {
		case len(dst) == 1:
			at *= delta
		case step == 0: // or too small for a float64
			at = at / parts * delta
		default:
			at *= step
		}
		dst[i] = T(float64(at) + start)
	}
	if len(dst) > 1 {
		dst[len(dst)-1] = T(stop)
	}
}
