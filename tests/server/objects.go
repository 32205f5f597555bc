package main

import (
	"context"
	"errors"
	"iter"
	"sync"
	"sync/atomic"
	"time"

	"github.com/samebytes/samebytes/ndarray"
	"github.com/samebytes/samebytes/pybridge"
)

var counters, produced, closedEarly atomic.Int64

// counter is an object that Python uses.
type counter struct {
	Step  int
	Label string

	mu sync.Mutex
	n  int
}

func newCounter(first int) (*counter, error) {
	if first < 0 {
		return nil, errors.New("expected a number that is not negative")
	}
	counters.Add(1)
	return &counter{n: first, Step: 1}, nil
}

// Next returns the next number.
func (c *counter) Next() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n += c.Step
	return c.n
}

// AddAll adds the elements of an array.
func (c *counter) AddAll(ctx context.Context, a *ndarray.Array[int64]) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n += int(ndarray.Sum(a))
	return c.n
}

func (c *counter) Len() int { return c.n }
func (c *counter) All() iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := 0; i < c.n && yield(i); i++ {
		}
	}
}
func (c *counter) String() string { return "a counter" }
func (c *counter) Fails() error   { return errors.New("on purpose") }
func (c *counter) Wait(ctx context.Context) error {
	waiting.Add(1)
	defer waiting.Add(-1)
	<-ctx.Done()
	return ctx.Err()
}
func (c *counter) Merge(other *counter) *counter {
	c.n += other.n
	return c
}
func (c *counter) Variadic(...int) {} // is left out
func (c *counter) Close()          { counters.Add(-1) }

// reader is an interface: only its methods are exposed.
type reader interface{ Read() string }

type file struct{ Path string }

func (f file) Read() string   { return "read " + f.Path }
func (f file) Hidden() string { return "hidden" }

var (
	keptMu sync.Mutex
	kept   []*pybridge.Object
	one    = &counter{Step: 1}
)

func handleObjects(srv *pybridge.Server) {
	srv.Expose("Counter", newCounter, "Counts.", "Next: Returns the next number.")
	srv.Expose("Reader", func(path string) reader { return file{path} }, "Reads.")
	srv.Handle("counters", func() int64 { return counters.Load() })
	srv.Handle("one", func() *counter { return one })
	srv.Handle("next_of", func(c *counter) int { return c.Next() })
	srv.Handle("apply", func(f func(float64) (float64, error), x float64) (float64, error) { return f(x) }, "Calls a function of Python's.")
	srv.Handle("must", func(f func(float64) float64, x float64) float64 { return f(x) })
	srv.Handle("mapped", func(f func(int) int, n int) iter.Seq[int] {
		return func(yield func(int) bool) {
			for i := 0; i < n && yield(f(i)); i++ {
			}
		}
	}, "Yields what a function of Python's makes of numbers.")
	srv.Handle("adder", func(n int) func(int) int { return func(m int) int { return n + m } })
	srv.Handle("fit", func(ctx context.Context, model *pybridge.Object, x float64) (float64, error) {
		var y float64
		if err := model.Set(ctx, "bias", x); err != nil {
			return 0, err
		}
		return y, model.Call(ctx, &y, "predict", x)
	})
	srv.Handle("keep", func(o *pybridge.Object) {
		o.Keep()
		keptMu.Lock()
		defer keptMu.Unlock()
		kept = append(kept, o)
	})
	srv.Handle("call_kept", func(ctx context.Context) (int, error) {
		keptMu.Lock()
		o := kept[len(kept)-1]
		keptMu.Unlock()
		var n int
		done := make(chan error, 1)
		go func() { done <- o.Call(context.Background(), &n, "__call__") }() // in no call of Python's
		return n, <-done
	})
	srv.Handle("later", func(seconds float64) {
		keptMu.Lock()
		o := kept[len(kept)-1]
		keptMu.Unlock()
		time.AfterFunc(time.Duration(seconds*float64(time.Second)), func() { o.Call(context.Background(), nil, "__call__") })
	})
	srv.Handle("drop", func() {
		keptMu.Lock()
		defer keptMu.Unlock()
		for _, o := range kept {
			o.Close()
		}
		kept = nil
	})
	srv.Handle("down", func(ctx context.Context, n int) (int, error) {
		if n == 0 {
			return 0, nil
		}
		var rest int
		err := pybridge.CallBack(ctx, &rest, "down", n-1)
		return rest + 1, err
	})
	srv.Handle("numbers", func(ctx context.Context, n int) iter.Seq[int] {
		return func(yield func(int) bool) {
			defer closedEarly.Add(1)
			for i := range n {
				produced.Store(int64(i))
				if !yield(i) {
					return
				}
			}
		}
	}, "Counts from 0.")
	srv.Handle("pairs", func() iter.Seq2[string, int] {
		return func(yield func(string, int) bool) { _ = yield("a", 1) && yield("b", 2) }
	})
	srv.Handle("failing", func(n int) iter.Seq2[int, error] {
		return func(yield func(int, error) bool) {
			for i := range n {
				if !yield(i, nil) {
					return
				}
			}
			yield(0, errors.New("at the end"))
		}
	})
	srv.Handle("blocks", func(n int) iter.Seq[*ndarray.Array[float64]] {
		return func(yield func(*ndarray.Array[float64]) bool) {
			for i := 0; i < n && yield(ndarray.Full(float64(i), 100)); i++ {
			}
		}
	})
	srv.Handle("produced", func() int64 { return produced.Load() })
	srv.Handle("closed", func() int64 { return closedEarly.Load() })
}
