//go:build linux

package shm_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/samebytes/samebytes/internal/emulated"
	"github.com/samebytes/samebytes/shm"
)

func newCondition(t *testing.T, opts ...shm.CreateOption) *shm.Condition {
	t.Helper()
	c, err := shm.CreateCondition("c", opts...)
	return opened(t, c, err)
}

func lockCondition(t *testing.T, c *shm.Condition) *shm.Guard {
	t.Helper()
	g, err := c.Lock(patience(t))
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// awaited returns how many wait for c, or have and not left yet, alive or not.
func awaited(a *shm.Array[int64]) (n int) {
	for i := 0; i < a.Len(); i += 2 {
		if a.Data()[i] != 0 {
			n++
		}
	}
	return n
}

// untilAwaited returns, with the condition locked, once so many wait for it.
func untilAwaited(t *testing.T, c *shm.Condition, n int) *shm.Guard {
	t.Helper()
	a := attach[int64](t, "c")
	var g *shm.Guard
	until(t, func() bool {
		g = lockCondition(t, c)
		if awaited(a) == n {
			return true
		}
		unlock(t, g)
		return false
	})
	return g
}

// woken is what a Wait came to.
type woken struct {
	who  int
	err  error
	held bool // whether its guard was held afterwards
}

// waitLater waits in a goroutine of its own, as number who, and returns once that is the n-th to wait.
func waitLater(t *testing.T, ctx context.Context, c *shm.Condition, who, n int, result chan<- woken) {
	t.Helper()
	go func() {
		g, err := c.Lock(background)
		if err != nil {
			result <- woken{who, err, false}
			return
		}
		err = c.Wait(ctx, g)
		result <- woken{who, err, g.Unlock() == nil}
	}()
	unlock(t, untilAwaited(t, c, n))
}

func notify(t *testing.T, c *shm.Condition, n int) {
	t.Helper()
	g := lockCondition(t, c)
	if err := errors.Join(c.Notify(g, n), g.Unlock()); err != nil {
		t.Fatal(err)
	}
}

// wokenNow returns who woke, of so many.
func wokenNow(t *testing.T, result <-chan woken, n int) (who []int) {
	t.Helper()
	for range n {
		w := <-result
		if w.err != nil || !w.held {
			t.Fatalf("%+v", w)
		}
		who = append(who, w.who)
	}
	slices.Sort(who)
	return who
}

func TestConditionNotifiesTheOldest(t *testing.T) {
	segments(t)
	c := newCondition(t)
	result := make(chan woken, 6)
	for i := range 6 {
		waitLater(t, patience(t), c, i, i+1, result)
	}
	notify(t, c, 0)
	notify(t, c, 1)
	if who := wokenNow(t, result, 1); !slices.Equal(who, []int{0}) {
		t.Errorf("woke %v", who)
	}
	unlock(t, untilAwaited(t, c, 5))
	notify(t, c, 2)
	if who := wokenNow(t, result, 2); !slices.Equal(who, []int{1, 2}) {
		t.Errorf("woke %v", who)
	}
	waitLater(t, patience(t), c, 6, 4, result) // in the first row, but the youngest
	notify(t, c, 2)
	if who := wokenNow(t, result, 2); !slices.Equal(who, []int{3, 4}) {
		t.Errorf("woke %v", who)
	}
	unlock(t, untilAwaited(t, c, 2))
	select {
	case w := <-result:
		t.Fatalf("one too many: %+v", w)
	default:
	}
	g := lockCondition(t, c)
	if err := errors.Join(c.NotifyAll(g), c.NotifyAll(g), g.Unlock()); err != nil {
		t.Fatal(err)
	}
	if who := wokenNow(t, result, 2); !slices.Equal(who, []int{5, 6}) {
		t.Errorf("woke %v", who)
	}
	notify(t, c, 100) // nobody
	if n := awaited(attach[int64](t, "c")); n != 0 {
		t.Errorf("%d rows left", n)
	}
}

// TestConditionNotHeld uses guards that hold nothing, or something else.
func TestConditionNotHeld(t *testing.T) {
	segments(t)
	c := newCondition(t)
	made, err := shm.AttachCondition("c")
	other := opened(t, made, err)
	g := lockCondition(t, other)
	x := lock(t, create[int64](t, "x", []int{1}).Segment)
	defer x.Unlock()
	check := func(g *shm.Guard) {
		t.Helper()
		for _, err := range []error{c.Wait(patience(t), g), c.Notify(g, 1), c.NotifyAll(g)} {
			if !errors.Is(err, shm.ErrNotOwner) {
				t.Errorf("%v, want ErrNotOwner", err)
			}
		}
	}
	check(nil)
	check(x)
	check(g)
	unlock(t, g)
	g = lockCondition(t, c)
	if err := c.Notify(g, -1); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("%v, want ErrInvalid", err)
	}
	unlock(t, g)
	check(g)
}

