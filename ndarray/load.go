package ndarray

import "github.com/samebytes/samebytes/ndarray/internal/kern"

// wideFolds are the forms of one fold for the widest numbers of each kind. What uses them knows elements as underlying returns
// them, so that it is compiled once, and not for every type of a caller's.
type wideFolds struct {
	signed    func() *fold[int64]
	unsigned  func() *fold[uint64]
	floats    func() *fold[float64]
	complexes func() *fold[complex128]
}

// reduce returns what the fold for a kind of dtype makes of the elements of a, from underlying, that lie as l says, as an array of
// the given shape.
func (w wideFolds) reduce(op string, a any, l *layout, reduced []bool, kind byte, shape []int) any {
	switch kind {
	case 'i':
		return reduceLoaded(op, a, l, reduced, w.signed(), shape)
	case 'u':
		return reduceLoaded(op, a, l, reduced, w.unsigned(), shape)
	case 'f':
		return reduceLoaded(op, a, l, reduced, w.floats(), shape)
	}
	return reduceLoaded(op, a, l, reduced, w.complexes(), shape)
}

func reduceLoaded[A Number](op string, a any, l *layout, reduced []bool, f *fold[A], shape []int) any {
	if same, ok := a.(*Array[A]); ok {
		f.direct = same.data
	} else {
		f.load = loader[A](a)
		if f.sums {
			f.whole = summer[A](a)
		}
	}
	return reshaped(reduceLayout(op, nil, l, reduced, f, false), shape)
}

// loader returns a fold's load for the elements of a, from underlying. A is int64, uint64, float64 or complex128.
func loader[A Number](a any) func(buf []A, from, inc, n int, _ kern.Vec[A]) {
	switch a := a.(type) {
	case *Array[int8]:
		return realLoader[A](a.data)
	case *Array[int16]:
		return realLoader[A](a.data)
	case *Array[int32]:
		return realLoader[A](a.data)
	case *Array[int64]:
		return realLoader[A](a.data)
	case *Array[uint8]:
		return realLoader[A](a.data)
	case *Array[uint16]:
		return realLoader[A](a.data)
	case *Array[uint32]:
		return realLoader[A](a.data)
	case *Array[uint64]:
		return realLoader[A](a.data)
	case *Array[float32]:
		return realLoader[A](a.data)
	case *Array[float64]:
		return realLoader[A](a.data)
	case *Array[complex64]:
		return complexLoader[A](a.data)
	case *Array[complex128]:
		return complexLoader[A](a.data)
	}
	return nil // a Number is one of these underneath
}

func realLoader[A Number, S Real](data []S) func(buf []A, from, inc, n int, _ kern.Vec[A]) {
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
	return loaderOf(data, convert.(func(dst kern.Vec[A], src kern.Vec[S], n int)))
}

func complexLoader[A Number, S Complex](data []S) func(buf []A, from, inc, n int, _ kern.Vec[A]) {
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
	return loaderOf(data, convert.(func(dst kern.Vec[A], src kern.Vec[S], n int)))
}

// loaderOf returns the load that runs a loop from data to a buffer.
func loaderOf[A, S Element](data []S, loop func(dst kern.Vec[A], src kern.Vec[S], n int)) func(buf []A, from, inc, n int, _ kern.Vec[A]) {
	return func(buf []A, from, inc, n int, _ kern.Vec[A]) {
		loop(kern.Vec[A]{Data: buf, Inc: 1}, kern.Vec[S]{Data: data, Off: from, Inc: inc}, n)
	}
}

// summer returns the whole of a fold that sums the elements of a, as loader returns its load. It is nil where none is.
func summer[A Number](a any) func(from, n int, _ kern.Vec[A]) A {
	var whole any
	switch a := a.(type) {
	case *Array[int8]:
		whole = realSummer[A](a.data)
	case *Array[int16]:
		whole = realSummer[A](a.data)
	case *Array[int32]:
		whole = realSummer[A](a.data)
	case *Array[int64]:
		whole = realSummer[A](a.data)
	case *Array[uint8]:
		whole = realSummer[A](a.data)
	case *Array[uint16]:
		whole = realSummer[A](a.data)
	case *Array[uint32]:
		whole = realSummer[A](a.data)
	case *Array[uint64]:
		whole = realSummer[A](a.data)
	case *Array[float32]:
		whole = realSummer[A](a.data)
	case *Array[complex64]:
		whole = func(from, n int, _ kern.Vec[complex128]) complex128 { return kern.SumComplex(a.data[from:][:n]) }
	}
	f, _ := whole.(func(from, n int, _ kern.Vec[A]) A)
	return f
}

// realSummer returns a function for sums as float64, and for integers as int64 or uint64.
func realSummer[A Number, S Real](data []S) any {
	switch any(*new(A)).(type) {
	case float64:
		return func(from, n int, _ kern.Vec[float64]) float64 { return kern.SumFloats(data[from:][:n]) }
	case int64:
		if !rounds[S]() {
			return func(from, n int, _ kern.Vec[int64]) int64 { return kern.SumIntegers(data[from:][:n]) }
		}
	case uint64:
		if !rounds[S]() {
			return func(from, n int, _ kern.Vec[uint64]) uint64 { return uint64(kern.SumIntegers(data[from:][:n])) }
		}
	}
	return nil
}
