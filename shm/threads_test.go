//go:build linux

package shm_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/samebytes/samebytes/ndarray"
	"github.com/samebytes/samebytes/shm"
)

// The faults of threads and of starting programs, of docs/reference/faults.md. Go programs do not fork.

// TestF07DescriptorsStayHere proves that a program started by this one inherits no descriptor, which would keep this one's
// row after its death.
func TestF07DescriptorsStayHere(t *testing.T) {
	dir := segments(t)
	create[int64](t, "x", []int{4})
	attach[int64](t, "x", shm.ReadOnly())
	open, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	ours := 0
	for _, fd := range open {
		var n int
		fmt.Sscan(fd.Name(), &n)
		if to, err := os.Readlink("/proc/self/fd/" + fd.Name()); err != nil || !strings.HasPrefix(to, dir) {
			continue
		}
		ours++
		if flags, err := unix.FcntlInt(uintptr(n), unix.F_GETFD, 0); err != nil || flags&unix.FD_CLOEXEC == 0 {
			t.Errorf("descriptor %d: flags %#x, %v", n, flags, err)
		}
	}
	if ours == 0 {
		t.Fatal("there is no descriptor to inherit")
	}
	inherited, err := exec.Command("ls", "-l", "/proc/self/fd").Output()
	if err != nil || strings.Contains(string(inherited), dir) {
		t.Errorf("%v\n%s", err, inherited)
	}
}

// TestF08FileClosedByOwner has a holder open and close its file by other means, which would end a POSIX lock.
func TestF08FileClosedByOwner(t *testing.T) {
	segments(t)
	a := create[int64](t, "x", []int{4})
	c := startHolder(t, "hold-and-read")
	if !outlasts(t, a) {
		t.Error("stolen from the living")
	}
	kill(c)
	lockDied(t, a)
	mend(t, a)
}

// TestF09OpenedTwice opens an array twice in one process: one mapping and one slot, and the two exclude each other.
func TestF09OpenedTwice(t *testing.T) {
	dir := segments(t)
	a := create[int64](t, "x", []int{4}, shm.Slots(1))
	b := attach[int64](t, "x")
	if n := len(mapped(t, dir)); n != 1 || shm.Refs(a.Segment) != 2 || len(stat(t, "x").Participants) != 1 {
		t.Errorf("%d mappings with %d users, participants %v", n, shm.Refs(a.Segment), stat(t, "x").Participants)
	}
	g := lock(t, a.Segment)
	if !taken(t, b.Lock) {
		t.Error("both have it")
	}
	result := lockLater(t, b, 1)
	unlock(t, g)
	o := <-result
	if o.err != nil {
		t.Fatal(o.err)
	}
	if !outlasts(t, a) {
		t.Error("both have it")
	}
	unlock(t, o.guard)
}

// TestF10AcrossThreads takes and gives locks on different threads of the operating system, as goroutines do that move.
func TestF10AcrossThreads(t *testing.T) {
	segments(t)
	a := create[int64](t, "x", []int{4})
	c, out := startChild(t, "add 2000")
	for range 2000 {
		runtime.LockOSThread() // so that the goroutine below has another
		g := lock(t, a.Segment)
		here, there := unix.Gettid(), make(chan int)
		a.Data()[0]++
		go func() {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			a.Data()[0]++
			if err := g.Unlock(); err != nil {
				t.Error(err)
			}
			there <- unix.Gettid()
		}()
		if <-there == here {
			t.Fatal("on one thread")
		}
		runtime.UnlockOSThread()
	}
	says(t, out, "done")
	kill(c)
	if a.At(0) != 6000 {
		t.Errorf("counted %d, want 6000", a.At(0))
	}
}

// TestF11UnlockByAnother unlocks what another has: the row in the table stays as it is.
func TestF11UnlockByAnother(t *testing.T) {
	segments(t)
	a := create[int64](t, "x", []int{4})
	stale := lock(t, a.Segment)
	row := shm.RowOf(stale)
	unlock(t, stale)
	c := startHolder(t, "hold-lock")
	word := atomic.LoadUint64(shm.OwnerWord(a.Segment, row))
	if word == 0 {
		t.Fatal("the other has another row")
	}
	_, damagedErr := stale.Damaged()
	for _, err := range []error{stale.Unlock(), stale.Unlock(), stale.Repaired(), damagedErr} {
		if !errors.Is(err, shm.ErrNotOwner) {
			t.Errorf("%v, want ErrNotOwner", err)
		}
	}
	if now := atomic.LoadUint64(shm.OwnerWord(a.Segment, row)); now != word || !outlasts(t, a) {
		t.Errorf("the word is %#x, was %#x", now, word)
	}
	kill(c)
	lockDied(t, a)
	mend(t, a)
}

// TestF12LockedAgain waits for itself, which its context ends.
func TestF12LockedAgain(t *testing.T) {
	segments(t)
	a := create[int64](t, "x", []int{4})
	g := lock(t, a.Segment, ndarray.At(1))
	ctx, cancel := context.WithCancel(background)
	result := make(chan error)
	go func() {
		_, err := a.Lock(ctx)
		result <- err
	}()
	untilWaiting(t, 1)
	cancel()
	if err := <-result; !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want Canceled", err)
	}
	unlock(t, lock(t, a.Segment, ndarray.At(2)))
	unlock(t, g)
	unlock(t, lock(t, a.Segment))
}

func init() {
	// holds the lock, and opens and closes the file.
	children["hold-and-read"] = func() {
		a := must(shm.Attach[int64]("x"))
		must(a.Lock(background))
		for _, flag := range []int{os.O_RDONLY, os.O_RDWR} {
			f := must(os.OpenFile(a.Path(), flag, 0))
			must(io.Copy(io.Discard, f))
			f.Close()
		}
		must(shm.Attach[int64]("x")).Close()
		must(shm.Attach[int64]("x", shm.ReadOnly())).Close()
		fmt.Println("held")
		forever()
	}
	// adds one to the first element as often as told, under the lock.
	children["add"] = func() {
		a := must(shm.Attach[int64]("x"))
		var rounds int
		fmt.Sscan(childArgs[0], &rounds)
		for range rounds {
			g := must(a.Lock(background))
			a.Data()[0]++
			if err := g.Unlock(); err != nil {
				panic(err)
			}
		}
		fmt.Println("done")
		forever()
	}
}
