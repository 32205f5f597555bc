package tests

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/cmplx"
	"slices"

	"github.com/samebytes/samebytes/ndarray"
)

// dtypeOps are what a case needs of a dtype whose Go type is known only from its name.
type dtypeOps struct {
	decode  func(elements []byte, start, length int) any // a slice
	encode  func(slice any) []byte
	move    func(to, from any, places []int) // elements of slices
	lay     func(slice any, o operand) any   // an array
	compare func(want result, got any, agreement string, within []float64) error
}

func dtypeOpsFor[T comparable]() dtypeOps {
	return dtypeOps{
		decode: func(elements []byte, start, length int) any { return decode[T](elements, start, length) },
		encode: encode,
		move: func(to, from any, places []int) {
			for _, i := range places {
				to.([]T)[i] = from.([]T)[i]
			}
		},
		lay: func(slice any, o operand) any {
			a, err := ndarray.FromStrided(slice.([]T), o.shape, o.strides, o.offset)
			if err != nil {
				panic(err)
			}
			return a
		},
		compare: compare[T],
	}
}

var dtypeOpsOf = map[string]dtypeOps{
	"bool":       dtypeOpsFor[bool](),
	"int8":       dtypeOpsFor[int8](),
	"int16":      dtypeOpsFor[int16](),
	"int32":      dtypeOpsFor[int32](),
	"int64":      dtypeOpsFor[int64](),
	"uint8":      dtypeOpsFor[uint8](),
	"uint16":     dtypeOpsFor[uint16](),
	"uint32":     dtypeOpsFor[uint32](),
	"uint64":     dtypeOpsFor[uint64](),
	"float32":    dtypeOpsFor[float32](),
	"float64":    dtypeOpsFor[float64](),
	"complex64":  dtypeOpsFor[complex64](),
	"complex128": dtypeOpsFor[complex128](),

	"record":          dtypeOpsFor[record](),
	"float16":         dtypeOpsFor[ndarray.Float16](),
	"datetime64[D]":   dtypeOpsFor[day](),
	"timedelta64[ns]": dtypeOpsFor[span](),
}

type (
	day  = ndarray.Datetime64[ndarray.Day]
	span = ndarray.Timedelta64[ndarray.Nanosecond]
)

// encode returns the bytes of a slice's elements, little-endian.
func encode(slice any) []byte {
	switch opaque := slice.(type) {
	case []ndarray.Float16:
		bits := make([]uint16, len(opaque))
		each(bits, opaque, ndarray.Float16.Bits)
		slice = bits
	case []day:
		ticks := make([]int64, len(opaque))
		each(ticks, opaque, day.Ticks)
		slice = ticks
	case []span:
		ticks := make([]int64, len(opaque))
		each(ticks, opaque, span.Ticks)
		slice = ticks
	}
	text, err := binary.Append(nil, binary.LittleEndian, slice)
	if err != nil {
		panic(err)
	}
	return text
}

// each stores f of each element.
func each[U, T any](to []U, from []T, f func(T) U) {
	for i, x := range from {
		to[i] = f(x)
	}
}

// decode returns elements of a little-endian array of T.
func decode[T any](elements []byte, start, length int) []T {
	slice := make([]T, length)
	switch slice := any(slice).(type) {
	case []ndarray.Float16:
		each(slice, decode[uint16](elements, start, length), ndarray.Float16FromBits)
		return any(slice).([]T)
	case []day:
		each(slice, decode[int64](elements, start, length), ndarray.NewDatetime64[ndarray.Day])
		return any(slice).([]T)
	case []span:
		each(slice, decode[int64](elements, start, length), ndarray.NewTimedelta64[ndarray.Nanosecond])
		return any(slice).([]T)
	}
	size := binary.Size(*new(T))
	if _, err := binary.Decode(elements[start*size:(start+length)*size], binary.LittleEndian, slice); err != nil {
		panic(err)
	}
	return slice
}

