package wire_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/samebytes/samebytes/ndarray"
	"github.com/samebytes/samebytes/pybridge/internal/wire"
)

// must returns the message of a value.
func must(t testing.TB, v any) []byte {
	t.Helper()
	b, err := encoder.Append(nil, v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

type outer struct {
	Name  string
	Inner *inner
	Any   any
	When  time.Time
	Wait  time.Duration
	Image array
	Some  fmt.Stringer
}

type inner struct {
	Sizes [3]int8
	By    map[int]float32
}

func (o object) String() string { return o.payload }

func TestDecode(t *testing.T) {
	at := time.Unix(1700000000, 5).UTC()
	for _, c := range []struct {
		v    any
		want any // of the type to decode into
	}{
		{nil, (*int)(nil)}, {nil, any(nil)}, {nil, []int(nil)}, {nil, map[string]int(nil)}, {nil, fmt.Stringer(nil)},
		{true, true}, {true, ref(true)}, {"x", "x"}, {"x", label("x")}, {"x", any("x")},
		{127, int8(127)}, {-128, int8(-128)}, {uint64(math.MaxUint64), uint64(math.MaxUint64)}, {255, octet(255)}, {7, count(7)},
		{math.MinInt64, math.MinInt64}, {math.MaxInt64, int64(math.MaxInt64)}, {math.MaxInt64, uint64(math.MaxInt64)},
		{7, 7.0}, {-7, float32(-7)}, {1 << 24, float32(1 << 24)}, {math.MinInt64, float64(math.MinInt64)},
		{uint64(1 << 63), float64(1 << 63)}, {uint64(1 << 63), float32(1 << 63)}, {1 << 53, float64(1 << 53)},
		{0.5, 0.5}, {0.1, float32(0.1)}, {math.Inf(1), float32(math.Inf(1))}, {float32(0.1), float64(float32(0.1))}, {1e-300, float32(0)},
		{2, 2 + 0i}, {0.5, complex64(0.5)}, {1 + 2i, 1 + 2i}, {1 + 2i, complex64(1 + 2i)}, {complex64(1 + 2i), 1 + 2i},
		{[]byte{1, 2}, []byte{1, 2}}, {[]byte{1, 2}, raw{1, 2}}, {[]byte{1, 2}, []octet{1, 2}}, {[]byte{1, 2}, [2]byte{1, 2}}, {[]byte{1, 2}, [2]octet{1, 2}}, {[]byte{}, []byte{}},
		{at, at}, {at, ref(at)}, {at, any(at)}, {time.Second, time.Second}, {time.Second, any(time.Second)},
		{[]any{1, 2}, []int8{1, 2}}, {[]any{1, 2}, [2]int8{1, 2}}, {[]any{}, []int{}}, {[]any{}, [0]int{}}, {[]any{nil, 1}, []*int{nil, ref(1)}},
		{[]any{1, "a"}, []any{int64(1), "a"}}, {slicesOf(1000), intsOf(1000)}, {[]any{[]any{1}}, [][]int{{1}}}, {[]any{map[string]any{}}, []struct{}{{}}},
		{map[string]any{"a": 1}, map[string]int{"a": 1}}, {map[string]any{"a": 1}, map[label]any{"a": int64(1)}}, {map[int]any{1: "a"}, map[int8]string{1: "a"}},
		{map[int]any{1: "a"}, map[float64]string{1: "a"}}, {map[bool]int{true: 1}, map[bool]int{true: 1}}, {map[any]any{1: 1, "a": 2, nil: 3}, map[any]int{int64(1): 1, "a": 2, nil: 3}},
		{map[string]any{"a": 1}, map[any]any{"a": int64(1)}},
		{array{"p"}, array{"p"}}, {array{"p"}, any(array{"p"})}, {object{"p"}, fmt.Stringer(object{"p"})}, {[]any{array{"p"}}, []array{{"p"}}},
		{person{Name: "Ada", Age: 3, Sizes: []int8{1}}, person{Name: "Ada", Age: 3, Sizes: []int8{1}}},
		{map[string]any{"Inner": map[string]any{"Sizes": []any{1, 2, 3}, "By": map[int]any{1: 0.5}}, "Any": []any{1}, "When": at, "Wait": time.Second, "Image": array{"p"}, "Some": object{"s"}, "Name": "n"},
			outer{"n", &inner{[3]int8{1, 2, 3}, map[int]float32{1: 0.5}}, []any{int64(1)}, at, time.Second, array{"p"}, object{"s"}}},
		{map[string]any{"Street": "Hill", "town": "Rome"}, household{address: address{Street: "Hill"}, Town: "Rome"}},
	} {
		b := append(must(t, c.v), 0xc1, 0xc1)
		into := reflect.New(wantType(c.v, c.want))
		rest, err := decoder.Decode(b, into.Interface())
		if err != nil || len(rest) != 2 {
			t.Errorf("%T into %v: %v, %d bytes are left", c.v, into.Type(), err, len(rest))
		} else if got := into.Elem().Interface(); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%#v into %v: got %#v, want %#v", c.v, into.Type(), got, c.want)
		}
		clear(b) // what was decoded has no memory of the message's
		if got := into.Elem().Interface(); err == nil && !reflect.DeepEqual(got, c.want) {
			t.Errorf("%v shares memory with the message", into.Type())
		}
	}
}

// wantType is that of want; of a nil interface it is any.
func wantType(v, want any) reflect.Type {
	switch {
	case want == nil:
		return reflect.TypeFor[any]()
	case v == object{"p"}:
		return reflect.TypeFor[fmt.Stringer]()
	}
	return reflect.TypeOf(want)
}

func slicesOf(n int) (list []any) {
	for i := range n {
		list = append(list, i)
	}
	return list
}

func intsOf(n int) (list []int) {
	for i := range n {
		list = append(list, i)
	}
	return list
}

func TestDecodeRefuses(t *testing.T) {
	for _, c := range []struct {
		v    any
		into any
		says string
	}{
		{300, ref(int8(0)), "expected int8, found 300"},
		{-129, ref(int8(0)), "expected int8, found -129"},
		{-1, ref(uint(0)), "expected uint, found -1"},
		{256, ref(uint8(0)), "expected uint8, found 256"},
		{uint64(1 << 63), ref(int64(0)), "expected int64, found 9223372036854775808"},
		{1.0, ref(0), "expected int, found the float 1"},
		{1<<53 + 1, ref(0.0), "expected float64, found 9007199254740993"},
		{-1<<53 - 1, ref(0.0), "expected float64, found -9007199254740993"},
		{math.MaxInt64, ref(0.0), "expected float64, found 9223372036854775807"},
		{uint64(math.MaxUint64), ref(0.0), "expected float64, found 18446744073709551615"},
		{1<<24 + 1, ref(float32(0)), "expected float32, found 16777217"},
		{1e300, ref(float32(0)), "expected float32, found the float 1e+300"},
		{1<<53 + 1, ref(0i), "expected complex128, found 9007199254740993"},
		{complex(1e300, 0), ref(complex64(0)), "expected complex64, found the complex number (1e+300+0i)"},
		{1i, ref(0.0), "expected float64, found the complex number (0+1i)"},
		{true, ref(0), "expected int, found true"},
		{1, ref(true), "expected bool, found 1"},
		{nil, ref(0), "expected int, found nil"},
		{nil, ref(""), "expected string, found nil"},
		{nil, &outer{}, "expected wire_test.outer, found nil"},
		{nil, &[2]int{}, "expected [2]int, found nil"},
		{nil, &time.Time{}, "expected time.Time, found nil"},
		{"1", ref(0), `expected int, found "1"`},
		{"x", ref([]byte{}), `expected []uint8, found "x"`},
		{[]byte("abc"), ref(""), "expected string, found 3 bytes"},
		{[]byte("abc"), &[2]byte{}, "expected [2]uint8, found 3 bytes"},
		{[]any{1, 2}, ref([]byte{}), "expected []uint8, found a list of 2"},
		{[]any{1, 2}, &[3]int{}, "expected [3]int, found a list of 2"},
		{[]any{1, 2}, ref(0), "expected int, found a list of 2"},
		{[]any{}, &map[string]int{}, "expected map[string]int, found a list of 0"},
		{map[string]any{}, ref([]int{}), "expected []int, found a map of 0"},
		{1, ref(time.Second), "expected time.Duration, found 1"},
		{time.Second, ref(int64(0)), "expected int64, found the duration 1s"},
		{time.Unix(0, 5), ref(0), "expected int, found the time 1970-01-01T00:00:00.000000005Z"},
		{0, &time.Time{}, "expected time.Time, found 0"},
		{array{"p"}, ref(0.5), "expected float64, found an array: wire_test.array"},
		{object{"p"}, ref(""), "expected string, found an object: wire_test.object"},
		{"x", ref(fmt.Stringer(nil)), `expected fmt.Stringer, found "x"`},
		{1, ref(func() {}), "expected func(), found 1"},
		{1, ref(uintptr(0)), "expected uintptr, found 1"},
		{[]any{1, 2, 300}, &[]int8{}, "[2]: expected int8, found 300"},
		{map[string]any{"Inner": map[string]any{"Sizes": []any{1, 2, 300}}}, &outer{}, ".Inner.Sizes[2]: expected int8, found 300"},
		{map[string]any{"a": map[int]any{5: "x"}}, &map[string]map[int]int{}, `["a"][5]: expected int, found "x"`},
		{map[int]any{5: 1}, &map[string]int{}, "expected keys for map[string]int, found 5"},
		{map[int]any{300: 1}, &map[int8]int{}, "expected keys for map[int8]int, found 300"},
		{map[string]any{"a": 1}, &map[time.Time]int{}, `expected keys for map[time.Time]int, found "a"`},
		{map[int]any{5: 1}, &outer{}, "expected keys for wire_test.outer, found 5"},
		{map[string]any{"name": "x"}, &outer{}, `wire_test.outer has no field for the key "name"; did you mean Name?`},
		{map[string]any{"zzzzzz": 1}, &inner{}, `wire_test.inner has no field for the key "zzzzzz"; it has Sizes, By`},
		{map[string]any{"hidden": 1}, &person{}, `has no field for the key "hidden"`},
		{map[string]any{}, &bytes.Buffer{}, "expected a value that calls carry, found bytes.Buffer, which has no exported fields"},
		{map[string]any{"age": 1}, &household{}, ".age: cannot set the unexported *wire_test.person, which is nil"},
		{map[string]any{"x": 1}, &twoOfAName{}, "which has two fields of the key"},
	} {
		_, err := decoder.Decode(must(t, c.v), c.into)
		if !errors.Is(err, wire.ErrMismatch) || !errors.Is(err, ndarray.ErrDType) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%#v into %T: got %v, want %s", c.v, c.into, err, c.says)
		}
	}
}

