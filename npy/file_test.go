package npy_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync"
	"testing"

	"github.com/samebytes/samebytes/ndarray"
	"github.com/samebytes/samebytes/npy"
)

// TestReadSizes reads files of sizes about those from which on something is done otherwise: what comes with the header, huge pages,
// several goroutines; from files, streams and memory. Memory that is used again must not show.
func TestReadSizes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.npy")
	for _, n := range []int{0, 1, 7, (4096 - 128) / 8, (4096-128)/8 + 1, 512, 4096, 1<<19 - 1, 1 << 19, 1 << 20, 1<<20 + 3, 3<<20 + 1} {
		a := ndarray.Arange[float64](0, float64(n), 1)
		for _, f := range []npy.Format{{}, {BigEndian: true}, {Align: 4096}} {
			t.Run(fmt.Sprintf("%d/%+v", n, f), func(t *testing.T) {
				if err := npy.WriteFile(path, a, f); err != nil {
					t.Fatal(err)
				}
				content, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				file, err := os.Open(path)
				if err != nil {
					t.Fatal(err)
				}
				defer file.Close()
				for name, read := range map[string]func() (*ndarray.Array[float64], error){
					"ReadFile": func() (*ndarray.Array[float64], error) { return npy.ReadFile[float64](path) },
					"file":     func() (*ndarray.Array[float64], error) { return npy.Read[float64](file) },
					"memory":   func() (*ndarray.Array[float64], error) { return npy.Read[float64](bytes.NewReader(content)) },
					"stream": func() (*ndarray.Array[float64], error) {
						return npy.Read[float64](io.MultiReader(bytes.NewReader(content)))
					},
					"any": func() (*ndarray.Array[float64], error) {
						b, err := npy.ReadFileAny(path)
						if err != nil {
							return nil, err
						}
						return ndarray.As[float64](b)
					},
				} {
					got, err := read()
					if err != nil || !ndarray.ArrayEqual(got, a) {
						t.Errorf("%s: %v, or wrong elements", name, err)
					}
				}
				if at, err := file.Seek(0, io.SeekCurrent); err != nil || at != int64(len(content)) {
					t.Errorf("offset %d behind the array, %v, expected %d", at, err, len(content))
				}
				if n == 0 {
					return
				}
				if err := os.Truncate(path, int64(len(content)-1)); err != nil {
					t.Fatal(err)
				}
				if _, err := npy.ReadFile[float64](path); !errors.Is(err, npy.ErrTruncated) {
					t.Errorf("cut: expected ErrTruncated, found %v", err)
				}
			})
		}
		debug.FreeOSMemory()
	}
}

