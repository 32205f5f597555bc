package ndarray_test

import (
	"errors"
	"math"
	"testing"

	"github.com/samebytes/samebytes/ndarray"
)

type celsius float64

func TestDType(t *testing.T) {
	for _, c := range []struct {
		found ndarray.DType
		want  ndarray.DType
		name  string
		kind  byte
		size  int
	}{
		{ndarray.DTypeOf[bool](), ndarray.Bool, "bool", 'b', 1},
		{ndarray.DTypeOf[int8](), ndarray.Int8, "int8", 'i', 1},
		{ndarray.DTypeOf[int16](), ndarray.Int16, "int16", 'i', 2},
		{ndarray.DTypeOf[int32](), ndarray.Int32, "int32", 'i', 4},
		{ndarray.DTypeOf[int64](), ndarray.Int64, "int64", 'i', 8},
		{ndarray.DTypeOf[uint8](), ndarray.Uint8, "uint8", 'u', 1},
		{ndarray.DTypeOf[uint16](), ndarray.Uint16, "uint16", 'u', 2},
		{ndarray.DTypeOf[uint32](), ndarray.Uint32, "uint32", 'u', 4},
		{ndarray.DTypeOf[uint64](), ndarray.Uint64, "uint64", 'u', 8},
		{ndarray.DTypeOf[float32](), ndarray.Float32, "float32", 'f', 4},
		{ndarray.DTypeOf[float64](), ndarray.Float64, "float64", 'f', 8},
		{ndarray.DTypeOf[celsius](), ndarray.Float64, "float64", 'f', 8},
		{ndarray.DTypeOf[complex64](), ndarray.Complex64, "complex64", 'c', 8},
		{ndarray.DTypeOf[complex128](), ndarray.Complex128, "complex128", 'c', 16},
	} {
		if c.found != c.want || c.found.String() != c.name || c.found.Kind() != c.kind || c.found.Size() != c.size {
			t.Errorf("%s: found %v, kind %c, %d bytes", c.name, c.found, c.found.Kind(), c.found.Size())
		}
		if d, err := ndarray.ParseDType(c.name); d != c.want || err != nil {
			t.Errorf("ParseDType(%q): %v, %v", c.name, d, err)
		}
		if d, ok := ndarray.DTypeOfKind(c.kind, c.size); d != c.want || !ok {
			t.Errorf("DTypeOfKind(%c, %d): %v, %v", c.kind, c.size, d, ok)
		}
	}
	for _, name := range []string{"", "object", "Float64", "no dtype", "<f8", "f16", "S", "S03", "S-1", "U536870912", "V2147483648", "M8[", "M8[0s]", "M8[01s]", "M8[x]", "m8[2147483648s]", "datetime64ns"} {
		if _, err := ndarray.ParseDType(name); !errors.Is(err, ndarray.ErrDType) {
			t.Errorf("ParseDType(%q): expected ErrDType, found %v", name, err)
		}
	}
	for _, c := range []struct {
		kind byte
		size int
	}{{'f', 16}, {'O', 8}, {'S', -1}, {'U', 6}, {'V', math.MaxInt32 + 1}, {'M', 4}, {'b', 8}, {'f', 256 + 8}, {0, 0}, {'i', -8}} {
		if d, ok := ndarray.DTypeOfKind(c.kind, c.size); ok {
			t.Errorf("DTypeOfKind(%c, %d): expected none, found %v", c.kind, c.size, d)
		}
	}
	if s := (ndarray.DType{}).String(); s != "no dtype" {
		t.Errorf("zero DType: %q", s)
	}
}

func TestSize(t *testing.T) {
	many := make([]int, ndarray.MaxDims)
	for d := range many {
		many[d] = 1
	}
	for _, c := range []struct {
		shape     []int
		itemsize  int
		n, nbytes int
		err       error
	}{
		{nil, 8, 1, 8, nil},
		{[]int{3}, 8, 3, 24, nil},
		{[]int{2, 3, 4}, 2, 24, 48, nil},
		{[]int{2, 0, 4}, 2, 0, 0, nil},
		{[]int{2, 3}, 0, 6, 0, nil},
		{many, 4, 1, 4, nil},
		{[]int{math.MaxInt}, 1, math.MaxInt, math.MaxInt, nil},
		{[]int{math.MaxInt}, 0, math.MaxInt, 0, nil},
		{append(many, 1), 4, 0, 0, ndarray.ErrShape},
		{[]int{-1}, 8, 0, 0, ndarray.ErrShape},
		{[]int{0, -1}, 8, 0, 0, ndarray.ErrShape},
		{[]int{math.MinInt, math.MinInt}, 8, 0, 0, ndarray.ErrShape},
		{[]int{math.MaxInt}, 2, 0, 0, ndarray.ErrShape},
		{[]int{math.MaxInt/8 + 1}, 8, 0, 0, ndarray.ErrShape},
		{[]int{math.MaxInt, math.MaxInt}, 0, 0, 0, ndarray.ErrShape},
		{[]int{0, 1 << 62, 8}, 1, 0, 0, ndarray.ErrShape},
		{[]int{1 << 32, 1 << 32, 0}, 1, 0, 0, ndarray.ErrShape},
		{[]int{0, 1 << 60}, 8, 0, 0, ndarray.ErrShape},
		{[]int{2}, -8, 0, 0, ndarray.ErrDType},
	} {
		n, nbytes, err := ndarray.Size(c.shape, c.itemsize)
		if n != c.n || nbytes != c.nbytes || !errors.Is(err, c.err) {
			t.Errorf("Size(%v, %d): expected %d, %d, %v, found %d, %d, %v", c.shape, c.itemsize, c.n, c.nbytes, c.err, n, nbytes, err)
		}
	}
}
