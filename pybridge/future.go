package pybridge

import (
	"context"
	"iter"
	"sync"
)

// Future is a call under way. Make one with [Go].
type Future[T any] struct {
	done  chan struct{}
	value T
	err   error
}

// Go begins a call, as [Pool.Call] makes it, and returns at once.
func Go[T any](ctx context.Context, p *Pool, function string, args ...any) *Future[T] {
	f := &Future[T]{done: make(chan struct{})}
	go func() {
		defer close(f.done)
		f.err = p.Call(ctx, &f.value, function, args...)
	}()
	return f
}

// Done is closed when the call has ended.
func (f *Future[T]) Done() <-chan struct{} { return f.done }

// Wait returns what the call returned, when it has.
func (f *Future[T]) Wait() (T, error) {
	<-f.done
	return f.value, f.err
}

// Map calls a function for each argument of a sequence, in all workers at once, and yields the results in the arguments' order. At
// most twice as many calls as the pool has workers are under way or wait to be yielded. After the first error, which is yielded
// last, no further calls begin. Who stops early waits for the calls under way, which are given up.
func Map[T, A any](ctx context.Context, p *Pool, function string, args iter.Seq[A]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		flight := make(chan *Future[T], 2*p.python.Workers)
		var calls sync.WaitGroup
		defer calls.Wait()
		defer cancel()
		go func() {
			defer close(flight)
			for arg := range args {
				f := &Future[T]{done: make(chan struct{})}
				select {
				case flight <- f:
				case <-ctx.Done():
					return
				}
				calls.Go(func() {
					defer close(f.done)
					f.err = p.Call(ctx, &f.value, function, arg)
				})
			}
		}()
		for f := range flight {
			<-f.done
			if !yield(f.value, f.err) || f.err != nil {
				return
			}
		}
	}
}
