package shm

import (
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/samebytes/samebytes/ndarray"
)

// Loan is a slot of a stream that this process fills: the item's elements in place. It is over when it is published or discarded;
// its array is then empty, and to use it panics with an [ndarray.IndexError]. Keep none that is over: it is used again for a later loan of
// the slot.
type Loan[T ndarray.Element] struct {
	*ndarray.Array[T]
	stream *Stream[T]
	slot   int
	view   *ndarray.Array[T] // what Array is until it is over
}

// Loans are several loans, in the order in which their items are published.
type Loans[T ndarray.Element] []*Loan[T]

// lend makes loans of slots that were just taken, unless the stream was closed meanwhile.
// The errors are ErrClosed and ErrBroken.
func (s *Stream[T]) lend(m *mapping, taken []int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.left {
		err := m.latched(func() error { m.discardSlots(taken); return nil })
		m.feed()
		return errors.Join(ErrClosed, err)
	}
	for _, slot := range taken {
		l := s.loans[slot]
		if l == nil {
			l = &Loan[T]{stream: s, slot: slot, view: s.slots.Slice(ndarray.At(slot))}
			s.loans[slot] = l
		}
		l.Array = l.view
	}
	return nil
}

// open reports whether the loan is not over. The stream's mu is held.
func (l *Loan[T]) open() bool { return l.Array != l.stream.none }

func (l *Loan[T]) over() { l.Array = l.stream.none }

// Publish publishes the item, and returns its number: one more than that of the item published before it. Readers that sleep are woken.
// The errors are ErrClosed also when the loan is over, and ErrBroken.
func (l *Loan[T]) Publish() (number uint64, err error) {
	return l.stream.publishLoans([]*Loan[T]{l}, -1)
}

// PublishFirst is [Loan.Publish] of the first n elements on the item's first axis alone, 0 to its length.
// The errors are also ndarray.ErrShape; the loan goes on then.
func (l *Loan[T]) PublishFirst(n int) (number uint64, err error) {
	if shape := l.stream.ItemShape(); len(shape) == 0 || n < 0 || n > shape[0] {
		return 0, fmt.Errorf("shm: publish to %q: %w: expected 0 to the length of the first axis of %v, found %d", l.stream.label(), ndarray.ErrShape, shape, n)
	}
	return l.stream.publishLoans([]*Loan[T]{l}, n)
}

// Discard gives the slot back: no item is published, and no number used.
// The errors are ErrClosed also when the loan is over, and ErrBroken.
func (l *Loan[T]) Discard() error { return Loans[T]{l}.Discard() }

// Publish publishes all items at once, and returns the number of the last.
// The errors are those of [Loan.Publish], and fs.ErrInvalid for loans from several streams; nothing is published then.
func (loans Loans[T]) Publish() (number uint64, err error) {
	if len(loans) == 0 {
		return 0, nil
	}
	return loans[0].stream.publishLoans(loans, -1)
}

// Discard discards all.
// The errors are those of [Loan.Discard]; nothing is discarded then.
func (loans Loans[T]) Discard() error {
	if len(loans) == 0 {
		return nil
	}
	s := loans[0].stream
	err := s.use(func(m *mapping) error {
		s.mu.Lock()
		defer s.mu.Unlock()
		var at [8]int
		taken, err := loans.end(at[:0])
		if err != nil {
			return err
		}
		if err := m.latched(func() error { m.discardSlots(taken); return nil }); err != nil {
			loans.goOn()
			return err
		}
		m.feed()
		return nil
	})
	if err != nil {
		return fmt.Errorf("shm: discard a loan from %q: %w", s.label(), err)
	}
	return nil
}

// end ends the loans, each of which may be there once, and appends their slots. The stream's mu is held.
// The errors are ErrClosed for a loan that is over, and fs.ErrInvalid for one from another stream; none is ended then.
func (loans Loans[T]) end(taken []int) ([]int, error) {
	for i, l := range loans {
		var err error
		if l.stream != loans[0].stream {
			err = fmt.Errorf("%w: expected loans from one stream, found one from %q", fs.ErrInvalid, l.stream.label())
		} else if !l.open() {
			err = fmt.Errorf("%w: the loan was published or discarded", ErrClosed)
		}
		if err != nil {
			loans[:i].goOn()
			return nil, err
		}
		taken = append(taken, l.slot)
		l.over()
	}
	return taken, nil
}

// goOn has loans that were ended go on.
func (loans Loans[T]) goOn() {
	for _, l := range loans {
		l.Array = l.view
	}
}

// publishLoans publishes loans, each with so many elements on its first axis; -1: with all.
func (s *Stream[T]) publishLoans(loans Loans[T], length int) (number uint64, err error) {
	err = s.use(func(m *mapping) error {
		s.mu.Lock()
		defer s.mu.Unlock()
		var at [8]int // most often one, without memory of its own
		taken, err := loans.end(at[:0])
		if err != nil {
			return err
		}
		if length < 0 {
			length = s.rows
		}
		err = m.latched(func() (err error) {
			if number, err = m.publishSlots(taken, uint64(length), time.Now().UnixNano()); err == nil {
				s.writer.Items += uint64(len(taken))
			}
			return err
		})
		if err != nil {
			loans.goOn()
			return err
		}
		m.publish()
		m.feed()
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("shm: publish to %q: %w", s.label(), err)
	}
	return number, nil
}
