package shm

import (
	"context"
	"fmt"
	"math"
	"sync/atomic"
	"time"

	"github.com/samebytes/samebytes/internal/futex"
	"github.com/samebytes/samebytes/ndarray"
)

// The table of boxes holds every lock of a segment, held, waited for, or left by the dead: a range on each axis, and who is in
// what state with it. Two boxes conflict when they overlap on every axis and one of them is exclusive.
//
// What makes it survive a death at any instruction:
//
//   - A row says nothing until its Owner is stored, after its other fields, and says nothing again once Owner is zero. Every
//     change of a row's state is one store of Owner. So whatever the latch's next holder finds is a table between two changes.
//   - Rows are made, and those of the dead are changed, only under the latch. A row of the living is freed by its owner, without
//     the latch, by one swap: nobody else writes it meanwhile.
//   - Used and Waiting are hints that err on the safe side: Used is raised before a row beyond it is made, Waiting is set
//     before its row sleeps.
//
// Who unlocks swaps the row to zero and then reads Waiting; who waits sets Waiting and then reads the rows. Both are barriers, so
// one of the two sees the other: no waiter sleeps beside a free box, but for those who die in between, after which sleeps end
// by themselves.
//
// Turns: a waiter is woken when nothing holds what it asked for and nothing that asked before it waits for that. Whoever runs
// may take a free box first, since a sleeper takes long to wake; but each who does adds one to the Passed of those it passes,
// and at maxPassed all others wait. So a waiter is served after at most maxPassed others that asked later. One that
// was woken and has not come after nextSleeps (it may be stopped) can be passed again.
const maxPassed = 100

type state uint64

const (
	free state = iota
	waitingShared
	waitingExclusive
	shared
	exclusive
	damaged
)

var stateNames = []string{"free", "waiting for shared", "waiting for exclusive", "shared", "exclusive", "damaged"}

func (s state) String() string { return stateNames[s] }

const stateShift = 32

func ownerWord(who uint32, s state) uint64 { return uint64(who) | uint64(s)<<stateShift }

func ownerParts(word uint64) (who uint32, s state) { return uint32(word), state(word >> stateShift) }

// span is the range of positions from first up to but without last, on one axis.
type span struct{ first, last int64 }

// everywhere spans an axis whatever its length, now and when the array has grown.
var everywhere = span{0, math.MaxInt64}

func overlap(a, b []span) bool {
	for d := range a {
		if a[d].first >= b[d].last || b[d].first >= a[d].last {
			return false
		}
	}
	return true
}

func contains(outer, inner []span) bool {
	for d := range outer {
		if outer[d] != everywhere && (inner[d].first < outer[d].first || inner[d].last > outer[d].last) { // everywhere: damaged words too
			return false
		}
	}
	return true
}

// request is a box that is asked for.
type request struct {
	spans   []span
	state   state // shared or exclusive
	recover bool  // also where the dead have left marks
	thread  uint64
}

func (r *request) conflicts(b *box, spans []span, s state) bool {
	return (r.state == exclusive || s == exclusive || s == waitingExclusive || s == damaged) && overlap(r.spans, spans)
}

// noRow stands for none of the table's rows.
const noRow = -1

// acquire waits until the box can be had, and returns its row. It gives up when ctx ends, or open, which is the segment's.
// The errors are the context's, ErrClosed, ErrOwnerDied, ErrFull, and ErrBroken where the table's pages are gone.
func (m *mapping) acquire(ctx, open context.Context, r *request) (int, error) {
	row, err := m.tryAcquire(ctx, r)
	if row == noRow && err == nil && futex.Look(func() bool { return m.unheld(r) }) {
		row, err = m.tryAcquire(ctx, r)
	}
	if row != noRow || err != nil {
		return row, err
	}
	both, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(open, cancel)()
	row, err = m.wait(both, r)
	if err != nil && open.Err() != nil {
		err = ErrClosed
	} else if err != nil && ctx.Err() != nil {
		err = ctx.Err()
	}
	return row, err
}

// tryAcquire returns the box's row, or noRow when it must be waited for.
func (m *mapping) tryAcquire(ctx context.Context, r *request) (int, error) {
	if err := m.latch(ctx); err != nil {
		return noRow, err
	}
	row, err := m.take(r, noRow, 0)
	m.unlatch()
	return row, err
}

