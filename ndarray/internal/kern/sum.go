package kern

import (
	"reflect"

	"github.com/samebytes/samebytes/ndarray/internal/kern/asm"
)

// Sum returns the sum of n elements, added pairwise and in NumPy's order: halves down to 128 numbers, which eight accumulators
// take in turn. A complex element is two numbers. The error grows with log n. N. J. Higham, The accuracy of floating point
// summation, SIAM J. Sci. Comput. 14 (1993).
func Sum[T Number](x Vec[T], n int) T {
	if x.Inc == 1 && n >= vectorMin {
		if sum, ok := sumByKernel(x.Unit(n)); ok {
			return sum
		}
	}
	switch {
	case isComplex[T]():
		return sumPairs(x, n)
	case x.Inc == 1:
		return sumUnit(x.Unit(n))
	}
	return sumStrided(x, n)
}

// Half returns where a pairwise sum of n > 8 elements is cut in two.
func Half[T Number](n int) int {
	if isComplex[T]() {
		return (n - n%8) / 2
	}
	return half(n)
}

func half(n int) int { return n/2 - n/2%8 }

func isComplex[T Number]() bool {
	switch any(*new(T)).(type) {
	case float64, int64:
		return false // at once, for sums of a few elements
	}
	kind := reflect.TypeFor[T]().Kind()
	return kind == reflect.Complex64 || kind == reflect.Complex128
}

func sumUnit[T Number](x []T) T {
	if len(x) <= 128 {
		return sumBlock(x)
	}
	half := half(len(x))
	return sumUnit(x[:half]) + sumUnit(x[half:])
}

// sumBlock returns the sum of at most 128 elements.
func sumBlock[T Number](x []T) T {
	var sum T
	if len(x) >= 8 {
		p := (*[8]T)(x)
		s0, s1, s2, s3, s4, s5, s6, s7 := p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7]
		i := 8
		for ; i <= len(x)-8; i += 8 {
			p := (*[8]T)(x[i:])
			s0 += p[0]
			s1 += p[1]
			s2 += p[2]
			s3 += p[3]
			s4 += p[4]
			s5 += p[5]
			s6 += p[6]
			s7 += p[7]
		}
		sum = ((s0 + s1) + (s2 + s3)) + ((s4 + s5) + (s6 + s7))
		x = x[i:]
	}
	for _, v := range x {
		sum += v
	}
	return sum
}

func sumStrided[T Number](x Vec[T], n int) T {
	if n > 128 {
		half := half(n)
		return sumStrided(x, half) + sumStrided(x.from(half), n-half)
	}
	var sum T
	at, inc := x.Off, x.Inc
	if n >= 8 {
		var s [8]T
		for ; n >= 8; n -= 8 {
			s[0] += x.Data[at]
			s[1] += x.Data[at+inc]
			s[2] += x.Data[at+2*inc]
			s[3] += x.Data[at+3*inc]
			s[4] += x.Data[at+4*inc]
			s[5] += x.Data[at+5*inc]
			s[6] += x.Data[at+6*inc]
			s[7] += x.Data[at+7*inc]
			at += 8 * inc
		}
		sum = ((s[0] + s[1]) + (s[2] + s[3])) + ((s[4] + s[5]) + (s[6] + s[7]))
	}
	for ; n > 0; n-- {
		sum += x.Data[at]
		at += inc
	}
	return sum
}

