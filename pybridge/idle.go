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
	waiting []chan *worker
}

// put adds a worker, or hands it to who waits. One that has ended is thrown away.
func (q *idle) put(w *worker) {
	if w.link.err() != nil {
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.waiting) > 0 {
		q.waiting[0] <- w // has room for one
		q.waiting = q.waiting[1:]
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
		turn := make(chan *worker, 1)
		q.waiting = append(q.waiting, turn)
		q.mu.Unlock()
		var w *worker
		select {
		case w = <-turn:
		case <-ctx.Done():
		case <-closed:
		case <-failed:
		}
		if w == nil {
			q.mu.Lock()
			if i := slices.Index(q.waiting, turn); i >= 0 {
				q.waiting = slices.Delete(q.waiting, i, i+1)
			}
			q.mu.Unlock()
			select {
			case w = <-turn: // it came at the same time: somebody else may want it
				q.put(w)
			default:
			}
			return nil
		}
		if w.link.err() == nil {
			return w
		}
	}
}
