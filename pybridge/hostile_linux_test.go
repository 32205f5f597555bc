package pybridge_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/samebytes/samebytes/ndarray"
	"github.com/samebytes/samebytes/pybridge"
	"github.com/samebytes/samebytes/shm"
)

// hostile has functions that do to the connection what no sound worker does.
const hostile = faults + `
import gc, socket, struct
from samebytes import _link
def link():
    return next(o for o in gc.get_objects() if isinstance(o, _link.Link))
def frame(data):
    link().sock.sendall(data)
    forever()
def message(data):
    memory = memoryview(link()._mapping)
    sent = int.from_bytes(memory[192:200], "little")
    slot = 4096 + (64 + sent % 64) * 16384
    memory[slot : slot + 4 + len(data)] = struct.pack("<I", len(data)) + data
    link()._mapping.store(192, sent + 1)
    forever()
def word(at, number):
    link()._mapping.store(at, number)
    forever()
def quits():
    link().sock.shutdown(socket.SHUT_RDWR)
    forever()
`

// TestHostileWorkers has workers write anything to the socket and the rings: their calls fail by a clear error, and others take their
// places.
func TestHostileWorkers(t *testing.T) {
	pool := start(t, hostile)
	for _, c := range []struct {
		function string
		args     []any
		want     error
	}{
		{"frame", []any{[]byte{255, 255, 255, 255}}, shm.ErrBroken},
		{"frame", []any{[]byte("\x01\x00\x00\x00{")}, shm.ErrBroken},
		{"frame", []any{[]byte("\x06\x00\x00\x00[1, 2]")}, shm.ErrBroken},
		{"message", []any{[]byte{}}, shm.ErrBroken},
		{"message", []any{make([]byte, 8)}, shm.ErrBroken},
		{"message", []any{[]byte("\x63\x01\x00\x00\x00\x00\x00\x00\x00")}, shm.ErrBroken},
		{"message", []any{[]byte("\x81\x01\x00\x00\x00\x00\x00\x00\x00no handle")}, shm.ErrBroken},
		{"message", []any{[]byte("\x84\x01\x00\x00\x00\x00\x00\x00\x00no handle")}, shm.ErrBroken},
		{"word", []any{192, uint64(1) << 40}, shm.ErrBroken},
		{"word", []any{192, 0}, shm.ErrBroken},
		{"quits", nil, pybridge.ErrWorkerDied},
	} {
		before := pidOf(t, pool)
		if err := pool.Call(t.Context(), nil, c.function, c.args...); !errors.Is(err, c.want) {
			t.Errorf("%s %v: got %v, want %v", c.function, c.args, err, c.want)
		}
		if after := pidOf(t, pool); after == before || !gone(before) {
			t.Errorf("%s %v: process %d, was %d, gone: %v", c.function, c.args, after, before, gone(before))
		}
	}
}

// TestBadCalls makes calls that can't be: the error says what was expected and found, nothing is under way, and the worker stays.
func TestBadCalls(t *testing.T) {
	t.Setenv("SAMEBYTES_DIR", t.TempDir())
	pool := start(t, faults+`
def add(a: int, b: int) -> int:
    return a + b
def returns(what):
    return {"set": {1}, "huge": 1 << 70, "self": own, "function": add, "deep": deep(200), "text": "\ud800"}[what]
own = []
own.append(own)
def deep(n):
    return [deep(n - 1)] if n else 0
`)
	loop := []any{nil}
	loop[0] = loop
	before := pidOf(t, pool)
	for name, c := range map[string]struct {
		call func() error
		want error
		says string
	}{
		"unknown":        {func() error { return pool.Call(t.Context(), nil, "ad", 1, 2) }, pybridge.ErrRemote, "did you mean add"},
		"private":        {func() error { return pool.Call(t.Context(), nil, "__build_class__") }, pybridge.ErrRemote, "NotExistError"},
		"no function":    {func() error { return pool.Call(t.Context(), nil, "own") }, pybridge.ErrRemote, "is a list, not a function"},
		"arity":          {func() error { return pool.Call(t.Context(), nil, "add", 1) }, pybridge.ErrRemote, "missing 1 required positional argument: 'b'"},
		"keyword":        {func() error { return pool.Call(t.Context(), nil, "add", 1, pybridge.Kw{"c": 2}) }, pybridge.ErrRemote, "unexpected keyword argument 'c'"},
		"type":           {func() error { return pool.Call(t.Context(), nil, "add", 1, "x") }, pybridge.ErrRemote, "TypeError: unsupported operand"},
		"channel":        {func() error { return pool.Call(t.Context(), nil, "add", 1, make(chan int)) }, ndarray.ErrDType, "args[1]"},
		"itself":         {func() error { return pool.Call(t.Context(), nil, "add", 1, loop) }, ndarray.ErrDType, "does it contain itself"},
		"text":           {func() error { return pool.Call(t.Context(), nil, "add", 1, "\xff") }, ndarray.ErrDType, "UTF-8"},
		"result type":    {func() error { var s string; return pool.Call(t.Context(), &s, "add", 1, 2) }, ndarray.ErrDType, "expected string, found 3"},
		"result range":   {func() error { var n int8; return pool.Call(t.Context(), &n, "add", 100, 100) }, ndarray.ErrDType, "expected int8, found 200"},
		"result set":     {func() error { return pool.Call(t.Context(), nil, "returns", "set") }, pybridge.ErrRemote, "DTypeError"},
		"result huge":    {func() error { return pool.Call(t.Context(), nil, "returns", "huge") }, pybridge.ErrRemote, "DTypeError"},
		"result itself":  {func() error { return pool.Call(t.Context(), nil, "returns", "self") }, pybridge.ErrRemote, "does it contain itself"},
		"result deep":    {func() error { return pool.Call(t.Context(), nil, "returns", "deep") }, pybridge.ErrRemote, "100"},
		"result text":    {func() error { return pool.Call(t.Context(), nil, "returns", "text") }, pybridge.ErrRemote, "DTypeError"},
		"out":            {func() error { return pool.Call(t.Context(), 1, "die") }, ndarray.ErrDType, "expected nil or a pointer"},
		"a nil out":      {func() error { var n *int; return pool.Call(t.Context(), n, "die") }, ndarray.ErrDType, "a nil *int"},
		"a closed array": {func() error { return pool.Call(t.Context(), nil, "add", closedArray(t)) }, shm.ErrClosed, "closed"},
	} {
		err := c.call()
		if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: got %v, want %v with %q", name, err, c.want, c.says)
		}
	}
	// A call is 100 lists and maps deep at most, of which two are its own.
	var deep any = 1
	for n := range 100 {
		var back any
		err := pool.Call(t.Context(), &back, "count", deep)
		if n <= 98 && err != nil || n > 98 && !errors.Is(err, ndarray.ErrDType) {
			t.Errorf("%d lists in one another: %.200v", n, err)
		}
		deep = []any{deep}
	}
	if after := pidOf(t, pool); after != before {
		t.Errorf("process %d, was %d", after, before)
	}
	segmentsLeft(t, "all", 0)
}