// wait puts the request among the waiting rows and sleeps there until it is its turn. The errors are ctx's, and acquire's.
func (m *mapping) wait(ctx context.Context, r *request) (row int, err error) {
	if err := m.latch(ctx); err != nil {
		return noRow, err
	}
	mine, err := m.freeRow()
	if err != nil {
		m.unlatch()
		return noRow, err
	}
	m.write(mine, r, r.state-shared+waitingShared)
	atomic.StoreUint32(&m.control().Waiting, 1)
	b, _ := m.box(mine)
	defer wakeWhenDone(ctx, func() { futex.Wake(&b.Wake, 1) })()

	for expired, sleep := time.Duration(0), firstSleep; ; sleep = nextSleeps {
		if ctx.Err() != nil {
			expired = max(expired, firstSleep) // who waits for less than a sleep looks who lives, too
		}
		if row, err = m.take(r, mine, expired); row != noRow {
			m.unlatch()
			return row, nil
		}
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			atomic.StoreUint64(&b.Owner, 0)
			m.wakeTurns(noRow) // this one may have been woken in place of another
			return noRow, err
		}
		b.Wake = 0
		if expired > 0 { // whoever should have woken somebody may have died
			m.wakeTurns(mine)
		} else {
			m.unlatch()
		}
		if expired, err = m.sleep(b, sleep); err == nil {
			err = m.latch(ctx)
		}
		if err != nil { // without the latch, which could not be had
			atomic.SwapUint64(&b.Owner, 0)
			m.wakeNext()
			return noRow, err
		}
	}
}

// sleep ends when the row is woken, after most, or for no reason. It returns most in the second case.
func (m *mapping) sleep(b *box, most time.Duration) (expired time.Duration, err error) {
	woken, err := futexWait(&b.Wake, 0, most)
	if woken {
		most = 0
	}
	return most, err
}

// take gives the request its box if nothing stands against it: the row mine that waits for it, or a new one. It returns noRow
// when the request must wait. After a sleep that nobody ended, expired, it looks whether those in the way live. The latch is
// held.
// The errors are ErrOwnerDied and ErrFull.
func (m *mapping) take(r *request, mine int, expired time.Duration) (int, error) {
	row, blocked, anyWaits := mine, false, false
	ticket := uint64(math.MaxUint64)
	if mine != noRow {
		b, _ := m.box(mine)
		ticket = b.Ticket
	}
	used := m.trim()
	for i := range used {
		b, spans := m.box(i)
		who, s := ownerParts(atomic.LoadUint64(&b.Owner))
		if s == free {
			if row == noRow {
				row = i
			}
			continue
		}
		if i == mine || !r.conflicts(b, spans, s) {
			continue
		}
		if s > damaged || expired > 0 && s != damaged && m.dead(who) {
			m.bury(i)
			if _, s = ownerParts(b.Owner); s == free {
				continue
			}
		}
		switch s {
		case damaged:
			if !r.recover || !contains(r.spans, spans) {
				return noRow, m.ownerDied(spans)
			}
		case waitingShared, waitingExclusive:
			anyWaits = true
			switch {
			case b.Ticket > ticket || b.Passed < maxPassed:
			case expired >= nextSleeps && b.Wake != 0:
				b.Passed = 0
			default:
				blocked = true
			}
		default:
			blocked = true
		}
	}
	if blocked {
		return noRow, nil
	}
	if row == noRow {
		var err error
		if row, err = m.freeRow(); err != nil {
			return noRow, err
		}
	}
	if anyWaits {
		m.pass(r, ticket, mine)
	}
	if mine == noRow {
		m.write(row, r, r.state)
	} else {
		b, _ := m.box(mine)
		storeRelease(&b.Owner, ownerWord(m.me, r.state))
	}
	if r.state == exclusive {
		c := m.control()
		storeRelease(&c.Writes, c.Writes+1) // after Owner, before any element: see snapshot.go
		storeFence()
	}
	return row, nil
}

// unheld reports whether nothing seems to hold the box, without the latch: what it says may be over already.
func (m *mapping) unheld(r *request) bool {
	for i := range m.used() {
		b, spans := m.box(i)
		_, s := ownerParts(atomic.LoadUint64(&b.Owner))
		if (s == shared || s == exclusive) && r.conflicts(b, spans, s) {
			return false
		}
	}
	return true
}

