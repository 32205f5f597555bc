package pybridge_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/samebytes/samebytes/pybridge"
)

const faults = `
import ctypes, os, signal, subprocess, sys, threading, time
def pid():
    return os.getpid()
def forever():
    threading.Event().wait()
def die(signum=signal.SIGKILL, *arrays):
    os.kill(os.getpid(), signum)
    forever()
def crash():
    ctypes.string_at(0)
def overrun():
    ctypes.CFUNCTYPE(None)(1)()
def leave():
    sys.exit(3)
def end():
    os._exit(3)
def stubborn():
    while True:
        try:
            forever()
        except BaseException:
            pass
def says(text):
    print(text)
    print(text, file=sys.stderr)
    os.system("echo " + text)
def fork():
    child = os.fork()
    if child == 0:
        return "the child's"
    os.waitpid(child, 0)
    return "the parent's"
def count(n):
    return n
def children():
    forked = os.fork()
    while forked == 0:
        forever()
    return [forked, subprocess.Popen(["sleep", "600"]).pid]
def limited(bytes):
    import resource
    resource.setrlimit(resource.RLIMIT_AS, (bytes, bytes))
    return len(bytearray(bytes))
def eat():
    kept = []
    while True:
        kept.append(bytearray(os.urandom(1 << 20)))
def reads(fifo):
    with open(fifo) as file:
        file.read()
    return os.getpid()
def makes():
    import samebytes
    while True:
        samebytes.zeros(8)
def ones(n):
    import samebytes
    return samebytes.ones(n)
def daemon():
    return subprocess.Popen(["sleep", "600"], start_new_session=True).pid
`

// until waits for what there is no event for: that a process or file is gone, or a counter has changed. It looks again and again.
func until(t testing.TB, what string, true func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !true(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it has not come true: ", what)
		}
	}
}

// TestWorkersThatEnd has workers end in all ways during a call: it fails at once, and the next has a new worker.
func TestWorkersThatEnd(t *testing.T) {
	pool := start(t, faults)
	for function, says := range map[string]string{
		"die": "was ended by SIGKILL during the call", "end": "exit status 3", "crash": "in crash", "overrun": "in overrun",
	} {
		var before, after int
		if err := pool.Call(t.Context(), &before, "pid"); err != nil {
			t.Fatal(err)
		}
		if err := pool.Call(t.Context(), nil, function); !errors.Is(err, pybridge.ErrWorkerDied) || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: got %v, want ErrWorkerDied with %q", function, err, says)
		}
		if err := pool.Call(t.Context(), &after, "pid"); err != nil || after == before {
			t.Errorf("after %s: %v, process %d, was %d", function, err, after, before)
		}
		if err := syscall.Kill(before, 0); !errors.Is(err, syscall.ESRCH) {
			t.Errorf("after %s the process is still there: %v", function, err)
		}
	}
}

// TestWorkersThatStay has functions raise what would end a program: the worker goes on.
func TestWorkersThatStay(t *testing.T) {
	var mu sync.Mutex
	var lines []string
	pool := start(t, faults, func(p *pybridge.Python) {
		p.Output = func(_ int, line string) {
			mu.Lock()
			defer mu.Unlock()
			lines = append(lines, line)
		}
	})
	var before, after int
	if err := pool.Call(t.Context(), &before, "pid"); err != nil {
		t.Fatal(err)
	}
	var remote *pybridge.RemoteError
	if err := pool.Call(t.Context(), nil, "leave"); !errors.As(err, &remote) || remote.Type != "SystemExit" {
		t.Error(err)
	}
	var text string
	if err := pool.Call(t.Context(), &text, "fork"); err != nil || text != "the parent's" {
		t.Error(text, err)
	}
	if err := pool.Call(t.Context(), nil, "says", "hello"); err != nil {
		t.Error(err)
	}
	if err := pool.Call(t.Context(), &after, "pid"); err != nil || after != before {
		t.Error(before, after, err)
	}
	pool.Close() // and all output was passed on
	mu.Lock()
	defer mu.Unlock()
	if n := len(slices.DeleteFunc(lines, func(line string) bool { return line != "hello" })); n != 3 {
		t.Errorf("found %d lines of output, expected 3", n)
	}
	if err := pool.Call(t.Context(), nil, "pid"); !errors.Is(err, pybridge.ErrClosed) {
		t.Error(err)
	}
}

