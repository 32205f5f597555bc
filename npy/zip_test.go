package npy_test

import (
	"archive/zip"
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/samebytes/samebytes/ndarray"
	"github.com/samebytes/samebytes/npy"
)

// zipped returns the bytes of an archive.
func zipped(t testing.TB, add func(*npy.ZipWriter) error) []byte {
	t.Helper()
	var b bytes.Buffer
	z := npy.NewZipWriter(&b)
	if err := errors.Join(add(z), z.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// archiveOf returns an archive that may be anything.
func archiveOf(t testing.TB, members ...*zip.FileHeader) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, f := range members {
		data := []byte(f.Comment)
		f.Comment = ""
		if f.CRC32 == 0 {
			f.CRC32 = crc32.ChecksumIEEE(data)
		}
		if f.CompressedSize64 == 0 {
			f.CompressedSize64 = uint64(len(data))
		}
		if f.UncompressedSize64 == 0 {
			f.UncompressedSize64 = uint64(len(data))
		}
		w := must(z.CreateRaw(f))
		must(w.Write(data))
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func opened(b []byte, limits ...npy.Limits) *npy.Zip {
	return must(npy.NewZip(bytes.NewReader(b), int64(len(b)), limits...))
}

// TestZip writes archives in several formats, and reads them by each way.
func TestZip(t *testing.T) {
	a := ndarray.Arange(0.0, 60, 1)
	cube := must(a.Reshape(3, 4, 5))
	part := cube.Slice(ndarray.Step(2, ndarray.End, -2), ndarray.All, ndarray.Range(1, 4))
	names := []string{"x", "", "dir/y", "é€😀", "x.y", "a\\b", strings.Repeat("n", 65531)}
	for _, f := range []npy.ZipFormat{
		{}, {Level: 6}, {Level: -1, Format: npy.Format{BigEndian: true}}, {Format: npy.Format{Align: 4096, Order: npy.Fortran}},
		{Format: npy.Format{Align: 1}}, {Format: npy.Format{Align: npy.MaxAlign, Version: 3}},
	} {
		path := filepath.Join(t.TempDir(), "a.npz")
		add := func(z *npy.ZipWriter) error {
			z.Format = f
			for _, name := range names {
				if err := z.Add(name, cube); err != nil {
					return err
				}
			}
			return z.Add("part", part)
		}
		if err := npy.CreateZip(path, add); err != nil {
			t.Fatal(err)
		}
		b := zipped(t, add)
		if !bytes.Equal(b, must(os.ReadFile(path))) {
			t.Errorf("%+v: CreateZip and NewZipWriter differ", f)
		}
		file := must(npy.OpenZip(path))
		defer file.Close()
		for way, z := range map[string]*npy.Zip{
			"file": file, "bytes": opened(b), "another reader": must(npy.NewZip(otherReaderAt{bytes.NewReader(b)}, int64(len(b)))),
		} {
			if got := z.Names(); !slices.Equal(got, append(slices.Clone(names), "part")) {
				t.Errorf("%+v, %s: got names %.200q", f, way, got)
			}
			for _, name := range names {
				into := ndarray.New[float64](5, 4, 3).T()
				if err := npy.ReadMemberInto(into, z, name); err != nil {
					t.Fatal(err)
				}
				for _, got := range []*ndarray.Array[float64]{
					must(npy.ReadMember[float64](z, name)), must(ndarray.As[float64](must(z.ReadAny(name + ".npy")))), into,
				} {
					if !ndarray.ArrayEqual(got, cube) {
						t.Errorf("%+v, %s, %.10q: got %v", f, way, name, got)
					}
				}
				if h := must(z.Header(name)); !slices.Equal(h.Shape, []int{3, 4, 5}) || h.BigEndian != f.BigEndian {
					t.Errorf("%+v, %s: got %+v", f, way, h)
				}
			}
			if got := must(npy.ReadMember[float64](z, "part")); !ndarray.ArrayEqual(got, part) {
				t.Errorf("%+v, %s: got %v", f, way, got)
			}
		}
		for _, m := range must(zip.NewReader(bytes.NewReader(b), int64(len(b)))).File {
			offset := must(m.DataOffset())
			if align := int64(min(cmp.Or(f.Align, 64), 1<<15)); f.Level == 0 && offset%align != 0 {
				t.Errorf("%+v: %.10q is at %d", f, m.Name, offset)
			}
			if date := m.Modified.Format(time.DateTime); m.Flags&8 != 0 || date != "1980-01-01 00:00:00" {
				t.Errorf("%+v: flags %x, date %s", f, m.Flags, date)
			}
		}
	}
}

// otherReaderAt is neither a file nor a bytes.Reader.
type otherReaderAt struct{ io.ReaderAt }

// TestZipEmpty writes and reads an archive of no members.
func TestZipEmpty(t *testing.T) {
	b := zipped(t, func(*npy.ZipWriter) error { return nil })
	if z := opened(b); len(z.Names()) != 0 || !bytes.HasPrefix(b, []byte("PK\x05\x06")) {
		t.Errorf("got names %q of %q", z.Names(), b)
	}
}

// TestZipLarge reads and maps members of more than one goroutine's share, whose CRC is put together from theirs.
func TestZipLarge(t *testing.T) {
	path := filepath.Join(t.TempDir(), "large.npz")
	a := ndarray.New[float64](3<<20 + 7)
	for i, random := 0, rand.New(rand.NewPCG(1, 2)); i < a.Len(); i++ {
		a.Data()[i] = random.Float64()
	}
	err := npy.CreateZip(path, func(z *npy.ZipWriter) error {
		err := z.Add("stored", a)
		z.Format.BigEndian = true
		err = errors.Join(err, z.Add("big", a))
		z.Format.Level = 1
		return errors.Join(err, z.Add("deflated", a))
	})
	if err != nil {
		t.Fatal(err)
	}
	z := must(npy.OpenZip(path))
	defer z.Close()
	for _, name := range z.Names() {
		if got := must(npy.ReadMember[float64](z, name)); !ndarray.ArrayEqual(got, a) {
			t.Errorf("%s: another array", name)
		}
	}
	m := must(npy.MapMember[float64](z, "stored", npy.ReadOnly))
	defer m.Close()
	if !ndarray.ArrayEqual(m.Array, a) {
		t.Error("mapped: another array")
	}

	file := must(os.OpenFile(path, os.O_RDWR, 0))
	defer file.Close()
	must(file.WriteAt([]byte{1, 2, 3}, 20<<20))
	if _, err := npy.ReadMember[float64](z, "stored"); !errors.Is(err, npy.ErrFormat) {
		t.Errorf("got %v, want ErrFormat for the CRC", err)
	}
	again := must(npy.OpenZip(path))
	defer again.Close()
	if _, err := npy.MapMember[float64](again, "stored", npy.ReadOnly); !errors.Is(err, npy.ErrFormat) {
		t.Errorf("got %v, want ErrFormat for the CRC", err)
	}
}

// TestMapMember maps members of each access, and those that can't be.
func TestMapMember(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.npz")
	a := ndarray.Arange(int32(0), 10, 1)
	err := npy.CreateZip(path, func(z *npy.ZipWriter) error {
		err := errors.Join(z.Add("x", a), z.Add("none", ndarray.New[int32](0)))
		z.Format.Align = 1
		err = errors.Join(err, z.Add("odd", a), z.Add("o", a), z.Add("od", a))
		z.Format.BigEndian = true
		err = errors.Join(err, z.Add("big", a))
		z.Format = npy.ZipFormat{Level: 9}
		return errors.Join(err, z.Add("deflated", a))
	})
	if err != nil {
		t.Fatal(err)
	}
	z := must(npy.OpenZip(path))
	for _, access := range []npy.Access{npy.ReadOnly, npy.CopyOnWrite, npy.ReadOnly} {
		m := must(npy.MapMember[int32](z, "x", access))
		if m.Writable() != (access == npy.CopyOnWrite) || !ndarray.ArrayEqual(m.Array, a) {
			t.Errorf("access %d: %v, %v", access, m.Writable(), m)
		}
		if m.Writable() {
			m.Set(99, 3)
		}
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	}
	none := must(npy.MapMember[int32](z, "none", npy.ReadOnly))
	if err := none.Close(); err != nil || none.Len() != 0 {
		t.Error(err, none)
	}
	unaligned := 0
	for _, name := range []string{"odd", "o", "od"} {
		if _, err := npy.MapMember[int32](z, name, npy.ReadOnly); errors.Is(err, ndarray.ErrLayout) {
			unaligned++
		}
		m := must(z.MapAny(name, npy.ReadOnly))
		if got := must(ndarray.As[int32](m.Copy())); !ndarray.ArrayEqual(got, a) {
			t.Errorf("%s: got %v", name, got)
		}
		m.Close()
	}
	if unaligned < 2 {
		t.Error("expected members that are not aligned")
	}
	for name, want := range map[string]error{"big": ndarray.ErrDType, "deflated": ndarray.ErrLayout, "nowhere": fs.ErrNotExist} {
		if _, err := npy.MapMember[int32](z, name, npy.ReadOnly); !errors.Is(err, want) {
			t.Errorf("%s: got %v, want %v", name, err, want)
		}
	}
	if _, err := npy.MapMember[int32](z, "x", npy.ReadWrite); !errors.Is(err, ndarray.ErrReadOnly) {
		t.Errorf("got %v, want ErrReadOnly", err)
	}
	if _, err := npy.MapMember[int32](opened(must(os.ReadFile(path))), "x", npy.ReadOnly); !errors.Is(err, ndarray.ErrLayout) {
		t.Errorf("got %v, want ErrLayout", err)
	}
	m := must(npy.MapMember[int32](z, "x", npy.ReadOnly))
	defer m.Close()
	if err := errors.Join(z.Close(), opened(must(os.ReadFile(path))).Close()); err != nil {
		t.Error(err)
	}
	if !ndarray.ArrayEqual(m.Array, a) {
		t.Error("the mapping is gone with the archive")
	}
	if _, err := npy.ReadMember[int32](z, "x"); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("got %v, want ErrClosed", err)
	}
}

// TestZipNames reads members as NumPy finds them.
func TestZipNames(t *testing.T) {
	file := func(v int8) string { return string(written(t, ndarray.Arange(v, v+1, 1))) }
	z := opened(archiveOf(t, &zip.FileHeader{Name: "a.npy", Comment: file(1)}, &zip.FileHeader{Name: "b.npy", Comment: file(2)},
		&zip.FileHeader{Name: "a.npy", Comment: file(3)}, &zip.FileHeader{Name: "b", Comment: file(4)},
		&zip.FileHeader{Name: "c.npy.npy", Comment: file(5)}, &zip.FileHeader{Name: "readme.txt", Comment: "hello, world"},
		&zip.FileHeader{Name: "dir/"}, &zip.FileHeader{Name: ".npy", Comment: file(6)}))
	if got, want := z.Names(), []string{"a", "b", "c.npy", "readme.txt", "dir/", ""}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	for name, want := range map[string]int8{"a": 3, "a.npy": 3, "b": 4, "b.npy": 2, "c.npy": 5, "c.npy.npy": 5, "": 6, ".npy": 6} {
		if got := must(npy.ReadMember[int8](z, name)); got.At(0) != want {
			t.Errorf("%q: got %v, want %d", name, got, want)
		}
	}
	for name, want := range map[string]error{"c": fs.ErrNotExist, "readme.txt": npy.ErrFormat, "dir/": npy.ErrTruncated} {
		if _, err := z.ReadAny(name); !errors.Is(err, want) {
			t.Errorf("%q: got %v, want %v", name, err, want)
		}
		if _, err := z.Header(name); !errors.Is(err, want) {
			t.Errorf("%q: got %v, want %v", name, err, want)
		}
	}
	var all []string
	for m := range z.Members() {
		if a, err := m.ReadAny(); err == nil {
			v, _ := ndarray.As[int8](a)
			all = append(all, m.Name()+"="+v.String())
		}
	}
	if want := []string{"a.npy=[1]", "b.npy=[2]", "a.npy=[3]", "b=[4]", "c.npy.npy=[5]", ".npy=[6]"}; !slices.Equal(all, want) {
		t.Errorf("got %q, want %q", all, want)
	}
}

// TestZipRefuses reads archives that contradict themselves.
func TestZipRefuses(t *testing.T) {
	file := string(written(t, ndarray.Arange(0.0, 100, 1)))
	large := file + strings.Repeat("\x00", 65<<20)
	for name, c := range map[string]struct {
		f    zip.FileHeader
		want error
	}{
		"right":              {zip.FileHeader{}, nil},
		"a bad CRC":          {zip.FileHeader{CRC32: 1}, npy.ErrFormat},
		"encrypted":          {zip.FileHeader{Flags: 1}, npy.ErrFormat},
		"LZMA":               {zip.FileHeader{Method: 14}, npy.ErrFormat},
		"method 77":          {zip.FileHeader{Method: 77}, npy.ErrFormat},
		"not deflated":       {zip.FileHeader{Method: zip.Deflate}, npy.ErrFormat},
		"not bzip2":          {zip.FileHeader{Method: 12}, npy.ErrFormat},
		"two sizes":          {zip.FileHeader{UncompressedSize64: 300}, npy.ErrFormat},
		"a size too long":    {zip.FileHeader{CompressedSize64: 9000, UncompressedSize64: 9000}, npy.ErrTruncated},
		"sizes too short":    {zip.FileHeader{CompressedSize64: 800, UncompressedSize64: 800}, npy.ErrTruncated},
		"a long trailer":     {zip.FileHeader{Comment: large}, npy.ErrFormat},
		"a short trailer":    {zip.FileHeader{Comment: file + "trailer"}, nil},
		"a bad trailer":      {zip.FileHeader{Comment: file + "trailer", CRC32: 1}, npy.ErrFormat},
		"half a header":      {zip.FileHeader{Comment: file[:50]}, npy.ErrTruncated},
		"no magic":           {zip.FileHeader{Comment: "PK" + file}, npy.ErrFormat},
		"version 6.3":        {zip.FileHeader{ReaderVersion: 63}, nil},
		"version 6.4":        {zip.FileHeader{ReaderVersion: 64}, npy.ErrFormat},
		"another system":     {zip.FileHeader{ReaderVersion: 3<<8 | 20}, nil},
		"a cut extra field":  {zip.FileHeader{Extra: []byte("\x01\x00\xff\x00ab")}, npy.ErrFormat},
		"bytes of no field":  {zip.FileHeader{Extra: []byte("abc")}, nil},
		"more than bzip2":    {zip.FileHeader{Method: 12, UncompressedSize64: 1 << 50}, npy.ErrFormat},
		"more than deflated": {zip.FileHeader{Method: zip.Deflate, UncompressedSize64: 1 << 40}, npy.ErrFormat},
	} {
		f := c.f
		f.Name = "x.npy"
		if f.Comment == "" {
			f.Comment = file
		}
		z := opened(archiveOf(t, &f))
		a, err := z.ReadAny("x")
		if !errors.Is(err, c.want) || (a == nil) != (err != nil) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
		if err != nil && !strings.HasPrefix(err.Error(), "x.npy: npy: ") {
			t.Errorf("%s: the error doesn't say where: %v", name, err)
		}
	}
	b := archiveOf(t, &zip.FileHeader{Name: "x.npy", Comment: file})
	for n := range len(b) {
		if _, err := npy.NewZip(bytes.NewReader(b[:n]), int64(n)); !errors.Is(err, npy.ErrFormat) && !errors.Is(err, npy.ErrTruncated) {
			t.Errorf("the first %d bytes: got %v", n, err)
		}
	}
	if _, err := npy.NewZip(brokenReaderAt{}, 1000); !errors.Is(err, iotest.ErrTimeout) {
		t.Errorf("got %v, want the reader's error", err)
	}
	if _, err := npy.OpenZip(filepath.Join(t.TempDir(), "none.npz")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want ErrNotExist", err)
	}
	for limits, want := range map[npy.Limits]error{{Bytes: 799}: ndarray.ErrShape, {HeaderBytes: 100}: npy.ErrFormat, {Bytes: 800}: nil} {
		if _, err := opened(b, limits).ReadAny("x"); !errors.Is(err, want) {
			t.Errorf("%+v: got %v, want %v", limits, err, want)
		}
	}
}

type brokenReaderAt struct{}

func (brokenReaderAt) ReadAt([]byte, int64) (int, error) { return 0, iotest.ErrTimeout }

// TestZipWriterRefuses adds what can't be in an archive, after which it is still one.
func TestZipWriterRefuses(t *testing.T) {
	a := ndarray.Arange(int8(0), 3, 1)
	b := zipped(t, func(z *npy.ZipWriter) error {
		for _, c := range []struct {
			name  string
			level int
			want  error
		}{
			{"x", 0, nil}, {"x", 0, fs.ErrExist}, {"x.npy", 0, fs.ErrExist}, {"y.npy", 6, nil}, {"y", 6, fs.ErrExist},
			{"a\x00", 0, fs.ErrInvalid}, {"\xff", 0, fs.ErrInvalid}, {strings.Repeat("n", 65532), 6, fs.ErrInvalid},
		} {
			z.Format.Level = c.level
			if err := z.Add(c.name, a); !errors.Is(err, c.want) {
				t.Errorf("%.10q: got %v, want %v", c.name, err, c.want)
			}
		}
		if z.Format.Level = 10; z.Add("z", a) == nil {
			t.Error("level 10 is none")
		}
		return nil
	})
	if got := opened(b).Names(); len(got) != 2 {
		t.Errorf("got names %q", got)
	}
	path := filepath.Join(t.TempDir(), "a.npz")
	if err := npy.CreateZip(path, func(z *npy.ZipWriter) error { return iotest.ErrTimeout }); !errors.Is(err, iotest.ErrTimeout) {
		t.Error(err)
	}
	if left := must(os.ReadDir(filepath.Dir(path))); len(left) != 0 {
		t.Errorf("%v are left", left)
	}
}

// TestZipManyMembers opens what says to have more members than there is room for, without taking memory for them.
func TestZipManyMembers(t *testing.T) {
	const size, members = 1 << 40, 1 << 28
	le := binary.LittleEndian
	end := append([]byte("PK\x06\x06"), make([]byte, 52)...)
	le.PutUint64(end[4:], 44)
	le.PutUint64(end[24:], members)
	le.PutUint64(end[32:], members)
	end = append(end, "PK\x06\x07\x00\x00\x00\x00"...)
	end = le.AppendUint32(le.AppendUint64(end, size-98), 1)
	end = append(end, "PK\x05\x06\x00\x00\x00\x00"...)
	end = append(end, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00\x00"...)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := npy.NewZip(endingReaderAt{end, size}, size)
	runtime.ReadMemStats(&after)
	if took := after.TotalAlloc - before.TotalAlloc; !errors.Is(err, npy.ErrFormat) || took > 1<<20 {
		t.Errorf("got %v, and took %d bytes", err, took)
	}
}

// endingReaderAt is zeros, and an end.
type endingReaderAt struct {
	end  []byte
	size int64
}

func (r endingReaderAt) ReadAt(p []byte, off int64) (int, error) {
	clear(p)
	begin := r.size - int64(len(r.end))
	if off >= begin {
		return copy(p, r.end[off-begin:]), nil
	}
	if begin-off < int64(len(p)) {
		copy(p[begin-off:], r.end)
	}
	return len(p), nil
}

// TestZipBzip2Trailer reads a member of few bytes that stand for many behind an array.
func TestZipBzip2Trailer(t *testing.T) {
	array := written(t, ndarray.Arange(int8(0), 3, 1))
	for _, c := range []struct {
		trailer int
		want    error
	}{{1000, nil}, {10 << 20, npy.ErrFormat}} {
		whole := append(bytes.Clone(array), make([]byte, c.trailer)...)
		cmd := exec.Command("bzip2")
		cmd.Stdin = bytes.NewReader(whole)
		packed, err := cmd.Output()
		if err != nil {
			t.Skip(err)
		}
		z := opened(archiveOf(t, &zip.FileHeader{Name: "x.npy", Method: 12, Comment: string(packed),
			UncompressedSize64: uint64(len(whole)), CRC32: crc32.ChecksumIEEE(whole)}))
		if _, err := z.ReadAny("x"); !errors.Is(err, c.want) {
			t.Errorf("%d bytes behind the array in %d: got %v, want %v", c.trailer, len(packed), err, c.want)
		}
	}
}

// TestZipNamesOfPython reads names as Python's zipfile does: bytes that are no UTF-8, by their flag, are code page 437.
func TestZipNamesOfPython(t *testing.T) {
	file := string(written(t, ndarray.Arange(int8(0), 3, 1)))
	z := opened(archiveOf(t, &zip.FileHeader{Name: "\x80\x9c\xff.npy", Comment: file}, &zip.FileHeader{Name: "\xc3\xa9.npy", Comment: file},
		&zip.FileHeader{Name: "\xc3\xa9.npy", Flags: 1 << 11, Comment: file}, &zip.FileHeader{Name: "cut.npy\x00.txt", Comment: file}))
	want := []string{"Ç£\u00a0", "├⌐", "é", "cut"}
	if got := z.Names(); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	for _, name := range want {
		if _, err := z.ReadAny(name); err != nil {
			t.Error(err)
		}
	}
	z = opened(archiveOf(t, &zip.FileHeader{Name: "\xff.npy", Flags: 1 << 11, Comment: file}))
	if _, err := z.ReadAny("\xff"); !errors.Is(err, npy.ErrFormat) {
		t.Errorf("got %v, want ErrFormat for a name that is no UTF-8", err)
	}
}
