package npy_test

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"testing"

	"github.com/samebytes/samebytes/ndarray"
	"github.com/samebytes/samebytes/npy"
)

// corpusFile is a file of testdata/corpus.json.gz. testdata/corpus.py made them from NumPy, and says what the fields are.
type corpusFile struct {
	Name   string
	Kind   string // "npy" or "npz"
	Edge   string // as "npz bomb"
	Want   string // "valid", "invalid" or "either"
	Here   string // "read" or "refused", or "" where Want says it
	Stage  string
	Arrays []corpusArray
	Packed int
	Data   latin1
}

// corpusArray is an array of a file of the corpus.
type corpusArray struct {
	Member  string
	Foreign bool
	Refused bool
	DType   string
	Order   string
	Fortran bool
	Shape   []int
	SHA256  string
	Offset  int
}

// corpus returns the files of a kind: all of them in a soak, and otherwise those that take little memory.
func corpus(t testing.TB, kind string) []corpusFile {
	t.Helper()
	all, err := corpusFiles()
	if err != nil {
		t.Fatal(err)
	}
	var files []corpusFile
	for _, f := range all {
		large := f.Packed > 1 || f.Edge == "npz bomb" && f.Want == "either"
		if f.Kind == kind && (soak() || !large) {
			files = append(files, f)
		}
	}
	if len(files) < 200 {
		t.Fatalf("the corpus has %d files of kind %s only", len(files), kind)
	}
	return files
}

var corpusFiles = sync.OnceValues(func() (files []corpusFile, err error) {
	f, err := os.Open("testdata/corpus.json.gz")
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	return files, json.NewDecoder(text).Decode(&files)
})

func soak() bool { return os.Getenv("SAMEBYTES_SOAK") != "" }

