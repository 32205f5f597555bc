package npy_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/samebytes/samebytes/ndarray"
	"github.com/samebytes/samebytes/npy"
)

// written returns the bytes of a file.
func written[T ndarray.Element](t testing.TB, a *ndarray.Array[T], formats ...npy.Format) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := npy.Write(&b, a, formats...); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// onlyReader hides what r could say of how much it has.
type onlyReader struct{ io.Reader }

// TestReadWrite writes arrays of several layouts in each format, and reads them by each way.
func TestReadWrite(t *testing.T) {
	type point struct {
		X    float64
		Name [3]ndarray.UTF32
		N    [2]int16
		_    [4]byte
	}
	testReadWrite(t, "float64", func(i int) float64 { return float64(i) / 7 })
	testReadWrite(t, "uint8", func(i int) uint8 { return uint8(i) })
	testReadWrite(t, "int16", func(i int) int16 { return int16(i * 321) })
	testReadWrite(t, "complex64", func(i int) complex64 { return complex(float32(i), -1) })
	testReadWrite(t, "bool", func(i int) bool { return i%3 == 0 })
	testReadWrite(t, "float16", func(i int) ndarray.Float16 { return ndarray.NewFloat16(float64(i)) })
	testReadWrite(t, "struct", func(i int) point {
		return point{X: float64(i), Name: [3]ndarray.UTF32{'a', 'β', rune2(i)}, N: [2]int16{int16(i), -1}}
	})
}

func rune2(i int) ndarray.UTF32 { return ndarray.UTF32('A' + rune(i%26)) }

func testReadWrite[T comparable](t *testing.T, name string, element func(int) T) {
	a := ndarray.New[T](3, 4, 5)
	n := 0
	for ix := range a.All() {
		a.Set(element(n), ix...)
		n++
	}
	for layout, a := range map[string]*ndarray.Array[T]{
		"C": a, "Fortran": a.T(), "steps": a.Slice(ndarray.Step(2, ndarray.End, -2), ndarray.All, ndarray.Range(1, 4)),
		"one": a.Slice(ndarray.At(0), ndarray.At(0), ndarray.At(1)), "none": a.Slice(ndarray.Range(0, 0)), "axis 1": a.Transpose(1, 0, 2),
	} {
		for _, f := range []npy.Format{{}, {BigEndian: true}, {Order: npy.Fortran}, {Order: npy.C, Align: 4096}, {Version: 2}, {Version: 3, Align: 1}} {
			b := written(t, a, f)
			read := map[string]*ndarray.Array[T]{}
			read["Read"] = must(npy.Read[T](bytes.NewReader(b)))
			read["a stream"] = must(npy.Read[T](onlyReader{bytes.NewReader(b)}))
			read["byte by byte"] = must(npy.Read[T](iotest.OneByteReader(bytes.NewReader(b))))
			read["ReadAny"] = must(ndarray.As[T](must(npy.ReadAny(bytes.NewReader(b)))))
			into := ndarray.New[T](append(a.Shape(), 2)...).Slice(ndarray.Ellipsis, ndarray.At(1))
			if err := npy.ReadInto(into, bytes.NewReader(b)); err != nil {
				t.Fatal(err)
			}
			read["ReadInto"] = into
			if f.Align == 4096 || f == (npy.Format{}) {
				path := filepath.Join(t.TempDir(), "a.npy")
				if err := npy.WriteFile(path, a, f); err != nil {
					t.Fatal(err)
				}
				if onDisk := must(os.ReadFile(path)); !bytes.Equal(onDisk, b) {
					t.Errorf("%s, %s, %+v: WriteFile and Write differ", name, layout, f)
				}
				read["ReadFile"] = must(npy.ReadFile[T](path))
				m := must(npy.Map[T](path, npy.ReadOnly))
				read["Map"] = m.Copy()
				if err := errors.Join(m.Close(), m.Close()); err != nil || m.Len() != 0 {
					t.Error(err, m.Len())
				}
			}
			for how, got := range read {
				if !ndarray.ArrayEqual(got, a) {
					t.Errorf("%s, %s, %+v, %s:\n got %v\nwant %v", name, layout, f, how, got, a)
				}
			}
		}
	}
}

