package shm

import (
	"context"
	"fmt"
	"io"
	"iter"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/samebytes/samebytes/internal/futex"
	"github.com/samebytes/samebytes/ndarray"
)

// ReaderOption is an option of [Stream.Reader] and [Stream.Items].
type ReaderOption func(*reading)

// reading is what a reader is opened with.
type reading struct {
	start   func(m *mapping) uint64 // under the latch
	inGroup bool
	group   string
	window  int
}

// FromOldest begins with the oldest item that is in the ring. It is the default.
func FromOldest() ReaderOption { return FromItem(1) }

// FromLatest begins with the newest item that is in the ring, or where there is none with the first.
func FromLatest() ReaderOption {
	return func(r *reading) {
		r.start = func(m *mapping) uint64 { return m.oldest(m.newest()) }
	}
}

// FromNext begins with the item that is published next.
func FromNext() ReaderOption {
	return func(r *reading) {
		r.start = func(m *mapping) uint64 { return m.newest() + 1 }
	}
}

// FromItem begins with the item of that number, or with the next one that is in the ring.
func FromItem(number uint64) ReaderOption {
	return func(r *reading) {
		r.start = func(m *mapping) uint64 {
			if number > m.newest() {
				return number
			}
			return m.oldest(number)
		}
	}
}

// InGroup makes the reader a member of the group of that name, of 1 to 24 bytes: each item goes to one member. An item that a member
// has in hand when it dies, or closes, goes to another. A group begins where its first member says, and ends with its last.
func InGroup(name string) ReaderOption {
	return func(r *reading) { r.inGroup, r.group = true, name }
}

// Window keeps the last n items, for [Item.Window]. A group's member has none.
func Window(n int) ReaderOption { return func(r *reading) { r.window = n } }

// Reader is a place in a stream. One goroutine at a time uses it.
type Reader[T ndarray.Element] struct {
	mu     sync.Mutex // held while the port is used, which Stream.Close frees; taken before the stream's
	stream *Stream[T]
	port   *port // nil once it was freed
	group  bool
	window int
	item   Item[T] // in hand
	kept   []int   // slots of the window's items, by their number modulo its length
	taken  int     // by a member, until it looks for the dead
	missed uint64
	closed bool
	done   <-chan struct{} // of the context that stop belongs to
	stop   func()          // ends what wakes the reader when that is done
}

// Item is an item of a stream, in place and for reading. It is valid until its reader's next step; then its array is empty, and to use it
// panics with an [ndarray.IndexError].
type Item[T ndarray.Element] struct {
	*ndarray.Array[T]
	Number uint64    // 1 for the stream's first item
	Time   time.Time // when it was published
	Missed uint64    // how many the reader of a lossy stream missed just before it

	reader *Reader[T]
}

// Reader opens a place in the stream.
// The errors are ErrFull when all [Ports] are taken, ErrBadName for a group's name, fs.ErrInvalid for a window of less than 1 item or
// one that does not fit the ring, ErrClosed and ErrBroken.
func (s *Stream[T]) Reader(opts ...ReaderOption) (*Reader[T], error) {
	r, err := s.reader(opts)
	if err != nil {
		return nil, fmt.Errorf("shm: read %q: %w", s.label(), err)
	}
	return r, nil
}

func (s *Stream[T]) reader(opts []ReaderOption) (*Reader[T], error) {
	o := reading{window: 1}
	FromOldest()(&o)
	for _, opt := range opts {
		opt(&o)
	}
	r := &Reader[T]{stream: s, group: o.inGroup, window: o.window, item: Item[T]{Array: s.none}}
	if err := inBounds(1, max(1, s.Slots()-1), o.window, "items of a window"); err != nil {
		return nil, err
	}
	r.kept = make([]int, o.window)
	var name [24]byte
	if len(o.group) > len(name) || o.inGroup && o.group == "" {
		return nil, fmt.Errorf("%w: expected a group's name of 1 to %d bytes, found %q", ErrBadName, len(name), o.group)
	}
	copy(name[:], o.group)
	r.item.reader = r
	err := s.use(func(m *mapping) error {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.left {
			return ErrClosed
		}
		if err := m.latched(func() (err error) {
			if r.group {
				r.window = 1
				r.port, err = m.joinGroup(name, o.start(m))
			} else {
				r.port, err = m.joinReader(o.start(m))
			}
			return err
		}); err != nil {
			return err
		}
		s.readers[r] = true
		return nil
	})
	if err != nil {
		return nil, err
	}
	return r, nil
}

// wake wakes all who sleep for the next publication.
func (s *Segment) wake() {
	if s.hold(false) == nil {
		futex.Wake(s.mapping.futexWord(), math.MaxInt32)
		s.drop()
	}
}

