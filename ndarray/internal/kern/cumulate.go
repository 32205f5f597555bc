package kern

// CumSum stores in each of n elements its sum with all before it.
func CumSum[T Number](x Vec[T], n int) {
	var sum T
	if x.Inc == 1 {
		u := x.Unit(n)
		for i, v := range u {
			sum += v
			u[i] = sum
		}
		return
	}
	for at := x.Off; n > 0; n-- {
		sum += x.Data[at]
		x.Data[at] = sum
		at += x.Inc
	}
}

// CumProd stores in each of n elements its product with all before it.
func CumProd[T Number](x Vec[T], n int) {
	product := T(1)
	for at := x.Off; n > 0; n-- {
		product *= x.Data[at]
		x.Data[at] = product
		at += x.Inc
	}
}

// WithoutNaN stores n elements in dst, and a number instead of those that are NaN.
func WithoutNaN[U, T Float](dst Vec[U], x Vec[T], n int, instead U) {
	to, at := dst.Off, x.Off
	for ; n > 0; n-- {
		v := U(x.Data[at])
		if v != v {
			v = instead
		}
		dst.Data[to] = v
		to += dst.Inc
		at += x.Inc
	}
}
