//go:build linux

package shm_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/samebytes/samebytes/ndarray"
	"github.com/samebytes/samebytes/shm"
)

func newBarrier(t *testing.T, parties int) *shm.Barrier {
	t.Helper()
	b, err := shm.CreateBarrier("b", parties)
	return opened(t, b, err)
}

// arriveLater waits in a goroutine of its own, and returns once so many wait.
func arriveLater(t *testing.T, ctx context.Context, b *shm.Barrier, n int) <-chan error {
	t.Helper()
	result := make(chan error, 1)
	go func() {
		_, err := b.Wait(ctx)
		result <- err
	}()
	untilArrived(t, b, n)
	return result
}

func untilArrived(t *testing.T, b *shm.Barrier, want int) {
	t.Helper()
	until(t, func() bool {
		n, err := b.Waiting()
		if err != nil {
			t.Fatal(err)
		}
		return n == want
	})
}

func breaks(t *testing.T, err error) {
	t.Helper()
	if !errors.Is(err, shm.ErrBarrierBroken) {
		t.Fatalf("%v, want ErrBarrierBroken", err)
	}
}

func isBroken(t *testing.T, b *shm.Barrier, want bool) {
	t.Helper()
	if got, err := b.Broken(); got != want || err != nil {
		t.Fatalf("%v, %v, want %v", got, err, want)
	}
}