// compare compares a twin's result with NumPy's: an array, a slice or a number of type T; or an int, for int64.
func compare[T comparable](want result, got any, agreement string, within []float64) error {
	n := 1
	for _, length := range want.shape {
		n *= length
	}
	expected := decode[T](want.elements, 0, n)
	var shape []int
	var found []T
	switch got := got.(type) {
	case *ndarray.Array[T]:
		shape, found = got.Shape(), got.Copy().Data()
	case []T:
		shape, found = []int{len(got)}, got
	case T:
		found = []T{got}
	case int:
		return compare[T](want, any(int64(got)), agreement, within)
	case []int:
		wide := make([]int64, len(got))
		for i, x := range got {
			wide[i] = int64(x)
		}
		return compare[T](want, any(wide), agreement, within)
	default:
		return fmt.Errorf("expected %s, found %T", want.dtype, got)
	}
	if !slices.Equal(shape, want.shape) {
		return fmt.Errorf("expected shape %v, found %v", want.shape, shape)
	}
	for i, x := range expected {
		if !agree(agreement, x, found[i], bounds(within, i, n)) {
			return fmt.Errorf("element %d: expected %v (%s), found %v", i, x, agreement, found[i])
		}
	}
	return nil
}

// bounds returns what within says of element i of n: a bound, or one for each part.
func bounds(within []float64, i, n int) []float64 {
	if n == 0 {
		return nil
	}
	each := len(within) / n
	return within[i*each : (i+1)*each]
}

func agree[T comparable](agreement string, want, got T, within []float64) bool {
	switch want := any(want).(type) {
	case ndarray.Float16:
		return agreeFloats(agreement, want.Float64(), any(got).(ndarray.Float16).Float64(), 0, within)
	case float32:
		return agreeFloats(agreement, float64(want), float64(any(got).(float32)), ulp32(float64(want)), within)
	case float64:
		return agreeFloats(agreement, want, any(got).(float64), ulp64(want), within)
	case complex64:
		return agreeComplex(agreement, complex128(want), complex128(any(got).(complex64)), ulp32, within)
	case complex128:
		return agreeComplex(agreement, want, any(got).(complex128), ulp64, within)
	}
	return want == got
}

func ulp32(x float64) float64 {
	magnitude := float32(math.Abs(x))
	return float64(math.Nextafter32(magnitude, float32(math.Inf(1)))) - float64(magnitude)
}

func ulp64(x float64) float64 { return math.Nextafter(math.Abs(x), math.Inf(1)) - math.Abs(x) }

func agreeFloats(agreement string, want, got, ulp float64, within []float64) bool {
	if want == got || math.IsNaN(want) || math.IsNaN(got) {
		zeros := agreement == "equal" || agreement == "within" || math.Signbit(want) == math.Signbit(got)
		return want == got && zeros || math.IsNaN(want) && math.IsNaN(got)
	}
	switch distance := math.Abs(want - got); agreement {
	case "1 ulp":
		return distance <= ulp
	case "2 ulp":
		return distance <= 2*ulp
	case "within":
		return distance <= within[0] || got > want && distance <= within[len(within)-1]
	}
	return false
}

func agreeComplex(agreement string, want, got complex128, ulp func(float64) float64, within []float64) bool {
	if n, ok := map[string]float64{"1 ulp": 1, "4 ulp": 4}[agreement]; ok && !cmplx.IsNaN(want) && !cmplx.IsInf(want) {
		return cmplx.Abs(want-got) <= n*ulp(cmplx.Abs(want))
	}
	var bound [2][]float64
	if agreement == "within" {
		bound = [2][]float64{within[:len(within)/2], within[len(within)/2:]}
	} else if agreement != "exact" {
		agreement = "equal"
	}
	return agreeFloats(agreement, real(want), real(got), 0, bound[0]) && agreeFloats(agreement, imag(want), imag(got), 0, bound[1])
}
