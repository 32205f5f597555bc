package pybridge

import (
	"context"
	"io"
	"iter"
	"reflect"
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
// last, no further calls begin. Who stops early waits for the calls under way, which are given up. Results that are then not yielded are
// closed, if they are arrays or objects themselves; arrays within other results stay open.
func Map[T, A any](ctx context.Context, p *Pool, function string, args iter.Seq[A]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		flight := make(chan *Future[T], 2*p.python.Workers)
		calls := newGate()
		defer func() {
			cancel()
			calls.shut()
			<-calls.empty
			for {
				select {
				case f, ok := <-flight:
					if !ok {
						return
					}
					f.drop()
				default: // args has not ended, and nobody waits for it
					return
				}
			}
		}()
		go func() {
			defer close(flight)
			for arg := range args {
				if !calls.enter() {
					return
				}
				f := &Future[T]{done: make(chan struct{})}
				select {
				case flight <- f:
				case <-ctx.Done():
					calls.leave()
					return
				}
				go func() {
					defer calls.leave()
					defer close(f.done)
					f.err = p.Call(ctx, &f.value, function, arg)
				}()
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

// drop closes what a call has returned, if it is to be closed: nobody else has it.
func (f *Future[T]) drop() {
	if v := reflect.ValueOf(f.value); f.err == nil && v.Kind() == reflect.Pointer && !v.IsNil() {
		if closer, ok := v.Interface().(io.Closer); ok {
			closer.Close() // fails for what was damaged, which has gone too
		}
	}
}
