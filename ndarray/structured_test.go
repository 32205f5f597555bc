package ndarray_test

import (
	"errors"
	"math"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/samebytes/samebytes/ndarray"
)

type quote struct {
	Symbol [8]ndarray.Char `npy:"symbol"`
	Name   [3]ndarray.UTF32
	When   ndarray.Datetime64[ndarray.Nanosecond] `npy:"when"`
	Price  float64                                `npy:"price"`
	Sizes  [2][3]int16
	Live   bool
	_      [3]byte
	Half   ndarray.Float16
	Brain  ndarray.BFloat16
	Secret int32 `npy:"-"`
	Inner  struct {
		A int8
		B complex128
	}
	Age ndarray.Timedelta64[ndarray.Second]
}

// TestDTypeOfStruct compares with what numpy.dtype({...}) prints for these names, formats and offsets, aligned as C aligns.
func TestDTypeOfStruct(t *testing.T) {
	d := ndarray.DTypeOf[quote]()
	want := "{'names': ['symbol', 'Name', 'when', 'price', 'Sizes', 'Live', 'Half', 'Brain', 'Inner', 'Age'], " +
		"'formats': ['S8', '<U3', '<M8[ns]', '<f8', ('<i2', (2, 3)), '?', '<f2', 'bfloat16', " +
		"{'names': ['A', 'B'], 'formats': ['i1', '<c16'], 'offsets': [0, 8], 'itemsize': 24}, '<m8[s]'], " +
		"'offsets': [0, 8, 24, 32, 40, 52, 56, 58, 64, 88], 'itemsize': 96}"
	if d.String() != want || d.Size() != 96 || d.Kind() != 'V' || !d.Ordered() || d.Code() != "V96" {
		t.Errorf("got %v, %d bytes\nwant %s", d, d.Size(), want)
	}
	if f, ok := d.Field("Sizes"); !ok || f.DType.Base() != ndarray.Int16 || !slices.Equal(f.DType.Shape(), []int{2, 3}) {
		t.Errorf("Sizes: %+v", f)
	}
	if _, ok := d.Field("Secret"); ok {
		t.Error("a field without a name")
	}
	fields := d.Fields()
	if len(fields) != 10 || fields[2].DType.Unit() != "ns" || fields[0].DType.Kind() != 'S' {
		t.Errorf("%v", fields)
	}
	if again := must(ndarray.StructDType(fields, 96)); again != d || map[ndarray.DType]bool{d: true}[again] != true {
		t.Error("the same fields are another dtype")
	}
	fields[3].Offset++
	if _, err := ndarray.StructDType(fields, 96); !errors.Is(err, ndarray.ErrDType) || !strings.Contains(err.Error(), `"Sizes"`) {
		t.Errorf("overlapping: %v", err)
	}
	if _, err := ndarray.DTypeOfType(reflect.TypeFor[[2][0]quote]()); !errors.Is(err, ndarray.ErrDType) {
		t.Errorf("no bytes: %v", err)
	}
}

type (
	stamp    ndarray.Datetime64[ndarray.Day]
	half     ndarray.Float16
	letters  [4]ndarray.Char
	embedded struct {
		ndarray.Float16
		X float32
	}
)

func TestDTypeOfType(t *testing.T) {
	for _, c := range []struct {
		goType reflect.Type
		want   string
	}{
		{reflect.TypeFor[stamp](), "datetime64[D]"},
		{reflect.TypeFor[half](), "float16"},
		{reflect.TypeFor[ndarray.BFloat16](), "bfloat16"},
		{reflect.TypeFor[ndarray.Timedelta64[ndarray.Attosecond]](), "timedelta64[as]"},
		{reflect.TypeFor[letters](), "|S4"},
		{reflect.TypeFor[ndarray.Char](), "|S1"},
		{reflect.TypeFor[[5]ndarray.UTF32](), "<U5"},
		{reflect.TypeFor[[2]letters](), "('S4', (2,))"},
		{reflect.TypeFor[embedded](), "{'names': ['Float16', 'X'], 'formats': ['<f2', '<f4'], 'offsets': [0, 4], 'itemsize': 8}"},
		{reflect.TypeFor[[2][0]int8](), ""},
		{reflect.TypeFor[struct{}](), ""},
	} {
		d, err := ndarray.DTypeOfType(c.goType)
		if c.want == "" {
			if !errors.Is(err, ndarray.ErrDType) {
				t.Errorf("%v: expected ErrDType, found %v, %v", c.goType, d, err)
			}
		} else if err != nil || d.String() != c.want || d.Size() != int(c.goType.Size()) {
			t.Errorf("%v: got %v of %d bytes, %v, want %s", c.goType, d, d.Size(), err, c.want)
		}
	}
}