// pass counts the request that is about to be served against those that wait for longer.
func (m *mapping) pass(r *request, ticket uint64, mine int) {
	for i := range m.used() {
		b, spans := m.box(i)
		_, s := ownerParts(atomic.LoadUint64(&b.Owner))
		if i != mine && (s == waitingShared || s == waitingExclusive) && b.Ticket < ticket && r.conflicts(b, spans, s) {
			b.Passed = min(b.Passed, maxPassed) + 1
		}
	}
}

// write makes a row of the request. Owner comes last: it is what makes the row.
func (m *mapping) write(row int, r *request, s state) {
	b, spans := m.box(row)
	c := m.control()
	c.Ticket++
	b.Thread, b.Ticket, b.Wake, b.Passed = r.thread, c.Ticket, 0, 0
	copy(spans, r.spans)
	if used := uint32(row + 1); c.Used < used {
		c.Used = used
	}
	storeRelease(&b.Owner, ownerWord(m.me, s))
}

// used returns how many rows of the table need to be looked at.
func (m *mapping) used() int { return int(min(m.control().Used, m.content.control.Boxes)) }

// trim lowers Used as far as the rows before it are free, and returns it. The latch is held.
func (m *mapping) trim() int {
	used := m.used()
	for used > 0 {
		if b, _ := m.box(used - 1); atomic.LoadUint64(&b.Owner) != 0 {
			break
		}
		used--
	}
	m.control().Used = uint32(used)
	return used
}

// freeRow returns a row that says nothing. The latch is held.
// The error is ErrFull.
func (m *mapping) freeRow() (int, error) {
	boxes := int(m.content.control.Boxes)
	for again := false; ; again = true {
		for i := range boxes {
			if b, _ := m.box(i); atomic.LoadUint64(&b.Owner) == 0 {
				return i, nil
			}
		}
		if again || !m.buryDead() {
			return noRow, fmt.Errorf("%w: expected at most %d boxes locked and waited for, found another", ErrFull, boxes)
		}
	}
}

// buryDead changes all rows of the dead, and reports whether there were any. The latch is held.
func (m *mapping) buryDead() (any bool) {
	for i := range m.used() {
		b, _ := m.box(i)
		if who, s := ownerParts(atomic.LoadUint64(&b.Owner)); s != free && s != damaged && m.dead(who) {
			m.bury(i)
			any = true
		}
	}
	return any
}

// sweep changes the rows that the last holders of this process's participant row left, of which this one has made none yet: one
// of them may have had its identity, 2^20 joins ago. The latch is held.
func (m *mapping) sweep() {
	for i := range int(m.content.control.Boxes) { // not used(): it may be damaged
		b, _ := m.box(i)
		who, s := ownerParts(atomic.LoadUint64(&b.Owner))
		if s != free && s != damaged && who&identityRowMask == m.me&identityRowMask {
			m.bury(i)
		}
	}
}

// bury frees the row of a dead participant, or turns it into a mark of damage if it held its box alone. The latch is held.
func (m *mapping) bury(row int) {
	b, spans := m.box(row)
	who, s := ownerParts(atomic.LoadUint64(&b.Owner))
	if s != exclusive || m.content.control.Flags&flagRecoverAlways != 0 || m.marked(row, spans) {
		atomic.StoreUint64(&b.Owner, 0)
		return
	}
	atomic.StoreUint64(&b.Owner, ownerWord(who, damaged))
}

// marked reports whether another mark contains the box, as the one that a dead repairer was at work on does.
func (m *mapping) marked(row int, box []span) bool {
	for i := range m.used() {
		b, spans := m.box(i)
		if _, s := ownerParts(atomic.LoadUint64(&b.Owner)); i != row && s == damaged && contains(spans, box) {
			return true
		}
	}
	return false
}

// marks returns the boxes left half written that lie within the given one. The latch is held, or nothing is promised.
func (m *mapping) marks(within []span) [][]span {
	var all [][]span
	for i := range m.used() {
		b, spans := m.box(i)
		if _, s := ownerParts(atomic.LoadUint64(&b.Owner)); s == damaged && contains(within, spans) {
			all = append(all, append([]span(nil), spans...))
		}
	}
	return all
}

// repaired clears the marks that lie within the box. The latch is held.
func (m *mapping) repaired(within []span) {
	for i := range m.used() {
		b, spans := m.box(i)
		if _, s := ownerParts(atomic.LoadUint64(&b.Owner)); s == damaged && contains(within, spans) {
			atomic.StoreUint64(&b.Owner, 0)
		}
	}
}

