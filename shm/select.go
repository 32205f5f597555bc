package shm

import (
	"context"
	"fmt"
	"io/fs"
	"math"
	"sync/atomic"
	"time"

	"github.com/samebytes/samebytes/internal/futex"
)

// Awaited is what [Select] waits for: a [Reader]'s next item, or a [Segment]'s next version ([Segment.Since]).
type Awaited interface{ awaited() awaited }

type awaited struct {
	segment *Segment
	writing bool                           // it takes the right to write
	ready   func(m *mapping) (bool, error) // whether there is something
	most    time.Duration                  // the longest sleep
}

// Since is, for [Select], that the segment's version is another than the given one.
func (s *Segment) Since(version uint64) Awaited { return since{s, version} }

type since struct {
	segment *Segment
	version uint64
}

func (s since) awaited() awaited {
	return awaited{
		segment: s.segment,
		ready:   func(m *mapping) (bool, error) { return atomic.LoadUint64(&m.control().Published) != s.version, nil },
		most:    maxSleep,
	}
}

func (r *Reader[T]) awaited() awaited {
	return awaited{segment: r.stream.Segment, writing: true, ready: r.ready, most: r.sleep()}
}

// ready reports whether Next would not wait. The item of a group may be another member's by then.
func (r *Reader[T]) ready(m *mapping) (bool, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed || r.port == nil {
		return false, ErrClosed
	}
	c := m.control()
	ended := atomic.LoadUint32(&c.Ended) != 0
	next := atomic.LoadUint64(&r.port.To)
	left := false
	if r.group {
		if err := m.latched(func() error {
			group, err := m.groupOf(r.port)
			if err == nil {
				next, left = atomic.LoadUint64(&group.From), m.hasLeft(r.port)
			}
			return err
		}); err != nil {
			return false, err
		}
	}
	return ended || left || next <= m.newest(), nil
}

// Select returns the index of one that is ready, as soon as one is: of several any. A [Reader] is ready when its Next, TryNext or Latest
// would return at once, also with io.EOF.
// The errors are the context's, fs.ErrInvalid where there is nothing to wait for, and those of [Segment.Wait] for one of the segments.
func Select(ctx context.Context, of ...Awaited) (ready int, err error) {
	if len(of) == 0 {
		return -1, fmt.Errorf("shm: select: %w: expected something to wait for", fs.ErrInvalid)
	}
	s := selection{ctx: ctx, values: make([]uint32, len(of))}
	for _, a := range of {
		s.of = append(s.of, a.awaited())
	}
	if err := s.open(0); err != nil {
		return -1, fmt.Errorf("shm: select: %w", err)
	}
	return s.found, nil
}

// selections counts calls of Select, each of which begins to look at another place, so that none is overlooked for ever.
var selections atomic.Uint32

type selection struct {
	ctx    context.Context
	of     []awaited
	words  []*uint32
	values []uint32
	found  int
}

// open holds the mappings from the i-th on, one within the other, and then waits.
func (s *selection) open(i int) (err error) {
	if i == len(s.of) {
		return s.wait()
	}
	segment := s.of[i].segment
	if err := segment.hold(s.of[i].writing); err != nil {
		return fmt.Errorf("%q: %w", segment.label(), err)
	}
	defer segment.drop()
	m := segment.mapping
	defer m.notFault(&err, setFaults())
	if err := m.whole(); err != nil {
		return fmt.Errorf("%q: %w", segment.label(), err)
	}
	s.words = append(s.words, m.futexWord())
	return s.open(i + 1)
}

func (s *selection) wait() error {
	if found, err := s.look(); found || err != nil {
		return err
	}
	if futex.Look(s.changed) {
		if found, err := s.look(); found || err != nil {
			return err
		}
	}
	wake := func() { futex.Wake(s.words[0], math.MaxInt32) }
	defer wakeWhenDone(s.ctx, wake)()
	most := maxSleep
	for _, a := range s.of {
		defer wakeWhenDone(a.segment.open, wake)()
		most = min(most, a.most)
	}
	for {
		found, err := s.look()
		if found || err != nil {
			return err
		}
		if err := s.ctx.Err(); err != nil {
			return err
		}
		for _, a := range s.of {
			if a.segment.open.Err() != nil {
				return fmt.Errorf("%q: %w", a.segment.label(), ErrClosed)
			}
		}
		if _, err := futex.WaitAny(s.words, s.values, most); err == futex.ErrGone {
			return fmt.Errorf("%w: %w", ErrBroken, err)
		} else if err != nil {
			return err
		}
	}
}

// look looks for one that is ready, after it has noted the words to sleep on: what comes later changes them.
func (s *selection) look() (found bool, err error) {
	for i, word := range s.words {
		s.values[i] = atomic.LoadUint32(word)
	}
	first := int(selections.Add(1))
	for n := range s.of {
		i := (first + n) % len(s.of)
		a := s.of[i]
		if found, err := a.ready(a.segment.mapping); err != nil {
			return false, fmt.Errorf("%q: %w", a.segment.label(), err)
		} else if found {
			s.found = i
			return true, nil
		}
	}
	return false, nil
}

// changed reports whether something was published since the last look.
func (s *selection) changed() bool {
	for i, word := range s.words {
		if atomic.LoadUint32(word) != s.values[i] {
			return true
		}
	}
	return false
}
