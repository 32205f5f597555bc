package shm

// boxStep is where a process is: the step that it makes next.
type boxStep uint8

const (
	boxDead boxStep = iota
	boxEnter
	boxEnterLatch
	boxSweep
	boxSweepNext
	boxEnterUnlatch

	boxTryLatch
	boxTrim
	boxTrimStore
	boxTake
	boxTakeDead
	boxTakeAgain
	boxFreeRow
	boxPass
	boxWriteFields
	boxWriteUsed
	boxWriteOwner
	boxCommit
	boxWrites
	boxTaken
	boxNotTaken

	boxBury
	boxBuryMarked
	boxBuryFree
	boxBuryMark

	boxWaitLatch
	boxWaiting
	boxWakeZero
	boxWaitUnlatch
	boxSleep
	boxAsleep
	boxRelatch
	boxGiveUp
	boxLeave

	boxTurns
	boxHasTurn
	boxTurnsWake
	boxTurnsEnd
	boxTurnsUnlatch
	boxWakeEach

	boxHold
	boxHalf
	boxRepairLatch
	boxRepair
	boxRepairUnlatch
	boxLateWrites
	boxUnlock
	boxUnlockLook
	boxSoon

	boxReadWrites
	boxReadUsed
	boxReadOwner
	boxCopy
	boxCopyNext
	boxReadAgain

	boxNext
	boxRefused
	boxDone
)

// fixed reports whether nobody but the process, which has the latch, can change a row's Owner now.
func (m *boxModel) fixed(s *boxState, i int, row uint8) bool {
	b := &s.box[row]
	others := int(b.owner) != i && !m.dead(s, i, b.owner, b.generation)
	waits := b.state == modelWaitingShared || b.state == modelWaitingExclusive
	held := b.state == modelShared || b.state == modelExclusive || waits && m.giveUps > 0
	return !(others && held) && m.without != "the latch"
}

