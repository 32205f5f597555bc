package ndarray

import "github.com/samebytes/samebytes/ndarray/internal/kern"

// loader returns what stores elements of T as values of A, which is int64, uint64, float64 or complex128, or nil where T is A.
func loader[A, T Number]() func(buf []A, v kern.Vec[T], n int, _ kern.Vec[A]) {
	switch any(*new(T)).(type) {
	case A:
		return nil
	}
	switch DTypeOf[T]() {
	case Int8:
		return realLoader[A, T, int8]()
	case Int16:
		return realLoader[A, T, int16]()
	case Int32:
		return realLoader[A, T, int32]()
	case Int64:
		return realLoader[A, T, int64]()
	case Uint8:
		return realLoader[A, T, uint8]()
	case Uint16:
		return realLoader[A, T, uint16]()
	case Uint32:
		return realLoader[A, T, uint32]()
	case Uint64:
		return realLoader[A, T, uint64]()
	case Float32:
		return realLoader[A, T, float32]()
	case Float64:
		return realLoader[A, T, float64]()
	case Complex64:
		return complexLoader[A, T, complex64]()
	case Complex128:
		return complexLoader[A, T, complex128]()
	}
	panic(CastError{"Sum", DTypeOf[T](), DTypeOf[A]()})
}

// realLoader is loader for elements that are S underneath.
func realLoader[A, T Number, S Real]() func(buf []A, v kern.Vec[T], n int, _ kern.Vec[A]) {
	var convert any
	switch any(*new(A)).(type) {
	case int64:
		convert = kern.Convert[int64, S]
	case uint64:
		convert = kern.Convert[uint64, S]
	case float64:
		convert = kern.Convert[float64, S]
	case complex128:
		convert = kern.ConvertToComplex128[S]
	}
	return loaderOf[A, T](convert.(func(dst kern.Vec[A], src kern.Vec[S], n int)))
}

// complexLoader is loader for elements that are S underneath.
func complexLoader[A, T Number, S Complex]() func(buf []A, v kern.Vec[T], n int, _ kern.Vec[A]) {
	var convert any
	switch any(*new(A)).(type) {
	case int64:
		convert = kern.ConvertRealParts[int64, S]
	case uint64:
		convert = kern.ConvertRealParts[uint64, S]
	case float64:
		convert = kern.ConvertRealParts[float64, S]
	case complex128:
		convert = kern.ConvertComplex[complex128, S]
	}
	return loaderOf[A, T](convert.(func(dst kern.Vec[A], src kern.Vec[S], n int)))
}

func loaderOf[A, T, S Number](convert func(dst kern.Vec[A], src kern.Vec[S], n int)) func(buf []A, v kern.Vec[T], n int, _ kern.Vec[A]) {
	return func(buf []A, v kern.Vec[T], n int, _ kern.Vec[A]) {
		convert(kern.Vec[A]{Data: buf, Inc: 1}, kern.Vec[S]{Data: recast[S](v.Data), Off: v.Off, Inc: v.Inc}, n)
	}
}