// passes has the barrier pass once, by goroutines.
func passes(t *testing.T, b *shm.Barrier) {
	t.Helper()
	isBroken(t, b, false)
	indices := make([]int, b.Parties())
	var wait sync.WaitGroup
	for i := range indices {
		wait.Go(func() {
			var err error
			if indices[i], err = b.Wait(patience(t)); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	slices.Sort(indices)
	for i, index := range indices {
		if index != i {
			t.Fatalf("indices %v", indices)
		}
	}
	if n, err := b.Waiting(); n != 0 || err != nil {
		t.Fatal(n, err)
	}
}

func reset(t *testing.T, b *shm.Barrier) {
	t.Helper()
	if err := b.Reset(); err != nil {
		t.Fatal(err)
	}
}

func TestBarrierPasses(t *testing.T) {
	segments(t)
	b := newBarrier(t, 3)
	for range 20 {
		passes(t, b)
	}
	one, err := shm.CreateBarrier("one", 1)
	if index, err := opened(t, one, err).Wait(background); index != 0 || err != nil {
		t.Error(index, err)
	}
}

// step goes through so many phases. x has how far each of two parties is: neither is ever a phase behind the other after the barrier.
func step(b *shm.Barrier, x *shm.Array[int64], me, phases int) error {
	for phase := range int64(phases) {
		ndarray.AtomicStore(x.Array, phase+1, me)
		if _, err := b.Wait(background); err != nil {
			return err
		}
		if other := ndarray.AtomicLoad(x.Array, 1-me); other < phase+1 || other > phase+2 {
			return fmt.Errorf("after phase %d the other is at %d", phase+1, other)
		}
	}
	return nil
}

func TestBarrierKeepsProcessesInStep(t *testing.T) {
	segments(t)
	b, x := newBarrier(t, 2), create[int64](t, "x", []int{4})
	const phases = 300
	_, out := startChild(t, fmt.Sprint("barrier-step ", phases))
	if err := step(b, x, 0, phases); err != nil {
		t.Fatal(err)
	}
	says(t, out, "done")
}

// TestBarrierPartyKilled kills one that has arrived: with others there, and before they come.
func TestBarrierPartyKilled(t *testing.T) {
	segments(t)
	b := newBarrier(t, 3)
	for range 3 {
		c, _ := startChild(t, "barrier-wait")
		untilArrived(t, b, 1)
		waits := arriveLater(t, patience(t), b, 2)
		kill(c)
		breaks(t, <-waits)
		isBroken(t, b, true)
		_, err := b.Wait(patience(t))
		breaks(t, err)
		reset(t, b)
		passes(t, b)

		c, _ = startChild(t, "barrier-wait")
		untilArrived(t, b, 1)
		kill(c)
		_, err = b.Wait(patience(t))
		breaks(t, err)
		reset(t, b)
	}
}

// TestBarrierRowTakenAgain lets the dead one's row be taken by the next party: it is not the dead one, nor counted with it.
func TestBarrierRowTakenAgain(t *testing.T) {
	segments(t)
	b := newBarrier(t, 2)
	c, _ := startChild(t, "barrier-wait")
	untilArrived(t, b, 1)
	kill(c)
	_, out := startChild(t, "barrier-wait")
	says(t, out, "broken")
	isBroken(t, b, true)
}

func TestBarrierContextEnds(t *testing.T) {
	segments(t)
	b := newBarrier(t, 3)
	_, out := startChild(t, "barrier-wait")
	untilArrived(t, b, 1)
	ctx, giveUp := context.WithCancel(background)
	other := arriveLater(t, ctx, b, 2)
	giveUp()
	if err := <-other; !errors.Is(err, context.Canceled) || errors.Is(err, shm.ErrBarrierBroken) {
		t.Errorf("%v, want Canceled", err)
	}
	says(t, out, "broken")
	isBroken(t, b, true)
	if n, err := b.Waiting(); n != 0 || err != nil {
		t.Error(n, err)
	}
	reset(t, b)
	passes(t, b)

	if _, err := b.Wait(ctx); !errors.Is(err, context.Canceled) { // ended before
		t.Errorf("%v, want Canceled", err)
	}
	isBroken(t, b, true)
}

func TestBarrierClosedWhileWaiting(t *testing.T) {
	segments(t)
	b := newBarrier(t, 3)
	made, err := shm.AttachBarrier("b")
	closing := opened(t, made, err)
	first, second := arriveLater(t, patience(t), b, 1), arriveLater(t, background, closing, 2)
	closing.Close()
	if err := <-second; !errors.Is(err, shm.ErrClosed) {
		t.Errorf("%v, want ErrClosed", err)
	}
	breaks(t, <-first)
}

func TestBarrierAbortAndReset(t *testing.T) {
	segments(t)
	b := newBarrier(t, 2)
	reset(t, b) // nobody is there
	passes(t, b)
	waits := arriveLater(t, patience(t), b, 1)
	if err := b.Abort(); err != nil {
		t.Fatal(err)
	}
	breaks(t, <-waits)
	_, err := b.Wait(background)
	breaks(t, err)
	reset(t, b)
	passes(t, b)

	waits = arriveLater(t, patience(t), b, 1)
	reset(t, b)
	breaks(t, <-waits)
	passes(t, b)

	waits = arriveLater(t, patience(t), b, 1)
	if err := errors.Join(b.Abort(), b.Reset()); err != nil { // before it has looked
		t.Fatal(err)
	}
	breaks(t, <-waits)
	passes(t, b)
}

// TestBarrierSlowToLook changes the state as others do while one that waits is kept from looking.
func TestBarrierSlowToLook(t *testing.T) {
	segments(t)
	b := newBarrier(t, 2)
	state := attach[int64](t, "b")
	for _, c := range []struct {
		story                 string
		passed, reset, broken int64 // after a generation g: less g
		want                  error
	}{
		{"passed", 1, 0, 0, nil},
		{"passed, and again", 2, 0, 0, nil},
		{"passed, then reset", 1, 2, 0, nil},
		{"passed, then broken", 1, 0, 1, nil},
		{"reset", 0, 1, 0, shm.ErrBarrierBroken},
		{"reset, then passed", 2, 1, 0, shm.ErrBarrierBroken},
		{"reset twice", 0, 2, 0, shm.ErrBarrierBroken},
		{"nobody can tell", 3, 2, 0, shm.ErrBarrierBroken},
		{"broken", 0, 0, 2, shm.ErrBarrierBroken},
		{"half a reset of a broken one", 0, 1, 1, shm.ErrBarrierBroken},
	} {
		waits := arriveLater(t, patience(t), b, 1)
		g := lock(t, state.Segment) // so that it cannot look between the stores
		now := max(state.At(1), state.At(2))
		state.Set(c.broken, 3)
		if c.reset > 0 {
			state.Set(now+c.reset, 2)
		}
		if c.passed > 0 {
			state.Set(now+c.passed, 1)
		}
		if _, err := state.Publish(); err != nil {
			t.Fatal(err)
		}
		unlock(t, g)
		if err := <-waits; !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.story, err, c.want)
		}
		reset(t, b)
	}
}

// TestBarrierArrivalsEnd proves that no arrival is left to be taken for one 65536 generations later.
func TestBarrierArrivalsEnd(t *testing.T) {
	segments(t)
	b := newBarrier(t, 2)
	state := attach[int64](t, "b")
	old := max(state.At(1), state.At(2))
	passes(t, b)
	state.Set(old+1<<16, 1)
	if n, err := b.Waiting(); n != 0 || err != nil {
		t.Fatal(n, err)
	}
	passes(t, b)
	if !slices.Equal(state.Data()[4:], make([]int64, 64)) {
		t.Errorf("arrivals %v", state.Data()[4:])
	}
}

func init() {
	// waits at b, and says how that ended.
	children["barrier-wait"] = func() {
		switch _, err := must(shm.AttachBarrier("b")).Wait(background); {
		case errors.Is(err, shm.ErrBarrierBroken):
			fmt.Println("broken")
		case err == nil:
			fmt.Println("passed")
		default:
			panic(err)
		}
		forever()
	}
	// goes through so many phases, and says so.
	children["barrier-step"] = func() {
		if err := step(must(shm.AttachBarrier("b")), must(shm.Attach[int64]("x")), 1, must(strconv.Atoi(childArgs[0]))); err != nil {
			panic(err)
		}
		fmt.Println("done")
		forever()
	}
}
