package shm

import (
	"fmt"
	"hash/maphash"
	"strings"
	"testing"
)

// The protocols of latch.go, box.go and snapshot.go, taken apart: every load, store, compare-and-swap and system call on
// shared memory is a step, and an explorer runs every interleaving of the steps of two or three processes, each of which may
// be killed before any of them and start again. Memory is sequentially consistent here: what a weaker one could do is for
// the barriers that the code names.
//
// The same explorer must find something wrong with every step that is taken out, or the model proves nothing.

// machine is a protocol, and the processes that run it, with states of type S.
type machine[S comparable] interface {
	start() S
	processes() int
	// step makes a process's next step, in the choice-th way in which it can come out.
	step(s *S, p, choice int) outcome
	// fate lets something befall a process, unless it cannot.
	fate(s *S, p int, f fate) bool
	// wrong says what must never be in the state, or nothing.
	wrong(s *S) string
	// done reports whether all who live have done what they set out to do.
	done(s *S) bool
}

type outcome struct {
	name string
	row  uint8 // 0, or one more than the row that it looks at
	ways int   // in how many ways the step can come out now; 0: it cannot be made
	// silent steps neither see what another process could still change, nor change what another could see. They are made
	// with the step before: a death between the two leaves what a death before leaves.
	silent bool
}

func (o outcome) line(process int) string {
	s := fmt.Sprintf("%c %s", 'A'+process, o.name)
	if o.row > 0 {
		s += fmt.Sprintf(", row %d", o.row-1)
	}
	return s
}

type fate uint8

const (
	killed fate = iota
	startsAgain
	stopped // for ever, as by SIGSTOP
	fates
)

var fateNames = [fates]string{"is killed", "starts again", "is stopped"}

// event is what leads from one state to another: a fate, or a step in one of its ways.
type event struct {
	process, choice uint8
	fate            fate // fates: a step
}

type exploration struct {
	states, events, depth int
	wrong                 string
	trace                 []string // the shortest way there
}

func (e exploration) String() string {
	return fmt.Sprintf("%d states, %d events, at most %d from the start", e.states, e.events, e.depth)
}

// enough states to say that a model has got out of hand.
const tooManyStates = 4_000_000

// explore visits every state that can be reached, the near ones first, until one is wrong. When none is, it looks for states
// from which no steps lead to the end: steps alone, since nobody may have to die or to start again for that.
func explore[S comparable](m machine[S]) (e exploration) {
	type way struct{ from, next int32 } // a list of the ways into a state
	var (
		states []S
		cause  []event
		parent []int32
		into   []int32 // heads of lists in ways
		ways   = []way{{}}
		seed   = maphash.MakeSeed()
		known  = make([]int32, 1<<12) // by hash, at the next free place: one more than the state's number
	)
	place := func(s *S) int {
		i := int(maphash.Comparable(seed, *s)) & (len(known) - 1)
		for known[i] != 0 && states[known[i]-1] != *s {
			i = (i + 1) & (len(known) - 1)
		}
		return i
	}
	s, spare := new(S), new(S) // one each for the whole exploration: they cost more than the steps
	visit := func(from int32, why event) int32 {
		settle(m, s, spare, nil)
		i := place(s)
		if known[i] == 0 {
			states, cause, parent, into = append(states, *s), append(cause, why), append(parent, from), append(into, 0)
			known[i] = int32(len(states))
			if at := known[i] - 1; 2*len(states) > len(known) {
				known = make([]int32, 2*len(known))
				for n := range states {
					known[place(&states[n])] = int32(n + 1)
				}
				return at
			}
		}
		return known[i] - 1
	}
	trace := func(at int32) (lines []string) {
		var events []event
		for ; at > 0; at = parent[at] {
			events = append(events, cause[at])
		}
		*s = m.start()
		settle(m, s, spare, &lines)
		for i := len(events) - 1; i >= 0; i-- {
			why := events[i]
			o := outcome{name: fateNames[why.fate%fates]}
			if why.fate < fates {
				m.fate(s, int(why.process), why.fate)
			} else {
				o = m.step(s, int(why.process), int(why.choice))
			}
			lines = append(lines, o.line(int(why.process)))
			settle(m, s, spare, &lines)
		}
		return lines
	}
	*s = m.start()
	visit(0, event{})
	last := int32(0) // the first state that is one event further from the start
	for at := int32(0); int(at) < len(states); at++ {
		if at == last {
			e.depth++
			last = int32(len(states))
		}
		if e.wrong = m.wrong(&states[at]); e.wrong == "" && len(states) > tooManyStates {
			e.wrong = "too many states"
		}
		if e.wrong != "" {
			e.states, e.trace = len(states), trace(at)
			return e
		}
		for p := range m.processes() {
			*s = states[at]
			for choice := range m.step(s, p, 0).ways {
				*s = states[at]
				m.step(s, p, choice)
				to := visit(at, event{uint8(p), uint8(choice), fates})
				ways = append(ways, way{at, into[to]})
				into[to] = int32(len(ways) - 1)
			}
			for f := range fates {
				*s = states[at]
				if m.fate(s, p, f) {
					e.events++
					visit(at, event{uint8(p), 0, f})
				}
			}
		}
	}
	e.states, e.events = len(states), e.events+len(ways)-1

	ends := make([]bool, len(states))
	var reached []int32
	for at := range states {
		if m.done(&states[at]) {
			ends[at] = true
			reached = append(reached, int32(at))
		}
	}
	for len(reached) > 0 {
		at := reached[len(reached)-1]
		reached = reached[:len(reached)-1]
		for w := into[at]; w != 0; w = ways[w].next {
			if from := ways[w].from; !ends[from] {
				ends[from] = true
				reached = append(reached, from)
			}
		}
	}
	moves := make([]bool, len(states))
	for _, w := range ways[1:] {
		moves[w.from] = true
	}
	for _, still := range []bool{true, false} { // a state in which nobody moves says more than the one that leads there
		for at := range states {
			if !ends[at] && moves[at] != still {
				e.wrong, e.trace = "somebody waits for ever", trace(int32(at))
				return e
			}
		}
	}
	return e
}

