package shm

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/samebytes/samebytes/internal/futex"
	"github.com/samebytes/samebytes/ndarray"
)

// Stream is an opening of a stream: a segment whose first axis is a ring of slots, in which writers publish items one after the other and
// readers read them in place. np.load shows the slots as one array, whatever order the items are in.
//
// A writer takes a slot on loan ([Stream.Loan]), fills it, and publishes it. Readers ([Stream.Items], [Stream.Reader]) each have
// a place of their own, or share the items among a group ([InGroup]). Writers and readers may be any number of goroutines and
// processes, in Go and Python.
//
// A stream is reliable, or lossy ([Lossy]). In a reliable one a slot is used again when no reader needs its item any more, so that a
// slow reader holds writers up; [Stats] says which. In a lossy one writers never wait, and a reader is told how many items it
// missed; the item that it has is never written over.
//
// Who is killed holds nobody up: what a writer had on loan is never published, what a reader needed nobody needs, and what a member of
// a group had goes to another.
//
// Any goroutine may call a Stream's methods at any time.
type Stream[T ndarray.Element] struct {
	*Segment
	slots *ndarray.Array[T] // all of them
	rows  int               // the length of a whole item's first axis; 1 where it has none
	none  *ndarray.Array[T] // what a loan or item that is over is

	mu      sync.Mutex          // taken before the latch
	views   []*ndarray.Array[T] // of each slot, for reading: its elements, made when first used
	loans   []*Loan[T]          // likewise, for writing
	writer  *port               // this opening's, from its first loan on
	readers map[*Reader[T]]bool // that have a port
	left    bool                // closed: nothing is lent, and nobody joins
}

// Lossy creates a stream whose writers never wait: they write over the oldest item that nobody has in hand.
func Lossy() CreateOption { return func(c *creation) { c.flags |= flagLossy } }

// Patience sets how long a writer of a reliable stream waits for room, before [Stream.Loan] returns ErrFull. The default is as long
// as its context allows.
func Patience(d time.Duration) CreateOption { return func(c *creation) { c.patience = d } }

// Ports sets how many writers, readers and groups a stream may have at the same time: 1 to 256, by default 64. Each takes 128 bytes of
// the file. A member of a group takes one too.
func Ports(n int) CreateOption { return func(c *creation) { c.ports = n } }

// CreateStream makes a stream of that name with so many slots, each an item of that shape, and opens it. A reliable one needs one slot
// more than the items that readers may be behind, a lossy one as many more as readers and writers have in hand at a time.
// The errors are those of [Create], and fs.ErrInvalid for no slots, ports out of bounds, or a negative patience.
func CreateStream[T ndarray.Element](name string, slots int, itemShape []int, opts ...CreateOption) (*Stream[T], error) {
	s, err := createStream[T](name, slots, itemShape, opts)
	if err != nil {
		return nil, fmt.Errorf("shm: create stream %q: %w", name, err)
	}
	return s, nil
}

func createStream[T ndarray.Element](name string, slots int, itemShape []int, opts []CreateOption) (*Stream[T], error) {
	c := creation{kind: kindStream, flags: flagRecoverAlways, mode: 0o600, slots: defaultSlots, ports: defaultPorts}
	for _, o := range opts {
		o(&c)
	}
	c.rows, c.fortran = 0, false // a ring does not grow, and each slot's elements lie together
	if err := errors.Join(inBounds(1, maxRing, slots, "slots"), inBounds(1, maxPorts, c.ports, "ports")); err != nil {
		return nil, err
	}
	if c.patience < 0 {
		return nil, fmt.Errorf("%w: expected a patience of 0 or more, found %v", fs.ErrInvalid, c.patience)
	}
	file, err := path(name)
	if err != nil {
		return nil, err
	}
	a, err := createKind[T](name, file, append([]int{slots}, itemShape...), c, nil)
	if err != nil {
		return nil, err
	}
	return streamOver(a), nil
}

// AttachStream opens the stream of that name. It takes part in the stream, and so needs the right to write, also to read.
// The errors are those of [Attach], ErrNoControl for a plain .npy file, and ndarray.ErrDType for what is no stream, or one of other
// elements.
func AttachStream[T ndarray.Element](name string, opts ...AttachOption) (*Stream[T], error) {
	s, err := attachStream[T](name, opts)
	if err != nil {
		return nil, fmt.Errorf("shm: attach stream %q: %w", name, withNearNames(err, name))
	}
	return s, nil
}

