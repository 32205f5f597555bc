package pybridge_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/samebytes/samebytes/ndarray"
	"github.com/samebytes/samebytes/pybridge"
	"github.com/samebytes/samebytes/shm"
)

const closing = faults + `
class Reader:
    def reads(self, fifo):
        return reads(fifo)
`

// TestCloseWaits closes pools during a call of a function, and of an object's method: they have their answers.
func TestCloseWaits(t *testing.T) {
	for name, call := range map[string]func(pool *pybridge.Pool, fifo string) error{
		"function": func(pool *pybridge.Pool, fifo string) error {
			return pool.Call(t.Context(), nil, "reads", fifo)
		},
		"method": func(pool *pybridge.Pool, fifo string) error {
			o, err := pool.New(t.Context(), "Reader")
			if err != nil {
				return err
			}
			return o.Call(t.Context(), nil, "reads", fifo)
		},
	} {
		pool := start(t, closing)
		fifo := filepath.Join(t.TempDir(), "fifo")
		if err := syscall.Mkfifo(fifo, 0o600); err != nil {
			t.Fatal(err)
		}
		called, closed := make(chan error), make(chan struct{})
		go func() { called <- call(pool, fifo) }()
		w, err := os.OpenFile(fifo, os.O_WRONLY, 0) // returns when the call has opened it
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			defer close(closed)
			pool.Close()
		}()
		until(t, "the pool is closed", func() bool { // a call would wait for the worker
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			return errors.Is(pool.Call(ctx, nil, "pid"), pybridge.ErrClosed)
		})
		w.Close()
		if err := <-called; err != nil {
			t.Error(name, err)
		}
		<-closed
	}
}

// TestShutdown closes a pool during a call that does not end.
func TestShutdown(t *testing.T) {
	pool := start(t, closing)
	pid := pidOf(t, pool)
	f, release := hold(t.Context(), t, pool)
	defer release()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := pool.Shutdown(ctx); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if _, err := f.Wait(); !errors.Is(err, pybridge.ErrWorkerDied) {
		t.Error(err)
	}
	if !gone(pid) {
		t.Error("the worker has not ended")
	}
	if err := pool.Shutdown(ctx); err != nil {
		t.Error(err)
	}
}

// TestNothingIsLeft closes pools whose workers have died, were killed, have given and were given objects: when Close returns nothing is left.
func TestNothingIsLeft(t *testing.T) {
	t.Setenv("SAMEBYTES_DIR", t.TempDir())
	mine := regexp.MustCompile(`(?m)^github\.com/samebytes/samebytes/pybridge\.`)
	for range 10 {
		server := pybridge.NewServer()
		server.Handle("array", func(n int) (*shm.Array[float64], error) { return shm.New[float64]([]int{n}) })
		pool := start(t, closing+`
import samebytes as sb
def asks(n):
    return float(sb.caller().array(n).sum())
def dies(f, array):
    threading.Thread(target=f).start()
    sb.caller().array(10)
    die()
`, func(p *pybridge.Python) { p.Workers, p.Serve, p.Grace = 2, server, 5*time.Second })
		pids := []int{pidOf(t, pool), pidOf(t, pool)}
		if err := pool.Call(t.Context(), nil, "asks", 10); err != nil {
			t.Error(err)
		}
		if _, err := pool.New(t.Context(), "Reader"); err != nil {
			t.Error(err)
		}
		if err := pool.Call(t.Context(), nil, "dies", func() {}, ndarray.Full(1.0, 100)); !errors.Is(err, pybridge.ErrWorkerDied) {
			t.Error(err)
		}
		f, release := hold(t.Context(), t, pool)
		defer release()
		cut, cancel := context.WithCancel(t.Context())
		cancel()
		pool.Shutdown(cut)
		f.Wait()
		stacks := make([]byte, 1<<20)
		stacks = stacks[:runtime.Stack(stacks, true)]
		for stack := range strings.SplitSeq(string(stacks), "\n\n") {
			head, _, _ := strings.Cut(stack, "\n")
			if mine.MatchString(stack) && !strings.Contains(head, "[runnable") { // it has said that it ends, and does
				t.Error(stack)
			}
		}
		for _, pid := range pids {
			if !gone(pid) {
				t.Errorf("process %d is left", pid)
			}
		}
		if all, err := shm.List(); err != nil || len(all) != 0 {
			t.Error(all, err)
		}
	}
}