func (m *mapping) ownerDied(spans []span) error {
	return fmt.Errorf("%w: %s may be half written", ErrOwnerDied, spansString(spans))
}

// unlockRow frees a row that this process holds, and wakes those whose turn it is.
// The error is ErrBroken when the row is not what it was made.
func (m *mapping) unlockRow(row int, s state) error {
	b, _ := m.box(row)
	if !atomic.CompareAndSwapUint64(&b.Owner, ownerWord(m.me, s), 0) {
		return fmt.Errorf("%w: somebody has overwritten the table of locks", ErrBroken)
	}
	if atomic.LoadUint32(&m.control().Waiting) != 0 {
		m.wakeNext()
	}
	return nil
}

// wakeNext wakes those whose turn it is. Where the latch cannot be had soon, their own sleeps' ends do.
func (m *mapping) wakeNext() {
	if m.latchSoon() {
		m.wakeTurns(noRow)
	}
}

// wakeTurns marks as woken the waiting rows whose turn it is, gives the latch back, and wakes those that slept.
func (m *mapping) wakeTurns(except int) {
	list := m.turns(except)
	m.unlatch()
	for _, row := range list.rows[:list.n] {
		b, _ := m.box(int(row))
		futex.Wake(&b.Wake, 1) // a row may be another's by now, which wakes it for no reason
	}
}

// wakeList is the rows to wake once the latch is given back. More than fit are woken at their next look.
type wakeList struct {
	n    int
	rows [16]int16
}

// turns marks as woken the waiting rows whose turn it is, and returns those that slept. The latch is held.
func (m *mapping) turns(except int) (list wakeList) {
	waits := false
	for i := range m.used() {
		b, spans := m.box(i)
		_, s := ownerParts(atomic.LoadUint64(&b.Owner))
		if s != waitingShared && s != waitingExclusive {
			continue
		}
		waits = true
		if i != except && b.Wake == 0 && m.hasTurn(i, b, spans, s) {
			b.Wake = 1
			if list.n < len(list.rows) {
				list.rows[list.n] = int16(i)
				list.n++
			}
		}
	}
	if !waits {
		atomic.StoreUint32(&m.control().Waiting, 0)
	}
	return list
}

// hasTurn reports whether nothing holds the box of a waiting row and nothing that asked before waits for it.
func (m *mapping) hasTurn(row int, b *box, spans []span, s state) bool {
	r := request{spans: spans, state: s - waitingShared + shared}
	for i := range m.used() {
		other, otherSpans := m.box(i)
		_, os := ownerParts(atomic.LoadUint64(&other.Owner))
		switch os {
		case free, damaged: // who waits beside a mark must learn of it
		case waitingShared, waitingExclusive:
			if i != row && other.Ticket < b.Ticket && r.conflicts(other, otherSpans, os) {
				return false
			}
		default:
			if r.conflicts(other, otherSpans, os) {
				return false
			}
		}
	}
	return true
}

// spansOf sets spans to the box of the array that the indices name, which Slice takes too. A step's box is all from its first to
// its last position.
// The errors are ndarray.ErrShape and ErrBroken.
func (m *mapping) spansOf(spans []span, ix []ndarray.Index) error {
	if len(ix) > len(spans) {
		return fmt.Errorf("%w: expected at most %d indices, found %d", ndarray.ErrShape, len(spans), len(ix))
	}
	for d := range spans {
		if d >= len(ix) || ix[d] == ndarray.All {
			spans[d] = everywhere
			continue
		}
		length := m.content.header.Shape[d]
		var err error
		if d == 0 {
			length, err = m.length()
		}
		var first, last int
		if err == nil {
			first, last, err = ix[d].Hull(length)
		}
		if err != nil {
			return fmt.Errorf("axis %d: %w", d, err)
		}
		spans[d] = span{int64(first), int64(last)}
	}
	return nil
}

// spansString is Python's index for the box, as "[2:5, :]".
func spansString(spans []span) string {
	text := []byte{'['}
	for d, s := range spans {
		if d > 0 {
			text = append(text, ", "...)
		}
		switch s {
		case everywhere:
			text = append(text, ':')
		default:
			text = fmt.Appendf(text, "%d:%d", s.first, s.last)
		}
	}
	return string(append(text, ']'))
}