// step follows take, wait, wakeTurns and the others line by line; what it calls a name says which.
func (m *boxModel) step(s *boxState, i, choice int) outcome {
	p := &s.p[i]
	next := func(name string, at boxStep) outcome {
		p.at = at
		return outcome{name: name, ways: 1}
	}
	// local is the code between two steps.
	local := func(at boxStep) outcome {
		p.at = at
		return outcome{ways: 1, silent: true}
	}
	// load reads the Owner of a row under the latch, and goes on at once if nobody else can change it.
	load := func(name string, row uint8, at boxStep) outcome {
		o := outcome{name: name, row: row + 1, ways: 1, silent: m.fixed(s, i, row)}
		p.at = at
		return o
	}
	// store changes what is read under the latch only. It is silent once nobody dies any more in the middle.
	store := func(name string, row uint8, at boxStep) outcome {
		p.at = at
		return outcome{name: name, row: row + 1, ways: 1, silent: s.deaths == 0 && m.without != "the latch"}
	}
	// owner stores an Owner, which snapshots read without the latch.
	owner := func(name string, row uint8, at boxStep) outcome {
		o := store(name, row, at)
		o.silent = o.silent && !m.snapshots()
		return o
	}
	// among gives a step's outcome as one of several.
	among := func(ways int, o outcome) outcome {
		o.ways = ways
		return o
	}
	latch := func(name string, at boxStep) outcome {
		if m.without != "the latch" {
			if !m.open(s) {
				return outcome{}
			}
			s.latch = uint8(i + 1)
		}
		return next(name, at)
	}
	unlatch := func(name string, at boxStep) outcome {
		s.latch = 0
		return next(name, at)
	}
	take := func() {
		p.row, p.blocked, p.anyWaits, p.refused = p.mine, false, false, false
		p.j = s.used
		p.at = boxTrim
	}
	turns := func(except uint8, afterWake boxStep) {
		p.i, p.j, p.used, p.list, p.except, p.afterWake = 0, 0, s.used, 0, except, afterWake
		p.anyWaits = false
		p.at = boxTurns
	}
	switch p.at {
	case boxEnter:
		p.generation ^= 1
		return next("enter: Generation++", boxEnterLatch)
	case boxEnterLatch:
		if m.without == "the sweep" {
			return latch("enter: latch", boxEnterUnlatch)
		}
		return latch("enter: latch", boxSweep)
	case boxSweep:
		if p.i == modelBoxes {
			return local(boxEnterUnlatch)
		}
		if b := &s.box[p.i]; b.state != 0 && b.state != modelDamaged && int(b.owner) == i {
			p.after = boxSweepNext
			return load("sweep: Owner: who had my row", p.i, boxBury)
		}
		return load("sweep: Owner", p.i, boxSweepNext)
	case boxSweepNext:
		p.i++
		p.after = 0
		return local(boxSweep)
	case boxEnterUnlatch:
		return unlatch("enter: unlatch", m.begin(i, p))

	case boxTryLatch:
		o := latch("tryAcquire: latch", boxTrim)
		if o.ways > 0 {
			take()
		}
		return o
	case boxTrim:
		if p.j == 0 {
			return local(boxTrimStore)
		}
		if row := p.j - 1; s.box[row].state == 0 {
			p.j--
			return load("trim: Owner: free", row, boxTrim)
		}
		return load("trim: Owner", p.j-1, boxTrimStore)
	case boxTrimStore:
		p.i, p.used = 0, p.j
		p.j = 0
		o := owner("trim: store Used", p.used, boxTake)
		o.silent = o.silent || s.used == p.used
		s.used = p.used
		return o
	case boxTake:
		if p.i == p.used {
			p.i = 0
			switch {
			case p.blocked:
				return local(boxNotTaken)
			case p.row == noBox:
				return local(boxFreeRow)
			}
			return local(m.granted(p))
		}
		b, row := &s.box[p.i], p.i
		want, spans, _ := m.request(s, i)
		switch {
		case b.state == 0:
			if p.row == noBox {
				p.row = row
			}
			p.i++
			return load("take: Owner: free", row, boxTake)
		case row == p.mine || !conflict(want, b.state, spans, b.spans):
			p.i++
			return load("take: Owner: no conflict", row, boxTake)
		}
		o := load("take: Owner: conflict", row, boxTakeDead)
		if p.expired > 0 && b.state != modelDamaged && m.without != "the look at who is dead" {
			p.who, p.whose, p.state = b.owner, b.generation, b.state
			return o
		}
		m.judge(s, i, b.state)
		return o
	case boxTakeDead:
		who, whose, state := p.who, p.whose, p.state
		p.who, p.whose, p.state = 0, 0, 0
		if m.dead(s, i, who, whose) {
			p.after = boxTakeAgain
			return next("take: dead: yes", boxBury)
		}
		o := next("take: dead: no", boxTake)
		m.judge(s, i, state)
		return o
	case boxTakeAgain:
		p.after = 0
		o := local(boxTake)
		if state := s.box[p.i].state; state != 0 {
			m.judge(s, i, state)
		} else {
			p.i++
		}
		return o
	case boxFreeRow:
		if p.j == modelBoxes {
			panic("the model needs more rows")
		}
		row := p.j
		if s.box[row].state != 0 {
			p.j++
			return load("freeRow: Owner: taken", row, boxFreeRow)
		}
		p.j, p.row = 0, row
		return load("freeRow: Owner: free", row, m.granted(p))
	case boxPass:
		if p.j == s.used {
			p.j, p.anyWaits = 0, false
			return local(m.granted(p))
		}
		b, row := &s.box[p.j], p.j
		p.j++
		ticket := uint8(0xff)
		if p.mine != noBox {
			ticket = s.box[p.mine].ticket
		}
		want, spans, _ := m.request(s, i)
		waits := b.state == modelWaitingShared || b.state == modelWaitingExclusive
		o := load("pass: Owner", row, boxPass)
		if row != p.mine && waits && b.ticket < ticket && conflict(want, b.state, spans, b.spans) {
			b.passed = min(b.passed, modelMaxPassed) + 1
			o.silent = s.deaths == 0 && m.without != "the latch"
		}
		return o

	case boxWriteFields:
		_, spans, _ := m.request(s, i)
		s.ticket++
		b := &s.box[p.row]
		b.ticket, b.wake, b.passed, b.spans = s.ticket, 0, 0, spans
		if m.without == "Owner's place after its fields" {
			return store("write: fields", p.row, m.written(p))
		}
		return store("write: fields", p.row, boxWriteUsed)
	case boxWriteUsed:
		o := owner("write: Used", p.row, boxWriteOwner)
		if s.used > p.row || m.without == "Used" {
			o.silent = true
		} else {
			s.used = p.row + 1
		}
		return o
	case boxWriteOwner:
		b := &s.box[p.row]
		b.owner, b.generation = uint8(i), p.generation
		if b.state, _, _ = m.request(s, i); p.queues {
			b.state -= modelShared - modelWaitingShared
		} else {
			s.hold(p.row)
		}
		if m.without == "Owner's place after its fields" {
			return owner("write: store Owner", p.row, boxWriteFields)
		}
		return owner("write: store Owner", p.row, m.written(p))
	case boxCommit:
		s.box[p.mine].state, _, _ = m.request(s, i)
		s.hold(p.mine)
		return owner("take: store Owner", p.mine, m.written(p))
	case boxWrites:
		o := next("take: Writes++", boxTaken)
		if m.without == "Owner's place before Writes" {
			p.at = m.place(p)
		}
		if want, _, _ := m.request(s, i); want != modelExclusive || !m.snapshots() || m.without == "Writes' place before the elements" {
			o.silent = true
		} else {
			s.writes++
		}
		return o
	case boxTaken:
		p.mine, p.i, p.used, p.expired, p.slept, p.over = noBox, 0, 0, 0, false, false
		return unlatch("unlatch", boxHold)
	case boxNotTaken:
		p.i, p.used, p.anyWaits, p.blocked = 0, 0, false, false
		if p.mine == noBox {
			p.row = noBox
			if p.refused {
				return unlatch("tryAcquire: unlatch: ErrOwnerDied", boxRefused)
			}
			return unlatch("tryAcquire: unlatch", boxWaitLatch)
		}
		if p.refused || p.over {
			return local(boxGiveUp)
		}
		return local(boxWakeZero)

	case boxBury:
		if s.box[p.i].state != modelExclusive {
			return load("bury: Owner", p.i, boxBuryFree)
		}
		p.j = 0
		return load("bury: Owner: exclusive", p.i, boxBuryMarked)
	case boxBuryMarked:
		if p.j == s.used {
			p.j = 0
			return local(boxBuryMark)
		}
		j := p.j
		if j != p.i && s.box[j].state == modelDamaged && spansContain(s.box[j].spans, s.box[p.i].spans) {
			p.j = 0
			if m.without == "the mark under a dead repairer" {
				s.free(j)
			}
			return load("marked: Owner: by this", j, boxBuryFree)
		}
		p.j++
		return load("marked: Owner", j, boxBuryMarked)
	case boxBuryFree:
		s.free(p.i)
		return owner("bury: store Owner: free", p.i, p.after)
	case boxBuryMark:
		if m.without == "the mark" {
			s.free(p.i)
		} else {
			s.box[p.i].state = modelDamaged
		}
		return owner("bury: store Owner: damaged", p.i, p.after)

	case boxWaitLatch:
		p.queues = m.open(s)
		return latch("wait: latch", boxFreeRow)
	case boxWaiting:
		o := next("wait: Waiting = 1", boxTrim)
		if m.without != "Waiting" {
			s.waiting = 1
		}
		if p.mine, p.queues = p.row, false; m.without == "the look after Waiting" {
			p.at = boxWakeZero
		} else {
			take()
		}
		return o
	case boxWakeZero:
		ways := 1
		if s.giveUps > 0 {
			ways = 2
		}
		if choice == 1 { // ctx.Err
			s.giveUps--
			return next("wait: the context is over", boxGiveUp)
		}
		o := among(ways, next("wait: Wake = 0", boxWaitUnlatch))
		if m.without != "Wake's clearing under the latch" {
			s.box[p.mine].wake = 0
		}
		if p.expired > 0 {
			turns(p.mine, boxSleep)
		}
		return o
	case boxWaitUnlatch:
		return unlatch("wait: unlatch", boxSleep)
	case boxSleep:
		b := &s.box[p.mine]
		if m.without == "Wake's clearing under the latch" {
			b.wake = 0
		}
		p.expired = 0
		if b.wake != 0 && m.without != "the sleep's comparison" {
			p.slept = true
			return next("futexWait: woken before", boxRelatch)
		}
		return next("futexWait: sleeps", boxAsleep)
	case boxAsleep:
		ends := 0
		if m.timeouts {
			ends = 2
		}
		ways := ends
		if s.giveUps > 0 {
			ways++
		}
		if choice >= ways {
			return outcome{}
		}
		slept := p.slept
		p.slept = true
		o := among(ways, next("futexWait: woken for no reason", boxRelatch))
		switch {
		case choice == ends:
			s.giveUps--
			p.over = true
			o.name = "futexWait: woken, its context is over"
		case choice == 1:
			o.name = "futexWait: time is over"
			p.expired = 1
			if slept {
				p.expired = 2
			}
		}
		return o
	case boxRelatch:
		open := m.open(s)
		if p.over && (choice == 1 || !open) {
			p.over = false
			o := next("wait: latch: the context is over", boxLeave)
			if open {
				o.ways = 2
			}
			return o
		}
		o := latch("wait: latch", boxTrim)
		if open {
			take()
		}
		if p.over {
			o.ways = 2
		}
		return o
	case boxGiveUp:
		p.expired, p.slept, p.over = 0, false, false
		s.free(p.mine)
		o := owner("wait: store Owner: free", p.mine, boxTurns)
		after := boxNext
		if p.refused {
			after = boxRefused
		}
		if m.without == "the wake of who gives up" {
			s.latch = 0
			p.at = after
			return o
		}
		turns(noBox, after)
		return o
	case boxLeave:
		s.free(p.mine)
		if m.without == "the wake of who gives up" {
			return next("wait: Swap(Owner, 0)", boxNext)
		}
		return next("wait: Swap(Owner, 0)", boxSoon)

	case boxTurns:
		if p.i == p.used {
			p.i, p.used = 0, 0
			return local(boxTurnsEnd)
		}
		b, row := &s.box[p.i], p.i
		if b.state != modelWaitingShared && b.state != modelWaitingExclusive {
			p.i++
			return load("turns: Owner", row, boxTurns)
		}
		p.anyWaits = true
		if row == p.except || b.wake != 0 {
			p.i++
			return load("turns: Owner: waits", row, boxTurns)
		}
		p.j = 0
		return load("turns: Owner: waits", row, boxHasTurn)
	case boxHasTurn:
		if p.j == p.used {
			p.j = 0
			return local(boxTurnsWake)
		}
		b, other, row := &s.box[p.i], &s.box[p.j], p.j
		want := b.state - modelWaitingShared + modelShared
		no := false
		switch other.state {
		case 0, modelDamaged:
		case modelWaitingShared, modelWaitingExclusive:
			no = row != p.i && other.ticket < b.ticket && conflict(want, other.state, b.spans, other.spans)
		default:
			no = conflict(want, other.state, b.spans, other.spans)
		}
		if no {
			p.j = 0
			p.i++
			return load("hasTurn: Owner: no", row, boxTurns)
		}
		p.j++
		return load("hasTurn: Owner", row, boxHasTurn)
	case boxTurnsWake:
		if m.without != "the word that says it was woken" {
			s.box[p.i].wake = 1
		}
		p.list |= 1 << p.i
		o := next("turns: Wake = 1", boxTurns)
		p.i++
		return o
	case boxTurnsEnd:
		o := next("turns: Waiting = 0", boxTurnsUnlatch)
		clear := !p.anyWaits || m.without == "the look whether others wait"
		o.silent = !clear || s.waiting == 0
		if p.anyWaits = false; clear {
			s.waiting = 0
		}
		return o
	case boxTurnsUnlatch:
		p.except = noBox
		return unlatch("wakeTurns: unlatch", boxWakeEach)
	case boxWakeEach:
		if p.list == 0 {
			after := p.afterWake
			p.afterWake = 0
			return local(after)
		}
		row := uint8(0)
		for p.list>>row&1 == 0 {
			row++
		}
		p.list &^= 1 << row
		for j := range m.scripts {
			if q := &s.p[j]; q.at == boxAsleep && q.mine == row && m.without != "the wake" {
				q.at, q.slept = boxRelatch, true
			}
		}
		return next("futexWake", boxWakeEach)

	case boxHold:
		want, spans, recover := m.request(s, i)
		if want == modelShared {
			return local(boxUnlock)
		}
		if choice == 1 {
			return next("does not repair", boxUnlock)
		}
		s.half |= spans
		if m.snapshots() {
			s.words[0] = (s.words[0] + 1) % 4
		}
		o := next("writes the first half", boxHalf)
		if recover {
			o.ways = 2
		}
		return o
	case boxHalf:
		_, spans, recover := m.request(s, i)
		s.half &^= spans
		s.words[1] = s.words[0]
		switch {
		case m.without == "Writes' place before the elements":
			return next("writes the second half", boxLateWrites)
		case recover:
			return next("writes the second half", boxRepairLatch)
		}
		return next("writes the second half", boxUnlock)
	case boxLateWrites:
		s.writes++
		return next("Writes++", boxUnlock)
	case boxRepairLatch:
		p.i = 0
		return latch("Repaired: latch", boxRepair)
	case boxRepair:
		if p.i == s.used {
			p.i = 0
			return local(boxRepairUnlatch)
		}
		b, row := &s.box[p.i], p.i
		p.i++
		_, spans, _ := m.request(s, i)
		if b.state == modelDamaged && spansContain(spans, b.spans) {
			s.free(row)
			return owner("repaired: store Owner: free", row, boxRepair)
		}
		return load("repaired: Owner", row, boxRepair)
	case boxRepairUnlatch:
		return unlatch("Repaired: unlatch", boxUnlock)
	case boxUnlock:
		want, _, _ := m.request(s, i)
		b := &s.box[p.row]
		s.overwritten = int(b.owner) != i || b.generation != p.generation || b.state != want
		s.free(p.row)
		p.row = noBox
		if _, spans, recover := m.request(s, i); recover && m.without == "the need for Repaired" {
			for row, b := range s.box {
				if b.state == modelDamaged && spansContain(spans, b.spans) {
					s.free(uint8(row))
				}
			}
		}
		if m.without == "unlock's look at Waiting" {
			return next("unlockRow: CAS(Owner, mine, 0)", boxNext)
		}
		return next("unlockRow: CAS(Owner, mine, 0)", boxUnlockLook)
	case boxUnlockLook:
		if s.waiting == 0 {
			return next("unlockRow: Waiting: 0", boxNext)
		}
		return next("unlockRow: Waiting: 1", boxSoon)
	case boxSoon:
		open := m.open(s)
		if m.timeouts && (choice == 1 || !open) {
			o := next("latchSoon: gives up", boxNext)
			if open {
				o.ways = 2
			}
			return o
		}
		o := latch("latchSoon", boxTurns)
		if open {
			turns(noBox, boxNext)
		}
		if m.timeouts {
			o.ways = 2
		}
		return o

	case boxReadWrites:
		p.writes = s.writes
		return next("snapshot: Writes", boxReadUsed)
	case boxReadUsed:
		p.used, p.i, p.blocked = s.used, 0, false
		if m.without == "the look at who writes" {
			return next("snapshot: Used", boxCopy)
		}
		return next("snapshot: Used", boxReadOwner)
	case boxReadOwner:
		if p.i == p.used {
			p.i, p.used = 0, 0
			if p.blocked {
				return local(m.begin(i, p))
			}
			return local(boxCopy)
		}
		b := &s.box[p.i]
		p.i++
		switch b.state {
		case modelDamaged:
			if m.without != "the look at marks" {
				return next("snapshot: Owner: damaged", boxNext)
			}
		case modelExclusive:
			if p.blocked = true; m.dead(s, i, b.owner, b.generation) {
				if choice == 1 {
					return among(2, next("snapshot: Owner: exclusive, dead", boxNext))
				}
				return among(2, next("snapshot: Owner: exclusive", boxReadOwner))
			}
			return next("snapshot: Owner: exclusive", boxReadOwner)
		}
		return next("snapshot: Owner", boxReadOwner)
	case boxCopy:
		p.copied[0] = s.words[0]
		return next("snapshot: copies the first half", boxCopyNext)
	case boxCopyNext:
		p.copied[1] = s.words[1]
		return next("snapshot: copies the second half", boxReadAgain)
	case boxReadAgain:
		if s.writes != p.writes && m.without != "the second look at Writes" {
			return next("snapshot: Writes: others", m.begin(i, p))
		}
		s.torn = p.copied[0] != p.copied[1]
		return next("snapshot: Writes: the same", boxNext)

	case boxNext:
		p.script++
		p.recovers = false
		return local(m.begin(i, p))
	case boxRefused:
		if want, _, _ := m.request(s, i); want == modelExclusive && !p.recovers {
			p.recovers = true
			return local(m.begin(i, p))
		}
		return local(boxNext)
	}
	return outcome{}
}