func attachStream[T ndarray.Element](name string, opts []AttachOption) (*Stream[T], error) {
	file, err := path(name)
	if err != nil {
		return nil, err
	}
	o := attachment{writable: true, stream: true}
	for _, opt := range opts {
		opt(&o)
	}
	if !o.writable {
		return nil, fmt.Errorf("%w: who only reads attaches the stream as an array", ndarray.ErrReadOnly)
	}
	m, err := attach(file, true, o)
	if err != nil {
		return nil, err
	}
	if m.content.controlOffset == 0 {
		err = ErrNoControl
	} else if found := kind(m.content.control.Kind); found != kindStream {
		err = fmt.Errorf("%w: expected a stream, found the kind %v", ndarray.ErrDType, found)
	}
	if err != nil {
		m.release()
		return nil, err
	}
	a, err := newArray[T](name, file, m)
	if err != nil {
		return nil, err
	}
	return streamOver(a), nil
}

func streamOver[T ndarray.Element](a *Array[T]) *Stream[T] {
	shape := a.Shape()
	slots, rows := shape[0], 1
	if len(shape) > 1 {
		rows = shape[1]
	}
	return &Stream[T]{
		Segment: a.Segment, slots: a.Array, rows: rows, none: ndarray.New[T](0),
		views: make([]*ndarray.Array[T], slots), loans: make([]*Loan[T], slots), readers: map[*Reader[T]]bool{},
	}
}

// Slots returns how many slots the ring has.
func (s *Stream[T]) Slots() int { return len(s.views) }

// ItemShape returns the shape of a whole item.
func (s *Stream[T]) ItemShape() []int { return slices.Clone(s.slots.Shape()[1:]) }

// Lossy reports whether the stream is lossy.
func (s *Stream[T]) Lossy() bool { return s.mapping.isLossy() }

// view returns a slot's elements, for reading.
func (s *Stream[T]) view(slot int) *ndarray.Array[T] {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.views[slot] == nil {
		s.views[slot] = s.slots.Slice(ndarray.At(slot)).ReadOnly()
	}
	return s.views[slot]
}

// Loan takes a slot on loan, to be filled in place: its elements are what they were when it was used last. It waits for room while
// readers need all items. Loans may be published in any order, and none waits for another.
// The errors are the context's; ErrFull when the stream's [Patience] is over, or a lossy one has all slots in hand; ErrClosed and
// ErrBroken.
func (s *Stream[T]) Loan(ctx context.Context) (*Loan[T], error) {
	var slot [1]int
	if err := s.loan(ctx, slot[:]); err != nil {
		return nil, err
	}
	return s.loans[slot[0]], nil
}

// LoanN takes so many slots on loan, which [Loans.Publish] publishes at once: it costs little more than one loan.
// The errors are those of Loan, and ndarray.ErrShape for more slots than there are.
func (s *Stream[T]) LoanN(ctx context.Context, n int) (Loans[T], error) {
	if n < 1 || n > s.Slots() {
		return nil, fmt.Errorf("shm: loan from %q: %w: expected 1 to %d slots, found %d", s.label(), ndarray.ErrShape, s.Slots(), n)
	}
	taken := make([]int, n)
	if err := s.loan(ctx, taken); err != nil {
		return nil, err
	}
	loans := make(Loans[T], n)
	for i, slot := range taken {
		loans[i] = s.loans[slot]
	}
	return loans, nil
}

func (s *Stream[T]) loan(ctx context.Context, to []int) error {
	if err := s.use(func(m *mapping) error {
		if err := s.write(m); err != nil {
			return err
		}
		if err := s.takeRoom(ctx, m, to); err != nil {
			return err
		}
		return s.lend(m, to)
	}); err != nil {
		return fmt.Errorf("shm: loan from %q: %w", s.label(), err)
	}
	return nil
}

// use calls f with the mapping, which stays until it returns, also when the stream is closed meanwhile.
// The errors are ErrClosed, ErrBroken, and those of f.
func (s *Segment) use(f func(m *mapping) error) (err error) {
	if err := s.hold(true); err != nil {
		return err
	}
	defer s.drop()
	m := s.mapping
	defer m.notFault(&err, setFaults())
	if err := m.whole(); err != nil {
		return err
	}
	return f(m)
}

// write opens this opening's port as a writer, the first time. The stream goes on if it had ended.
func (s *Stream[T]) write(m *mapping) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.left {
		return ErrClosed
	}
	if s.writer != nil {
		return nil
	}
	return m.latched(func() error {
		m.sweepRing() // what those before it have left
		row, err := m.openPort()
		if err != nil {
			return err
		}
		s.writer = m.port(row)
		s.writer.Role = roleWriter
		s.writer.own(m.me)
		atomic.StoreUint32(&m.control().Ended, 0)
		return nil
	})
}

