package ndarray_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/samebytes/samebytes/ndarray"
)

func TestAtomic(t *testing.T) {
	t.Run("int32", testAtomic[int32])
	t.Run("int64", testAtomic[int64])
	t.Run("uint32", testAtomic[uint32])
	t.Run("uint64", testAtomic[uint64])
}

func testAtomic[T ndarray.AtomicElement](t *testing.T) {
	a := ndarray.New[T](2, 3)
	column := a.Slice(ndarray.All, ndarray.At(1)) // a view, so that strides count
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			for range 1000 {
				ndarray.AtomicAdd(column, 2, 1)
			}
		})
	}
	wait.Wait()
	if got := ndarray.AtomicLoad(a, 1, 1); got != 8000 {
		t.Errorf("added up to %v, want 8000", got)
	}
	if got := ndarray.AtomicAdd(a, ^T(0), 1, 1); got != 7999 { // -1, or what wraps to it
		t.Errorf("8000-1 gave %v", got)
	}
	if ndarray.AtomicCompareAndSwap(a, 1, 2, 1, 1) || !ndarray.AtomicCompareAndSwap(a, 7999, 5, 1, 1) || a.At(1, 1) != 5 {
		t.Errorf("compare and swap left %v, want 5", a.At(1, 1))
	}
	ndarray.AtomicStore(a, 9, 0, 2)
	if a.At(0, 2) != 9 || a.At(0, 0) != 0 {
		t.Errorf("stored elsewhere: %v", a.Data())
	}
}

func TestAtomicPanics(t *testing.T) {
	a := ndarray.New[int64](2, 3)
	for name, call := range map[string]func(){
		"out of range": func() { ndarray.AtomicLoad(a, 2, 0) },
		"negative":     func() { ndarray.AtomicAdd(a, 1, 0, -1) },
		"too few":      func() { ndarray.AtomicStore(a, 1, 0) },
	} {
		func() {
			defer func() {
				if _, ok := recover().(ndarray.IndexError); !ok {
					t.Errorf("%s: no IndexError", name)
				}
			}()
			call()
		}()
	}
	r := a.ReadOnly()
	for name, call := range map[string]func(){
		"add":              func() { ndarray.AtomicAdd(r, 1, 0, 0) },
		"store":            func() { ndarray.AtomicStore(r, 1, 0, 0) },
		"compare and swap": func() { ndarray.AtomicCompareAndSwap(r, 0, 1, 0, 0) },
	} {
		func() {
			defer func() {
				if err, _ := recover().(error); !errors.Is(err, ndarray.ErrReadOnly) {
					t.Errorf("%s of a read-only array: %v", name, err)
				}
			}()
			call()
		}()
	}
}

func ExampleAtomicAdd() {
	counts := ndarray.New[int64](3)
	ndarray.AtomicAdd(counts, 5, 1)
	fmt.Println(ndarray.AtomicAdd(counts, 2, 1), counts.Data())
	// Output: 7 [0 7 0]
}
