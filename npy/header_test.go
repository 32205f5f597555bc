package npy_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"os"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/samebytes/samebytes/ndarray"
	"github.com/samebytes/samebytes/npy"
)

// vector is a case of a file in testdata, which NumPy made by testdata/headers.py.
type vector struct {
	Name    string
	Header  latin1
	Want    string // "ok", or which error
	DType   string
	Big     bool
	Mixed   bool
	Fortran bool
	Shape   []int
	Offset  int
}

// latin1 is bytes that JSON holds as a string of one character each.
type latin1 []byte

func (b *latin1) UnmarshalJSON(text []byte) error {
	var s string
	if err := json.Unmarshal(text, &s); err != nil {
		return err
	}
	for _, r := range s {
		*b = append(*b, byte(r))
	}
	return nil
}

func vectors(t testing.TB, file string) []vector {
	t.Helper()
	text, err := os.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	var cases []vector
	if err := json.Unmarshal(text, &cases); err != nil {
		t.Fatal(err)
	}
	if len(cases) < 100 {
		t.Fatalf("%s has %d cases only", file, len(cases))
	}
	return cases
}

// header returns what Parse should make of v, which has the dtype that Parse found, if it prints as v's.
func (v vector) header(t testing.TB) npy.Header {
	t.Helper()
	h, err := npy.Parse(v.Header)
	if err != nil || h.DType.String() != v.DType {
		t.Fatalf("%s: got dtype %v, %v, want %s", v.Name, h.DType, err, v.DType)
	}
	return npy.Header{
		Major: int(v.Header[6]), DType: h.DType, BigEndian: v.Big, Mixed: v.Mixed, Fortran: v.Fortran, Shape: v.Shape, DataOffset: v.Offset,
	}
}

var errorsByName = map[string]error{
	"ok": nil, "format": npy.ErrFormat, "truncated": npy.ErrTruncated, "dtype": ndarray.ErrDType, "shape": ndarray.ErrShape,
}

func TestParse(t *testing.T) {
	for _, v := range vectors(t, "headers.json") {
		t.Run(v.Name, func(t *testing.T) {
			want, known := errorsByName[v.Want]
			if !known {
				t.Fatalf("unknown want %q", v.Want)
			}
			h, err := npy.Parse(v.Header)
			if !errors.Is(err, want) {
				t.Fatalf("got error %v, want %s", err, v.Want)
			}
			if want != nil {
				return
			}
			if want := v.header(t); !reflect.DeepEqual(npy.Plain(h), want) {
				t.Errorf("got %+v, want %+v", h, want)
			}
		})
	}
}

func TestParseMessages(t *testing.T) {
	for text, want := range map[string]string{
		"{'descr': '<f8', 'shape': (3,)}":                                     "npy: not a valid .npy header: expected the keys descr, fortran_order and shape, found `{'descr': '<f8', 'shape': (3,)}`",
		"{'descr': '<f8', 'fortran_order': False, 'shape': (3 4)}":            "npy: not a valid .npy header: expected ',' or ')' at byte 63, found `4)}`",
		"{'descr': '<f8', 'fortran_order': False, 'shape': ":                  "npy: not a valid .npy header: expected a Python literal at byte 60, found the header's end",
		"{'descr': '|O', 'fortran_order': False, 'shape': (3,)}":              "npy: wrong dtype: expected numbers, found objects in descr `'|O'`: they are pickles, which run code when read, and are refused",
		"{'descr': [('a', ('O', 2))], 'fortran_order': False, 'shape': (3,)}": "npy: wrong dtype: expected numbers, found objects in descr `[('a', ('O', 2))]`: they are pickles, which run code when read, and are refused",
		"{'descr': '<f16', 'fortran_order': False, 'shape': (3,)}":            "npy: no dtype for descr `'<f16'`: wrong dtype: expected one of bool, int8 to int64, uint8 to uint64, bfloat16, float16 to float64, complex64, complex128, or a code as S5, U5, V16, datetime64[ns], timedelta64[ns], found \"f16\"",
		"{'descr': ('<i2', 2), 'fortran_order': False, 'shape': ()}":          "npy: no dtype for descr `('<i2', 2)`: wrong dtype: a subarray can only be a field",
		"{'descr': '<f8', 'fortran_order': 1, 'shape': (3,)}":                 "npy: not a valid .npy header: expected fortran_order True or False, found `1`",
		"{'descr': '<f8', 'fortran_order': True, 'shape': [3]}":               "npy: not a valid .npy header: expected shape a tuple of ints, found `[3]`",
	} {
		if _, err := npy.Parse(withPrefix(text)); err == nil || err.Error() != want {
			t.Errorf("%s:\n got %v\nwant %s", text, err, want)
		}
	}
}

// withPrefix returns a header of version 1.0 with the given text.
func withPrefix(text string) []byte {
	return append([]byte{0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, byte(len(text)), byte(len(text) >> 8)}, text...)
}

// withPrefix2 returns a header of version 2.0 with the given text.
func withPrefix2(text string) []byte {
	n := len(text)
	return append([]byte{0x93, 'N', 'U', 'M', 'P', 'Y', 2, 0, byte(n), byte(n >> 8), byte(n >> 16), byte(n >> 24)}, text...)
}

