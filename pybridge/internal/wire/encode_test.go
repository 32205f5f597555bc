package wire_test

import (
	"bytes"
	"errors"
	"math"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/samebytes/samebytes/ndarray"
	"github.com/samebytes/samebytes/pybridge/internal/wire"
)

type (
	count  int8
	label  string
	raw    []byte
	octet  byte
	person struct {
		Name    string `msgpack:"name"`
		Age     int    `json:"age,omitempty"`
		Skipped int    `msgpack:"-"`
		hidden  int
		Sizes   []int8
	}
	address struct {
		Street string
		Town   string
	}
	household struct {
		address
		*person
		Town  string `msgpack:"town"`
		since time.Time
		Pets  map[label]count `msgpack:",omitempty"`
	}
	twoOfAName struct {
		A int `msgpack:"x"`
		B int `msgpack:"x"`
	}
	node struct{ Next *node }
	loop *loop
)

// TestAppend compares what Go values become with what DecodeAny gives for it.
func TestAppend(t *testing.T) {
	name := "x"
	for title, c := range map[string]struct {
		v    any
		want any
	}{
		"named int":             {count(-3), int64(-3)},
		"uint8":                 {uint8(200), int64(200)},
		"uint":                  {uint(math.MaxUint), uint64(math.MaxUint64)},
		"int16":                 {int16(-300), int64(-300)},
		"int32":                 {int32(-70000), int64(-70000)},
		"uint16":                {uint16(65535), int64(65535)},
		"uint32":                {uint32(1 << 31), int64(1 << 31)},
		"named string":          {label("a"), "a"},
		"named bytes":           {raw{1, 2}, []byte{1, 2}},
		"slice of named bytes":  {[]octet{1, 2}, []byte{1, 2}},
		"array of bytes":        {[3]byte{1, 2, 3}, []byte{1, 2, 3}},
		"pointer to such":       {&[3]octet{1, 2, 3}, []byte{1, 2, 3}},
		"nil bytes":             {[]byte(nil), []byte{}},
		"nil slice":             {[]int(nil), []any{}},
		"nil map":               {map[string]int(nil), map[string]any{}},
		"nil pointer":           {(*int)(nil), nil},
		"nil function":          {(func())(nil), nil},
		"pointer to a pointer":  {ref(&name), "x"},
		"array":                 {[2]float32{1, 2}, []any{1.0, 2.0}},
		"slice of interfaces":   {[]error{nil}, []any{nil}},
		"map of ints":           {map[int]bool{-1: true}, map[any]any{int64(-1): true}},
		"map of uints":          {map[uint64]bool{math.MaxUint64: true}, map[any]any{uint64(math.MaxUint64): true}},
		"map of floats":         {map[float32]bool{0.5: true}, map[any]any{0.5: true}},
		"map of bools":          {map[bool]int{true: 1}, map[any]any{true: int64(1)}},
		"map of interfaces":     {map[any]int{nil: 1, "a": 2, 3: 3}, map[any]any{nil: int64(1), "a": int64(2), int64(3): int64(3)}},
		"map of named strings":  {map[label]int{"a": 1}, map[string]any{"a": int64(1)}},
		"duration in a list":    {[]time.Duration{time.Second}, []any{time.Second}},
		"time in another zone":  {time.Unix(5, 6).In(time.FixedZone("x", 3600)), time.Unix(5, 6).UTC()},
		"pointer to a time":     {ref(time.Unix(5, 6)), time.Unix(5, 6).UTC()},
		"zero time":             {time.Time{}, time.Time{}},
		"complex in a list":     {[]complex64{1 + 2i}, []any{1 + 2i}},
		"struct without fields": {struct{}{}, map[string]any{}},
		"struct": {person{Name: "Ada", Sizes: []int8{1}, Skipped: 7, hidden: 8},
			map[string]any{"name": "Ada", "Sizes": []any{int64(1)}}},
		"struct in a struct": {household{address: address{"Hill", "Bath"}, person: &person{Age: 3}, Town: "Rome", since: time.Now()},
			map[string]any{"Street": "Hill", "Town": "Bath", "town": "Rome", "name": "", "age": int64(3), "Sizes": []any{}}},
		"embedded nil":  {household{Pets: map[label]count{"cat": 1}}, map[string]any{"Street": "", "Town": "", "town": "", "Pets": map[string]any{"cat": int64(1)}}},
		"embedded time": {struct{ time.Time }{time.Unix(5, 0)}, map[string]any{"Time": time.Unix(5, 0).UTC()}},
		"arrays":        {[]any{&array{"p"}, array{"q"}}, []any{array{"p"}, array{"q"}}}, // of a pointer what it points to
		"objects":       {map[string]object{"a": {"p"}}, map[string]any{"a": object{"p"}}},
		"linked":        {node{&node{}}, map[string]any{"Next": map[string]any{"Next": nil}}},
	} {
		t.Run(title, func(t *testing.T) {
			b, err := encoder.Append([]byte("before"), c.v)
			if err != nil {
				t.Fatal(err)
			}
			b = bytes.TrimPrefix(b, []byte("before"))
			if got, err := decodeAll(b); err != nil || describe(got) != describe(c.want) {
				t.Errorf("got %s, %v, want %s", describe(got), err, describe(c.want))
			}
		})
	}
}

func ref[T any](v T) *T { return &v }

