package shm

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"sync/atomic"
)

// Condition is a [Mutex] whose holder can wait for others to say that something has changed. Its state is a table with a row of two
// words for each that waits, as many rows as the table of locks has:
//
//	word   meaning
//	2*i    bits 32-61 the identity of who waits, bits 0-31 1: it waits, or 2: it was notified; 0: the row is free
//	2*i+1  its ticket: who has a lower one has waited for longer
//
// A row is made by the store of its first word, after the ticket, which is one more than those of all rows; it is notified by one
// store, and freed by one. All that is done by whoever holds the mutex. A dead process's rows are free, whatever they say.
//
// When a process dies that holds the mutex, its next holder gets ErrOwnerDied, as with a Mutex. Any goroutine may call the methods
// at any time, with a guard of its own.
type Condition struct{ object }

// Of a row.
const (
	waiterWords    = 2
	waiterWaits    = 1
	waiterNotified = 2
)

// CreateCondition makes a condition of that name, whose mutex nobody holds, and opens it. Without a name it goes with the last
// that has it open, as with [New].
// The errors are those of [Create].
func CreateCondition(name string, opts ...CreateOption) (*Condition, error) {
	o, err := createObject(kindCondition, 0, name, nil, opts)
	if err != nil {
		return nil, err
	}
	return &Condition{o}, nil
}

// AttachCondition opens the condition of that name.
// The errors are those of [Attach], ndarray.ErrDType for what is no condition, and ErrNoControl for a plain .npy file.
func AttachCondition(name string, opts ...AttachOption) (*Condition, error) {
	o, err := attachObject(name, opts, kindCondition)
	if err != nil {
		return nil, err
	}
	return &Condition{o}, nil
}

// Lock is [Mutex.Lock] of the condition's mutex.
func (c *Condition) Lock(ctx context.Context) (*Guard, error) { return c.segment.Lock(ctx) }

// Recover is [Mutex.Recover] of the condition's mutex.
func (c *Condition) Recover(ctx context.Context) (*Guard, error) { return c.segment.Recover(ctx) }

// Wait gives the mutex free that g holds, waits until notified, and locks it again. g holds it afterwards whatever is returned, but
// for ErrNotOwner and ErrBroken: so Wait returns after its context has ended only once it has the mutex. It returns nil when it
// was notified, also if the context ended then. What it waited for may be over again: ask for it in a loop.
//
// The errors are the context's; ErrOwnerDied when a process died that held the mutex meanwhile, which g then holds as by
// [Condition.Recover]; ErrFull when more wait than the table has rows, twice [Slots]; ErrNotOwner when g is not a
// guard of this opening's Lock, or unlocked; ErrClosed, and ErrBroken.
func (c *Condition) Wait(ctx context.Context, g *Guard) error {
	return c.named("wait for", c.use(true, func() error { return c.wait(ctx, g) }))
}

func (c *Condition) wait(ctx context.Context, g *Guard) error {
	if err := c.holds(g); err != nil {
		return err
	}
	row, err := c.enter()
	if err != nil {
		return err
	}
	if !g.unlocked.CompareAndSwap(false, true) { // nobody else may unlock it meanwhile
		c.leave(row)
		return fmt.Errorf("%w: unlocked meanwhile", ErrNotOwner)
	}
	locked := false
	defer func() {
		if !locked { // the mapping is broken, and g holds it no more
			g.segment.drop()
		}
	}()
	version, err := c.mapping.version()
	if err != nil {
		return err
	}
	if err := c.mapping.unlockRow(g.row, exclusive); err != nil {
		return err
	}
	waitErr := c.untilNotified(ctx, row, version)
	if g.row, err = c.mapping.acquireWhole(context.Background(), true); err != nil {
		return err
	}
	locked = true
	g.unlocked.Store(false)
	if c.leave(row) {
		waitErr = nil
	}
	if len(c.mapping.marks([]span{everywhere})) > 0 { // without the latch: beside g nobody can leave or clear one
		return fmt.Errorf("%w: what it was at work on may be half done", ErrOwnerDied)
	}
	return waitErr
}

