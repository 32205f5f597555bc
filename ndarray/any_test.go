package ndarray_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/samebytes/samebytes/ndarray"
)

// TestAnyViews makes the same views of an Array and of its Any.
func TestAnyViews(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for range 700 {
		c := make(choices, random.IntN(60))
		for i := range c {
			c[i] = byte(random.Uint32())
		}
		a := starts[c.below(len(starts))]()
		x := a.Any()
		for len(c) > 0 {
			switch c.below(11) {
			case 8:
				if a.NDim() > 1 {
					k := c.below(4)
					a, x = a.Rot90(k, 0, -1), x.Rot90(k, 0, -1)
				}
			case 9:
				if a.NDim() > 0 {
					n := max(a.Dim(0), 1)
					i := c.below(n)
					a, x = a.Split(n, 0)[i], x.Split(n, 0)[i]
				}
			case 10:
				if a.NDim() > 0 {
					at := []int{c.below(a.Dim(-1+a.NDim()) + 1)}
					i := c.below(2)
					a, x = a.SplitAt(at, -1)[i], x.SplitAt(at, -1)[i]
				}
			case 0:
				a, x = a.T(), x.T()
			case 4:
				a, x = a.Flip(), x.Flip()
			case 5:
				if a.NDim() > 1 {
					offset := c.below(3) - 1
					a, x = a.Diagonal(offset, 0, -1), x.Diagonal(offset, 0, -1)
				}
			case 6:
				if a.NDim() > 0 && a.NDim() < 6 {
					a, x = a.ExpandDims(-1).MoveAxis(-1, 0).SwapAxes(0, 1), x.ExpandDims(-1).MoveAxis(-1, 0).SwapAxes(0, 1)
				}
			case 7:
				a, x = a.Squeeze(), x.Squeeze()
				shape := append([]int{2}, a.Shape()...)
				if len(shape) < 6 && a.Len() < 500 {
					a, x = a.BroadcastTo(shape...), x.BroadcastTo(shape...)
				}
			case 1:
				axes := reversed(a.NDim())
				for d := range axes {
					other := c.below(len(axes))
					axes[d], axes[other] = axes[other], axes[d]
				}
				a, x = a.Transpose(axes...), x.Transpose(axes...)
			case 2:
				ix, _, _ := chooseSlice(&c, a.Shape())
				a, x = a.Slice(ix...), x.Slice(ix...)
			case 3:
				shape := chooseShape(&c, a.Len())
				b, err := a.Reshape(shape...)
				y, also := x.Reshape(shape...)
				if fmt.Sprint(err == nil) != fmt.Sprint(also == nil) {
					t.Fatalf("Reshape to %v: %v, but %v", shape, err, also)
				}
				if err == nil {
					a, x = b, y
				}
			}
			back, err := ndarray.As[int64](x)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(elements(back), elements(a)) || !slices.Equal(x.Shape(), a.Shape()) || x.Len() != a.Len() || x.Contiguous() != a.Contiguous() {
				t.Fatalf("got %v of %v, want %v of %v", elements(back), x.Shape(), elements(a), a.Shape())
			}
			if x.String() != a.String() || !slices.Equal(elements(must(ndarray.As[int64](x.Copy()))), elements(a)) || !x.Copy().Contiguous() {
				t.Fatalf("got %v, want %v", x, a)
			}
			if f := x.CopyF(); !f.T().Contiguous() || f.String() != a.String() {
				t.Fatalf("CopyF: got %v, want %v", f, a)
			}
			if a.NDim() > 0 {
				var parts, want []string
				for lane := range x.Lanes(-1) {
					parts = append(parts, lane.String())
				}
				for i, block := range x.Blocks(2) {
					parts = append(parts, fmt.Sprint(i, block))
				}
				for lane := range a.Lanes(-1) {
					want = append(want, lane.String())
				}
				for i, block := range a.Blocks(2) {
					want = append(want, fmt.Sprint(i, block))
				}
				if !slices.Equal(parts, want) || x.Dim(0) != a.Dim(0) {
					t.Fatalf("got %q, want %q", parts, want)
				}
			}
			for d, stride := range x.Strides() {
				if a.Len() > 0 && a.Shape()[d] > 1 && stride != 8*a.Strides()[d] {
					t.Fatalf("strides %v bytes of %v elements", x.Strides(), a.Strides())
				}
			}
		}
	}
}

