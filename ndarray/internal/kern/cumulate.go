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

// AddRow adds the n elements of x to those of dst.
func AddRow[T Number](dst, x Vec[T], n int) {
	if dst.Inc == 1 && x.Inc == 1 {
		d, u := dst.Unit(n), x.Unit(n)
		u = u[:len(d)]
		for i := range d {
			d[i] += u[i]
		}
		return
	}
	to, at := dst.Off, x.Off
	for ; n > 0; n-- {
		dst.Data[to] += x.Data[at]
		to += dst.Inc
		at += x.Inc
	}
}

// MulRow multiplies the n elements of dst by those of x.
func MulRow[T Number](dst, x Vec[T], n int) {
	to, at := dst.Off, x.Off
	for ; n > 0; n-- {
		dst.Data[to] *= x.Data[at]
		to += dst.Inc
		at += x.Inc
	}
}

// Differences stores b - a in dst, for n elements of each.
func Differences[T Number](dst, a, b Vec[T], n int) {
	if dst.Inc == 1 && a.Inc == 1 && b.Inc == 1 {
		d, u, v := dst.Unit(n), a.Unit(n), b.Unit(n)
		u, v = u[:len(d)], v[:len(d)]
		for i := range d {
			d[i] = v[i] - u[i]
		}
		return
	}
	to, at, bt := dst.Off, a.Off, b.Off
	for ; n > 0; n-- {
		dst.Data[to] = b.Data[bt] - a.Data[at]
		to += dst.Inc
		at += a.Inc
		bt += b.Inc
	}
}

// ZeroNaN stores n elements in dst, and zero where they are NaN.
func ZeroNaN[U, T Float](dst Vec[U], x Vec[T], n int) { insteadOfNaN(dst, x, n, 0) }

// OneNaN stores n elements in dst, and one where they are NaN.
func OneNaN[U, T Float](dst Vec[U], x Vec[T], n int) { insteadOfNaN(dst, x, n, 1) }

func insteadOfNaN[U, T Float](dst Vec[U], x Vec[T], n int, instead U) {
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
