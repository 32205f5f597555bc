//go:build linux

package tests

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/kshedden/gonpy"

	"github.com/samebytes/samebytes/shm"
)

// TestGonpyReadsSegments lets an independent reader, which knows nothing of control blocks, read segments.
func TestGonpyReadsSegments(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("SAMEBYTES_DIR", dir)
	for name, opts := range map[string][]shm.CreateOption{"c": nil, "f": {shm.Fortran()}} {
		a, err := shm.Create[float64](name, []int{2, 3}, opts...)
		if err != nil {
			t.Fatal(err)
		}
		defer a.Close()
		a.Set(5, 1, 2)
		a.Set(7, 1, 0)
		r, err := gonpy.NewFileReader(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		got, err := r.GetFloat64()
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(r.Shape, []int{2, 3}) || r.ColumnMajor != (name == "f") || !slices.Equal(got, a.Data()) {
			t.Errorf("%s: shape %v, column-major %v, elements %v; want %v", name, r.Shape, r.ColumnMajor, got, a.Data())
		}
	}
}
