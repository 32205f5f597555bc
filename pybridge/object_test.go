package pybridge_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/samebytes/samebytes/pybridge"
	"github.com/samebytes/samebytes/shm"
)

const objects = `
import os, threading, weakref
import numpy as np
import samebytes as sb
alive = 0
class Model:
    def __init__(self, degree):
        global alive
        self.degree = degree
        alive += 1
    def __del__(self):
        global alive
        alive -= 1
    def fit(self, x):
        return [self.degree * v for v in x]
    def other(self):
        return Model(self.degree + 1)
    def __len__(self):
        return self.degree
    def items(self):
        for i in range(self.degree):
            yield i
    def die(self):
        os._exit(1)
    def _hidden(self):
        pass
def count():
    return alive
def pid():
    return os.getpid()
def degree_of(*models, by=None):
    return [m.degree for m in models] + ([by.degree] if by else [])
closed = []
def numbers(n, fail=False):
    try:
        for i in range(n):
            yield i
        if fail:
            raise ValueError("at the end")
    finally:
        closed.append(n)
def ends():
    return closed
def produced(n):
    for i in range(n):
        closed.append(i)
        yield i
def arrays(n):
    for i in range(n):
        yield sb.full(3, float(i))
def unsent():
    return [sb.full(3, 1.0), object()]
def slow():
    yield 1
    threading.Event().wait()
def use(model):
    return model.predict(3), model.rows, len(model), list(model), str(model)
def keep(model):
    global kept
    kept = model
def drop():
    global kept
    del kept
def same(model):
    return model
`

func TestObjects(t *testing.T) {
	pool := start(t, objects, func(p *pybridge.Python) { p.Workers = 2 })
	ctx := t.Context()
	m, err := pool.New(ctx, "Model", 3)
	if err != nil {
		t.Fatal(err)
	}
	if m.Type() != "Model" {
		t.Error(m)
	}
	var fit []float64
	if err := m.Call(ctx, &fit, "fit", []float64{1, 2}); err != nil || !slices.Equal(fit, []float64{3, 6}) {
		t.Error(fit, err)
	}
	var n int
	if err := m.Get(ctx, &n, "degree"); err != nil || n != 3 {
		t.Error(n, err)
	}
	if err := m.Set(ctx, "degree", 5); err != nil {
		t.Error(err)
	}
	if err := m.Call(ctx, &n, "__len__"); err != nil || n != 5 {
		t.Error(n, err)
	}
	var other *pybridge.Object
	if err := m.Call(ctx, &other, "other"); err != nil {
		t.Fatal(err)
	}
	var degrees []int
	if err := pool.Call(ctx, &degrees, "degree_of", m, other, pybridge.Kw{"by": m}); err != nil || !slices.Equal(degrees, []int{5, 6, 5}) {
		t.Error(degrees, err)
	}
	var items []int
	for i, err := range pybridge.Items[int](ctx, m, "items") {
		if err != nil {
			t.Fatal(err)
		}
		items = append(items, i)
	}
	if !slices.Equal(items, []int{0, 1, 2, 3, 4}) {
		t.Error(items)
	}
	for _, c := range []struct{ method, says string }{
		{"fti", "did you mean fit"}, {"_hidden", "no function"}, {"__class__", "no function"}, {"degree", "not a function"},
	} {
		if err := m.Call(ctx, nil, c.method); !errors.Is(err, pybridge.ErrRemote) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", c.method, err)
		}
	}
	if err := m.Get(ctx, &n, "_hidden"); err == nil {
		t.Error("got a hidden attribute")
	}
	elsewhere := start(t, objects)
	if err := elsewhere.Call(ctx, nil, "degree_of", m); err == nil || !strings.Contains(err.Error(), "of another") {
		t.Error(err)
	}
	other.Close()
	if err := other.Call(ctx, nil, "fit"); !errors.Is(err, pybridge.ErrClosed) {
		t.Error(err)
	}
	if err := m.Call(ctx, nil, "die"); !errors.Is(err, pybridge.ErrWorkerDied) {
		t.Error(err)
	}
	if err := m.Call(ctx, nil, "fit"); !errors.Is(err, pybridge.ErrWorkerDied) {
		t.Error(err)
	}
}

// TestObjectsGo has objects end by Close, and by the garbage collector.
func TestObjectsGo(t *testing.T) {
	pool := start(t, objects)
	ctx := t.Context()
	alive := func(want int) {
		t.Helper()
		until(t, fmt.Sprint(want, " alive"), func() bool { // no event tells that the garbage collector has run a cleanup
			runtime.GC()
			var n int
			if err := pool.Call(ctx, &n, "count"); err != nil {
				t.Fatal(err)
			}
			return n == want
		})
	}
	m, err := pool.New(ctx, "Model", 1)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := pool.New(ctx, "Model", 2); err != nil { // nobody has it
		t.Fatal(err)
	}
	alive(1)
	m.Close()
	m.Close()
	alive(0)
}