// Next releases the item in hand, and returns the next as soon as it is there. The item is the reader's, and the same with each step.
// The errors are io.EOF when the stream ended; the context's; ErrClosed and ErrBroken.
func (r *Reader[T]) Next(ctx context.Context) (*Item[T], error) {
	err := r.use(func(m *mapping) error {
		r.release(m)
		return r.await(ctx, m)
	})
	if err != nil {
		return nil, r.named(err)
	}
	return &r.item, nil
}

// named says what was read when it failed.
func (r *Reader[T]) named(err error) error {
	if err == nil || err == io.EOF {
		return err
	}
	return fmt.Errorf("shm: read %q: %w", r.stream.label(), err)
}

// use is the stream's, of a reader that is open.
func (r *Reader[T]) use(f func(m *mapping) error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return ErrClosed
	}
	return r.stream.use(f)
}

// await takes the next item as soon as it is there.
func (r *Reader[T]) await(ctx context.Context, m *mapping) error {
	found, err := r.take(m, false)
	if found || err != nil {
		return err
	}
	c := m.control()
	r.watch(ctx)
	most := r.sleep()
	for {
		version := atomic.LoadUint64(&c.Published)
		ended := atomic.LoadUint32(&c.Ended) != 0 // before the look: what was published before the end is found
		found, err := r.take(m, true)
		switch {
		case found || err != nil:
			return err
		case ended:
			return io.EOF
		case ctx.Err() != nil:
			r.unwatch()
			return ctx.Err()
		case r.stream.open.Err() != nil:
			return ErrClosed
		}
		if futex.Look(func() bool { return atomic.LoadUint64(&c.Published) != version }) {
			continue
		}
		if _, err := futexWait(m.futexWord(), uint32(version), most); err != nil {
			return err
		}
	}
}

// sleep returns the longest sleep of who waits for an item.
func (r *Reader[T]) sleep() time.Duration {
	if r.group {
		return nextSleeps // a death may give one
	}
	return maxSleep
}

// watch has the context's end wake the reader.
func (r *Reader[T]) watch(ctx context.Context) {
	if done := ctx.Done(); done != r.done {
		r.unwatch()
		if r.done = done; done != nil {
			r.stop = wakeWhenDone(ctx, r.stream.wake)
		}
	}
}

func (r *Reader[T]) unwatch() {
	if r.stop != nil {
		r.stop()
	}
	r.done, r.stop = nil, nil
}

// take takes the next item, if there is one. idle says that there was none before.
func (r *Reader[T]) take(m *mapping, idle bool) (found bool, err error) {
	var slot int
	var number uint64
	before := atomic.LoadUint64(&r.port.Missed)
	if r.group {
		look := idle || r.taken%redeliver == 0
		r.taken++
		err = m.latched(func() (err error) {
			slot, number, found, err = m.takeShared(r.port, look)
			return err
		})
	} else {
		slot, number, found, err = m.takeItem(r.port, r.window > 1)
	}
	missed := atomic.LoadUint64(&r.port.Missed) - before
	r.missed += missed
	if !found {
		return false, err
	}
	return true, r.show(m, slot, number)
}

// show makes what was taken the item in hand.
func (r *Reader[T]) show(m *mapping, slot int, number uint64) error {
	s := m.slot(slot)
	rows := r.stream.rows
	length := atomic.LoadUint64(&s.Length) // once: it is compared, and then used
	if length > uint64(rows) {
		return fmt.Errorf("%w: expected at most %d elements on the first axis of item %d, found %d", ErrBroken, rows, number, length)
	}
	view := r.stream.view(slot)
	if length < uint64(rows) {
		view = view.Slice(ndarray.Range(0, int(length)))
	}
	r.item.Array, r.item.Number, r.item.Time = view, number, time.Unix(0, s.Time)
	r.item.Missed, r.missed = r.missed, 0
	r.kept[number%uint64(len(r.kept))] = slot
	return nil
}

// release lets the item in hand go.
func (r *Reader[T]) release(m *mapping) {
	if r.item.Array == r.stream.none {
		return
	}
	r.item.Array = r.stream.none
	from, to := atomic.LoadUint64(&r.port.From), atomic.LoadUint64(&r.port.To)
	if !r.group && to-from < uint64(r.window) {
		return // the next window needs it
	}
	atomic.StoreUint64(&r.port.From, to-uint64(r.window-1))
	if !m.isLossy() {
		m.feed()
	}
}

// Release lets the item in hand go before the next step, so that its slot is free for another. A group's item is then done.
// The errors are ErrClosed and ErrBroken.
func (r *Reader[T]) Release() error {
	return r.use(func(m *mapping) error {
		r.release(m)
		return nil
	})
}

