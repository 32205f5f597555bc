package kern

import (
	"reflect"
	"sync"
	"unsafe"

	"github.com/samebytes/samebytes/ndarray/internal/kern/asm"
)

// The pointers here are those that kernels get, and of variables whose bits are taken as another type's. Each of the former points
// into a slice, at the first of the elements that the kernel touches, all of which have been found to lie in the slice; the kernel
// keeps none.

// vectorMin is the number of elements from which it is worth to look for a kernel.
const vectorMin = 8

// blockBytes is how many bytes of an operand a kernel gets at a time. Nothing can interrupt it, so that the garbage collector
// and other goroutines wait for it: some ten microseconds.
const blockBytes = 256 << 10

// place returns where the element with the index i is, which is one of data's.
func place[T any](data []T, i int) *byte { return (*byte)(unsafe.Pointer(&data[i])) }

// as returns v as another type of the same size whose bits mean the same, or that of the lowest of v's bytes.
func as[T, V any](v V) T { return *(*T)(unsafe.Pointer(&v)) }

// bitsIn returns v's bits as the lowest of those of an integer.
func bitsIn[T any](v T) uint64 {
	var bits uint64
	*(*T)(unsafe.Pointer(&bits)) = v
	return bits
}

// sizeOf returns how many bytes an element has.
func sizeOf[T any]() int { return int(unsafe.Sizeof(*new(T))) }

// mayRun reports whether kernels can read a run of this increment.
func mayRun(inc int) bool { return uint(inc) <= 1 }

// blockOf returns how many of n elements of T a kernel gets: not so many that fewer than least would be left.
func blockOf[T any](n, least int) int { return blockIn[T](blockBytes, n, least) }

// blockIn is blockOf for other blocks.
func blockIn[T any](nbytes, n, least int) int {
	block := nbytes / sizeOf[T]()
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
	past := streams[U](n, rows)
	for range rows {
		d, p := dst.Unit(n), a.span(n)
		if past && place(d, 0) != place(p, 0) {
			stream1(kernel, d, p, a.Inc)
		} else {
			for at := 0; at < n; {
				count := blockOf[T](n-at, kernel.Least)
				kernel.Run(place(d, at), place(p, at*a.Inc), count, -a.Inc)
				at += count
			}
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
	past := streams[U](n, rows)
	for range rows {
		d, p, q := dst.Unit(n), a.span(n), b.span(n)
		if past && place(d, 0) != place(p, 0) && place(d, 0) != place(q, 0) {
			stream2(kernel, d, p, q, a.Inc, b.Inc)
		} else {
			for at := 0; at < n; {
				count := blockOf[T](n-at, kernel.Least)
				kernel.Run(place(d, at), place(p, at*a.Inc), place(q, at*b.Inc), count, -a.Inc, -b.Inc)
				at += count
			}
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
	past := streams[U](n, rows)
	for range rows {
		d, p, q, r := dst.Unit(n), a.span(n), b.span(n), c.span(n)
		if past && place(d, 0) != place(p, 0) && place(d, 0) != place(q, 0) && place(d, 0) != place(r, 0) {
			stream3(kernel, d, p, q, r, a.Inc, b.Inc, c.Inc)
		} else {
			for at := 0; at < n; {
				count := blockOf[T](n-at, kernel.Least)
				kernel.Run(place(d, at), place(p, at*a.Inc), place(q, at*b.Inc), place(r, at*c.Inc), count, -a.Inc, -b.Inc, -c.Inc)
				at += count
			}
		}
		dst.Off += dst.Next
		a.Off += a.Next
		b.Off += b.Next
		c.Off += c.Next
	}
	return true
}

// streamBytes is how large a result is from which its kernels store past the caches. To store in them first reads what is
// overwritten, which takes as long as to read an operand; what is smaller may stay there until someone reads it.
var streamBytes = 16 << 20

// streamBlock is how many bytes of a result a kernel then stores at a time, in a buffer that stays in the first cache.
const streamBlock = 8 << 10

// blocks are what kernels store such blocks in.
var blocks = sync.Pool{New: func() any { return new([streamBlock]byte) }}

// streams reports whether the elements of a run, of so many rows, are to be stored past the caches.
func streams[U any](n, rows int) bool {
	size := int(unsafe.Sizeof(*new(U)))
	return n*size > streamBlock && n*rows >= streamBytes/size && asm.Kernels.Stream.Run != nil
}

// Past reports whether n elements, that nobody has read, are better stored past the caches.
func Past[T any](n int) bool { return streams[T](n, 1) }

// CopyPast is copy that leaves none of dst in a cache. The slices are of one length, and don't overlap.
func CopyPast[T any](dst, src []T) {
	past := asm.Kernels.Stream
	if nbytes := len(dst) * int(unsafe.Sizeof(*new(T))); past.Run != nil && nbytes >= past.Least {
		past.Run(place(dst, 0), place(src[:len(dst)], 0), nbytes)
		return
	}
	copy(dst, src)
}

// stream stores a result past the caches: run stores count of its elements, those from at on, in the place that it gets.
func stream[U any](dst []U, least int, run func(to *byte, at, count int)) {
	size := int(unsafe.Sizeof(*new(U)))
	least = max(least, asm.Kernels.Stream.Least/size)
	buffer := blocks.Get().(*[streamBlock]byte)
	// All blocks but the first begin with a cache line.
	block := (streamBlock - int(uintptr(unsafe.Pointer(place(dst, 0)))%64)) / size
	for at := 0; at < len(dst); {
		left := len(dst) - at
		count := min(block, left)
		if left > count && left-count < least {
			count = left / 2
		}
		run(&buffer[0], at, count)
		asm.Kernels.Stream.Run(place(dst, at), &buffer[0], count*size)
		at += count
		block = streamBlock / size
	}
	blocks.Put(buffer)
}

// stream1 runs a kernel for a result that is stored past the caches. It is a function of its own, for a closure's variables are slow.
func stream1[U, T any](kernel *asm.KernelUnary, d []U, p []T, aInc int) {
	stream(d, kernel.Least, func(to *byte, at, count int) {
		kernel.Run(to, place(p, at*aInc), count, -aInc)
	})
}

// stream2 is stream1 for two operands.
func stream2[U, T any](kernel *asm.KernelBinary, d []U, p, q []T, aInc, bInc int) {
	stream(d, kernel.Least, func(to *byte, at, count int) {
		kernel.Run(to, place(p, at*aInc), place(q, at*bInc), count, -aInc, -bInc)
	})
}

// stream3 is stream1 for three operands.
func stream3[U, T any](kernel *asm.KernelTernary, d []U, p, q, r []T, aInc, bInc, cInc int) {
	stream(d, kernel.Least, func(to *byte, at, count int) {
		kernel.Run(to, place(p, at*aInc), place(q, at*bInc), place(r, at*cInc), count, -aInc, -bInc, -cInc)
	})
}

// repeat stores copies of the first elements of dst, a block of them, in the others.
func repeat[T any](dst []T, block int) {
	size := int(unsafe.Sizeof(dst[0]))
	if past := asm.Kernels.Stream; len(dst)*size >= streamBytes && past.Run != nil && block*size >= past.Least {
		at := block
		for ; at+block <= len(dst); at += block {
			past.Run(place(dst, at), place(dst, 0), block*size)
		}
		copy(dst[at:], dst)
		return
	}
	for at := block; at < len(dst); at += block {
		copy(dst[at:], dst[:block])
	}
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
