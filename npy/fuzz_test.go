package npy_test

import (
	"errors"
	"reflect"
	"testing"

	"github.com/samebytes/samebytes/ndarray"
	"github.com/samebytes/samebytes/npy"
)

// FuzzParse asserts that any bytes give an error or a header that is the same after it was written and parsed again.
func FuzzParse(f *testing.F) {
	for _, v := range vectors(f, "headers.json") {
		f.Add([]byte(v.Header))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := npy.Parse(b)
		if err != nil {
			return
		}
		if size, err := npy.HeaderSize(b); err != nil || size != h.DataOffset || size > len(b) {
			t.Fatalf("HeaderSize: got %d, %v, want %d", size, err, h.DataOffset)
		}
		if h.Mixed {
			if _, err := h.Append(nil, 64); !errors.Is(err, ndarray.ErrDType) {
				t.Fatalf("%+v is written in which byte order? %v", h, err)
			}
			return
		}
		written, err := h.Append(nil, 64)
		if err != nil {
			t.Fatalf("%+v is not written: %v", h, err)
		}
		again, err := npy.Parse(written)
		if err != nil {
			t.Fatalf("%q: %v", written, err)
		}
		want := h
		want.Major, want.DataOffset = int(written[6]), len(written)
		if !reflect.DeepEqual(again, want) {
			t.Fatalf("got %+v, want %+v", again, want)
		}
	})
}
