package ndarray_test

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
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
