package shm

import (
	"context"
	"errors"
	"io/fs"
	"sync"
	"testing"
	"time"

	"github.com/samebytes/samebytes/ndarray"
)

// second opens the test's stream once more.
func second(t *testing.T) *Stream[int64] {
	t.Helper()
	s, err := AttachStream[int64]("stream")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// publishSoon is publishItems that does not wait for who never goes.
func publishSoon(t *testing.T, s *Stream[int64], n int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for range n {
		l, err := s.Loan(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := l.Publish(); err != nil {
			t.Fatal(err)
		}
	}
}

// The process lives on as a participant when it closes a stream, whose readers it may never close.
func TestReadersOfClosedStreamHoldNobodyUp(t *testing.T) {
	s := testStream(t, 4)
	other := second(t)
	r, err := other.Reader()
	if err != nil {
		t.Fatal(err)
	}
	member, err := other.Reader(InGroup("all"))
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	publishSoon(t, s, 10)
	for _, r := range []*Reader[int64]{r, member} {
		if _, err := r.Next(t.Context()); !errors.Is(err, ErrClosed) {
			t.Error(err)
		}
		if err := r.Close(); !errors.Is(err, ErrClosed) {
			t.Error(err)
		}
	}
	if stats, err := s.Stats(); err != nil || len(stats.Ports) != 1 {
		t.Errorf("expected one writer's port, found %+v, %v", stats.Ports, err)
	}
}

// Whatever others do with a stream while it is closed, nothing of it stays in the ring.
func TestStreamClosedInUse(t *testing.T) {
	s := testStream(t, 8)
	for range 200 {
		other := second(t)
		var users sync.WaitGroup
		for i := range 2 {
			users.Go(func() {
				opts := [][]ReaderOption{nil, {InGroup("all")}}[i]
				for _, err := range other.Items(t.Context(), opts...) {
					if err != nil && !errors.Is(err, ErrClosed) {
						t.Error(err)
					}
				}
			})
			users.Go(func() {
				for {
					l, err := other.Loan(t.Context())
					if err == nil {
						_, err = l.PublishFirst(1)
					}
					if errors.Is(err, ErrClosed) {
						return
					} else if err != nil {
						t.Error(err)
					}
				}
			})
		}
		r, err := s.Reader()
		if err != nil {
			t.Fatal(err)
		}
		r.Next(t.Context()) // so that it is in use, or has ended
		r.Close()
		if err := other.Close(); err != nil {
			t.Fatal(err)
		}
		users.Wait()
		if stats, err := s.Stats(); err != nil || len(stats.Ports) != 0 || stats.OnLoan != 0 {
			t.Fatalf("expected no port and no loan, found %+v, %v", stats, err)
		}
	}
}

func TestLoanOfClosedStream(t *testing.T) {
	testStream(t, 4)
	other := second(t)
	l, err := other.Loan(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	other.Close()
	if _, err := l.PublishFirst(1); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
	if shape := other.ItemShape(); len(shape) != 1 || shape[0] != 2 {
		t.Error(shape)
	}
}

func TestLoansThatAreNotOfOneStream(t *testing.T) {
	s := testStream(t, 4)
	other := second(t)
	defer other.Close()
	mine, err := s.LoanN(t.Context(), 2)
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := other.Loan(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := append(mine[:2:2], theirs).Publish(); !errors.Is(err, fs.ErrInvalid) {
		t.Error(err)
	}
	if err := append(mine[:2:2], mine[0]).Discard(); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
	mine[0].Set(7, 1) // it goes on
	if n, err := mine.Publish(); n != 2 || err != nil {
		t.Error(n, err)
	}
	if n, err := theirs.Publish(); n != 3 || err != nil {
		t.Error(n, err)
	}
}

func TestReaderWithDamagedPort(t *testing.T) {
	s := testStream(t, 5)
	r, err := s.Reader(Window(3))
	if err != nil {
		t.Fatal(err)
	}
	publishItems(t, s, 1)
	it, err := r.Next(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	r.port.From = 1<<64 - 1
	for _, part := range it.Window() {
		if part.Shape()[0] > 3 {
			t.Error(part.Shape())
		}
	}
}

func TestGroupWithoutName(t *testing.T) {
	s := testStream(t, 4)
	if _, err := s.Reader(InGroup("")); !errors.Is(err, ErrBadName) {
		t.Error(err)
	}
	if _, err := s.LoanN(t.Context(), 0); !errors.Is(err, ndarray.ErrShape) {
		t.Error(err)
	}
}