func TestDTypeOfPanics(t *testing.T) {
	type inner struct{ Sizes []int32 }
	for _, c := range []struct {
		f    func() ndarray.DType
		want string
	}{
		{ndarray.DTypeOf[struct{ A, B inner }], "ndarray: no dtype for struct { A ndarray_test.inner; B ndarray_test.inner }: field A.Sizes: the slice []int32 is a pointer to elements elsewhere, use an array"},
		{ndarray.DTypeOf[inner], "ndarray: no dtype for ndarray_test.inner: field Sizes: the slice []int32 is a pointer to elements elsewhere, use an array"},
		{ndarray.DTypeOf[int], "ndarray: no dtype for int: the size of int is the machine's, use int64"},
		{ndarray.DTypeOf[uintptr], "ndarray: no dtype for uintptr: the size of uintptr is the machine's, use uint64"},
		{ndarray.DTypeOf[string], "ndarray: no dtype for string: a string is a pointer to text elsewhere, use [N]ndarray.Char or [N]ndarray.UTF32"},
		{ndarray.DTypeOf[[2]*int8], "ndarray: no dtype for [2]*int8: *int8 holds a pointer, which means nothing in another process"},
		{ndarray.DTypeOf[struct{ M map[string]int8 }], "ndarray: no dtype for struct { M map[string]int8 }: field M: map[string]int8 holds a pointer, which means nothing in another process"},
		{ndarray.DTypeOf[struct {
			A int8 `npy:"x"`
			B int8 `npy:"x"`
		}], `ndarray: no dtype for struct { A int8 "npy:\"x\""; B int8 "npy:\"x\"" }: wrong dtype: two fields have the name "x"`},
	} {
		func() {
			defer func() {
				err, ok := recover().(ndarray.GoTypeError)
				if !ok || !errors.Is(err, ndarray.ErrDType) || err.Error() != c.want {
					t.Errorf("got %v\nwant %s", err, c.want)
				}
			}()
			c.f()
		}()
	}
}

func TestStructDTypeErrors(t *testing.T) {
	deep, wide := ndarray.Int8, ndarray.Int8
	for depth := range 20 {
		d, err := ndarray.StructDType([]ndarray.DTypeField{{"a", 0, deep}}, 1)
		if (err == nil) != (depth < 16) {
			t.Fatalf("%d structs within each other: %v", depth+1, err)
		}
		if err == nil {
			deep = d
		}
	}
	nothing := must(ndarray.ParseDType("V0"))
	wide = nothing
	for depth := range 20 { // twice as many fields each time
		d, err := ndarray.StructDType([]ndarray.DTypeField{{"a", 0, wide}, {"b", 0, wide}}, 0)
		if depth < 15 != (err == nil) {
			t.Fatalf("%d doublings: %v", depth+1, err)
		}
		if err == nil {
			wide = d
		}
	}
	many := make([]ndarray.DTypeField, 1<<16+1)
	for _, c := range []struct {
		fields []ndarray.DTypeField
		size   int
	}{
		{[]ndarray.DTypeField{{"", 0, ndarray.Int8}}, 1},
		{[]ndarray.DTypeField{{"\xff", 0, ndarray.Int8}}, 1},
		{[]ndarray.DTypeField{{"a", 0, ndarray.DType{}}}, 1},
		{[]ndarray.DTypeField{{"a", 0, ndarray.Int8}, {"a", 1, ndarray.Int8}}, 2},
		{[]ndarray.DTypeField{{"a", 0, ndarray.Int16}, {"b", 1, ndarray.Int8}}, 2},
		{[]ndarray.DTypeField{{"b", 1, ndarray.Int8}, {"a", 0, ndarray.Int16}}, 2},
		{[]ndarray.DTypeField{{"a", 1, ndarray.Int64}}, 8},
		{[]ndarray.DTypeField{{"a", -1, ndarray.Int8}}, 8},
		{[]ndarray.DTypeField{{"a", math.MaxInt, ndarray.Int8}}, 8},
		{[]ndarray.DTypeField{{"a", 0, ndarray.Int64}}, 7},
		{nil, -1},
		{nil, math.MaxInt32 + 1},
		{many, 8},
	} {
		if d, err := ndarray.StructDType(c.fields, c.size); !errors.Is(err, ndarray.ErrDType) {
			t.Errorf("%.5v of %d bytes: %v, %v", c.fields, c.size, d, err)
		}
	}
	for _, shape := range [][]int{{-1}, {1 << 31}, {1 << 40, 1 << 40}, {0, 1 << 62, 8}, {2, 1 << 31, 0}, make([]int, 65)} {
		if d, err := ndarray.SubarrayDType(ndarray.Float64, shape...); !errors.Is(err, ndarray.ErrDType) {
			t.Errorf("subarray of %v: %v, %v", shape, d, err)
		}
	}
	if d, err := ndarray.SubarrayDType(nothing, 1<<30); !errors.Is(err, ndarray.ErrDType) {
		t.Errorf("subarray of nothing: %v, %v", d, err)
	}
	two := must(ndarray.SubarrayDType(ndarray.Int8, 2))
	if d := must(ndarray.SubarrayDType(two, 3)); d != must(ndarray.SubarrayDType(ndarray.Int8, 3, 2)) || d == two {
		t.Errorf("%v", d)
	}
	if d := must(ndarray.SubarrayDType(two)); d != two {
		t.Errorf("%v", d)
	}
	empty := must(ndarray.StructDType(nil, 5))
	if plain := must(ndarray.ParseDType("V5")); empty == plain || empty.Fields() == nil || plain.Fields() != nil {
		t.Error("a struct without fields is no plain bytes")
	}
	if bf := ndarray.DTypeOf[ndarray.BFloat16](); bf == must(ndarray.ParseDType("V2")) || bf != must(ndarray.ParseDType("bfloat16")) {
		t.Error("bfloat16 is no plain bytes")
	}
}

