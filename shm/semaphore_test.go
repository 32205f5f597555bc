//go:build linux

package shm_test

import (
	"errors"
	"fmt"
	"strconv"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/samebytes/samebytes/ndarray"
	"github.com/samebytes/samebytes/shm"
)

func newSemaphore(t *testing.T, permits int) *shm.Semaphore {
	t.Helper()
	s, err := shm.CreateSemaphore("s", permits)
	return opened(t, s, err)
}

// tryAcquire acquires, and must or must not get a permit.
func tryAcquire(t *testing.T, s *shm.Semaphore, want bool) {
	t.Helper()
	if got, err := s.TryAcquire(); got != want || err != nil {
		t.Fatalf("%v, %v, want %v", got, err, want)
	}
}

func freePermits(t *testing.T, s *shm.Semaphore, want int) {
	t.Helper()
	if got, err := s.Value(); got != want || err != nil {
		t.Fatalf("%d free, %v, want %d", got, err, want)
	}
}

func TestSemaphoreCounts(t *testing.T) {
	segments(t)
	s := newSemaphore(t, 2)
	if s.Bounded() {
		t.Error("bounded")
	}
	freePermits(t, s, 2)
	tryAcquire(t, s, true)
	if err := s.Acquire(patience(t)); err != nil {
		t.Fatal(err)
	}
	tryAcquire(t, s, false)
	late(t, s.Acquire(briefly(t)))
	freePermits(t, s, 0)
	for i := range 3 { // two that it holds, and a new one
		if err := s.Release(); err != nil {
			t.Fatal(err)
		}
		freePermits(t, s, i+1)
	}
	if state := attach[int64](t, "s").Data(); state[0] != 3 || state[2] != 0 {
		t.Errorf("state %v", state)
	}
	attach[int64](t, "s").Set(1<<31-1, 0)
	if err := s.Release(); !errors.Is(err, shm.ErrFull) {
		t.Errorf("%v, want ErrFull", err)
	}
}

func TestBoundedSemaphore(t *testing.T) {
	segments(t)
	b, err := shm.CreateBoundedSemaphore("s", 1)
	s := opened(t, b, err)
	if !s.Bounded() {
		t.Error("not bounded")
	}
	for range 2 {
		if err := s.Release(); !errors.Is(err, shm.ErrNotOwner) {
			t.Fatalf("%v, want ErrNotOwner", err)
		}
		freePermits(t, s, 1)
		tryAcquire(t, s, true)
		if err := s.Release(); err != nil {
			t.Fatal(err)
		}
	}
	c := startHolder(t, "semaphore-hold 1")
	if err := s.Release(); !errors.Is(err, shm.ErrNotOwner) {
		t.Fatalf("gave back another's: %v", err)
	}
	kill(c)
	freePermits(t, s, 1)
}

