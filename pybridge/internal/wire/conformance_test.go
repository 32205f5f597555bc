package wire_test

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/samebytes/samebytes/npy"
	"github.com/samebytes/samebytes/pybridge/internal/wire"
)

// array and object are known by their payloads alone.
type (
	array  struct{ payload string }
	object struct{ payload string }
)

var (
	encoder = wire.Encoder{
		Array: func(dst []byte, v any) ([]byte, bool, error) {
			a, ok := v.(array)
			return append(dst, a.payload...), ok, nil
		},
		Object: func(dst []byte, v any) ([]byte, bool, error) {
			o, ok := v.(object)
			return append(dst, o.payload...), ok, nil
		},
	}
	decoder = wire.Decoder{
		Array: func(payload []byte, into reflect.Type) (reflect.Value, error) {
			return reflect.ValueOf(array{string(payload)}), nil
		},
		Object: func(payload []byte, into reflect.Type) (reflect.Value, error) {
			return reflect.ValueOf(object{string(payload)}), nil
		},
	}
)

// message is a case of tests/conformance/values.json, which says there what its keys mean.
type message struct {
	Name      string
	Hex       any
	Value     any
	Error     string
	Canonical any
}

func corpus(t testing.TB) []message {
	t.Helper()
	text, err := os.ReadFile("../../../tests/conformance/values.json")
	if err != nil {
		t.Fatal(err)
	}
	var c struct{ Cases []message }
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&c); err != nil {
		t.Fatal(err)
	}
	if len(c.Cases) < 150 {
		t.Fatalf("%d cases", len(c.Cases))
	}
	return c.Cases
}

func TestConformance(t *testing.T) {
	for _, c := range corpus(t) {
		t.Run(c.Name, func(t *testing.T) { c.run(t) })
	}
}

func (c message) run(t *testing.T) {
	b := unhex(c.Hex)
	got, err := decodeAll(b)
	var v any
	if _, err := (&wire.Decoder{Array: decoder.Array, Object: decoder.Object}).Decode(b, &v); err == nil && c.Error == "" {
		if describe(v) != describe(got) {
			t.Errorf("Decode: got %s, DecodeAny: %s", describe(v), describe(got))
		}
	}
	if c.Error != "" {
		if !errors.Is(err, wire.ErrMalformed) || !errors.Is(err, npy.ErrFormat) {
			t.Errorf("got %v, %v, want an error", got, err)
		}
		return
	}
	want := build(c.Value)
	if err != nil || describe(got) != describe(want) {
		t.Fatalf("got %.200s, %v, want %.200s", describe(got), err, describe(want))
	}
	if c.Canonical == true || c.Canonical == "go" {
		written, err := encoder.Append(nil, want)
		if err != nil || !bytes.Equal(written, b) {
			t.Errorf("%.200s is encoded as %.200x, %v, want %.200x", describe(want), written, err, b)
		}
	}
}

// decodeAll decodes a message, which must be one value.
func decodeAll(b []byte) (any, error) {
	v, rest, err := decoder.DecodeAny(b)
	if err == nil && len(rest) > 0 {
		return nil, fmt.Errorf("%w: %d bytes behind it", wire.ErrMalformed, len(rest))
	}
	return v, err
}

// TestDescribe is the program to which tests/test_values.py gives messages, a line each.
func TestDescribe(t *testing.T) {
	if os.Getenv("SAMEBYTES_DESCRIBE") == "" {
		t.Skip("run by tests/test_values.py")
	}
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		v, err := decodeAll(unhex(in.Text()))
		switch {
		case errors.Is(err, wire.ErrMalformed):
			fmt.Fprintln(out, "refused")
		case err != nil:
			fmt.Fprintln(out, err)
		default:
			fmt.Fprintln(out, describe(v))
		}
	}
}

func unhex(text any) []byte {
	switch text := text.(type) {
	case string:
		b, err := hex.DecodeString(text)
		if err != nil {
			panic(err)
		}
		return b
	case []any:
		if len(text) == 2 {
			if _, repeated := text[1].(json.Number); repeated {
				return bytes.Repeat(unhex(text[0]), number(text[1]))
			}
		}
		var b []byte
		for _, part := range text {
			b = append(b, unhex(part)...)
		}
		return b
	}
	panic(fmt.Sprintf("no hex: %v", text))
}

