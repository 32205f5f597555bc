package pybridge_test

import (
	"errors"
	"runtime"
	"testing"

	"github.com/samebytes/samebytes/ndarray"
	"github.com/samebytes/samebytes/pybridge"
)

const carrying = faults + `
import gc, weakref
import numpy as np
import samebytes as sb
class Thing:
    def ones(self, n):
        return np.ones(n)
def lends(behind):
    global ref
    thing = Thing()
    ref = weakref.ref(thing)
    return {"a": sb.lend(thing), "b": behind}
def left():
    gc.collect()
    return ref() is not None
def blocks(n):
    for _ in range(n):
        yield np.ones(10)
def back(n):
    return sb.caller().total(np.ones(n))
`

// TestObjectsOfCallsThatFail gives away a function with what can't be sent or is not taken, and gets an object with what does not fit: nothing of
// them is held.
func TestObjectsOfCallsThatFail(t *testing.T) {
	pool := start(t, carrying)
	for name, args := range map[string][]any{
		"count": {make(chan int)}, // can't be sent
		"nix":   {},
		"lends": {}, // has too many arguments then
	} {
		gone := make(chan struct{})
		func() {
			kept := new([1 << 10]int)
			runtime.AddCleanup(kept, func(gone chan struct{}) { close(gone) }, gone)
			f := func() int { return kept[0] }
			if err := pool.Call(t.Context(), nil, name, append([]any{f, f}, args...)...); err == nil {
				t.Error(name, "is no error")
			}
		}()
		until(t, name, func() bool {
			runtime.GC()
			select {
			case <-gone:
				return true
			default:
				return false
			}
		})
	}
	for _, out := range []any{nil, new(int), new(map[string]int), new(struct {
		A *pybridge.Object
		B int
	})} {
		if err := pool.Call(t.Context(), out, "lends", "text"); err == nil && out != nil {
			t.Errorf("%T is no error", out)
		}
		until(t, "the object is let go", func() bool {
			runtime.GC()
			var left bool
			if err := pool.Call(t.Context(), &left, "left"); err != nil {
				t.Fatal(err)
			}
			return !left
		})
	}
}

// TestStatsOfObjects counts items, methods and calls back, and the arrays of all.
func TestStatsOfObjects(t *testing.T) {
	srv := pybridge.NewServer()
	srv.Handle("total", func(a *ndarray.Array[float64]) float64 { return ndarray.Sum(a) })
	pool := start(t, carrying, func(p *pybridge.Python) { p.Serve = srv })
	for _, err := range pybridge.Items[*ndarray.Array[float64]](t.Context(), pool, "blocks", 5) {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, err := range pybridge.Items[int](t.Context(), pool, "nix") {
		if err == nil {
			t.Error("no error")
		}
	}
	thing, err := pool.New(t.Context(), "Thing")
	if err != nil {
		t.Fatal(err)
	}
	defer thing.Close()
	var ones *ndarray.Array[float64]
	var total float64
	if err := errors.Join(thing.Call(t.Context(), &ones, "ones", 20), pool.Call(t.Context(), &total, "back", 30)); err != nil || total != 30 {
		t.Error(total, err)
	}
	s := pool.Stats()
	for name, want := range map[string][2]uint64{"blocks": {1, 0}, "nix": {1, 1}, "Thing": {1, 0}, "Thing.ones": {1, 0}, "back": {1, 0}} {
		if f := s.Functions[name]; [2]uint64{f.Calls, f.Errors} != want || f.InFlight != 0 {
			t.Errorf("%s: %+v, want %v", name, f, want)
		}
	}
	if handles, copies := uint64(0), uint64(5*80+160+240); s.HandleBytes != handles || s.CopyBytes != copies {
		t.Errorf("%d bytes by handle and %d by copy, expected %d and %d", s.HandleBytes, s.CopyBytes, handles, copies)
	}
	if f := srv.Stats().Functions["total"]; f.Calls != 1 {
		t.Errorf("total: %+v", f)
	}
}