const canonical = "{'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }"

func TestParseTruncated(t *testing.T) {
	for _, whole := range [][]byte{withPrefix(canonical), withPrefix2(canonical)} {
		for n := range whole {
			_, err := npy.Parse(whole[:n])
			if !errors.Is(err, npy.ErrTruncated) || !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("first %d bytes: got %v, want ErrTruncated", n, err)
			}
		}
	}
}

func TestParseKeepsNothing(t *testing.T) {
	b := append(withPrefix(canonical), "elements and more"...)
	h, err := npy.Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	clear(b)
	want := npy.Header{Major: 1, DType: ndarray.Float64, Shape: []int{3, 4}, DataOffset: 10 + len(canonical)}
	if !reflect.DeepEqual(h, want) {
		t.Errorf("got %+v, want %+v", h, want)
	}
}

func TestParseLongest(t *testing.T) {
	text := canonical + strings.Repeat(" ", npy.MaxHeader-12-len(canonical))
	h, err := npy.Parse(withPrefix2(text))
	if err != nil || h.DataOffset != npy.MaxHeader {
		t.Errorf("got %+v, %v, want a header of MaxHeader bytes", h, err)
	}
	if _, err := npy.Parse(withPrefix2(text + " ")); !errors.Is(err, npy.ErrFormat) {
		t.Errorf("one byte more: got %v, want ErrFormat", err)
	}
}

// TestParseHostile asserts that no header of MaxHeader bytes makes Parse allocate more than 64 MiB.
func TestParseHostile(t *testing.T) {
	const room = npy.MaxHeader - 12
	for _, piece := range []string{"(", "[", "{", "{1:", "(1,),", "1,",
		"'',", "''", "'a' ", "'\\x41'", "\\\n", "#\n", "\n", "9", "_", "'''", "r'\\'", "\"\\"} {
		for _, opening := range []string{"", "(", "{'shape': (", "{'descr': "} {
			text := opening + strings.Repeat(piece, (room-len(opening))/len(piece))
			b := withPrefix2(text)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := npy.Parse(b)
			runtime.ReadMemStats(&after)
			if err == nil {
				t.Errorf("%q and then %q without end: no error", opening, piece)
			}
			if n := after.TotalAlloc - before.TotalAlloc; n > 64<<20 {
				t.Errorf("%q and then %q without end: %d bytes allocated", opening, piece, n)
			}
		}
	}
}

func TestHeaderSize(t *testing.T) {
	v1, v2 := withPrefix(canonical), withPrefix2(canonical)
	for _, c := range []struct {
		name   string
		prefix []byte
		size   int
		err    error
	}{
		{"version 1", v1[:10], len(v1), nil},
		{"version 2", v2[:12], len(v2), nil},
		{"more than needed", append(v1, 1, 2, 3), len(v1), nil},
		{"version 1 cut", v1[:9], 0, npy.ErrTruncated},
		{"version 2 cut", v2[:11], 0, npy.ErrTruncated},
		{"nothing", nil, 0, npy.ErrTruncated},
		{"other magic", []byte("\x93NUMPy\x01\x00\x10\x00"), 0, npy.ErrFormat},
		{"other magic, cut", []byte("PK"), 0, npy.ErrFormat},
		{"version 1.1, cut", []byte("\x93NUMPY\x01\x01"), 0, npy.ErrFormat},
		{"MaxHeader", []byte("\x93NUMPY\x03\x00\xf4\xff\x0f\x00"), npy.MaxHeader, nil},
		{"MaxHeader and one", []byte("\x93NUMPY\x03\x00\xf5\xff\x0f\x00"), 0, npy.ErrFormat},
		{"4 GiB", []byte("\x93NUMPY\x02\x00\xff\xff\xff\xff"), 0, npy.ErrFormat},
	} {
		size, err := npy.HeaderSize(c.prefix)
		if size != c.size || !errors.Is(err, c.err) {
			t.Errorf("%s: got %d, %v, want %d, %v", c.name, size, err, c.size, c.err)
		}
	}
}

func TestAppendIsNumPys(t *testing.T) {
	for _, v := range vectors(t, "saved.json") {
		b, err := v.header(t).Append(nil, 64)
		if err != nil || !bytes.Equal(b, v.Header) {
			t.Errorf("%s:\n got %q, %v\nwant %q", v.Name, b, err, v.Header)
		}
	}
}

func TestAppendAligned(t *testing.T) {
	before := []byte("kept")
	for _, v := range vectors(t, "saved.json") {
		want, err := npy.Parse(v.Header)
		if err != nil {
			t.Fatalf("%s: %v", v.Name, err)
		}
		for align := 1; align <= npy.MaxAlign; align *= 2 {
			b, err := want.Append(before, align)
			if err != nil || !bytes.HasPrefix(b, before) {
				t.Fatalf("%s: got %q, %v", v.Name, b, err)
			}
			head := b[len(before):]
			if len(head)%align != 0 || align >= max(256, len(v.Header)) && len(head) != align {
				t.Errorf("%s aligned to %d: %d bytes", v.Name, align, len(head))
			}
			want.Major, want.DataOffset = int(head[6]), len(head)
			if got, err := npy.Parse(head); err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("%s aligned to %d: got %+v, %v, want %+v", v.Name, align, got, err, want)
			}
		}
	}
}

