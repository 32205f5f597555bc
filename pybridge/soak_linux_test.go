package pybridge_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
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

const soaked = `
import os, threading
import numpy as np
def echo(runs, n, value):
    runs[n] += 1
    return {"n": n, "process": os.getpid(), "value": value}
def total(runs, n, array):
    runs[n] += 1
    array += 1
    return {"n": n, "process": os.getpid(), "value": float(array.sum())}
def ones(runs, n, length):
    runs[n] += 1
    return np.full(length, float(n))
def fails(runs, n):
    runs[n] += 1
    raise ValueError(str(n))
def sleeps(runs, n):
    runs[n] += 1
    threading.Event().wait()
`

// soaker makes calls of all kinds, and checks what comes back.
type soaker struct {
	pool *pybridge.Pool
	runs *shm.Array[int32] // how often each call was run
	pids sync.Map

	results, failures, deaths, late atomic.Int64
}

type answer struct {
	N       int `json:"n"`
	Process int `json:"process"`
	Value   any `json:"value"`
}

// call makes call number n, and returns what is wrong with its answer.
func (s *soaker) call(ctx context.Context, r *rand.Rand, n int) error {
	var a answer
	var err error
	wrong := false
	switch kind := r.IntN(100); {
	case kind < 40:
		err = s.pool.Call(ctx, &a, "echo", s.runs, n, n)
		wrong = err == nil && a.Value != int64(n)
	case kind < 50:
		err = s.pool.Call(ctx, &a, "echo", s.runs, n, []any{n, map[string]any{"a": []string{"b"}}, nil, 2.5})
		wrong = err == nil && fmt.Sprint(a.Value) != fmt.Sprint([]any{n, map[string]any{"a": []any{"b"}}, nil, 2.5})
	case kind < 55:
		long := strings.Repeat("x", 10_000+n%10)
		err = s.pool.Call(ctx, &a, "echo", s.runs, n, long)
		wrong = err == nil && a.Value != long
	case kind < 75:
		err = s.pool.Call(ctx, &a, "total", s.runs, n, ndarray.Full(float64(n), 100))
		wrong = err == nil && a.Value != float64(100*(n+1))
	case kind < 85:
		mine, failed := shm.New[float64]([]int{100})
		if failed != nil {
			return failed
		}
		defer mine.Close()
		mine.Fill(1)
		err = s.pool.Call(ctx, &a, "total", s.runs, n, mine)
		wrong = err == nil && (a.Value != 200.0 || mine.At(99) != 2)
	case kind < 94:
		var ones *shm.Array[float64]
		if err = s.pool.Call(ctx, &ones, "ones", s.runs, n, 100); err == nil {
			wrong = ones.At(99) != float64(n)
			ones.Close()
			a.N = n
		}
	case kind < 99:
		err = s.pool.Call(ctx, nil, "fails", s.runs, n)
		var remote *pybridge.RemoteError
		if errors.As(err, &remote) && (remote.Type != "ValueError" || remote.Message != fmt.Sprint(n)) || err == nil {
			return fmt.Errorf("call %d fails with %w", n, err)
		}
	default:
		ctx, cancel := context.WithTimeout(ctx, time.Duration(r.IntN(10))*time.Millisecond)
		defer cancel()
		err = s.pool.Call(ctx, nil, "sleeps", s.runs, n)
	}
	switch {
	case err == nil:
		s.results.Add(1)
		if a.Process != 0 {
			s.pids.Store(a.Process, true)
		}
		if wrong || a.N != n {
			return fmt.Errorf("call %d returned %v", n, a)
		}
	case errors.Is(err, pybridge.ErrRemote):
		s.failures.Add(1)
	case errors.Is(err, pybridge.ErrWorkerDied):
		s.deaths.Add(1)
	case errors.Is(err, context.DeadlineExceeded):
		s.late.Add(1)
	default:
		return fmt.Errorf("call %d: %w", n, err)
	}
	return nil
}

// kill kills or stops workers at random until the context ends, with pauses up to that. One that is stopped goes on soon.
func (s *soaker) kill(ctx context.Context, pause time.Duration) {
	for ctx.Err() == nil {
		time.Sleep(rand.N(pause))
		s.pids.Range(func(pid, _ any) bool {
			if rand.IntN(3) > 0 {
				return true
			}
			s.pids.Delete(pid)
			if rand.IntN(4) == 0 {
				syscall.Kill(pid.(int), syscall.SIGSTOP)
				time.Sleep(time.Duration(rand.IntN(5)) * time.Millisecond)
				syscall.Kill(pid.(int), syscall.SIGCONT)
			} else {
				syscall.Kill(pid.(int), syscall.SIGKILL)
			}
			return false
		})
	}
}

