//go:build linux

package tests

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/samebytes/samebytes/shm"
)

// handleCase is a handle of the segment x, changed, or a text, and what opening it gives.
type handleCase struct {
	Name     string
	With     map[string]json.RawMessage
	Without  []string
	Text     *string
	Shape    []int
	Elements []float64
	Error    string
	Go       string // the error in Go, where it is another
	Says     []string
	Only     []string
}

func TestHandles(t *testing.T) {
	text, err := os.ReadFile("conformance/handles.json")
	if err != nil {
		t.Fatal(err)
	}
	var corpus struct{ Cases []handleCase }
	if err := json.Unmarshal(text, &corpus); err != nil {
		t.Fatal(err)
	}
	if len(corpus.Cases) == 0 {
		t.Fatal("no cases")
	}
	t.Setenv("SAMEBYTES_DIR", t.TempDir())
	x, err := shm.Create[float64]("x", []int{4, 6})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		x.Close()
		shm.SetWarm(0)
		shm.SetWarm(128 << 20)
	})
	for i := range x.Data() {
		x.Data()[i] = float64(i)
	}
	for _, c := range corpus.Cases {
		if len(c.Only) > 0 && !slices.Contains(c.Only, "go") {
			continue
		}
		t.Run(c.Name, func(t *testing.T) { c.run(t, x) })
	}
}

func (c handleCase) run(t *testing.T, x *shm.Array[float64]) {
	h, err := shm.ParseHandle(c.text(t, x))
	var a *shm.Array[float64]
	if err == nil {
		a, err = shm.Open[float64](h)
	}
	if c.Error == "" {
		if err != nil {
			t.Fatal(err)
		}
		defer a.Close()
		if got := a.Copy().Data(); !slices.Equal(a.Shape(), c.Shape) || !slices.Equal(got, c.Elements) || a.Writable() == h.ReadOnly {
			t.Errorf("got %v of %v, writable: %v", got, a.Shape(), a.Writable())
		}
		return
	}
	name := c.Error
	if c.Go != "" {
		name = c.Go
	}
	if want := sentinels[name]; want == nil || !errors.Is(err, want) {
		t.Fatalf("got %v, want %s", err, name)
	}
	for other, also := range sentinels {
		if other != name && errors.Is(err, also) {
			t.Errorf("%v is also %s", err, other)
		}
	}
	for _, part := range c.Says {
		if c.Go == "" && !strings.Contains(err.Error(), part) {
			t.Errorf("%q does not say %q", err, part)
		}
	}
}

func (c handleCase) text(t *testing.T, x *shm.Array[float64]) []byte {
	t.Helper()
	if c.Text != nil {
		return []byte(*c.Text)
	}
	h, err := x.Handle()
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(h)
	if err != nil {
		t.Fatal(err)
	}
	fields := map[string]json.RawMessage{}
	if err := json.Unmarshal(text, &fields); err != nil {
		t.Fatal(err)
	}
	for key, value := range c.With {
		if value == nil { // what null becomes
			value = json.RawMessage("null")
		}
		fields[key] = value
	}
	for _, key := range c.Without {
		delete(fields, key)
	}
	if text, err = json.Marshal(fields); err != nil {
		t.Fatal(err)
	}
	return text
}

// TestHandlePayloads has handles as calls carry them.
func TestHandlePayloads(t *testing.T) {
	text, err := os.ReadFile("conformance/handles.json")
	if err != nil {
		t.Fatal(err)
	}
	var corpus struct {
		Payloads []struct {
			Name, Hex, Error string
			JSON             json.RawMessage
		}
	}
	if err := json.Unmarshal(text, &corpus); err != nil {
		t.Fatal(err)
	}
	if len(corpus.Payloads) == 0 {
		t.Fatal("no payloads")
	}
	for _, c := range corpus.Payloads {
		payload, err := hex.DecodeString(c.Hex)
		if err != nil {
			t.Fatal(err)
		}
		got, err := shm.ParseHandleMsgpack(payload)
		if c.Error != "" {
			if !errors.Is(err, sentinels[c.Error]) {
				t.Errorf("%s: got %v, want %s", c.Name, err, c.Error)
			}
			continue
		}
		want, wrong := shm.ParseHandle(c.JSON)
		if wrong != nil {
			t.Fatal(wrong)
		}
		again, wrong := shm.ParseHandleMsgpack(got.AppendMsgpack(nil))
		if err != nil || wrong != nil || !same(t, got, want) || !same(t, again, want) {
			t.Errorf("%s: got %+v, %v, then %+v, %v, want %+v", c.Name, got, err, again, wrong, want)
		}
		if !bytes.Equal(want.AppendMsgpack(nil), payload) {
			t.Errorf("%s: got %x, want %x", c.Name, want.AppendMsgpack(nil), payload)
		}
	}
}

// same reports whether two handles say the same in JSON.
func same(t *testing.T, a, b shm.Handle) bool {
	t.Helper()
	var fields [2]map[string]any
	for i, h := range []shm.Handle{a, b} {
		text, err := json.Marshal(h)
		if err == nil {
			err = json.Unmarshal(text, &fields[i])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return reflect.DeepEqual(fields[0], fields[1])
}
