package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/samebytes/samebytes/ndarray"
	"github.com/samebytes/samebytes/shm"
)

// makeObject creates a sync object of a kind, with that number of permits or parties, or that value.
func makeObject(kind, name string, n int) error {
	var o interface{ Close() error }
	var err error
	switch kind {
	case "mutex":
		o, err = shm.CreateMutex(name)
	case "rlock":
		o, err = shm.CreateRLock(name)
	case "semaphore":
		o, err = shm.CreateSemaphore(name, n)
	case "bounded":
		o, err = shm.CreateBoundedSemaphore(name, n)
	case "event":
		o, err = shm.CreateEvent(name)
	case "condition":
		o, err = shm.CreateCondition(name)
	case "barrier":
		o, err = shm.CreateBarrier(name, n)
	case "counter":
		o, err = shm.CreateCounter(name, int64(n))
	default:
		err = fmt.Errorf("no kind %q", kind)
	}
	if err != nil {
		return err
	}
	return o.Close()
}

// keep acquires something so often, and holds it until its input has a line or ends.
func keep(kind, name string, n int) error {
	ctx := context.Background()
	var acquire, release func() error
	switch kind {
	case "mutex", "condition":
		lock, err := lockOf(kind, name)
		if err != nil {
			return err
		}
		var g *shm.Guard
		acquire = func() (err error) { g, err = lock(ctx); return err }
		release = func() error { return g.Unlock() }
	case "rlock":
		l, err := shm.AttachRLock(name)
		if err != nil {
			return err
		}
		acquire = func() error { return l.Lock(ctx) }
		release = l.Unlock
	case "semaphore":
		s, err := shm.AttachSemaphore(name)
		if err != nil {
			return err
		}
		acquire = func() error { return s.Acquire(ctx) }
		release = s.Release
	}
	for range n {
		if err := acquire(); errors.Is(err, shm.ErrOwnerDied) {
			fmt.Println("died")
			return nil
		} else if err != nil {
			return err
		}
	}
	fmt.Println("held")
	bufio.NewReader(os.Stdin).ReadString('\n') // its end will do
	for range n {
		if err := release(); err != nil {
			return err
		}
	}
	fmt.Println("free")
	return nil
}

func lockOf(kind, name string) (func(context.Context) (*shm.Guard, error), error) {
	if kind == "mutex" {
		m, err := shm.AttachMutex(name)
		if err != nil {
			return nil, err
		}
		return m.Lock, nil
	}
	c, err := shm.AttachCondition(name)
	if err != nil {
		return nil, err
	}
	return c.Lock, nil
}

// addUnder adds to the first element of an array under a mutex, which loses nothing if it excludes.
func addUnder(name, array string, rounds int) error {
	m, err := shm.AttachMutex(name)
	if err != nil {
		return err
	}
	a, err := shm.Attach[int64](array)
	if err != nil {
		return err
	}
	for range rounds {
		g, err := m.Lock(context.Background())
		if err != nil {
			return err
		}
		a.Data()[0]++
		if err := g.Unlock(); err != nil {
			return err
		}
	}
	return nil
}

// enter goes in and out with a permit. The array counts who is inside, the most that were, and all that ever were.
func enter(name, array string, rounds int) error {
	s, err := shm.AttachSemaphore(name)
	if err != nil {
		return err
	}
	a, err := shm.Attach[int64](array)
	if err != nil {
		return err
	}
	for range rounds {
		if err := s.Acquire(context.Background()); err != nil {
			return err
		}
		inside := ndarray.AtomicAdd(a.Array, 1, 0)
		for most := ndarray.AtomicLoad(a.Array, 1); inside > most; most = ndarray.AtomicLoad(a.Array, 1) {
			ndarray.AtomicCompareAndSwap(a.Array, most, inside, 1)
		}
		ndarray.AtomicAdd(a.Array, 1, 2)
		ndarray.AtomicAdd(a.Array, -1, 0)
		if err := s.Release(); err != nil {
			return err
		}
	}
	return nil
}

// meet waits at a barrier, and says how many had come before, or that it is broken.
func meet(name string, rounds int) error {
	b, err := shm.AttachBarrier(name)
	if err != nil {
		return err
	}
	for range rounds {
		index, err := b.Wait(context.Background())
		if errors.Is(err, shm.ErrBarrierBroken) {
			fmt.Println("broken")
			continue
		} else if err != nil {
			return err
		}
		fmt.Println(index)
	}
	return nil
}

// takeTurns adds to the first element of an array when it is odd.
func takeTurns(name, array string, turns int) error {
	c, err := shm.AttachCondition(name)
	if err != nil {
		return err
	}
	a, err := shm.Attach[int64](array)
	if err != nil {
		return err
	}
	for range turns {
		g, err := c.Lock(context.Background())
		if err != nil {
			return err
		}
		for a.At(0)%2 == 0 {
			if err := c.Wait(context.Background(), g); err != nil {
				return err
			}
		}
		a.Data()[0]++
		if err := errors.Join(c.Notify(g, 1), g.Unlock()); err != nil {
			return err
		}
	}
	return nil
}

// await waits for a condition, and says when it was notified.
func await(name string) error {
	c, err := shm.AttachCondition(name)
	if err != nil {
		return err
	}
	g, err := c.Lock(context.Background())
	if err != nil {
		return err
	}
	if err := errors.Join(c.Wait(context.Background(), g), g.Unlock()); err != nil {
		return err
	}
	fmt.Println("notified")
	return nil
}

func notify(name string, n int) error {
	c, err := shm.AttachCondition(name)
	if err != nil {
		return err
	}
	g, err := c.Lock(context.Background())
	if err != nil {
		return err
	}
	return errors.Join(c.Notify(g, n), g.Unlock())
}

// event waits until an event is set, and says so, or sets it.
func event(name, verb string) error {
	e, err := shm.AttachEvent(name)
	if err != nil {
		return err
	}
	if verb == "set" {
		return e.Set()
	}
	if err := e.Wait(context.Background()); err != nil {
		return err
	}
	fmt.Println("set")
	return nil
}

// counter adds one so often, waits until the number is large enough, and says what it is.
func counter(name string, rounds, enough int) error {
	c, err := shm.AttachCounter(name)
	if err != nil {
		return err
	}
	for range rounds {
		if _, err := c.Add(1); err != nil {
			return err
		}
	}
	value, err := c.WaitFor(context.Background(), func(value int64) bool { return value >= int64(enough) })
	fmt.Println(value)
	return err
}
