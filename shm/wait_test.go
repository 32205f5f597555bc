//go:build linux

package shm_test

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/samebytes/samebytes/internal/emulated"
	"github.com/samebytes/samebytes/ndarray"
	"github.com/samebytes/samebytes/shm"
)

// futexNumber is futex(2)'s, as /proc spells it.
var futexNumber = strconv.Itoa(unix.SYS_FUTEX)

var background = context.Background()

// patience bounds a wait that must end, so that a missed wake fails the test instead of hanging it.
func patience(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(background, time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func TestPublishAndWait(t *testing.T) {
	segments(t)
	a := create[float64](t, "x", []int{1})
	b := attach[float64](t, "x", shm.ReadOnly())
	if v, err := a.Publish(); v != 1 || err != nil {
		t.Fatal(v, err)
	}
	if v, err := b.Wait(background, 0); v != 1 || err != nil {
		t.Errorf("a publication before the wait: %d, %v", v, err)
	}
	if v, err := b.Wait(background, 77); v != 1 || err != nil {
		t.Errorf("a version that never was: %d, %v", v, err)
	}
	if _, err := b.Publish(); !errors.Is(err, ndarray.ErrReadOnly) {
		t.Errorf("%v, want ErrReadOnly", err)
	}
	if a.Version() != 1 || b.Version() != 1 {
		t.Errorf("versions %d and %d", a.Version(), b.Version())
	}
}

// TestWaitHandsOver lets two goroutines hand a plain element back and forth: each sees what the other wrote before it
// published, and no wake is missed.
func TestWaitHandsOver(t *testing.T) {
	segments(t)
	const rounds = 20000
	a := create[float64](t, "x", []int{1})
	ctx := patience(t)
	turn := func(a *shm.Array[float64], first uint64) error {
		for v := first; v < 2*rounds; v += 2 {
			for seen := a.Version(); seen < v; {
				var err error
				if seen, err = a.Wait(ctx, seen); err != nil {
					return err
				}
			}
			if got := a.At(0); got != float64(v) {
				return fmt.Errorf("version %d: got %v", v, got)
			}
			a.Set(float64(v+1), 0)
			if _, err := a.Publish(); err != nil {
				return err
			}
		}
		return nil
	}
	other := attach[float64](t, "x")
	done := make(chan error)
	go func() { done <- turn(other, 1) }()
	if err := errors.Join(turn(a, 0), <-done); err != nil {
		t.Fatal(err)
	}
}

// TestWaitManyPublishers lets goroutines publish at once while others wait: no number is lost, and every waiter comes to
// the last.
func TestWaitManyPublishers(t *testing.T) {
	segments(t)
	const publishers, waiters, each = 4, 4, 2000
	a := create[float64](t, "x", []int{1})
	ctx := patience(t)
	var wg sync.WaitGroup
	for range waiters {
		wg.Go(func() {
			for seen := uint64(0); seen < publishers*each; {
				v, err := a.Wait(ctx, seen)
				if err != nil || v <= seen {
					t.Errorf("after %d: %d, %v", seen, v, err)
					return
				}
				seen = v
			}
		})
	}
	for range publishers {
		wg.Go(func() {
			for range each {
				a.Publish()
			}
		})
	}
	wg.Wait()
	if v := a.Version(); v != publishers*each {
		t.Errorf("version %d, want %d", v, publishers*each)
	}
}

// TestWaitEnds proves that a wait which nothing publishes for ends with its context, and with the array's Close.
func TestWaitEnds(t *testing.T) {
	segments(t)
	a := create[float64](t, "x", []int{1})
	keep := attach[float64](t, "x") // the mapping stays when a is closed
	for range 100 {
		ctx, cancel := context.WithCancel(background)
		started, done := make(chan struct{}), make(chan error)
		go func() {
			close(started)
			_, err := keep.Wait(ctx, 0)
			done <- err
		}()
		<-started
		runtime.Gosched() // sometimes before the sleep and sometimes after
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Fatalf("%v, want Canceled", err)
		}
	}
	ctx, cancel := context.WithTimeout(background, time.Millisecond)
	defer cancel()
	if _, err := a.Wait(ctx, 0); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v, want DeadlineExceeded", err)
	}
	for range 100 {
		b, err := shm.Attach[float64]("x")
		if err != nil {
			t.Fatal(err)
		}
		started, done := make(chan struct{}), make(chan error)
		go func() {
			close(started)
			_, err := b.Wait(background, 0)
			done <- err
		}()
		<-started
		runtime.Gosched()
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
		if err := <-done; !errors.Is(err, shm.ErrClosed) {
			t.Fatalf("%v, want ErrClosed", err)
		}
	}
}