// bytes returns the file.
func (f corpusFile) bytes(t testing.TB) []byte {
	t.Helper()
	data := []byte(f.Data)
	for range f.Packed {
		z, err := zlib.NewReader(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		if data, err = io.ReadAll(z); err != nil {
			t.Fatal(err)
		}
	}
	return data
}

// mustRead reports whether the file must be read.
func (f corpusFile) mustRead() bool { return f.Here == "read" || f.Here == "" && f.Want == "valid" }

// mustRefuse reports whether the file must be refused.
func (f corpusFile) mustRefuse() bool {
	return f.Here == "refused" || f.Here == "" && f.Want == "invalid"
}

// checkHeader compares a header with that of a file of the corpus.
func (a corpusArray) checkHeader(t *testing.T, h npy.Header) {
	t.Helper()
	if d := h.DType.String(); d != a.DType {
		t.Errorf("dtype: got %s, want %s", d, a.DType)
	}
	if order := byteOrder(h); order != a.Order {
		t.Errorf("byte order: got %q, want %q", order, a.Order)
	}
	if h.Fortran != a.Fortran || !slices.Equal(h.Shape, a.Shape) {
		t.Errorf("got shape %v, Fortran order %v, want %v, %v", h.Shape, h.Fortran, a.Shape, a.Fortran)
	}
	if a.Offset != 0 && h.DataOffset != a.Offset {
		t.Errorf("elements begin at %d, want %d", h.DataOffset, a.Offset)
	}
}

func byteOrder(h npy.Header) string {
	switch {
	case !h.DType.Ordered():
		return ""
	case h.Mixed:
		return "<>"
	case h.BigEndian:
		return ">"
	}
	return "<"
}

// TestCorpusHeaders asserts of each file what its header alone shows.
func TestCorpusHeaders(t *testing.T) {
	for _, f := range corpus(t, "npy") {
		t.Run(f.Name, func(t *testing.T) {
			h, err := npy.Parse(f.bytes(t))
			switch {
			case err != nil && f.mustRead():
				t.Fatal(err)
			case err == nil && f.mustRefuse() && f.Stage != "data":
				t.Fatalf("got %+v, want an error", h)
			case err == nil && len(f.Arrays) > 0:
				f.Arrays[0].checkHeader(t, h)
			}
		})
	}
}

// check compares an array with that of a file of the corpus.
func (a corpusArray) check(t *testing.T, got *ndarray.Any) {
	t.Helper()
	if d := got.DType().String(); d != a.DType {
		t.Errorf("dtype: got %s, want %s", d, a.DType)
	}
	if !slices.Equal(got.Shape(), a.Shape) {
		t.Errorf("shape: got %v, want %v", got.Shape(), a.Shape)
	}
	if sum := fmt.Sprintf("%x", npy.Checksum(got)); sum != a.SHA256 {
		t.Errorf("SHA-256: got %s, want %s", sum, a.SHA256)
	}
}

// TestCorpusFiles reads each file by each way.
func TestCorpusFiles(t *testing.T) {
	for _, f := range corpus(t, "npy") {
		t.Run(f.Name, func(t *testing.T) {
			data := f.bytes(t)
			path := filepath.Join(t.TempDir(), "x.npy")
			if err := os.WriteFile(path, data, 0o600); err != nil {
				t.Fatal(err)
			}
			file := bytes.NewReader(data)
			f.checkRead(t, "ReadAny", func() (*ndarray.Any, error) { return npy.ReadAny(file) })
			if f.mustRead() && len(f.Arrays) > 1 {
				for _, want := range f.Arrays[1:] {
					next, err := npy.ReadAny(file)
					if err != nil {
						t.Fatalf("the next array: %v", err)
					}
					want.check(t, next)
				}
			}
			f.checkRead(t, "a stream", func() (*ndarray.Any, error) { return npy.ReadAny(onlyReader{bytes.NewReader(data)}) })
			f.checkRead(t, "ReadFileAny", func() (*ndarray.Any, error) { return npy.ReadFileAny(path) })
			if _, sum, err := npy.ChecksumFile(path); err == nil && len(f.Arrays) > 0 && fmt.Sprintf("%x", sum) != f.Arrays[0].SHA256 {
				t.Errorf("ChecksumFile: got %x, want %s", sum, f.Arrays[0].SHA256)
			} else if err == nil && f.mustRefuse() || err != nil && f.mustRead() {
				t.Errorf("ChecksumFile: got %x, %v", sum, err)
			}
			if h, err := npy.Parse(data); err == nil && (h.BigEndian || h.Mixed) {
				m, err := npy.MapAny(path, npy.ReadOnly)
				if err == nil {
					m.Close()
				}
				if (err != nil || h.NBytes() > 0) && !errors.Is(err, ndarray.ErrDType) && !errors.Is(err, npy.ErrTruncated) {
					t.Errorf("MapAny: got %v, want an error: elements in another byte order cannot be mapped", err)
				}
				return
			}
			f.checkRead(t, "MapAny", func() (*ndarray.Any, error) {
				m, err := npy.MapAny(path, npy.ReadOnly)
				if err != nil {
					return nil, err
				}
				defer m.Close()
				return m.Copy(), nil
			})
		})
	}
}

// checkRead asserts that a way to read the file gives its array, or an error of this package, and takes little memory besides.
func (f corpusFile) checkRead(t *testing.T, way string, read func() (*ndarray.Any, error)) {
	t.Helper()
	const most = 64 << 20 // bytes, beside the result
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	got, err := read()
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; err != nil && n > most {
		t.Errorf("%s: %d bytes allocated", way, n)
	}
	switch {
	case err != nil && f.mustRead():
		t.Errorf("%s: %v", way, err)
	case err == nil && f.mustRefuse():
		t.Errorf("%s: got %v of shape %v, want an error", way, got.DType(), got.Shape())
	case err == nil && len(f.Arrays) > 0:
		f.Arrays[0].check(t, got)
	case err != nil && !errors.Is(err, io.EOF) && !known(err):
		t.Errorf("%s: %v is no error of this package", way, err)
	}
}

// known reports whether an error is one that a file is refused with.
func known(err error) bool {
	return slices.ContainsFunc([]error{npy.ErrFormat, npy.ErrTruncated, ndarray.ErrDType, ndarray.ErrShape},
		func(known error) bool { return errors.Is(err, known) })
}

// TestCorpusArchives reads each archive, and each of its members by each way.
func TestCorpusArchives(t *testing.T) {
	for _, f := range corpus(t, "npz") {
		t.Run(f.Name, func(t *testing.T) {
			data := f.bytes(t)
			path := filepath.Join(t.TempDir(), "x.npz")
			if err := os.WriteFile(path, data, 0o600); err != nil {
				t.Fatal(err)
			}
			z, err := npy.OpenZip(path)
			if _, other := npy.NewZip(bytes.NewReader(data), int64(len(data))); (other == nil) != (err == nil) {
				t.Errorf("OpenZip: %v, NewZip: %v", err, other)
			}
			if err != nil {
				if f.mustRead() || !known(err) {
					t.Error(err)
				}
				return
			}
			defer z.Close()
			i, refused := 0, false
			for m := range z.Members() {
				want := corpusArray{}
				if i < len(f.Arrays) {
					want = f.Arrays[i]
				} else if f.mustRead() {
					t.Fatalf("%q is a member more", m.Name())
				}
				i++
				got, err := m.ReadAny()
				_, sum, failed := m.Checksum()
				switch {
				case (err == nil) != (failed == nil) || err == nil && npy.Checksum(got) != sum:
					t.Errorf("%q: ReadAny says %v, Checksum %v", m.Name(), err, failed)
				case err != nil && !known(err):
					t.Errorf("%q: %v is no error of this package", m.Name(), err)
				case err != nil && want.SHA256 != "" && f.Want != "either" && f.Here != "refused":
					t.Errorf("%q: %v", m.Name(), err)
				case err == nil && (want.Refused && f.Want != "either" || want.Foreign):
					t.Errorf("%q: got %v, want an error", m.Name(), got)
				case err == nil && want.SHA256 != "":
					want.check(t, got)
				}
				refused = refused || err != nil && !want.Foreign
			}
			if f.mustRefuse() && !refused || f.mustRead() && (refused || i != len(f.Arrays)) {
				t.Errorf("%d members of %d, refused: %v", i, len(f.Arrays), refused)
			}
		})
	}
}
