package tests

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"reflect"
	"runtime"
	"slices"
	"sync"
	"testing"

	"github.com/samebytes/samebytes/ndarray"
)

// ndarrayCase is a line of conformance/ndarray.jsonl.gz, which make_ndarray.py there describes.
type ndarrayCase struct {
	Function   string
	DType      string
	Agreement  string
	Memory     []window
	Operands   []operand
	Dst        *operand
	Parameters parameters
	Results    []result
	Within     []byte
	Error      string
}

// window is elements of a pool.
type window struct {
	pool          string
	start, length int
}

func (w *window) UnmarshalJSON(text []byte) error {
	return json.Unmarshal(text, &[]any{&w.pool, &w.start, &w.length})
}

// operand is an array over a case's memory.
type operand struct {
	memory         int
	shape, strides []int
	offset         int
}

func (o *operand) UnmarshalJSON(text []byte) error {
	return json.Unmarshal(text, &[]any{&o.memory, &o.shape, &o.strides, &o.offset})
}

// offsets returns where the operand's elements lie, in C order.
func (o *operand) offsets() []int {
	places := []int{o.offset}
	for d, length := range o.shape {
		var next []int
		for _, place := range places {
			for i := range length {
				next = append(next, place+i*o.strides[d])
			}
		}
		places = next
	}
	return places
}

// result is an array as NumPy returned it.
type result struct {
	dtype    string
	shape    []int
	elements []byte
}

func (r *result) UnmarshalJSON(text []byte) error {
	return json.Unmarshal(text, &[]any{&r.dtype, &r.shape, &r.elements})
}

// pool is what windows are cut from.
type pool struct {
	dtype    string
	elements []byte
}

func (p *pool) UnmarshalJSON(text []byte) error {
	return json.Unmarshal(text, &[]any{&p.dtype, &p.elements})
}

type corpus struct {
	pools map[string]pool
	cases map[string][]*ndarrayCase // by function
}

var readCorpus = sync.OnceValues(func() (corpus, error) {
	c := corpus{cases: map[string][]*ndarrayCase{}}
	text, err := os.ReadFile("conformance/ndarray.jsonl.gz")
	if err != nil {
		return c, err
	}
	zip, err := gzip.NewReader(bytes.NewReader(text))
	if err != nil {
		return c, err
	}
	lines := json.NewDecoder(bufio.NewReader(zip))
	var head struct{ Pools map[string]pool }
	if err := lines.Decode(&head); err != nil {
		return c, err
	}
	c.pools = head.Pools
	for lines.More() {
		var one ndarrayCase
		if err := lines.Decode(&one); err != nil {
			return c, err
		}
		c.cases[one.Function] = append(c.cases[one.Function], &one)
	}
	return c, nil
})

// TestNDArrayAgreesWithNumPy replays every case of the corpus.
func TestNDArrayAgreesWithNumPy(t *testing.T) {
	c, err := readCorpus()
	if err != nil {
		t.Fatal(err)
	}
	total := 0
	for _, function := range slices.Sorted(maps.Keys(c.cases)) {
		cases := c.cases[function]
		total += len(cases)
		t.Run(function, func(t *testing.T) {
			failed := 0
			for _, one := range cases {
				if err := c.replay(one); err != nil {
					if failed++; failed <= 3 {
						t.Errorf("%v\n%v", one, err)
					}
				}
			}
			if t.Logf("%d cases", len(cases)); failed > 0 {
				t.Errorf("%d of %d cases differ", failed, len(cases))
			}
		})
	}
	if total < 20000 {
		t.Errorf("expected at least 20,000 cases, found %d", total)
	}
}

func (c *ndarrayCase) String() string {
	said := fmt.Sprintf("%s of %s", c.Function, c.DType)
	for _, o := range c.Operands {
		said += fmt.Sprintf(", %v strides %v offset %d in %v", o.shape, o.strides, o.offset, c.Memory[o.memory])
	}
	if c.Dst != nil {
		said += fmt.Sprintf(", dst %v strides %v offset %d in %v", c.Dst.shape, c.Dst.strides, c.Dst.offset, c.Memory[c.Dst.memory])
	}
	if len(c.Parameters) > 0 {
		said += ", parameters"
		for _, name := range slices.Sorted(maps.Keys(c.Parameters)) {
			said += fmt.Sprintf(" %s=%s", name, c.Parameters[name])
		}
	}
	return said
}

