package kern

import "github.com/samebytes/samebytes/ndarray/internal/kern/asm"

// ConvertHalf stores one(x) for n elements of src in dst: by the kernel that op names, which is for elements of these types.
func ConvertHalf[U, T any](op asm.Half, one func(T) U, dst Vec[U], src Vec[T], n int) {
	if convertedBy(&asm.Kernels.Half[op], dst, src, n) {
		return
	}
	for to, from := dst.Off, src.Off; n > 0; n-- {
		dst.Data[to] = one(src.Data[from])
		to += dst.Inc
		from += src.Inc
	}
}

// ConvertHalfTwice is ConvertHalf to float32, and from there to float64, in blocks.
func ConvertHalfTwice[T any](op asm.Half, one func(T) float32, dst Vec[float64], src Vec[T], n int) {
	var buf [512]float32
	between := Vec[float32]{Data: buf[:], Inc: 1}
	for n > 0 {
		block := min(n, len(buf))
		ConvertHalf(op, one, between, src, block)
		Convert(dst, between, block)
		dst.Off += block * dst.Inc
		src.Off += block * src.Inc
		n -= block
	}
}
