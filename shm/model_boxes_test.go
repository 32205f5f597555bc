package shm

import (
	"fmt"
	"strings"
	"testing"
)

// boxModel is box.go and snapshot.go, with lock.go's Repaired and participant.go's enter. The latch is one step here, as
// latchModel has proved that it is, and so is a look at who is dead, since nobody comes back from that. Of what only the
// latch's holder reads or writes, a row's fields are one word. There are two elements, so that boxes can overlap and contain
// each other.
type boxModel struct {
	scripts  []string // what each process asks for, a letter each: see request. "?" takes a snapshot
	deaths   uint8
	giveUps  uint8 // contexts that may end while their request waits
	timeouts bool  // also sleeps that end for no reason, and latchSoon giving up
	stayDead bool  // nobody starts again
	without  string
}

const (
	modelBoxes     = 4 // a row for each process, and the marks of those that died
	modelMaxPassed = 1 // the least that lets anybody pass
	noBox          = modelBoxes
	deadLatch      = 0xff // in the hand of who died with it
	bothElements   = 3
)

// modelState is a state in one byte, to keep the model's states small.
type modelState uint8

const (
	modelWaitingShared    = modelState(waitingShared)
	modelWaitingExclusive = modelState(waitingExclusive)
	modelShared           = modelState(shared)
	modelExclusive        = modelState(exclusive)
	modelDamaged          = modelState(damaged)
)

type boxState struct {
	box               [modelBoxes]modelBox
	p                 [3]boxProcess
	used, waiting     uint8
	ticket, writes    uint8
	latch             uint8    // 0, one more than its holder, or deadLatch
	half              uint8    // elements that somebody began to write and did not end
	words             [2]uint8 // of the elements: whoever locks both writes the same to both
	deaths, giveUps   uint8    // that may still come
	torn, overwritten bool
}

type modelBox struct {
	owner, generation uint8
	state             modelState
	spans             uint8 // a bit for each element
	ticket            uint8
	wake, passed      uint8
}

type boxProcess struct {
	at, after, afterWake       boxStep // the last two: where bury and wakeTurns return to
	generation                 uint8   // one bit: who starts again for the second time has an identity of the dead
	script                     uint8
	recovers                   bool // asks Recover for what was refused to its Lock
	mine, row, except          uint8
	i, j, used                 uint8
	who, whose                 uint8 // the owner that it read, and its generation
	state                      modelState
	blocked, anyWaits, refused bool
	queues                     bool  // writes a row that waits
	expired                    uint8 // 0, 1 after the first sleep, 2 after another
	slept, over                bool  // over: its context
	list                       uint8
	copied                     [2]uint8
	writes                     uint8
}

func (m *boxModel) processes() int { return len(m.scripts) }

func (m *boxModel) start() (s boxState) {
	s.deaths, s.giveUps = m.deaths, m.giveUps
	for i := range m.scripts {
		s.p[i].at = m.begin(i, &s.p[i])
	}
	return s
}

// begin is where a process begins with the next request of its script.
func (m *boxModel) begin(i int, p *boxProcess) boxStep {
	*p = boxProcess{generation: p.generation, script: p.script, recovers: p.recovers, mine: noBox, row: noBox, except: noBox}
	switch {
	case int(p.script) == len(m.scripts[i]):
		return boxDone
	case m.reads(i):
		return boxReadWrites
	}
	return boxTryLatch
}

func (m *boxModel) reads(i int) bool { return strings.HasPrefix(m.scripts[i], "?") }

// snapshots reports whether anybody takes some.
func (m *boxModel) snapshots() bool { return m.reads(len(m.scripts) - 1) }

// request is what a letter of a script stands for.
func (m *boxModel) request(s *boxState, i int) (want modelState, spans uint8, recover bool) {
	switch p := &s.p[i]; m.scripts[i][p.script] {
	case 'L': // Lock, of both elements
		return modelExclusive, bothElements, p.recovers
	case 'l': // of the first
		return modelExclusive, 1, p.recovers
	case 'm': // of the second
		return modelExclusive, 2, p.recovers
	case 'R': // RLock
		return modelShared, bothElements, false
	case 'r':
		return modelShared, 1, false
	}
	panic("no such request")
}

func (m *boxModel) dead(s *boxState, i int, who, whose uint8) bool {
	if int(who) == i {
		return whose != s.p[i].generation
	}
	return s.p[who].at == boxDead || s.p[who].at == boxEnter || whose != s.p[who].generation
}

// conflict reports whether two requests cannot both be held.
func conflict(a, b modelState, aSpans, bSpans uint8) bool {
	alone := func(s modelState) bool { return s == modelExclusive || s == modelWaitingExclusive || s == modelDamaged }
	return (alone(a) || alone(b)) && aSpans&bSpans != 0
}

// open reports whether the latch can be had: a dead holder's takes a sleep that ends.
func (m *boxModel) open(s *boxState) bool {
	return s.latch == 0 || s.latch == deadLatch && m.timeouts || m.without == "the latch"
}

func spansContain(outer, inner uint8) bool { return outer&inner == inner }

