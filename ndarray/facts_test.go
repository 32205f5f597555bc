package ndarray_test

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/samebytes/samebytes/ndarray"
	"github.com/samebytes/samebytes/npy"
)

// facts are NumPy's own, which testdata/dtypes.py wrote.
type facts struct {
	Arrays []struct {
		DType, Name string
		Itemsize    int
		Offsets     map[string]int
		Shape       []int
		Bytes       string
		Str, Repr   string
	}
	Times []struct {
		DType string
		Ticks int64
		Text  string
	}
	Halves struct {
		Float32 [][2]uint32
		Float64 [][2]json.RawMessage
	}
	Sums map[string]string
}

func numpyFacts(t *testing.T) (f facts) {
	t.Helper()
	text, err := os.ReadFile("testdata/dtypes.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &f); err != nil {
		t.Fatal(err)
	}
	if len(f.Arrays) < 50 || len(f.Times) < 100 || len(f.Halves.Float32) < 100 || len(f.Sums) != 2 {
		t.Fatal("too few facts")
	}
	return f
}

// dtypeOf returns the dtype that a .npy header names so.
func dtypeOf(t testing.TB, descr string) ndarray.DType {
	t.Helper()
	text := fmt.Sprintf("{'descr': %s, 'fortran_order': False, 'shape': ()}", descr)
	h, err := npy.Parse(append([]byte{0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, byte(len(text)), byte(len(text) >> 8)}, text...))
	if err != nil {
		t.Fatal(err)
	}
	return h.DType
}

func TestAnyPrintsAsNumPy(t *testing.T) {
	for _, c := range numpyFacts(t).Arrays {
		d := dtypeOf(t, c.DType)
		data := must(hex.DecodeString(c.Bytes))
		a, err := ndarray.AnyFromFlat(data, d, c.Shape, false)
		if err != nil {
			t.Fatal(err)
		}
		if d.Size() != c.Itemsize || d.String() != c.Name {
			t.Errorf("%s: found %d bytes, %v", c.Name, d.Size(), d)
		}
		for name, offset := range c.Offsets {
			if f, ok := d.Field(name); !ok || f.Offset != offset {
				t.Errorf("%s: field %s at %d, want %d", c.Name, name, f.Offset, offset)
			}
		}
		if got := a.String(); got != c.Str {
			t.Errorf("%s %v:\n got %s\nwant %s", c.Name, c.Shape, got, c.Str)
		}
		if got := fmt.Sprintf("%#v", a); got != c.Repr {
			t.Errorf("%s %v:\n got %s\nwant %s", c.Name, c.Shape, got, c.Repr)
		}
	}
}

func TestTimesPrintAsNumPy(t *testing.T) {
	for _, c := range numpyFacts(t).Times {
		d := must(ndarray.ParseDType(c.DType))
		a := must(ndarray.AnyFromFlat(binary.NativeEndian.AppendUint64(nil, uint64(c.Ticks)), d, nil, false))
		if got := a.String(); got != c.Text {
			t.Errorf("%s %d: got %s, want %s", c.DType, c.Ticks, got, c.Text)
		}
	}
}

func TestFloat16IsNumPys(t *testing.T) {
	f := numpyFacts(t)
	single, double := sha256.New(), sha256.New()
	for bits := range 1 << 16 {
		h := ndarray.Float16FromBits(uint16(bits))
		binary.Write(single, binary.LittleEndian, math.Float32bits(h.Float32()))
		binary.Write(double, binary.LittleEndian, math.Float64bits(h.Float64()))
		if back := ndarray.NewFloat16(h.Float64()); back != h {
			t.Fatalf("%04x becomes %04x", bits, back.Bits())
		}
	}
	if got := hex.EncodeToString(single.Sum(nil)); got != f.Sums["f4"] {
		t.Error("some are other float32 than NumPy's")
	}
	if got := hex.EncodeToString(double.Sum(nil)); got != f.Sums["f8"] {
		t.Error("some are other float64 than NumPy's")
	}
	for _, c := range f.Halves.Float32 {
		x := math.Float32frombits(c[0])
		got := ndarray.NewFloat16(float64(x))
		if x != x { // which bits float64(x) keeps is the machine's matter
			if h := got.Float32(); h == h {
				t.Errorf("NaN %08x becomes %v", c[0], h)
			}
		} else if got.Bits() != uint16(c[1]) {
			t.Errorf("float32 %08x: got %04x, want %04x", c[0], got.Bits(), c[1])
		}
	}
	for _, c := range f.Halves.Float64 {
		var bits uint64
		var want uint16
		if _, err := fmt.Sscan(strings.Trim(string(c[0]), `"`), &bits); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(c[1], &want); err != nil {
			t.Fatal(err)
		}
		if got := ndarray.NewFloat16(math.Float64frombits(bits)); got.Bits() != want {
			t.Errorf("float64 %016x: got %04x, want %04x", bits, got.Bits(), want)
		}
	}
}
