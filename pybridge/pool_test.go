package pybridge_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/samebytes/samebytes/ndarray"
	"github.com/samebytes/samebytes/pybridge"
	"github.com/samebytes/samebytes/shm"
)

// interpreter is the Python of the project's own environment.
const interpreter = "../.venv/bin/python"

// start starts a pool that serves a module with the given source, and closes it at the test's end.
func start(t testing.TB, source string, with ...func(*pybridge.Python)) *pybridge.Pool {
	t.Helper()
	file := filepath.Join(t.TempDir(), "functions.py")
	if err := os.WriteFile(file, []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	python, err := filepath.Abs(interpreter)
	if err != nil {
		t.Fatal(err)
	}
	p := pybridge.Python{File: file, Interpreter: python, Output: func(worker int, line string) { t.Logf("worker %d: %s", worker, line) }}
	for _, set := range with {
		set(&p)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	pool, err := pybridge.Start(ctx, p)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := pool.Close(); err != nil {
			t.Error(err)
		}
	})
	return pool
}

func TestCall(t *testing.T) {
	t.Setenv("SAMEBYTES_DIR", t.TempDir())
	pool := start(t, `
import numpy as np
def add(a, b=1):
    return a + b
def scale(array, factor):
    array *= factor
    return array.sum()
def ones(n):
    return np.ones(n)
def fails(text):
    raise ValueError(text)
`)
	ctx := t.Context()
	var sum int
	if err := pool.Call(ctx, &sum, "add", 2, 3); err != nil || sum != 5 {
		t.Error(sum, err)
	}
	if err := pool.Call(ctx, &sum, "add", 2, pybridge.Kw{"b": 40}); err != nil || sum != 42 {
		t.Error(sum, err)
	}
	var text string
	if err := pool.Call(ctx, &text, "add", "same", "bytes"); err != nil || text != "samebytes" {
		t.Error(text, err)
	}
	a, err := shm.New[float64]([]int{1000})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	a.Fill(2)
	var total float64
	if err := pool.Call(ctx, &total, "scale", a, 3); err != nil || total != 6000 || a.At(999) != 6 {
		t.Error(total, a.At(999), err)
	}
	plain := ndarray.Full(1.0, 3, 4)
	if err := pool.Call(ctx, &total, "scale", plain, 5); err != nil || total != 60 || plain.At(0, 0) != 1 {
		t.Error(total, plain, err)
	}
	var ones *shm.Array[float64]
	if err := pool.Call(ctx, &ones, "ones", 7); err != nil || ones.Len() != 7 {
		t.Fatal(ones, err)
	}
	defer ones.Close()
	var remote *pybridge.RemoteError
	err = pool.Call(ctx, nil, "fails", "no")
	if !errors.As(err, &remote) || remote.Type != "ValueError" || remote.Message != "no" || !strings.Contains(remote.Trace, "in fails") {
		t.Errorf("%+v", err)
	}
	if err := pool.Call(ctx, nil, "scael", a); !errors.Is(err, pybridge.ErrRemote) || !strings.Contains(err.Error(), "did you mean scale") {
		t.Error(err)
	}
}