func TestConditionContextEnds(t *testing.T) {
	segments(t)
	c := newCondition(t)
	g := lockCondition(t, c)
	late(t, c.Wait(briefly(t), g))
	if err := errors.Join(c.Notify(g, 1), g.Unlock()); err != nil {
		t.Fatal(err)
	}

	result := make(chan woken, 3)
	first, giveUp := context.WithCancel(background)
	waitLater(t, first, c, 0, 1, result)
	waitLater(t, patience(t), c, 1, 2, result)
	giveUp()
	if w := <-result; w.who != 0 || !errors.Is(w.err, context.Canceled) || !w.held {
		t.Fatalf("%+v", w)
	}
	notify(t, c, 1)
	if who := wokenNow(t, result, 1); !slices.Equal(who, []int{1}) {
		t.Errorf("woke %v", who)
	}

	// Notified when the context has ended, but not left yet: that counts.
	first, giveUp = context.WithCancel(background)
	waitLater(t, first, c, 2, 1, result)
	g = lockCondition(t, c)
	giveUp()
	until(t, func() bool { return len(stat(t, "c").Locks) == 2 }) // it wants the mutex back
	if err := errors.Join(c.Notify(g, 1), g.Unlock()); err != nil {
		t.Fatal(err)
	}
	wokenNow(t, result, 1)
}

// TestConditionDeadAbsorbNothing kills the oldest that waits.
func TestConditionDeadAbsorbNothing(t *testing.T) {
	segments(t)
	c := newCondition(t)
	child, out := startChild(t, "condition-wait")
	says(t, out, "waits")
	result := make(chan woken, 1)
	waitLater(t, patience(t), c, 1, 2, result)
	kill(child)
	notify(t, c, 1)
	wokenNow(t, result, 1)

	_, out = startChild(t, "condition-wait") // in the dead one's row
	says(t, out, "waits")
	unlock(t, lockCondition(t, c)) // which it gives free when it waits
	waitLater(t, patience(t), c, 2, 2, result)
	notify(t, c, 1)
	says(t, out, "notified")
	notify(t, c, 1)
	wokenNow(t, result, 1)
}

// TestConditionDeadRowIsTaken has somebody take the row of one that died waiting, and stop before the row says so: the dead one stays
// dead, and absorbs nothing.
func TestConditionDeadRowIsTaken(t *testing.T) {
	segments(t)
	c := newCondition(t)
	child, out := startChild(t, "condition-wait")
	says(t, out, "waits")
	result := make(chan woken, 1)
	waitLater(t, patience(t), c, 1, 2, result)
	kill(child)
	f, err := os.OpenFile(filepath.Join(shm.Dir(), c.Name()), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lock := unix.Flock_t{Type: unix.F_WRLCK, Whence: io.SeekStart, Start: 1<<62 + 2*1, Len: 2} // row 1, as takeRow does
	if err := unix.FcntlFlock(f.Fd(), unix.F_OFD_SETLK, &lock); err != nil {
		t.Fatal(err)
	}
	notify(t, c, 1)
	wokenNow(t, result, 1)
}

// TestConditionHolderKilled kills who holds the mutex that a waiter wants back, before and after it notifies.
func TestConditionHolderKilled(t *testing.T) {
	emulated.Skip(t, "it starts no program of the processor that it emulates")
	segments(t)
	c := newCondition(t)
	result := make(chan *shm.Guard, 1)
	for _, part := range []string{"condition-hold", "condition-hold notify"} {
		go func() {
			g, err := c.Lock(background)
			if err == nil {
				err = c.Wait(background, g)
			}
			if !errors.Is(err, shm.ErrOwnerDied) {
				t.Errorf("%v, want ErrOwnerDied", err)
			}
			result <- g
		}()
		unlock(t, untilAwaited(t, c, 1))
		kill(startHolder(t, part))
		g := <-result
		if _, err := c.Lock(briefly(t)); !errors.Is(err, shm.ErrOwnerDied) && !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v beside the guard", err)
		}
		if err := errors.Join(g.Repaired(), g.Unlock()); err != nil {
			t.Fatal(err)
		}
		unlock(t, lockCondition(t, c))
	}
}

