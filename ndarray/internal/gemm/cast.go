package gemm

import (
	"reflect"
	"unsafe"

	"github.com/samebytes/samebytes/ndarray/internal/kern/asm"
)

// The only pointers are those that kernels get. Each points to the first of the elements that a kernel touches; that the others
// lie in the slice too is checked here, by the one that is farthest. A kernel keeps no pointer.

// kernel is the form of kernels that there is for T, with the size of its tiles.
type kernel[T Float] struct {
	rows, cols int
	strided    func(k int, a, b, c *byte, aRow, aStep, bStep, ldc, rows, cols int, alpha, beta float64)
	pack       func(dst, b *byte, k, bStep, panels, size int) // of the strided form
	transpose  func(dst, b *byte, k, n, bStep, dstStep int)
	packed     func(k int, a, b, c *byte, ldc int)
}

// kernelOf returns the kernel for T, and whether there is one.
func kernelOf[T Float]() (kernel[T], bool) {
	if s := strided[T](); s.Run != nil {
		return kernel[T]{rows: s.Rows, cols: s.Cols, strided: s.Run, pack: s.Pack, transpose: s.Transpose}, true
	}
	p := &asm.Kernels.Packed[kind[T]()]
	return kernel[T]{rows: p.Rows, cols: p.Cols, packed: p.Run}, p.Run != nil
}

func strided[T Float]() *asm.KernelStrided { return &asm.Kernels.Strided[kind[T]()] }

func kind[T Float]() reflect.Kind {
	if size[T]() == 4 {
		return reflect.Float32
	}
	return reflect.Float64
}

func size[T Float]() int { return int(unsafe.Sizeof(*new(T))) }

// corner returns where the matrix's first element is, of rows and cols that lie in its slice.
func (m *Matrix[T]) corner(rows, cols int) *byte {
	down, right := (rows-1)*m.Row, (cols-1)*m.Step
	_ = m.Data[m.Off+max(down, 0)+max(right, 0)]
	_ = m.Data[m.Off+min(down, 0)+min(right, 0)]
	return (*byte)(unsafe.Pointer(&m.Data[m.Off]))
}

// tile sets a tile of c by the kernel for strided operands.
func (r *kernel[T]) tile(k, rows, cols int, a, b, c Matrix[T], alpha, beta T) {
	size := size[T]()
	r.strided(k, a.corner(rows, k), b.corner(k, cols), c.corner(rows, cols), a.Row*size, a.Step*size, b.Row*size, c.Row*size, rows, cols,
		float64(alpha), float64(beta))
}

// tiles is tile for n columns of c, with those of b in panels, one after the other.
func (r *kernel[T]) tiles(k, rows, n int, a Matrix[T], b []T, c Matrix[T], alpha, beta T) {
	size := size[T]()
	x, to := a.corner(rows, k), c.corner(rows, n)
	_ = b[ceil(n, r.cols)*r.cols*k-1]
	for j := 0; j < n; j += r.cols {
		r.strided(k, x, (*byte)(unsafe.Pointer(&b[j*k])), (*byte)(unsafe.Add(unsafe.Pointer(to), j*size)),
			a.Row*size, a.Step*size, r.cols*size, c.Row*size, rows, min(r.cols, n-j), float64(alpha), float64(beta))
	}
}

// copyPanels packs whole panels of k rows of b, whose rows are neighbours.
func (r *kernel[T]) copyPanels(dst []T, b Matrix[T], k, panels int) {
	_ = dst[panels*k*r.cols-1]
	r.pack((*byte)(unsafe.Pointer(&dst[0])), b.corner(k, panels*r.cols), k, b.Row*size[T](), panels, k*r.cols*size[T]())
}

// transposeRows stores n rows of k elements of b as the columns of dst, whose rows are cols apart. Both numbers are multiples of
// asm.TransposeSide.
func (r *kernel[T]) transposeRows(dst []T, b Matrix[T], k, n, cols int) {
	_ = dst[(k-1)*cols+n-1]
	r.transpose((*byte)(unsafe.Pointer(&dst[0])), b.corner(n, k), k, n, b.Row*size[T](), cols*size[T]())
}

// add adds the product of two panels of k to a tile of c.
func (r *kernel[T]) add(k int, a, b, c Matrix[T]) {
	r.packed(k, a.corner(r.rows, k), b.corner(k, r.cols), c.corner(r.rows, r.cols), c.Row*size[T]())
}

// Direct is Multiply for a small product of b and c whose rows are neighbours, with all strides zero or more. It reports whether it
// did it: it does if there is a kernel for such operands, and the product is not too large to do without packing.
func Direct[T Float](m, n, k int, alpha T, a []T, aRow, aStep int, b []T, ldb int, beta T, c []T, ldc int) bool {
	r := strided[T]()
	if !small(m, n, k) || r.Run == nil {
		return false
	}
	_, _, _ = a[(m-1)*aRow+(k-1)*aStep], b[(k-1)*ldb+n-1], c[(m-1)*ldc+n-1]
	size := size[T]()
	r.Run(k, (*byte)(unsafe.Pointer(&a[0])), (*byte)(unsafe.Pointer(&b[0])), (*byte)(unsafe.Pointer(&c[0])),
		aRow*size, aStep*size, ldb*size, ldc*size, m, n, float64(alpha), float64(beta))
	return true
}

// aligned returns n elements that begin where a line of the cache does.
func aligned[T Float](n int) []T {
	const line = 64
	data := make([]T, n+line/size[T]())
	return data[(line-int(uintptr(unsafe.Pointer(&data[0]))%line))%line/size[T]():][:n:n]
}
