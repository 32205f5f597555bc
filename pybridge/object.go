package pybridge

import (
	"context"
	"encoding/binary"
	"fmt"
	"reflect"
	"runtime"
	"sync"

	"github.com/tinylib/msgp/msgp"
)

// Object is an object of Python's, which stays there: in the worker of a pool ([Pool.New], or a result that goes to a *Object), or
// in the program that has given it to a function of a [Server] as an argument. All its methods may be called from many goroutines.
//
// It is the worker's as long as it is not closed: by Close, by the garbage collector, or by the pool's end. The function
// that it is an argument of closes it by returning, unless it calls Keep.
type Object struct {
	typ     string
	held    *held
	cleanup runtime.Cleanup
}

// held is the right to an object of the other side's.
type held struct {
	link   *link
	number uint64
	once   sync.Once
	mu     sync.Mutex
	kept   bool
	closed bool
}

// release lets the object go.
func (h *held) release() {
	h.once.Do(func() {
		h.mu.Lock()
		h.closed = true
		h.mu.Unlock()
		h.link.release(h.number)
	})
}

// release tells the other side that one of its objects is held here once less.
func (l *link) release(number uint64) {
	l.send(kindRelease, 0, func(dst []byte) ([]byte, error) { return appendRelease(dst, number, 1), nil }) // where it fails there is nothing to let go
}

// retain tells the other side that one of its objects is held once more: by a message that is about to be sent, so that it does not matter
// when the sender lets the object go. It is for who has l.sending.
func (l *link) retain(number uint64) error {
	message := binary.LittleEndian.AppendUint64([]byte{byte(kindRelease)}, 0)
	return l.out.send(appendRelease(message, number, -1))
}

func appendRelease(dst []byte, number uint64, count int) []byte {
	dst = msgp.AppendArrayHeader(msgp.AppendArrayHeader(dst, 1), 2)
	return msgp.AppendInt(msgp.AppendUint64(dst, number), count)
}

func newObject(l *link, number uint64, typ string) *Object {
	o := &Object{typ: typ, held: &held{link: l, number: number}}
	o.cleanup = runtime.AddCleanup(o, func(h *held) { go h.release() }, o.held) // it may have to wait for room
	return o
}

// New calls a class of the module, or another function, and returns what it returns as an object that stays in its worker.
// The errors are [Pool.Call]'s.
func (p *Pool) New(ctx context.Context, function string, args ...any) (*Object, error) {
	var o *Object
	if err := p.Call(ctx, &o, function, args...); err != nil {
		return nil, err
	}
	return o, nil
}

// Type returns the name of the object's type, as Python has it.
func (o *Object) Type() string { return o.typ }

func (o *Object) String() string { return fmt.Sprintf("<%s of Python>", o.typ) }

// Call calls a method of the object, as [Pool.Call] calls a function; "__call__" calls a function that was given. In a pool it waits until the object's
// worker is free. The errors are Pool.Call's; after the worker's death they are [ErrWorkerDied], and [ErrClosed] after Close.
func (o *Object) Call(ctx context.Context, out any, method string, args ...any) error {
	if err := o.call(ctx, out, method, args); err != nil {
		return fmt.Errorf("pybridge: call %s of %s: %w", method, o.typ, err)
	}
	return nil
}

func (o *Object) call(ctx context.Context, out any, method string, args []any) (err error) {
	m := o.measure(method)
	defer func() { m.end(err) }()
	if err := fits(out); err != nil {
		return err
	}
	r, done, err := o.begin(ctx, o.target(method), args, wantsOf(out))
	if err != nil {
		return err
	}
	defer runtime.KeepAlive(o)
	defer done()
	answer, err := r.wait(ctx)
	if err != nil {
		return err
	}
	return answer.result(r.link, out)
}

// Get stores the value of an attribute in what out points to. The errors are Call's.
func (o *Object) Get(ctx context.Context, out any, name string) error {
	if err := o.call(ctx, out, "__getattr__", []any{name}); err != nil {
		return fmt.Errorf("pybridge: get %s of %s: %w", name, o.typ, err)
	}
	return nil
}

