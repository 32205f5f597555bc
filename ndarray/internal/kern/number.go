package kern

// Integer, Float, Complex, Real and Number are package ndarray's constraints of these names.
type (
	Integer interface {
		~int8 | ~int16 | ~int32 | ~int64 | ~uint8 | ~uint16 | ~uint32 | ~uint64
	}
	Float   interface{ ~float32 | ~float64 }
	Complex interface{ ~complex64 | ~complex128 }
	Real    interface{ Integer | Float }
	Number  interface{ Integer | Float | Complex }
)
