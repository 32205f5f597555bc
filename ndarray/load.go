package ndarray

import (
	"reflect"

	"github.com/samebytes/samebytes/ndarray/internal/kern"
)

// loader returns what stores elements of T as values of A, which is int64, float64 or complex128, or nil where T is A.
func loader[A, T Number]() func(buf []A, v kern.Vec[T], n int, _ kern.Vec[A]) {
	if reflect.TypeFor[A]() == reflect.TypeFor[T]() {
		return nil
	}
	switch reflect.TypeFor[T]().Kind() {
	case reflect.Int8:
		return realLoader[A, T, int8]()
	case reflect.Int16:
		return realLoader[A, T, int16]()
	case reflect.Int32:
		return realLoader[A, T, int32]()
	case reflect.Int64:
		return realLoader[A, T, int64]()
	case reflect.Uint8:
		return realLoader[A, T, uint8]()
	case reflect.Uint16:
		return realLoader[A, T, uint16]()
	case reflect.Uint32:
		return realLoader[A, T, uint32]()
	case reflect.Uint64:
		return realLoader[A, T, uint64]()
	case reflect.Float32:
		return realLoader[A, T, float32]()
	case reflect.Float64:
		return realLoader[A, T, float64]()
	case reflect.Complex64:
		return complexLoader[A, T, complex64]()
	default:
		return complexLoader[A, T, complex128]()
	}
}

// realLoader is loader for elements that are S underneath.
func realLoader[A, T Number, S kern.Real]() func(buf []A, v kern.Vec[T], n int, _ kern.Vec[A]) {
	return func(buf []A, v kern.Vec[T], n int, _ kern.Vec[A]) {
		from := kern.Vec[S]{Data: recast[S](v.Data), Off: v.Off, Inc: v.Inc}
		switch buf := any(buf).(type) {
		case []int64:
			kern.Load(buf, from, n)
		case []float64:
			kern.Load(buf, from, n)
		case []complex128:
			kern.LoadComplex(buf, from, n)
		}
	}
}

// complexLoader is loader for elements that are S underneath.
func complexLoader[A, T Number, S kern.Complex]() func(buf []A, v kern.Vec[T], n int, _ kern.Vec[A]) {
	return func(buf []A, v kern.Vec[T], n int, _ kern.Vec[A]) {
		from := kern.Vec[S]{Data: recast[S](v.Data), Off: v.Off, Inc: v.Inc}
		switch buf := any(buf).(type) {
		case []int64:
			kern.LoadReal(buf, from, n)
		case []float64:
			kern.LoadReal(buf, from, n)
		case []complex128:
			kern.LoadComplexes(buf, from, n)
		}
	}
}

// store returns what stores values of A, which is int64, float64 or complex128, as elements of T.
func store[T, A Number]() func(dst kern.Vec[T], acc []A, n int) {
	if reflect.TypeFor[A]() == reflect.TypeFor[T]() {
		return func(dst kern.Vec[T], acc []A, n int) {
			kern.Copy(dst, kern.Vec[T]{Data: any(acc).([]T), Inc: 1}, n)
		}
	}
	switch reflect.TypeFor[T]().Kind() {
	case reflect.Int8:
		return realStore[int8, T, A]
	case reflect.Int16:
		return realStore[int16, T, A]
	case reflect.Int32:
		return realStore[int32, T, A]
	case reflect.Int64:
		return realStore[int64, T, A]
	case reflect.Uint8:
		return realStore[uint8, T, A]
	case reflect.Uint16:
		return realStore[uint16, T, A]
	case reflect.Uint32:
		return realStore[uint32, T, A]
	case reflect.Uint64:
		return realStore[uint64, T, A]
	case reflect.Float32:
		return realStore[float32, T, A]
	case reflect.Float64:
		return realStore[float64, T, A]
	case reflect.Complex64:
		return complexStore[complex64, T, A]
	default:
		return complexStore[complex128, T, A]
	}
}

func realStore[S kern.Real, T, A Number](dst kern.Vec[T], acc []A, n int) {
	to := kern.Vec[S]{Data: recast[S](dst.Data), Off: dst.Off, Inc: dst.Inc}
	switch acc := any(acc).(type) {
	case []int64:
		kern.Store(to, acc, n)
	case []float64:
		kern.Store(to, acc, n)
	case []complex128:
		for i, v := range acc[:n] {
			to.Data[to.Off+i*to.Inc] = S(real(v))
		}
	}
}

func complexStore[S kern.Complex, T, A Number](dst kern.Vec[T], acc []A, n int) {
	to := kern.Vec[S]{Data: recast[S](dst.Data), Off: dst.Off, Inc: dst.Inc}
	for i := range n {
		var v complex128
		switch acc := any(acc).(type) {
		case []int64:
			v = complex(float64(acc[i]), 0)
		case []float64:
			v = complex(acc[i], 0)
		case []complex128:
			v = acc[i]
		}
		to.Data[to.Off+i*to.Inc] = S(v)
	}
}

// converter returns what stores elements of T as elements of U.
func converter[U, T Number]() func(dst kern.Vec[U], v kern.Vec[T], n int) {
	switch {
	case reflect.TypeFor[U]() == reflect.TypeFor[T]():
		return func(dst kern.Vec[U], v kern.Vec[T], n int) {
			kern.Copy(dst, kern.Vec[U]{Data: any(v.Data).([]U), Off: v.Off, Inc: v.Inc}, n)
		}
	case isComplex[U]():
		return converterThrough[complex128, U, T]()
	case DTypeOf[U]().Kind() == 'f':
		return converterThrough[float64, U, T]()
	}
	return converterThrough[int64, U, T]()
}

func converterThrough[A, U, T Number]() func(dst kern.Vec[U], v kern.Vec[T], n int) {
	load, keep := loader[A, T](), store[U, A]()
	if load == nil {
		load = func(buf []A, v kern.Vec[T], n int, _ kern.Vec[A]) {
			kern.Copy(kern.Vec[A]{Data: buf, Inc: 1}, kern.Vec[A]{Data: any(v.Data).([]A), Off: v.Off, Inc: v.Inc}, n)
		}
	}
	return func(dst kern.Vec[U], v kern.Vec[T], n int) {
		buf := make([]A, min(n, lineLen))
		for ; n > 0; n -= len(buf) {
			buf = buf[:min(n, len(buf))]
			load(buf, v, len(buf), kern.Vec[A]{})
			keep(dst, buf, len(buf))
			v.Off += len(buf) * v.Inc
			dst.Off += len(buf) * dst.Inc
		}
	}
}
