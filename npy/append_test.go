package npy_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/samebytes/samebytes/ndarray"
	"github.com/samebytes/samebytes/npy"
)

// TestAppendKeepsText appends to files whose headers say more than this package would: only the length changes.
func TestAppendKeepsText(t *testing.T) {
	type element struct {
		A int16 `npy:"a"`
		B int16 `npy:"b"`
	}
	const fields = "[(('the first', 'a'), '<i2'), ('b', '<i2')]"
	for name, c := range map[string]struct{ before, after string }{
		"a title":          {"{'descr': " + fields + ", 'fortran_order': False, 'shape': (9,), }  \n", "{'descr': " + fields + ", 'fortran_order': False, 'shape': (11,), } \n"},
		"both byte orders": {"{'descr': [('a', '>i2'), ('b', '<i2')], 'fortran_order': False, 'shape': (9,)} \n", "{'descr': [('a', '>i2'), ('b', '<i2')], 'fortran_order': False, 'shape': (11,)}\n"},
		"comments":         {"# one\n{'shape': (+0x9, # two\n), 'descr': " + fields + ",\n 'fortran_order': False}", "# one\n{'shape': (11  , # two\n), 'descr': " + fields + ",\n 'fortran_order': False}"},
		"the last shape":   {"{'shape': (1,), 'shape': (9,), 'descr': " + fields + ", 'fortran_order': False} ", "{'shape': (1,), 'shape': (11,), 'descr': " + fields + ", 'fortran_order': False}"},
		"a field":          {"{'descr': " + fields + ", 'fortran_order': False, 'shape': (9   ,)}\n", "{'descr': " + fields + ", 'fortran_order': False, 'shape': (11  ,)}\n"},
	} {
		path := filepath.Join(t.TempDir(), "a.npy")
		if err := os.WriteFile(path, append(withPrefix(c.before), make([]byte, 9*4)...), 0o600); err != nil {
			t.Fatal(err)
		}
		rows := must(ndarray.FromSlice([]element{{1, 2}, {3, 4}}))
		if err := npy.Append(path, rows); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		b := must(os.ReadFile(path))
		if want := withPrefix(c.after); !bytes.HasPrefix(b, want) || len(b) != len(want)+11*4 {
			t.Errorf("%s: got %q, want %q", name, b, want)
		}
		if got := must(npy.ReadFile[element](path)); !ndarray.ArrayEqual(got.Slice(ndarray.Range(9, 11)), rows) {
			t.Errorf("%s: got %v", name, got)
		}
	}
}

// TestHeaderBytes writes headers with room, which Append then takes.
func TestHeaderBytes(t *testing.T) {
	dir := t.TempDir()
	a := ndarray.Arange(int32(0), 9, 1)
	for _, c := range []struct {
		format npy.Format
		want   int
	}{
		{npy.Format{}, 128}, {npy.Format{HeaderBytes: 128}, 128}, {npy.Format{HeaderBytes: 129}, 192}, {npy.Format{HeaderBytes: 129, Align: 1}, 129},
		{npy.Format{HeaderBytes: 10000, Align: 4096}, 12288}, {npy.Format{HeaderBytes: 70000}, 70016}, {npy.Format{HeaderBytes: npy.MaxHeader}, npy.MaxHeader},
		{npy.Format{HeaderBytes: 10, Version: 3}, 128},
	} {
		path := filepath.Join(dir, "a.npy")
		if err := npy.WriteFile(path, a, c.format); err != nil {
			t.Fatal(err)
		}
		b := must(os.ReadFile(path))
		if h := must(npy.Parse(b)); h.DataOffset != c.want || len(b) != c.want+36 {
			t.Errorf("%+v: got a header of %d bytes in %d, want %d", c.format, h.DataOffset, len(b), c.want)
		}
		file := must(os.Create(path))
		w := must(npy.NewWriter[int32](file, npy.Unknown, nil, c.format))
		if err := errors.Join(w.Write(a), w.Close(), file.Close()); err != nil {
			t.Error(err)
		}
		if got := must(os.ReadFile(path)); !bytes.Equal(got, b) {
			t.Errorf("%+v: a Writer's file differs", c.format)
		}
		if err := npy.Append(path, a); err != nil {
			t.Error(err)
		}
		if got := must(npy.ReadFile[int32](path)); got.Len() != 18 {
			t.Errorf("%+v: got %v", c.format, got)
		}
	}
	for _, n := range []int{-1, npy.MaxHeader + 1} {
		if err := npy.Write(new(bytes.Buffer), a, npy.Format{HeaderBytes: n}); !errors.Is(err, npy.ErrFormat) {
			t.Errorf("%d bytes: got %v, want ErrFormat", n, err)
		}
	}
	if err := npy.Write(new(bytes.Buffer), a, npy.Format{HeaderBytes: 70000, Version: 1}); !errors.Is(err, ndarray.ErrDType) || !strings.Contains(err.Error(), "2.0") {
		t.Errorf("got %v, want ErrDType for what version 1.0 has no room for", err)
	}
}

