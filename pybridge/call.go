package pybridge

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"

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
// has the same elements; others, and views that were not given by [View], are copied into the message or a temporary segment. An array that is
// returned is a *[shm.Array], to be closed, or a copy in ordinary memory for out a **ndarray.Array.
//
// When the context ends the function is interrupted, by an exception in Python, and its worker is killed if that does not end it
// within Python.Grace; Call returns when nobody uses the arguments any more.
//
// The errors are the context's; [ErrRemote], as a *[RemoteError], for what the function raised; [ErrWorkerDied]; [ErrClosed];
// [ndarray.ErrDType] for an argument that can't be carried, a result that does not fit out, or an
// out that is neither nil nor a pointer to something, for which nothing is called; and what the pool gave up for.
func (p *Pool) Call(ctx context.Context, out any, function string, args ...any) error {
	m := p.measure(function)
	err := p.call(ctx, out, function, args)
	m.end(err)
	if err != nil {
		return fmt.Errorf("pybridge: call %s: %w", function, err)
	}
	return nil
}

func (p *Pool) call(ctx context.Context, out any, function string, args []any) error {
	if err := fits(out); err != nil {
		return err
	}
	r, done, err := p.begin(ctx, target{name: function}, args, wantsOf(out))
	if err != nil {
		return err
	}
	defer done()
	answer, err := r.wait(ctx)
	if err != nil {
		return err
	}
	return answer.result(r.link, out)
}

// begin makes a call in a worker: that which has an object among the arguments, that whose call made this one, or whichever is free.
// The worker is the call's until done is called.
func (p *Pool) begin(ctx context.Context, of target, args []any, wants int32) (r request, done func(), err error) {
	if err := p.enter(ctx); err != nil {
		return request{}, nil, err
	}
	w, done, err := p.worker(ctx, args)
	if err != nil {
		p.calls.leave()
		return request{}, nil, err
	}
	r, err = w.link.begin(ctx, of, args, wants)
	if err != nil {
		done()
		return request{}, nil, err
	}
	return r, done, nil
}

// worker returns the worker for a call with these arguments, and what gives it back and leaves the pool.
func (p *Pool) worker(ctx context.Context, args []any) (w *worker, done func(), err error) {
	if w := p.workerWith(args); w != nil {
		release, err := p.reserve(ctx, w)
		return w, func() {
			release()
			p.calls.leave()
		}, err
	}
	if c := chainOf(ctx).within(p); c != nil { // who waits for the call that this one is of would not give its worker back
		return c.link.worker, p.calls.leave, nil
	}
	w, err = p.take(ctx)
	if err != nil {
		return nil, nil, err
	}
	return w, w.done, nil
}

// appendCall appends [function, positional arguments], and as the third item keyword arguments if there are any, where the function of an
// object is [number, method].
func appendCall(dst []byte, e *wire.Encoder, of target, args []any) ([]byte, error) {
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
	dst = msgp.AppendArrayHeader(dst, uint32(2+min(1, len(keywords))))
	if of.object != 0 {
		dst = msgp.AppendUint64(msgp.AppendArrayHeader(dst, 2), of.object)
	}
	dst = msgp.AppendString(dst, of.name)
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
	if len(keywords) == 0 {
		return dst, nil
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
	case kindResult, kindItem:
		if out == nil && len(m.payload) == 1 {
			return nil // there is nothing in it
		}
		if out == nil {
			l.discard(m.payload) // whatever it is
			return nil
		}
		opened := 0
		d := l.decoder
		d.Object = l.objects.opener(context.Background(), &opened, nil)
		rest, err := d.Decode(m.payload, out)
		if err == nil && len(rest) > 0 {
			err = fmt.Errorf("%w: %d bytes behind the result", errBroken, len(rest))
		}
		if err != nil {
			discard(m.payload, l.objects.dropAfter(&opened))
			return fmt.Errorf("result: %w", err)
		}
		return nil
	case kindError:
		return m.err()
	}
	return fmt.Errorf("%w: an answer of kind %d", errBroken, m.kind)
}

// err returns the error that an answer is.
func (m message) err() error {
	var fields []string
	if _, err := decoder.Decode(m.payload, &fields); err != nil || len(fields) != 3 {
		return fmt.Errorf("%w: an error that is none: %w", errBroken, err)
	}
	return &RemoteError{fields[0], fields[1], fields[2]}
}

// discard lets go what the other side has sent and nobody asked for, and returns what follows the value: the arrays under way in it
// are opened, and closed, and the objects are let go. What can't be opened is gone.
func (l *link) discard(b []byte) (rest []byte, err error) {
	return discard(b, l.objects.drop)
}

// takeBack lets go what a value carries that was to be sent, and was not.
func (l *link) takeBack(b []byte) {
	discard(b, l.objects.takeBack)
}

// discard opens and closes the arrays in a value, and has drop let its objects go. It returns what follows the value.
func discard(b []byte, drop func([]byte, reflect.Type) (reflect.Value, error)) (rest []byte, err error) {
	arrays := borrowed{traffic: new(traffic)}
	defer arrays.close()
	d := &wire.Decoder{Array: func(payload []byte, into reflect.Type) (reflect.Value, error) {
		if !isInline(payload) { // else there is nothing to let go
			arrays.array(payload, into)
		}
		return reflect.Value{}, nil
	}, Object: drop}
	_, rest, err = d.DecodeAny(b)
	return rest, err
}

// gone is discard's drop for objects that were let go already.
func gone([]byte, reflect.Type) (reflect.Value, error) { return reflect.Value{}, nil }

// drop lets an answer go that nobody waits for any more.
func (l *link) drop(m message) {
	if m.kind == kindResult || m.kind == kindItem {
		l.discard(m.payload)
	}
}

// appendError appends what m.err parses.
func appendError(dst []byte, e *RemoteError) []byte {
	dst = msgp.AppendArrayHeader(dst, 3)
	for _, text := range []string{e.Type, e.Message, e.Trace} {
		dst = msgp.AppendString(dst, strings.ToValidUTF8(text, "\ufffd"))
	}
	return dst
}