// left is what a process has of what may leak.
type left struct{ descriptors, goroutines, children, segments, mappings int }

func (l left) exceeds(other left) bool {
	return l.descriptors > other.descriptors || l.goroutines > other.goroutines || l.children > other.children ||
		l.segments > other.segments || l.mappings > other.mappings
}

func measureLeft(t *testing.T) (l left) {
	t.Helper()
	count := func(dir string) int {
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		return len(entries)
	}
	l.descriptors, l.goroutines = count("/proc/self/fd"), runtime.NumGoroutine()
	tasks, err := os.ReadDir("/proc/self/task")
	if err != nil {
		t.Fatal(err)
	}
	for _, task := range tasks {
		text, _ := os.ReadFile("/proc/self/task/" + task.Name() + "/children") // or the thread has ended
		l.children += len(strings.Fields(string(text)))
	}
	if _, err := shm.GC(false); err != nil {
		t.Fatal(err)
	}
	all, err := shm.List()
	if err != nil {
		t.Fatal(err)
	}
	l.segments = len(all)
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		t.Fatal(err)
	}
	l.mappings = strings.Count(string(maps), "samebytes calls")
	return l
}

// TestSoak makes many calls from many goroutines while workers are killed: each has a result or an error and ran once at most, and
// nothing is left of them.
func TestSoak(t *testing.T) {
	calls, pause := 2000, 100*time.Millisecond
	if os.Getenv("SAMEBYTES_SOAK") != "" {
		calls, pause = 500_000, time.Second
	}
	t.Setenv("SAMEBYTES_DIR", t.TempDir())
	shm.SetWarm(0)
	defer shm.SetWarm(128 << 20)
	a, err := shm.New[int8]([]int{1}) // what is open from then on: the domain's file
	if err != nil {
		t.Fatal(err)
	}
	h, err := a.Handle()
	if err != nil {
		t.Fatal(err)
	}
	a.Close()
	if a, err = shm.Open[int8](h); err != nil {
		t.Fatal(err)
	}
	a.Close()
	before := measureLeft(t)
	threads, err := os.ReadDir("/proc/self/task")
	if err != nil {
		t.Fatal(err)
	}
	s := &soaker{}
	if s.runs, err = shm.New[int32]([]int{calls}); err != nil {
		t.Fatal(err)
	}
	s.pool = start(t, soaked, func(p *pybridge.Python) {
		p.Workers, p.Restarts, p.Grace = 4, 1000, 100*time.Millisecond
		p.Output = func(int, string) {}
	})
	ctx, cancel := context.WithCancel(t.Context())
	var killer, callers sync.WaitGroup
	killer.Go(func() { s.kill(ctx, pause) })
	var next atomic.Int64
	for i := range 8 {
		callers.Go(func() {
			r := rand.New(rand.NewPCG(uint64(i), 1))
			for n := int(next.Add(1)) - 1; n < calls && !t.Failed(); n = int(next.Add(1)) - 1 {
				if err := s.call(ctx, r, n); err != nil {
					t.Error(err)
				}
			}
		})
	}
	callers.Wait()
	cancel()
	killer.Wait()
	stats := s.pool.Stats()
	s.pool.Close()
	for n, runs := range s.runs.Data() {
		if runs > 1 {
			t.Errorf("call %d was run %d times", n, runs)
		}
	}
	s.runs.Close()
	if sum := s.results.Load() + s.failures.Load() + s.deaths.Load() + s.late.Load(); sum != int64(calls) || s.deaths.Load() == 0 {
		t.Errorf("%d answers of %d calls, %d died", sum, calls, s.deaths.Load())
	}
	var after left
	until(t, "nothing is left", func() bool { // of goroutines and processes that are about to end
		after = measureLeft(t)
		return !after.exceeds(before)
	})
	now, err := os.ReadDir("/proc/self/task")
	if err != nil {
		t.Fatal(err)
	}
	if len(now) > len(threads)+16 { // Go keeps those that it had at once
		t.Errorf("%d threads, %d before", len(now), len(threads))
	}
	t.Logf("%d results, %d errors, %d died, %d late, %d restarts", s.results.Load(), s.failures.Load(), s.deaths.Load(), s.late.Load(), stats.Restarts)
}
