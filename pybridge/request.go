package pybridge

import (
	"context"
	"encoding/binary"
	"fmt"
	"reflect"
	"time"

	"github.com/samebytes/samebytes/ndarray"
	"github.com/samebytes/samebytes/shm"
)

// defaultGrace is how long a call that was given up may take to end.
const defaultGrace = time.Second

// target is what a call calls: a function, or a method of an object.
type target struct {
	object uint64 // its number on the other side; 0 for a function
	name   string
}

// What a caller wants; or, positive, to be sent items, of which it has room for so many.
const (
	wantsValue  int32 = 0
	wantsObject int32 = -1 // the result is to stay where it is
)

var objectType = reflect.TypeFor[*Object]()

// wantsOf returns what a result is wanted as that goes to out.
func wantsOf(out any) int32 {
	if _, ok := out.(**Object); ok {
		return wantsObject
	}
	return wantsValue
}

// fits returns an ndarray.ErrDType unless out is nil or points to something.
func fits(out any) error {
	if v := reflect.ValueOf(out); out != nil && (v.Kind() != reflect.Pointer || v.IsNil()) {
		return is(ndarray.ErrDType, "expected nil or a pointer to store the result in, found %s", found(v))
	}
	return nil
}

func found(v reflect.Value) string {
	if v.Kind() == reflect.Pointer {
		return fmt.Sprintf("a nil %v", v.Type())
	}
	return fmt.Sprintf("a value of type %v", v.Type())
}

// callHead begins the payload of a call:
//
//	offset  bytes  content
//	0       8      the number of the receiver's own call during which the sender makes this one; 0 for none
//	8       4      what the caller wants
//	12      ...    the value [function, positional arguments, keyword arguments]
type callHead struct {
	parent uint64
	wants  int32
	value  []byte
}

const callHeadSize = 8 + 4

func parseCall(payload []byte) (callHead, error) {
	if len(payload) < callHeadSize {
		return callHead{}, fmt.Errorf("%w: a call of %d bytes", errBroken, len(payload))
	}
	return callHead{
		binary.LittleEndian.Uint64(payload),
		int32(binary.LittleEndian.Uint32(payload[8:])),
		payload[callHeadSize:],
	}, nil
}

// request is a call to the other side of a link that was made, and has no answer yet.
type request struct {
	link    *link
	id      uint64
	answers chan message
	carried cargo
}

// begin makes a call.
func (l *link) begin(ctx context.Context, of target, args []any, wants int32) (request, error) {
	if err := ctx.Err(); err != nil {
		return request{}, err
	}
	parent := chainOf(ctx).on(l)
	l.sending.Lock() // with it the number, so that calls are sent in the order of theirs
	id, answers, err := l.expect(ctx, 1+max(0, int(wants)))
	if err == nil {
		err = l.sendLocked(kindCall, id, func(dst []byte) ([]byte, error) {
			dst = binary.LittleEndian.AppendUint64(dst, parent)
			dst = binary.LittleEndian.AppendUint32(dst, uint32(wants))
			return appendCall(dst, &l.encoder, of, args)
		})
	}
	carried := l.cargo.take()
	l.sending.Unlock()
	if err != nil {
		carried.takeBack()
		l.forget(id)
		return request{}, err
	}
	return request{l, id, answers, carried}, nil
}

// wait returns the answer. When the context ends it gives the call up.
func (r request) wait(ctx context.Context) (message, error) {
	answer, err := r.answer(ctx)
	if err != nil || answer.kind != kindResult {
		r.carried.drop() // where the function has run, it has opened all
	}
	return answer, err
}

func (r request) answer(ctx context.Context) (message, error) {
	answer, err := r.link.answer(ctx, r.id, r.answers)
	switch {
	case err == nil && answer.kind == kindError && ctx.Err() != nil:
		return message{}, ctx.Err() // which may be what the answer says in other words
	case err == nil:
		if cap(r.answers) == 1 {
			r.link.reuse(r.answers)
		}
		return answer, nil
	case r.link.err() != nil:
		return message{}, r.ended(ctx)
	}
	answer, err = r.giveUp()
	if err == nil && answer.kind == kindResult {
		return answer, nil // it was done before
	}
	return message{}, ctx.Err()
}