// TryNext is [Reader.Next] that does not wait: the item is nil where there is none yet.
// The errors are those of Next but for the context's.
func (r *Reader[T]) TryNext() (*Item[T], error) {
	var item *Item[T]
	err := r.use(func(m *mapping) error {
		r.release(m)
		ended := atomic.LoadUint32(&m.control().Ended) != 0
		found, err := r.take(m, false)
		if !found && err == nil {
			found, err = r.take(m, true) // what a dead member has left
		}
		if found {
			item = &r.item
		} else if err == nil && ended {
			return io.EOF
		}
		return err
	})
	return item, r.named(err)
}

// Latest releases the item in hand, and returns the newest one that it has not had yet, as soon as there is one: those before it are
// skipped, and not counted as missed. A group's member goes on with the next.
// The errors are those of Next.
func (r *Reader[T]) Latest(ctx context.Context) (*Item[T], error) {
	if !r.group {
		if err := r.use(func(m *mapping) error {
			r.release(m)
			r.skip(m)
			return nil
		}); err != nil {
			return nil, r.named(err)
		}
	}
	return r.Next(ctx)
}

// skip goes on to the newest item.
func (r *Reader[T]) skip(m *mapping) {
	p := r.port
	head := m.newest()
	if head > atomic.LoadUint64(&p.To) {
		atomic.StoreUint64(&p.To, head)
		atomic.StoreUint64(&p.From, head)
		m.feed()
	}
}

// Close ends the reader. What a group's member has in hand goes to another member: release it first if it is done.
// The error is ErrClosed the second time, and when its stream was closed.
func (r *Reader[T]) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return r.named(ErrClosed)
	}
	r.closed = true
	err := r.stream.use(r.free) // else the stream's Close frees it
	r.item.Array = r.stream.none
	r.unwatch()
	return r.named(err)
}

// leave ends a reader whose stream is closed, when no goroutine uses it any more.
func (r *Reader[T]) leave(m *mapping) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.unwatch()
	if r.port == nil {
		return nil
	}
	return r.free(m)
}

// free frees the port.
func (r *Reader[T]) free(m *mapping) error {
	if err := m.latched(func() error {
		m.leavePort(r.port, r.group && r.item.Array != r.stream.none)
		return nil
	}); err != nil {
		return err
	}
	r.port = nil
	r.stream.mu.Lock()
	defer r.stream.mu.Unlock()
	delete(r.stream.readers, r)
	return nil
}

// Missed returns how many items of a lossy stream the reader has missed in all.
func (r *Reader[T]) Missed() (missed uint64, err error) {
	err = r.use(func(*mapping) error {
		missed = atomic.LoadUint64(&r.port.Missed)
		return nil
	})
	return missed, r.named(err)
}

// Window returns the last items of a reader that was opened with [Window], oldest first, this one last: one array of shape (n, ...item)
// where they lie together in memory, else several, each of what lies together. There are fewer items at the stream's beginning, and
// after some were missed. It is valid as long as the item. Items of which only a part was published are shown whole.
func (it *Item[T]) Window() []*ndarray.Array[T] { return it.reader.windows() }

func (r *Reader[T]) windows() (all []*ndarray.Array[T]) {
	if r.item.Array == r.stream.none {
		return nil
	}
	err := r.use(func(m *mapping) error {
		first, last := -1, -1
		from := max(atomic.LoadUint64(&r.port.From), r.item.Number-min(r.item.Number, uint64(len(r.kept)-1)))
		from = min(from, r.item.Number) // which a damaged port does not say
		for number := from; number <= r.item.Number; number++ {
			at := r.kept[number%uint64(len(r.kept))]
			if first >= 0 && at != last+1 {
				all = append(all, r.stream.run(first, last))
				first = -1
			}
			if first < 0 {
				first = at
			}
			last = at
		}
		all = append(all, r.stream.run(first, last))
		return nil
	})
	if err != nil {
		return nil // the reader says why with its next step
	}
	return all
}

// run returns the slots from first to last, for reading.
func (s *Stream[T]) run(first, last int) *ndarray.Array[T] {
	return s.slots.Slice(ndarray.Range(first, last+1)).ReadOnly()
}

// Items yields the items of the stream, as they come, each valid until the next step. An item that the loop has left is done with.
// An error ends it, one of Next's; the stream's end is none.
func (s *Stream[T]) Items(ctx context.Context, opts ...ReaderOption) iter.Seq2[*Item[T], error] {
	return func(yield func(*Item[T], error) bool) {
		r, err := s.Reader(opts...)
		if err != nil {
			yield(nil, err)
			return
		}
		left := false
		defer func() {
			if left {
				r.Release() // fails only with the stream
			}
			r.Close() // likewise
		}()
		for {
			item, err := r.Next(ctx)
			if err == io.EOF {
				return
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(item, nil) {
				left = true
				return
			}
		}
	}
}