// TestDecodeMalformed has each message that is none refused whatever it is to go into.
func TestDecodeMalformed(t *testing.T) {
	for _, c := range corpus(t) {
		if c.Error == "" || strings.HasPrefix(c.Name, "more behind") {
			continue
		}
		for _, into := range []any{ref(0), ref(""), ref([]any{}), &[]int{}, &[1]any{}, &map[string]any{}, &map[any]any{}, &map[int]int{}, &outer{}, &time.Time{},
			ref(time.Second), ref(0i), &[]byte{}, ref(ref(0.5)), &map[string]*[]any{}} {
			if rest, err := decoder.Decode(unhex(c.Hex), into); err == nil {
				t.Errorf("%s into %T: %v, %x", c.Name, into, reflect.ValueOf(into).Elem(), rest)
			}
		}
	}
	for _, text := range []string{"8201a00101", "82a14101a14102", "82a5" + "53697a6573" + "93010203" + "a5" + "53697a6573" + "93010203"} { // keys that are there twice
		b := unhex(text)
		for _, into := range []any{&map[any]any{}, &map[string]int{}, &map[int]any{}, &inner{}, &struct{ A int }{}} {
			if _, err := decoder.Decode(b, into); err == nil {
				t.Errorf("%s into %T: %v", text, into, reflect.ValueOf(into).Elem())
			}
		}
	}
}

