//go:build linux

package shm_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/samebytes/samebytes/shm"
)

func ExampleSegment_Wait() {
	a, done := example("example-wait", []int{3})
	defer done()
	seen := a.Version()
	go func() { // any process may be this one
		a.Set(1.5, 0)
		a.Publish()
	}()
	version, err := a.Wait(context.Background(), seen)
	fmt.Println(version, a.At(0), err)
	// Output: 1 1.5 <nil>
}

func ExampleSegment_Changes() {
	a, done := example("example-changes", []int{3})
	defer done()
	ctx, end := context.WithCancel(context.Background())
	defer end()
	go func() {
		for ctx.Err() == nil {
			a.Publish()
		}
	}()
	for range a.Changes(ctx) { // the versions, of which it skips those that came and went
		fmt.Println("it has changed")
		break
	}
	// Output: it has changed
}

func ExampleMutex() {
	ctx := context.Background()
	m := must(shm.CreateMutex("example-mutex"))
	defer shm.Delete("example-mutex")
	defer m.Close()
	g, err := m.Lock(ctx)
	if errors.Is(err, shm.ErrOwnerDied) { // its holder was killed: look at what it was at work on
		g, err = m.Recover(ctx)
	}
	if err != nil {
		fmt.Println(err)
		return
	}
	_, free, _ := m.TryLock()
	fmt.Println(free, g.Unlock())
	// Output: false <nil>
}

func ExampleRLock() {
	ctx := context.Background()
	l := must(shm.CreateRLock("")) // without a name it goes with the last that has it open
	defer l.Close()
	fmt.Println(l.Lock(ctx), l.Lock(ctx), l.Unlock(), l.Unlock())
	fmt.Println(errors.Is(l.Unlock(), shm.ErrNotOwner))
	// Output:
	// <nil> <nil> <nil> <nil>
	// true
}

func ExampleSemaphore() {
	ctx := context.Background()
	s := must(shm.CreateBoundedSemaphore("", 2)) // two at a time, of any processes
	defer s.Close()
	fmt.Println(s.Acquire(ctx), s.Acquire(ctx))
	fmt.Println(s.TryAcquire())
	fmt.Println(s.Release(), must(s.Value()))
	// Output:
	// <nil> <nil>
	// false <nil>
	// <nil> 1
}

func ExampleEvent() {
	e := must(shm.CreateEvent(""))
	defer e.Close()
	short, end := context.WithTimeout(context.Background(), time.Millisecond)
	defer end()
	fmt.Println(errors.Is(e.Wait(short), context.DeadlineExceeded))
	go e.Set()
	fmt.Println(e.Wait(context.Background()), must(e.IsSet()))
	// Output:
	// true
	// <nil> true
}

func ExampleCondition() {
	ctx := context.Background()
	c := must(shm.CreateCondition(""))
	defer c.Close()
	items := 0
	go func() {
		g := must(c.Lock(ctx))
		defer g.Unlock()
		items = 3
		c.Notify(g, 1)
	}()
	g := must(c.Lock(ctx))
	defer g.Unlock()
	for items == 0 {
		if err := c.Wait(ctx, g); err != nil {
			fmt.Println(err)
			return
		}
	}
	fmt.Println(items)
	// Output: 3
}

func ExampleBarrier() {
	ctx := context.Background()
	b := must(shm.CreateBarrier("", 2))
	defer b.Close()
	indexes := make(chan int)
	for range b.Parties() {
		go func() { indexes <- must(b.Wait(ctx)) }()
	}
	fmt.Println(<-indexes + <-indexes) // one is 0, the other 1
	// Output: 1
}

func ExampleCounter() {
	c := must(shm.CreateCounter("", 10))
	defer c.Close()
	go c.Add(5)
	fmt.Println(c.WaitFor(context.Background(), func(value int64) bool { return value >= 15 }))
	// Output: 15 <nil>
}

func ExampleStat() {
	_, done := example("example-stat", []int{3, 2})
	defer done()
	info := must(shm.Stat("example-stat"))
	fmt.Println(info.DType, info.Shape, len(info.Participants))
	// Output: float64 [3 2] 1
}