func TestConditionFull(t *testing.T) {
	segments(t)
	c := newCondition(t, shm.Slots(2))
	result := make(chan woken, 4)
	for i := range 4 {
		waitLater(t, patience(t), c, i, i+1, result)
	}
	g := lockCondition(t, c)
	if err := c.Wait(patience(t), g); !errors.Is(err, shm.ErrFull) {
		t.Errorf("%v, want ErrFull", err)
	}
	if err := errors.Join(c.NotifyAll(g), g.Unlock()); err != nil {
		t.Fatal(err)
	}
	wokenNow(t, result, 4)
}

func TestConditionClosedWhileWaiting(t *testing.T) {
	segments(t)
	c := newCondition(t)
	result := make(chan woken, 1)
	waitLater(t, background, c, 0, 1, result)
	c.Close()
	if w := <-result; !errors.Is(w.err, shm.ErrClosed) || !w.held {
		t.Errorf("%+v, want ErrClosed, held", w)
	}
}

// TestConditionHandsOver passes a turn between a process and goroutines.
func TestConditionHandsOver(t *testing.T) {
	segments(t)
	c, x := newCondition(t), create[int64](t, "x", []int{4})
	const turns = 200
	startChild(t, fmt.Sprintf("condition-turns 1 %d", turns))
	if err := takeTurns(c, x, 0, turns); err != nil {
		t.Fatal(err)
	}
}

// takeTurns adds one to x when that is even, or odd, so often.
func takeTurns(c *shm.Condition, x *shm.Array[int64], which int64, turns int) error {
	for range turns {
		g, err := c.Lock(background)
		if err != nil {
			return err
		}
		for x.At(0)%2 != which {
			if err := c.Wait(background, g); err != nil {
				return err
			}
		}
		x.Set(x.At(0)+1, 0)
		if err := errors.Join(c.Notify(g, 1), g.Unlock()); err != nil {
			return err
		}
	}
	return nil
}

func init() {
	// waits for c, says so before it gives the mutex free, and says when it was notified.
	children["condition-wait"] = func() {
		c := must(shm.AttachCondition("c"))
		g := must(c.Lock(background))
		fmt.Println("waits")
		if err := errors.Join(c.Wait(background, g), g.Unlock()); err != nil {
			panic(err)
		}
		fmt.Println("notified")
		forever()
	}
	// holds c until killed, and notifies all of it if told.
	children["condition-hold"] = func() {
		c := must(shm.AttachCondition("c"))
		g := must(c.Lock(background))
		if len(childArgs) > 0 {
			if err := c.NotifyAll(g); err != nil {
				panic(err)
			}
		}
		fmt.Println("held")
		forever()
	}
	children["condition-turns"] = func() {
		var which int64
		var turns int
		fmt.Sscan(childArgs[0], &which)
		fmt.Sscan(childArgs[1], &turns)
		if err := takeTurns(must(shm.AttachCondition("c")), must(shm.Attach[int64]("x")), which, turns); err != nil {
			panic(err)
		}
		forever()
	}
}