// TestDTypeOfConcurrently is for the race detector.
func TestDTypeOfConcurrently(t *testing.T) {
	type local struct {
		A [3]quote
		B float32
	}
	var wg sync.WaitGroup
	found := make([]ndarray.DType, 8)
	for i := range found {
		wg.Go(func() {
			for range 100 {
				found[i] = ndarray.DTypeOf[local]()
				if _, err := ndarray.DTypeOfType(reflect.TypeFor[chan local]()); err == nil {
					t.Error("a channel has a dtype")
				}
			}
		})
	}
	wg.Wait()
	for _, d := range found {
		if d != found[0] {
			t.Errorf("%v is not %v", d, found[0])
		}
	}
}

func TestDTypeOfDoesNotAllocate(t *testing.T) {
	if n := testing.AllocsPerRun(100, func() {
		ndarray.DTypeOf[float64]()
		ndarray.DTypeOf[uint16]()
		ndarray.DTypeOf[quote]()
		ndarray.DTypeOf[ndarray.Float16]()
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkDTypeOf(b *testing.B) {
	b.Run("float64", func(b *testing.B) {
		for b.Loop() {
			ndarray.DTypeOf[float64]()
		}
	})
	b.Run("uint16", func(b *testing.B) {
		for b.Loop() {
			ndarray.DTypeOf[uint16]()
		}
	})
	b.Run("struct", func(b *testing.B) {
		for b.Loop() {
			ndarray.DTypeOf[quote]()
		}
	})
}

// FuzzStructDType builds structs of whatever numbers and asserts that one that is accepted has what it was given, does not
// overlap, is the same when built again, and prints elements within their bytes.
func FuzzStructDType(f *testing.F) {
	f.Add([]byte{2, 0, 0, 8, 1, 0, 16, 16})
	f.Add([]byte{3, 4, 1, 1, 9, 2, 3, 4, 5, 30})
	kinds := []ndarray.DType{ndarray.Float64, ndarray.Bool, ndarray.Int16, ndarray.Complex64, must(ndarray.ParseDType("S3")), must(ndarray.ParseDType("U2")),
		must(ndarray.ParseDType("V0")), must(ndarray.ParseDType("M8[7D]")), must(ndarray.ParseDType("float16")), must(ndarray.ParseDType("m8"))}
	f.Fuzz(func(t *testing.T, b []byte) {
		c := choices(b)
		known := slices.Clone(kinds)
		for len(c) > 0 {
			var fields []ndarray.DTypeField
			for i := range c.below(5) {
				d := known[c.below(len(known))]
				if c.below(3) == 0 {
					shape := []int{c.below(4), c.below(4)}[:c.below(3)]
					if s, err := ndarray.SubarrayDType(d, shape...); err == nil {
						d = s
					}
				}
				fields = append(fields, ndarray.DTypeField{string(rune('a' + i)), c.below(256) - 1, d})
			}
			size := c.below(256)
			d, err := ndarray.StructDType(fields, size)
			if err != nil {
				if !errors.Is(err, ndarray.ErrDType) {
					t.Fatal(err)
				}
				continue
			}
			if again := must(ndarray.StructDType(d.Fields(), size)); again != d || d.Size() != size || len(d.Fields()) != len(fields) {
				t.Fatalf("%v is not %v", again, d)
			}
			taken := make([]bool, size)
			for _, f := range d.Fields() {
				for i := range f.DType.Size() {
					if taken[f.Offset+i] {
						t.Fatalf("%v overlaps at %d", d, f.Offset+i)
					}
					taken[f.Offset+i] = true
				}
			}
			a := must(ndarray.AnyFromFlat(make([]byte, 2*size), d, []int{2}, false))
			if a.String() == "" || a.Value(1) == nil || a.Copy().String() != a.String() {
				t.Fatalf("%v", d)
			}
			known = append(known, d)
		}
	})
}