// TestAppendLongest asserts that a text of the most digits needs no version but 1.0 and no more than 512 bytes.
func TestAppendLongest(t *testing.T) {
	shape := slices.Repeat([]int{1}, ndarray.MaxDims)
	for i := range 18 { // two digits each, until the product is near the greatest int
		shape[i] = 10
	}
	h := npy.Header{DType: ndarray.Uint8, Fortran: true, Shape: shape}
	b, err := h.Append(nil, 512)
	if err != nil || len(b) != 512 {
		t.Errorf("got %d bytes, %v", len(b), err)
	}
}

func TestAppendErrors(t *testing.T) {
	for _, c := range []struct {
		name string
		h    npy.Header
		err  error
	}{
		{"no dtype", npy.Header{Shape: []int{3}}, ndarray.ErrDType},
		{"negative", npy.Header{DType: ndarray.Int8, Shape: []int{-1}}, ndarray.ErrShape},
		{"too many axes", npy.Header{DType: ndarray.Int8, Shape: make([]int, 65)}, ndarray.ErrShape},
		{"too many bytes", npy.Header{DType: ndarray.Int16, Shape: []int{math.MaxInt}}, ndarray.ErrShape},
		{"no room for a header", npy.Header{DType: ndarray.Int8, Shape: []int{math.MaxInt}}, ndarray.ErrShape},
	} {
		b, err := c.h.Append([]byte("kept"), 64)
		if !errors.Is(err, c.err) || string(b) != "kept" {
			t.Errorf("%s: got %q, %v, want %v", c.name, b, err, c.err)
		}
		if n, nbytes := c.h.Len(), c.h.NBytes(); n != 0 || nbytes != 0 {
			t.Errorf("%s: Len %d, NBytes %d, want 0", c.name, n, nbytes)
		}
		if _, err := npy.NewHeader(c.h.DType, c.h.Shape, false); !errors.Is(err, c.err) {
			t.Errorf("%s: NewHeader: got %v, want %v", c.name, err, c.err)
		}
	}
}

func TestAppendPanics(t *testing.T) {
	h := npy.Header{DType: ndarray.Float64}
	for _, align := range []int{math.MinInt, -64, 0, 3, 100, npy.MaxAlign + 1, npy.MaxAlign * 2} {
		func() {
			defer func() {
				if e, ok := recover().(npy.AlignError); !ok || int(e) != align {
					t.Errorf("align %d: no AlignError but %v", align, e)
				}
			}()
			h.Append(nil, align)
		}()
	}
}

func TestNewHeader(t *testing.T) {
	shape := []int{3, 4}
	h, err := npy.NewHeader(ndarray.Int16, shape, true)
	if err != nil {
		t.Fatal(err)
	}
	shape[0] = 9
	if h.Len() != 12 || h.NBytes() != 24 || !h.Fortran || h.Shape[0] != 3 {
		t.Errorf("got %+v, %d elements, %d bytes", h, h.Len(), h.NBytes())
	}
	if h, err := npy.NewHeader(ndarray.Int16, []int{1, 4}, true); err != nil || h.Fortran {
		t.Errorf("one order only: got %+v, %v, want Fortran false", h, err)
	}
}

// TestRefusedThoughNumPyReads looks whether the package's documentation says what is refused that NumPy reads.
func TestRefusedThoughNumPyReads(t *testing.T) {
	doc := string(must(os.ReadFile("doc.go")))
	for text, c := range map[string]struct {
		documented string
		want       error
	}{
		"{'descr': '<f4', 'fortran_order': False, 'shape': (+(2),)}":                 {"+(2)", npy.ErrFormat},
		"{'descr': [('a', '<f4', [2])], 'fortran_order': False, 'shape': (2,)}":      {"('a', '<f4', [2])", npy.ErrFormat},
		"{'descr': [((1, 'a'), '<f4')], 'fortran_order': False, 'shape': (2,)}":      {"(1, 'a')", npy.ErrFormat},
		"{'descr': '<M8[0s]', 'fortran_order': False, 'shape': (2,)}":                {"M8[0s]", ndarray.ErrDType},
		"{'descr': '<M8[D/24]', 'fortran_order': False, 'shape': (2,)}":              {"M8[D/24]", ndarray.ErrDType},
		"{'descr': '<i08', 'fortran_order': False, 'shape': (2,)}":                   {"i08", ndarray.ErrDType},
		"{'descr': 'i4,f8', 'fortran_order': False, 'shape': (2,)}":                  {"i4,f8", ndarray.ErrDType},
		"{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'shape': (2 L,)}\n": {"space before Python 2's L", npy.ErrFormat},
	} {
		if _, err := npy.Parse(withPrefix(text)); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", text, err, c.want)
		}
		if !strings.Contains(doc, c.documented) {
			t.Errorf("doc.go does not say %q", c.documented)
		}
	}
}
