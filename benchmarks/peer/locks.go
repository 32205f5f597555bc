package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"sync"
	"time"

	"github.com/samebytes/samebytes/ndarray"
	"github.com/samebytes/samebytes/shm"
)

const pairs = 20_000 // of lock and unlock for a sample

// uncontended measures lock and unlock while nobody else wants the lock, each item once a round. The samples are seconds.
func uncontended(name string, p plan) (map[string][]float64, error) {
	a, err := shm.Attach[int64](name)
	if err != nil {
		return nil, err
	}
	defer a.Close()
	ctx := context.Background()
	var mutex sync.Mutex
	samples := map[string][]float64{}
	for range p.most {
		for _, m := range []struct {
			key  string
			pair func() error
		}{
			{"go_mutex", func() error {
				mutex.Lock()
				mutex.Unlock() //lint:ignore SA2001 the empty section is what is measured
				return nil
			}},
			{"go_whole", func() error {
				g, err := a.Lock(ctx)
				if err != nil {
					return err
				}
				return g.Unlock()
			}},
			{"go_box", func() error {
				g, err := a.Lock(ctx, ndarray.Range(2, 5), ndarray.Range(0, 4))
				if err != nil {
					return err
				}
				return g.Unlock()
			}},
		} {
			start := time.Now()
			for range pairs {
				if err := m.pair(); err != nil {
					return nil, err
				}
			}
			samples[m.key] = append(samples[m.key], time.Since(start).Seconds()/pairs)
		}
	}
	return samples, nil
}

const betweenLooks = 16 // sections between two looks at the clock

// count counts in the first element under the lock, until the time that stdin says (ns since 1970), and returns how far.
func count(name string) (int, error) {
	a, err := shm.Attach[int64](name)
	if err != nil {
		return 0, err
	}
	defer a.Close()
	ctx, counter := context.Background(), &a.Data()[0]
	fmt.Println("ready")
	var end int64
	if _, err := fmt.Scan(&end); err != nil {
		return 0, err
	}
	n := 0
	for time.Now().UnixNano() < end {
		for range betweenLooks {
			g, err := a.Lock(ctx)
			if err != nil {
				return 0, err
			}
			*counter++
			n++
			if err := g.Unlock(); err != nil {
				return 0, err
			}
		}
	}
	return n, nil
}

// deaths waits for locks whose holders die meanwhile, and returns the seconds from each SIGKILL until this process had the
// lock.
func deaths(name, holder string, p plan) ([]float64, error) {
	a, err := shm.Attach[int64](name)
	if err != nil {
		return nil, err
	}
	defer a.Close()
	var samples []float64
	for range p.most {
		took, err := death(a, holder)
		if err != nil {
			return nil, err
		}
		samples = append(samples, took.Seconds())
	}
	return samples, nil
}

// death starts a holder, which says when it has the lock, and the time (ns since 1970) before it kills itself.
func death(a *shm.Array[int64], holder string) (time.Duration, error) {
	command := exec.Command(holder, "die", a.Path())
	output, err := command.StdoutPipe()
	if err != nil {
		return 0, err
	}
	if err := command.Start(); err != nil {
		return 0, err
	}
	defer command.Wait() // always fails: it was killed
	var ready string
	if _, err := fmt.Fscan(output, &ready); err != nil {
		return 0, fmt.Errorf("%s did not lock: %w", holder, err)
	}
	ctx := context.Background()
	_, err = a.Lock(ctx)
	had := time.Now().UnixNano()
	if !errors.Is(err, shm.ErrOwnerDied) {
		return 0, fmt.Errorf("expected ErrOwnerDied, found %v", err)
	}
	var killed int64
	if _, err := fmt.Fscan(output, &killed); err != nil {
		return 0, err
	}
	g, err := a.Recover(ctx)
	if err != nil {
		return 0, err
	}
	return time.Duration(had - killed), errors.Join(g.Repaired(), g.Unlock())
}