func closedArray(t *testing.T) *shm.Array[float64] {
	a, err := shm.New[float64]([]int{3})
	if err != nil {
		t.Fatal(err)
	}
	a.Close()
	return a
}

// TestLongMessages sends more than a slot holds, there and back, also as an error, and as one of a worker that does not start.
func TestLongMessages(t *testing.T) {
	t.Setenv("SAMEBYTES_DIR", t.TempDir())
	pool := start(t, faults+`
def fails(n):
    raise ValueError("é" * n)
`)
	long := strings.Repeat("0123456789", 1<<20)
	var back string
	if err := pool.Call(t.Context(), &back, "count", long); err != nil || back != long {
		t.Error(len(back), err)
	}
	var remote *pybridge.RemoteError
	if err := pool.Call(t.Context(), nil, "fails", 1<<20); !errors.As(err, &remote) || len(remote.Message) != 2<<20 {
		t.Errorf("%.200v", err)
	}
	segmentsLeft(t, "all", 0)
	file := filepath.Join(t.TempDir(), "fails.py")
	if err := os.WriteFile(file, []byte(`raise ValueError("é" * (1 << 20))`), 0o600); err != nil {
		t.Fatal(err)
	}
	python, err := filepath.Abs(interpreter)
	if err != nil {
		t.Fatal(err)
	}
	_, err = pybridge.Start(t.Context(), pybridge.Python{File: file, Interpreter: python, Output: func(int, string) {}})
	if !errors.As(err, &remote) || remote.Type != "ValueError" {
		t.Errorf("%.200v", err)
	}
}

// TestOtherDomains starts workers that have other segments than this program: by their environment, or by their mounts.
func TestOtherDomains(t *testing.T) {
	t.Setenv("SAMEBYTES_DIR", t.TempDir())
	file := filepath.Join(t.TempDir(), "functions.py")
	if err := os.WriteFile(file, []byte(faults), 0o600); err != nil {
		t.Fatal(err)
	}
	python, err := filepath.Abs(interpreter)
	if err != nil {
		t.Fatal(err)
	}
	mounts := filepath.Join(t.TempDir(), "mounts")
	script := "#!/bin/sh\nexec unshare --mount sh -c 'mount -t tmpfs other \"$SAMEBYTES_DIR\"; exec \"$0\" \"$@\"' " + python + ` "$@"`
	if err := os.WriteFile(mounts, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, p := range map[string]pybridge.Python{
		"environment": {Interpreter: python, Env: []string{"SAMEBYTES_DIR=" + t.TempDir()}},
		"mounts":      {Interpreter: mounts},
	} {
		if name == "mounts" && os.Geteuid() != 0 {
			continue // only root may mount
		}
		p.File, p.Output = file, func(_ int, line string) { t.Log(line) }
		var remote *pybridge.RemoteError
		_, err := pybridge.Start(t.Context(), p)
		if !errors.As(err, &remote) || remote.Type != "NotExistError" || !strings.Contains(remote.Message, "expected the segments of domain") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
