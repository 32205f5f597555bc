package npy_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/samebytes/samebytes/ndarray"
	"github.com/samebytes/samebytes/npy"
)

func TestGrowable(t *testing.T) {
	for _, shape := range [][]int{{0}, {7}, {3, 4}, {99_999_999, 2, 1}, {0, 5}} {
		h, err := npy.NewHeader(ndarray.DTypeOf[int32](), shape, false)
		if err != nil {
			t.Fatal(err)
		}
		head, err := h.AppendGrowable([]byte("before"), 64)
		if err != nil {
			t.Fatal(err)
		}
		head = head[len("before"):]
		off := npy.LengthOffset(head)
		if off == 0 || off%npy.LengthField != 0 {
			t.Fatalf("length at %d of %q", off, head)
		}
		for _, n := range []int{shape[0], 0, 1, 12345678, npy.MaxLength} {
			field := npy.FormatLength(n)
			copy(head[off:], field[:])
			parsed, err := npy.Parse(head)
			if err != nil || parsed.Shape[0] != n || len(parsed.Shape) != len(shape) {
				t.Errorf("length %d of %v is read as %v, %v", n, shape, parsed.Shape, err)
			}
			if got, err := npy.ParseLength(field); got != n || err != nil {
				t.Errorf("%q is read as %d, %v", field, got, err)
			}
		}
		plain, err := h.Append(nil, 64)
		if err != nil {
			t.Fatal(err)
		}
		if off := npy.LengthOffset(plain); off != 0 {
			t.Errorf("an ordinary header has a length field at %d: %q", off, plain)
		}
	}
}

func TestGrowableRefuses(t *testing.T) {
	for _, c := range []struct {
		shape   []int
		fortran bool
		want    error
	}{
		{nil, false, ndarray.ErrLayout}, {[]int{2, 3}, true, ndarray.ErrLayout}, {[]int{100_000_000}, false, ndarray.ErrShape},
	} {
		h, err := npy.NewHeader(ndarray.DTypeOf[int8](), c.shape, c.fortran)
		if err != nil {
			t.Fatal(err)
		}
		if head, err := h.AppendGrowable([]byte("x"), 64); !errors.Is(err, c.want) || !bytes.Equal(head, []byte("x")) {
			t.Errorf("%v: %v, want %v", c.shape, err, c.want)
		}
	}
	for _, field := range []string{"        ", "1 2     ", "-1      ", "1x      ", " 1      "} {
		if n, err := npy.ParseLength([8]byte([]byte(field))); !errors.Is(err, npy.ErrFormat) {
			t.Errorf("%q is read as %d", field, n)
		}
	}
}
