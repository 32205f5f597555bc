//go:build linux

package shm_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/samebytes/samebytes/internal/emulated"
	"github.com/samebytes/samebytes/shm"
)

func newEvent(t *testing.T) *shm.Event {
	t.Helper()
	e, err := shm.CreateEvent("e")
	return opened(t, e, err)
}

func TestEvent(t *testing.T) {
	segments(t)
	e := newEvent(t)
	is := func(want bool) {
		t.Helper()
		if set, err := e.IsSet(); set != want || err != nil {
			t.Fatalf("%v, %v, want %v", set, err, want)
		}
	}
	is(false)
	late(t, e.Wait(briefly(t)))
	_, out := startChild(t, "event-wait")
	says(t, out, "waits")
	var wait sync.WaitGroup
	for range 3 {
		wait.Go(func() {
			if err := e.Wait(patience(t)); err != nil {
				t.Error(err)
			}
		})
	}
	if err := e.Set(); err != nil {
		t.Fatal(err)
	}
	is(true)
	wait.Wait()
	says(t, out, "set")
	if err := errors.Join(e.Wait(background), e.Clear()); err != nil {
		t.Fatal(err)
	}
	is(false)
	late(t, e.Wait(briefly(t)))
}

// TestSetterKilledBeforeWaking changes what is waited for and wakes nobody, as one does who dies in between.
func TestSetterKilledBeforeWaking(t *testing.T) {
	emulated.Skip(t, "whose threads sleep is not seen through it")
	segments(t)
	e := newEvent(t)
	made, err := shm.CreateCounter("c", 0)
	c := opened(t, made, err)
	eventState, counterState := attach[int64](t, "e"), attach[int64](t, "c")
	results := make(chan error, 2)
	go func() { results <- e.Wait(patience(t)) }()
	go func() {
		_, err := c.WaitFor(patience(t), func(value int64) bool { return value == 5 })
		results <- err
	}()
	until(t, func() bool { return sleepers(t) >= 2 })
	eventState.Set(1, 0)
	counterState.Set(5, 0)
	for range 2 {
		if err := <-results; err != nil {
			t.Fatal(err)
		}
	}
}

func TestEventClosedWhileWaiting(t *testing.T) {
	segments(t)
	e := newEvent(t)
	failed := make(chan error, 1)
	go func() { failed <- e.Wait(background) }()
	e.Close()
	if err := <-failed; !errors.Is(err, shm.ErrClosed) {
		t.Errorf("%v, want ErrClosed", err)
	}
}

func init() {
	// waits for e and says so.
	children["event-wait"] = func() {
		e := must(shm.AttachEvent("e", shm.ReadOnly()))
		fmt.Println("waits")
		if err := e.Wait(background); err != nil {
			panic(err)
		}
		fmt.Println("set")
		forever()
	}
}
