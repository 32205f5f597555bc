package shm

import (
	"context"
	"fmt"
	"math"
	"sync/atomic"

	"github.com/samebytes/samebytes/internal/futex"
)

// A stream's ring is the table of slots, one for each element of the first axis, and the table of ports, one for each writer and
// reader. Items are numbered from 1 in the order of publication, which is not that of loans: nobody waits for a writer that is slow.
//
//	loan     under the latch: a slot that has no owner, and no item that a port needs, gets an owner
//	publish  under the latch: Time, Length and Number of the slot, its place in Order, and then Head, which is what publishes
//	take     without it: Head, the item's place in Order, Number; From and To of the reader's own port say what it needs
//	release  without it: From
//
// Reliable streams: a reader needs all items from From on. From only grows but for a join, which is under the latch, and so does what
// no port needs: writers keep Floor, a bound below which they need not look.
//
// Lossy streams: a reader needs the items from From to To, which it has taken. It stores both and then looks whether Number is still
// the item's; a writer marks Number and then looks at the ports. The stores and loads are sequentially consistent, so that one
// of them sees the other: the reader goes on to the next item, or the writer takes the mark away and tries another slot. A writer
// loads From before To, and a reader stores To before it stores a greater From: so a writer that looks while the two
// change sees too much needed, and never too little. If it dies then, the mark stays, and with it the number: who comes next looks in
// the same way.
//
// Each change is what it is by one store, and so is a death in its midst. A dead writer's slot has an owner that is dead and a
// Number of 0, or one that was never published, being none of Order's: it is free. If the last store was Head's, it has an item, and
// is freed of its owner. What a dead reader needs nobody needs: its port is freed by who waits for room.
//
// A group has a port of its own, whose From is the next item for any of its members. A member that takes an item stores what it needs in
// its own port, and then the group's From, which is what takes it. So an item below From that a dead member's port has is to be
// taken again, and one at From or above was not taken. Members take under the latch.
//
// Nobody's sleep depends on a wake alone: readers and writers look again after 1 s, and 10 ms where they wait for what a death gives.
//
// TestStream... and tests/streams try to break this, by processes of both languages that are killed.

// role is what a port is for.
const (
	roleWriter = 1 + iota
	roleReader
	roleGroup
	roleMember
)

// Owners of ports that are no participant's identity.
const (
	ownedByMembers = 1 << 30         // of a group
	ownedByNobody  = identityRowMask // of a member that left with an item: dead to all, as no table has such a row
)

// claimed marks the Number of a lossy stream's slot while a writer looks whether a port needs its item.
const claimed = 1 << 63

// lastItem is the highest number of an item: what is above is no number, and sums with it do not overflow.
const lastItem = 1<<62 - 1

// newest returns the number of the item published last. One that is damaged is that of no item.
func (m *mapping) newest() uint64 { return min(atomic.LoadUint64(&m.control().Head), lastItem) }

// redeliver is how many items a member of a group takes before it looks again whether another has died.
const redeliver = 32

// isLossy reports whether writers never wait.
func (m *mapping) isLossy() bool { return m.content.control.Flags&flagLossy != 0 }

// needs reports whether a port needs an item, so that its slot cannot be used for another.
func (m *mapping) needs(p *port, number uint64) bool {
	from := atomic.LoadUint64(&p.From)
	switch p.Role {
	case roleReader, roleGroup:
		if !m.isLossy() {
			return number >= from
		}
		if p.Role == roleGroup {
			return false
		}
	case roleMember:
	default:
		return false
	}
	return from <= number && number < atomic.LoadUint64(&p.To)
}

// usedPorts returns how many ports from the first may have an owner.
func (m *mapping) usedPorts() int {
	return min(int(atomic.LoadUint32(&m.control().UsedPorts)), int(m.content.control.Ports))
}

// floor returns a number below which no port of a reliable stream needs an item, the highest such. Under the latch.
func (m *mapping) floor() uint64 {
	lowest := m.newest() + 1
	for i := range m.usedPorts() {
		p := m.port(i)
		if atomic.LoadUint32(&p.Owner) == 0 || p.Role == roleWriter {
			continue
		}
		from := atomic.LoadUint64(&p.From)
		if p.Role != roleMember || from < atomic.LoadUint64(&p.To) {
			lowest = min(lowest, from)
		}
	}
	return lowest
}

