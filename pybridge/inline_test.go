package pybridge

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"reflect"
	"testing"

	"github.com/samebytes/samebytes/ndarray"
	"github.com/samebytes/samebytes/npy"
	"github.com/samebytes/samebytes/shm"
)

// inlineCase is a case of tests/conformance/inline.json.
type inlineCase struct {
	Name, Payload      string
	DType, Data, Error string
	Shape              []int
}

func inlineCases(t testing.TB) (cases []inlineCase) {
	text, err := os.ReadFile("../tests/conformance/inline.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Cases []inlineCase }
	if err := json.Unmarshal(text, &file); err != nil || len(file.Cases) == 0 {
		t.Fatal("no cases: ", err)
	}
	return file.Cases
}

func unhex(t testing.TB, text string) []byte {
	b, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestInlineCorpus(t *testing.T) {
	failures := map[string]error{"FormatError": npy.ErrFormat, "DTypeError": ndarray.ErrDType, "ShapeError": ndarray.ErrShape}
	for _, c := range inlineCases(t) {
		payload := unhex(t, c.Payload)
		if !isInline(payload) {
			t.Errorf("%s: taken for a handle", c.Name)
		}
		a, err := parseInline(payload)
		if c.Error != "" {
			if want := failures[c.Error]; want == nil || !errors.Is(err, want) {
				t.Errorf("%s: %v, expected %s", c.Name, err, c.Error)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c.Name, err)
			continue
		}
		if got := string(npy.AppendType(nil, a.DType(), false)); got != c.DType || !reflect.DeepEqual(a.Shape(), c.Shape) {
			t.Errorf("%s: %s of shape %v", c.Name, got, a.Shape())
		}
		again, ok, err := appendInline(nil, a)
		if !ok || err != nil || hex.EncodeToString(again) != c.Payload {
			t.Errorf("%s: appended as %x, %v, %v", c.Name, again, ok, err)
		}
	}
}

// TestInlineAsWhatIsAskedFor opens an array in a message as every type of array, of which only its own are right.
func TestInlineAsWhatIsAskedFor(t *testing.T) {
	t.Setenv("SAMEBYTES_DIR", t.TempDir())
	a := ndarray.Full(2.0, 3)
	payload, ok, err := appendInline(nil, a.Any())
	if !ok || err != nil {
		t.Fatal(ok, err)
	}
	for into := range openers {
		o, err := openPayload(payload, into)
		switch into {
		case reflect.TypeFor[*ndarray.Array[float64]](), reflect.TypeFor[*shm.Array[float64]](), reflect.TypeFor[*ndarray.Any]():
			if err != nil {
				t.Error(into, err)
				continue
			}
			array, ok := o.value.Interface().(*ndarray.Any)
			if !ok {
				array = o.value.Interface().(plain).Any()
			}
			got, err := ndarray.As[float64](array)
			if err != nil || ndarray.Sum(got) != 6 {
				t.Error(into, got, err)
			}
			got.Set(7, 0)
			o.close()
		default:
			if !errors.Is(err, ndarray.ErrDType) {
				t.Error(into, err)
			}
		}
	}
	if again, err := parseInline(payload); err != nil {
		t.Error(err)
	} else if got, _ := ndarray.As[float64](again.Copy()); ndarray.Sum(got) != 6 {
		t.Error("what was opened is the message's own bytes")
	}
	if left, err := shm.List(); err != nil || len(left) > 0 {
		t.Error(left, err)
	}
}

// TestWhatIsNotInline has arrays that are in no segment and travel by handle: great ones, and such that no number is an element of.
func TestWhatIsNotInline(t *testing.T) {
	for _, a := range []*ndarray.Any{
		ndarray.New[float64](mostInline/8 + 1).Any(), ndarray.New[bool](3).Any(), ndarray.New[ndarray.BFloat16](3).Any(),
	} {
		if dst, ok, err := appendInline([]byte("x"), a); ok || err != nil || string(dst) != "x" {
			t.Errorf("%v: %v, %v", a.DType(), ok, err)
		}
	}
	if _, ok, _ := appendInline(nil, ndarray.New[float64](mostInline/8).Any()); !ok {
		t.Error("12 KiB do not")
	}
}

// FuzzInline has anything as a payload: it is an array, which is appended as the same array, or an error.
func FuzzInline(f *testing.F) {
	for _, c := range inlineCases(f) {
		f.Add(unhex(f, c.Payload)[1:])
	}
	f.Fuzz(func(t *testing.T, rest []byte) {
		a, err := parseInline(append([]byte{inlineHead}, rest...))
		if err != nil || a.Len()*a.DType().Size() > mostInline {
			return
		}
		payload, ok, err := appendInline(nil, a)
		if !ok || err != nil {
			t.Fatal(ok, err)
		}
		b, err := parseInline(payload)
		if err != nil || b.DType() != a.DType() || !reflect.DeepEqual(b.Shape(), a.Shape()) {
			t.Fatalf("%v of %v, was %v of %v: %v", b.Shape(), b.DType(), a.Shape(), a.DType(), err)
		}
	})
}
