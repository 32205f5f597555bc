package ndarray_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	. "github.com/samebytes/samebytes/ndarray"
)

// converted returns v as a U by NumPy's rules, written with reflection.
func converted[U, T any](v T) U {
	from, to := reflect.ValueOf(v), reflect.New(reflect.TypeFor[U]()).Elem()
	if from.Kind() == reflect.Bool {
		one := int8(0)
		if from.Bool() {
			one = 1
		}
		from = reflect.ValueOf(one)
	}
	if to.Kind() == reflect.Float32 || to.Kind() == reflect.Complex64 { // for which reflection rounds twice
		switch {
		case from.CanInt():
			from = reflect.ValueOf(float32(from.Int()))
		case from.CanUint():
			from = reflect.ValueOf(float32(from.Uint()))
		}
	}
	switch isComplex := from.CanComplex(); {
	case to.Kind() == reflect.Bool:
		to.SetBool(!from.IsZero() && !(from.CanFloat() && from.Float() == 0) && !(isComplex && from.Complex() == 0))
	case to.CanComplex() && !isComplex:
		part := reflect.TypeFor[float64]()
		if to.Kind() == reflect.Complex64 {
			part = reflect.TypeFor[float32]()
		}
		to.SetComplex(complex(from.Convert(part).Float(), 0))
	case isComplex && !to.CanComplex():
		to.Set(reflect.ValueOf(real(from.Complex())).Convert(to.Type()))
	default:
		to.Set(from.Convert(to.Type()))
	}
	return to.Interface().(U)
}

// checkConvert compares Convert[U] of arrays of some elements, in several layouts, with converted.
func checkConvert[U, T comparable](t *testing.T, v []T) {
	t.Helper()
	r := rand.New(rand.NewPCG(11, 12))
	a := must(FromSlice(v, len(v)/2, 2))
	for _, dst := range []*Array[U]{nil, placed(r, make([]U, 300), a.Shape())} {
		for _, src := range []*Array[T]{a, a.CopyF(), a.Flip(), Full(v[2]), must(FromSlice(v))} {
			if dst != nil && !slices.Equal(dst.Shape(), src.Shape()) {
				continue
			}
			got := Convert(dst, src)
			for ix, x := range src.All() {
				if y, want := got.At(ix...), converted[U](x); y != want || math.Signbit(realOf(y)) != math.Signbit(realOf(want)) {
					t.Errorf("Convert[%v] of %v %v: expected %v, found %v", reflect.TypeFor[U](), reflect.TypeFor[T](), x, want, y)
				}
			}
		}
	}
}

// realOf returns the real part of a float or complex number, and zero for others.
func realOf(v any) float64 {
	switch x := reflect.ValueOf(v); {
	case x.CanFloat():
		return x.Float()
	case x.CanComplex():
		return real(x.Complex())
	}
	return 0
}

func checkConvertFrom[T comparable](t *testing.T, v ...T) {
	checkConvert[bool](t, v)
	checkConvert[int8](t, v)
	checkConvert[int16](t, v)
	checkConvert[int32](t, v)
	checkConvert[int64](t, v)
	checkConvert[uint8](t, v)
	checkConvert[uint16](t, v)
	checkConvert[uint32](t, v)
	checkConvert[uint64](t, v)
	checkConvert[float32](t, v)
	checkConvert[float64](t, v)
	checkConvert[complex64](t, v)
	checkConvert[complex128](t, v)
	type named int16
	checkConvert[named](t, v)
}

