package pybridge

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
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
	taking  map[ticket]*taking
	void    map[ticket]bool // those that were given up before an item was taken by them
}

// ticket is what a client takes an item by. Until it says that it has the item, that is the queue's.
type ticket struct {
	link   *link
	number uint64
}

type taking struct {
	item *kept
	over chan struct{} // closed when the client has it, or will not have it
}

func (o *Objects) newQueue(size int) *sharedQueue {
	q := &sharedQueue{size: max(size, 0), changed: make(chan struct{}), taking: map[ticket]*taking{}, void: map[ticket]bool{}}
	o.add(&q.sharedBase, q, q.clear)
	return q
}

func (q *sharedQueue) clear() {
	q.mu.Lock()
	old := q.items
	q.items = nil
	for t, taken := range q.taking {
		old = append(old, taken.item)
		close(taken.over)
		delete(q.taking, t)
	}
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

// Take returns the first item, as soon as there is one, and reports whether there was in time. The client has it when it calls Took.
// It goes back when the client calls PutBack or GiveBack, or ends.
func (q *sharedQueue) Take(ctx context.Context, number uint64, timeout float64) (v *kept, done bool, err error) {
	t := ticket{chainOf(ctx).link, number}
	taken := &taking{over: make(chan struct{})}
	done, err = q.until(ctx, timeout, func() bool {
		if q.void[t] || !q.first(&taken.item) {
			return q.void[t]
		}
		q.taking[t] = taken
		v = taken.item.use()
		return true
	})
	if v == nil {
		q.mu.Lock()
		defer q.mu.Unlock()
		delete(q.void, t)
		return nil, false, err
	}
	go func() {
		select {
		case <-taken.over:
		case <-t.link.ended:
			q.mu.Lock()
			defer q.mu.Unlock()
			q.putBack(t)
		}
	}()
	return v, done, err
}

// Took says that the client has an item.
func (q *sharedQueue) Took(ctx context.Context, number uint64) {
	t := ticket{chainOf(ctx).link, number}
	q.mu.Lock()
	defer q.mu.Unlock()
	if taken := q.taking[t]; taken != nil {
		delete(q.taking, t)
		close(taken.over)
		taken.item.release()
	}
}

// PutBack says that the client has given up a Take, of which it does not know how far it came.
func (q *sharedQueue) PutBack(ctx context.Context, number uint64) {
	t := ticket{chainOf(ctx).link, number}
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.putBack(t) {
		maps.DeleteFunc(q.void, func(other ticket, _ bool) bool { return other.link.err() != nil }) // of those no Take comes any more
		q.void[t] = true
		q.change()
	}
}

// GiveBack says that the client has the item of a Take, and has given up a Took, of which it does not know how far it came.
func (q *sharedQueue) GiveBack(ctx context.Context, number uint64, v *kept) {
	t := ticket{chainOf(ctx).link, number}
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.putBack(t) {
		v.release()
		return
	}
	q.items = slices.Insert(q.items, 0, v)
	q.change()
}

// putBack makes the item of a ticket the first again, and reports whether there is one. For who has the mutex.
func (q *sharedQueue) putBack(t ticket) bool {
	taken := q.taking[t]
	if taken == nil {
		return false
	}
	delete(q.taking, t)
	close(taken.over)
	q.items = slices.Insert(q.items, 0, taken.item)
	q.change()
	return true
}

// first takes the first item away, and reports whether there was one. For who has the mutex.
func (q *sharedQueue) first(v **kept) bool {
	if len(q.items) == 0 {
		return false
	}
	*v, q.items[0] = q.items[0], nil
	q.items = q.items[1:]
	return true
}

// get takes the first item away, as soon as there is one, and reports whether there was in time.
func (q *sharedQueue) get(ctx context.Context, timeout float64) (v *kept, done bool, err error) {
	done, err = q.until(ctx, timeout, func() bool { return q.first(&v) })
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
	v, _, err := q.q.get(ctx, -1)
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
	v, done, err := q.q.get(context.Background(), 0)
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
