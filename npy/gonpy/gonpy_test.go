package gonpy_test

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	peer "github.com/kshedden/gonpy"

	"github.com/samebytes/samebytes/ndarray"
	"github.com/samebytes/samebytes/npy"
	"github.com/samebytes/samebytes/npy/gonpy"
)

// methods are those of both packages for elements of one type.
type methods[T ndarray.Element] struct {
	get       func(*gonpy.NpyReader) ([]T, error)
	write     func(*gonpy.NpyWriter, []T) error
	peerGet   func(*peer.NpyReader) ([]T, error)
	peerWrite func(*peer.NpyWriter, []T) error
}

// TestWithGonpy lets each package read what the other has written, of every type that gonpy knows.
func TestWithGonpy(t *testing.T) {
	cross(t, methods[float64]{(*gonpy.NpyReader).GetFloat64, (*gonpy.NpyWriter).WriteFloat64, (*peer.NpyReader).GetFloat64, (*peer.NpyWriter).WriteFloat64})
	cross(t, methods[float32]{(*gonpy.NpyReader).GetFloat32, (*gonpy.NpyWriter).WriteFloat32, (*peer.NpyReader).GetFloat32, (*peer.NpyWriter).WriteFloat32})
	cross(t, methods[complex128]{(*gonpy.NpyReader).GetComplex128, (*gonpy.NpyWriter).WriteComplex128, (*peer.NpyReader).GetComplex128, (*peer.NpyWriter).WriteComplex128})
	cross(t, methods[complex64]{(*gonpy.NpyReader).GetComplex64, (*gonpy.NpyWriter).WriteComplex64, (*peer.NpyReader).GetComplex64, (*peer.NpyWriter).WriteComplex64})
	cross(t, methods[int64]{(*gonpy.NpyReader).GetInt64, (*gonpy.NpyWriter).WriteInt64, (*peer.NpyReader).GetInt64, (*peer.NpyWriter).WriteInt64})
	cross(t, methods[int32]{(*gonpy.NpyReader).GetInt32, (*gonpy.NpyWriter).WriteInt32, (*peer.NpyReader).GetInt32, (*peer.NpyWriter).WriteInt32})
	cross(t, methods[int16]{(*gonpy.NpyReader).GetInt16, (*gonpy.NpyWriter).WriteInt16, (*peer.NpyReader).GetInt16, (*peer.NpyWriter).WriteInt16})
	cross(t, methods[int8]{(*gonpy.NpyReader).GetInt8, (*gonpy.NpyWriter).WriteInt8, (*peer.NpyReader).GetInt8, (*peer.NpyWriter).WriteInt8})
	cross(t, methods[uint64]{(*gonpy.NpyReader).GetUint64, (*gonpy.NpyWriter).WriteUint64, (*peer.NpyReader).GetUint64, (*peer.NpyWriter).WriteUint64})
	cross(t, methods[uint32]{(*gonpy.NpyReader).GetUint32, (*gonpy.NpyWriter).WriteUint32, (*peer.NpyReader).GetUint32, (*peer.NpyWriter).WriteUint32})
	cross(t, methods[uint16]{(*gonpy.NpyReader).GetUint16, (*gonpy.NpyWriter).WriteUint16, (*peer.NpyReader).GetUint16, (*peer.NpyWriter).WriteUint16})
	cross(t, methods[uint8]{(*gonpy.NpyReader).GetUint8, (*gonpy.NpyWriter).WriteUint8, (*peer.NpyReader).GetUint8, (*peer.NpyWriter).WriteUint8})
}

func cross[T ndarray.Element](t *testing.T, m methods[T]) {
	for _, shape := range [][]int{nil, {}, {0}, {7}, {3, 4}, {2, 3, 4}, {5, 1}, {2, 0, 3}} {
		for _, columnMajor := range []bool{false, true} {
			for _, endian := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
				for _, version := range []int{1, 2} {
					t.Run(fmt.Sprintf("%T/%v/%v/%v/v%d", *new(T), shape, columnMajor, endian, version), func(t *testing.T) {
						crossOne(t, m, shape, columnMajor, endian, version)
					})
				}
			}
		}
	}
}

