package ndarray

import (
	"fmt"

	"github.com/samebytes/samebytes/ndarray/internal/kern"
)

// Convert stores a's elements in dst, as elements of U, as NumPy's astype does: floats lose their fraction as they become
// integers, integers wrap around, a bool is 0 or 1 as a number and a number true unless it is 0, and complex numbers lose
// their imaginary part. What becomes of a NaN or a float that is out of an integer's range depends on the machine, in
// NumPy too. It returns dst; a nil dst is allocated, of a's shape. Both may overlap: dst is converted from what a was.
// It panics with a [CastError] where one dtype does not become the other, as structs, texts and times become only themselves
// ([View] takes times for int64), and as all functions do for a dst of another shape or that can't be written.
func Convert[U, T Element](dst *Array[U], a *Array[T]) *Array[U] {
	return converted("Convert", dst, a)
}

func converted[U, T Element](op string, dst *Array[U], a *Array[T]) *Array[U] {
	dst = destination(op, dst, a.shape, a.shape)
	a = apart(dst, a)
	if same, ok := any(a).(*Array[U]); ok {
		assign(dst, same)
	} else if !convert(underlying(dst), underlying(a)) {
		panic(CastError{op, DTypeOf[T](), DTypeOf[U]()})
	}
	return dst
}

// ConvertSafe is [Convert] where every element keeps its value, as [CanCast] says. The error is [ErrDType] where one might
// not; the panics are Convert's.
func ConvertSafe[U, T Element](dst *Array[U], a *Array[T]) (*Array[U], error) {
	if from, to := DTypeOf[T](), DTypeOf[U](); !CanCast(from, to) {
		return nil, fmt.Errorf("ndarray: ConvertSafe: %w: expected one that keeps the values of %v, found %v", ErrDType, from, to)
	}
	return converted("ConvertSafe", dst, a), nil
}

// CanCast reports whether every value of one dtype is one of the other too, by NumPy's rule "safe", which lets 64-bit
// integers become float64 although that rounds the largest. Dtypes that are not numbers keep their values only as themselves.
func CanCast(from, to DType) bool {
	size := to.Size()
	if to.Kind() == 'c' {
		size /= 2
	}
	switch {
	case from == to:
		return true
	case from == bfloat16DType:
		return (to.Kind() == 'f' || to.Kind() == 'c') && size >= 4
	case to == bfloat16DType:
		return (from.Kind() == 'b' || from.Kind() == 'i' || from.Kind() == 'u') && from.Size() == 1
	}
	switch from.Kind() {
	case 'b':
		return isNumber(to)
	case 'u', 'i':
		switch to.Kind() {
		case 'u':
			return from.Kind() == 'u' && size >= from.Size()
		case 'i':
			return size > from.Size() || from.Kind() == 'i' && size == from.Size()
		case 'f', 'c':
			return size > from.Size() || size == 8
		}
	case 'f':
		return (to.Kind() == 'f' || to.Kind() == 'c') && size >= from.Size()
	case 'c':
		return to.Kind() == 'c' && 2*size >= from.Size()
	}
	return false
}

func isNumber(d DType) bool {
	return d.Kind() == 'u' || d.Kind() == 'i' || d.Kind() == 'f' || d.Kind() == 'c'
}

// underlying returns a as an array of the type under T's name, where it is one of those that Go has; elsewhere a.
func underlying[T Element](a *Array[T]) any {
	switch DTypeOf[T]() {
	case Bool:
		return as[bool](a)
	case Int8:
		return as[int8](a)
	case Int16:
		return as[int16](a)
	case Int32:
		return as[int32](a)
	case Int64:
		return as[int64](a)
	case Uint8:
		return as[uint8](a)
	case Uint16:
		return as[uint16](a)
	case Uint32:
		return as[uint32](a)
	case Uint64:
		return as[uint64](a)
	case float16DType:
		return as[Float16](a)
	case bfloat16DType:
		return as[BFloat16](a)
	case Float32:
		return as[float32](a)
	case Float64:
		return as[float64](a)
	case Complex64:
		return as[complex64](a)
	case Complex128:
		return as[complex128](a)
	}
	return a
}

// convert stores the elements of a in dst, both from underlying, and reports whether one dtype becomes the other.
func convert(dst, a any) bool {
	switch dst := dst.(type) {
	case *Array[Float16]:
		return float16Half.convertTo(dst, a)
	case *Array[BFloat16]:
		return bfloat16Half.convertTo(dst, a)
	}
	switch a := a.(type) {
	case *Array[Float16]:
		return float16Half.convertFrom(dst, a)
	case *Array[BFloat16]:
		return bfloat16Half.convertFrom(dst, a)
	case *Array[bool]:
		return convertBool(dst, a)
	case *Array[int8]:
		return convertReal(dst, a)
	case *Array[int16]:
		return convertReal(dst, a)
	case *Array[int32]:
		return convertReal(dst, a)
	case *Array[int64]:
		return convertReal(dst, a)
	case *Array[uint8]:
		return convertReal(dst, a)
	case *Array[uint16]:
		return convertReal(dst, a)
	case *Array[uint32]:
		return convertReal(dst, a)
	case *Array[uint64]:
		return convertReal(dst, a)
	case *Array[float32]:
		return convertReal(dst, a)
	case *Array[float64]:
		return convertReal(dst, a)
	case *Array[complex64]:
		return convertComplex(dst, a)
	case *Array[complex128]:
		return convertComplex(dst, a)
	}
	return false
}

