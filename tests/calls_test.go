//go:build linux

package tests

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/samebytes/samebytes/pybridge"
)

// TestFailingCalls makes the calls of conformance/calls.json, of Python's functions. tests/test_calls.py makes them of Go's.
func TestFailingCalls(t *testing.T) {
	text, err := os.ReadFile("conformance/calls.json")
	if err != nil {
		t.Fatal(err)
	}
	var corpus struct {
		Cases []struct {
			Name, Function string
			Args           []any
			Timeout        float64
			Closed, Itself bool
			Error          string
			Says           []string
		}
	}
	if err := json.Unmarshal(text, &corpus); err != nil {
		t.Fatal(err)
	}
	if len(corpus.Cases) == 0 {
		t.Fatal("no cases")
	}
	t.Setenv("SAMEBYTES_DIR", t.TempDir())
	python, err := filepath.Abs("../.venv/bin/python")
	if err != nil {
		t.Fatal(err)
	}
	start := func() *pybridge.Pool {
		pool, err := pybridge.Start(t.Context(), pybridge.Python{File: "server/served.py", Interpreter: python, Output: func(int, string) {}})
		if err != nil {
			t.Fatal(err)
		}
		return pool
	}
	pool := start()
	defer func() { pool.Close() }()
	for _, c := range corpus.Cases {
		if c.Closed {
			pool.Close()
		}
		if c.Itself {
			loop := []any{nil}
			loop[0] = loop
			c.Args = []any{loop}
		}
		ctx, cancel := context.WithCancel(t.Context())
		if c.Timeout > 0 {
			ctx, cancel = context.WithTimeout(t.Context(), time.Duration(c.Timeout*float64(time.Second)))
		}
		err := pool.Call(ctx, nil, c.Function, integers(c.Args)...)
		cancel()
		if want := sentinels[c.Error]; want == nil || !errors.Is(err, want) {
			t.Errorf("%s: got %v, want %s", c.Name, err, c.Error)
			continue
		}
		for name, other := range sentinels {
			if name != c.Error && name != "Remote" && errors.Is(err, other) {
				t.Errorf("%s: %v is also %s", c.Name, err, name)
			}
		}
		for _, part := range c.Says {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%s: %q does not say %q", c.Name, err, part)
			}
		}
		if c.Closed {
			pool = start()
		}
	}
}

// integers returns values of JSON with integers as such.
func integers(values []any) []any {
	for i, v := range values {
		if n, ok := v.(float64); ok && n == float64(int(n)) {
			values[i] = int(n)
		}
	}
	return values
}