// makeFree empties a slot of an item that no port needs, and reports whether it could. fresh says that Floor was made since
// the latch was taken. Under the latch.
func (m *mapping) makeFree(s *slot, number uint64, fresh *bool) bool {
	c := m.control()
	if !m.isLossy() {
		if number >= c.Floor && !*fresh {
			c.Floor, *fresh = m.floor(), true
		}
		if number >= c.Floor {
			return false
		}
		atomic.StoreUint64(&s.Number, 0)
		return true
	}
	number &^= claimed
	atomic.StoreUint64(&s.Number, number|claimed)
	for i := range m.usedPorts() {
		if p := m.port(i); atomic.LoadUint32(&p.Owner) != 0 && m.needs(p, number) {
			atomic.StoreUint64(&s.Number, number)
			return false
		}
	}
	return true
}

// takeSlots takes a slot for each of to, or none. Under the latch.
func (m *mapping) takeSlots(to []int) bool {
	c, ring := m.control(), int(m.content.control.Ring)
	first, fresh, taken := int(c.Next)%ring, false, 0
	at := first
	for range ring {
		s := m.slot(at)
		if atomic.LoadUint32(&s.Owner) == 0 {
			if number := atomic.LoadUint64(&s.Number); number == 0 || m.makeFree(s, number, &fresh) {
				atomic.StoreUint32(&s.Owner, m.me)
				atomic.StoreUint64(&s.Number, 0)
				to[taken] = at
				taken++
			}
		}
		if at++; at == ring {
			at = 0
		}
		if taken == len(to) {
			c.Next = uint32(at)
			return true
		}
	}
	m.freeSlots(to[:taken])
	return false
}

// freeSlots gives slots back that were taken.
func (m *mapping) freeSlots(taken []int) {
	for _, i := range taken {
		atomic.StoreUint32(&m.slot(i).Owner, 0)
	}
}

// discardSlots gives slots back, and has the next items use them, so that items lie in order. Under the latch.
func (m *mapping) discardSlots(taken []int) {
	m.freeSlots(taken)
	c, ring := m.control(), int(m.content.control.Ring)
	for i := len(taken) - 1; i >= 0 && (taken[i]+1)%ring == int(c.Next)%ring; i-- {
		c.Next = uint32(taken[i])
	}
}

// publishSlots publishes the items in slots that this process has on loan, in that order, each with so many elements on its first axis,
// and returns the number of the last. Under the latch.
// The error is ErrBroken.
func (m *mapping) publishSlots(taken []int, length uint64, now int64) (uint64, error) {
	c, ring := m.control(), uint64(m.content.control.Ring)
	head := m.newest()
	if head > lastItem-uint64(len(taken)) {
		return 0, fmt.Errorf("%w: expected items up to number %d, found number %d", ErrBroken, lastItem, head)
	}
	for i, slot := range taken {
		s, number := m.slot(slot), head+1+uint64(i)
		s.Time, s.Length = now, length
		atomic.StoreUint64(&s.Number, number)
		atomic.StoreUint32(&m.slot(int(number%ring)).Order, uint32(slot))
	}
	head += uint64(len(taken))
	atomic.StoreUint64(&c.Head, head)
	m.freeSlots(taken)
	return head, nil
}

// hunger notes that somebody waits for room, and returns the word to sleep on as it is before a last look for room. Under the latch.
func (m *mapping) hunger() uint32 {
	c := m.control()
	room := atomic.LoadUint32(&c.Room)
	atomic.StoreUint32(&c.Hungry, 1)
	return room
}

// feed wakes who waits for room, after there is some. A writer stores Hungry and then looks for room; whoever makes room does so and
// then loads Hungry. So one of them sees the other.
func (m *mapping) feed() {
	c := m.control()
	if atomic.LoadUint32(&c.Hungry) == 0 {
		return
	}
	atomic.StoreUint32(&c.Hungry, 0)
	atomic.AddUint32(&c.Room, 1)
	futex.Wake(&c.Room, math.MaxInt32)
}

// openPort takes a free row of the table of ports. The caller fills it in, and then stores its owner. Under the latch.
// The error is ErrFull.
func (m *mapping) openPort() (row int, err error) {
	c := m.control()
	for try := range 2 {
		for i := range int(m.content.control.Ports) {
			if i >= int(c.UsedPorts) {
				c.UsedPorts = uint32(i + 1)
			}
			if p := m.port(i); atomic.LoadUint32(&p.Owner) == 0 {
				*p = port{}
				return i, nil
			}
		}
		if try == 0 {
			m.sweepPorts()
		}
	}
	return 0, fmt.Errorf("%w: expected at most %d writers, readers and groups, found another", ErrFull, m.content.control.Ports)
}