// TestCallsGivenUp ends the contexts of calls: one that can be interrupted leaves its worker, another does not.
func TestCallsGivenUp(t *testing.T) {
	pool := start(t, faults, func(p *pybridge.Python) { p.Grace = 300 * time.Millisecond })
	var before, after int
	if err := pool.Call(t.Context(), &before, "pid"); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		function string
		stays    bool
	}{{"forever", true}, {"stubborn", false}} {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		if err := pool.Call(ctx, nil, c.function); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: got %v", c.function, err)
		}
		cancel()
		if err := pool.Call(t.Context(), &after, "pid"); err != nil || (after == before) != c.stays {
			t.Errorf("%s: process %d, was %d, %v", c.function, after, before, err)
		}
	}
}

// TestMakersGivenUp ends the contexts of calls of a function that does nothing but make arrays, which signals seldom find where it may be
// interrupted: its worker stays.
func TestMakersGivenUp(t *testing.T) {
	pool := start(t, faults, func(p *pybridge.Python) { p.Grace = 20 * time.Second })
	for range 5 {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		if err := pool.Call(ctx, nil, "makes"); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		cancel()
	}
	if n := pool.Stats().Restarts; n != 0 {
		t.Errorf("%d workers were killed", n)
	}
}

// TestStartErrors starts what can't be.
func TestStartErrors(t *testing.T) {
	python, err := filepath.Abs(interpreter)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		python pybridge.Python
		want   error
		says   string
	}{
		"nothing to serve":   {pybridge.Python{}, nil, "expected a module or a file"},
		"both":               {pybridge.Python{Module: "m", File: "f"}, nil, "expected a module or a file"},
		"no interpreter":     {pybridge.Python{Module: "json", Interpreter: "/nonexistent/python"}, os.ErrNotExist, "/nonexistent/python"},
		"not in PATH":        {pybridge.Python{Module: "json", Interpreter: "no-such-python"}, os.ErrNotExist, "set Python.Interpreter"},
		"an environment":     {pybridge.Python{Module: "json", Env: []string{"A=b", "NOEQ"}}, nil, `expected Env[1] as "KEY=value", found "NOEQ"`},
		"no module":          {pybridge.Python{Module: "no_such_module"}, pybridge.ErrRemote, "no_such_module"},
		"no file":            {pybridge.Python{File: "/nonexistent/f.py"}, pybridge.ErrRemote, "/nonexistent/f.py"},
		"no init":            {pybridge.Python{Module: "json", Init: "dmps"}, pybridge.ErrRemote, "did you mean dumps"},
		"not Python":         {pybridge.Python{Module: "json", Interpreter: "/bin/false"}, pybridge.ErrWorkerDied, "before it was ready"},
		"negative numbers":   {pybridge.Python{Module: "json", Workers: -1}, nil, "-1 workers"},
		"no such directory":  {pybridge.Python{Module: "json", Dir: "/nonexistent"}, os.ErrNotExist, "/nonexistent"},
		"two of two workers": {pybridge.Python{Module: "no_such_module", Workers: 2}, pybridge.ErrRemote, "no_such_module"},
	} {
		if c.python.Interpreter == "" {
			c.python.Interpreter = python
		}
		c.python.Output = func(int, string) {}
		pool, err := pybridge.Start(t.Context(), c.python)
		if err == nil {
			pool.Close()
		}
		if err == nil || c.want != nil && !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: got %v, want %v with %q", name, err, c.want, c.says)
		}
	}
}

// TestMap maps over more arguments than workers, in order, and stops early.
func TestMap(t *testing.T) {
	pool := start(t, faults, func(p *pybridge.Python) { p.Workers = 2 })
	numbers := func(yield func(int) bool) {
		for i := 0; yield(i); i++ {
		}
	}
	next := 0
	for n, err := range pybridge.Map[int](t.Context(), pool, "count", numbers) {
		if err != nil || n != next {
			t.Fatal(n, err)
		}
		if next++; next == 100 {
			break
		}
	}
	f := pybridge.Go[int](t.Context(), pool, "count", 7)
	if n, err := f.Wait(); n != 7 || err != nil {
		t.Error(n, err)
	}
}
