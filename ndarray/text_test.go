package ndarray_test

import (
	"errors"
	"testing"

	"github.com/samebytes/samebytes/ndarray"
)

func TestText(t *testing.T) {
	var b [4]ndarray.Char
	var u [4]ndarray.UTF32
	for _, c := range []struct {
		text         string
		bytes, chars bool // whether it fits
	}{
		{"", true, true}, {"abcd", true, true}, {"a\x00b", true, true}, {"abcde", false, false}, {"é€", false, true}, {"\U0001f600abc", false, true},
		{"\xff", true, false}, {"a\x00", false, false}, {"\ufffd", true, true},
	} {
		b, u = [4]ndarray.Char{'x', 'x', 'x', 'x'}, [4]ndarray.UTF32{'x', 'x', 'x', 'x'}
		check := func(kind string, err error, got string, fits bool) {
			t.Helper()
			if fits && (err != nil || got != c.text) {
				t.Errorf("%s %q: %q, %v", kind, c.text, got, err)
			}
			if !fits && (!errors.Is(err, ndarray.ErrDType) || got != "xxxx") {
				t.Errorf("%s %q: %q, %v", kind, c.text, got, err)
			}
		}
		check("bytes", ndarray.SetText(b[:], c.text), ndarray.Text(b[:]), c.bytes)
		check("characters", ndarray.SetText(u[:], c.text), ndarray.Text(u[:]), c.chars)
	}
	if s := ndarray.Text([]ndarray.UTF32{'a', -1, 0xd800, 'b', 0}); s != "a\ufffd\ufffdb" {
		t.Errorf("no characters: %q", s)
	}
}