// own makes a port that was filled in somebody's.
func (p *port) own(by uint32) { atomic.StoreUint32(&p.Owner, by) }

// joinReader opens a reader's port, whose first item is the one with the number, or the next that is in the ring. Under the latch.
func (m *mapping) joinReader(start uint64) (*port, error) {
	row, err := m.openPort()
	if err != nil {
		return nil, err
	}
	p := m.port(row)
	p.Role, p.From, p.To = roleReader, start, start
	m.lowerFloor(start)
	p.own(m.me)
	return p, nil
}

// lowerFloor notes that somebody is about to need an item.
func (m *mapping) lowerFloor(number uint64) {
	if c := m.control(); number < c.Floor {
		atomic.StoreUint64(&c.Floor, number)
	}
}

// joinGroup opens a port of a member of the group of that name, which begins as the reader would, or goes on. Under the latch.
func (m *mapping) joinGroup(name [24]byte, start uint64) (*port, error) {
	row, err := m.openPort() // first: it may free a group of the dead
	if err != nil {
		return nil, err
	}
	member := m.port(row)
	for i := range m.usedPorts() {
		if p := m.port(i); atomic.LoadUint32(&p.Owner) == ownedByMembers && p.Name == name {
			member.Role, member.Group = roleMember, uint32(i)
			member.own(m.me)
			return member, nil
		}
	}
	member.Role = roleWriter // until there is a group
	member.own(m.me)         // so that the group has another row
	group, err := m.openPort()
	if err != nil {
		member.own(0)
		return nil, err
	}
	m.freeMembers(uint32(group)) // of the group that had the row before: who swept them may have died meanwhile
	g := m.port(group)
	g.Role, g.From, g.To, g.Name = roleGroup, start, start, name
	m.lowerFloor(start)
	member.Role, member.Group = roleMember, uint32(group)
	g.own(ownedByMembers) // when it has a member
	return member, nil
}

// oldest returns the number of the first item from the given one on that can be read, or the next to be published. Of a reliable stream
// all that follow can be read too: what nobody needs is not freed in its order. Under the latch.
func (m *mapping) oldest(from uint64) uint64 {
	head, ring := m.newest(), uint64(m.content.control.Ring)
	number := max(from, 1)
	if head >= ring {
		number = max(number, head-ring+1)
	}
	there := func(number uint64) bool {
		_, found, _ := m.slotOf(number) // a broken row is found again when the item is taken
		return found
	}
	if m.isLossy() {
		for number <= head && !there(number) {
			number++
		}
		return number
	}
	first := head + 1
	for first > number && there(first-1) {
		first--
	}
	return first
}

// slotOf returns the slot of a published item, or false when it was written over.
// The error is ErrBroken.
func (m *mapping) slotOf(number uint64) (at int, found bool, err error) {
	ring := uint64(m.content.control.Ring)
	at = int(atomic.LoadUint32(&m.slot(int(number % ring)).Order))
	if at >= int(ring) {
		return 0, false, fmt.Errorf("%w: expected item %d in one of %d slots, found it in slot %d", ErrBroken, number, ring, at)
	}
	return at, atomic.LoadUint64(&m.slot(at).Number) == number, nil
}

// takeItem takes a reader's next item, and returns the slot that it is in. keep says that the port needs the items before it, too.
// The error is ErrBroken.
func (m *mapping) takeItem(p *port, keep bool) (at int, number uint64, taken bool, err error) {
	next := atomic.LoadUint64(&p.To)
	head, ring := m.newest(), uint64(m.content.control.Ring)
	number = next
	lossy := m.isLossy()
	if lossy && head >= ring {
		number = max(number, head-ring+1) // others have been written over
	}
	for ; number <= head; number++ {
		at, found, err := m.slotOf(number)
		if err != nil {
			return 0, 0, false, err
		}
		if lossy && found {
			if !keep || number != next {
				atomic.StoreUint64(&p.From, number)
			}
			atomic.StoreUint64(&p.To, number+1)
			found = atomic.LoadUint64(&m.slot(at).Number) == number
		}
		if found {
			atomic.StoreUint64(&p.To, number+1)
			m.counted(p, number-next)
			return at, number, true, nil
		}
		if !lossy {
			return 0, 0, false, fmt.Errorf("%w: item %d, which a reader needs, was written over", ErrBroken, number)
		}
	}
	if number != next {
		atomic.StoreUint64(&p.To, number)
		atomic.StoreUint64(&p.From, number)
		atomic.AddUint64(&p.Missed, number-next)
	}
	return 0, 0, false, nil
}

