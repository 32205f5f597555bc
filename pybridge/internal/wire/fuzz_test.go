package wire_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/samebytes/samebytes/pybridge/internal/wire"
)

// FuzzDecode asserts that any bytes give an error or a value, that the value is the same after it was encoded and decoded again, and
// that no bytes are too much for what has a type.
func FuzzDecode(f *testing.F) {
	for _, c := range corpus(f) {
		if b := unhex(c.Hex); len(b) < 4096 {
			f.Add(b)
		}
	}
	f.Add(must(f, person{Name: "Ada", Age: 36, Sizes: []int8{1}}))
	f.Add(must(f, outer{Inner: &inner{}}))
	f.Fuzz(func(t *testing.T, b []byte) {
		kept := bytes.Clone(b)
		for _, into := range []any{&outer{}, &person{}, &household{}, &[]int8{}, &map[string][]float32{}, &map[any]int{}, &[2]complex64{}, ref(ref(ref("")))} {
			decoder.Decode(b, into) // its errors are in tables
		}
		v, rest, err := decoder.DecodeAny(b)
		if !bytes.Equal(b, kept) {
			t.Fatal("the message was changed")
		}
		if err != nil {
			if !errors.Is(err, wire.ErrMalformed) {
				t.Fatal(err)
			}
			return
		}
		if !bytes.HasSuffix(b, rest) || len(rest) == len(b) {
			t.Fatalf("%x is left of %x", rest, b)
		}
		written, err := encoder.Append(nil, v)
		if err != nil {
			t.Fatalf("%s is not encoded: %v", describe(v), err)
		}
		again, rest, err := decoder.DecodeAny(written)
		if err != nil || len(rest) > 0 || describe(again) != describe(v) {
			t.Fatalf("%s became %s, %v", describe(v), describe(again), err)
		}
		var into any
		if _, err := decoder.Decode(b, &into); err != nil || describe(into) != describe(v) {
			t.Fatalf("Decode gave %s, %v, DecodeAny %s", describe(into), err, describe(v))
		}
	})
}
