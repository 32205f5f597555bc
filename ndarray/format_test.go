package ndarray_test

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"

	"github.com/samebytes/samebytes/ndarray"
)

// printCase is an array of the corpus that make_print.py writes, and NumPy's texts for it.
type printCase struct {
	Name, DType, Data string
	Shape, Strides    []int
	Offset            int
	Options           ndarray.PrintOptions
	Str, Repr         string
}

type printed interface {
	fmt.Formatter
	Text(ndarray.PrintOptions) string
}

// arrays makes an array of a case, by dtype.
var arrays = map[string]func(printCase) (printed, error){
	"bool": arrayOf[bool], "int8": arrayOf[int8], "int16": arrayOf[int16], "int32": arrayOf[int32], "int64": arrayOf[int64],
	"uint8": arrayOf[uint8], "uint16": arrayOf[uint16], "uint32": arrayOf[uint32], "uint64": arrayOf[uint64],
	"float32": arrayOf[float32], "float64": arrayOf[float64], "complex64": arrayOf[complex64], "complex128": arrayOf[complex128],
}

func arrayOf[T ndarray.Element](c printCase) (printed, error) {
	raw, err := hex.DecodeString(c.Data)
	if err != nil {
		return nil, err
	}
	data := make([]T, len(raw)/max(ndarray.DTypeOf[T]().Size(), 1))
	if err := binary.Read(bytes.NewReader(raw), binary.LittleEndian, data); err != nil {
		return nil, err
	}
	if c.Strides == nil {
		return ndarray.FromFlat(data, c.Shape, false)
	}
	return ndarray.FromStrided(data, c.Shape, c.Strides, c.Offset)
}

func TestPrintAsNumPy(t *testing.T) {
	text, err := os.ReadFile("../tests/conformance/print.json")
	if err != nil {
		t.Fatal(err)
	}
	var corpus struct{ Cases []printCase }
	if err := json.Unmarshal(text, &corpus); err != nil {
		t.Fatal(err)
	}
	replayed := 0
	for i, c := range corpus.Cases {
		if arrays[c.DType] == nil {
			continue
		}
		a, err := arrays[c.DType](c)
		if err != nil {
			t.Fatalf("case %d, %s: %v", i, c.Name, err)
		}
		found, repr := fmt.Sprint(a), fmt.Sprintf("%#v", a)
		if c.Options != (ndarray.PrintOptions{}) {
			found, repr = a.Text(c.Options), ""
		}
		if found != c.Str {
			t.Errorf("case %d, %s, %s: str: expected\n%s\nfound\n%s", i, c.Name, c.DType, c.Str, found)
		}
		if repr != c.Repr {
			t.Errorf("case %d, %s, %s: repr: expected\n%s\nfound\n%s", i, c.Name, c.DType, c.Repr, repr)
		}
		replayed++
	}
	if replayed < 700 {
		t.Errorf("expected at least 700 cases, found %d", replayed)
	}
}

