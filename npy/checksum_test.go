package npy_test

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/samebytes/samebytes/ndarray"
	"github.com/samebytes/samebytes/npy"
)

// TestChecksum compares checksums by every way, and in every format, with that of bytes written down.
func TestChecksum(t *testing.T) {
	type inner struct {
		A uint8
		B uint16
	}
	type element struct {
		X  int16
		In [2]inner
		Y  float64
		Z  bool
	}
	a := ndarray.New[element](2, 2)
	var want []byte
	for i := range a.Data() {
		v := byte(i + 1)
		a.Data()[i] = element{int16(v), [2]inner{{v, uint16(v) << 8}, {v + 1, 2}}, 1.5, true}
		want = append(want, v, 0, v, 0, 0, v, v+1, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xf8, 0x3f, 1, 0, 0, 0, 0, 0, 0, 0)
	}
	for i := range want { // padding may be anything
		if slices.Contains([]int{3, 7, 10, 11, 12, 13, 14, 15, 25, 26, 27, 28, 29, 30, 31}, i%32) {
			a.Any().Data()[i] = 0xee
		}
	}
	checkChecksums(t, a.Any(), want)
	checkChecksums(t, ndarray.New[float64](0, 3).Any(), nil)
	checkChecksums(t, ndarray.Arange(uint16(1), 4, 1).Any(), []byte{1, 0, 2, 0, 3, 0})
	checkChecksums(t, must(ndarray.FromSlice([]complex64{complex(1, 2)})).Any(), []byte{0, 0, 0x80, 0x3f, 0, 0, 0, 0x40})

	large := must(ndarray.Arange(0.0, 3<<20, 1).Reshape(3, 1<<20)).T() // more than a block of it
	sum := sha256.Sum256(large.Copy().Any().Data())
	if got := npy.Checksum(large.Any()); got != sum {
		t.Errorf("got %x, want %x", got, sum)
	}
	path := filepath.Join(t.TempDir(), "x.npy")
	for _, f := range []npy.Format{{}, {BigEndian: true}, {Order: npy.C}} {
		if err := npy.WriteFile(path, large, f); err != nil {
			t.Fatal(err)
		}
		if h, got, err := npy.ChecksumFile(path); err != nil || got != sum || h.Fortran != (f.Order == npy.Keep) {
			t.Errorf("%+v: got %x, %v, want %x", f, got, err, sum)
		}
	}
}

func checkChecksums(t *testing.T, a *ndarray.Any, contents []byte) {
	t.Helper()
	want := sha256.Sum256(contents)
	dir := t.TempDir()
	for _, f := range []npy.Format{{}, {BigEndian: true}, {Order: npy.Fortran}, {Order: npy.Fortran, BigEndian: true, Align: 1}} {
		var b bytes.Buffer
		if err := npy.WriteAny(&b, a, f); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, "x.npy")
		if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		sums := map[string][sha256.Size]byte{"array": npy.Checksum(a), "read": npy.Checksum(must(npy.ReadAny(bytes.NewReader(b.Bytes()))))}
		_, sum, err := npy.ChecksumFile(path)
		if err != nil {
			t.Error(err)
		}
		sums["file"] = sum
		for _, level := range []int{0, 6} {
			archive := filepath.Join(dir, "x.npz")
			err := npy.CreateZip(archive, func(z *npy.ZipWriter) error {
				z.Format = npy.ZipFormat{Format: f, Level: level}
				return z.AddAny("x", a)
			})
			if err != nil {
				t.Fatal(err)
			}
			file := must(npy.OpenZip(archive))
			for way, z := range map[string]*npy.Zip{"archive": file, "archive in memory": opened(must(os.ReadFile(archive)))} {
				if _, sums[way], err = must(z.Member("x")).Checksum(); err != nil {
					t.Error(err)
				}
			}
			file.Close()
		}
		for way, got := range sums {
			if got != want {
				t.Errorf("%v, %+v, %s: got %s, want %x", a.DType(), f, way, hex.EncodeToString(got[:]), want)
			}
		}
	}
}

// TestChecksumOfBools finds the same checksum for whatever bytes a file has for true.
func TestChecksumOfBools(t *testing.T) {
	type element struct {
		A int8    `npy:"a"`
		B [2]bool `npy:"b"`
	}
	for _, a := range []*ndarray.Any{
		must(ndarray.FromSlice([]bool{true, false, true, true, false, true, true, true, true})).Any(),
		must(must(ndarray.FromSlice([]element{{2, [2]bool{true, false}}, {3, [2]bool{true, true}}})).Reshape(1, 2)).Any(),
	} {
		var b bytes.Buffer
		if err := npy.WriteAny(&b, a); err != nil {
			t.Fatal(err)
		}
		odd := b.Bytes()
		for i := len(odd) - len(a.Data()); i < len(odd); i++ {
			if odd[i] == 1 {
				odd[i] = byte(i) | 2
			}
		}
		path := filepath.Join(t.TempDir(), "x.npy")
		if err := os.WriteFile(path, odd, 0o600); err != nil {
			t.Fatal(err)
		}
		want := npy.Checksum(a)
		if _, got, err := npy.ChecksumFile(path); err != nil || got != want {
			t.Errorf("%v: the file: got %x, %v, want %x", a.DType(), got, err, want)
		}
		if got := npy.Checksum(must(npy.ReadFileAny(path))); got != want {
			t.Errorf("%v: what is read: got %x, want %x", a.DType(), got, want)
		}
		m := must(npy.MapAny(path, npy.ReadOnly))
		if got := npy.Checksum(m.Any); got != want {
			t.Errorf("%v: what is mapped: got %x, want %x", a.DType(), got, want)
		}
		m.Close()
		z := opened(archiveOf(t, &zip.FileHeader{Name: "x.npy", Comment: string(odd)}))
		if _, got, err := must(z.Member("x")).Checksum(); err != nil || got != want {
			t.Errorf("%v: a member: got %x, %v, want %x", a.DType(), got, err, want)
		}
	}
}
