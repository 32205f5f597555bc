package shm

import (
	"encoding/binary"
	"path/filepath"
	"sync/atomic"
)

// A temporary segment goes with its last participant; but a queue may hold a handle of one that its sender has closed already. So
// the control block counts: who gives a handle away adds 1 to InFlight, who opens one takes 1 from it, having become a
// participant. The last participant deletes the segment only where InFlight is 0. That needs no message back, holds no memory
// longer than it is of use, and it does not matter whether the sender lives by then.
//
// What nobody ever opens has to go some time. Keeper is the number of a byte in the domain's file that the process which gave the
// handle away last has locked while it lives; in Python it is shared by all processes that multiprocessing started from one
// another. GC deletes what is under way once none of them lives. But only who calls it: what is collected when a
// temporary segment is made leaves these alone, since the process that is to open the handle may be one that had no use for this
// package before, and has locked nothing.

// send notes that a handle of the segment is given away.
func (s *Segment) send() error {
	if !s.mapping.isCounted() {
		return nil
	}
	if err := s.hold(true); err != nil {
		return err
	}
	defer s.drop()
	number, err := keep(filepath.Dir(s.mapping.path))
	if err != nil {
		return err
	}
	return s.mapping.count(func(c *controlBlock) {
		atomic.StoreUint64(&c.Keeper, number)
		atomic.AddUint64(&c.InFlight, 1)
	})
}

// receive notes that a handle of the segment was opened.
func (m *mapping) receive() error {
	if !m.isCounted() {
		return nil
	}
	return m.count(func(c *controlBlock) {
		for n := atomic.LoadUint64(&c.InFlight); n > 0; n = atomic.LoadUint64(&c.InFlight) {
			if atomic.CompareAndSwapUint64(&c.InFlight, n, n-1) {
				return
			}
		}
	})
}

func (m *mapping) isCounted() bool {
	return m.participates() && m.content.control.Flags&flagTemporary != 0
}

// count changes words of the control block.
// The error is ErrBroken.
func (m *mapping) count(change func(*controlBlock)) (err error) {
	defer m.notFault(&err, setFaults())
	if err := m.whole(); err != nil {
		return err
	}
	change(m.control())
	return nil
}

// inFlight returns what a file of that size says of handles under way. By a system call: to touch a page of a file that was cut
// is a fault.
func (f file) inFlight(size int) (n, keeper uint64, err error) {
	var words [16]byte
	err = f.readAt(words[:], size-controlSize+flightOffset)
	return binary.LittleEndian.Uint64(words[:]), binary.LittleEndian.Uint64(words[8:]), err
}

// isOver reports whether nobody who is known to live will open a handle of a temporary segment that has no participants; with patience
// only whether none is under way.
func (f file) isOver(size int, dir string, patience bool) bool {
	n, keeper, err := f.inFlight(size)
	return err == nil && (n == 0 || !patience && !isKept(dir, keeper))
}