func TestAppendRefuses(t *testing.T) {
	circle := []any{1}
	circle[0] = circle
	ring := map[string]any{}
	ring["a"] = ring
	chain := &node{}
	chain.Next = chain
	var end loop
	end = &end
	for name, c := range map[string]struct {
		v    any
		says string
	}{
		"function":           {[]any{1, func() {}}, "[1]: expected a value that calls carry, found func()"},
		"channel":            {map[string]any{"a": make(chan int)}, `["a"]: expected a value that calls carry, found chan int`},
		"uintptr":            {uintptr(1), "expected a value that calls carry, found uintptr"},
		"string":             {map[string]any{"a": []any{"\xff"}}, `["a"][0]: expected a string of UTF-8, found "\xff": send other bytes as []byte`},
		"key":                {map[string]any{"\xff": 1}, "expected a string of UTF-8"},
		"nan key":            {map[float64]int{math.NaN(): 1}, "expected a key that equals itself, found NaN"},
		"time key":           {map[time.Time]int{{}: 1}, "expected a key that is a string, a number, a bool or nil, found time.Time"},
		"duration key":       {map[time.Duration]int{1: 1}, "found time.Duration"},
		"complex key":        {map[complex128]int{1: 1}, "found complex128"},
		"keys that are same": {map[any]int{1: 1, true: 2}, "two keys are the same to Python"},
		"keys of two sizes":  {map[any]int{int8(1): 1, int16(1): 2}, "two keys are the same"},
		"circle":             {circle, "[0][0][0]"},
		"ring":               {ring, "expected lists and maps at most 100 deep: does it contain itself?"},
		"chain":              {chain, ".Next.Next.Next"},
		"loop":               {end, "points to itself"},
		"early time":         {time.Unix(-62135596801, 0), "expected a time in the years 1 to 9999"},
		"late time":          {[]time.Time{time.Unix(253402300800, 0)}, "[0]: expected a time in the years 1 to 9999"},
		"no fields":          {[]any{sync.Mutex{}}, "[0]: expected a value that calls carry, found sync.Mutex"},
		"embedded mutex":     {struct{ *bytes.Buffer }{&bytes.Buffer{}}, ".Buffer: expected a value that calls carry, found bytes.Buffer, which has no exported fields"},
		"two of a name":      {&twoOfAName{}, `found wire_test.twoOfAName, which has two fields of the key "x"`},
		"in a struct":        {person{Sizes: nil}.with(func() {}), ".Extra[0]: expected a value that calls carry, found func()"},
	} {
		t.Run(name, func(t *testing.T) {
			b, err := encoder.Append([]byte("before"), c.v)
			if !errors.Is(err, wire.ErrUnencodable) || !errors.Is(err, ndarray.ErrDType) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want %s", err, c.says)
			}
			if string(b) != "before" {
				t.Errorf("returned %q", b)
			}
			if len(err.Error()) > 300 {
				t.Errorf("%d bytes of message: %v", len(err.Error()), err)
			}
		})
	}
}

func (p person) with(v any) any {
	return struct {
		person
		Extra []any
	}{p, []any{v}}
}

func TestAppendDepth(t *testing.T) {
	deep := func(n int) any {
		var v any
		for range n {
			v = []any{v}
		}
		return v
	}
	for _, c := range []struct {
		depth, n int
		ok       bool
	}{{0, 100, true}, {0, 101, false}, {2, 98, true}, {2, 99, false}} {
		e, d := wire.Encoder{Depth: c.depth}, wire.Decoder{Depth: c.depth}
		_, err := e.Append(nil, deep(c.n))
		if (err == nil) != c.ok {
			t.Errorf("%d within %d: %v", c.n, c.depth, err)
		}
		b, err := (&wire.Encoder{Depth: -c.depth - 1}).Append(nil, deep(c.n))
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := d.DecodeAny(b); (err == nil) != c.ok {
			t.Errorf("decoding %d within %d: %v", c.n, c.depth, err)
		}
	}
}

// TestHooks has the payload that a caller's function appends in each form of msgpack's extensions, and its errors passed on.
func TestHooks(t *testing.T) {
	for _, n := range []int{0, 1, 2, 3, 4, 5, 8, 15, 16, 17, 255, 256, 65535, 65536} {
		want := array{strings.Repeat("x", n)}
		b, err := encoder.Append([]byte("before"), []any{want, 7})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := decodeAll(b[6:]); err != nil || describe(got) != describe([]any{want, int64(7)}) {
			t.Errorf("%d bytes: got %.100s, %v", n, describe(got), err)
		}
	}
	fails := wire.Encoder{Object: func(dst []byte, v any) ([]byte, bool, error) { return dst, false, os.ErrClosed }}
	if _, err := fails.Append(nil, []any{object{}}); !errors.Is(err, os.ErrClosed) || err.Error() != "[0]: "+os.ErrClosed.Error() {
		t.Error(err)
	}
	if b, err := fails.Append(nil, []any{1, "x", []int{1}, time.Second}); err != nil {
		t.Errorf("%x, %v: asked about what has no name", b, err)
	}
}

func TestErrorPaths(t *testing.T) {
	_, err := encoder.Append(nil, []any{map[string]any{"a": make(chan int)}})
	err = wire.At("args[1]", err)
	var e *wire.Error
	if !errors.As(err, &e) || e.Path != `args[1][0]["a"]` || err.Error() != `args[1][0]["a"]: expected a value that calls carry, found chan int` {
		t.Error(err)
	}
	if err := wire.At("x", os.ErrClosed); !errors.Is(err, os.ErrClosed) || err.Error() != "x: "+os.ErrClosed.Error() {
		t.Error(err)
	}
}
