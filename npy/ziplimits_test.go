package npy_test

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/samebytes/samebytes/ndarray"
	"github.com/samebytes/samebytes/npy"
)

// TestZipRatio refuses members that stand for more than they may.
func TestZipRatio(t *testing.T) {
	b := zipped(t, func(z *npy.ZipWriter) error {
		z.Format.Level = 9
		err := z.Add("zeros", ndarray.New[int8](1<<20))
		z.Format.Level = 0
		return errors.Join(err, z.Add("stored", ndarray.New[int8](1<<20)))
	})
	for _, c := range []struct {
		ratio int
		want  error
	}{{0, nil}, {1032, nil}, {500, npy.ErrFormat}, {1, npy.ErrFormat}} {
		z := opened(b, npy.Limits{Ratio: c.ratio})
		if _, err := z.ReadAny("zeros"); !errors.Is(err, c.want) {
			t.Errorf("%d: got %v, want %v", c.ratio, err, c.want)
		}
		if _, err := z.ReadAny("stored"); err != nil {
			t.Errorf("%d: %v", c.ratio, err)
		}
	}
}

// TestNewZipOfNothing opens what is no archive at all, and archives by a size that is not theirs.
func TestNewZipOfNothing(t *testing.T) {
	b := zipped(t, func(z *npy.ZipWriter) error { return z.Add("x", ndarray.New[int8](9)) })
	size := int64(len(b))
	for _, c := range []struct {
		r    io.ReaderAt
		size int64
		want error
	}{
		{nil, 0, fs.ErrInvalid}, {nil, size, fs.ErrInvalid}, {bytes.NewReader(b), -1, fs.ErrInvalid}, {bytes.NewReader(b), math.MinInt64, fs.ErrInvalid},
		{(*os.File)(nil), size, fs.ErrInvalid}, {bytes.NewReader(b), 0, npy.ErrFormat}, {bytes.NewReader(nil), 0, npy.ErrFormat},
		{bytes.NewReader(b), size - 1, npy.ErrFormat}, {bytes.NewReader(b), math.MaxInt64, npy.ErrFormat}, {bytes.NewReader(b), size, nil},
	} {
		if _, err := npy.NewZip(c.r, c.size); !errors.Is(err, c.want) {
			t.Errorf("%T, %d bytes: got %v, want %v", c.r, c.size, err, c.want)
		}
	}
	path := filepath.Join(t.TempDir(), "a.npz")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	z := must(npy.OpenZip(path))
	if err := errors.Join(z.Close(), z.Close()); err != nil {
		t.Error(err)
	}
	file := must(os.Open(path))
	if err := errors.Join(must(npy.NewZip(file, size)).Close(), file.Close()); err != nil {
		t.Errorf("a file that is the caller's: %v", err)
	}
}