func TestDecodeKeepsOtherFields(t *testing.T) {
	p := person{Name: "Ada", Age: 36, Sizes: []int8{1}}
	if _, err := decoder.Decode(must(t, map[string]any{"age": 37}), &p); err != nil || p.Name != "Ada" || p.Age != 37 || len(p.Sizes) != 1 {
		t.Errorf("%+v, %v", p, err)
	}
	before := p.Sizes
	if _, err := decoder.Decode(must(t, map[string]any{"Sizes": []any{9}}), &p); err != nil || before[0] != 1 || p.Sizes[0] != 9 {
		t.Errorf("%+v, %v: into memory of others", p, err)
	}
}

func TestDecodeWithoutHooks(t *testing.T) {
	var plain wire.Decoder
	for _, v := range []any{array{"p"}, object{"p"}, []any{array{"p"}}} {
		if _, _, err := plain.DecodeAny(must(t, v)); !errors.Is(err, wire.ErrMismatch) {
			t.Errorf("%#v: %v", v, err)
		}
		var into any
		if _, err := plain.Decode(must(t, v), &into); !errors.Is(err, wire.ErrMismatch) {
			t.Errorf("%#v: %v", v, err)
		}
	}
	if b, err := new(wire.Encoder).Append(nil, array{"p"}); !errors.Is(err, wire.ErrUnencodable) {
		t.Errorf("%x, %v", b, err)
	}
	fails := wire.Decoder{Array: func([]byte, reflect.Type) (reflect.Value, error) { return reflect.Value{}, ndarray.ErrShape }}
	var v struct{ A array }
	if _, err := fails.Decode(must(t, map[string]any{"A": array{"p"}}), &v); !errors.Is(err, ndarray.ErrShape) || errors.Is(err, wire.ErrMismatch) || !strings.HasPrefix(err.Error(), ".A: ") {
		t.Error(err)
	}
}

