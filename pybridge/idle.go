package pybridge

import (
	"context"
	"slices"
	"sync"
)

// idle is the workers without a call, and who waits for one, the first first.
type idle struct {
	mu      sync.Mutex
	workers []*worker
	waiting []turn
}

// turn is of one who waits, for one worker or, where that is nil, for any.
type turn struct {
	only *worker
	come chan *worker // has room for one
}

// put adds a worker, or hands it to who waits. One that has ended is thrown away.
func (q *idle) put(w *worker) {
	if w.link.err() != nil {
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if i := slices.IndexFunc(q.waiting, func(t turn) bool { return t.only == nil || t.only == w }); i >= 0 {
		q.waiting[i].come <- w
		q.waiting = slices.Delete(q.waiting, i, i+1)
		return
	}
	q.workers = append(q.workers, w)
}

// take returns a worker as soon as there is one, or nil when the context is over, or one of the channels closed, before.
func (q *idle) take(ctx context.Context, closed, failed <-chan struct{}) *worker {
	for {
		q.mu.Lock()
		if n := len(q.workers); n > 0 {
			w := q.workers[n-1] // the last one's caches are warm
			q.workers = q.workers[:n-1]
			q.mu.Unlock()
			if w.link.err() == nil {
				return w
			}
			continue // it has ended, and the next one will come
		}
		t := turn{nil, make(chan *worker, 1)}
		q.waiting = append(q.waiting, t)
		q.mu.Unlock()
		if w := q.wait(ctx, t, closed, failed); w == nil || w.link.err() == nil {
			return w
		}
	}
}

// takeThis reports whether it has got the worker, as soon as that is idle.
func (q *idle) takeThis(ctx context.Context, w *worker, closed <-chan struct{}) bool {
	q.mu.Lock()
	if i := slices.Index(q.workers, w); i >= 0 {
		q.workers = slices.Delete(q.workers, i, i+1)
		q.mu.Unlock()
		return true
	}
	t := turn{w, make(chan *worker, 1)}
	q.waiting = append(q.waiting, t)
	q.mu.Unlock()
	return q.wait(ctx, t, closed, w.link.ended) != nil
}

// wait returns the worker that comes, or nil when the context is over, or one of the channels closed, before.
func (q *idle) wait(ctx context.Context, t turn, closed, failed <-chan struct{}) *worker {
	select {
	case w := <-t.come:
		return w
	case <-ctx.Done():
	case <-closed:
	case <-failed:
	}
	q.mu.Lock()
	q.waiting = slices.DeleteFunc(q.waiting, func(other turn) bool { return other.come == t.come })
	q.mu.Unlock()
	select {
	case w := <-t.come: // it came at the same time: somebody else may want it
		q.put(w)
	default:
	}
	return nil
}
