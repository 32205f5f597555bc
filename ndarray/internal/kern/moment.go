package kern

// SquaredFrom stores in dst the squares of n elements' distances from those of centre.
func SquaredFrom[T Real](dst []float64, x Vec[T], n int, centre Vec[float64]) {
	dst = dst[:n]
	if x.Inc == 1 && centre.Inc == 0 {
		u, c := x.Unit(n)[:len(dst)], centre.Data[centre.Off]
		for i := range dst {
			d := float64(u[i]) - c
			dst[i] = d * d
		}
		return
	}
	if x.Inc == 1 && centre.Inc == 1 {
		u, c := x.Unit(n)[:len(dst)], centre.Unit(n)[:len(dst)]
		for i := range dst {
			d := float64(u[i]) - c[i]
			dst[i] = d * d
		}
		return
	}
	at, from := x.Off, centre.Off
	for i := range dst {
		d := float64(x.Data[at]) - centre.Data[from]
		dst[i] = d * d
		at += x.Inc
		from += centre.Inc
	}
}

// NotNaN stores one in dst where an element is not NaN, and zero where it is.
func NotNaN[T Float](dst []float64, x Vec[T], n int) {
	at := x.Off
	for i := range dst[:n] {
		one := 1.0
		if v := x.Data[at]; v != v {
			one = 0
		}
		dst[i] = one
		at += x.Inc
	}
}

// SquaredFromNoNaN stores in dst the squares of n elements' distances from those of centre, and zero where an element is NaN.
func SquaredFromNoNaN[T Float](dst Vec[float64], x Vec[T], centre Vec[float64], n int) {
	to, at, from := dst.Off, x.Off, centre.Off
	for ; n > 0; n-- {
		d := float64(x.Data[at]) - centre.Data[from]
		if v := x.Data[at]; v != v {
			d = 0
		}
		dst.Data[to] = d * d
		to += dst.Inc
		at += x.Inc
		from += centre.Inc
	}
}

// Divide divides sums by n; see AddZero.
func Divide(x []float64, n float64) {
	for i := range x {
		x[i] = (x[i] + 0) / n
	}
}

// DivideComplex divides sums by n; see AddZero.
func DivideComplex(x []complex128, n float64) {
	for i, v := range x {
		x[i] = complex((real(v)+0)/n, (imag(v)+0)/n)
	}
}
