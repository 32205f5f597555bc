//go:build linux

package shm_test

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"sync"
	"testing"

	"github.com/samebytes/samebytes/shm"
)

func TestCounter(t *testing.T) {
	segments(t)
	made, err := shm.CreateCounter("c", -2)
	c := opened(t, made, err)
	is := func(got int64, err error, want int64) {
		t.Helper()
		if got != want || err != nil {
			t.Fatalf("%d, %v, want %d", got, err, want)
		}
	}
	value, err := c.Value()
	is(value, err, -2)
	value, err = c.Add(5)
	is(value, err, 3)
	value, err = c.Add(-4)
	is(value, err, -1)
	if err := c.Store(math.MaxInt64); err != nil {
		t.Fatal(err)
	}
	value, err = c.Add(1)
	is(value, err, math.MinInt64)
	value, err = c.WaitFor(background, func(value int64) bool { return value < 0 })
	is(value, err, math.MinInt64)
	value, err = c.WaitFor(briefly(t), func(value int64) bool { return value > 0 })
	late(t, err)
	is(value, nil, math.MinInt64)
}

// TestCounterCounts waits for what goroutines and a process add.
func TestCounterCounts(t *testing.T) {
	segments(t)
	made, err := shm.CreateCounter("c", 0)
	c := opened(t, made, err)
	const rounds = 1000
	startChild(t, fmt.Sprint("counter-add ", rounds))
	var wait sync.WaitGroup
	for range 2 {
		wait.Go(func() {
			for range rounds {
				if _, err := c.Add(1); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	if value, err := c.WaitFor(patience(t), func(value int64) bool { return value >= 3*rounds }); value != 3*rounds || err != nil {
		t.Errorf("%d, %v, want %d", value, err, 3*rounds)
	}
	wait.Wait()
	failed := make(chan error, 1)
	go func() {
		_, err := c.WaitFor(background, func(value int64) bool { return value < 0 })
		failed <- err
	}()
	c.Close()
	if err := <-failed; !errors.Is(err, shm.ErrClosed) {
		t.Errorf("%v, want ErrClosed", err)
	}
}

func init() {
	// adds one to c so often, and stays.
	children["counter-add"] = func() {
		c := must(shm.AttachCounter("c"))
		for range must(strconv.Atoi(childArgs[0])) {
			must(c.Add(1))
		}
		forever()
	}
}