// TestCloseOfTheOnlyOpening unmaps a segment as soon as its last waiter has left, and not before.
func TestCloseOfTheOnlyOpening(t *testing.T) {
	dir := segments(t)
	shm.SetWarm(0)
	create[float64](t, "x", []int{1}).Close()
	for range 200 {
		a, err := shm.Attach[float64]("x")
		if err != nil {
			t.Fatal(err)
		}
		started, done := make(chan struct{}), make(chan error)
		go func() {
			close(started)
			_, err := a.Wait(patience(t), 0)
			done <- err
		}()
		<-started
		runtime.Gosched()
		if err := a.Close(); err != nil {
			t.Fatal(err)
		}
		if err := <-done; !errors.Is(err, shm.ErrClosed) {
			t.Fatalf("%v, want ErrClosed", err)
		}
		if found := mapped(t, dir); len(found) > 0 {
			t.Fatalf("still mapped: %v", found)
		}
	}
}

// TestWaitOfCutFile cuts the file under sleepers, who then cannot be woken: they find out by themselves.
func TestWaitOfCutFile(t *testing.T) {
	emulated.Skip(t, "whose threads sleep is not seen through it")
	segments(t)
	a := create[float64](t, "x", []int{1})
	done := make(chan error)
	go func() {
		_, err := a.Wait(patience(t), 0)
		done <- err
	}()
	for asleep := false; !asleep; { // in the kernel: cut before, its page's first use would be a fault
		asleep = sleepers(t) > 0
	}
	if err := os.Truncate(a.Path(), 0); err != nil {
		t.Fatal(err)
	}
	if err := <-done; !errors.Is(err, shm.ErrBroken) {
		t.Errorf("%v, want ErrBroken", err)
	}
	if err := shm.Delete("x"); err != nil {
		t.Fatal(err)
	}
}

// sleepers returns how many threads of this process are in a futex call with a timeout of a second, as only Wait makes.
func sleepers(t *testing.T) int {
	t.Helper()
	threads, err := os.ReadDir("/proc/self/task")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, thread := range threads {
		// System call number, then its arguments: word, operation (0 is FUTEX_WAIT of a shared word), value.
		call, err := os.ReadFile("/proc/self/task/" + thread.Name() + "/syscall")
		if fields := strings.Fields(string(call)); err == nil && len(fields) > 3 && fields[0] == futexNumber && fields[2] == "0x0" {
			n++
		}
	}
	return n
}

// TestWaitInAnotherProcess kills publishers and waiters at random moments: those who live go on.
func TestWaitInAnotherProcess(t *testing.T) {
	segments(t)
	a := create[float64](t, "x", []int{1})
	ready := func(out *bufio.Reader) {
		t.Helper()
		if line, err := out.ReadString('\n'); err != nil || line != "ready\n" {
			t.Fatalf("%q, %v", line, err)
		}
	}
	for range 10 {
		publisher, out := startChild(t, "publish")
		ready(out)
		waiter, said := startChild(t, "wait")
		ready(said)
		if _, err := said.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
		seen := a.Version()
		for range 100 {
			v, err := a.Wait(patience(t), seen)
			if err != nil {
				t.Fatal(err)
			}
			seen = v
		}
		for _, c := range []interface{ Kill() error }{publisher.Process, waiter.Process} {
			c.Kill()
		}
		publisher.Wait()
		waiter.Wait()
	}
	// Nobody is left who publishes: the next number is ours.
	last := a.Version()
	waiter, said := startChild(t, "wait")
	ready(said)
	a.Set(42, 0)
	if v, err := a.Publish(); v != last+1 || err != nil {
		t.Errorf("%d, %v, want %d", v, err, last+1)
	}
	for want := fmt.Sprintf("%d 42\n", last+1); ; {
		line, err := said.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		if line == want {
			break
		}
	}
	waiter.Process.Kill()
}

// TestM05VersionWraps takes the counter's low half, on which waiters sleep, and then the whole of it past the end.
func TestM05VersionWraps(t *testing.T) {
	dir := segments(t)
	a := create[float64](t, "x", []int{1})
	patchPublished(t, pathOf(dir, "x"), 1<<32-1)
	if v := a.Version(); v != 1<<32-1 {
		t.Fatalf("version %d", v)
	}
	done := make(chan uint64)
	go func() {
		v, err := a.Wait(patience(t), 1<<32-1)
		if err != nil {
			t.Error(err)
		}
		done <- v
	}()
	if v, err := a.Publish(); v != 1<<32 || err != nil {
		t.Errorf("%d, %v", v, err)
	}
	if v := <-done; v != 1<<32 {
		t.Errorf("woken with %d", v)
	}
	patchPublished(t, pathOf(dir, "x"), 1<<64-1)
	if v, err := a.Publish(); v != 0 || err != nil {
		t.Errorf("%d, %v, want 0", v, err)
	}
}

func patchPublished(t *testing.T, path string, version uint64) {
	const published = 128 - 4096 // from the end of the file: docs/reference/format.md
	patch(t, path, published, binary.LittleEndian.AppendUint64(nil, version))
}
