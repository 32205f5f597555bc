package shm_test

import (
	"context"
	"errors"
	"io"
	"slices"
	"testing"
	"time"

	"github.com/samebytes/samebytes/ndarray"
	"github.com/samebytes/samebytes/shm"
)

// newStream makes a stream that goes with the test.
func newStream[T ndarray.Element](t *testing.T, slots int, item []int, opts ...shm.CreateOption) *shm.Stream[T] {
	t.Helper()
	segments(t)
	s, err := shm.CreateStream[T]("stream", slots, item, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() }) // which the test may have done
	return s
}

func TestStream(t *testing.T) {
	s := newStream[float64](t, 4, []int{2, 3})
	r, err := s.Reader()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if it, err := r.TryNext(); it != nil || err != nil {
		t.Fatal(it, err)
	}
	for i := range 10 {
		l, err := s.Loan(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		l.Fill(float64(i))
		if n, err := l.Publish(); err != nil || n != uint64(i+1) {
			t.Fatal(n, err)
		}
		if _, err := l.Publish(); !errors.Is(err, shm.ErrClosed) {
			t.Error(err)
		}
		it, err := r.Next(t.Context())
		if err != nil || it.Number != uint64(i+1) || it.At(1, 2) != float64(i) || time.Since(it.Time).Abs() > time.Hour {
			t.Fatal(it, err)
		}
	}
	if _, err := s.LoanN(t.Context(), 5); !errors.Is(err, ndarray.ErrShape) {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Next(t.Context()); !errors.Is(err, shm.ErrClosed) {
		t.Error(err)
	}
}

func TestStreamWaits(t *testing.T) {
	s := newStream[int64](t, 4, nil, shm.Patience(20*time.Millisecond))
	r, err := s.Reader(shm.FromNext())
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if _, err := r.Next(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	for range 4 {
		l, err := s.Loan(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		l.Publish()
	}
	_, err = s.Loan(t.Context())
	t.Log(err)
	if !errors.Is(err, shm.ErrFull) {
		t.Error(err)
	}
	done := make(chan error)
	go func() {
		defer close(done)
		for range 1000 {
			l, err := s.Loan(t.Context())
			if err != nil {
				done <- err
				return
			}
			l.Set(1)
			l.Publish()
		}
	}()
	for i := range 1004 {
		it, err := r.Next(t.Context())
		if err != nil || it.Number != uint64(i+1) {
			t.Fatal(it, err)
		}
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestStreamLossy(t *testing.T) {
	s := newStream[int64](t, 4, []int{2}, shm.Lossy())
	r, _ := s.Reader()
	defer r.Close()
	publish := func(n int) {
		for range n {
			l, err := s.Loan(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			l.Fill(7)
			l.Publish()
		}
	}
	publish(2)
	it, err := r.Next(t.Context())
	if err != nil || it.Number != 1 {
		t.Fatal(it, err)
	}
	publish(100)
	if it.Number != 1 || it.At(0) != 7 {
		t.Error(it)
	}
	it, err = r.Next(t.Context())
	if err != nil || it.Missed != it.Number-2 || it.Number < 98 {
		t.Error(it, err)
	}
	stats, err := s.Stats()
	if err != nil || len(stats.Ports) != 2 || stats.Items != 102 || stats.Ports[0].Missed == 0 || stats.Ports[0].Lag != 102-it.Number || stats.Ports[1].Items != 102 {
		t.Errorf("%+v", stats)
	}
	if info, err := shm.Stat(s.Name()); err != nil || info.Kind != "stream" || info.Stream.Items != 102 || len(info.Stream.Ports) != 2 {
		t.Errorf("%+v", info)
	}
	it, err = r.Latest(t.Context())
	if err != nil || it.Number != 102 {
		t.Error(it, err)
	}
}

func TestStreamEnds(t *testing.T) {
	s := newStream[int64](t, 4, []int{2})
	w, err := shm.AttachStream[int64](s.Name())
	if err != nil {
		t.Fatal(err)
	}
	batch, err := w.LoanN(t.Context(), 3)
	if err != nil {
		t.Fatal(err)
	}
	for i, l := range batch {
		l.Fill(int64(i))
	}
	if n, err := batch.Publish(); n != 3 || err != nil {
		t.Error(n, err)
	}
	l, _ := w.Loan(t.Context())
	if n, err := l.PublishFirst(1); n != 4 || err != nil {
		t.Error(n, err)
	}
	w.Close()
	var got []int
	for it, err := range s.Items(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, int(it.Number), it.Len())
	}
	if !slices.Equal(got, []int{1, 2, 2, 2, 3, 2, 4, 1}) {
		t.Error(got)
	}
	r, _ := s.Reader()
	for range 4 {
		r.Next(t.Context())
	}
	if _, err := r.Next(t.Context()); err != io.EOF {
		t.Error(err)
	}
}