// settle makes all silent steps, and notes their names. What it leaves in spare means nothing.
func settle[S comparable](m machine[S], s, spare *S, names *[]string) {
	for p := 0; p < m.processes(); p++ {
		for {
			*spare = *s
			o := m.step(spare, p, 0)
			if o.ways == 0 || !o.silent {
				break
			}
			*s = *spare
			if names != nil && o.name != "" {
				*names = append(*names, o.line(p))
			}
		}
	}
}

// holds proves that nothing is wrong with a model.
func holds[S comparable](t *testing.T, m machine[S]) {
	t.Helper()
	e := explore(m)
	if e.wrong != "" {
		t.Fatalf("%s:\n%s", e.wrong, strings.Join(e.trace, "\n"))
	}
	t.Log(e)
}

// fails proves that something is wrong with one of the models, from which a step was taken out.
func fails[S comparable](t *testing.T, models ...machine[S]) {
	t.Helper()
	for _, m := range models {
		if e := explore(m); e.wrong != "" {
			t.Logf("%s, after %d states:\n%s", e.wrong, e.states, strings.Join(e.trace, "\n"))
			return
		}
	}
	t.Error("nobody misses it")
}

// latchModel is latch.go: each process takes the latch by latch, again and again, and by latchSoon at last.
type latchModel struct {
	n              int
	rounds         uint8
	deaths, stops  uint8
	timeouts       bool // also sleeps that end for no reason
	generationBits int
	without        string
}

type latchState struct {
	word          uint8 // as Latch: row+1 in bits 0-1, the generation above, bit 7 waiters
	deaths, stops uint8 // that may still come
	generation    [3]uint8
	p             [3]latchProcess
}

type latchProcess struct {
	at      latchStep
	me, w   uint8
	rounds  uint8
	stopped bool
}

type latchStep uint8

const (
	latchDead latchStep = iota
	enterGeneration
	enterByte
	latchFast
	latchSpinLoad
	latchSpinCAS
	latchLoad
	latchTake
	latchSetWaiters
	latchWait
	latchAsleep
	latchLookAgain
	latchDeadByte
	latchDeadGeneration
	latchSteal
	latchSoonLook
	latchSoonLoad
	latchSoonCAS
	latchInside
	latchSwap
	latchWake
	latchDone
)

const modelWaiters = 0x80

func (m *latchModel) processes() int { return m.n }

func (m *latchModel) start() (s latchState) {
	s.deaths, s.stops = m.deaths, m.stops
	for p := range m.n {
		s.p[p] = latchProcess{at: latchFast, me: m.identity(p, 0), rounds: m.rounds}
	}
	return s
}