// counted counts an item that its port has taken.
func (m *mapping) counted(p *port, missed uint64) {
	atomic.StoreUint64(&p.Items, p.Items+1)
	if missed > 0 {
		atomic.AddUint64(&p.Missed, missed)
	}
}

// takeShared takes the next item for a member of a group: one that a dead member has left, where look says to find out, or the group's
// next. Under the latch.
// The error is ErrBroken.
func (m *mapping) takeShared(member *port, look bool) (at int, number uint64, taken bool, err error) {
	group, err := m.groupOf(member)
	if err != nil {
		return 0, 0, false, err
	}
	next := atomic.LoadUint64(&group.From)
	for i := range m.usedPorts() {
		p := m.port(i)
		owner := atomic.LoadUint32(&p.Owner)
		if p == member || p.Role != roleMember || p.Group != member.Group || owner == 0 {
			continue
		}
		number, has := p.held() // once: a living member lets it go meanwhile
		if !has {
			continue
		}
		if number >= next { // it died before it had taken it
			p.own(0)
			continue
		}
		if !look || !m.dead(owner) {
			continue
		}
		at := int(p.Slot)
		if at >= int(m.content.control.Ring) {
			return 0, 0, false, fmt.Errorf("%w: expected an item in one of %d slots, found it in slot %d", ErrBroken, m.content.control.Ring, at)
		}
		if m.isHeld(number, p, member.Group) { // by another that took it over from this one, and died too
			p.own(0)
			continue
		}
		member.hold(number, at)
		p.own(0)
		m.counted(member, 0)
		return at, number, true, nil
	}
	head, ring := m.newest(), uint64(m.content.control.Ring)
	number = next
	if m.isLossy() && head >= ring {
		number = max(number, head-ring+1)
	}
	for ; number <= head; number++ {
		at, found, err := m.slotOf(number)
		if err != nil {
			return 0, 0, false, err
		}
		if found {
			member.hold(number, at)
			m.counted(member, number-next)
			atomic.StoreUint64(&group.To, number+1)
			atomic.StoreUint64(&group.From, number+1)
			return at, number, true, nil
		}
		if !m.isLossy() {
			return 0, 0, false, fmt.Errorf("%w: item %d, which a group needs, was written over", ErrBroken, number)
		}
	}
	return 0, 0, false, nil
}

// groupOf returns the port of a member's group.
// The error is ErrBroken.
func (m *mapping) groupOf(member *port) (*port, error) {
	if ports := m.content.control.Ports; member.Group >= ports {
		return nil, fmt.Errorf("%w: expected a group among %d ports, found port %d", ErrBroken, ports, member.Group)
	}
	return m.port(int(member.Group)), nil
}

// hasLeft reports whether a dead member of a group has an item that is to be taken again, by the given member. Under
// the latch.
func (m *mapping) hasLeft(member *port) bool {
	for i := range m.usedPorts() {
		p := m.port(i)
		owner := atomic.LoadUint32(&p.Owner)
		if p == member || owner == 0 || p.Role != roleMember || p.Group != member.Group {
			continue
		}
		if _, has := p.held(); has && m.dead(owner) {
			return true
		}
	}
	return false
}

// held returns the lowest item that a port needs, and whether it has taken it.
func (p *port) held() (number uint64, has bool) {
	number = atomic.LoadUint64(&p.From)
	return number, number < atomic.LoadUint64(&p.To)
}

func (p *port) holds() bool {
	_, has := p.held()
	return has
}

// hold stores that a member needs one item. It needs none before.
func (p *port) hold(number uint64, at int) {
	atomic.StoreUint32(&p.Slot, uint32(at))
	atomic.StoreUint64(&p.From, number)
	atomic.StoreUint64(&p.To, number+1)
}

