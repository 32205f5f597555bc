//go:build linux

package shm_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/samebytes/samebytes/ndarray"
	"github.com/samebytes/samebytes/npy"
	"github.com/samebytes/samebytes/shm"
)

type tick struct {
	Symbol [6]ndarray.Char                        `npy:"symbol"`
	When   ndarray.Datetime64[ndarray.Nanosecond] `npy:"when"`
	Prices [2][3]float32                          `npy:"prices"`
	Size   int16                                  `npy:"size"`
	Inner  struct {
		A ndarray.Float16
		B complex64
	} `npy:"inner"`
}

// TestStructs shares structs by name, as a field, and by handle.
func TestStructs(t *testing.T) {
	segments(t)
	a := create[tick](t, "x", []int{2, 3})
	row := tick{When: ndarray.NewDatetime64[ndarray.Nanosecond](1), Size: 7}
	row.Prices[1][2], row.Inner.A = 2.5, ndarray.NewFloat16(0.5)
	if err := ndarray.SetText(row.Symbol[:], "ABC"); err != nil {
		t.Fatal(err)
	}
	a.Set(row, 1, 2)
	b := attach[tick](t, "x", shm.ReadOnly())
	if b.At(1, 2) != row || b.At(0, 0) != (tick{}) {
		t.Errorf("%+v", b.At(1, 2))
	}
	info := stat(t, "x")
	if info.DType != ndarray.DTypeOf[tick]() || info.Descr != "" || info.NBytes != 6*56 {
		t.Errorf("%+v", info)
	}
	file, err := os.ReadFile(a.Path())
	if err != nil {
		t.Fatal(err)
	}
	const want = "[('symbol', '|S6'), ('', '|V2'), ('when', '<M8[ns]'), ('prices', '<f4', (2, 3)), ('size', '<i2'), ('', '|V2'), " +
		"('inner', [('A', '<f2'), ('', '|V2'), ('B', '<c8')])]"
	if !strings.HasPrefix(string(file[10:]), "{'descr': "+want) {
		t.Errorf("%.300q", file)
	}
	if h, err := npy.Parse(file); err != nil || h.DType != ndarray.DTypeOf[tick]() {
		t.Errorf("%+v, %v", h, err)
	}

	size, err := ndarray.Field[int16](a.Array, "size")
	if err != nil || size.At(1, 2) != 7 {
		t.Errorf("%v, %v", size, err)
	}
	h, err := a.HandleOf(a.T())
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(h)
	if err != nil {
		t.Fatal(err)
	}
	h, err = shm.ParseHandle(text)
	if err != nil || h.DType != ndarray.DTypeOf[tick]() || h.Descr != "" {
		t.Fatalf("%+v, %v", h, err)
	}
	if o := open[tick](t, h); o.At(2, 1) != row {
		t.Errorf("%+v", o.At(2, 1))
	}
	if _, err := shm.Open[float64](h); !errors.Is(err, ndarray.ErrDType) {
		t.Errorf("%v", err)
	}
}

func TestHalfFloats(t *testing.T) {
	segments(t)
	a := create[ndarray.Float16](t, "half", []int{2})
	a.Set(ndarray.NewFloat16(1.5), 1)
	if b := attach[ndarray.Float16](t, "half"); b.At(1).Float64() != 1.5 || stat(t, "half").DType.String() != "float16" {
		t.Errorf("%v", b.Array)
	}
	brain := create[ndarray.BFloat16](t, "brain", []int{2})
	brain.Set(ndarray.NewBFloat16(-2), 0)
	if b := attach[ndarray.BFloat16](t, "brain"); b.At(0).Float64() != -2 {
		t.Errorf("%v", b.Array)
	}
	if _, err := shm.Attach[uint16]("brain"); !errors.Is(err, ndarray.ErrDType) {
		t.Errorf("%v", err)
	}
}

func TestNoDType(t *testing.T) {
	segments(t)
	type quote struct{ Sizes []int32 }
	if _, err := shm.Create[quote]("x", []int{1}); !errors.Is(err, ndarray.ErrDType) || !strings.Contains(err.Error(), "field Sizes") {
		t.Errorf("%v", err)
	}
	if _, err := shm.Create[[3]float32]("x", []int{1}); !errors.Is(err, ndarray.ErrDType) || !strings.Contains(err.Error(), "[3]") {
		t.Errorf("%v", err)
	}
	create[float64](t, "x", []int{1})
	if _, err := shm.Attach[quote]("x"); !errors.Is(err, ndarray.ErrDType) {
		t.Errorf("%v", err)
	}
	if _, err := shm.Open[quote](shm.Handle{Name: "x"}); err == nil {
		t.Error("opened")
	}
	if left := namesIn(t, shm.Dir()); slices.Contains(left, "quote") || len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
}

// TestHandleTypes parses the types that handles may have, and writes them again.
func TestHandleTypes(t *testing.T) {
	segments(t)
	text, err := json.Marshal(handle(t, create[float64](t, "x", []int{1})))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ dtype, want string }{
		{`"<f2"`, "float16"}, {`"<V2"`, "bfloat16"}, {`"|V2"`, "|V2"}, {`">M8[25us]"`, "datetime64[25us]"}, {`"<U3"`, "<U3"},
		{`[["a", "<i4"], ["b", "<f8", [2]]]`, "[('a', '<i4'), ('b', '<f8', (2,))]"},
		{`[["a", "|i1"], ["", "|V7"], [["title", "b"], [["c", "<f4"]]]]`, "{'names': ['a', 'b'], 'formats': ['i1', [('c', '<f4')]], 'offsets': [0, 8], 'itemsize': 12}"},
		{`{"itemsize": 16, "fields": [["a", "<i4", 8], ["b", ["<f4", [2]], 0]]}`, "{'names': ['a', 'b'], 'formats': ['<i4', ('<f4', (2,))], 'offsets': [8, 0], 'itemsize': 16}"},
		{`[["a", ">i4"], ["b", "|S2"]]`, "[('a', '<i4'), ('b', 'S2')]"},
		{`[["a", ">i4"], ["b", "<i2"]]`, ""}, {`[["a", "|O"]]`, ""}, {`"<f16"`, ""}, {`"|V0"`, ""}, {`[["a", "<f8", [-1]]]`, ""}, {`["<f8", [2]]`, ""},
		{`{"itemsize": 8, "fields": [["a", "<i4", 0], ["b", "<i4", 2]]}`, ""}, {strings.Repeat(`[["a", `, 100) + `"<f8"` + strings.Repeat("]]", 100), ""},
	} {
		h, err := shm.ParseHandle([]byte(strings.Replace(string(text), `"\u003cf8"`, c.dtype, 1)))
		if err != nil {
			t.Fatalf("%s: %v", c.dtype, err)
		}
		if c.want == "" {
			if h.DType != (ndarray.DType{}) || h.Descr != c.dtype {
				t.Errorf("%s: got %v", c.dtype, h.DType)
			}
			continue
		}
		if h.DType.String() != c.want || h.Descr != "" || h.BigEndian != strings.Contains(c.dtype, ">") {
			t.Errorf("%s: got %v, big-endian: %v, want %s", c.dtype, h.DType, h.BigEndian, c.want)
		}
		again, err := json.Marshal(h)
		if err != nil {
			t.Fatal(err)
		}
		if back, err := shm.ParseHandle(again); err != nil || fmt.Sprint(back) != fmt.Sprint(h) || back.DType != h.DType {
			t.Errorf("%s: %v becomes %v, %v", c.dtype, h, back, err)
		}
	}
}