func (m *boxModel) fate(s *boxState, i int, f fate) bool {
	p := &s.p[i]
	switch {
	case f == startsAgain && p.at == boxDead && !m.stayDead:
		p.at = boxEnter
		return true
	case f != killed || s.deaths == 0 || p.at == boxDead || p.at == boxDone || m.reads(i):
		return false
	}
	s.deaths--
	if int(s.latch) == i+1 {
		s.latch = deadLatch
		s.forget()
	}
	*p = boxProcess{generation: p.generation, script: p.script}
	return true
}

// forget makes the same of all rows that say nothing.
func (s *boxState) forget() {
	for i := range s.box {
		if s.box[i].state == 0 {
			s.box[i] = modelBox{}
		}
	}
}

// free makes a row say nothing.
func (s *boxState) free(row uint8) {
	s.box[row] = modelBox{}
	s.rank()
}

// hold forgets of a row what only matters while it waits.
func (s *boxState) hold(row uint8) {
	b := &s.box[row]
	b.ticket, b.wake, b.passed = 0, 0, 0
	s.rank()
}

// rank makes the tickets small, which keeps their order.
func (s *boxState) rank() {
	var ranks [modelBoxes]uint8
	s.ticket = 0
	for i := range s.box {
		for j := range s.box {
			if s.box[j].ticket != 0 && s.box[j].ticket <= s.box[i].ticket {
				ranks[i]++
			}
		}
		s.ticket = max(s.ticket, ranks[i])
	}
	for i := range s.box {
		s.box[i].ticket = ranks[i]
	}
}

func (m *boxModel) done(s *boxState) bool {
	for _, p := range s.p[:len(m.scripts)] {
		if p.at != boxDead && p.at != boxDone {
			return false
		}
	}
	return true
}

func (m *boxModel) wrong(s *boxState) string {
	if s.torn {
		return "a torn snapshot"
	}
	if s.overwritten {
		return "somebody freed a row of the living"
	}
	marked := uint8(0)
	for _, b := range s.box {
		if b.state == modelExclusive || b.state == modelDamaged {
			marked |= b.spans
		}
		if b.state != 0 && b.spans == 0 {
			return "a row says what nobody asked for"
		}
		if b.passed > modelMaxPassed && !m.timeouts {
			return "passed too often"
		}
	}
	if s.half&^marked != 0 {
		return "half written, and no row says it"
	}
	holds := func(i int) bool { return s.p[i].at >= boxHold && s.p[i].at <= boxUnlock }
	for i := range m.scripts {
		if !holds(i) {
			continue
		}
		want, spans, recover := m.request(s, i)
		if (s.p[i].at == boxHold || want == modelShared) && !recover && s.half&spans != 0 {
			return "half written, and locked as if whole"
		}
		for j := range i {
			if holds(j) {
				if other, otherSpans, _ := m.request(s, j); conflict(want, other, spans, otherSpans) {
					return "two hold what only one can"
				}
			}
		}
	}
	return ""
}

func boxModels(without string) []*boxModel {
	models := []*boxModel{
		{scripts: []string{"LL", "LL"}},
		{scripts: []string{"L", "R"}, giveUps: 1},
		{scripts: []string{"L", "L"}, deaths: 1, stayDead: true, timeouts: true},
		{scripts: []string{"L"}, deaths: 3, timeouts: true},
		{scripts: []string{"L", "?"}, deaths: 2, timeouts: true},
		{scripts: []string{"L", "R", "L"}, giveUps: 1},
		{scripts: []string{"l", "Lm", "r"}},
		{scripts: []string{"L", "r"}, deaths: 2, timeouts: true},
		{scripts: []string{"LL", "L", "L"}},
		{scripts: []string{"L", "L", "?"}, deaths: 1, stayDead: true, timeouts: true},
		{scripts: []string{"L", "r", "m"}, deaths: 1, stayDead: true, timeouts: true},
		{scripts: []string{"L", "l"}, deaths: 2, timeouts: true},
	}
	for _, m := range models {
		m.without = without
	}
	return models
}

func TestModelBoxes(t *testing.T) {
	for _, m := range boxModels("") {
		name := fmt.Sprintf("%d processes ask %q, %d deaths, %d give up", len(m.scripts), m.scripts, m.deaths, m.giveUps)
		t.Run(name, func(t *testing.T) { holds(t, m) })
	}
}

func TestModelBoxesNeed(t *testing.T) {
	for _, without := range []string{
		"the latch",
		"the sweep",
		"Used",
		"Owner's place after its fields",
		"Waiting",
		"the look after Waiting",
		"unlock's look at Waiting",
		"the look whether others wait",
		"Wake's clearing under the latch",
		"the word that says it was woken",
		"the sleep's comparison",
		"the wake",
		"the wake of who gives up",
		"the bound on passing",
		"the look at who is dead",
		"the mark",
		"the mark under a dead repairer",
		"the need for Repaired",
		"Owner's place before Writes",
		"Writes' place before the elements",
		"the look at who writes",
		"the look at marks",
		"the second look at Writes",
	} {
		t.Run(without, func(t *testing.T) {
			var models []machine[boxState]
			for _, m := range boxModels(without) {
				models = append(models, m)
			}
			fails(t, models...)
		})
	}
}
