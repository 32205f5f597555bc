package kern

import "github.com/samebytes/samebytes/ndarray/internal/kern/asm"

// extreme returns the greatest or least of elements as the loops of the same names do, if there is a kernel for so many.
func extreme[T Real](which asm.Extreme, x []T) (m T, ok bool) {
	m, first, count := extremeBlock(which, x, blockBytes)
	if count == 0 {
		return m, false
	}
	if m == 0 {
		m = x[first+indexOf(x[first:first+count], m)] // one of the zeros, whose signs differ
	}
	return m, true
}

// argExtreme returns the index of the element that extreme returns.
func argExtreme[T Real](which asm.Extreme, x []T) (index int, ok bool) {
	const block = 32 << 10 // bytes, which the first cache still has when the element is looked for
	m, first, count := extremeBlock(which, x, block)
	if count == 0 {
		return 0, false
	}
	return first + indexOf(x[first:first+count], m), true
}

// extremeBlock returns the greatest or least of elements, and the first block of some bytes that has it: count elements from first
// on. There is no kernel for them if that is zero.
func extremeBlock[T Real](which asm.Extreme, x []T, nbytes int) (m T, first, count int) {
	kind := kindOf[T]()
	kernel := &asm.Kernels.Extremes[which][kind]
	if kernel.Run == nil || len(x) < kernel.Least || asm.Kernels.Find[kind].Run == nil {
		return m, 0, 0
	}
	greatest := which == asm.Greatest || which == asm.NaNGreatest
	for at := 0; at < len(x); {
		n := blockIn[T](nbytes, len(x)-at, kernel.Least)
		v := as[T](kernel.Run(place(x, at), n))
		if v != v {
			return v, at, n
		}
		if at == 0 || (greatest && v > m) || (!greatest && v < m) {
			m, first, count = v, at, n
		}
		at += n
	}
	if which >= asm.NaNGreatest && m-m != 0 && (m < 0) == greatest {
		return m, 0, 0 // or all are NaN
	}
	return m, first, count
}

// indexOf returns the index of the first of elements that is m, or NaN if m is. There is one.
func indexOf[T Real](x []T, m T) int {
	if m == m {
		return asm.Kernels.Find[kindOf[T]()].Run(place(x, 0), len(x), bitsIn(m))
	}
	for i, v := range x {
		if v != v {
			return i
		}
	}
	return len(x)
}
