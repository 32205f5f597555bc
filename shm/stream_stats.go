package shm

import (
	"fmt"
	"sync/atomic"
	"time"
)

// StreamStats says how a stream goes, as its words did when looked at.
type StreamStats struct {
	Items  uint64        `json:"items"` // published in all
	Rate   float64       `json:"rate"`  // items per second, of those that are in the ring; 0 for less than two
	Slots  int           `json:"slots"`
	OnLoan int           `json:"on_loan"` // slots that writers have in hand
	Lossy  bool          `json:"lossy"`
	Ended  bool          `json:"ended"`  // its last writer closed it
	Waits  uint64        `json:"waits"`  // how often a writer has waited for room
	Waited time.Duration `json:"waited"` // how long in all
	Ports  []Port        `json:"ports"`
}

// Port is a writer or reader of a stream, or a group of readers.
type Port struct {
	Role   string `json:"role"`   // "writer", "reader", "group" or "member"
	Group  string `json:"group"`  // the name of a group, and of a member's
	Row    int    `json:"row"`    // of the participant; -1 of a group
	Alive  bool   `json:"alive"`  // whether that participant lives, or a group has a living member
	Items  uint64 `json:"items"`  // published or taken, not by the group but by its members
	Missed uint64 `json:"missed"` // of a lossy stream: written over before they were taken
	Lag    uint64 `json:"lag"`    // of a reader or group: items published and not taken yet
	InHand uint64 `json:"in_hand"`
}

var roleNames = map[uint32]string{roleWriter: "writer", roleReader: "reader", roleGroup: "group", roleMember: "member"}

// Stats says how the stream goes: which reader lags, what was missed, how often writers have waited. Words may change while they are read.
// The errors are ErrClosed and ErrBroken.
func (s *Stream[T]) Stats() (stats StreamStats, err error) {
	err = s.use(func(m *mapping) error {
		stats = m.streamStats()
		return nil
	})
	if err != nil {
		return stats, fmt.Errorf("shm: stats of %q: %w", s.label(), err)
	}
	return stats, nil
}

func (m *mapping) streamStats() StreamStats {
	c := m.control()
	s := StreamStats{
		Items: atomic.LoadUint64(&c.Head), Slots: int(m.content.control.Ring), Lossy: m.isLossy(), Ended: atomic.LoadUint32(&c.Ended) != 0,
		Waits: atomic.LoadUint64(&c.Waits), Waited: time.Duration(atomic.LoadUint64(&c.Waited)), Ports: []Port{},
	}
	for i := range s.Slots {
		if atomic.LoadUint32(&m.slot(i).Owner) != 0 {
			s.OnLoan++
		}
	}
	s.Rate = m.rate(s.Items)
	for i := range m.usedPorts() {
		if owner := atomic.LoadUint32(&m.port(i).Owner); owner != 0 {
			s.Ports = append(s.Ports, m.describePort(i, owner, s.Items))
		}
	}
	return s
}

// rate returns the items per second between the oldest and the newest in the ring.
func (m *mapping) rate(head uint64) float64 {
	first := m.oldest(1)
	if first >= head {
		return 0
	}
	from, _, err := m.slotOf(first)
	if err != nil {
		return 0
	}
	to, _, err := m.slotOf(head)
	if err != nil {
		return 0
	}
	took := m.slot(to).Time - m.slot(from).Time
	if took <= 0 {
		return 0
	}
	return float64(head-first) / time.Duration(took).Seconds()
}

func (m *mapping) describePort(row int, owner uint32, head uint64) Port {
	p := m.port(row)
	d := Port{Role: roleNames[p.Role], Row: int(owner&identityRowMask) - 1, Items: atomic.LoadUint64(&p.Items), Missed: atomic.LoadUint64(&p.Missed)}
	from, to := atomic.LoadUint64(&p.From), atomic.LoadUint64(&p.To)
	switch p.Role {
	case roleReader:
		d.InHand = min(to-min(from, to), uint64(m.content.control.Ring))
		d.Lag = head + 1 - min(to, head+1)
	case roleGroup:
		d.Row, d.Group, d.Lag = -1, printable(p.Name[:]), head+1-min(from, head+1)
		d.Alive = m.hasMembers(uint32(row))
		return d
	case roleMember:
		d.InHand = min(to-min(from, to), 1)
		if g, err := m.groupOf(p); err == nil {
			d.Group = printable(g.Name[:])
		}
	}
	d.Alive = !m.dead(owner)
	return d
}