// TestAppendToFortranOrder appends to files whose headers say Fortran order of elements that lie in both orders, until there are more.
func TestAppendToFortranOrder(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		rows []float64 // of the file, then those appended
		want string
	}{
		"one row": {"{'descr': '<f8', 'fortran_order': True, 'shape': (1, 3), }  \n", []float64{1, 2, 3}, "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), } \n"},
		"no rows": {"{'descr': '<f8', 'fortran_order': True, 'shape': (0, 3), } \n", nil, "{'descr': '<f8', 'fortran_order': True, 'shape': (1, 3), } \n"},
		"last":    {"{'descr': '<f8', 'shape': (1, 3), 'fortran_order': (True )}\n", []float64{1, 2, 3}, "{'descr': '<f8', 'shape': (2, 3), 'fortran_order': (False)}\n"},
		"no room": {"{'descr': '<f8', 'fortran_order': True, 'shape': (1, 3)}\n", []float64{1, 2, 3}, ""},
	} {
		path := filepath.Join(t.TempDir(), "a.npy")
		before := append(withPrefix(c.text), must(ndarray.FromSlice(c.rows)).Any().Data()...)
		if err := os.WriteFile(path, before, 0o600); err != nil {
			t.Fatal(err)
		}
		row := must(ndarray.FromSlice([]float64{4, 5, 6}))
		err := npy.Append(path, row)
		got := must(os.ReadFile(path))
		if c.want == "" {
			if !errors.Is(err, ndarray.ErrLayout) || !bytes.Equal(got, before) {
				t.Errorf("%s: got %v, and %q", name, err, got)
			}
			continue
		}
		if want := withPrefix(c.want); err != nil || !bytes.HasPrefix(got, want) {
			t.Errorf("%s: got %v, and %q, want %q", name, err, got, want)
			continue
		}
		want := must(must(ndarray.FromSlice(append(c.rows, 4, 5, 6))).Reshape(-1, 3))
		if a := must(npy.ReadFile[float64](path)); !ndarray.ArrayEqual(a, want) {
			t.Errorf("%s: got %v, want %v", name, a, want)
		}
	}
	path := filepath.Join(t.TempDir(), "a.npy")
	if err := os.WriteFile(path, withPrefix("{'descr': '<f8', 'fortran_order': True, 'shape': (0, 3), }  \n"), 0o600); err != nil {
		t.Fatal(err)
	}
	whole := must(ndarray.Arange(0.0, 9, 1).Reshape(3, 3))
	for _, rows := range []*ndarray.Array[float64]{whole.Slice(ndarray.Range(0, 2)), whole.Slice(ndarray.At(2))} {
		if err := npy.Append(path, rows); err != nil {
			t.Fatal(err)
		}
	}
	if got := must(npy.ReadFile[float64](path)); !ndarray.ArrayEqual(got, whole) {
		t.Errorf("several: got %v, want %v", got, whole)
	}
}
