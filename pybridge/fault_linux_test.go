package pybridge_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/samebytes/samebytes/ndarray"
	"github.com/samebytes/samebytes/pybridge"
	"github.com/samebytes/samebytes/shm"
)

func pidOf(t *testing.T, pool *pybridge.Pool) (pid int) {
	t.Helper()
	if err := pool.Call(t.Context(), &pid, "pid"); err != nil {
		t.Fatal(err)
	}
	return pid
}

// TestMemory has functions ask for more than a limit lets them have, which they may survive, and take what the kernel kills them for.
func TestMemory(t *testing.T) {
	pool := start(t, faults)
	before := pidOf(t, pool)
	var remote *pybridge.RemoteError
	if err := pool.Call(t.Context(), nil, "limited", 1<<32); !errors.As(err, &remote) || remote.Type != "MemoryError" {
		t.Error(err)
	}
	if after := pidOf(t, pool); after != before {
		t.Errorf("process %d, was %d", after, before)
	}
	if os.Geteuid() != 0 {
		t.Skip("only root may make a control group")
	}
	group := memoryGroup(t, 64<<20)
	if err := os.WriteFile(group+"/cgroup.procs", []byte(strconv.Itoa(before)), 0); err != nil {
		t.Fatal(err)
	}
	if err := pool.Call(t.Context(), nil, "eat"); !errors.Is(err, pybridge.ErrWorkerDied) || !strings.Contains(err.Error(), "SIGKILL") {
		t.Error(err)
	}
	if after := pidOf(t, pool); after == before {
		t.Errorf("process %d is there again", after)
	}
}

// memoryGroup makes a control group whose processes have so much memory, and returns its folder.
func memoryGroup(t *testing.T, limit int) string {
	t.Helper()
	root, limitFile := "/sys/fs/cgroup", "memory.max"
	if _, err := os.Stat(root + "/memory/memory.limit_in_bytes"); err == nil {
		root, limitFile = root+"/memory", "memory.limit_in_bytes" // version 1
	} else if err := os.WriteFile(root+"/cgroup.subtree_control", []byte("+memory"), 0); err != nil {
		t.Skip("no control groups for memory: ", err)
	}
	group := filepath.Join(root, fmt.Sprintf("samebytes-calls-%d", os.Getpid()))
	if err := os.Mkdir(group, 0o700); err != nil {
		t.Skip("no control groups for memory: ", err)
	}
	t.Cleanup(func() {
		until(t, "the group is empty", func() bool { return os.Remove(group) == nil })
	})
	if err := os.WriteFile(filepath.Join(group, limitFile), []byte(strconv.Itoa(limit)), 0); err != nil {
		t.Fatal(err)
	}
	return group
}

// TestStoppedWorkers calls workers that are stopped, or stop: they are killed when the call is given up, and replaced.
func TestStoppedWorkers(t *testing.T) {
	pool := start(t, faults, func(p *pybridge.Python) { p.Grace = 100 * time.Millisecond })
	for _, function := range []string{"pid", "die"} {
		before := pidOf(t, pool)
		args := []any{}
		if function == "die" {
			args = append(args, syscall.SIGSTOP)
		} else if err := syscall.Kill(before, syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		if err := pool.Call(ctx, nil, function, args...); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v", function, err)
		}
		cancel()
		if after := pidOf(t, pool); after == before || !gone(before) {
			t.Errorf("%s: process %d, was %d, gone: %v", function, after, before, gone(before))
		}
	}
}

// TestDeadlineBeforeAWorkerIsFree gives calls up that no worker has begun.
func TestDeadlineBeforeAWorkerIsFree(t *testing.T) {
	pool := start(t, faults)
	before := pidOf(t, pool)
	ctx, cancel := context.WithCancel(t.Context())
	busy, release := hold(ctx, t, pool)
	defer release()
	var calls sync.WaitGroup
	for range 10 {
		calls.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
			defer cancel()
			if err := pool.Call(ctx, nil, "count", 1); !errors.Is(err, context.DeadlineExceeded) {
				t.Error(err)
			}
		})
	}
	calls.Wait()
	cancel()
	if _, err := busy.Wait(); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if after := pidOf(t, pool); after != before {
		t.Errorf("process %d, was %d", after, before)
	}
}