// TestReadLarge reads more than one goroutine's share, and more than is believed of a stream.
func TestReadLarge(t *testing.T) {
	path := filepath.Join(t.TempDir(), "large.npy")
	a := ndarray.Arange(0.0, 9<<20, 1) // 72 MiB
	for _, f := range []npy.Format{{}, {BigEndian: true}} {
		if err := npy.WriteFile(path, a, f); err != nil {
			t.Fatal(err)
		}
		if got := must(npy.ReadFile[float64](path)); !ndarray.ArrayEqual(got, a) {
			t.Errorf("%+v: ReadFile: another array", f)
		}
		file := must(os.Open(path))
		defer file.Close()
		if got := must(npy.Read[float64](onlyReader{file})); !ndarray.ArrayEqual(got, a) {
			t.Errorf("%+v: Read: another array", f)
		}
	}
	if err := os.Truncate(path, 60<<20); err != nil {
		t.Fatal(err)
	}
	file := must(os.Open(path))
	defer file.Close()
	for name, r := range map[string]io.Reader{"file": file, "stream": onlyReader{must(os.Open(path))}} {
		if _, err := npy.Read[float64](r); !errors.Is(err, npy.ErrTruncated) {
			t.Errorf("%s: got %v, want ErrTruncated", name, err)
		}
	}
}

// TestReadConcatenated reads arrays that stand one behind the other, until the stream's end.
func TestReadConcatenated(t *testing.T) {
	var b bytes.Buffer
	for n := range 3 {
		if err := npy.Write(&b, ndarray.Arange(int32(0), int32(n), 1)); err != nil {
			t.Fatal(err)
		}
	}
	r := iotest.HalfReader(&b)
	for n := range 3 {
		if a := must(npy.Read[int32](r)); a.Len() != n {
			t.Errorf("array %d has %d elements", n, a.Len())
		}
	}
	if _, err := npy.Read[int32](r); err != io.EOF {
		t.Errorf("got %v, want io.EOF", err)
	}
}

// TestReadEveryPrefix cuts a file everywhere.
func TestReadEveryPrefix(t *testing.T) {
	for _, version := range []int{1, 2} {
		b := written(t, ndarray.Arange(int16(0), 5, 1), npy.Format{Version: version})
		for n := range b {
			want := error(npy.ErrTruncated)
			if n == 0 {
				want = io.EOF
			}
			for _, r := range []io.Reader{bytes.NewReader(b[:n]), onlyReader{bytes.NewReader(b[:n])}} {
				if _, err := npy.Read[int16](r); !errors.Is(err, want) {
					t.Errorf("%d of %d bytes: got %v, want %v", n, len(b), err, want)
				}
			}
		}
	}
}