// sumPairs returns the sum of n complex elements.
func sumPairs[T Number](x Vec[T], n int) T {
	if n > 64 {
		half := Half[T](n)
		return sumPairs(x, half) + sumPairs(x.from(half), n-half)
	}
	var sum T
	at, inc := x.Off, x.Inc
	if n >= 4 {
		s0, s1, s2, s3 := x.Data[at], x.Data[at+inc], x.Data[at+2*inc], x.Data[at+3*inc]
		at, n = at+4*inc, n-4
		for ; inc == 1 && n >= 4; at, n = at+4, n-4 {
			p := (*[4]T)(x.Data[at:])
			s0 += p[0]
			s1 += p[1]
			s2 += p[2]
			s3 += p[3]
		}
		for ; n >= 4; at, n = at+4*inc, n-4 {
			s0 += x.Data[at]
			s1 += x.Data[at+inc]
			s2 += x.Data[at+2*inc]
			s3 += x.Data[at+3*inc]
		}
		sum = (s0 + s1) + (s2 + s3)
	}
	for ; n > 0; n-- {
		sum += x.Data[at]
		at += inc
	}
	return sum
}

// AddZero adds zero to sums, which makes zero of -0, as if they had begun with it.
func AddZero[T Number](sums []T) {
	for i := range sums {
		sums[i] += 0
	}
}

// SumRows adds rows of n elements, each stride elements after the one before, to acc.
func SumRows[T Number](acc []T, x Vec[T], stride, rows, n int) {
	if done := rowsDone(asm.SumRows, acc, x, stride, rows, n); done > 0 {
		acc, x, n = acc[done:], x.from(done), n-done
	}
	acc = acc[:n]
	if x.Inc != 1 {
		for ; rows > 0; rows-- {
			at := x.Off
			for i := range acc {
				acc[i] += x.Data[at]
				at += x.Inc
			}
			x.Off += stride
		}
		return
	}
	for ; rows >= 4; rows -= 4 {
		r0, r1, r2, r3 := fourRows(x, stride, len(acc))
		for i := range acc {
			acc[i] = acc[i] + r0[i] + r1[i] + r2[i] + r3[i]
		}
		x.Off += 4 * stride
	}
	for ; rows > 0; rows-- {
		r := x.Unit(len(acc))[:len(acc)]
		for i := range acc {
			acc[i] += r[i]
		}
		x.Off += stride
	}
}

// fourRows returns four rows of n elements each, stride elements apart.
func fourRows[T any](x Vec[T], stride, n int) (r0, r1, r2, r3 []T) {
	at := x.Off
	r0 = x.Data[at:][:n]
	r1 = x.Data[at+stride:][:n]
	r2 = x.Data[at+2*stride:][:n]
	r3 = x.Data[at+3*stride:][:n]
	return r0, r1, r2, r3
}

// Prod returns the product of n elements.
func Prod[T Number](x Vec[T], n int) T {
	p0, p1, p2, p3 := T(1), T(1), T(1), T(1)
	at, inc := x.Off, x.Inc
	if inc == 1 {
		u := x.Unit(n)
		for ; len(u) >= 4; u = u[4:] {
			q := (*[4]T)(u)
			p0 *= q[0]
			p1 *= q[1]
			p2 *= q[2]
			p3 *= q[3]
		}
		for _, v := range u {
			p0 *= v
		}
		return (p0 * p1) * (p2 * p3)
	}
	for ; n > 0; n-- {
		p0 *= x.Data[at]
		at += inc
	}
	return p0
}

// ProdRows multiplies acc by rows of n elements, each stride elements after the one before.
func ProdRows[T Number](acc []T, x Vec[T], stride, rows, n int) {
	if done := rowsDone(asm.ProdRows, acc, x, stride, rows, n); done > 0 {
		acc, x, n = acc[done:], x.from(done), n-done
	}
	acc = acc[:n]
	for ; rows > 0; rows-- {
		if x.Inc == 1 {
			r := x.Unit(len(acc))[:len(acc)]
			for i := range acc {
				acc[i] *= r[i]
			}
		} else {
			at := x.Off
			for i := range acc {
				acc[i] *= x.Data[at]
				at += x.Inc
			}
		}
		x.Off += stride
	}
}

// from returns the run without its first i elements.
func (v Vec[T]) from(i int) Vec[T] { return Vec[T]{Data: v.Data, Off: v.Off + i*v.Inc, Inc: v.Inc} }