// takeRoom takes slots, and waits until there are any.
func (s *Stream[T]) takeRoom(ctx context.Context, m *mapping, to []int) error {
	found, _, err := m.lookForRoom(to, false)
	if found || err != nil {
		return err
	}
	c := m.control()
	began := time.Now()
	defer func() {
		atomic.AddUint64(&c.Waits, 1)
		atomic.AddUint64(&c.Waited, uint64(time.Since(began)))
	}()
	if ctx.Done() != nil { // else the wait costs no allocation
		defer wakeWhenDone(ctx, func() { futex.Wake(&m.control().Room, math.MaxInt32) })()
	}
	patience := time.Duration(m.content.control.Patience)
	for sleep, sweeps := firstSleep, false; ; sleep, sweeps = nextSleeps, true {
		if err := ctx.Err(); err != nil {
			return err
		}
		if s.open.Err() != nil {
			return ErrClosed
		}
		found, room, err := m.lookForRoom(to, sweeps)
		if found || err != nil {
			return err
		}
		if patience > 0 {
			left := patience - time.Since(began)
			if left <= 0 {
				return m.impatient()
			}
			sleep = min(sleep, left)
		}
		if _, err := futexWait(&c.Room, room, sleep); err != nil {
			return err
		}
	}
}

// lookForRoom takes slots if there are any; else it returns the word to sleep on. Whoever sweeps looks first who is dead.
// The error is ErrFull for a lossy stream.
func (m *mapping) lookForRoom(to []int, sweeps bool) (found bool, room uint32, err error) {
	err = m.latched(func() error {
		if found = m.takeSlots(to); found {
			return nil
		}
		if sweeps || m.isLossy() {
			m.sweepRing()
		}
		room = m.hunger()
		found = m.takeSlots(to)
		if !found && m.isLossy() {
			return fmt.Errorf("%w: expected %d slots that nobody has on loan or in hand; %s", ErrFull, len(to), m.slowest())
		}
		return nil
	})
	return found, room, err
}

// impatient is the error of a writer that has waited for too long.
func (m *mapping) impatient() (err error) {
	return m.latched(func() error {
		return fmt.Errorf("%w: no room after %v; %s", ErrFull, time.Duration(m.content.control.Patience), m.slowest())
	})
}

// Close ends this opening: its loans are discarded, its readers return ErrClosed. If it wrote to the stream, and no other living writer
// has it open, the stream ends: readers that have had all items get io.EOF. A writer that comes later goes on with it.
// It waits for readers that other goroutines use to return.
// The error is ErrClosed the second time.
func (s *Stream[T]) Close() error {
	held := s.hold(true) == nil // else it was closed before, or its file was cut
	if held {
		defer s.drop()
	}
	if err := s.Segment.close(); err != nil {
		return err
	}
	if held {
		s.leave(s.mapping) // fails only where the file was cut
	}
	return nil
}

// leave ends what this opening has of the stream: the process may live on as a participant.
func (s *Stream[T]) leave(m *mapping) (err error) {
	defer m.notFault(&err, setFaults())
	if err := m.whole(); err != nil {
		return err
	}
	readers, err := s.leaveWriting(m)
	m.stir()
	for _, r := range readers {
		err = errors.Join(err, r.leave(m))
	}
	return err
}

// leaveWriting ends what this opening has of the stream as a writer, and returns its readers, of which there will be no more.
func (s *Stream[T]) leaveWriting(m *mapping) (readers []*Reader[T], err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.left = true
	readers = slices.Collect(maps.Keys(s.readers))
	if s.writer == nil {
		return readers, nil
	}
	taken := []int{}
	for slot, l := range s.loans {
		if l != nil && l.open() {
			taken = append(taken, slot)
			l.over()
		}
	}
	return readers, m.latched(func() error {
		m.discardSlots(taken)
		s.writer.own(0)
		if !m.hasWriters() {
			atomic.StoreUint32(&m.control().Ended, 1)
		}
		return nil
	})
}

// stir wakes all who wait for an item, the stream's end or room, and has those look again who are about to sleep: the words that they
// sleep on change.
func (m *mapping) stir() {
	m.publish()
	atomic.AddUint32(&m.control().Room, 1)
	futex.Wake(&m.control().Room, math.MaxInt32)
}
