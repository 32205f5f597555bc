package kern

// Load stores n elements in dst as values of its type.
func Load[A, T Real](dst []A, x Vec[T], n int) {
	dst = dst[:n]
	if x.Inc == 1 {
		u := x.Unit(n)[:len(dst)]
		for i := range dst {
			dst[i] = A(u[i])
		}
		return
	}
	at := x.Off
	for i := range dst {
		dst[i] = A(x.Data[at])
		at += x.Inc
	}
}

// LoadComplex stores n elements in dst as complex numbers.
func LoadComplex[T Real](dst []complex128, x Vec[T], n int) {
	at := x.Off
	for i := range dst[:n] {
		dst[i] = complex(float64(x.Data[at]), 0)
		at += x.Inc
	}
}

// LoadComplexes stores n complex elements in dst.
func LoadComplexes[T Complex](dst []complex128, x Vec[T], n int) {
	at := x.Off
	for i := range dst[:n] {
		dst[i] = complex128(x.Data[at])
		at += x.Inc
	}
}

// LoadReal stores the real parts of n complex elements in dst.
func LoadReal[A Real, T Complex](dst []A, x Vec[T], n int) {
	at := x.Off
	for i := range dst[:n] {
		dst[i] = A(real(complex128(x.Data[at])))
		at += x.Inc
	}
}

// Store stores n values in dst as elements of its type.
func Store[T, A Real](dst Vec[T], x []A, n int) {
	to := dst.Off
	for _, v := range x[:n] {
		dst.Data[to] = T(v)
		to += dst.Inc
	}
}
