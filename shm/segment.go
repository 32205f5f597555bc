package shm

import (
	"context"
	"fmt"
	"math"
	"sync/atomic"

	"github.com/samebytes/samebytes/ndarray"
)

// Segment is one opening of a segment or file: its names, its counter of publications, and its locks. An [Array] embeds it.
type Segment struct {
	name string
	path string

	mapping *mapping
	uses    atomic.Int64       // calls in progress and locks held; closed is added by Close
	open    context.Context    // ends with Close
	end     context.CancelFunc // ends it
}

// closed is added to a segment's uses by Close: far below zero, however many calls follow.
const closed = math.MinInt64 / 2

func newSegment(name, path string, m *mapping) *Segment {
	s := &Segment{name: name, path: path, mapping: m}
	s.open, s.end = context.WithCancel(context.Background())
	return s
}

// Name returns the segment's name, or "" for a file opened by its path.
func (s *Segment) Name() string { return s.name }

// Path returns the path of the file, as it was when the segment was opened.
func (s *Segment) Path() string { return s.path }

// ID returns the random id that tells this array from a later one of the same name; zero for a plain .npy file.
func (s *Segment) ID() [16]byte { return s.mapping.content.control.ID }

// Temporary reports whether the segment goes with its last user: see [New].
func (s *Segment) Temporary() bool { return s.mapping.content.control.Flags&flagTemporary != 0 }

// hold keeps the mapping for a call that uses the control block, until drop. Close does not wait for it: the last drop then
// unmaps.
// The errors are ErrClosed, ErrNoControl, ErrBroken, and ndarray.ErrReadOnly for writing.
func (s *Segment) hold(writing bool) error {
	for {
		uses := s.uses.Load()
		if uses < 0 {
			return ErrClosed
		}
		if s.uses.CompareAndSwap(uses, uses+1) {
			break
		}
	}
	if err := s.usable(writing); err != nil {
		s.drop()
		return err
	}
	return nil
}

// usable says why the control block cannot be used.
func (s *Segment) usable(writing bool) error {
	m := s.mapping
	switch {
	case m.content.controlOffset == 0:
		return ErrNoControl
	case writing && !m.key.writable:
		return ndarray.ErrReadOnly
	case m.broken.Load():
		return errCut
	}
	return nil
}

func (s *Segment) drop() {
	if s.uses.Add(-1) == closed {
		s.mapping.release()
	}
}

// close ends this opening; views of the array must not be used any more. Waits in progress return ErrClosed.
func (s *Segment) close() error {
	for {
		uses := s.uses.Load()
		if uses < 0 {
			return fmt.Errorf("shm: close %q: %w", s.label(), ErrClosed)
		}
		if s.uses.CompareAndSwap(uses, uses+closed+1) { // held for the moment, so that drop below unmaps if it is the last
			break
		}
	}
	s.end()
	s.drop()
	return nil
}

// label is what messages call the segment.
func (s *Segment) label() string {
	if s.name != "" {
		return s.name
	}
	return s.path
}
