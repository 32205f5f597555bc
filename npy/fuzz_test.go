package npy_test

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"errors"
	"hash/crc32"
	"reflect"
	"runtime"
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

// FuzzNpz asserts that any bytes give an error or an archive, and each of its members an error or an array, whose checksum is the same by
// each way and in another archive; and that the bytes as a member, stored or deflated, give what they give as a file.
func FuzzNpz(f *testing.F) {
	a, text := ndarray.Arange(int16(0), 6, 1), must(ndarray.FromSlice([]ndarray.UTF32{'a', 'β'}))
	for _, format := range []npy.ZipFormat{{}, {Level: 9}, {Format: npy.Format{Align: 1, BigEndian: true}}} {
		f.Add(zipped(f, func(z *npy.ZipWriter) error {
			z.Format = format
			return errors.Join(z.Add("a", must(a.Reshape(2, 3)).T()), z.Add("é/text", text))
		}))
	}
	file := written(f, a)
	f.Add(file)
	f.Add(append(file, "trailer"...))
	f.Add(archiveOf(f, &zip.FileHeader{Name: "x.npy", Comment: string(file)}, &zip.FileHeader{Name: "x", Comment: "foreign"}))
	f.Add(archiveOf(f, &zip.FileHeader{Name: "x", Comment: string(file), Flags: 1}, &zip.FileHeader{Name: "x", Comment: string(file), Method: 14}))
	f.Fuzz(func(t *testing.T, b []byte) {
		limits := npy.Limits{Bytes: 1 << 20}
		if z, err := npy.NewZip(bytes.NewReader(b), int64(len(b)), limits); err == nil {
			for m := range z.Members() {
				checkMember(t, m)
			}
		}
		want, failed := npy.ReadAny(bytes.NewReader(b), limits)
		var deflated bytes.Buffer
		w := must(flate.NewWriter(&deflated, flate.BestSpeed))
		must(w.Write(b))
		w.Close() // to memory
		z := opened(archiveOf(t, &zip.FileHeader{Name: "stored", Comment: string(b)}, &zip.FileHeader{
			Name: "deflated", Method: zip.Deflate, Comment: deflated.String(), CRC32: crc32.ChecksumIEEE(b), UncompressedSize64: uint64(len(b)),
		}), limits)
		for m := range z.Members() {
			if got := checkMember(t, m); (got == nil) != (failed != nil) || got != nil && npy.Checksum(got) != npy.Checksum(want) {
				t.Fatalf("%s: got %v, and of a file %v, %v", m.Name(), got, want, failed)
			}
		}
	})
}

// checkMember returns the array of a member, or nil.
func checkMember(t *testing.T, m npy.Member) *ndarray.Any {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	a, err := m.ReadAny()
	_, sum, failed := m.Checksum()
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > 64<<20 {
		t.Fatalf("%q: %d bytes allocated", m.Name(), n)
	}
	if (err == nil) != (failed == nil) || err == nil && sum != npy.Checksum(a) {
		t.Fatalf("%q: ReadAny says %v, Checksum %v", m.Name(), err, failed)
	}
	if err != nil {
		if !known(err) {
			t.Fatalf("%q: %v is no error of this package", m.Name(), err)
		}
		return nil
	}
	var out bytes.Buffer
	z := npy.NewZipWriter(&out)
	if err := errors.Join(z.AddAny("x", a), z.Close()); err != nil {
		t.Fatal(err)
	}
	if _, other, err := must(opened(out.Bytes()).Member("x")).Checksum(); err != nil || other != sum {
		t.Fatalf("%q: %v, or another checksum", m.Name(), err)
	}
	return a
}
