package kern

import "github.com/samebytes/samebytes/ndarray/internal/kern/asm"

// ArgMax returns the index of the first of the greatest of n > 0 elements, or of the first NaN.
func ArgMax[T Real](x Vec[T], n int) int {
	if x.Inc == 1 && n >= vectorMin {
		if i, ok := argExtreme(asm.Greatest, x.Unit(n)); ok {
			return i
		}
	}
	m, best := x.Data[x.Off], 0
	if m != m {
		return 0
	}
	if x.Inc == 1 {
		for i, v := range x.Unit(n) {
			if !(v <= m) {
				if v != v {
					return i
				}
				m, best = v, i
			}
		}
		return best
	}
	at := x.Off
	for i := range n {
		if v := x.Data[at]; !(v <= m) {
			if v != v {
				return i
			}
			m, best = v, i
		}
		at += x.Inc
	}
	return best
}

// ArgMin returns the index of the first of the least of n > 0 elements, or of the first NaN.
func ArgMin[T Real](x Vec[T], n int) int {
	if x.Inc == 1 && n >= vectorMin {
		if i, ok := argExtreme(asm.LeastOf, x.Unit(n)); ok {
			return i
		}
	}
	m, best := x.Data[x.Off], 0
	if m != m {
		return 0
	}
	if x.Inc == 1 {
		for i, v := range x.Unit(n) {
			if !(v >= m) {
				if v != v {
					return i
				}
				m, best = v, i
			}
		}
		return best
	}
	at := x.Off
	for i := range n {
		if v := x.Data[at]; !(v >= m) {
			if v != v {
				return i
			}
			m, best = v, i
		}
		at += x.Inc
	}
	return best
}

// NaNArgMax returns the index of the first of the greatest of n elements that is not NaN, or -1 if there is none.
func NaNArgMax[T Float](x Vec[T], n int) int {
	if x.Inc == 1 && n >= vectorMin {
		if i, ok := argExtreme(asm.NaNGreatest, x.Unit(n)); ok {
			return i
		}
	}
	var m T
	best, at := -1, x.Off
	for i := range n {
		if v := x.Data[at]; v > m || best < 0 && v == v {
			m, best = v, i
		}
		at += x.Inc
	}
	return best
}

// NaNArgMin returns the index of the first of the least of n elements that is not NaN, or -1 if there is none.
func NaNArgMin[T Float](x Vec[T], n int) int {
	if x.Inc == 1 && n >= vectorMin {
		if i, ok := argExtreme(asm.NaNLeast, x.Unit(n)); ok {
			return i
		}
	}
	var m T
	best, at := -1, x.Off
	for i := range n {
		if v := x.Data[at]; v < m || best < 0 && v == v {
			m, best = v, i
		}
		at += x.Inc
	}
	return best
}

// ArgMaxRow stores row in index[i] where the row's i-th element is greater than m[i], or the first NaN, and the element in m.
func ArgMaxRow[T Real](m []T, index []int64, x Vec[T], row int64) {
	index = index[:len(m)]
	at := x.Off
	for i, was := range m {
		if v := x.Data[at]; !(v <= was) && was == was {
			m[i], index[i] = v, row
		}
		at += x.Inc
	}
}

// ArgMinRow stores row in index[i] where the row's i-th element is less than m[i], or the first NaN, and the element in m.
func ArgMinRow[T Real](m []T, index []int64, x Vec[T], row int64) {
	index = index[:len(m)]
	at := x.Off
	for i, was := range m {
		if v := x.Data[at]; !(v >= was) && was == was {
			m[i], index[i] = v, row
		}
		at += x.Inc
	}
}

// NaNArgMaxRow is ArgMaxRow that takes no NaN, whose indices begin at -1.
func NaNArgMaxRow[T Float](m []T, index []int64, x Vec[T], row int64) {
	index = index[:len(m)]
	at := x.Off
	for i, was := range m {
		if v := x.Data[at]; v > was || index[i] < 0 && v == v {
			m[i], index[i] = v, row
		}
		at += x.Inc
	}
}

// NaNArgMinRow is ArgMinRow that takes no NaN, whose indices begin at -1.
func NaNArgMinRow[T Float](m []T, index []int64, x Vec[T], row int64) {
	index = index[:len(m)]
	at := x.Off
	for i, was := range m {
		if v := x.Data[at]; v < was || index[i] < 0 && v == v {
			m[i], index[i] = v, row
		}
		at += x.Inc
	}
}