// TestReadFileErrors looks whether errors are those of package os, and leave no descriptor open.
func TestReadFileErrors(t *testing.T) {
	dir := t.TempDir()
	empty := filepath.Join(dir, "empty")
	if err := os.WriteFile(empty, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	before := descriptors(t)
	for range 3 {
		for path, want := range map[string]error{filepath.Join(dir, "none"): os.ErrNotExist, empty: npy.ErrTruncated, empty + "/x": nil, dir: nil} {
			_, err := npy.ReadFile[float64](path)
			if err == nil || want != nil && !errors.Is(err, want) {
				t.Errorf("%s: expected %v, found %v", path, want, err)
			}
			if failed := (*os.PathError)(nil); want != npy.ErrTruncated && (!errors.As(err, &failed) || failed.Path != path) {
				t.Errorf("%s: expected a PathError, found %v", path, err)
			}
		}
	}
	if after := descriptors(t); after != before {
		t.Errorf("%d descriptors open, %d before", after, before)
	}
}

// TestMissingFile names the path once.
func TestMissingFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "none")
	_, read := npy.ReadFile[int8](path)
	_, mapped := npy.Map[int8](path, npy.ReadOnly)
	_, mappedAny := npy.MapAny(path, npy.ReadOnly)
	_, _, sum := npy.ChecksumFile(path)
	_, archive := npy.OpenZip(path)
	for name, err := range map[string]error{
		"ReadFile": read, "Map": mapped, "MapAny": mappedAny, "Append": npy.Append(path, ndarray.New[int8](1)), "ChecksumFile": sum, "OpenZip": archive,
	} {
		if !errors.Is(err, os.ErrNotExist) || strings.Count(err.Error(), path) != 1 {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// descriptors returns how many are open, or zero where the system doesn't say.
func descriptors(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0
	}
	return len(entries)
}

// TestReadIntoOtherOrders reads large files into arrays whose elements lie in another order, in slabs or, as for the tall one, at once.
func TestReadIntoOtherOrders(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.npy")
	for _, shape := range [][]int{{1500, 1100}, {1 << 18, 6}, {3, 1 << 19}, {40, 50, 601}, {1 << 18}} {
		n := 1
		for _, length := range shape {
			n *= length
		}
		a, err := ndarray.Arange[float64](0, float64(n), 1).Reshape(shape...)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range []npy.Format{{Order: npy.Fortran}, {Order: npy.Fortran, BigEndian: true}, {Order: npy.C}} {
			if err := npy.WriteFile(path, a, f); err != nil {
				t.Fatal(err)
			}
			wide := append([]int{}, shape...)
			wide[len(wide)-1] *= 2
			strided := ndarray.New[float64](wide...).Slice(ndarray.Ellipsis, ndarray.Step(0, ndarray.End, 2))
			for name, dst := range map[string]*ndarray.Array[float64]{"C": ndarray.New[float64](shape...), "F": ndarray.New[float64](shape...).CopyF(), "strided": strided} {
				file, err := os.Open(path)
				if err != nil {
					t.Fatal(err)
				}
				defer file.Close()
				if err := npy.ReadInto(dst, file); err != nil || !ndarray.ArrayEqual(dst, a) {
					t.Errorf("%v, %+v into %s: %v, or wrong elements", shape, f, name, err)
				}
				if _, err := npy.ReadHeader(file); err != io.EOF {
					t.Errorf("%v, %+v into %s: expected the file's end behind the array, found %v", shape, f, name, err)
				}
				if _, err := file.Seek(0, io.SeekStart); err != nil {
					t.Fatal(err)
				}
				dst.Fill(0)
				if err := npy.ReadInto(dst, io.MultiReader(file)); err != nil || !ndarray.ArrayEqual(dst, a) {
					t.Errorf("%v, %+v from a stream into %s: %v, or wrong elements", shape, f, name, err)
				}
				info, err := file.Stat()
				if err != nil {
					t.Fatal(err)
				}
				if _, err := file.Seek(0, io.SeekStart); err != nil {
					t.Fatal(err)
				}
				if err := npy.ReadInto(dst, io.LimitReader(file, info.Size()-9)); !errors.Is(err, npy.ErrTruncated) {
					t.Errorf("%v, %+v cut, into %s: expected ErrTruncated, found %v", shape, f, name, err)
				}
			}
			if err := os.Truncate(path, int64(8*n)); err != nil {
				t.Fatal(err)
			}
			file, err := os.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close()
			if err := npy.ReadInto(strided, file); !errors.Is(err, npy.ErrTruncated) {
				t.Errorf("%v, %+v cut: expected ErrTruncated, found %v", shape, f, err)
			}
		}
	}
}

// TestReadSameHeader reads headers of the same bytes again: from files and streams, at once, after one was changed, and within limits.
func TestReadSameHeader(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.npy")
	a, b := must(ndarray.Arange(int32(0), 6, 1).Reshape(2, 3)), must(ndarray.Arange(int32(6), 12, 1).Reshape(2, 3))
	for _, want := range []*ndarray.Array[int32]{a, b, a} {
		if err := npy.WriteFile(path, want); err != nil {
			t.Fatal(err)
		}
		content := must(os.ReadFile(path))
		h := must(npy.ReadHeader(bytes.NewReader(content)))
		h.Shape[0], h.Shape[1] = 3, 2
		var group sync.WaitGroup
		for range 4 {
			group.Go(func() {
				for range 100 {
					fromFile, err := npy.ReadFile[int32](path)
					fromMemory, failed := npy.Read[int32](bytes.NewReader(content))
					if err != nil || failed != nil || !ndarray.ArrayEqual(fromFile, want) || !ndarray.ArrayEqual(fromMemory, want) {
						t.Errorf("got %v and %v, want %v: %v, %v", fromFile, fromMemory, want, err, failed)
						return
					}
				}
			})
		}
		group.Wait()
		for limits, refused := range map[npy.Limits]error{{HeaderBytes: 127}: npy.ErrFormat, {Axes: 1}: ndarray.ErrShape, {Bytes: 23}: ndarray.ErrShape} {
			_, err := npy.ReadFile[int32](path, limits)
			_, other := npy.Read[int32](bytes.NewReader(content), limits)
			if !errors.Is(err, refused) || err.Error() != path+": "+other.Error() {
				t.Errorf("%+v: got %v and %v, want %v", limits, err, other, refused)
			}
		}
		if got, err := npy.ReadFile[int32](path, npy.Limits{HeaderBytes: -1, Axes: -1, Bytes: -1}); err != nil || !ndarray.ArrayEqual(got, want) {
			t.Errorf("without limits: got %v, %v", got, err)
		}
		if _, err := npy.ReadFile[int64](path); !errors.Is(err, ndarray.ErrDType) {
			t.Errorf("got %v, want ErrDType", err)
		}
	}
}
