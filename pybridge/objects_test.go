package pybridge_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/samebytes/samebytes/ndarray"
	"github.com/samebytes/samebytes/pybridge"
	"github.com/samebytes/samebytes/shm"
)

// TestSharedObjects shares a dict and a queue with a worker.
func TestSharedObjects(t *testing.T) {
	t.Setenv("SAMEBYTES_DIR", t.TempDir())
	srv := pybridge.NewServer()
	objects := srv.Objects()
	if srv.Objects() != objects {
		t.Error("another")
	}
	pool := start(t, `
import samebytes as sb
def work():
    m = sb.caller()
    d, q = m.dict("d"), m.queue("jobs", 3)
    d["sum"] = float(d["a"].sum())
    d["a"][0] = 100
    for i in range(3):
        q.put({"job": i})
    return q.full()
`, func(p *pybridge.Python) { p.Serve = srv })
	d, err := objects.Dict("d")
	if err != nil {
		t.Fatal(err)
	}
	a, err := shm.New[float64]([]int{3})
	if err != nil {
		t.Fatal(err)
	}
	a.Fill(2)
	if err := d.Set("a", a); err != nil {
		t.Fatal(err)
	}
	a.Close()
	var full bool
	if err := pool.Call(t.Context(), &full, "work"); err != nil || !full {
		t.Fatal(full, err)
	}
	var sum int
	if ok, err := d.Get("sum", &sum); err == nil {
		t.Error(ok, sum, "a float went into an int")
	}
	var total float64
	if ok, err := d.Get("sum", &total); err != nil || !ok || total != 6 {
		t.Error(ok, total, err)
	}
	var back *ndarray.Array[float64]
	if ok, err := d.Get("a", &back); err != nil || !ok || back.At(0) != 100 {
		t.Error(ok, back, err)
	}
	if keys := d.Keys(); !slices.Equal(keys, []any{"a", "sum"}) || d.Len() != 2 {
		t.Error(keys)
	}
	if ok, err := d.Get(1.5, &total); ok || err != nil {
		t.Error(ok, err)
	}
	if err := d.Set([]int{1}, 1); !errors.Is(err, ndarray.ErrDType) {
		t.Error(err)
	}
	for _, key := range []string{"a", "a"} {
		if _, err := d.Delete(key); err != nil {
			t.Error(err)
		}
	}
	if all, err := shm.List(); err != nil || len(all) != 0 {
		t.Error(all, err)
	}
	q, err := objects.Queue("jobs", 3)
	if err != nil {
		t.Fatal(err)
	}
	late, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := q.Put(late, "x"); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	for i := range 3 {
		var job struct {
			Job int `json:"job"`
		}
		if err := q.Get(t.Context(), &job); err != nil || job.Job != i {
			t.Error(job, err)
		}
	}
	if ok, err := q.TryGet(&total); ok || err != nil || q.Len() != 0 {
		t.Error(ok, err)
	}
	if _, err := objects.Dict("../d"); !errors.Is(err, shm.ErrBadName) {
		t.Error(err)
	}
}

// TestSharedLists shares a list and a namespace with a worker.
func TestSharedLists(t *testing.T) {
	t.Setenv("SAMEBYTES_DIR", t.TempDir())
	srv := pybridge.NewServer()
	objects := srv.Objects()
	pool := start(t, `
import samebytes as sb
def work():
    m = sb.caller()
    l, n = m.list("l"), m.namespace("n")
    l[0][0] = 100
    l += [n.rate, "last"]
    n.done = True
    return len(l)
`, func(p *pybridge.Python) { p.Serve = srv })
	l, err := objects.List("l")
	if err != nil {
		t.Fatal(err)
	}
	n, err := objects.Namespace("n")
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(l.Append(ndarray.Full(2.0, 3)), n.Set("rate", 3)); err != nil {
		t.Fatal(err)
	}
	var length int
	if err := pool.Call(t.Context(), &length, "work"); err != nil || length != 3 || l.Len() != 3 {
		t.Fatal(length, err)
	}
	var a *ndarray.Array[float64]
	if ok, err := l.Get(0, &a); !ok || err != nil || a.At(0) != 100 {
		t.Error(ok, err)
	}
	var done bool
	if ok, err := n.Get("done", &done); !ok || err != nil || !done || n.Len() != 2 {
		t.Error(ok, err)
	}
	if ok, err := l.Set(-1, 4); !ok || err != nil {
		t.Error(ok, err)
	}
	if ok, err := l.Set(3, 4); ok || err != nil {
		t.Error(ok, err)
	}
	if !l.Delete(0) || l.Delete(2) {
		t.Error(l.Len())
	}
	var values []int
	if err := l.Values(&values); err != nil || !slices.Equal(values, []int{3, 4}) {
		t.Error(values, err)
	}
	if ok, err := l.Get(2, &length); ok || err != nil {
		t.Error(ok, err)
	}
	var text string
	if _, err := l.Get(0, &text); !errors.Is(err, ndarray.ErrDType) {
		t.Error(err)
	}
	if err := l.Append(make(chan int)); !errors.Is(err, ndarray.ErrDType) {
		t.Error(err)
	}
	if all, err := shm.List(); err != nil || len(all) != 0 {
		t.Error(all, err)
	}
	for name, of := range map[string]func(string) error{
		"list": func(name string) error { _, err := objects.List(name); return err }, "namespace": func(name string) error { _, err := objects.Namespace(name); return err },
	} {
		if err := of("../x"); !errors.Is(err, shm.ErrBadName) {
			t.Error(name, err)
		}
	}
}

// TestExposeErrors exposes what can't be.
func TestExposeErrors(t *testing.T) {
	srv := pybridge.NewServer()
	srv.Expose("Forecast", func() *forecast { return nil })
	for name, constructor := range map[string]any{
		"a value": 3, "nothing": func() {}, "two": func() (*forecast, int) { return nil, 0 }, "no methods": func() int { return 0 },
		"Forecast": func() *forecast { return nil }, "Again": func() (*forecast, error) { return nil, nil },
		"import": func() *time.Timer { return nil }, "variadic": func(...int) *time.Timer { return nil },
	} {
		func() {
			defer func() {
				if _, ok := recover().(pybridge.HandleError); !ok {
					t.Errorf("%s: no HandleError", name)
				}
			}()
			srv.Expose(name, constructor)
		}()
	}
}