// Set gives an attribute a value. The errors are Call's.
func (o *Object) Set(ctx context.Context, name string, value any) error {
	if err := o.call(ctx, nil, "__setattr__", []any{name, value}); err != nil {
		return fmt.Errorf("pybridge: set %s of %s: %w", name, o.typ, err)
	}
	return nil
}

// Keep makes an argument stay when the function that was given it returns. Close it, or leave that to the garbage collector.
func (o *Object) Keep() {
	o.held.mu.Lock()
	defer o.held.mu.Unlock()
	o.held.kept = true
}

// Close lets the object go. It always returns nil.
func (o *Object) Close() error {
	o.cleanup.Stop()
	o.held.release()
	return nil
}

func (o *Object) target(method string) target { return target{o.held.number, method} }

// measure begins to measure a call in a pool.
func (o *Object) measure(method string) (m measured) {
	if p := o.held.link.pool; p != nil {
		m = p.measure(o.typ + "." + method)
	}
	return m
}

func (o *Object) begin(ctx context.Context, of target, args []any, wants int32) (r request, done func(), err error) {
	o.held.mu.Lock()
	closed := o.held.closed
	o.held.mu.Unlock()
	l := o.held.link
	if err := l.err(); err != nil {
		return request{}, nil, err
	}
	if closed {
		return request{}, nil, ErrClosed
	}
	done = func() {}
	if p := l.pool; p != nil {
		if err := p.enter(ctx); err != nil {
			return request{}, nil, err
		}
		release, err := p.reserve(ctx, l.worker)
		if err != nil {
			p.calls.leave()
			return request{}, nil, err
		}
		done = func() {
			release()
			p.calls.leave()
		}
	}
	r, err = l.begin(ctx, of, args, wants)
	runtime.KeepAlive(o)
	if err != nil {
		done()
		return request{}, nil, err
	}
	return r, done, nil
}

// workerWith returns the pool's worker that has an object among the arguments, or nil.
func (p *Pool) workerWith(args []any) *worker {
	for _, arg := range args {
		if k, ok := arg.(Kw); ok {
			for _, arg := range k {
				if o, ok := arg.(*Object); ok && o.held.link.pool == p {
					return o.held.link.worker
				}
			}
		}
		if o, ok := arg.(*Object); ok && o.held.link.pool == p {
			return o.held.link.worker
		}
	}
	return nil
}

// closeUnlessKept closes an argument.
func (o *Object) closeUnlessKept() error {
	o.held.mu.Lock()
	kept := o.held.kept
	o.held.mu.Unlock()
	if kept {
		return nil
	}
	return o.Close()
}

// isCallable reports whether an object of Python's can be given as such a function: of fixed parameters, which returns at most a value and
// an error.
func isCallable(t reflect.Type) bool {
	if t.IsVariadic() || t.NumOut() > 2 || isSequence(t) {
		return false
	}
	return t.NumOut() < 2 || t.Out(1) == errorType
}

// callbackError is the value of the panic of a function of Python's that fails, and has no result for an error.
type callbackError struct{ error }

// function returns a Go function that calls the object. Its context is its first argument, or else the one given.
func (o *Object) function(ctx context.Context, t reflect.Type) reflect.Value {
	fails := t.NumOut() > 0 && t.Out(t.NumOut()-1) == errorType
	returns := t.NumOut() == 2 || t.NumOut() == 1 && !fails
	return reflect.MakeFunc(t, func(in []reflect.Value) []reflect.Value {
		ctx := ctx
		args := make([]any, 0, len(in))
		for i, v := range in {
			if of, ok := v.Interface().(context.Context); ok && i == 0 && t.In(0) == contextType {
				ctx = of
			} else {
				args = append(args, v.Interface())
			}
		}
		var out []reflect.Value
		var into any
		if returns {
			v := reflect.New(t.Out(0))
			into = v.Interface()
			out = append(out, v.Elem())
		}
		err := o.Call(ctx, into, "__call__", args...)
		if fails {
			failed := reflect.New(errorType).Elem()
			if err != nil {
				failed.Set(reflect.ValueOf(err))
			}
			return append(out, failed)
		}
		if err != nil {
			panic(callbackError{err})
		}
		return out
	})
}
