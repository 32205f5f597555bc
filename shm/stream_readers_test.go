//go:build linux

package shm_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/samebytes/samebytes/ndarray"
	"github.com/samebytes/samebytes/shm"
)

// publishItems publishes items of these numbers.
func publishItems(t *testing.T, s *shm.Stream[int64], values ...int64) {
	t.Helper()
	for _, v := range values {
		l, err := s.Loan(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		l.Fill(v)
		if _, err := l.Publish(); err != nil {
			t.Fatal(err)
		}
	}
}

// reader opens a reader that goes with the test.
func reader(t *testing.T, s *shm.Stream[int64], opts ...shm.ReaderOption) *shm.Reader[int64] {
	t.Helper()
	r, err := s.Reader(opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() }) // which the test may have done
	return r
}

// next returns the first element of a reader's next item, or what Next says instead.
func next(t *testing.T, r *shm.Reader[int64]) any {
	t.Helper()
	it, err := r.Next(t.Context())
	if err != nil {
		return err
	}
	return it.At(0)
}

func TestStreamStarts(t *testing.T) {
	for _, c := range []struct {
		name  string
		start shm.ReaderOption
		first int64
	}{
		{"oldest", shm.FromOldest(), 3}, {"latest", shm.FromLatest(), 6}, {"next", shm.FromNext(), 7}, {"item 1", shm.FromItem(1), 3},
		{"item 5", shm.FromItem(5), 5}, {"item 8", shm.FromItem(8), 8},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newStream[int64](t, 4, []int{1})
			publishItems(t, s, 1, 2, 3, 4, 5, 6)
			r := reader(t, s, c.start)
			if c.first > 6 {
				publishItems(t, s, 7, 8)
			}
			if got := next(t, r); got != c.first {
				t.Errorf("got %v, want %d", got, c.first)
			}
		})
	}
}

// TestStreamGroup has each item go to one member, and one that a member leaves with to another.
func TestStreamGroup(t *testing.T) {
	s := newStream[int64](t, 8, []int{1})
	publishItems(t, s, 1, 2, 3)
	a, b := reader(t, s, shm.InGroup("workers")), reader(t, s, shm.InGroup("workers"))
	other := reader(t, s, shm.InGroup("others"))
	if x, y := next(t, a), next(t, b); x != int64(1) || y != int64(2) {
		t.Error(x, y)
	}
	if x := next(t, other); x != int64(1) {
		t.Error(x)
	}
	if err := a.Close(); err != nil { // with item 1 in hand
		t.Fatal(err)
	}
	if x, y := next(t, b), next(t, b); x != int64(3) && y != int64(3) || x != int64(1) && y != int64(1) {
		t.Error(x, y)
	}
	if it, err := b.TryNext(); it != nil || err != nil {
		t.Error(it, err)
	}
	stats, err := s.Stats()
	if err != nil || len(stats.Ports) != 5 { // a writer, two groups, two members
		t.Errorf("%+v, %v", stats.Ports, err)
	}
	b.Close()
	other.Close()
	if stats, _ = s.Stats(); len(stats.Ports) != 1 {
		t.Errorf("%+v", stats.Ports)
	}
	publishItems(t, s, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13) // nobody holds the ring any more
}

// TestStreamGroupOfGoroutines has members in one process, which let items go while others take: each item goes to one.
func TestStreamGroupOfGoroutines(t *testing.T) {
	const items = 20_000
	s := newStream[int64](t, 8, nil)
	var taken [items]atomic.Int32
	var members sync.WaitGroup
	for range 4 {
		r := reader(t, s, shm.InGroup("all"))
		members.Go(func() {
			for {
				it, err := r.Next(t.Context())
				if err != nil {
					if err != io.EOF {
						t.Error(err)
					}
					return
				}
				taken[it.At()].Add(1)
			}
		})
	}
	w, err := shm.AttachStream[int64](s.Name())
	if err != nil {
		t.Fatal(err)
	}
	for i := range int64(items) {
		publishItems(t, w, i)
	}
	w.Close()
	members.Wait()
	for i := range taken {
		if n := taken[i].Load(); n != 1 {
			t.Fatalf("item %d was taken %d times", i, n)
		}
	}
}