// TestSemaphoreLetsInNoMore counts who is inside, in processes and goroutines.
func TestSemaphoreLetsInNoMore(t *testing.T) {
	segments(t)
	s, a := newSemaphore(t, 2), create[int64](t, "x", []int{4})
	const rounds = 200
	_, out := startChild(t, fmt.Sprint("semaphore-enter ", rounds))
	var wait sync.WaitGroup
	for range 3 {
		wait.Go(func() {
			if err := enter(s, a, rounds); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	says(t, out, "entered")
	freePermits(t, s, 2)
	if a.At(1) > 2 || a.At(2) != 4*rounds {
		t.Errorf("%d inside at once, entered %d times", a.At(1), a.At(2))
	}
}

// enter goes in and out. x counts who is inside, the most that were, and all that ever were.
func enter(s *shm.Semaphore, a *shm.Array[int64], rounds int) error {
	for range rounds {
		if err := s.Acquire(background); err != nil {
			return err
		}
		inside := ndarray.AtomicAdd(a.Array, 1, 0)
		ndarray.AtomicAdd(a.Array, 1, 2)
		for most := ndarray.AtomicLoad(a.Array, 1); inside > most; most = ndarray.AtomicLoad(a.Array, 1) {
			ndarray.AtomicCompareAndSwap(a.Array, most, inside, 1)
		}
		unix.Getppid()
		ndarray.AtomicAdd(a.Array, -1, 0)
		if err := s.Release(); err != nil {
			return err
		}
	}
	return nil
}

// TestSemaphoreHolderKilled kills a process that holds all permits, under one that waits for one.
func TestSemaphoreHolderKilled(t *testing.T) {
	segments(t)
	s := newSemaphore(t, 3)
	for range 3 {
		c := startHolder(t, "semaphore-hold 3")
		tryAcquire(t, s, false)
		got := make(chan error, 1)
		go func() { got <- s.Acquire(patience(t)) }()
		select {
		case err := <-got:
			t.Fatalf("got one that the living hold: %v", err)
		default:
		}
		kill(c)
		if err := <-got; err != nil {
			t.Fatal(err)
		}
		freePermits(t, s, 2)
		if err := s.Release(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestSemaphoreRowTakenAgain gives a dead holder's row to another process, which then holds what it acquires itself.
func TestSemaphoreRowTakenAgain(t *testing.T) {
	segments(t)
	s := newSemaphore(t, 3)
	kill(startHolder(t, "semaphore-hold 3"))
	c := startHolder(t, "semaphore-hold 0")
	if rows := stat(t, "s").Participants; len(rows) != 2 || !rows[1].Alive {
		t.Fatalf("%+v", rows)
	}
	freePermits(t, s, 3)
	kill(c)
	kill(startHolder(t, "semaphore-hold 3"))
	c = startHolder(t, "semaphore-hold 1")
	freePermits(t, s, 2)
	kill(c)
	freePermits(t, s, 3)
}

// TestSemaphoreKilledAnywhere kills processes that acquire and release, at any moment. No permit is lost or made.
func TestSemaphoreKilledAnywhere(t *testing.T) {
	segments(t)
	s, a := newSemaphore(t, 2), create[int64](t, "x", []int{4})
	for range 10 {
		one, _ := startChild(t, "semaphore-enter 1000000000")
		two, _ := startChild(t, "semaphore-enter 1000000000")
		before := ndarray.AtomicLoad(a.Array, 2)
		until(t, func() bool { return ndarray.AtomicLoad(a.Array, 2) > before+100 })
		kill(one)
		kill(two)
		freePermits(t, s, 2)
		tryAcquire(t, s, true)
		tryAcquire(t, s, true)
		tryAcquire(t, s, false)
		if err := errors.Join(s.Release(), s.Release()); err != nil {
			t.Fatal(err)
		}
	}
}

// TestSemaphoreLastCloseGivesBack closes one of two openings, and then the other.
func TestSemaphoreLastCloseGivesBack(t *testing.T) {
	segments(t)
	s := newSemaphore(t, 1)
	tryAcquire(t, s, true)
	again, err := shm.AttachSemaphore("s")
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
	freePermits(t, again, 0)
	again.Close()
	again, err = shm.AttachSemaphore("s")
	freePermits(t, opened(t, again, err), 1)
}

// TestSemaphoreManyWait has more goroutines change the state at once than the table of locks has rows.
func TestSemaphoreManyWait(t *testing.T) {
	segments(t)
	one, err := shm.CreateSemaphore("s", 1, shm.Slots(1))
	s := opened(t, one, err)
	var wait sync.WaitGroup
	for range 20 {
		wait.Go(func() {
			if err := errors.Join(s.Acquire(patience(t)), s.Release()); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	freePermits(t, s, 1)

	state := attach[int64](t, "s")
	first, second := lock(t, state.Segment, ndarray.At(0)), lock(t, state.Segment, ndarray.At(1)) // all rows
	late(t, s.Acquire(briefly(t)))
	unlock(t, first)
	unlock(t, second)
	tryAcquire(t, s, true)
}

func TestSemaphoreClosedWhileWaiting(t *testing.T) {
	segments(t)
	s := newSemaphore(t, 0)
	failed := make(chan error, 1)
	go func() { failed <- s.Acquire(background) }()
	s.Close()
	if err := <-failed; !errors.Is(err, shm.ErrClosed) {
		t.Errorf("%v, want ErrClosed", err)
	}
}

func init() {
	// holds so many permits of s until killed.
	children["semaphore-hold"] = func() {
		s := must(shm.AttachSemaphore("s"))
		for range must(strconv.Atoi(childArgs[0])) {
			if err := s.Acquire(background); err != nil {
				panic(err)
			}
		}
		fmt.Println("held")
		forever()
	}
	// enters s so often, says so, and stays.
	children["semaphore-enter"] = func() {
		if err := enter(must(shm.AttachSemaphore("s")), must(shm.Attach[int64]("x")), must(strconv.Atoi(childArgs[0]))); err != nil {
			panic(err)
		}
		fmt.Println("entered")
		forever()
	}
}