// isHeld reports whether another member of a group than the given one needs an item.
func (m *mapping) isHeld(number uint64, but *port, group uint32) bool {
	for i := range m.usedPorts() {
		p := m.port(i)
		if p != but && p.Role == roleMember && p.Group == group && atomic.LoadUint32(&p.Owner) != 0 && m.needs(p, number) {
			return true
		}
	}
	return false
}

// leavePort frees a port, and with a group's last member the group. left says that it has an item that another member is to take. Under
// the latch.
func (m *mapping) leavePort(p *port, left bool) {
	if p.Role == roleMember && left {
		p.own(ownedByNobody)
	} else {
		p.own(0)
	}
	m.sweepGroups()
	m.feed()
}

// sweepPorts frees the ports of the dead. Under the latch.
func (m *mapping) sweepPorts() {
	for i := range m.usedPorts() {
		p := m.port(i)
		owner := atomic.LoadUint32(&p.Owner)
		switch {
		case owner == 0 || owner == ownedByMembers || !m.dead(owner):
		case p.Role == roleMember && p.holds() && m.isGroup(p.Group): // for another member
		default:
			p.own(0)
		}
	}
	m.sweepGroups()
}

// sweepGroups frees groups without a living member, and what they need. Under the latch.
func (m *mapping) sweepGroups() {
	for i := range m.usedPorts() {
		g := m.port(i)
		if atomic.LoadUint32(&g.Owner) != ownedByMembers || m.hasMembers(uint32(i)) {
			continue
		}
		g.own(0) // first: without it no member's item is anybody's
		m.freeMembers(uint32(i))
	}
}

// freeMembers frees the ports of a group's members, none of which lives. Under the latch.
func (m *mapping) freeMembers(group uint32) {
	for i := range m.usedPorts() {
		if p := m.port(i); p.Role == roleMember && p.Group == group {
			p.own(0)
		}
	}
}

// isGroup reports whether a row is that of a group.
func (m *mapping) isGroup(row uint32) bool {
	return row < m.content.control.Ports && atomic.LoadUint32(&m.port(int(row)).Owner) == ownedByMembers
}

func (m *mapping) hasMembers(group uint32) bool {
	for i := range m.usedPorts() {
		p := m.port(i)
		if owner := atomic.LoadUint32(&p.Owner); owner != 0 && p.Role == roleMember && p.Group == group && !m.dead(owner) {
			return true
		}
	}
	return false
}

// sweepRing frees what the dead have on loan or need. Under the latch.
func (m *mapping) sweepRing() {
	m.sweepPorts()
	head := m.newest()
	for i := range int(m.content.control.Ring) {
		s := m.slot(i)
		owner := atomic.LoadUint32(&s.Owner)
		if owner == 0 || !m.dead(owner) {
			continue
		}
		if s.Number > head { // it died before it had published it
			atomic.StoreUint64(&s.Number, 0)
		}
		atomic.StoreUint32(&s.Owner, 0)
	}
}

// hasWriters reports whether a living writer has a port. Under the latch.
func (m *mapping) hasWriters() bool {
	for i := range m.usedPorts() {
		p := m.port(i)
		if owner := atomic.LoadUint32(&p.Owner); owner != 0 && p.Role == roleWriter && !m.dead(owner) {
			return true
		}
	}
	return false
}

// slowest says what keeps writers from the slots, for people. Under the latch.
func (m *mapping) slowest() string {
	head, ring := m.newest(), m.content.control.Ring
	lowest, who := head+1, uint32(0)
	for i := range m.usedPorts() {
		p := m.port(i)
		owner := atomic.LoadUint32(&p.Owner)
		if owner == 0 || owner == ownedByMembers || p.Role == roleWriter {
			continue
		}
		if from, has := p.held(); (has || p.Role == roleReader) && from < lowest {
			lowest, who = from, owner
		}
	}
	if row := int(who&identityRowMask) - 1; row >= 0 && row < int(m.content.control.Slots) {
		d := describe(row, m.participant(row), true)
		return fmt.Sprintf("a reader is at item %d of %d (process %d, %s, %s)", lowest, head, d.PID, d.Language, d.Program)
	}
	return fmt.Sprintf("all %d slots are on loan or needed, of %d items", ring, head)
}

// latched calls f with the latch, however long another process that is stopped has it.
// The errors are f's, and ErrBroken.
func (m *mapping) latched(f func() error) error {
	if err := m.latch(context.Background()); err != nil {
		return err
	}
	err := f()
	m.unlatch()
	return err
}
