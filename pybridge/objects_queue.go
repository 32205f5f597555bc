package pybridge

import (
	"context"
	"fmt"
	"math"
	"sync"
	"time"
)

// sharedQueue is a queue of Python's. Its exported methods are what Python calls, with timeouts in seconds: negative for none.
type sharedQueue struct {
	sharedBase
	mu      sync.Mutex
	items   []*kept
	size    int           // 0 for any
	undone  int           // items that were put, and not said to be done
	changed chan struct{} // closed and replaced at each change
}

func (o *Objects) newQueue(size int) *sharedQueue {
	q := &sharedQueue{size: max(size, 0), changed: make(chan struct{})}
	o.add(&q.sharedBase, q, q.clear)
	return q
}

func (q *sharedQueue) clear() {
	q.mu.Lock()
	old := q.items
	q.items = nil
	q.mu.Unlock()
	releaseAll(old)
}

func (q *sharedQueue) change() {
	close(q.changed)
	q.changed = make(chan struct{})
}

// until calls try, which has the mutex, until it succeeds, and reports whether it has in time. The error is the context's.
func (q *sharedQueue) until(ctx context.Context, timeout float64, try func() bool) (bool, error) {
	var late <-chan time.Time
	if timeout > 0 && timeout*float64(time.Second) < math.MaxInt64 {
		timer := time.NewTimer(time.Duration(timeout * float64(time.Second)))
		defer timer.Stop()
		late = timer.C
	}
	for {
		if err := ctx.Err(); err != nil { // who is to get an item may have ended
			return false, err
		}
		q.mu.Lock()
		if try() {
			q.change()
			q.mu.Unlock()
			return true, nil
		}
		changed := q.changed
		q.mu.Unlock()
		if timeout == 0 {
			return false, nil
		}
		select {
		case <-changed:
		case <-late:
			return false, nil
		case <-ctx.Done():
			return false, ctx.Err()
		}
	}
}

// Put adds an item, as soon as there is room, and reports whether there was in time.
func (q *sharedQueue) Put(ctx context.Context, v *kept, timeout float64) (bool, error) {
	done, err := q.until(ctx, timeout, func() bool {
		if q.size > 0 && len(q.items) >= q.size {
			return false
		}
		q.items = append(q.items, v)
		q.undone++
		return true
	})
	if !done {
		v.release()
	}
	return done, err
}

// Get takes the first item away, as soon as there is one, and reports whether there was in time.
func (q *sharedQueue) Get(ctx context.Context, timeout float64) (v *kept, done bool, err error) {
	done, err = q.until(ctx, timeout, func() bool {
		if len(q.items) == 0 {
			return false
		}
		v, q.items[0] = q.items[0], nil
		q.items = q.items[1:]
		return true
	})
	return v, done, err
}

// TaskDone says that the work on an item is done.
func (q *sharedQueue) TaskDone() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.undone == 0 {
		return false
	}
	q.undone--
	q.change()
	return true
}

// Join waits until the work on all items is done.
func (q *sharedQueue) Join(ctx context.Context) error {
	_, err := q.until(ctx, -1, func() bool { return q.undone == 0 })
	return err
}

// Len returns the number of items.
func (q *sharedQueue) Len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.items)
}

// Size returns the number of items for which there is room, 0 for any.
func (q *sharedQueue) Size() int { return q.size }

// Queue is a queue that this program shares with Python programs. All its methods may be called from many goroutines.
type Queue struct{ q *sharedQueue }

// Put adds an item, as soon as there is room. Types are as in calls: [Pool.Call].
func (q *Queue) Put(ctx context.Context, item any) error {
	v, err := keptOf(item)
	if err == nil {
		_, err = q.q.Put(ctx, v, -1)
	}
	if err != nil {
		return fmt.Errorf("pybridge: put: %w", err)
	}
	return nil
}

// Get takes the first item away, as soon as there is one, and stores it in what out points to.
func (q *Queue) Get(ctx context.Context, out any) error {
	v, _, err := q.q.Get(ctx, -1)
	if err == nil {
		err = v.moveTo(out)
	}
	if err != nil {
		return fmt.Errorf("pybridge: get: %w", err)
	}
	return nil
}

// TryGet is Get, but reports false where there is none.
func (q *Queue) TryGet(out any) (bool, error) {
	v, done, err := q.q.Get(context.Background(), 0)
	if err == nil && done {
		err = v.moveTo(out)
	}
	if err != nil {
		return false, fmt.Errorf("pybridge: get: %w", err)
	}
	return done, nil
}

// Len returns the number of items.
func (q *Queue) Len() int { return q.q.Len() }
