package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"runtime"
	"sync"
	"time"

	"gonum.org/v1/gonum/floats"

	"github.com/samebytes/samebytes/shm"
)

// plan says how often to repeat.
type plan struct {
	warmup time.Duration // of untimed repetitions before the others
	most   int           // timed repetitions at most
	budget time.Duration // after which no further repetition begins; one is always made
}

// repeat returns the seconds that each timed repetition took. check is called after each, untimed.
func (p plan) repeat(once func() error, check func() error) ([]float64, error) {
	for begin := time.Now(); time.Since(begin) < p.warmup; {
		if err := errors.Join(once(), check()); err != nil {
			return nil, err
		}
	}
	var seconds []float64
	for begin := time.Now(); len(seconds) == 0 || len(seconds) < p.most && time.Since(begin) < p.budget; {
		start := time.Now()
		err := once()
		took := time.Since(start)
		if err := errors.Join(err, check()); err != nil {
			return nil, err
		}
		seconds = append(seconds, took.Seconds())
	}
	return seconds, nil
}

// work is the worker: it says "ready" once it has the segment, and after each publication by somebody else does its work and
// publishes. It ends with its parent, whose end closes stdin.
func work(name string, do func(data []float64)) error {
	a, err := shm.Attach[float64](name)
	if err != nil {
		return err
	}
	defer a.Close()
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		io.Copy(io.Discard, os.Stdin) // whatever ends it, the parent is gone
		cancel()
	}()
	v := a.Version()
	fmt.Println("ready")
	for {
		if v, err = a.Wait(ctx, v); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		do(a.Data())
		if v, err = a.Publish(); err != nil {
			return err
		}
	}
}

// handover is the client: it publishes, and waits until the worker has published. What check returns looks at the elements
// after each trip.
func handover(name string, p plan, check func(data []float64) func() error) ([]float64, error) {
	a, err := shm.Attach[float64](name)
	if err != nil {
		return nil, err
	}
	defer a.Close()
	endWithParent()
	ctx := context.Background()
	return p.repeat(func() error {
		v, err := a.Publish()
		if err != nil {
			return err
		}
		_, err = a.Wait(ctx, v)
		return err
	}, check(a.Data()))
}

// floor does with memory of this process alone what the worker does.
func floor(elements int, p plan) ([]float64, error) {
	if elements <= 0 {
		return nil, fmt.Errorf("expected a positive number of elements, found %d", elements)
	}
	data := make([]float64, elements)
	fill(data, smallest)
	return p.repeat(func() error { twice(data); return nil }, doubled(data))
}

// share is the bytes that are worth a goroutine of their own, which takes some 10 us to start and to wait for: they take
// some 200 us to double.
const share = 4 << 20

// twice doubles data in place.
func twice(data []float64) { scale(2, data) }

// scale multiplies data in place, on as many CPUs as there are and the data is worth: one CPU alone does not use all of the
// memory's bandwidth.
func scale(by float64, data []float64) {
	parts := min(runtime.GOMAXPROCS(0), len(data)*8/share)
	if parts <= 1 {
		floats.Scale(by, data)
		return
	}
	var wg sync.WaitGroup
	for i := range parts {
		part := data[i*len(data)/parts : (i+1)*len(data)/parts]
		wg.Go(func() { floats.Scale(by, part) })
	}
	wg.Wait()
}

// What arrays begin with, and what they are set back to when doubled so often that infinity is near.
var smallest, largest = math.Ldexp(1, -1000), math.Ldexp(1, 1000)

// doubled returns a check that the ends and the middle of data are twice what they were at the last call. The whole is
// checked by the Python side, after the last repetition.
func doubled(data []float64) func() error {
	want := data[0]
	return func() error {
		want *= 2
		for _, i := range []int{0, len(data) / 2, len(data) - 1} {
			if data[i] != want {
				return fmt.Errorf("expected element %d doubled to %g, found %g", i, want, data[i])
			}
		}
		if want == largest {
			want = smallest
			fill(data, want)
		}
		return nil
	}
}

// nothing is the work of a worker that only answers, and unchanged its client's check: that it left the array alone.
func nothing([]float64) {}

func unchanged(data []float64) func() error {
	first := data[0]
	return func() error {
		if data[0] != first {
			return fmt.Errorf("expected element 0 unchanged, found %g for %g", data[0], first)
		}
		return nil
	}
}

func fill(data []float64, value float64) {
	for i := range data {
		data[i] = value
	}
}
