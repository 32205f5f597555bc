package kern

import "github.com/samebytes/samebytes/ndarray/internal/kern/asm"

// Greatest returns the greatest of n > 0 elements, or NaN if one is.
func Greatest[T Real](x Vec[T], n int) T {
	if x.Inc == 1 && n >= vectorMin {
		if m, ok := extreme(asm.Greatest, x.Unit(n)); ok {
			return m
		}
	}
	m := x.Data[x.Off]
	if m != m {
		return m
	}
	if x.Inc == 1 {
		u := x.Unit(n)
		for ; len(u) >= 4; u = u[4:] {
			p := (*[4]T)(u)
			if p[0] <= m && p[1] <= m && p[2] <= m && p[3] <= m {
				continue
			}
			for _, v := range p {
				if v != v {
					return v
				}
				if v > m {
					m = v
				}
			}
		}
		x, n = Vec[T]{Data: u, Off: 0, Inc: 1}, len(u)
	}
	for at := x.Off; n > 0; n-- {
		if v := x.Data[at]; !(v <= m) {
			if v != v {
				return v
			}
			m = v
		}
		at += x.Inc
	}
	return m
}

// Least returns the least of n > 0 elements, or NaN if one is.
func Least[T Real](x Vec[T], n int) T {
	if x.Inc == 1 && n >= vectorMin {
		if m, ok := extreme(asm.LeastOf, x.Unit(n)); ok {
			return m
		}
	}
	m := x.Data[x.Off]
	if m != m {
		return m
	}
	if x.Inc == 1 {
		u := x.Unit(n)
		for ; len(u) >= 4; u = u[4:] {
			p := (*[4]T)(u)
			if p[0] >= m && p[1] >= m && p[2] >= m && p[3] >= m {
				continue
			}
			for _, v := range p {
				if v != v {
					return v
				}
				if v < m {
					m = v
				}
			}
		}
		x, n = Vec[T]{Data: u, Off: 0, Inc: 1}, len(u)
	}
	for at := x.Off; n > 0; n-- {
		if v := x.Data[at]; !(v >= m) {
			if v != v {
				return v
			}
			m = v
		}
		at += x.Inc
	}
	return m
}

// GreatestRows stores in acc[i] the greatest of it and the i-th elements of the rows, or NaN if one is.
func GreatestRows[T Real](acc []T, x Vec[T], stride, rows, n int) {
	if done := rowsDone(asm.GreatestRows, acc, x, stride, rows, n); done > 0 {
		acc, x, n = acc[done:], x.from(done), n-done
	}
	acc = acc[:n]
	for ; rows > 0; rows-- {
		if x.Inc == 1 {
			r := x.Unit(len(acc))[:len(acc)]
			for i, m := range acc {
				if v := r[i]; !(v <= m) && m == m {
					acc[i] = v
				}
			}
		} else {
			at := x.Off
			for i, m := range acc {
				if v := x.Data[at]; !(v <= m) && m == m {
					acc[i] = v
				}
				at += x.Inc
			}
		}
		x.Off += stride
	}
}

// LeastRows stores in acc[i] the least of it and the i-th elements of the rows, or NaN if one is.
func LeastRows[T Real](acc []T, x Vec[T], stride, rows, n int) {
	if done := rowsDone(asm.LeastRows, acc, x, stride, rows, n); done > 0 {
		acc, x, n = acc[done:], x.from(done), n-done
	}
	acc = acc[:n]
	for ; rows > 0; rows-- {
		if x.Inc == 1 {
			r := x.Unit(len(acc))[:len(acc)]
			for i, m := range acc {
				if v := r[i]; !(v >= m) && m == m {
					acc[i] = v
				}
			}
		} else {
			at := x.Off
			for i, m := range acc {
				if v := x.Data[at]; !(v >= m) && m == m {
					acc[i] = v
				}
				at += x.Inc
			}
		}
		x.Off += stride
	}
}

// NaNGreatest returns the greatest of n > 0 elements that is not NaN, or NaN if all are.
func NaNGreatest[T Float](x Vec[T], n int) T {
	if x.Inc == 1 && n >= vectorMin {
		if m, ok := extreme(asm.NaNGreatest, x.Unit(n)); ok {
			return m
		}
	}
	m := x.Data[x.Off]
	for at := x.Off; n > 0; n-- {
		if v := x.Data[at]; v > m || m != m {
			m = v
		}
		at += x.Inc
	}
	return m
}

// NaNLeast returns the least of n > 0 elements that is not NaN, or NaN if all are.
func NaNLeast[T Float](x Vec[T], n int) T {
	if x.Inc == 1 && n >= vectorMin {
		if m, ok := extreme(asm.NaNLeast, x.Unit(n)); ok {
			return m
		}
	}
	m := x.Data[x.Off]
	for at := x.Off; n > 0; n-- {
		if v := x.Data[at]; v < m || m != m {
			m = v
		}
		at += x.Inc
	}
	return m
}

// NaNGreatestRows is GreatestRows that takes no NaN where there is another element.
func NaNGreatestRows[T Float](acc []T, x Vec[T], stride, rows, n int) {
	if done := rowsDone(asm.NaNGreatestRows, acc, x, stride, rows, n); done > 0 {
		acc, x, n = acc[done:], x.from(done), n-done
	}
	acc = acc[:n]
	for ; rows > 0; rows-- {
		at := x.Off
		for i, m := range acc {
			if v := x.Data[at]; v > m || m != m {
				acc[i] = v
			}
			at += x.Inc
		}
		x.Off += stride
	}
}

// NaNLeastRows is LeastRows that takes no NaN where there is another element.
func NaNLeastRows[T Float](acc []T, x Vec[T], stride, rows, n int) {
	if done := rowsDone(asm.NaNLeastRows, acc, x, stride, rows, n); done > 0 {
		acc, x, n = acc[done:], x.from(done), n-done
	}
	acc = acc[:n]
	for ; rows > 0; rows-- {
		at := x.Off
		for i, m := range acc {
			if v := x.Data[at]; v < m || m != m {
				acc[i] = v
			}
			at += x.Inc
		}
		x.Off += stride
	}
}