// TestConvert checks each dtype to each other. Floats are in the range of all integers, but for their sign: what others become
// is the machine's affair.
func TestConvert(t *testing.T) {
	type celsius float32
	checkConvertFrom(t, true, false, false, true)
	checkConvertFrom[int8](t, 0, 1, -1, 127, -128, 5)
	checkConvertFrom[int16](t, 0, 1, -1, math.MaxInt16, math.MinInt16, 300)
	checkConvertFrom[int32](t, 0, 1, -1, math.MaxInt32, math.MinInt32, 1<<24+1)
	checkConvertFrom[int64](t, 0, 1, -1, math.MaxInt64, math.MinInt64, 1<<53+1, 1<<40+1<<16+1, 1<<62+1<<38+1)
	checkConvertFrom[uint8](t, 0, 1, 128, 255)
	checkConvertFrom[uint16](t, 0, 1, 1<<15, 1<<16-1)
	checkConvertFrom[uint32](t, 0, 1, 1<<31, 1<<32-1)
	checkConvertFrom[uint64](t, 0, 1, 1<<63, math.MaxUint64, 1<<63+1<<39+1, 1<<53+1)
	checkConvertFrom[float32](t, 0, 1, 0.5, 1.99, 127, 3e-45)
	checkConvertFrom(t, 0, 1, 0.5, 1.99, 127.9, math.SmallestNonzeroFloat64)
	checkConvertFrom(t, 0, 1, 0.5+2i, 1i, 127.9-1i, 1.5)
	checkConvertFrom[complex64](t, 0, 1, 0.5+2i, 1i, 127.9-1i, 1.5)
	checkConvertFrom[celsius](t, 0, 1, 0.5, 36.6)
	for _, v := range []float64{math.Copysign(0, -1), -0.5, -1.5, -127.9, math.Inf(1), math.Inf(-1), 1e300} {
		checkConvert[float32](t, []float64{v, v, v, v})
		checkConvert[complex64](t, []float64{v, v, v, v})
		checkConvert[bool](t, []float64{v, v, v, v})
		if v > -128 && v < 128 {
			checkConvert[int8](t, []float64{v, v, v, v})
			checkConvert[int64](t, []float32{float32(v), 1, float32(v), 1})
		}
	}
	if !Convert[bool](nil, Full(math.NaN())).At() {
		t.Error("NaN is not true")
	}
}

// TestConvertInPlace checks that elements of one size may be converted where they lie.
func TestConvertInPlace(t *testing.T) {
	a := must(FromSlice([]float64{1.5, -2, 3}))
	check(t, "bits reused", Convert(must(View[int64](a)), a), []int{3}, []int64{1, -2, 3})
	b := must(FromSlice([]float32{1, 2, 3, 4}))
	small := must(View[int16](b)).Slice(Range(1, 5))
	check(t, "smaller elements in the same bytes", Convert(small, b), []int{4}, []int16{1, 2, 3, 4})
}

func TestConvertRefuses(t *testing.T) {
	a := New[int64](2, 3)
	if _, err := ConvertSafe[float32](nil, a); !errors.Is(err, ErrDType) {
		t.Errorf("int64 to float32: expected ErrDType, found %v", err)
	}
	if b, err := ConvertSafe[float64](nil, a); err != nil || b.Len() != 6 {
		t.Errorf("int64 to float64: %v", err)
	}
	type pair struct{ A, B int32 }
	err, ok := panicOf(t, func() { Convert[int64](nil, New[pair](2)) }).(CastError)
	if !ok || !errors.Is(err, ErrDType) || err.From != DTypeOf[pair]() || err.To != Int64 {
		t.Errorf("a struct to int64: panicked with %v", err)
	}
	same := Convert[pair](nil, Full(pair{1, 2}))
	check(t, "a struct to itself", same, []int{}, []pair{{1, 2}})
}

// TestCanCast compares with NumPy's table: np.can_cast(row, column), and ml_dtypes' bfloat16.
func TestCanCast(t *testing.T) {
	types := []DType{Bool, Int8, Int16, Int32, Int64, Uint8, Uint16, Uint32, Uint64, Float32, Float64, Complex64, Complex128}
	for i, row := range []string{
		"1111111111111", "0111100001111", "0011100001111", "0001100000101", "0000100000101", "0011111111111", "0001101111111",
		"0000100110101", "0000000010101", "0000000001111", "0000000000101", "0000000000011", "0000000000001",
	} {
		for k, can := range row {
			if CanCast(types[i], types[k]) != (can == '1') {
				t.Errorf("%v to %v: expected %c", types[i], types[k], can)
			}
		}
	}
	half, brain := DTypeOf[Float16](), DTypeOf[BFloat16]()
	for _, d := range types {
		to := d == Bool || d == Int8 || d == Uint8
		from := d.Kind() == 'f' || d.Kind() == 'c'
		if CanCast(d, half) != to || CanCast(d, brain) != to || CanCast(half, d) != from || CanCast(brain, d) != from {
			t.Errorf("%v and floats of 16 bits: expected %v to them, %v from them", d, to, from)
		}
	}
	if CanCast(half, brain) || CanCast(brain, half) || !CanCast(brain, brain) || CanCast(Int64, DTypeOf[[3]Char]()) {
		t.Error("dtypes that keep only their own values")
	}
}
