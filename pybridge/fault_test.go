package pybridge_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/samebytes/samebytes/pybridge"
)

const faults = `
import ctypes, os, signal, sys, time
def pid():
    return os.getpid()
def die(signum=signal.SIGKILL):
    os.kill(os.getpid(), signum)
    time.sleep(60)
def crash():
    ctypes.string_at(0)
def leave():
    sys.exit(3)
def end():
    os._exit(3)
def sleep(seconds):
    time.sleep(seconds)
def stubborn():
    while True:
        try:
            time.sleep(60)
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
`

// TestWorkersThatEnd has workers end in all ways during a call: it fails at once, and the next has a new worker.
func TestWorkersThatEnd(t *testing.T) {
	pool := start(t, faults)
	for _, function := range []string{"die", "crash", "end"} {
		var before, after int
		if err := pool.Call(t.Context(), &before, "pid"); err != nil {
			t.Fatal(err)
		}
		if err := pool.Call(t.Context(), nil, function); !errors.Is(err, pybridge.ErrWorkerDied) {
			t.Errorf("%s: got %v, want ErrWorkerDied", function, err)
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
	}{{"sleep", true}, {"stubborn", false}} {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		args := []any{}
		if c.function == "sleep" {
			args = append(args, 60)
		}
		if err := pool.Call(ctx, nil, c.function, args...); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: got %v", c.function, err)
		}
		cancel()
		if err := pool.Call(t.Context(), &after, "pid"); err != nil || (after == before) != c.stays {
			t.Errorf("%s: process %d, was %d, %v", c.function, after, before, err)
		}
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

// TestKilledProgram kills a Go program with a pool: no worker is left.
func TestKilledProgram(t *testing.T) {
	if os.Getenv("PYBRIDGE_CHILD") != "" {
		pool := start(t, faults, func(p *pybridge.Python) { p.Workers = 2 })
		pids := map[int]bool{}
		for len(pids) < 2 {
			var pid int
			f := pybridge.Go[int](t.Context(), pool, "sleep", 0.01)
			if err := pool.Call(t.Context(), &pid, "pid"); err != nil {
				t.Fatal(err)
			}
			pids[pid] = true
			f.Wait()
		}
		for pid := range pids {
			fmt.Println("worker", pid)
		}
		pybridge.Go[any](t.Context(), pool, "stubborn")
		fmt.Println("ready")
		select {}
	}
	child := exec.Command(os.Args[0], "-test.run=^TestKilledProgram$")
	child.Env = append(os.Environ(), "PYBRIDGE_CHILD=1")
	child.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	var pids []int
	text := ""
	for buffer := make([]byte, 256); !strings.Contains(text, "ready"); {
		n, err := out.Read(buffer)
		if err != nil {
			t.Fatal(err, text)
		}
		text += string(buffer[:n])
	}
	for line := range strings.Lines(text) {
		if number, ok := strings.CutPrefix(line, "worker "); ok {
			pid, err := strconv.Atoi(strings.TrimSpace(number))
			if err != nil {
				t.Fatal(err)
			}
			pids = append(pids, pid)
		}
	}
	child.Process.Kill()
	child.Wait()
	for _, pid := range pids {
		for range 5000 {
			if syscall.Kill(pid, 0) != nil {
				break
			}
			time.Sleep(time.Millisecond)
		}
		if syscall.Kill(pid, 0) == nil {
			if state, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid)); !strings.Contains(string(state), ") Z ") {
				t.Errorf("worker %d is left: %s", pid, state)
			}
		}
	}
	if len(pids) != 2 {
		t.Error(text)
	}
}
