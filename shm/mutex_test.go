//go:build linux

package shm_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/samebytes/samebytes/shm"
)

func newMutex(t *testing.T, opts ...shm.CreateOption) *shm.Mutex {
	t.Helper()
	m, err := shm.CreateMutex("m", opts...)
	return opened(t, m, err)
}

// briefly is a context for what has to wait longer than it lasts.
func briefly(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(background, 2*time.Millisecond)
	t.Cleanup(cancel)
	return ctx
}

// late fails the test unless the error is that of a context that ended.
func late(t *testing.T, err error) {
	t.Helper()
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("%v, want DeadlineExceeded", err)
	}
}

// add adds to the counter of x without any atomicity but the mutex's.
func add(m *shm.Mutex, a *shm.Array[int64], rounds int) error {
	for range rounds {
		g, err := m.Lock(background)
		if err != nil {
			return err
		}
		a.Set(a.At(0)+1, 0)
		if err := g.Unlock(); err != nil {
			return err
		}
	}
	return nil
}

func TestMutexExcludes(t *testing.T) {
	segments(t)
	a, m := create[int64](t, "x", []int{4}), newMutex(t)
	const rounds = 500
	_, out := startChild(t, fmt.Sprint("mutex-add ", rounds))
	var wait sync.WaitGroup
	for range 3 {
		wait.Go(func() {
			if err := add(m, a, rounds); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	says(t, out, "added")
	if n := a.At(0); n != 4*rounds {
		t.Errorf("counted %d, want %d", n, 4*rounds)
	}
}

func TestMutexTryLock(t *testing.T) {
	segments(t)
	m := newMutex(t)
	g, ok, err := m.TryLock()
	if !ok || err != nil {
		t.Fatal(ok, err)
	}
	if _, ok, err := m.TryLock(); ok || err != nil {
		t.Fatal(ok, err)
	}
	_, err = m.Lock(briefly(t))
	late(t, err)
	unlock(t, g)
	if err := g.Unlock(); !errors.Is(err, shm.ErrNotOwner) {
		t.Errorf("%v, want ErrNotOwner", err)
	}
	if g, ok, err = m.TryLock(); !ok || err != nil {
		t.Fatal(ok, err)
	}
	if err := errors.Join(m.Close(), g.Unlock()); err != nil { // the guard keeps the mapping
		t.Error(err)
	}
}

func TestMutexHolderKilled(t *testing.T) {
	segments(t)
	m := newMutex(t)
	c := startHolder(t, "mutex-hold")
	if _, ok, err := m.TryLock(); ok || err != nil {
		t.Fatal(ok, err)
	}
	failed := make(chan error, 1)
	go func() {
		_, err := m.Lock(background)
		failed <- err
	}()
	kill(c)
	died(t, <-failed)
	_, ok, err := m.TryLock()
	if died(t, err); ok {
		t.Error("got it")
	}
	g, err := m.Recover(patience(t))
	if err != nil {
		t.Fatal(err)
	}
	unlock(t, g) // without having repaired anything
	if _, err := m.Lock(patience(t)); !errors.Is(err, shm.ErrOwnerDied) {
		t.Fatalf("%v, want ErrOwnerDied", err)
	}
	if g, err = m.Recover(patience(t)); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(g.Repaired(), g.Unlock()); err != nil {
		t.Fatal(err)
	}
	if g, err = m.Lock(patience(t)); err != nil {
		t.Fatal(err)
	}
	unlock(t, g)
}

// TestMutexTryLockFindsTheDead has nobody but TryLock look.
func TestMutexTryLockFindsTheDead(t *testing.T) {
	segments(t)
	m := newMutex(t)
	kill(startHolder(t, "mutex-hold"))
	_, _, err := m.TryLock()
	died(t, err)
}

func TestMutexRecoverAlways(t *testing.T) {
	segments(t)
	m := newMutex(t, shm.RecoverAlways())
	kill(startHolder(t, "mutex-hold"))
	g, err := m.Lock(patience(t))
	if err != nil {
		t.Fatal(err)
	}
	unlock(t, g)
}

func TestRLockDepth(t *testing.T) {
	segments(t)
	r, err := shm.CreateRLock("r")
	l := opened(t, r, err)
	r, err = shm.AttachRLock("r")
	other := opened(t, r, err)
	notOwner := func(err error) {
		t.Helper()
		if !errors.Is(err, shm.ErrNotOwner) {
			t.Errorf("%v, want ErrNotOwner", err)
		}
	}
	notOwner(l.Unlock())
	notOwner(l.Repaired())
	for range 3 {
		if err := l.Lock(patience(t)); err != nil {
			t.Fatal(err)
		}
	}
	for range 3 {
		late(t, other.Lock(briefly(t)))
		notOwner(other.Unlock())
		if err := l.Unlock(); err != nil {
			t.Fatal(err)
		}
	}
	notOwner(l.Unlock())
	if err := other.Lock(patience(t)); err != nil {
		t.Fatal(err)
	}
	late(t, l.Lock(briefly(t)))
	if err := errors.Join(other.Close(), other.Unlock()); err != nil {
		t.Error(err)
	}
	if err := errors.Join(l.Lock(patience(t)), l.Unlock()); err != nil {
		t.Error(err)
	}
}

func TestRLockHolderKilled(t *testing.T) {
	segments(t)
	r, err := shm.CreateRLock("r")
	l := opened(t, r, err)
	c := startHolder(t, "rlock-hold")
	late(t, l.Lock(briefly(t)))
	kill(c)
	died(t, l.Lock(patience(t)))
	if err := l.Unlock(); !errors.Is(err, shm.ErrNotOwner) {
		t.Errorf("%v, want ErrNotOwner", err)
	}
	if err := l.Recover(patience(t)); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(l.Lock(background), l.Repaired(), l.Unlock(), l.Unlock(), l.Lock(patience(t)), l.Unlock()); err != nil {
		t.Fatal(err)
	}
}

func init() {
	// adds so often to x under m, says so, and stays.
	children["mutex-add"] = func() {
		if err := add(must(shm.AttachMutex("m")), must(shm.Attach[int64]("x")), must(strconv.Atoi(childArgs[0]))); err != nil {
			panic(err)
		}
		fmt.Println("added")
		forever()
	}
	// holds m until killed.
	children["mutex-hold"] = func() {
		must(must(shm.AttachMutex("m")).Lock(background))
		fmt.Println("held")
		forever()
	}
	// holds r twice until killed.
	children["rlock-hold"] = func() {
		r := must(shm.AttachRLock("r"))
		if err := errors.Join(r.Lock(background), r.Lock(background)); err != nil {
			panic(err)
		}
		fmt.Println("held")
		forever()
	}
}
