package pybridge

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/tinylib/msgp/msgp"

	"github.com/samebytes/samebytes/pybridge/internal/wire"
)

// Kw is keyword arguments, given as one of a call's arguments.
type Kw map[string]any

// decoder decodes what has no arrays.
var decoder = &wire.Decoder{}

// Call calls a function of the module with positional arguments, and keyword arguments where one of them is [Kw]; and stores what
// it returns in what out points to, unless out is nil. The function runs in whichever worker is free; the call waits for one.
//
// Values and the types that they may go into are those of docs/reference/wire.md. Of arrays in segments ([shm.Array]) the function
// has the same elements; others, and views that were not given by [View], are copied into a temporary segment. An array that is
// returned is a *[shm.Array], to be closed, or a copy in ordinary memory for out a **ndarray.Array.
//
// When the context ends the function is interrupted, by an exception in Python, and its worker is killed if that does not end it
// within Python.Grace; Call returns when nobody uses the arguments any more.
//
// The errors are the context's; [ErrRemote], as a *[RemoteError], for what the function raised; [ErrWorkerDied]; [ErrClosed];
// [ndarray.ErrDType] for an argument that can't be carried, or a result that does not fit out; and what the pool gave up for.
func (p *Pool) Call(ctx context.Context, out any, function string, args ...any) error {
	m := p.meters.of(function)
	begun := m.begin(p.log.timed())
	err := p.call(ctx, out, function, args)
	p.log.call(function, m.end(begun, err), err)
	if err != nil {
		return fmt.Errorf("pybridge: call %s: %w", function, err)
	}
	return nil
}

func (p *Pool) call(ctx context.Context, out any, function string, args []any) error {
	if !p.calls.enter() {
		return ErrClosed
	}
	defer p.calls.leave()
	w, err := p.take(ctx)
	if err != nil {
		return err
	}
	defer p.idle.put(w)
	answer, err := w.call(ctx, p.python.grace(), function, args)
	if err != nil {
		return err
	}
	return answer.result(w.link, out)
}

// call calls a function and waits for its answer.
func (w *worker) call(ctx context.Context, grace time.Duration, function string, args []any) (message, error) {
	id, answers, err := w.link.begin(1)
	if err != nil {
		return message{}, err
	}
	carried, err := w.link.sendCall(id, func(dst []byte) ([]byte, error) { return appendCall(dst, &w.link.encoder, function, args) })
	opened := false
	defer func() {
		if !opened {
			carried.drop()
		}
	}()
	if err != nil {
		w.link.forget(id)
		return message{}, err
	}
	select {
	case answer := <-answers:
		opened = answer.kind == kindResult
		return answer, nil
	case <-w.link.ended:
		return message{}, w.ended()
	case <-ctx.Done():
	}
	w.link.tellOther(frame{Cancel: id}) // where it fails, the worker has ended
	select {
	case answer := <-answers:
		if answer.kind == kindResult {
			opened = true
			return answer, nil // it was done before
		}
	case <-w.link.ended:
		w.ended() // nobody uses the arguments any more
	case <-time.After(grace):
		w.kill()
	}
	return message{}, ctx.Err()
}

// appendCall appends [function, positional arguments, keyword arguments].
func appendCall(dst []byte, e *wire.Encoder, function string, args []any) ([]byte, error) {
	named := 0
	var keywords Kw
	for _, arg := range args {
		if k, ok := arg.(Kw); ok {
			keywords = k
			named++
		}
	}
	if named > 1 {
		return dst, errors.New("expected at most one Kw")
	}
	dst = msgp.AppendArrayHeader(dst, 3)
	dst = msgp.AppendString(dst, function)
	dst = msgp.AppendArrayHeader(dst, uint32(len(args)-named))
	var err error
	for i, arg := range args {
		if _, ok := arg.(Kw); ok {
			continue
		}
		if dst, err = e.Append(dst, arg); err != nil {
			return dst, wire.At(fmt.Sprintf("args[%d]", i), err)
		}
	}
	dst = msgp.AppendMapHeader(dst, uint32(len(keywords)))
	for name, arg := range keywords {
		dst = msgp.AppendString(dst, name)
		if dst, err = e.Append(dst, arg); err != nil {
			return dst, wire.At(fmt.Sprintf("Kw[%q]", name), err)
		}
	}
	return dst, nil
}

// result decodes an answer into what out points to, or returns the error that it is.
func (m message) result(l *link, out any) error {
	switch m.kind {
	case kindResult:
		if out == nil {
			discard(m.payload) // whatever it is
			return nil
		}
		rest, err := l.decoder.Decode(m.payload, out)
		if err == nil && len(rest) > 0 {
			err = fmt.Errorf("%w: %d bytes behind the result", errBroken, len(rest))
		}
		if err != nil {
			discard(m.payload) // what was not opened
			return fmt.Errorf("result: %w", err)
		}
		return nil
	case kindError:
		var fields []string
		if _, err := decoder.Decode(m.payload, &fields); err != nil || len(fields) != 3 {
			return fmt.Errorf("%w: an error that is none: %w", errBroken, err)
		}
		return &RemoteError{fields[0], fields[1], fields[2]}
	}
	return fmt.Errorf("%w: an answer of kind %d", errBroken, m.kind)
}

// discard lets a value go that nobody asked for, and returns what follows it: the arrays under way in it are opened, and closed.
// Those that can't be are gone.
func discard(b []byte) (rest []byte, err error) {
	arrays := borrowed{traffic: new(traffic)}
	defer arrays.close()
	d := &wire.Decoder{Array: func(payload []byte, into reflect.Type) (reflect.Value, error) {
		arrays.array(payload, into)
		return reflect.Value{}, nil
	}}
	_, rest, err = d.DecodeAny(b)
	return rest, err
}

func appendError(dst []byte, e *RemoteError) ([]byte, error) {
	dst = msgp.AppendArrayHeader(dst, 3)
	for _, text := range []string{e.Type, e.Message, e.Trace} {
		dst = msgp.AppendString(dst, text)
	}
	return dst, nil
}