func TestFormat(t *testing.T) {
	ints := must(ndarray.FromSlice([]int16{1, -20, 300, 4}, 2, 2))
	floats := must(ndarray.FromSlice([]float64{1, -2.5, 1.0 / 3, 10}, 2, 2))
	single := must(ndarray.FromFlat([]float32{1.0 / 3}, nil, false))
	named := must(ndarray.FromSlice([]celsius{36.6, 100}))
	var none *ndarray.Array[bool]
	for _, c := range []struct {
		format, want string
		a            any
	}{
		{"%v", "[[  1 -20]\n [300   4]]", ints},
		{"%s", "[[  1 -20]\n [300   4]]", ints},
		{"%+v", "[[  1 -20]\n [300   4]]", ints},
		{"%5v", "[[    1   -20]\n [  300     4]]", ints},
		{"%#v", "array([[  1, -20],\n       [300,   4]], dtype=int16)", ints},
		{"%d", "[[  1 -20]\n [300   4]]", ints},
		{"%+d", "[[  +1  -20]\n [+300   +4]]", ints},
		{"%04x", "[[0001 -014]\n [012c 0004]]", ints},
		{"%#x", "[[  0x1 -0x14]\n [0x12c   0x4]]", ints},
		{"%-4d", "[[1    -20 ]\n [300  4   ]]", ints},
		{"%v", "[[ 1.         -2.5       ]\n [ 0.33333333 10.        ]]", floats},
		{"%.2v", "[[ 1.   -2.5 ]\n [ 0.33 10.  ]]", floats},
		{"%.0v", "[[ 1. -2.]\n [ 0. 10.]]", floats},
		{"%.2f", "[[ 1.00 -2.50]\n [ 0.33 10.00]]", floats},
		{"%8.1f", "[[     1.0     -2.5]\n [     0.3     10.0]]", floats},
		{"%.1e", "[[ 1.0e+00 -2.5e+00]\n [ 3.3e-01  1.0e+01]]", floats},
		{"%g", "[[                 1               -2.5]\n [0.3333333333333333                 10]]", floats},
		{"%d", "[[                 %!d(float64=1)               %!d(float64=-2.5)]\n [%!d(float64=0.3333333333333333)                 %!d(float64=10)]]", floats},
		{"%v", "0.33333334", single},
		{"%12v", "  0.33333334", single},
		{"%.2v", "0.33", single},
		{"%.3f", "0.333", single},
		{"%#v", "array(0.33333334, dtype=float32)", single},
		{"%v", "[ 36.6 100. ]", named},
		{"%.0f", "[ 37 100]", named},
		{"%v", "<nil>", none},
		{"%v", "[]", new(ndarray.Array[int8])},
		{"%.1f", "[]", ndarray.New[float64](3, 0)},
		{"%#v", "array([], shape=(3, 0), dtype=float64)", ndarray.New[float64](3, 0)},
		{"%v", "[[-2.5]]", floats.Slice(ndarray.Range(0, 1), ndarray.Range(1, 2))},
		{"%v", "[[10.          0.33333333]\n [-2.5         1.        ]]",
			floats.Slice(ndarray.Step(ndarray.End, ndarray.End, -1), ndarray.Step(ndarray.End, ndarray.End, -1))},
	} {
		if found := fmt.Sprintf(c.format, c.a); found != c.want {
			t.Errorf("%s: expected\n%s\nfound\n%s", c.format, c.want, found)
		}
	}
	if found := ints.String(); found != fmt.Sprint(ints) {
		t.Errorf("String: %s", found)
	}
}

// Whoever prints an array with an error or a log must not wait for all of its elements.
func TestPrintSummaryIsQuick(t *testing.T) {
	billion := must(ndarray.FromStrided([]float64{1.5}, []int{1000, 1000, 1000}, []int{0, 0, 0}, 0))
	for _, print := range []func(){
		func() { _ = fmt.Sprint(billion) },
		func() { _ = fmt.Sprintf("%.3f", billion) },
		func() { _ = billion.LogValue() },
	} {
		if n := testing.AllocsPerRun(1, print); n > 10000 {
			t.Errorf("%v allocations", n)
		}
	}
}

func TestLogValue(t *testing.T) {
	deep := make([]int, ndarray.MaxDims)
	for d := range deep {
		deep[d] = 1
	}
	for d := range 40 {
		deep[d] = 2
	}
	for _, c := range []struct {
		a    slog.LogValuer
		want string
	}{
		{must(ndarray.FromSlice([]float32{1, 2.5, 3, 40}, 2, 2)), "a.dtype=float32 a.shape=\"[2 2]\" a.text=\"[[ 1. 2.5] [ 3. 40. ]]\""},
		{ndarray.New[int64](1000, 1000), "a.dtype=int64 a.shape=\"[1000 1000]\" a.text=\"[[0 ... 0] ... [0 ... 0]]\""},
		{must(ndarray.FromFlat([]bool{true}, nil, false)), "a.dtype=bool a.shape=[] a.text=True"},
		{ndarray.New[int64](0, 2), "a.dtype=int64 a.shape=\"[0 2]\" a.text=[]"},
		{must(ndarray.FromStrided([]int8{1}, deep, make([]int, len(deep)), 0)), "a.text=..."},
		{(*ndarray.Array[int8])(nil), "a=<nil>"},
	} {
		out := new(bytes.Buffer)
		slog.New(slog.NewTextHandler(out, nil)).Info("m", "a", c.a)
		if !strings.HasSuffix(out.String(), c.want+"\n") || out.Len() > 1000 {
			t.Errorf("expected %s, found %s", c.want, out)
		}
	}
}
