package npy_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/samebytes/samebytes/ndarray"
	"github.com/samebytes/samebytes/npy"
)

// TestMapAccess stores through mappings of each access.
func TestMapAccess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.npy")
	if err := npy.WriteFile(path, ndarray.Arange(0.0, 10, 1)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		access npy.Access
		want   float64 // in the file
	}{{npy.CopyOnWrite, 3}, {npy.ReadWrite, 7}} {
		m := must(npy.Map[float64](path, c.access))
		m.Set(7, 3)
		if got := must(npy.ReadFile[float64](path)).At(3); got != c.want || m.At(3) != 7 {
			t.Errorf("access %d: the file has %v, want %v", c.access, got, c.want)
		}
		m.Close()
	}
	m := must(npy.MapAny(path, npy.ReadOnly))
	defer m.Close()
	if m.Writable() || !reflect.DeepEqual(m.Shape(), []int{10}) {
		t.Error(m.Writable(), m.Shape())
	}
	if err := os.Truncate(path, 200); err != nil {
		t.Fatal(err)
	}
	if _, err := npy.Map[float64](path, npy.ReadOnly); !errors.Is(err, npy.ErrTruncated) {
		t.Error(err)
	}
	big := filepath.Join(t.TempDir(), "big.npy")
	if err := npy.WriteFile(big, ndarray.New[float64](3), npy.Format{BigEndian: true}); err != nil {
		t.Fatal(err)
	}
	if _, err := npy.Map[float64](big, npy.ReadOnly); !errors.Is(err, ndarray.ErrDType) {
		t.Error(err)
	}
}

// TestMapBools maps bools, of which those that are neither 0 nor 1 must not get into a bool of Go's.
func TestMapBools(t *testing.T) {
	type element struct {
		X byte
		B [3]bool
		S [2]struct{ Y, Z bool }
	}
	const structs = "{'descr': [('X', '|u1'), ('B', '|b1', (3,)), ('S', [('Y', '|b1'), ('Z', '|b1')], (2,))], 'fortran_order': False, 'shape': (2,)}"
	dir := t.TempDir()
	path, archive := filepath.Join(dir, "a.npy"), filepath.Join(dir, "a.npz")
	mapped := func(text string, data []byte, plain bool) (m, member error) {
		b := append(withPrefix(text), data...)
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		var packed bytes.Buffer
		z := zip.NewWriter(&packed)
		must(must(z.CreateHeader(&zip.FileHeader{Name: "a.npy"})).Write(b)) // stored
		if err := errors.Join(z.Close(), os.WriteFile(archive, packed.Bytes(), 0o600)); err != nil {
			t.Fatal(err)
		}
		opened := must(npy.OpenZip(archive))
		defer opened.Close()
		if plain {
			return mapAndClose(npy.Map[bool](path, npy.ReadOnly)), mapAndClose(npy.MapMember[bool](opened, "a", npy.ReadOnly))
		}
		return mapAndClose(npy.Map[element](path, npy.ReadOnly)), mapAndClose(npy.MapMember[element](opened, "a", npy.ReadOnly))
	}
	for _, c := range []struct {
		text  string
		n     int
		bools string // which bytes are bools
	}{
		{"{'descr': '|b1', 'fortran_order': False, 'shape': (19,)}", 19, "xxxxxxxxxxxxxxxxxxx"},
		{structs, 16, ".xxxxxxx.xxxxxxx"},
	} {
		plain := c.n == 19
		for i := range c.n {
			for _, v := range []byte{1, 2, 255} {
				data := make([]byte, c.n)
				data[i] = v
				want := v > 1 && c.bools[i] == 'x'
				m, member := mapped(c.text, data, plain)
				for way, err := range map[string]error{"Map": m, "MapMember": member} {
					if errors.Is(err, npy.ErrFormat) != want || !want && err != nil {
						t.Errorf("%s: byte %d of %d: got %v, refused: %v expected", way, i, v, err, want)
					}
				}
			}
		}
	}
	m := must(npy.MapAny(path, npy.ReadOnly))
	if err := m.Close(); err != nil {
		t.Error(err)
	}
}

func mapAndClose[T ndarray.Element](m *npy.Mapped[T], err error) error {
	if err != nil {
		return err
	}
	return m.Close()
}
