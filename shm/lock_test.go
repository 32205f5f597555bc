//go:build linux

package shm_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/samebytes/samebytes/ndarray"
	"github.com/samebytes/samebytes/shm"
)

func lock(t *testing.T, s *shm.Segment, ix ...ndarray.Index) *shm.Guard {
	t.Helper()
	g, err := s.Lock(patience(t), ix...)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func unlock(t *testing.T, g *shm.Guard) {
	t.Helper()
	if err := g.Unlock(); err != nil {
		t.Fatal(err)
	}
}

// taken reports whether somebody holds elements against a lock of the given kind.
func taken(t *testing.T, lock func(context.Context, ...ndarray.Index) (*shm.Guard, error), ix ...ndarray.Index) bool {
	t.Helper()
	ctx, cancel := context.WithTimeout(background, time.Millisecond)
	defer cancel()
	g, err := lock(ctx, ix...)
	if errors.Is(err, context.DeadlineExceeded) {
		return true
	}
	if err != nil {
		t.Fatal(err)
	}
	unlock(t, g)
	return false
}

func TestBoxesConflictWhereTheyOverlap(t *testing.T) {
	segments(t)
	a := create[float64](t, "x", []int{10, 8})
	held := lock(t, a.Segment, ndarray.Range(2, 5), ndarray.Range(0, 4))
	for _, c := range []struct {
		ix   []ndarray.Index
		want bool
	}{
		{nil, true},
		{[]ndarray.Index{ndarray.All}, true},
		{[]ndarray.Index{ndarray.At(4)}, true},
		{[]ndarray.Index{ndarray.At(5)}, false},
		{[]ndarray.Index{ndarray.At(-1)}, false},
		{[]ndarray.Index{ndarray.Range(0, 2)}, false},
		{[]ndarray.Index{ndarray.All, ndarray.At(3)}, true},
		{[]ndarray.Index{ndarray.All, ndarray.Range(4, 8)}, false},
		{[]ndarray.Index{ndarray.Step(0, ndarray.End, 9)}, true}, // all between its ends
		{[]ndarray.Index{ndarray.Range(3, 3)}, false},            // nothing
	} {
		if got := taken(t, a.Lock, c.ix...); got != c.want {
			t.Errorf("Lock(%v): taken is %v", c.ix, got)
		}
		if got := taken(t, a.RLock, c.ix...); got != c.want {
			t.Errorf("RLock(%v): taken is %v", c.ix, got)
		}
	}
	unlock(t, held)
	r, err := a.RLock(background)
	if err != nil {
		t.Fatal(err)
	}
	if taken(t, a.RLock) || !taken(t, a.Lock) || !taken(t, a.Lock, ndarray.At(0)) {
		t.Error("readers do not share, or let a writer in")
	}
	unlock(t, r)
	if taken(t, a.Lock) {
		t.Error("not free after Unlock")
	}
}

func TestGoroutinesExcludeEachOther(t *testing.T) {
	segments(t)
	a := create[int64](t, "x", []int{4})
	b := attach[int64](t, "x")
	var wait sync.WaitGroup
	const workers, rounds = 8, 2000
	for w := range workers {
		wait.Go(func() {
			s := a
			if w%2 == 0 {
				s = b
			}
			for range rounds {
				g, err := s.Lock(background, ndarray.At(w%2))
				if err != nil {
					t.Error(err)
					return
				}
				s.Set(s.At(w%2)+1, w%2)
				g.Unlock()
			}
		})
	}
	wait.Wait()
	if a.At(0) != workers/2*rounds || a.At(1) != workers/2*rounds {
		t.Errorf("counted %d and %d, want %d", a.At(0), a.At(1), workers/2*rounds)
	}
}

func BenchmarkLock(b *testing.B) {
	b.Setenv("SAMEBYTES_DIR", b.TempDir())
	a, err := shm.Create[float64]("x", []int{10, 8})
	if err != nil {
		b.Fatal(err)
	}
	defer a.Close()
	b.Run("whole", func(b *testing.B) {
		b.ReportAllocs()
		for range b.N { // not b.Loop, which keeps Lock from being inlined
			g, _ := a.Lock(background)
			g.Unlock()
		}
	})
	b.Run("box", func(b *testing.B) {
		for range b.N { // not b.Loop, which keeps Lock from being inlined
			g, _ := a.Lock(background, ndarray.Range(2, 5), ndarray.Range(0, 4))
			g.Unlock()
		}
	})
}
