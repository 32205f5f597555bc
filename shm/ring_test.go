package shm

import (
	"errors"
	"sync/atomic"
	"testing"

	"github.com/samebytes/samebytes/ndarray"
)

func testStream(t *testing.T, slots int, opts ...CreateOption) *Stream[int64] {
	t.Helper()
	t.Setenv("SAMEBYTES_DIR", t.TempDir())
	s, err := CreateStream[int64]("stream", slots, []int{2}, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() }) // fails only with the file
	return s
}

// publishItems publishes n items, whose elements are all the item's number.
func publishItems(t *testing.T, s *Stream[int64], n int) {
	t.Helper()
	for range n {
		l, err := s.Loan(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		l.Fill(int64(s.mapping.newest()) + 1)
		if _, err := l.Publish(); err != nil {
			t.Fatal(err)
		}
	}
}

// A writer that dies while it looks whether an item is needed leaves the item to who has it in hand.
func TestStreamOfWriterThatDiedLooking(t *testing.T) {
	s := testStream(t, 4, Lossy())
	r, err := s.Reader()
	if err != nil {
		t.Fatal(err)
	}
	publishItems(t, s, 1)
	it, err := r.Next(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	atomic.StoreUint64(&s.mapping.slot(it.reader.kept[it.Number%uint64(len(it.reader.kept))]).Number, 1|claimed)
	publishItems(t, s, 100)
	if it.At(0) != 1 || it.At(1) != 1 {
		t.Errorf("the item in hand was written over: %v", it.Array)
	}
	if it, err = r.Next(t.Context()); err != nil || it.Missed != it.Number-2 {
		t.Error(it, err)
	}
}

// Items that nobody needs are not freed in their order: who joins then reads only such as are followed by all others.
func TestStreamOfItemsFreedOutOfOrder(t *testing.T) {
	s := testStream(t, 4)
	loans, err := s.LoanN(t.Context(), 2)
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range []int{1, 0} {
		if _, err := loans[i].Publish(); err != nil {
			t.Fatal(err)
		}
	}
	publishItems(t, s, 2) // slots 2 and 3
	l, err := s.Loan(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.Reader()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Publish(); err != nil { // item 5, in the slot of item 2
		t.Fatal(err)
	}
	for number := uint64(3); number <= 5; number++ {
		if it, err := r.Next(t.Context()); err != nil || it.Number != number {
			t.Fatal(it, err)
		}
	}
}

func TestWindowOfLossyStreamThatWentOn(t *testing.T) {
	s := testStream(t, 5, Lossy())
	r, err := s.Reader(Window(3))
	if err != nil {
		t.Fatal(err)
	}
	publishItems(t, s, 3)
	var it *Item[int64]
	for range 3 {
		if it, err = r.Next(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	publishItems(t, s, 100)
	var got []int64
	for _, part := range it.Window() {
		for i := range part.Shape()[0] {
			got = append(got, part.At(i, 0))
		}
	}
	if len(got) != 3 || got[0] != 1 || got[1] != 2 || got[2] != 3 {
		t.Errorf("expected items 1, 2 and 3, found %v", got)
	}
	if err := r.Release(); err != nil || len(it.Window()) != 0 {
		t.Error(err, it.Window())
	}
}

func TestAttachOfStreamReads(t *testing.T) {
	s := testStream(t, 4)
	for range 2 { // also when this process has it open so
		a, err := Attach[int64]("stream")
		if err != nil {
			t.Fatal(err)
		}
		func() {
			defer func() {
				if err, _ := recover().(error); !errors.Is(err, ndarray.ErrReadOnly) {
					t.Error(err)
				}
			}()
			a.Set(1, 0, 0)
		}()
		if _, err := a.Publish(); !errors.Is(err, ndarray.ErrReadOnly) {
			t.Error(err)
		}
		if err := a.Close(); err != nil {
			t.Fatal(err)
		}
	}
	publishItems(t, s, 1)
	a, err := Attach[int64]("stream")
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close() // fails only with the file
	if a.At(0, 1) != 1 || len(a.Shape()) != 2 || a.Shape()[0] != 4 {
		t.Error(a.Array)
	}
}

// No damage makes a reader or writer leave the tables, or look for ever.
func TestStreamWithDamagedNumbers(t *testing.T) {
	for _, opts := range [][]CreateOption{nil, {Lossy()}} {
		s := testStream(t, 4, opts...)
		publishItems(t, s, 3)
		r, err := s.Reader()
		if err != nil {
			t.Fatal(err)
		}
		c := s.mapping.control()
		c.Head, c.Next, c.UsedPorts = 1<<64-1, 1<<32-1, 1<<32-1
		for i := range 4 {
			s.mapping.slot(i).Order = 1<<32 - 1
		}
		if it, err := r.TryNext(); it != nil || !errors.Is(err, ErrBroken) {
			t.Error(it, err)
		}
		if _, err := s.Reader(FromLatest()); err != nil {
			t.Error(err)
		}
		if l, err := s.Loan(t.Context()); err != nil {
			t.Error(err)
		} else if _, err := l.Publish(); err == nil {
			t.Error("an item beyond the last number was published")
		}
		s.Close()
	}
}