// TestTruncatedStream counts all the elements' bytes in the error, also of those that are read by and by.
func TestTruncatedStream(t *testing.T) {
	const claimed, there = 100 << 20, 90 << 20
	head := must(must(npy.NewHeader(ndarray.Float64, []int{claimed / 8}, false)).Append(nil, 64))
	r := onlyReader{io.MultiReader(bytes.NewReader(head), bytes.NewReader(make([]byte, there)))}
	_, err := npy.Read[float64](r)
	if want := fmt.Sprintf("expected %d bytes of elements, found %d", claimed, there); !errors.Is(err, npy.ErrTruncated) || !strings.HasSuffix(err.Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
}

// TestReadClaims reads headers that claim what is not there, without the memory for it.
func TestReadClaims(t *testing.T) {
	h := must(npy.NewHeader(ndarray.Float64, []int{1 << 50}, false))
	b := append(must(h.Append(nil, 64)), make([]byte, 1000)...)
	for _, r := range []io.Reader{bytes.NewReader(b), onlyReader{bytes.NewReader(b)}} {
		if _, err := npy.ReadAny(r); !errors.Is(err, npy.ErrTruncated) {
			t.Errorf("got %v, want ErrTruncated", err)
		}
	}
	for _, c := range []struct {
		limits npy.Limits
		want   error
	}{
		{npy.Limits{Bytes: 7999}, ndarray.ErrShape}, {npy.Limits{Bytes: 8000}, nil}, {npy.Limits{Axes: 1}, ndarray.ErrShape},
		{npy.Limits{HeaderBytes: 127}, npy.ErrFormat}, {npy.Limits{HeaderBytes: 128, Axes: 2}, nil},
	} {
		if _, err := npy.ReadAny(bytes.NewReader(written(t, ndarray.New[float64](10, 100))), c.limits); !errors.Is(err, c.want) {
			t.Errorf("%+v: got %v, want %v", c.limits, err, c.want)
		}
	}
}

// TestReadRefuses reads what is another dtype or shape than was asked for.
func TestReadRefuses(t *testing.T) {
	b := written(t, ndarray.New[float32](2, 3))
	if _, err := npy.Read[float64](bytes.NewReader(b)); !errors.Is(err, ndarray.ErrDType) {
		t.Error(err)
	}
	if _, err := npy.Read[string](bytes.NewReader(b)); !errors.Is(err, ndarray.ErrDType) {
		t.Error(err)
	}
	if err := npy.ReadInto(ndarray.New[float32](3, 2), bytes.NewReader(b)); !errors.Is(err, ndarray.ErrShape) {
		t.Error(err)
	}
	func() {
		defer func() {
			if recover() != ndarray.ErrReadOnly {
				t.Error("expected a panic with ErrReadOnly")
			}
		}()
		npy.ReadInto(ndarray.New[float32](2, 3).ReadOnly(), bytes.NewReader(b))
	}()
	if _, err := npy.ReadFile[float32](filepath.Join(t.TempDir(), "none")); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

// TestReadStructsByName reads packed structs, with fields of both byte orders, into a Go struct with fewer fields elsewhere.
func TestReadStructsByName(t *testing.T) {
	header := "{'descr': [('a', '|u1'), ('x', '>f8'), ('in', [('n', '<i2'), ('m', '>i4')], (2,)), ('y', '<f4')], 'fortran_order': False, 'shape': (2,), }\n"
	b := withPrefix(header)
	for i := range 2 {
		b = append(b, byte(i))
		b = binary.BigEndian.AppendUint64(b, math.Float64bits(float64(i)+0.5))
		for j := range 2 {
			b = binary.LittleEndian.AppendUint16(b, uint16(i*10+j))
			b = binary.BigEndian.AppendUint32(b, uint32(i*100+j))
		}
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(float32(-i)))
	}
	type element struct {
		Y float32 `npy:"y"`
		X float64 `npy:"x"`
	}
	got := must(npy.Read[element](bytes.NewReader(b)))
	if want := []element{{0, 0.5}, {-1, 1.5}}; !slices.Equal(got.Data(), want) {
		t.Errorf("got %v, want %v", got.Data(), want)
	}
	whole := must(npy.ReadAny(bytes.NewReader(b)))
	m := must(must(whole.Field("in")).Field("m")).Copy()
	if got := must(ndarray.As[int32](m)).Data(); !slices.Equal(got, []int32{0, 1, 100, 101}) {
		t.Errorf("got %v", got)
	}
	type other struct {
		X float32 `npy:"x"`
	}
	if _, err := npy.Read[other](bytes.NewReader(b)); !errors.Is(err, ndarray.ErrDType) {
		t.Error(err)
	}
	type missing struct {
		Z float64 `npy:"z"`
	}
	if _, err := npy.Read[missing](bytes.NewReader(b)); !errors.Is(err, ndarray.ErrDType) {
		t.Error(err)
	}
}

// TestReadSubarraysOfStructs reads packed structs within arrays within structs, whose fields Go has elsewhere.
func TestReadSubarraysOfStructs(t *testing.T) {
	type inner struct {
		Z float64 `npy:"z"`
		G bool    `npy:"g"`
	}
	type element struct {
		N int64       `npy:"n"`
		S [1][2]inner `npy:"s"`
	}
	b := withPrefix("{'descr': [('s', [('g', '?'), ('pad', '<i2'), ('z', '>f8')], (1, 2)), ('n', '<i8')], 'fortran_order': False, 'shape': (2,)}\n")
	want := make([]element, 2)
	for i := range want {
		for j := range 2 {
			v := inner{float64(10*i + j), j == 1}
			want[i].S[0][j] = v
			b = binary.BigEndian.AppendUint64(append(b, byte(2*j), 7, 7), math.Float64bits(v.Z)) // a true of 2
		}
		want[i].N = int64(-i)
		b = binary.LittleEndian.AppendUint64(b, uint64(want[i].N))
	}
	if got := must(npy.Read[element](bytes.NewReader(b))).Data(); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	into := ndarray.New[element](2)
	if err := npy.ReadInto(into, bytes.NewReader(b)); err != nil || !slices.Equal(into.Data(), want) {
		t.Errorf("ReadInto: got %v, %v, want %v", into, err, want)
	}
	type longer struct {
		S [2][2]inner `npy:"s"`
	}
	if _, err := npy.Read[longer](bytes.NewReader(b)); !errors.Is(err, ndarray.ErrDType) {
		t.Errorf("another shape: got %v, want ErrDType", err)
	}
	type number struct {
		S [1][2]float64 `npy:"s"`
	}
	if _, err := npy.Read[number](bytes.NewReader(b)); !errors.Is(err, ndarray.ErrDType) {
		t.Errorf("no structs: got %v, want ErrDType", err)
	}
}

// TestReadHugeElement reads a stream whose elements are larger than the memory that is taken for what nobody knows to come.
func TestReadHugeElement(t *testing.T) {
	const size = 40_000_000
	head := withPrefix("{'descr': [('a', '>u2'), ('b', '|V39999998')], 'fortran_order': False, 'shape': (1,), }")
	element := append([]byte{1, 2}, make([]byte, size-2)...)
	a, err := npy.ReadAny(onlyReader{io.MultiReader(bytes.NewReader(head), bytes.NewReader(element))})
	if err != nil {
		t.Fatal(err)
	}
	field, err := a.Field("a")
	if err != nil {
		t.Fatal(err)
	}
	if v := field.Value(0); fmt.Sprint(v) != "258" {
		t.Errorf("got %v, want 258", v)
	}
	if _, err := npy.ReadAny(onlyReader{io.MultiReader(bytes.NewReader(head), bytes.NewReader(element[1:]))}); !errors.Is(err, npy.ErrTruncated) {
		t.Errorf("a byte less: got %v, want ErrTruncated", err)
	}
}

// TestReadBools reads bools that are neither 0 nor 1, which must not get into a bool of Go's.
func TestReadBools(t *testing.T) {
	type field struct {
		X int8
		B [3]bool
	}
	const truth = "\x00\x01\x02\xff\x80\x00\x00\x00\x00\x03"
	b := append(withPrefix("{'descr': '|b1', 'fortran_order': False, 'shape': (10,)}"), truth...)
	into := ndarray.New[bool](10)
	if err := npy.ReadInto(into, bytes.NewReader(b)); err != nil {
		t.Fatal(err)
	}
	for way, a := range map[string]*ndarray.Any{
		"Read": must(npy.Read[bool](bytes.NewReader(b))).Any(), "ReadAny": must(npy.ReadAny(onlyReader{bytes.NewReader(b)})), "ReadInto": into.Any(),
	} {
		if got := string(a.Data()); got != "\x00\x01\x01\x01\x01\x00\x00\x00\x00\x01" {
			t.Errorf("%s: got %q", way, got)
		}
	}
	b = append(withPrefix("{'descr': [('X', '|i1'), ('B', '|b1', (3,))], 'fortran_order': False, 'shape': (2,)}"), "\x07\x00\x02\x01\x08\xff\x00\x10"...)
	if got := string(must(npy.Read[field](bytes.NewReader(b))).Any().Data()); got != "\x07\x00\x01\x01\x08\x01\x00\x01" {
		t.Errorf("structs: got %q", got)
	}
}

// TestReadElementsOfChangedHeader reads by headers that were made, or changed, by others.
func TestReadElementsOfChangedHeader(t *testing.T) {
	mixed := must(npy.Parse(withPrefix("{'descr': [('a', '<i8'), ('b', '>i8')], 'fortran_order': False, 'shape': (2,)}\n")))
	if !mixed.Mixed {
		t.Fatal("expected a header of both byte orders")
	}
	elements := make([]byte, 32)
	if _, err := npy.ReadElements(bytes.NewReader(elements), mixed); err != nil {
		t.Error(err)
	}
	changed := mixed
	changed.DType = ndarray.Int16
	for name, h := range map[string]npy.Header{
		"another dtype": changed, "made": {DType: ndarray.Float64, Mixed: true, Shape: []int{2}}, "none": {Mixed: true},
	} {
		if _, err := npy.ReadElements(bytes.NewReader(elements), h); !errors.Is(err, ndarray.ErrDType) {
			t.Errorf("%s: got %v, want ErrDType", name, err)
		}
	}
}

// TestReadIntoWhatCannotBeWritten panics before a byte is read.
func TestReadIntoWhatCannotBeWritten(t *testing.T) {
	overlapping := must(ndarray.FromStrided(make([]int8, 10), []int{3, 4}, []int{1, 1}, 0))
	for _, dst := range []*ndarray.Array[int8]{ndarray.New[int8](3, 4).ReadOnly(), overlapping} {
		r := bytes.NewReader(written(t, ndarray.New[int8](3, 4)))
		before := r.Len()
		func() {
			defer func() {
				err, ok := recover().(error)
				if !ok || !errors.Is(err, ndarray.ErrReadOnly) && !errors.Is(err, ndarray.ErrLayout) || r.Len() != before {
					t.Errorf("got panic %v, after %d bytes", err, before-r.Len())
				}
			}()
			npy.ReadInto(dst, r)
		}()
	}
}
