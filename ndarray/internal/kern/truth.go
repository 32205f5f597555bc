package kern

// NonZero stores in dst whether each of n elements is not zero.
func NonZero[T comparable](dst []bool, x Vec[T], n int) {
	var zero T
	if converted(Vec[bool]{Data: dst, Inc: 1}, x, n) {
		return
	}
	dst = dst[:n]
	if x.Inc == 1 {
		u := x.Unit(n)[:len(dst)]
		for i := range dst {
			dst[i] = u[i] != zero
		}
		return
	}
	at := x.Off
	for i := range dst {
		dst[i] = x.Data[at] != zero
		at += x.Inc
	}
}

// CountNonZero returns how many of n elements are not zero.
func CountNonZero[T comparable](x Vec[T], n int) int {
	var zero T
	if inBlocks(x, n) {
		return countInBlocks(x, n)
	}
	count := 0
	if x.Inc == 1 {
		for _, v := range x.Unit(n) {
			if v != zero {
				count++
			}
		}
		return count
	}
	for at := x.Off; n > 0; n-- {
		if x.Data[at] != zero {
			count++
		}
		at += x.Inc
	}
	return count
}

// Ones stores one in dst where an element is not zero, and zero where it is.
func Ones[T comparable](dst []int64, x Vec[T], n int) {
	var zero T
	at := x.Off
	for i := range dst[:n] {
		one := int64(0)
		if x.Data[at] != zero {
			one = 1
		}
		dst[i] = one
		at += x.Inc
	}
}

// Any reports whether one of n elements is not zero. It reads little further than that one.
func Any[T comparable](x Vec[T], n int) bool {
	if inBlocks(x, n) {
		return findInBlocks(x, n, 1)
	}
	var zero T
	if x.Inc == 1 {
		for _, v := range x.Unit(n) {
			if v != zero {
				return true
			}
		}
		return false
	}
	for at := x.Off; n > 0; n-- {
		if x.Data[at] != zero {
			return true
		}
		at += x.Inc
	}
	return false
}

// Every reports whether no one of n elements is zero. It reads little further than the first that is.
func Every[T comparable](x Vec[T], n int) bool {
	if inBlocks(x, n) {
		return !findInBlocks(x, n, 0)
	}
	var zero T
	if x.Inc == 1 {
		for _, v := range x.Unit(n) {
			if v == zero {
				return false
			}
		}
		return true
	}
	for at := x.Off; n > 0; n-- {
		if x.Data[at] == zero {
			return false
		}
		at += x.Inc
	}
	return true
}

// AnyRows stores in acc[i] whether it or the i-th element of a row is true.
func AnyRows(acc []bool, x Vec[bool], stride, rows, n int) {
	for ; rows > 0; rows-- {
		at := x.Off
		for i := range acc[:n] {
			if x.Data[at] {
				acc[i] = true
			}
			at += x.Inc
		}
		x.Off += stride
	}
}

// EveryRows stores in acc[i] whether it and the i-th elements of all rows are true.
func EveryRows(acc []bool, x Vec[bool], stride, rows, n int) {
	for ; rows > 0; rows-- {
		at := x.Off
		for i := range acc[:n] {
			if !x.Data[at] {
				acc[i] = false
			}
			at += x.Inc
		}
		x.Off += stride
	}
}
