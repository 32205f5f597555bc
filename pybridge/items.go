package pybridge

import (
	"context"
	"fmt"
	"iter"
	"reflect"

	"github.com/tinylib/msgp/msgp"

	"github.com/samebytes/samebytes/ndarray"
)

const (
	// itemsAhead is how many items may be under way that were not asked for one by one: enough to keep both sides busy.
	itemsAhead = 16
	// maxMore bounds the messages about one call that say that there is room: each is for at least one item of those ahead.
	maxMore = 1 << 8
	// maxItemsAhead bounds what the other side may say that it has room for.
	maxItemsAhead = 1 << 20
)

// Source is what has functions that return items: a [*Pool], or an [*Object] with its methods.
type Source interface {
	begin(ctx context.Context, of target, args []any, wants int32) (r request, done func(), err error)
	target(function string) target
	measure(function string) measured
}

func (p *Pool) target(function string) target { return target{name: function} }

// measure begins to measure a call. Those of no pool are not measured.
func (p *Pool) measure(function string) (m measured) {
	if p != nil {
		m.log = p.log
		m.begin(function, p.meters.of(function))
	}
	return m
}

// Items calls a generator function, or another that returns what can be iterated over, and yields the items as they come. At most 16 are
// made before they are asked for. The call is under way until the end, and has its worker.
//
// An error, [Pool.Call]'s, is yielded last. Who stops early closes the generator, whose finally blocks run; so does the end of
// the context.
func Items[T any](ctx context.Context, from Source, function string, args ...any) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		var err error
		m := from.measure(function)
		defer func() { m.end(err) }() // also where the loop panics
		r, done, err := from.begin(ctx, from.target(function), args, itemsAhead)
		if err != nil {
			yield(none, fmt.Errorf("pybridge: call %s: %w", function, err))
			return
		}
		defer done()
		if err = each(ctx, r, yield); err != nil {
			yield(none, fmt.Errorf("pybridge: call %s: %w", function, err))
		}
	}
}

// each yields the items of a call, and returns the error at the end.
func each[T any](ctx context.Context, r request, yield func(T, error) bool) error {
	ended, opened := false, false
	defer func() {
		if !opened {
			r.carried.drop()
		}
	}()
	defer func() {
		if ended {
			return
		}
		if answer, err := r.giveUp(); err == nil {
			r.link.drop(answer)
		}
		for {
			select {
			case answer := <-r.answers:
				r.link.drop(answer)
			default:
				return
			}
		}
	}()
	taken := 0
	for {
		answer, err := r.link.answer(ctx, r.id, r.answers)
		if err != nil {
			if r.link.err() != nil {
				ended = true
				return r.ended(ctx)
			}
			return err
		}
		opened = opened || answer.kind != kindError
		if answer.kind != kindItem {
			ended = true
			if answer.kind == kindError {
				return answer.err()
			}
			return answer.result(r.link, nil)
		}
		var item T
		if err := answer.result(r.link, &item); err != nil {
			return err
		}
		if taken++; taken == itemsAhead/2 {
			if err := r.more(taken); err != nil {
				return err
			}
			taken = 0
		}
		if !yield(item, nil) {
			return nil
		}
	}
}

// more says that there is room for so many more items.
func (r request) more(n int) error {
	return r.link.send(kindNext, r.id, func(dst []byte) ([]byte, error) { return msgp.AppendInt(dst, n), nil })
}

// items is where a call sends those that its function returns.
type items struct {
	session *session
	id      uint64
	more    chan int
	room    int
}

// more is given what the other side says of its room.
func (s *session) more(m message) {
	n, _, err := msgp.ReadIntBytes(m.payload)
	if err != nil || n < 0 || n > maxItemsAhead {
		s.link.end(fmt.Errorf("%w: room for %d more items: %w", errBroken, n, err))
		return
	}
	s.mu.Lock()
	r := s.calls[m.id]
	s.mu.Unlock()
	if r == nil || r.more == nil {
		return // it has ended, or has no items
	}
	select {
	case r.more <- n:
	default:
		s.link.end(fmt.Errorf("%w: room for items that were not sent", errBroken))
	}
}

// isSequence reports whether a type is iter.Seq's, or iter.Seq2's.
func isSequence(t reflect.Type) bool {
	return t.CanSeq() && t.Kind() == reflect.Func || t.CanSeq2() && t.Kind() == reflect.Func
}

// send sends the items of a sequence, as there is room for them. Those of two values are lists; of iter.Seq2 with an error it is what ends
// them.
func (to *items) send(ctx context.Context, sequence reflect.Value) error {
	if to.room <= 0 {
		return is(ndarray.ErrDType, "the function returns items one after the other, which the caller has not asked for")
	}
	if sequence.IsNil() {
		return nil
	}
	if sequence.Type().CanSeq() {
		for item := range sequence.Seq() {
			if err := to.sendItem(ctx, item); err != nil {
				return err
			}
		}
		return nil
	}
	fails := sequence.Type().In(0).In(1) == errorType
	for first, second := range sequence.Seq2() {
		of := []reflect.Value{first, second}
		if fails {
			if err, _ := second.Interface().(error); err != nil {
				return err
			}
			of = of[:1]
		}
		if err := to.sendItem(ctx, of...); err != nil {
			return err
		}
	}
	return nil
}

// sendItem sends an item, as soon as there is room for it. Whatever becomes of it, it is not the sequence's any more.
func (to *items) sendItem(ctx context.Context, of ...reflect.Value) error {
	if err := to.waitForRoom(ctx); err != nil {
		if item, failed := to.session.link.appendResults(nil, of); failed == nil {
			to.session.link.takeBack(item)
		}
		return err
	}
	to.room--
	item, err := to.session.link.appendResults(nil, of)
	if err != nil {
		return err
	}
	err = to.session.link.send(kindItem, to.id, func(dst []byte) ([]byte, error) { return append(dst, item...), nil })
	if err != nil {
		to.session.link.takeBack(item)
	}
	return err
}

func (to *items) waitForRoom(ctx context.Context) error {
	for to.room == 0 {
		select {
		case n := <-to.more:
			to.room += n
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return ctx.Err()
}