// call is a case with its operands: each an *ndarray.Array of its memory's type.
type call struct {
	*ndarrayCase
	arrays []any
	dst    any // nil where there is none
}

// memories returns the case's memory, each a slice of its pool's type.
func (c *corpus) memories(one *ndarrayCase) ([]any, []dtypeOps) {
	var memory []any
	var ops []dtypeOps
	for _, w := range one.Memory {
		p := c.pools[w.pool]
		o := dtypeOpsOf[p.dtype]
		memory, ops = append(memory, o.decode(p.elements, w.start, w.length)), append(ops, o)
	}
	return memory, ops
}

func (c *corpus) replay(one *ndarrayCase) error {
	twin := twins[one.DType][one.Function]
	if twin == nil {
		return fmt.Errorf("no twin in Go")
	}
	memory, ops := c.memories(one)
	made := call{ndarrayCase: one}
	for _, o := range one.Operands {
		made.arrays = append(made.arrays, ops[o.memory].lay(memory[o.memory], o))
	}
	if one.Dst != nil {
		made.dst = ops[one.Dst.memory].lay(memory[one.Dst.memory], *one.Dst)
	}
	got, err := run(twin, &made)
	if one.Error != "" {
		if is := errorKinds[one.Error]; is == nil || !is(err) {
			return fmt.Errorf("expected an error of kind %s, found %v", one.Error, err)
		}
		return nil
	}
	if err != nil {
		return err
	}
	if len(got) != len(one.Results) {
		return fmt.Errorf("expected %d results, found %d", len(one.Results), len(got))
	}
	within := decode[float64](one.Within, 0, len(one.Within)/8)
	for i, want := range one.Results {
		if err := dtypeOpsOf[want.dtype].compare(want, got[i], one.Agreement, within); err != nil {
			return err
		}
	}
	return c.untouched(one, memory, ops)
}

// untouched compares the case's memory with what it was, but for the elements of dst.
func (c *corpus) untouched(one *ndarrayCase, memory []any, ops []dtypeOps) error {
	before, _ := c.memories(one)
	if one.Dst != nil {
		ops[one.Dst.memory].move(before[one.Dst.memory], memory[one.Dst.memory], one.Dst.offsets())
	}
	for i, now := range memory {
		if !bytes.Equal(ops[i].encode(before[i]), ops[i].encode(now)) {
			return fmt.Errorf("wrote other elements than dst's: expected memory %d to be %v, found %v", i, before[i], now)
		}
	}
	return nil
}

// run calls the twin, and returns what it returns or panics with.
func run(f twin, c *call) (got []any, err error) {
	defer func() {
		if value := recover(); value != nil {
			fault, ok := value.(error)
			if stopped := new(runtime.Error); !ok || errors.As(fault, stopped) {
				fault = fmt.Errorf("panicked with %v", value)
			}
			err = fault
		}
	}()
	got = f(c)
	if len(got) > 0 {
		if failed, ok := got[len(got)-1].(error); ok {
			return nil, failed
		}
	}
	return got, nil
}

// errorKinds says which errors and panics are of the kinds that the corpus names.
var errorKinds = map[string]func(error) bool{
	"shape": func(err error) bool { return errors.Is(err, ndarray.ErrShape) },
	"index": func(err error) bool {
		return errors.As(err, new(ndarray.IndexError)) || errors.As(err, new(ndarray.SliceError))
	},
	"layout": func(err error) bool { return errors.Is(err, ndarray.ErrLayout) },
	"dtype":  func(err error) bool { return errors.Is(err, ndarray.ErrDType) },
	"view":   func(err error) bool { return errors.Is(err, ndarray.ErrDType) || errors.Is(err, ndarray.ErrLayout) },
	"value":  func(err error) bool { return errors.As(err, new(ndarray.ValueError)) },
}

// parameters are a case's, by name.
type parameters map[string]json.RawMessage

// has reports whether there is a parameter of this name.
func (p parameters) has(name string) bool { return p[name] != nil }

// parameter returns the parameter of this name, or the zero value where there is none.
func parameter[T any](c *call, name string) T {
	var value T
	if text := c.Parameters[name]; text != nil {
		if err := json.Unmarshal(text, &value); err != nil {
			panic(fmt.Sprintf("%s: expected %v, found %s", name, reflect.TypeFor[T](), text))
		}
	}
	return value
}