func number(v any) int {
	n, err := strconv.Atoi(v.(json.Number).String())
	if err != nil {
		panic(err)
	}
	return n
}

func float(text any) float64 {
	f, err := strconv.ParseFloat(text.(string), 64)
	if err != nil {
		panic(err)
	}
	return f
}

// build returns the value that the corpus means.
func build(value any) any {
	switch value := value.(type) {
	case json.Number:
		if i, err := strconv.ParseInt(value.String(), 10, 64); err == nil {
			return i
		}
		u, err := strconv.ParseUint(value.String(), 10, 64)
		if err != nil {
			panic(err)
		}
		return u
	case []any:
		list := make([]any, len(value))
		for i := range value {
			list[i] = build(value[i])
		}
		return list
	case map[string]any:
		for kind, what := range value {
			return buildKind(kind, what)
		}
	}
	return value
}

func buildKind(kind string, what any) any {
	parts, _ := what.([]any)
	switch kind {
	case "float":
		return float(what)
	case "float32":
		return float32(float(what))
	case "complex":
		return complex(float(parts[0]), float(parts[1]))
	case "complex64":
		return complex(float32(float(parts[0])), float32(float(parts[1])))
	case "bytes":
		return unhex(what)
	case "text":
		return strings.Repeat(parts[0].(string), number(parts[1]))
	case "list":
		return slices.Repeat([]any{build(parts[0])}, number(parts[1]))
	case "map":
		return buildMap(parts)
	case "time":
		return time.Unix(int64(number(parts[0])), int64(number(parts[1])))
	case "duration":
		return time.Duration(number(what))
	case "array":
		return array{string(unhex(what))}
	case "object":
		return object{string(unhex(what))}
	case "deep":
		inner := build(parts[2])
		for range number(parts[0]) {
			if parts[1] != "list" {
				inner = map[string]any{"a": inner}
			}
			if parts[1] != "map" {
				inner = []any{inner}
			}
		}
		return inner
	}
	panic("no kind: " + kind)
}

func buildMap(pairs []any) any {
	plain, mixed := map[string]any{}, map[any]any{}
	for _, pair := range pairs {
		key, item := build(pair.([]any)[0]), build(pair.([]any)[1])
		if text, ok := key.(string); ok {
			plain[text] = item
		}
		mixed[key] = item
	}
	if len(plain) == len(mixed) {
		return plain
	}
	return mixed
}

// describe returns a text that equal values of equal types share, and no others, as far as Python can tell them apart.
// tests/test_values.py writes the same.
func describe(v any) string {
	switch v := v.(type) {
	case nil:
		return "nil"
	case bool:
		return strconv.FormatBool(v)
	case int64, uint64:
		return fmt.Sprintf("int %d", v)
	case float32:
		return describe(float64(v))
	case float64:
		if math.IsNaN(v) {
			return "float nan"
		}
		return fmt.Sprintf("float %016x", math.Float64bits(v))
	case complex64:
		return describe(complex128(v))
	case complex128:
		return "complex " + describe(real(v)) + " " + describe(imag(v))
	case string:
		return "string " + hex.EncodeToString([]byte(v))
	case []byte:
		return "bytes " + hex.EncodeToString(v)
	case time.Time:
		return fmt.Sprintf("time %d", v.UnixMicro())
	case time.Duration:
		return fmt.Sprintf("duration %d", v.Microseconds())
	case []any:
		items := make([]string, len(v))
		for i := range v {
			items[i] = describe(v[i])
		}
		return "[" + strings.Join(items, ", ") + "]"
	case map[string]any:
		return describeMap(v)
	case map[any]any:
		return describeMap(v)
	case array:
		return "array " + hex.EncodeToString([]byte(v.payload))
	case object:
		return "object " + hex.EncodeToString([]byte(v.payload))
	}
	panic(fmt.Sprintf("nothing that a message gives: %#v", v))
}

func describeMap[K comparable](m map[K]any) string {
	var items []string
	for key, item := range m {
		items = append(items, describe(any(key))+": "+describe(item))
	}
	slices.Sort(items)
	return "{" + strings.Join(items, ", ") + "}"
}