func (m *latchModel) identity(row int, generation uint8) uint8 {
	if m.without == "the generation in the identity" {
		generation = 0
	}
	return uint8(row+1) | generation%(1<<m.generationBits)<<2
}

func (m *latchModel) fate(s *latchState, i int, f fate) bool {
	p := &s.p[i]
	living := p.at != latchDead && p.at != latchDone && !p.stopped
	switch {
	case f == killed && living && s.deaths > 0:
		s.deaths--
		*p = latchProcess{rounds: p.rounds}
	case f == startsAgain && p.at == latchDead: // takeRow: both bytes are locked from now on
		p.at = enterGeneration
	// Who is stopped with the latch in hand is waited for.
	case f == stopped && living && s.stops > 0 && s.word&^modelWaiters != p.me:
		s.stops--
		p.stopped = true
	default:
		return false
	}
	return true
}

func (m *latchModel) done(s *latchState) bool {
	for _, p := range s.p[:m.n] {
		if p.at != latchDead && p.at != latchDone && !p.stopped {
			return false
		}
	}
	return true
}

func (m *latchModel) wrong(s *latchState) string {
	inside := 0
	for _, p := range s.p[:m.n] {
		if p.at == latchInside || p.at == latchSwap {
			inside++
			if s.word&^modelWaiters != p.me {
				return "the latch is not its holder's"
			}
		}
	}
	if inside > 1 {
		return "two hold the latch"
	}
	return ""
}