func TestStreamWindow(t *testing.T) {
	for _, opts := range [][]shm.CreateOption{nil, {shm.Lossy()}} {
		s := newStream[int64](t, 5, []int{2}, opts...)
		r := reader(t, s, shm.Window(3))
		for i := range int64(20) {
			publishItems(t, s, i)
			it, err := r.Next(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			var got []int64
			pieces := it.Window()
			for _, piece := range pieces {
				if piece.Writable() || !slices.Equal(piece.Shape()[1:], []int{2}) {
					t.Error(piece.Shape())
				}
				for _, row := range piece.Rows() {
					got = append(got, row[0])
				}
			}
			want := []int64{i - 2, i - 1, i}[max(0, 2-i):]
			if !slices.Equal(got, want) || len(pieces) > 2 {
				t.Errorf("%v: item %d: got %v in %d pieces, want %v", opts != nil, i, got, len(pieces), want)
			}
		}
		if opts != nil {
			publishItems(t, s, make([]int64, 50)...)
			it, err := r.Next(t.Context())
			if err != nil || it.Missed == 0 || len(it.Window()) != 1 || it.Window()[0].Shape()[0] != 1 {
				t.Error(it, err)
			}
		}
		s.Close()
		shm.Delete(s.Name())
	}
}

func TestStreamBadInput(t *testing.T) {
	s := newStream[int64](t, 4, []int{3}, shm.Ports(2))
	if _, err := shm.CreateStream[int64]("other", 0, []int{3}); !errors.Is(err, fs.ErrInvalid) {
		t.Error(err)
	}
	if _, err := shm.CreateStream[int64]("other", 4, []int{1 << 50}); !errors.Is(err, shm.ErrNoSpace) && !errors.Is(err, ndarray.ErrShape) {
		t.Error(err)
	}
	if _, err := shm.CreateStream[int64]("other", 4, []int{3}, shm.Patience(-1)); !errors.Is(err, fs.ErrInvalid) {
		t.Error(err)
	}
	if _, err := shm.CreateStream[int64]("other", 4, []int{3}, shm.Ports(1000)); !errors.Is(err, fs.ErrInvalid) {
		t.Error(err)
	}
	if _, err := shm.AttachStream[float32](s.Name()); !errors.Is(err, ndarray.ErrDType) {
		t.Error(err)
	}
	if _, err := shm.AttachStream[int64](s.Name(), shm.ReadOnly()); !errors.Is(err, ndarray.ErrReadOnly) {
		t.Error(err)
	}
	create[int64](t, "array", []int{4, 3})
	if _, err := shm.AttachStream[int64]("array"); !errors.Is(err, ndarray.ErrDType) {
		t.Error(err)
	}
	if _, err := s.Reader(shm.InGroup("a name of more than 24 bytes")); !errors.Is(err, shm.ErrBadName) {
		t.Error(err)
	}
	if _, err := s.Reader(shm.Window(4)); !errors.Is(err, fs.ErrInvalid) {
		t.Error(err)
	}
	l, err := s.Loan(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.PublishFirst(4); !errors.Is(err, ndarray.ErrShape) {
		t.Error(err)
	}
	if err := l.Discard(); err != nil {
		t.Error(err)
	}
	if err := l.Discard(); !errors.Is(err, shm.ErrClosed) {
		t.Error(err)
	}
	if err := panicOf(func() { l.Set(1, 0) }); !errors.As(err, new(ndarray.IndexError)) {
		t.Errorf("panic with %v", err)
	}
	r := reader(t, s)
	if _, err := s.Reader(); !errors.Is(err, shm.ErrFull) {
		t.Error(err)
	}
	publishItems(t, s, 1, 2)
	it, err := r.Next(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := panicOf(func() { it.Set(1, 0) }); err != ndarray.ErrReadOnly {
		t.Errorf("panic with %v", err)
	}
	kept := it
	if _, err := r.Next(t.Context()); err != nil || kept.Number != 2 {
		t.Error(err)
	}
	r.Release()
	if err := panicOf(func() { kept.At(0) }); !errors.As(err, new(ndarray.IndexError)) {
		t.Errorf("panic with %v", err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	if err := r.Close(); !errors.Is(err, shm.ErrClosed) {
		t.Error(err)
	}
}

// panicOf returns the error that f panics with.
func panicOf(f func()) (err error) {
	defer func() { err, _ = recover().(error) }()
	f()
	return nil
}

// TestSelect waits for readers and an array, woken by each of them.
func TestSelect(t *testing.T) {
	for _, fallback := range []bool{false, true} {
		t.Run(fmt.Sprint("fallback ", fallback), func(t *testing.T) {
			defer shm.LackWaitAny(fallback)()
			s := newStream[int64](t, 4, []int{1})
			second, err := shm.CreateStream[int64]("second", 4, []int{1})
			if err != nil {
				t.Fatal(err)
			}
			defer second.Close()
			a := create[float64](t, "array", []int{3})
			rs := []*shm.Reader[int64]{reader(t, s), reader(t, second, shm.InGroup("all"))}
			version := a.Version()
			turns := make(chan int)
			go func() {
				for turn := range turns {
					switch turn {
					case 0:
						publishItems(t, s, 1)
					case 1:
						publishItems(t, second, 1)
					default:
						a.Publish()
					}
				}
			}()
			for i := range 300 {
				turns <- i % 3
				got, err := shm.Select(t.Context(), rs[0], rs[1], a.Since(version))
				if err != nil || got != i%3 {
					t.Fatal(got, err)
				}
				if got < 2 {
					next(t, rs[got])
				} else {
					version = a.Version()
				}
			}
			close(turns)
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
			defer cancel()
			if _, err := shm.Select(ctx, rs[0], rs[1]); !errors.Is(err, context.DeadlineExceeded) {
				t.Error(err)
			}
			if _, err := shm.Select(t.Context()); !errors.Is(err, fs.ErrInvalid) {
				t.Error(err)
			}
			other, err := shm.AttachStream[int64](s.Name()) // its Close is no writer's
			if err != nil {
				t.Fatal(err)
			}
			waits := reader(t, other, shm.FromNext())
			closed := make(chan error)
			go func() {
				_, err := shm.Select(context.Background(), rs[1], waits)
				closed <- err
			}()
			other.Close()
			if err := <-closed; !errors.Is(err, shm.ErrClosed) {
				t.Error(err)
			}
		})
	}
}

// TestClosedStreamWakes proves that what a closed opening's readers and writers sleep on changes with Close, so that none of them
// sleeps on, nor falls asleep, until its longest sleep is over.
func TestClosedStreamWakes(t *testing.T) {
	s := newStream[int64](t, 2, []int{1})
	other, err := shm.AttachStream[int64](s.Name())
	if err != nil {
		t.Fatal(err)
	}
	before := s.Version()
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	if s.Version() == before {
		t.Error("expected another version after Close, found the same")
	}
}
