package kern

type realNumber interface {
	~int8 | ~int16 | ~int32 | ~int64 | ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~float32 | ~float64
}

type complexNumber interface{ ~complex64 | ~complex128 }

// Convert stores n real numbers of src in dst, as Go converts them.
func Convert[U, T realNumber](dst Vec[U], src Vec[T], n int) {
	if converted(dst, src, n) {
		return
	}
	if dst.Inc == 1 && src.Inc == 1 {
		d, s := dst.Unit(n), src.Unit(n)
		for i := range d {
			d[i] = U(s[i])
		}
		return
	}
	for to, from := dst.Off, src.Off; n > 0; n-- {
		dst.Data[to] = U(src.Data[from])
		to += dst.Inc
		from += src.Inc
	}
}

// ConvertComplex stores n complex numbers of src in dst.
func ConvertComplex[U, T complexNumber](dst Vec[U], src Vec[T], n int) {
	for to, from := dst.Off, src.Off; n > 0; n-- {
		dst.Data[to] = U(src.Data[from])
		to += dst.Inc
		from += src.Inc
	}
}

// ConvertToComplex64 stores n real numbers of src in dst, with imaginary parts of zero. It rounds once, as a conversion to
// complex128 and from there to complex64 would not.
func ConvertToComplex64[T realNumber](dst Vec[complex64], src Vec[T], n int) {
	for to, from := dst.Off, src.Off; n > 0; n-- {
		dst.Data[to] = complex(float32(src.Data[from]), 0)
		to += dst.Inc
		from += src.Inc
	}
}

// ConvertToComplex128 is ConvertToComplex64 for complex128.
func ConvertToComplex128[T realNumber](dst Vec[complex128], src Vec[T], n int) {
	for to, from := dst.Off, src.Off; n > 0; n-- {
		dst.Data[to] = complex(float64(src.Data[from]), 0)
		to += dst.Inc
		from += src.Inc
	}
}

// ConvertRealParts stores the real parts of n complex numbers of src in dst.
func ConvertRealParts[U realNumber, T complexNumber](dst Vec[U], src Vec[T], n int) {
	for to, from := dst.Off, src.Off; n > 0; n-- {
		dst.Data[to] = U(real(complex128(src.Data[from])))
		to += dst.Inc
		from += src.Inc
	}
}

// ConvertToBool stores in dst whether n elements of src are not zero.
func ConvertToBool[T comparable](dst Vec[bool], src Vec[T], n int) {
	if converted(dst, src, n) {
		return
	}
	var zero T
	if dst.Inc == 1 && src.Inc == 1 {
		d, s := dst.Unit(n), src.Unit(n)
		for i := range d {
			d[i] = s[i] != zero
		}
		return
	}
	for to, from := dst.Off, src.Off; n > 0; n-- {
		dst.Data[to] = src.Data[from] != zero
		to += dst.Inc
		from += src.Inc
	}
}

// ConvertBool stores one for true and zero for false in n elements of dst.
func ConvertBool[U any](dst Vec[U], src Vec[bool], one U, n int) {
	if converted(dst, src, n) {
		return
	}
	var zero U
	for to, from := dst.Off, src.Off; n > 0; n-- {
		v := zero
		if src.Data[from] {
			v = one
		}
		dst.Data[to] = v
		to += dst.Inc
		from += src.Inc
	}
}
