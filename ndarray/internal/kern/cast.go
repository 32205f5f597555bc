package kern

import (
	"reflect"
	"unsafe"

	"github.com/samebytes/samebytes/ndarray/internal/kern/asm"
)

// The only pointers are those that kernels get. Each points into a slice, at the first of the elements that the kernel touches,
// all of which have been found to lie in the slice; the kernel keeps none.

// vectorMin is the number of elements from which it is worth to look for a kernel.
const vectorMin = 8

// blockBytes is how many bytes of an operand a kernel gets at a time. Nothing can interrupt it, so that the garbage collector
// and other goroutines wait for it: some ten microseconds.
const blockBytes = 256 << 10

// place returns where the element with the index i is, which is one of data's.
func place[T any](data []T, i int) *byte { return (*byte)(unsafe.Pointer(&data[i])) }

// mayRun reports whether kernels can read a run of this increment.
func mayRun(inc int) bool { return uint(inc) <= 1 }

// blockOf returns how many of n elements of T a kernel gets: not so many that fewer than least would be left.
func blockOf[T any](n, least int) int {
	block := blockBytes / int(unsafe.Sizeof(*new(T)))
	if n < block+least {
		return n
	}
	return block
}

// span returns the elements of a run whose increment is zero or one.
func (v Vec[T]) span(n int) []T { return v.Data[v.Off:][: (n-1)*v.Inc+1 : (n-1)*v.Inc+1] }

// rows1 runs the kernel of an operation on rows of n elements, and reports whether there is one for operands of these types and
// increments.
func rows1[U, T any](op asm.Unary, dst Vec[U], a Vec[T], n, rows int) bool {
	if dst.Inc != 1 || !mayRun(a.Inc) {
		return false
	}
	kernel := &asm.Kernels.Unary[op][reflect.TypeFor[T]().Kind()]
	if kernel.Run == nil || n < kernel.Least {
		return false
	}
	for range rows {
		d, p := dst.Unit(n), a.span(n)
		for at := 0; at < n; {
			count := blockOf[T](n-at, kernel.Least)
			kernel.Run(place(d, at), place(p, at*a.Inc), count, -a.Inc)
			at += count
		}
		dst.Off += dst.Next
		a.Off += a.Next
	}
	return true
}

// rows2 is rows1 for two operands.
func rows2[U, T any](op asm.Binary, dst Vec[U], a, b Vec[T], n, rows int) bool {
	if dst.Inc != 1 || !mayRun(a.Inc) || !mayRun(b.Inc) {
		return false
	}
	kernel := &asm.Kernels.Binary[op][reflect.TypeFor[T]().Kind()]
	if kernel.Run == nil || n < kernel.Least {
		return false
	}
	for range rows {
		d, p, q := dst.Unit(n), a.span(n), b.span(n)
		for at := 0; at < n; {
			count := blockOf[T](n-at, kernel.Least)
			kernel.Run(place(d, at), place(p, at*a.Inc), place(q, at*b.Inc), count, -a.Inc, -b.Inc)
			at += count
		}
		dst.Off += dst.Next
		a.Off += a.Next
		b.Off += b.Next
	}
	return true
}

// rows3 is rows1 for three operands.
func rows3[U, T any](op asm.Ternary, dst Vec[U], a, b, c Vec[T], n, rows int) bool {
	if dst.Inc != 1 || !mayRun(a.Inc) || !mayRun(b.Inc) || !mayRun(c.Inc) {
		return false
	}
	kernel := &asm.Kernels.Ternary[op][reflect.TypeFor[T]().Kind()]
	if kernel.Run == nil || n < kernel.Least {
		return false
	}
	for range rows {
		d, p, q, r := dst.Unit(n), a.span(n), b.span(n), c.span(n)
		for at := 0; at < n; {
			count := blockOf[T](n-at, kernel.Least)
			kernel.Run(place(d, at), place(p, at*a.Inc), place(q, at*b.Inc), place(r, at*c.Inc), count, -a.Inc, -b.Inc, -c.Inc)
			at += count
		}
		dst.Off += dst.Next
		a.Off += a.Next
		b.Off += b.Next
		c.Off += c.Next
	}
	return true
}

// converted converts n elements by a kernel, and reports whether there is one for these types and increments.
func converted[U, T any](dst Vec[U], src Vec[T], n int) bool {
	to, from := reflect.TypeFor[U]().Kind(), reflect.TypeFor[T]().Kind()
	return convertedBy(&asm.Kernels.Convert[to][from], dst, src, n)
}

// convertedBy is converted for one kernel, which must be for elements of these types.
func convertedBy[U, T any](kernel *asm.KernelUnary, dst Vec[U], src Vec[T], n int) bool {
	if n < vectorMin || dst.Inc != 1 || !mayRun(src.Inc) || kernel.Run == nil || n < kernel.Least {
		return false
	}
	d, p := dst.Unit(n), src.span(n)
	for at := 0; at < n; {
		count := min(blockOf[T](n-at, kernel.Least), blockOf[U](n-at, kernel.Least))
		kernel.Run(place(d, at), place(p, at*src.Inc), count, -src.Inc)
		at += count
	}
	return true
}

// converts reports whether there is a kernel from T to U.
func converts[U, T any]() bool {
	return asm.Kernels.Convert[reflect.TypeFor[U]().Kind()][reflect.TypeFor[T]().Kind()].Run != nil
}

// boolBytes returns the bytes of bools, which share their memory.
func boolBytes(data []bool) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(data))), len(data))
}

// chosen is Where by a kernel, and reports whether there is one.
func chosen[T any](dst Vec[T], cond Vec[bool], a, b Vec[T], n int) bool {
	size := unsafe.Sizeof(*new(T))
	if n < vectorMin || dst.Inc != 1 || !mayRun(cond.Inc) || !mayRun(a.Inc) || !mayRun(b.Inc) || size >= uintptr(len(asm.Kernels.Where)) {
		return false
	}
	kernel := &asm.Kernels.Where[size]
	if kernel.Run == nil || n < kernel.Least {
		return false
	}
	d, c, p, q := dst.Unit(n), cond.span(n), a.span(n), b.span(n)
	for at := 0; at < n; {
		count := blockOf[T](n-at, kernel.Least)
		kernel.Run(place(d, at), place(c, at*cond.Inc), place(p, at*a.Inc), place(q, at*b.Inc), count, -cond.Inc, -a.Inc, -b.Inc)
		at += count
	}
	return true
}

// transposed stores columns of four neighbours in as many elements of four rows, by a kernel, and returns how many columns it has
// stored: not those behind the last that fill a vector.
func transposed[T any](dst Vec[T], rowInc int, src Vec[T], n int) int {
	size := int(unsafe.Sizeof(*new(T)))
	if size >= len(asm.Kernels.Transpose) || src.Inc < 0 || rowInc < 0 {
		return 0
	}
	kernel := &asm.Kernels.Transpose[size]
	if kernel.Run == nil || n < kernel.Least {
		return 0
	}
	n -= n % kernel.Least
	d, s := dst.Data[dst.Off:][:3*rowInc+n], src.Data[src.Off:][:(n-1)*src.Inc+4]
	kernel.Run(place(d, 0), place(s, 0), n, rowInc*size, src.Inc*size)
	return n
}