func (m *latchModel) step(s *latchState, i, choice int) outcome {
	p := &s.p[i]
	next := func(name string, at latchStep) outcome {
		p.at = at
		return outcome{name: name, ways: 1}
	}
	// cas is a compare-and-swap of the latch that takes it.
	cas := func(name string, old, new uint8, otherwise latchStep) outcome {
		if s.word != old {
			return next(name+": no", otherwise)
		}
		s.word, p.w = new, 0
		return next(name, latchInside)
	}
	if p.stopped {
		return outcome{}
	}
	switch p.at {
	case enterGeneration:
		s.generation[i]++
		p.me = m.identity(i, s.generation[i])
		return next("enter: Generation++", enterByte)
	case enterByte:
		return next("enter: the second byte is unlocked", latchFast)

	case latchFast:
		return cas("latch: CAS(0, me)", 0, p.me, latchSpinLoad)
	case latchSpinLoad:
		if s.word == 0 {
			return next("latchSlowly: look: 0", latchSpinCAS)
		}
		return next("latchSlowly: look: held", latchLoad)
	case latchSpinCAS:
		return cas("latchSlowly: CAS(0, me)", 0, p.me, latchLoad)
	case latchLoad:
		p.w = s.word
		switch {
		case p.w&^modelWaiters == 0:
			return next("latchSlowly: w = word: free", latchTake)
		case p.w&modelWaiters == 0:
			return next("latchSlowly: w = word: held", latchSetWaiters)
		}
		return next("latchSlowly: w = word: held, waited for", latchWait)
	case latchTake:
		if m.without == "the bit of who takes it after a sleep" {
			return cas("latchSlowly: CAS(w, me)", p.w, p.me, latchLoad)
		}
		return cas("latchSlowly: CAS(w, me|waiters)", p.w, p.me|modelWaiters, latchLoad)
	case latchSetWaiters:
		if m.without != "the bit of who sleeps" {
			if s.word != p.w {
				return next("latchSlowly: CAS(w, w|waiters): no", latchLoad)
			}
			s.word |= modelWaiters
			p.w = s.word
		}
		return next("latchSlowly: CAS(w, w|waiters)", latchWait)
	case latchWait:
		if s.word == p.w || m.without == "the sleep's comparison" {
			return next("futexWait: sleeps", latchAsleep)
		}
		return next("futexWait: another word", latchLookAgain)
	case latchAsleep:
		if m.timeouts {
			return next("futexWait: ends by itself", latchLookAgain)
		}
		return outcome{}
	case latchLookAgain:
		if s.word != p.w || m.without == "the theft" {
			return next("latchSlowly: word == w: no", latchLoad)
		}
		if p.w&^modelWaiters == p.me&^modelWaiters {
			return next("dead: me", latchLoad)
		}
		if p.w&3 == uint8(i+1) {
			return next("dead: who had my row", latchSteal)
		}
		return next("latchSlowly: word == w", latchDeadByte)
	case latchDeadByte:
		switch at := s.p[p.w&3-1].at; {
		case at == latchDead || m.without == "dead's look at the row's byte":
			return next("dead: byte is free", latchSteal)
		case (at == enterGeneration || at == enterByte) && m.without != "dead's look at the second byte":
			return next("dead: both bytes are locked", latchSteal)
		}
		return next("dead: byte is locked", latchDeadGeneration)
	case latchDeadGeneration:
		row := int(p.w&3) - 1
		if m.identity(row, s.generation[row]) != p.w&^modelWaiters && m.without != "dead's look at Generation" {
			return next("dead: Generation: another's", latchSteal)
		}
		return next("dead: Generation: its own", latchLoad)
	case latchSteal:
		switch {
		case m.without == "the comparison of who steals",
			m.without == "the generation in who steals' comparison" && s.word&3 == p.w&3 && s.word&modelWaiters == p.w&modelWaiters:
			p.w = s.word
		}
		return cas("latchSlowly: steal: CAS(w, me|waiters)", p.w, p.me|modelWaiters, latchLoad)

	case latchSoonLook:
		if choice == 1 {
			p.rounds--
			o := next("latchSoon: gives up", latchDone)
			o.ways = 2
			return o
		}
		if s.word&^modelWaiters != 0 {
			return outcome{name: "latchSoon: look: held", ways: 2}
		}
		o := next("latchSoon: look: free", latchSoonLoad)
		o.ways = 2
		return o
	case latchSoonLoad:
		p.w = s.word & modelWaiters
		return next("latchSoon: w = word & waiters", latchSoonCAS)
	case latchSoonCAS:
		if m.without == "the comparison of latchSoon" {
			p.w = s.word
		}
		return cas("latchSoon: CAS(w, me|w)", p.w, p.me|p.w&modelWaiters, latchSoonLook)

	case latchInside:
		return next("holds the latch", latchSwap)
	case latchSwap:
		had := s.word
		s.word = 0
		if p.rounds > 0 {
			p.rounds--
		}
		if had&modelWaiters != 0 && m.without != "the wake" {
			return next("unlatch: Swap(0): others wait", latchWake)
		}
		return next("unlatch: Swap(0)", m.again(p))
	case latchWake:
		ways := 0
		for j := range s.p[:m.n] {
			if s.p[j].at == latchAsleep {
				if ways == choice && !s.p[j].stopped {
					s.p[j].at = latchLookAgain
				}
				ways++
			}
		}
		o := next("unlatch: futexWake", m.again(p))
		o.ways = max(1, ways)
		return o
	}
	return outcome{}
}

// again is where a process goes on that has given the latch back.
func (m *latchModel) again(p *latchProcess) latchStep {
	switch p.w = 0; p.rounds {
	case 0:
		return latchDone
	case 1:
		return latchSoonLook
	}
	return latchFast
}

func TestModelLatch(t *testing.T) {
	for _, m := range latchModels("") {
		t.Run(fmt.Sprintf("%d processes, %d deaths, %d stopped", m.n, m.deaths, m.stops), func(t *testing.T) { holds(t, m) })
	}
}

func latchModels(without string) []*latchModel {
	return []*latchModel{
		{n: 3, rounds: 2, generationBits: 3, without: without},
		{n: 2, rounds: 2, deaths: 2, timeouts: true, generationBits: 3, without: without},
		{n: 3, rounds: 1, deaths: 1, stops: 1, timeouts: true, generationBits: 3, without: without},
	}
}

func TestModelLatchNeeds(t *testing.T) {
	for _, without := range []string{
		"the generation in the identity",
		"the generation in who steals' comparison",
		"dead's look at Generation",
		"dead's look at the row's byte",
		"dead's look at the second byte",
		"the comparison of who steals",
		"the comparison of latchSoon",
		"the theft",
		"the bit of who sleeps",
		"the bit of who takes it after a sleep",
		"the sleep's comparison",
		"the wake",
	} {
		t.Run(without, func(t *testing.T) {
			var models []machine[latchState]
			for _, m := range latchModels(without) {
				models = append(models, m)
			}
			fails(t, models...)
		})
	}
}