func TestDecodePanics(t *testing.T) {
	for _, into := range []any{nil, 5, (*int)(nil), (*any)(nil)} {
		func() {
			defer func() {
				if _, ok := recover().(wire.TargetError); !ok {
					t.Errorf("no panic for %T", into)
				}
			}()
			decoder.Decode([]byte{1}, into)
		}()
	}
}

// TestLiesAllocateLittle has messages claim lengths that they do not have.
func TestLiesAllocateLittle(t *testing.T) {
	lists := func(lead string) []byte { return bytes.Repeat(unhex(lead), 50_000) }
	for name, b := range map[string][]byte{
		"a list":          unhex("ddffffffff0102030405"),
		"a map":           unhex("dfffffffff0102030405"),
		"a string":        unhex("dbffffffff0102030405"),
		"bytes":           unhex("c6ffffffff0102030405"),
		"an extension":    unhex("c9ffffffff0102030405"),
		"lists in lists":  lists("dd00007fff"),
		"maps in maps":    lists("df00007fff"),
		"maps of strings": lists("df00007fffa161"),
	} {
		for _, into := range []any{new(any), &[]int{}, &[][][4096]byte{}, &[]struct{ A [1 << 16]byte }{}, &map[string]any{}, &map[string][1024]int{}} {
			const rounds = 10
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			for range rounds {
				if _, err := decoder.Decode(b, into); err == nil {
					t.Errorf("%s into %T: no error", name, into)
				}
			}
			runtime.ReadMemStats(&after)
			most := uint64(2*len(b) + 64<<10*wire.MaxDepth/10)
			if took := (after.TotalAlloc - before.TotalAlloc) / rounds; took > most {
				t.Errorf("%s of %d bytes into %T: %d bytes allocated", name, len(b), into, took)
			}
		}
	}
}

func TestDescribeOfFound(t *testing.T) {
	var n int8
	for v, says := range map[any]string{
		"long" + strings.Repeat("x", 500): "...", nil: "nil", complex64(1i): "(0+1i)", array{"x"}: "an array", 1.5: "the float 1.5",
	} {
		if _, err := decoder.Decode(must(t, v), &n); err == nil || len(err.Error()) > 150 || says != "..." && !strings.Contains(err.Error(), says) {
			t.Errorf("%#v: %v", v, err)
		}
	}
	if _, err := decoder.Decode(unhex("d41100"), &n); !errors.Is(err, wire.ErrMalformed) {
		t.Error(err, hex.EncodeToString(must(t, 1)))
	}
}