// ended returns why there is no answer, when the link has ended and nobody uses the arguments any more.
func (r request) ended(ctx context.Context) error {
	why := r.link.why()
	if err := ctx.Err(); err != nil {
		return err
	}
	return why
}

// giveUp ends a call, and returns when the other side does not use its arguments any more, or has had its time to. What it answered
// meanwhile is dropped but for a last result.
func (r request) giveUp() (message, error) {
	r.link.tellOther(frame{Cancel: r.id}) // where it fails, the other side has ended
	patient, stop := context.WithTimeout(context.Background(), r.link.grace)
	defer stop()
	for {
		switch answer, err := r.link.answer(patient, r.id, r.answers); {
		case err == nil && answer.kind != kindItem:
			return answer, nil
		case err == nil:
			r.link.drop(answer)
		case r.link.err() != nil:
			return message{}, r.link.why()
		default:
			if r.link.worker != nil {
				r.link.worker.kill()
			}
			r.link.forget(r.id)
			return message{}, err
		}
	}
}

// maxNested bounds the calls that wait for one another: each holds a stack in Go, and some ten frames of Python's thousand.
const maxNested = 64

// chain is a call from another program that runs here, of those that wait for one another.
type chain struct {
	link  *link
	id    uint64
	outer *chain // during which the other program made this one; nil for none
	depth int
}

type chainKey struct{}

func chainOf(ctx context.Context) *chain {
	c, _ := ctx.Value(chainKey{}).(*chain)
	return c
}

// within returns the innermost call of a pool's workers, or nil.
func (c *chain) within(p *Pool) *chain {
	for c != nil && c.link.pool != p {
		c = c.outer
	}
	return c
}

// on returns the number of the innermost call of a link, or 0.
func (c *chain) on(l *link) uint64 {
	for ; c != nil; c = c.outer {
		if c.link == l {
			return c.id
		}
	}
	return 0
}

// nest returns the context of a call that runs here.
func nest(ctx context.Context, l *link, id uint64) (context.Context, error) {
	c := &chain{link: l, id: id, outer: chainOf(ctx)}
	if c.outer != nil {
		c.depth = c.outer.depth + 1
	}
	if c.depth >= maxNested {
		return ctx, is(shm.ErrFull, "calls wait for one another more than %d deep", maxNested)
	}
	return context.WithValue(ctx, chainKey{}, c), nil
}

// CallBack calls a function of the program that has called the function whose context this is, and stores what it returns in
// what out points to, as [Pool.Call] does. In a worker of a pool that is a function of its module; in a Python program one of those that
// it offers by the argument serve of launch or connect.
//
// It runs in the thread that waits for the outer call, and is given up with that. The errors are Pool.Call's, and shm.ErrNotExist for a context that
// is no call's.
func CallBack(ctx context.Context, out any, function string, args ...any) error {
	err := callBack(ctx, out, function, args)
	if err != nil {
		return fmt.Errorf("pybridge: call back %s: %w", function, err)
	}
	return nil
}

func callBack(ctx context.Context, out any, function string, args []any) error {
	c := chainOf(ctx)
	if c == nil {
		return is(shm.ErrNotExist, "expected the context of a function that another program has called")
	}
	return c.link.call(ctx, out, target{name: function}, args)
}

// call calls, and decodes the answer.
func (l *link) call(ctx context.Context, out any, of target, args []any) error {
	if err := fits(out); err != nil {
		return err
	}
	r, err := l.begin(ctx, of, args, wantsOf(out))
	if err != nil {
		return err
	}
	answer, err := r.wait(ctx)
	if err != nil {
		return err
	}
	return answer.result(l, out)
}