func crossOne[T ndarray.Element](t *testing.T, m methods[T], shape []int, columnMajor bool, endian binary.ByteOrder, version int) {
	n, lengths := 1, shape
	if shape == nil {
		n, lengths = 5, []int{5}
	}
	for _, length := range shape {
		n *= length
	}
	data := numbers[T](n)
	theirs, ours := filepath.Join(t.TempDir(), "theirs.npy"), filepath.Join(t.TempDir(), "ours.npy")
	pw, err := peer.NewFileWriter(theirs)
	check(t, err)
	pw.Shape, pw.ColumnMajor, pw.Endian, pw.Version = shape, columnMajor, endian, version
	check(t, m.peerWrite(pw, data))
	w, err := gonpy.NewFileWriter(ours)
	check(t, err)
	w.Shape, w.ColumnMajor, w.Endian, w.Version = shape, columnMajor, endian, version
	check(t, m.write(w, data))

	differ := len(shape) > 1 && !slices.Contains(shape, 0) && !slices.Contains(shape, 1) // C and Fortran order
	itemsize := ndarray.DTypeOf[T]().Size()
	for _, path := range []string{theirs, ours} {
		r, err := gonpy.NewFileReader(path)
		check(t, err)
		want := endian
		if itemsize == 1 {
			want = binary.LittleEndian // they have none
		}
		if r.Version != version || r.Endian != want || r.ColumnMajor != (columnMajor && differ) || !slices.Equal(r.Shape, lengths) {
			t.Errorf("%s: version %d, %v, column-major %v, shape %v", filepath.Base(path), r.Version, r.Endian, r.ColumnMajor, r.Shape)
		}
		got, err := m.get(r)
		check(t, err)
		same(t, filepath.Base(path), got, data)

		pr, err := peer.NewFileReader(path)
		check(t, err)
		if pr.Dtype != r.Dtype || !slices.Equal(pr.Shape, r.Shape) || pr.Version != r.Version {
			t.Errorf("%s: gonpy found %s %v in version %d, we %s %v in version %d", filepath.Base(path),
				pr.Dtype, pr.Shape, pr.Version, r.Dtype, r.Shape, r.Version)
		}
		got, err = m.peerGet(pr)
		if n == 0 && err == io.EOF { // so gonpy says that there are no elements
			continue
		}
		check(t, err)
		same(t, filepath.Base(path)+" by gonpy", got, data)
	}
}

// numbers returns n elements whose bytes all differ.
func numbers[T ndarray.Element](n int) []T {
	data := make([]T, n)
	a, err := ndarray.FromSlice(data)
	if err != nil {
		panic(err)
	}
	for i := range a.Any().Data() {
		a.Any().Data()[i] = byte(37*i + 11)
	}
	return data
}