func convertReal[T Real](dst any, a *Array[T]) bool {
	switch dst := dst.(type) {
	case *Array[bool]:
		return convertRuns(dst, a, kern.ConvertToBool[T])
	case *Array[int8]:
		return convertRuns(dst, a, kern.Convert[int8, T])
	case *Array[int16]:
		return convertRuns(dst, a, kern.Convert[int16, T])
	case *Array[int32]:
		return convertRuns(dst, a, kern.Convert[int32, T])
	case *Array[int64]:
		return convertRuns(dst, a, kern.Convert[int64, T])
	case *Array[uint8]:
		return convertRuns(dst, a, kern.Convert[uint8, T])
	case *Array[uint16]:
		return convertRuns(dst, a, kern.Convert[uint16, T])
	case *Array[uint32]:
		return convertRuns(dst, a, kern.Convert[uint32, T])
	case *Array[uint64]:
		return convertRuns(dst, a, kern.Convert[uint64, T])
	case *Array[float32]:
		return convertRuns(dst, a, kern.Convert[float32, T])
	case *Array[float64]:
		return convertRuns(dst, a, kern.Convert[float64, T])
	case *Array[complex64]:
		return convertRuns(dst, a, kern.ConvertToComplex64[T])
	case *Array[complex128]:
		return convertRuns(dst, a, kern.ConvertToComplex128[T])
	}
	return false
}

func convertComplex[T Complex](dst any, a *Array[T]) bool {
	switch dst := dst.(type) {
	case *Array[bool]:
		return convertRuns(dst, a, kern.ConvertToBool[T])
	case *Array[int8]:
		return convertRuns(dst, a, kern.ConvertRealParts[int8, T])
	case *Array[int16]:
		return convertRuns(dst, a, kern.ConvertRealParts[int16, T])
	case *Array[int32]:
		return convertRuns(dst, a, kern.ConvertRealParts[int32, T])
	case *Array[int64]:
		return convertRuns(dst, a, kern.ConvertRealParts[int64, T])
	case *Array[uint8]:
		return convertRuns(dst, a, kern.ConvertRealParts[uint8, T])
	case *Array[uint16]:
		return convertRuns(dst, a, kern.ConvertRealParts[uint16, T])
	case *Array[uint32]:
		return convertRuns(dst, a, kern.ConvertRealParts[uint32, T])
	case *Array[uint64]:
		return convertRuns(dst, a, kern.ConvertRealParts[uint64, T])
	case *Array[float32]:
		return convertRuns(dst, a, kern.ConvertRealParts[float32, T])
	case *Array[float64]:
		return convertRuns(dst, a, kern.ConvertRealParts[float64, T])
	case *Array[complex64]:
		return convertRuns(dst, a, kern.ConvertComplex[complex64, T])
	case *Array[complex128]:
		return convertRuns(dst, a, kern.ConvertComplex[complex128, T])
	}
	return false
}

func convertBool(dst any, a *Array[bool]) bool {
	switch dst := dst.(type) {
	case *Array[bool]:
		assign(dst, a)
		return true
	case *Array[int8]:
		return convertBools(dst, a, 1)
	case *Array[int16]:
		return convertBools(dst, a, 1)
	case *Array[int32]:
		return convertBools(dst, a, 1)
	case *Array[int64]:
		return convertBools(dst, a, 1)
	case *Array[uint8]:
		return convertBools(dst, a, 1)
	case *Array[uint16]:
		return convertBools(dst, a, 1)
	case *Array[uint32]:
		return convertBools(dst, a, 1)
	case *Array[uint64]:
		return convertBools(dst, a, 1)
	case *Array[float32]:
		return convertBools(dst, a, 1)
	case *Array[float64]:
		return convertBools(dst, a, 1)
	case *Array[complex64]:
		return convertBools(dst, a, 1)
	case *Array[complex128]:
		return convertBools(dst, a, 1)
	}
	return false
}

func convertBools[U Element](dst *Array[U], a *Array[bool], one U) bool {
	return convertRuns(dst, a, func(dst kern.Vec[U], a kern.Vec[bool], n int) { kern.ConvertBool(dst, a, one, n) })
}

// convertRuns calls loop for runs of the elements of both, and returns true.
func convertRuns[U, T Element](dst *Array[U], a *Array[T], loop func(dst kern.Vec[U], a kern.Vec[T], n int)) bool {
	if small(dst) {
		if v, ok := oneRun(dst, a); ok && v.Inc == 1 {
			loop(kern.Vec[U]{Data: dst.data, Inc: 1}, v, dst.n)
			return true
		}
	}
	l := newLoops(&dst.layout, &a.layout)
	l.eachParallel(func(offsets []int, n int) {
		loop(kern.Vec[U]{Data: dst.data, Off: offsets[0], Inc: l.inc(0)}, kern.Vec[T]{Data: a.data, Off: offsets[1], Inc: l.inc(1)}, n)
	})
	return true
}
