package pybridge_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/samebytes/samebytes/pybridge"
	"github.com/samebytes/samebytes/shm"
)

const nested = `
import threading
import samebytes as sb
def count_down(n):
    return 0 if n == 0 else 1 + sb.caller().count_down(n - 1)
def apply(f, *args):
    return f(*args)
def in_threads(n):
    results = []
    threads = [threading.Thread(target=lambda: results.append(sb.caller().double(21))) for _ in range(n)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    return results
def futures(n):
    return sum(f.result() for f in [sb.caller().double.future(i) for i in range(n)])
def waits():
    sb.caller().wait()
def late():
    try:
        sb.caller().wait(timeout=0.05)
    except sb.DeadlineError:
        return "late"
def sleeps():
    sb.caller().sleep_here()
def sleep():
    sb.caller().begun()
    threading.Event().wait()
def nix():
    sb.caller().doubel(1)
`

// inside says how many calls wait in Go, and is told when one begins to, or to sleep in Python.
type inside struct {
	running atomic.Int64
	begun   chan struct{}
}

func newInside() *inside { return &inside{begun: make(chan struct{}, 100)} }

// chained returns a server whose functions call the worker that calls them.
func chained(t *testing.T, in *inside) *pybridge.Server {
	srv := pybridge.NewServer()
	srv.Handle("count_down", func(ctx context.Context, n int) (int, error) {
		if n == 0 {
			return 0, nil
		}
		var rest int
		err := pybridge.CallBack(ctx, &rest, "count_down", n-1)
		return rest + 1, err
	})
	srv.Handle("double", func(n int) int { return 2 * n })
	srv.Handle("wait", func(ctx context.Context) error {
		in.running.Add(1)
		defer in.running.Add(-1)
		in.begun <- struct{}{}
		<-ctx.Done()
		return ctx.Err()
	})
	srv.Handle("begun", func() { in.begun <- struct{}{} })
	srv.Handle("sleep_here", func(ctx context.Context) error { return pybridge.CallBack(ctx, nil, "sleep") })
	return srv
}

// TestNested has a pool's one worker call Go, which calls the worker, and so on.
func TestNested(t *testing.T) {
	in := newInside()
	var pool *pybridge.Pool
	srv := chained(t, in)
	srv.Handle("by_pool", func(ctx context.Context, n int) (int, error) {
		var sum int
		return sum, pool.Call(ctx, &sum, "apply", func(n int) int { return n + 1 }, n)
	})
	pool = start(t, nested, func(p *pybridge.Python) { p.Serve = srv })
	var n int
	for _, want := range []int{0, 1, 2, 7, 100} {
		if err := pool.Call(t.Context(), &n, "count_down", want); err != nil || n != want {
			t.Error(n, err)
		}
	}
	err := pool.Call(t.Context(), &n, "count_down", 1000)
	if err == nil || !strings.Contains(err.Error(), "calls wait for one another more than 64 deep") {
		t.Error(err)
	}
	var all []int
	if err := pool.Call(t.Context(), &all, "in_threads", 10); err != nil || len(all) != 10 || all[9] != 42 {
		t.Error(all, err)
	}
	if err := pool.Call(t.Context(), &n, "futures", 200); err != nil || n != 200*199 {
		t.Error(n, err)
	}
	add := func(ctx context.Context, a, b int) (int, error) {
		if a < 0 {
			return 0, shm.ErrStale
		}
		var sum int
		err := pool.Call(ctx, &sum, "apply", func(n int) int { return a + n }, b) // in the same worker: there is no other
		return sum, err
	}
	if err := pool.Call(t.Context(), &n, "apply", add, 2, 3); err != nil || n != 5 {
		t.Error(n, err)
	}
	var remote *pybridge.RemoteError
	if err := pool.Call(t.Context(), &n, "apply", add, -1, 0); !errors.As(err, &remote) || remote.Type != "StaleError" {
		t.Error(err)
	}
	var text string
	if err := pool.Call(t.Context(), &text, "late"); err != nil || text != "late" {
		t.Error(text, err)
	}
	if err := pool.Call(t.Context(), nil, "nix"); err == nil || !strings.Contains(err.Error(), "did you mean double") {
		t.Error(err)
	}
	if err := pybridge.CallBack(t.Context(), nil, "sleep"); !errors.Is(err, shm.ErrNotExist) {
		t.Error(err)
	}
}

// TestNestedCallsGivenUp ends the context of a call, whose nested calls wait in Go, and in Python within Go.
func TestNestedCallsGivenUp(t *testing.T) {
	in := newInside()
	pool := start(t, nested, func(p *pybridge.Python) {
		p.Serve = chained(t, in)
		p.Grace = time.Minute // all of it ends without a kill
	})
	for _, function := range []string{"waits", "sleeps"} {
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			<-in.begun
			cancel()
		}()
		if err := pool.Call(ctx, nil, function); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", function, err)
		}
		until(t, "nothing runs", func() bool { return in.running.Load() == 0 })
		var n int
		if err := pool.Call(t.Context(), &n, "count_down", 3); err != nil || n != 3 {
			t.Error(n, err)
		}
		cancel()
	}
}

// TestNestedInManyWorkers nests calls in all workers at once.
func TestNestedInManyWorkers(t *testing.T) {
	in := newInside()
	pool := start(t, nested, func(p *pybridge.Python) {
		p.Serve = chained(t, in)
		p.Workers = 3
	})
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for depth := range 20 {
				var n int
				if err := pool.Call(t.Context(), &n, "count_down", depth); err != nil || n != depth {
					t.Error(n, err)
				}
			}
		})
	}
	all.Wait()
}
