package kern

// The classes of elements, as package ndarray has them.
type (
	Integer interface {
		~int8 | ~int16 | ~int32 | ~int64 | ~uint8 | ~uint16 | ~uint32 | ~uint64
	}
	Float   interface{ ~float32 | ~float64 }
	Complex interface{ ~complex64 | ~complex128 }
	Real    interface{ Integer | Float }
	Inexact interface{ Float | Complex }
	Number  interface{ Integer | Float | Complex }
)