func TestItems(t *testing.T) {
	t.Setenv("SAMEBYTES_DIR", t.TempDir())
	pool := start(t, objects, func(p *pybridge.Python) { p.Grace = time.Minute })
	ctx := t.Context()
	next := 0
	for i, err := range pybridge.Items[int](ctx, pool, "numbers", 1000) {
		if err != nil || i != next {
			t.Fatal(i, err)
		}
		next++
	}
	if next != 1000 {
		t.Error(next)
	}
	for i, err := range pybridge.Items[int](ctx, pool, "produced", 1000) {
		if err != nil {
			t.Fatal(err)
		}
		if i == 10 {
			break
		}
	}
	var ends []int
	if err := pool.Call(ctx, &ends, "ends"); err != nil || len(ends) > 40 || ends[0] != 1000 {
		t.Error(len(ends), err)
	}
	var last error
	for _, last = range pybridge.Items[int](ctx, pool, "numbers", 7, true) {
	}
	var remote *pybridge.RemoteError
	if !errors.As(last, &remote) || remote.Type != "ValueError" || !strings.Contains(remote.Trace, "in numbers") {
		t.Error(last)
	}
	for range pybridge.Items[int](ctx, pool, "numbers", 12345) {
		break
	}
	if err := pool.Call(ctx, &ends, "ends"); err != nil || ends[len(ends)-1] != 12345 {
		t.Error("the generator was not closed", err)
	}
	short, cancel := context.WithCancel(ctx)
	defer cancel()
	for _, last = range pybridge.Items[int](short, pool, "slow") {
		cancel()
	}
	if !errors.Is(last, context.Canceled) {
		t.Error(last)
	}
	for _, last = range pybridge.Items[int](ctx, pool, "count") {
	}
	if last == nil || !strings.Contains(last.Error(), "expected a function that returns items") {
		t.Error(last)
	}
	if err := pool.Call(ctx, nil, "numbers", 3); err == nil {
		t.Error("a generator was carried")
	}
	for n := range 60 { // what ends the generator comes at any moment, also while an array is made
		taken := 0
		for a, err := range pybridge.Items[*shm.Array[float64]](ctx, pool, "arrays", 100) {
			if err != nil {
				t.Fatal(err)
			}
			a.Close()
			if taken++; taken > n {
				break
			}
		}
	}
	if err := pool.Call(ctx, nil, "unsent"); err == nil {
		t.Error("an object() was carried")
	}
	until(t, "the last generator has let go of its array", func() bool {
		all, err := shm.List()
		return err == nil && len(all) == 0
	})
	for _, last = range pybridge.Items[int](ctx, pool, "produced", 1<<30) {
		var pid int
		if last == nil && pid == 0 {
			for w := range pidsOf(t) {
				syscall.Kill(w, syscall.SIGKILL)
			}
		}
	}
	if !errors.Is(last, pybridge.ErrWorkerDied) {
		t.Error(last)
	}
}

type forecast struct {
	Rows  int
	Names []string
	gone  *bool

	closed chan struct{}
	once   sync.Once
}

func (f *forecast) Predict(x float64) (float64, error) { return x * float64(f.Rows), nil }
func (f *forecast) Len() int                           { return f.Rows }
func (f *forecast) All() iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := 0; i < f.Rows && yield(i); i++ {
		}
	}
}
func (f *forecast) String() string { return "forecast" }
func (f *forecast) Close() {
	*f.gone = true
	if f.closed != nil {
		f.once.Do(func() { close(f.closed) })
	}
}

// TestExposed gives a Go object to Python, and takes it back.
func TestExposed(t *testing.T) {
	srv := pybridge.NewServer()
	srv.Expose("Forecast", func() *forecast { return nil })
	pool := start(t, objects, func(p *pybridge.Python) { p.Serve = srv })
	f := &forecast{Rows: 4, gone: new(bool)}
	var got []any
	if err := pool.Call(t.Context(), &got, "use", f); err != nil || len(got) != 5 || got[0] != 12.0 || got[1] != int64(4) || got[2] != int64(4) || got[4] != "forecast" {
		t.Error(got, err)
	}
	var back *forecast
	if err := pool.Call(t.Context(), &back, "same", f); err != nil || back != f {
		t.Error(back, err)
	}
	if err := pool.Call(t.Context(), nil, "keep", f); err != nil {
		t.Error(err)
	}
	if err := pool.Call(t.Context(), nil, "drop"); err != nil {
		t.Error(err)
	}
	if *f.gone {
		t.Error("an object that Python has not made was closed")
	}
}

// TestMadeObjectsEnd has Python make objects, and let them go, be killed with them, and call what closes.
func TestMadeObjectsEnd(t *testing.T) {
	made := make(chan *forecast, 10)
	srv := pybridge.NewServer()
	srv.Expose("Forecast", func(rows int) *forecast {
		f := &forecast{Rows: rows, gone: new(bool), closed: make(chan struct{})}
		made <- f
		return f
	})
	pool := start(t, `
import os
import samebytes as sb
def work():
    with sb.caller().Forecast(3) as f:
        return f.predict(2)
def lets_go():
    sb.caller().Forecast(1)
def dies():
    f = sb.caller().Forecast(2)
    os._exit(1)
`, func(p *pybridge.Python) { p.Serve = srv })
	var y float64
	if err := pool.Call(t.Context(), &y, "work"); err != nil || y != 6 {
		t.Error(y, err)
	}
	<-(<-made).closed
	if err := pool.Call(t.Context(), nil, "lets_go"); err != nil {
		t.Error(err)
	}
	<-(<-made).closed
	if err := pool.Call(t.Context(), nil, "dies"); !errors.Is(err, pybridge.ErrWorkerDied) {
		t.Error(err)
	}
	<-(<-made).closed
}

// pidsOf returns the processes that this one has started and not waited for.
func pidsOf(t *testing.T) map[int]bool {
	t.Helper()
	pids := map[int]bool{}
	all, err := os.ReadDir("/proc")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range all {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			continue // it has ended
		}
		fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
		if fields[1] == strconv.Itoa(os.Getpid()) {
			pids[pid] = true
		}
	}
	return pids
}
