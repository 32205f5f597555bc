package npy_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/samebytes/samebytes/ndarray"
	"github.com/samebytes/samebytes/npy"
)

// TestWriter writes an array in pieces: the file is the one that a single Write makes.
func TestWriter(t *testing.T) {
	whole := must(ndarray.Arange(int32(0), 60, 1).Reshape(10, 3, 2))
	for _, f := range []npy.Format{{}, {BigEndian: true, Align: 4096}, {Version: 3}} {
		want := written(t, whole, f)
		for _, rows := range []int{10, npy.Unknown} {
			file := must(os.Create(filepath.Join(t.TempDir(), "a.npy")))
			defer file.Close()
			w := must(npy.NewWriter[int32](file, rows, []int{3, 2}, f))
			for _, piece := range []*ndarray.Array[int32]{
				whole.Slice(ndarray.Range(0, 4)), whole.Slice(ndarray.At(4)), whole.Slice(ndarray.Range(5, 5)), whole.Slice(ndarray.Range(5, 10)),
			} {
				if err := w.Write(piece); err != nil {
					t.Fatal(err)
				}
				if rows == npy.Unknown {
					if _, err := npy.ReadFile[int32](file.Name()); err != nil {
						t.Errorf("not a file meanwhile: %v", err)
					}
				}
			}
			if err := w.Write(ndarray.New[int32](2, 3)); !errors.Is(err, ndarray.ErrShape) {
				t.Error(err)
			}
			if rows == 10 {
				if err := w.Write(whole.Slice(ndarray.At(0))); !errors.Is(err, ndarray.ErrShape) {
					t.Error(err)
				}
			}
			if err := errors.Join(w.Close(), w.Close()); err != nil {
				t.Fatal(err)
			}
			if err := w.Write(whole.Slice(ndarray.At(0))); !errors.Is(err, os.ErrClosed) {
				t.Error(err)
			}
			if got := must(os.ReadFile(file.Name())); !bytes.Equal(got, want) {
				t.Errorf("%+v, %d rows: got %q..., want %q...", f, rows, got[:140], want[:140])
			}
		}
	}
	w := must(npy.NewWriter[int32](new(bytes.Buffer), 2, nil))
	if err := w.Close(); !errors.Is(err, npy.ErrTruncated) {
		t.Error(err)
	}
	for name, c := range map[string]struct {
		rows   int
		row    []int
		format npy.Format
		want   error
	}{
		"a stream of unknown length": {npy.Unknown, nil, npy.Format{}, ndarray.ErrLayout},
		"an order that is none":      {1, nil, npy.Format{Order: 9}, npy.ErrFormat},
		"Fortran order":              {1, nil, npy.Format{Order: npy.Fortran}, ndarray.ErrLayout},
		"a negative length":          {-2, nil, npy.Format{}, ndarray.ErrShape},
		"a product that overflows":   {1 << 40, []int{1 << 40}, npy.Format{}, ndarray.ErrShape},
	} {
		if _, err := npy.NewWriter[int32](new(bytes.Buffer), c.rows, c.row, c.format); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
}

// TestAppend appends to files: what comes is what NumPy would have saved at once.
func TestAppend(t *testing.T) {
	whole := must(ndarray.Arange(int32(0), 60, 1).Reshape(10, 3, 2))
	for _, f := range []npy.Format{{}, {BigEndian: true}, {Version: 2}, {Version: 3}, {Align: 4096}} {
		path := filepath.Join(t.TempDir(), "a.npy")
		if err := npy.WriteFile(path, whole.Slice(ndarray.Range(0, 0)), f); err != nil {
			t.Fatal(err)
		}
		for _, piece := range []*ndarray.Array[int32]{whole.Slice(ndarray.Range(0, 9)), whole.Slice(ndarray.At(9))} {
			if err := npy.Append(path, piece); err != nil {
				t.Fatal(err)
			}
		}
		if got, want := must(os.ReadFile(path)), written(t, whole, f); !bytes.Equal(got, want) {
			t.Errorf("%+v: got %q..., want %q...", f, got[:140], want[:140])
		}
	}
}

func TestAppendRefuses(t *testing.T) {
	row := ndarray.New[int32](3)
	file := func(b []byte) string {
		path := filepath.Join(t.TempDir(), "a.npy")
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	plain := written(t, ndarray.New[int32](2, 3))
	tight := append(withPrefix("{'descr': '<i4', 'fortran_order': False, 'shape': (9, 3)}\n"), make([]byte, 9*3*4)...)
	for name, c := range map[string]struct {
		b    []byte
		want error
	}{
		"another dtype":      {written(t, ndarray.New[int64](2, 3)), ndarray.ErrDType},
		"other rows":         {written(t, ndarray.New[int32](2, 4)), ndarray.ErrShape},
		"Fortran order":      {written(t, ndarray.New[int32](3, 2).T()), ndarray.ErrLayout},
		"no axes":            {written(t, ndarray.New[int32]()), ndarray.ErrLayout},
		"an array behind":    {slices.Concat(plain, plain), npy.ErrFormat},
		"uncounted rows":     {append(written(t, ndarray.New[int32](0, 3)), 1), npy.ErrFormat},
		"something missing":  {plain[:len(plain)-1], npy.ErrTruncated},
		"no room for digits": {tight, ndarray.ErrLayout},
		"nothing":            {nil, npy.ErrTruncated},
		"no header":          {[]byte("no header"), npy.ErrFormat},
	} {
		path := file(c.b)
		if err := npy.Append(path, row); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
		if got := must(os.ReadFile(path)); !bytes.Equal(got, c.b) {
			t.Errorf("%s: the file was changed", name)
		}
	}
}

// TestUncountedRows reads the rows of a Writer that was never closed, and goes on behind them or without them.
func TestUncountedRows(t *testing.T) {
	file := must(os.Create(filepath.Join(t.TempDir(), "a.npy")))
	defer file.Close()
	rows := must(ndarray.Arange(int32(0), 6, 1).Reshape(2, 3))
	if err := must(npy.NewWriter[int32](file, npy.Unknown, []int{3})).Write(rows); err != nil {
		t.Fatal(err)
	}
	must(file.Write([]byte("half"))) // a row that was begun
	info := must(file.Stat())

	must(file.Seek(0, io.SeekStart))
	h := must(npy.ReadHeader(file))
	h.Shape[0] = (int(info.Size()) - h.DataOffset) / 12
	if got := must(npy.ReadElements(file, h)); got.String() != rows.String() {
		t.Errorf("got %v, want %v", got, rows)
	}
	if err := npy.Append(file.Name(), rows); !errors.Is(err, npy.ErrFormat) {
		t.Errorf("got %v, want ErrFormat", err)
	}
	if err := os.Truncate(file.Name(), int64(h.DataOffset)); err != nil {
		t.Fatal(err)
	}
	if err := npy.Append(file.Name(), rows); err != nil {
		t.Error(err)
	}
}

// TestWriteFile replaces files, through links too, and leaves nothing where it can't.
func TestWriteFile(t *testing.T) {
	dir := t.TempDir()
	path, link := filepath.Join(dir, "a.npy"), filepath.Join(dir, "link")
	if err := os.WriteFile(path, []byte("before"), 0o640); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	if err := npy.WriteFile(link, ndarray.New[int8](3)); err != nil {
		t.Fatal(err)
	}
	info := must(os.Stat(path))
	if target, err := os.Readlink(link); err != nil || target != path || info.Mode() != 0o640 {
		t.Error(target, err, info.Mode())
	}
	if got := must(npy.ReadFile[int8](path)); got.Len() != 3 {
		t.Error(got)
	}
	if err := npy.WriteFile(filepath.Join(dir, "missing", "a.npy"), ndarray.New[int8](3)); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
	if err := npy.WriteFileAny(path, ndarray.New[struct{ A [70000]int8 }](0).Any(), npy.Format{Version: 1}); err != nil {
		t.Error(err)
	}
	if entries := must(os.ReadDir(dir)); len(entries) != 2 {
		t.Error(entries)
	}
}
