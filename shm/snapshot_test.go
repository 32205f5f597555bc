//go:build linux

package shm_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/samebytes/samebytes/ndarray"
	"github.com/samebytes/samebytes/shm"
)

// soak reports whether tests are to run at their full length, as `make soak` has them do.
func soak() bool { return os.Getenv("SAMEBYTES_SOAK") != "" }

// TestM04SnapshotsAreNotTorn reads while two processes write, each all elements alike under the lock.
func TestM04SnapshotsAreNotTorn(t *testing.T) {
	segments(t)
	a := create[int64](t, "x", []int{16})
	for range 2 {
		_, out := startChild(t, "write")
		if _, err := out.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
	}
	reads := 10_000_000
	switch {
	case raceDetector:
		reads = 100_000
	case soak():
		reads = 1_000_000_000
	}
	copied := make([]int64, a.Len())
	changes, last := 0, int64(0)
	for range reads {
		if err := a.SnapshotTo(background, copied); err != nil {
			t.Fatal(err)
		}
		for _, v := range copied[1:] {
			if v != copied[0] {
				t.Fatalf("torn: %v", copied)
			}
		}
		if copied[0] != last {
			changes++
			last = copied[0]
		}
	}
	if changes < 10 {
		t.Errorf("%d snapshots saw only %d versions", reads, changes)
	}
	t.Logf("%d snapshots of %d versions", reads, changes)
}

func TestSnapshot(t *testing.T) {
	segments(t)
	a := create[int32](t, "x", []int{2, 3}, shm.Fortran())
	for i := range 2 {
		for j := range 3 {
			a.Set(int32(10*i+j), i, j)
		}
	}
	for name, s := range map[string]*shm.Array[int32]{"writable": a, "read-only": attach[int32](t, "x", shm.ReadOnly())} {
		c, err := s.Snapshot(background)
		if err != nil {
			t.Fatal(err)
		}
		a.Set(5, 1, 2)
		if c.At(1, 2) != 12 || c.At(0, 1) != 1 {
			t.Errorf("%s: %v", name, c)
		}
		a.Set(12, 1, 2)
		if err := s.SnapshotTo(background, make([]int32, 5)); !errors.Is(err, ndarray.ErrShape) {
			t.Errorf("%s: into too little: %v", name, err)
		}
	}
}

// TestSnapshotWaitsForWriters proves that no snapshot is taken while somebody holds elements alone, and that it can be given up.
func TestSnapshotWaitsForWriters(t *testing.T) {
	segments(t)
	a := create[int32](t, "x", []int{4})
	r := attach[int32](t, "x", shm.ReadOnly())
	for name, s := range map[string]*shm.Array[int32]{"writable": a, "read-only": r} {
		g := lock(t, a.Segment, ndarray.At(1))
		ctx, cancel := context.WithCancel(background)
		result := make(chan error)
		go func() {
			_, err := s.Snapshot(ctx)
			result <- err
		}()
		cancel()
		if err := <-result; !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v beside a writer", name, err)
		}
		unlock(t, g)
		if _, err := s.Snapshot(background); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		shared, err := a.RLock(background)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Snapshot(background); err != nil {
			t.Errorf("%s: %v beside a reader", name, err)
		}
		unlock(t, shared)
	}
}

// TestSnapshotOfTheHalfWritten kills a writer: readers with and without the right to lock learn of it.
func TestSnapshotOfTheHalfWritten(t *testing.T) {
	segments(t)
	a := create[int64](t, "x", []int{16})
	r := attach[int64](t, "x", shm.ReadOnly())
	for name, s := range map[string]*shm.Array[int64]{"read-only": r, "writable": a} {
		c, out := startChild(t, "die")
		if _, err := out.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
		c.Wait()
		if _, err := s.Snapshot(patience(t)); !errors.Is(err, shm.ErrOwnerDied) {
			t.Errorf("%s: %v, want ErrOwnerDied", name, err)
		}
		g, err := a.Recover(patience(t))
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(g.Repaired(), g.Unlock()); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := r.Snapshot(patience(t)); err != nil {
		t.Error(err)
	}
}

func init() {
	// writes all elements alike, again and again, until killed.
	children["write"] = func() {
		a, err := shm.Attach[int64]("x")
		if err != nil {
			panic(err)
		}
		fmt.Println("ready")
		data := a.Data()
		for {
			g, err := a.Lock(background)
			if err != nil {
				panic(err)
			}
			next := data[0] + 1
			for i := range data {
				atomic.StoreInt64(&data[i], next)
			}
			if err := g.Unlock(); err != nil {
				panic(err)
			}
			for range next % 64 {
				runtime.Gosched() // a while in which nobody writes
			}
		}
	}
	// dies with the lock of the whole array.
	children["die"] = func() {
		a, err := shm.Attach[int64]("x")
		if err != nil {
			panic(err)
		}
		if _, err := a.Lock(background); err != nil {
			panic(err)
		}
		fmt.Println("locked")
		os.Exit(1)
	}
}