// untilNotified waits until the row was notified. Who notified it may have died before waking it, and who was to do it, before doing
// it: so it looks every second.
// The errors are the context's, ErrOwnerDied and ErrBroken.
func (c *Condition) untilNotified(ctx context.Context, row int, version uint64) error {
	for atomic.LoadInt64(&c.state[row]) != wordOf(c.mapping.me, waiterNotified) {
		var err error
		if version, err = c.segment.wait(ctx, version, maxSleep); err != nil {
			return err
		}
		if _, err = c.mapping.unwritten(true); err != nil {
			return err
		}
	}
	return nil
}

// enter makes a row of one who waits, and returns its first word's index. The mutex is held.
// The error is ErrFull.
func (c *Condition) enter() (row int, err error) {
	row, ticket := noRow, int64(0)
	for i := 0; i < len(c.state); i += waiterWords {
		if s := c.waiter(i); s != 0 {
			ticket = max(ticket, atomic.LoadInt64(&c.state[i+1]))
		} else if row == noRow {
			row = i
		}
	}
	if row == noRow {
		return row, fmt.Errorf("%w: expected at most %d that wait, found another", ErrFull, len(c.state)/waiterWords)
	}
	atomic.StoreInt64(&c.state[row+1], ticket+1)
	atomic.StoreInt64(&c.state[row], wordOf(c.mapping.me, waiterWaits))
	return row, nil
}

// leave frees a row, and reports whether it was notified. The mutex is held.
func (c *Condition) leave(row int) (notified bool) {
	return atomic.SwapInt64(&c.state[row], 0) == wordOf(c.mapping.me, waiterNotified)
}

// waiter returns what a row says of a living participant, or 0.
func (c *Condition) waiter(row int) uint32 {
	who, s := wordParts(atomic.LoadInt64(&c.state[row]))
	if s == 0 || c.mapping.dead(who) {
		return 0
	}
	return s
}

// Notify wakes the n that have waited for longest, or all that wait if they are fewer: they return from Wait once g's mutex is
// free. Those that died while waiting are not counted, nor those whose context has ended and that have left; who dies after it was
// notified takes that with it.
// The errors are ErrNotOwner when g is not a guard of this opening's Lock, or unlocked; fs.ErrInvalid for a negative n;
// ErrClosed and ErrBroken.
func (c *Condition) Notify(g *Guard, n int) error {
	return c.named("notify", c.use(true, func() error {
		if err := inBounds(0, math.MaxInt, n, "to wake"); err != nil {
			return err
		}
		return c.notify(g, n)
	}))
}

// NotifyAll is [Condition.Notify] of all that wait.
func (c *Condition) NotifyAll(g *Guard) error { return c.Notify(g, math.MaxInt) }

func (c *Condition) notify(g *Guard, n int) error {
	if err := c.holds(g); err != nil {
		return err
	}
	type waiter struct {
		ticket int64
		row    int
	}
	var all []waiter
	for i := 0; i < len(c.state); i += waiterWords {
		if c.waiter(i) == waiterWaits {
			all = append(all, waiter{atomic.LoadInt64(&c.state[i+1]), i})
		}
	}
	slices.SortFunc(all, func(a, b waiter) int { return cmp.Compare(a.ticket, b.ticket) })
	all = all[:min(n, len(all))]
	for _, w := range all {
		who, _ := wordParts(atomic.LoadInt64(&c.state[w.row]))
		atomic.StoreInt64(&c.state[w.row], wordOf(who, waiterNotified))
	}
	if len(all) > 0 {
		c.mapping.publish()
	}
	return nil
}

// holds says why g does not hold this opening's mutex.
func (c *Condition) holds(g *Guard) error {
	if g == nil || g.segment != c.segment || g.state != exclusive || g.unlocked.Load() {
		return fmt.Errorf("%w: expected a guard of this opening's Lock, held", ErrNotOwner)
	}
	return nil
}
