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

// rounded runs the kernel of a function that rounds on so many elements of src as it does from the first on, and returns that.
func rounded[T any](kernel *asm.KernelRounded, dst, src []T) (done int) {
	dst = dst[:len(src)]
	block := blockBytes / int(unsafe.Sizeof(*new(T)))
	for len(src)-done >= kernel.Step {
		count := min(len(src)-done, block)
		some := kernel.Run(place(dst, done), place(src, done), count)
		done += some
		if some < block {
			break
		}
	}
	return done
}