// judge goes on with take's scan after a row of that state, which conflicts.
func (m *boxModel) judge(s *boxState, i int, state modelState) {
	p := &s.p[i]
	b := &s.box[p.i]
	_, spans, recover := m.request(s, i)
	ticket := uint8(0xff)
	if p.mine != noBox {
		ticket = s.box[p.mine].ticket
	}
	p.at = boxTake
	switch state {
	case modelDamaged:
		if !recover || !spansContain(spans, b.spans) {
			p.refused, p.blocked, p.anyWaits, p.used, p.i = true, false, false, 0, 0
			p.at = boxNotTaken
			return
		}
	case modelWaitingShared, modelWaitingExclusive:
		p.anyWaits = true
		switch {
		case b.ticket > ticket || b.passed < modelMaxPassed || m.without == "the bound on passing":
		case p.expired == 2 && b.wake != 0:
			b.passed = 0
		default:
			p.blocked = true
		}
	default:
		p.blocked = true
	}
	p.i++
}

// granted is where take goes on once nothing stands against it.
func (m *boxModel) granted(p *boxProcess) boxStep {
	switch {
	case p.queues:
		return m.place(p)
	case p.anyWaits:
		return boxPass
	case m.without == "Owner's place before Writes":
		return boxWrites
	}
	return m.place(p)
}

// place is where Owner is stored.
func (m *boxModel) place(p *boxProcess) boxStep {
	switch {
	case p.mine != noBox:
		return boxCommit
	case m.without == "Owner's place after its fields":
		return boxWriteUsed
	}
	return boxWriteFields
}

// written is what follows Owner.
func (m *boxModel) written(p *boxProcess) boxStep {
	switch {
	case p.queues:
		return boxWaiting
	case m.without == "Owner's place before Writes":
		return boxTaken
	}
	return boxWrites
}