// TestSlowImport gives up a start during an import, and hears what the worker is at.
func TestSlowImport(t *testing.T) {
	file := filepath.Join(t.TempDir(), "slow.py")
	if err := os.WriteFile(file, []byte("import os, threading\nprint(os.getpid(), flush=True)\nthreading.Event().wait()\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	python, err := filepath.Abs(interpreter)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var stage atomic.Pointer[string]
	var pid atomic.Int64
	staged := make(chan struct{})
	_, err = pybridge.Start(ctx, pybridge.Python{
		File: file, Interpreter: python,
		Progress: func(_ int, text string) {
			stage.Store(&text)
			close(staged)
		},
		Output: func(_ int, line string) {
			n, _ := strconv.ParseInt(line, 10, 64)
			pid.Store(n)
			<-staged // it was said before, on another way
			cancel()
		},
	})
	if !errors.Is(err, context.Canceled) || stage.Load() == nil || !strings.Contains(*stage.Load(), "slow.py") {
		t.Error(err, stage.Load())
	}
	if pid.Load() == 0 || !gone(int(pid.Load())) {
		t.Errorf("process %d is left", pid.Load())
	}
}

// TestGivenUpPool has workers that end and can't be started again: calls fail with the reason, and those that wait too.
func TestGivenUpPool(t *testing.T) {
	mark := filepath.Join(t.TempDir(), "mark")
	pool := start(t, faults+`
if os.path.exists(os.environ["MARK"]):
    raise RuntimeError("out of luck")
`, func(p *pybridge.Python) {
		p.Restarts = 2
		p.Workers = 2
		p.Env = []string{"MARK=" + mark}
	})
	if err := os.WriteFile(mark, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	var calls sync.WaitGroup
	for range 4 {
		calls.Go(func() {
			err := pool.Call(t.Context(), nil, "die")
			for errors.Is(err, pybridge.ErrWorkerDied) {
				err = pool.Call(t.Context(), nil, "die")
			}
			if !errors.Is(err, pybridge.ErrRemote) || !strings.Contains(err.Error(), "out of luck") || !strings.Contains(err.Error(), "3 starts failed") {
				t.Error(err)
			}
		})
	}
	calls.Wait()
}

// TestRestartsAfterAWhile has starts fail at first: the pool waits longer each time, and goes on.
func TestRestartsAfterAWhile(t *testing.T) {
	dir := t.TempDir()
	pool := start(t, faults+`
starts = os.environ["STARTS"]
os.close(os.open(f"{starts}/{time.monotonic_ns()}", os.O_CREAT))
if 1 < len(os.listdir(starts)) < 4:
    raise RuntimeError("out of luck")
`, func(p *pybridge.Python) { p.Env = []string{"STARTS=" + dir} })
	if err := pool.Call(t.Context(), nil, "die"); !errors.Is(err, pybridge.ErrWorkerDied) {
		t.Error(err)
	}
	pidOf(t, pool)
	if starts, err := os.ReadDir(dir); err != nil || len(starts) != 4 {
		t.Errorf("%d starts, %v", len(starts), err)
	}
}

// TestDrain closes a pool during calls: the one that has begun ends well, the others are refused.
func TestDrain(t *testing.T) {
	pool := start(t, faults)
	pidOf(t, pool)
	begun, release := hold(t.Context(), t, pool)
	waiting := pybridge.Go[int](t.Context(), pool, "pid")
	closed := make(chan error)
	go func() { closed <- pool.Close() }()
	if _, err := waiting.Wait(); !errors.Is(err, pybridge.ErrClosed) { // so it is being closed
		t.Error(err)
	}
	release()
	if pid, err := begun.Wait(); err != nil || pid == 0 {
		t.Error(pid, err)
	}
	if err := <-closed; err != nil {
		t.Error(err)
	}
}

// TestNothingIsUnderWay has calls end in all ways that leave arrays unopened: nothing of them stays.
func TestNothingIsUnderWay(t *testing.T) {
	t.Setenv("SAMEBYTES_DIR", t.TempDir())
	pool := start(t, faults, func(p *pybridge.Python) { p.Grace = 100 * time.Millisecond })
	mine, err := shm.New[float64]([]int{100})
	if err != nil {
		t.Fatal(err)
	}
	plain := ndarray.Full(1.0, 100)
	for name, call := range map[string]func() error{
		"what can't be sent behind it": func() error { return pool.Call(t.Context(), nil, "count", plain, mine, make(chan int)) },
		"two keywords": func() error {
			return pool.Call(t.Context(), nil, "count", plain, pybridge.Kw{"a": mine}, pybridge.Kw{})
		},
		"no such function": func() error { return pool.Call(t.Context(), nil, "cuont", plain, mine) },
		"dies":             func() error { return pool.Call(t.Context(), nil, "die", 9, plain, mine) },
		"stopped": func() error {
			if err := syscall.Kill(pidOf(t, pool), syscall.SIGSTOP); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			return pool.Call(ctx, nil, "count", plain, mine)
		},
		"does not fit": func() error { var n int; return pool.Call(t.Context(), &n, "count", plain) },
		"not asked": func() error {
			return errors.Join(errors.New("as it should"), pool.Call(t.Context(), nil, "count", plain))
		},
	} {
		if err := call(); err == nil {
			t.Error(name, "is no error")
		}
		pidOf(t, pool)
		segmentsLeft(t, name, 1) // mine
	}
	mine.Close()
	segmentsLeft(t, "all", 0)
}

// segmentsLeft waits until there are so many segments: a worker lets arguments go when it has answered.
func segmentsLeft(t *testing.T, after string, n int) {
	t.Helper()
	until(t, after, func() bool {
		all, err := shm.List()
		if err != nil {
			t.Fatal(err)
		}
		return len(all) == n
	})
}

// TestMapLeavesNothing stops early while calls have returned arrays that were not yielded.
func TestMapLeavesNothing(t *testing.T) {
	t.Setenv("SAMEBYTES_DIR", t.TempDir())
	pool := start(t, faults, func(p *pybridge.Python) { p.Workers = 2 })
	returned := make(chan struct{}, 8)
	sizes := func(yield func(int) bool) {
		for n := 1; yield(n); n++ {
			if n == 4 { // the first three were sent
				close(returned)
			}
		}
	}
	for a, err := range pybridge.Map[*shm.Array[float64]](t.Context(), pool, "ones", sizes) {
		if err != nil || a.Len() != 1 {
			t.Fatal(a, err)
		}
		a.Close()
		<-returned
		until(t, "calls have returned", func() bool {
			return pool.Stats().Functions["ones"].Calls >= 3 && pool.Stats().Functions["ones"].InFlight == 0
		})
		break
	}
	segmentsLeft(t, "Map", 0)
}
