package kern

import (
	"reflect"

	"github.com/samebytes/samebytes/ndarray/internal/kern/asm"
)

// rowsDone joins acc by a kernel with the first elements of each row, and returns how many elements these are: none if there is
// no kernel for them.
func rowsDone[T Number](op asm.RowOp, acc []T, x Vec[T], stride, rows, n int) int {
	if x.Inc != 1 || n < vectorMin || rows == 0 {
		return 0
	}
	kind, parts := kindOf[T](), 1
	if kind >= reflect.Complex64 {
		if op != asm.SumRows {
			return 0
		}
		kind, parts = reflect.Float32+kind-reflect.Complex64, 2
	}
	kernel := &asm.Kernels.Rows[op][kind]
	if kernel.Run == nil || n*parts < kernel.Least {
		return 0
	}
	n -= n % (kernel.Least / parts)
	acc = acc[:n]
	block := max(blockBytes/sizeOf[T]()/n&^3, 4)
	for rows > 0 {
		count := min(rows, block)
		last := x.Off + (count-1)*stride
		_, _ = x.Data[min(x.Off, last)], x.Data[max(x.Off, last)+n-1]
		kernel.Run(place(acc, 0), place(x.Data, x.Off), stride*sizeOf[T](), count, n*parts)
		x.Off += count * stride
		rows -= count
	}
	return n
}
