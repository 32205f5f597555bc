package shm

import (
	"context"
	"sync/atomic"

	"github.com/samebytes/samebytes/internal/futex"
	"github.com/samebytes/samebytes/npy"
)

// What the tests of deaths need to bring the tables into the states that a death at one instruction leaves. Who calls these
// then dies.

// TakeLatch takes the latch, as every change of the table of boxes begins.
func TakeLatch(s *Segment) error { return s.mapping.latch(context.Background()) }

// ReleaseLatch gives it back.
func ReleaseLatch(s *Segment) { s.mapping.unlatch() }

// ClearLatch is half of ReleaseLatch: the word is free, and nobody was woken.
func ClearLatch(s *Segment) { atomic.SwapUint32(&s.mapping.control().Latch, 0) }

// LatchWord returns the latch's word.
func LatchWord(s *Segment) *uint32 { return &s.mapping.control().Latch }

// LatchWaited reports whether somebody may sleep on the latch.
func LatchWaited(s *Segment) bool { return atomic.LoadUint32(LatchWord(s))&latchWaiters != 0 }

// ClearRow is half of Unlock: the row is free, and nobody was woken.
func ClearRow(g *Guard) {
	b, _ := g.segment.mapping.box(g.row)
	atomic.StoreUint64(&b.Owner, 0)
}

// OwnerWord returns the word of a row of the table of boxes that says what the row is.
func OwnerWord(s *Segment, row int) *uint64 {
	b, _ := s.mapping.box(row)
	return &b.Owner
}

// RowOf returns the row of a lock that is held.
func RowOf(g *Guard) int { return g.row }

// Boxes returns how many rows the table of boxes has.
func Boxes(s *Segment) int { return int(s.mapping.content.control.Boxes) }

// BoxWaited reports whether some row may be waiting.
func BoxWaited(s *Segment) bool { return atomic.LoadUint32(&s.mapping.control().Waiting) != 0 }

// WokenRows returns how many waiting rows were woken and have not looked yet.
func WokenRows(s *Segment) (n int) {
	for i := range s.mapping.used() {
		b, _ := s.mapping.box(i)
		_, state := ownerParts(atomic.LoadUint64(&b.Owner))
		if (state == waitingShared || state == waitingExclusive) && atomic.LoadUint32(&b.Wake) != 0 {
			n++
		}
	}
	return n
}

// HalfRow is what the latch's holder has done before a row becomes one.
func HalfRow(s *Segment) {
	m := s.mapping
	row, err := m.freeRow()
	if err != nil {
		panic(err)
	}
	b, spans := m.box(row)
	m.control().Ticket++
	m.control().Used = uint32(row + 1)
	b.Ticket, b.Passed = m.control().Ticket, maxPassed
	for d := range spans {
		spans[d] = everywhere
	}
}

// BuryDead marks what the dead have left. The latch is held.
func BuryDead(s *Segment) { s.mapping.buryDead() }

// Generation returns the word that counts how often a row of the table of participants was taken.
func Generation(s *Segment, row int) *uint32 { return &s.mapping.participant(row).Generation }

// PID returns the word that says which process has the row, to people.
func PID(s *Segment, row int) *uint32 { return &s.mapping.participant(row).PID }

// Hints returns the words that say which rows of the table of boxes to look at.
func Hints(s *Segment) (used, waiting *uint32, ticket, dirty *uint64) {
	c := s.mapping.control()
	return &c.Used, &c.Waiting, &c.Ticket, &c.Dirty
}

// Published returns the counter of publications.
func Published(s *Segment) *uint64 { return &s.mapping.control().Published }

// WakeStorm wakes all who wait for a publication, though there is none.
func WakeStorm(s *Segment) { futex.Wake(s.mapping.futexWord(), 1<<30) }

// Refs returns how many openings share the segment's mapping.
func Refs(s *Segment) int {
	mappings.mu.Lock()
	defer mappings.mu.Unlock()
	return s.mapping.refs
}

// FixedSize is the length of the control block's beginning that never changes.
func FixedSize() int { return len(new(controlBlock).fixed()) }

// LengthField returns the characters in the header that are a growable array's length.
func LengthField(s *Segment) []byte {
	at := s.mapping.content.control.Length
	return s.mapping.bytes[at : at+npy.LengthField]
}

// LetGo gives back the byte of the directory's domain file that this process has locked, as its end does.
func LetGo(dir string) {
	keepers.mu.Lock()
	defer keepers.mu.Unlock()
	if k, ok := keepers.byDir[dir]; ok {
		k.file.close()
		delete(keepers.byDir, dir)
	}
}

// Flight returns the words that say which handles of the segment are under way.
func Flight(s *Segment) (inFlight, keeper *uint64) {
	c := s.mapping.control()
	return &c.InFlight, &c.Keeper
}

// CollectPatiently does what the first temporary segment of a process does.
func CollectPatiently() { gc(false, true) }

// LackWaitAny has Select do without futex_waitv, or with it, until the returned function is called.
func LackWaitAny(lacks bool) (restore func()) { return futex.LackAny(lacks) }