// same compares bits, since bits of any pattern may be NaN.
func same[T ndarray.Element](t *testing.T, what string, got, want []T) {
	t.Helper()
	var a, b bytes.Buffer
	check(t, binary.Write(&a, binary.LittleEndian, got))
	check(t, binary.Write(&b, binary.LittleEndian, want))
	if !bytes.Equal(a.Bytes(), b.Bytes()) {
		t.Errorf("%s: found %v, expected %v", what, got, want)
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestNames looks whether what gonpy exports is here: with it, and only with that, a change of the import is enough.
func TestNames(t *testing.T) {
	for _, types := range [][2]reflect.Type{
		{reflect.TypeFor[peer.NpyReader](), reflect.TypeFor[gonpy.NpyReader]()},
		{reflect.TypeFor[peer.NpyWriter](), reflect.TypeFor[gonpy.NpyWriter]()},
	} {
		theirs, ours := types[0], types[1]
		for field := range theirs.Fields() {
			if found, ok := ours.FieldByName(field.Name); field.IsExported() && (!ok || found.Type != field.Type) {
				t.Errorf("%v has no %s %v", ours, field.Name, field.Type)
			}
		}
		for method := range reflect.PointerTo(theirs).Methods() {
			found, ok := reflect.PointerTo(ours).MethodByName(method.Name)
			if !ok {
				t.Errorf("%v has no %s", ours, method.Name)
				continue
			}
			want := []reflect.Type{reflect.PointerTo(ours)}
			for i := 1; i < method.Type.NumIn(); i++ {
				want = append(want, method.Type.In(i))
			}
			var results []reflect.Type
			for i := range method.Type.NumOut() {
				results = append(results, method.Type.Out(i))
			}
			if of := reflect.FuncOf(want, results, false); found.Type != of {
				t.Errorf("%s: found %v, expected %v", method.Name, found.Type, of)
			}
		}
	}
	var _ func(io.Reader) (*gonpy.NpyReader, error) = gonpy.NewReader
	var _ func(io.WriteCloser) (*gonpy.NpyWriter, error) = gonpy.NewWriter
	var _ func(string) (*gonpy.NpyReader, error) = gonpy.NewFileReader
	var _ func(string) (*gonpy.NpyWriter, error) = gonpy.NewFileWriter
}

// TestConcatenated reads arrays one behind the other, the second as the type that a failed Get has told.
func TestConcatenated(t *testing.T) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	for range 2 {
		w, err := gonpy.NewWriter(open{z})
		check(t, err)
		check(t, w.WriteInt16([]int16{1, -2, 3}))
	}
	check(t, z.Close())
	u, err := gzip.NewReader(&b)
	check(t, err)
	for range 2 {
		r, err := gonpy.NewReader(u)
		check(t, err)
		if _, err := r.GetFloat64(); !errors.Is(err, ndarray.ErrDType) {
			t.Errorf("int16 as float64: %v", err)
		}
		got, err := r.GetInt16()
		check(t, err)
		if !slices.Equal(got, []int16{1, -2, 3}) {
			t.Errorf("found %v", got)
		}
		if _, err := r.GetInt16(); !errors.Is(err, os.ErrClosed) {
			t.Errorf("a second time: %v", err)
		}
	}
	if _, err := gonpy.NewReader(u); err != io.EOF {
		t.Errorf("at the end: %v", err)
	}
}

// open keeps what it writes to open.
type open struct{ io.Writer }

func (open) Close() error { return nil }

// failing is a writer whose Close fails, and counts.
type failing struct {
	bytes.Buffer
	closed int
}

func (f *failing) Close() error {
	f.closed++
	return errors.ErrUnsupported
}

func TestErrors(t *testing.T) {
	if _, err := gonpy.NewFileReader(filepath.Join(t.TempDir(), "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	if _, err := gonpy.NewFileWriter(filepath.Join(t.TempDir(), "none", "a.npy")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no folder: %v", err)
	}
	for name, content := range map[string]struct {
		text string
		want error
	}{
		"no header":       {"PK\x03\x04 and more", npy.ErrFormat},
		"short":           {"\x93NUMPY\x01\x00\xff\xff{", npy.ErrTruncated},
		"length too huge": {"\x93NUMPY\x02\x00\xff\xff\xff\xff{", npy.ErrFormat},
		"shape no ints":   {header("{'descr': '<f8', 'fortran_order': False, 'shape': (x,)}"), npy.ErrFormat},
		"shape negative":  {header("{'descr': '<f8', 'fortran_order': False, 'shape': (-1,)}"), ndarray.ErrShape},
		"descr empty":     {header("{'descr': '', 'fortran_order': False, 'shape': (1,)}"), ndarray.ErrDType},
		"objects":         {header("{'descr': '|O', 'fortran_order': False, 'shape': (1,)}"), ndarray.ErrDType},
	} {
		if _, err := gonpy.NewReader(bytes.NewBufferString(content.text)); !errors.Is(err, content.want) {
			t.Errorf("%s: expected %v, found %v", name, content.want, err)
		}
	}
	for _, shape := range []string{"(3,)", "(1000, 1000, 1000, 1000)"} { // the second one for gonpy a panic
		r, err := gonpy.NewReader(mute{bytes.NewBufferString(header("{'descr': '<f8', 'fortran_order': False, 'shape': "+shape+"}") + "12345678")})
		check(t, err)
		if _, err := r.GetFloat64(); !errors.Is(err, npy.ErrTruncated) {
			t.Errorf("shape %s and one element: %v", shape, err)
		}
	}
	for name, w := range map[string]struct {
		writer gonpy.NpyWriter
		want   error
	}{
		"shape":          {gonpy.NpyWriter{Shape: []int{2, 2}, Version: 1}, ndarray.ErrShape},
		"negative shape": {gonpy.NpyWriter{Shape: []int{-1}, Version: 1}, ndarray.ErrShape},
		"no version":     {gonpy.NpyWriter{}, npy.ErrFormat},
		"version 4":      {gonpy.NpyWriter{Version: 4}, npy.ErrFormat},
		"closing":        {gonpy.NpyWriter{Version: 3}, errors.ErrUnsupported},
	} {
		var to failing
		writer, err := gonpy.NewWriter(&to)
		check(t, err)
		writer.Shape, writer.Version = w.writer.Shape, w.writer.Version
		if err := writer.WriteFloat64([]float64{1, 2, 3}); !errors.Is(err, w.want) || to.closed != 1 {
			t.Errorf("%s: expected %v, found %v; closed %d times", name, w.want, err, to.closed)
		}
		if err := writer.WriteFloat64(nil); !errors.Is(err, os.ErrClosed) {
			t.Errorf("%s, again: %v", name, err)
		}
	}
	if _, err := new(gonpy.NpyReader).GetInt8(); !errors.Is(err, os.ErrClosed) {
		t.Errorf("zero reader: %v", err)
	}
	if err := new(gonpy.NpyWriter).WriteInt8(nil); !errors.Is(err, os.ErrClosed) {
		t.Errorf("zero writer: %v", err)
	}
	if err := new(gonpy.NpyReader).Close(); err != nil {
		t.Errorf("close a zero reader: %v", err)
	}
}

// mute is a reader that does not tell how much it has.
type mute struct{ io.Reader }

func header(text string) string {
	return "\x93NUMPY\x01\x00" + string(rune(len(text))) + "\x00" + text
}

func TestOrders(t *testing.T) {
	for order, want := range map[binary.ByteOrder]string{
		nil: "<i2", binary.LittleEndian: "<i2", binary.BigEndian: ">i2",
		binary.NativeEndian: string(npy.AppendType(nil, ndarray.Int16, binary.NativeEndian.Uint16([]byte{0, 1}) == 1)),
	} {
		var to bytes.Buffer
		w, err := gonpy.NewWriter(open{&to})
		check(t, err)
		w.Endian = order
		check(t, w.WriteInt16([]int16{258}))
		a, err := npy.Read[int16](bytes.NewReader(to.Bytes()))
		check(t, err)
		if a.At(0) != 258 || !bytes.Contains(to.Bytes(), []byte(want)) {
			t.Errorf("%v: found %v in %q", order, a, to.Bytes())
		}
	}
}
