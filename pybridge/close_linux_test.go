package pybridge_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/samebytes/samebytes/pybridge"
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