func TestAnyShares(t *testing.T) {
	a := counted(2, 3)
	x := a.T().Any().Slice(ndarray.At(1))
	must(ndarray.As[int64](x)).Set(-1, 1)
	if a.At(1, 1) != -1 || x.Value(1) != int64(-1) || !x.Writable() {
		t.Errorf("%v", a)
	}
	if y := a.ReadOnly().Any(); y.Writable() || must(ndarray.As[int64](y.T())).Writable() {
		t.Error("a read-only array can be written through its Any")
	}
	bits := must(must(ndarray.FromSlice([]float64{1})).Any().View(must(ndarray.ParseDType("V8"))))
	if y := must(bits.View(ndarray.Uint64)); y.Value(0) != math.Float64bits(1) {
		t.Errorf("%v", y)
	}
	if _, err := bits.View(ndarray.Float32); !errors.Is(err, ndarray.ErrDType) {
		t.Errorf("a view of another size: %v", err)
	}
	if y := x.ReadOnly(); y.Writable() || !y.Copy().Writable() {
		t.Error("ReadOnly")
	}
}

func TestAnyCopyTo(t *testing.T) {
	row, dst := counted(3).Any(), ndarray.New[int64](2, 3)
	if err := row.CopyTo(dst.Any()); err != nil || fmt.Sprint(dst) != "[[0 1 2]\n [0 1 2]]" {
		t.Errorf("%v, %v", dst, err)
	}
	if err := dst.Slice(ndarray.At(0), ndarray.Step(ndarray.End, ndarray.End, -1)).Any().CopyTo(dst.Any()); err != nil || fmt.Sprint(dst) != "[[2 1 0]\n [2 1 0]]" {
		t.Errorf("%v, %v", dst, err)
	}
	for name, c := range map[string]struct {
		dst  *ndarray.Any
		want error
	}{
		"shape":     {ndarray.New[int64](3, 2).Any(), ndarray.ErrShape},
		"fewer":     {ndarray.New[int64]().Any(), ndarray.ErrShape},
		"dtype":     {ndarray.New[int32](3).Any(), ndarray.ErrDType},
		"read-only": {ndarray.New[int64](3).ReadOnly().Any(), ndarray.ErrReadOnly},
		"layout":    {ndarray.New[int64](1).BroadcastTo(3).Any(), ndarray.ErrLayout},
	} {
		if err := row.CopyTo(c.dst); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func TestElementsOf(t *testing.T) {
	b := must(ndarray.FromSlice([]float64{1, 2})).Any().Data()
	got := must(ndarray.ElementsOf[float64](b, 2))
	got[1] = 3
	if !slices.Equal(must(ndarray.ElementsOf[float64](b[8:], 1)), []float64{3}) || len(must(ndarray.ElementsOf[float64](nil, 0))) != 0 {
		t.Error(got)
	}
	for name, c := range map[string]struct{ err, want error }{
		"few":         {second(ndarray.ElementsOf[float64](b, 3)), ndarray.ErrShape},
		"many":        {second(ndarray.ElementsOf[float64](b, 1)), ndarray.ErrShape},
		"negative":    {second(ndarray.ElementsOf[float64](nil, -1)), ndarray.ErrShape},
		"huge":        {second(ndarray.ElementsOf[float64](nil, 1<<61)), ndarray.ErrShape},
		"not aligned": {second(ndarray.ElementsOf[float64](b[4:12], 1)), ndarray.ErrLayout},
	} {
		if !errors.Is(c.err, c.want) {
			t.Errorf("%s: %v, want %v", name, c.err, c.want)
		}
	}
}

func TestAnyFromErrors(t *testing.T) {
	b := make([]byte, 24)
	for _, c := range []struct {
		name string
		err  error
		want error
	}{
		{"short", second(ndarray.AnyFromFlat(b, ndarray.Int64, []int{4}, false)), ndarray.ErrShape},
		{"long", second(ndarray.AnyFromFlat(b, ndarray.Int64, []int{2}, true)), ndarray.ErrShape},
		{"no dtype", second(ndarray.AnyFromFlat(b, ndarray.DType{}, []int{24}, false)), ndarray.ErrDType},
		{"negative", second(ndarray.AnyFromFlat(b, ndarray.Int64, []int{-3}, false)), ndarray.ErrShape},
		{"overflow", second(ndarray.AnyFromFlat(b, ndarray.Int64, []int{1 << 61, 8}, false)), ndarray.ErrShape},
		{"few strides", second(ndarray.AnyFromStrided(b, ndarray.Int64, []int{3}, nil, 0)), ndarray.ErrLayout},
		{"outside", second(ndarray.AnyFromStrided(b, ndarray.Int64, []int{3}, []int{9}, 0)), ndarray.ErrLayout},
		{"before", second(ndarray.AnyFromStrided(b, ndarray.Int64, []int{2}, []int{-8}, 7)), ndarray.ErrLayout},
		{"offset", second(ndarray.AnyFromStrided(b, ndarray.Int64, nil, nil, 17)), ndarray.ErrLayout},
		{"far offset", second(ndarray.AnyFromStrided(b, ndarray.Int64, nil, nil, math.MaxInt)), ndarray.ErrLayout},
		{"far stride", second(ndarray.AnyFromStrided(b, ndarray.Int64, []int{3}, []int{math.MinInt}, 0)), ndarray.ErrLayout},
		{"size", second(ndarray.AnyFromStrided(b[:4], ndarray.Int64, nil, nil, 0)), ndarray.ErrLayout},
		{"dtype", second(ndarray.As[float64](counted(2).Any())), ndarray.ErrDType},
		{"odd stride", second(ndarray.As[int64](must(ndarray.AnyFromStrided(b, ndarray.Int64, []int{2}, []int{9}, 0)))), ndarray.ErrLayout},
		{"odd offset", second(ndarray.As[int64](must(ndarray.AnyFromStrided(b, ndarray.Int64, []int{2}, []int{8}, 1)))), ndarray.ErrLayout},
		{"no field", second(counted(2).Any().Field("x")), ndarray.ErrDType},
		{"no such field", second(ndarray.Field[int8](ndarray.New[quote](2), "x")), ndarray.ErrDType},
		{"field of another type", second(ndarray.Field[int8](ndarray.New[quote](2), "price")), ndarray.ErrDType},
		{"field that doesn't divide", second(ndarray.Field[struct {
			A int8
			B complex128
		}](ndarray.New[struct {
			N struct {
				A int8
				B complex128
			}
			X int64
		}](2), "N")), ndarray.ErrLayout},
	} {
		if !errors.Is(c.err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, c.err, c.want)
		}
	}
	edge := must(ndarray.AnyFromStrided(b, ndarray.Int64, []int{3, 2}, []int{-8, 0}, 16))
	if edge.Len() != 6 || len(edge.Data()) != 24 {
		t.Errorf("%v", edge)
	}
	none := must(ndarray.AnyFromFlat(nil, must(ndarray.ParseDType("S0")), []int{3}, false))
	if none.String() != "[b'' b'' b'']" || none.Copy().Len() != 3 || none.Slice(ndarray.Range(1, 2)).Value(0) != "" {
		t.Errorf("%v", none)
	}
}

func second[T any](_ T, err error) error { return err }

// TestPackedStructs reads fields where no Go type may lie.
func TestPackedStructs(t *testing.T) {
	d := dtypeOf(t, "[('a', '|i1'), ('b', '<f8'), ('c', '<U2'), ('d', '<i2', (2,))]")
	var data []byte
	for i := range 3 {
		data = append(data, byte(i))
		data = binary.NativeEndian.AppendUint64(data, math.Float64bits(float64(i)+0.5))
		data = binary.NativeEndian.AppendUint32(data, uint32('x'+i))
		data = append(data, 0, 0, 0, 0)
		data = binary.NativeEndian.AppendUint16(data, uint16(10*i))
		data = binary.NativeEndian.AppendUint16(data, uint16(10*i+1))
	}
	x := must(ndarray.AnyFromFlat(data, d, []int{3}, false)).Slice(ndarray.Step(ndarray.End, ndarray.End, -1))
	if want := "[(2, 2.5, 'z', [20, 21]) (1, 1.5, 'y', [10, 11]) (0, 0.5, 'x', [ 0,  1])]"; x.String() != want {
		t.Errorf("got %v, want %s", x, want)
	}
	if want := map[string]any{"a": int64(2), "b": 2.5, "c": "z", "d": []any{int64(20), int64(21)}}; !reflect.DeepEqual(x.Value(0), want) {
		t.Errorf("got %v, want %v", x.Value(0), want)
	}
	b := must(x.Field("b"))
	if _, err := ndarray.As[float64](b); !errors.Is(err, ndarray.ErrLayout) {
		t.Errorf("not aligned: %v", err)
	}
	if got := must(ndarray.As[float64](b.Copy())).Data(); !slices.Equal(got, []float64{2.5, 1.5, 0.5}) {
		t.Errorf("%v", got)
	}
	if inner := must(x.Field("d")); !slices.Equal(inner.Shape(), []int{3, 2}) || inner.Value(1, 1) != int64(11) {
		t.Errorf("%v", inner)
	}
	clear(data)
	if b.Value(0) != 0.0 {
		t.Error("a field does not share")
	}
}

func TestFieldOfStructs(t *testing.T) {
	a := ndarray.New[quote](2, 2)
	price := must(ndarray.Field[float64](a, "price"))
	price.Set(1.5, 1, 0)
	must(ndarray.Field[int16](a.T(), "Sizes")).Set(7, 0, 1, 1, 2)
	q := a.At(1, 0)
	if q.Price != 1.5 || q.Sizes[1][2] != 7 {
		t.Errorf("%+v", q)
	}
	if got := must(ndarray.Field[[2][3]int16](a, "Sizes")).At(1, 0)[1][2]; got != 7 {
		t.Errorf("%v", got)
	}
	if got := must(ndarray.Field[[8]ndarray.Char](a.ReadOnly(), "symbol")); got.Writable() || !slices.Equal(got.Shape(), []int{2, 2}) {
		t.Errorf("%v", got)
	}
	subarrays := must(ndarray.FromSlice([][3]int8{{1, 2, 3}, {4, 5, 6}}))
	if x := subarrays.Any(); fmt.Sprint(subarrays) != "[[1 2 3]\n [4 5 6]]" || !reflect.DeepEqual(x.Value(1), []any{int64(4), int64(5), int64(6)}) {
		t.Errorf("%v, %v", subarrays, x.Value(1))
	}
	if back := must(ndarray.As[[3]int8](subarrays.Any())); back.At(1) != [3]int8{4, 5, 6} {
		t.Errorf("%v", back)
	}
}

func TestAnyValue(t *testing.T) {
	for _, c := range []struct {
		dtype string
		bytes []byte
		want  any
	}{
		{"bool", []byte{2}, true},
		{"i1", []byte{0xff}, int64(-1)},
		{"u2", binary.NativeEndian.AppendUint16(nil, 0xffff), uint64(0xffff)},
		{"i8", bytes.Repeat([]byte{0xff}, 8), int64(-1)},
		{"f2", binary.NativeEndian.AppendUint16(nil, 0x3c00), 1.0},
		{"bfloat16", binary.NativeEndian.AppendUint16(nil, 0x3f80), 1.0},
		{"f4", binary.NativeEndian.AppendUint32(nil, math.Float32bits(-2)), -2.0},
		{"c8", append(binary.NativeEndian.AppendUint32(nil, math.Float32bits(1)), binary.NativeEndian.AppendUint32(nil, math.Float32bits(2))...), 1 + 2i},
		{"S4", []byte("a\x00b\x00"), "a\x00b"},
		{"V3", []byte("abc"), []byte("abc")},
		{"M8[s]", binary.NativeEndian.AppendUint64(nil, 60), time.Unix(60, 0).UTC()},
		{"M8[25us]", binary.NativeEndian.AppendUint64(nil, 4), time.Unix(0, 100_000).UTC()},
		{"M8[D]", binary.NativeEndian.AppendUint64(nil, 1<<60), int64(1 << 60)},
		{"M8", binary.NativeEndian.AppendUint64(nil, 5), int64(5)},
		{"M8[s]", binary.NativeEndian.AppendUint64(nil, 1<<63), nil},
		{"m8[7D]", binary.NativeEndian.AppendUint64(nil, 2), 14 * 24 * time.Hour},
		{"m8[Y]", binary.NativeEndian.AppendUint64(nil, 2), int64(2)},
		{"m8", binary.NativeEndian.AppendUint64(nil, 2), int64(2)},
	} {
		x := must(ndarray.AnyFromFlat(c.bytes, must(ndarray.ParseDType(c.dtype)), nil, false))
		if got := x.Value(); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: got %#v, want %#v", c.dtype, got, c.want)
		}
	}
	defer func() {
		if _, ok := recover().(ndarray.IndexError); !ok {
			t.Error("no IndexError")
		}
	}()
	counted(2).Any().Value(2)
}
