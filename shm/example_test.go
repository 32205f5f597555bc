//go:build linux

package shm_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/samebytes/samebytes/ndarray"
	"github.com/samebytes/samebytes/shm"
)

// example makes the array that an example works on, and returns how it is closed and deleted.
func example(name string, shape []int, opts ...shm.CreateOption) (*shm.Array[float64], func()) {
	a, err := shm.Create[float64](name, shape, opts...)
	if err != nil {
		panic(err)
	}
	return a, func() {
		if err := errors.Join(a.Close(), shm.Delete(name)); err != nil {
			panic(err)
		}
	}
}

func ExampleSegment_Lock() {
	a, done := example("example-lock", []int{10, 4})
	defer done()
	ctx := context.Background()
	rows, err := a.Lock(ctx, ndarray.Range(0, 5)) // the first five rows, alone
	if err != nil {
		fmt.Println(err)
		return
	}
	defer rows.Unlock()
	others, err := a.Lock(ctx, ndarray.Range(5, 10)) // not waited for: other rows
	if err != nil {
		fmt.Println(err)
		return
	}
	defer others.Unlock()
	a.Set(1.5, 0, 0)
	fmt.Println(a.At(0, 0))
	// Output: 1.5
}

func ExampleSegment_Recover() {
	a, done := example("example-recover", []int{10, 4})
	defer done()
	ctx := context.Background()
	g, err := a.Lock(ctx)
	if errors.Is(err, shm.ErrOwnerDied) {
		g, err = a.Recover(ctx)
	}
	if err != nil {
		fmt.Println(err)
		return
	}
	defer g.Unlock()
	damaged, err := g.Damaged()
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, box := range damaged {
		fmt.Println("mending", box)
	}
	fmt.Println(len(damaged), "boxes were left half written", g.Repaired())
	// Output: 0 boxes were left half written <nil>
}

func ExampleArray_Snapshot() {
	a, done := example("example-snapshot", []int{3})
	defer done()
	before, err := a.Snapshot(context.Background())
	if err != nil {
		fmt.Println(err)
		return
	}
	a.Set(7, 1)
	fmt.Println(before.Data(), a.Data())
	// Output: [0 0 0] [0 7 0]
}

func ExampleArray_Append() {
	a, done := example("example-append", []int{0, 2}, shm.Capacity(1000))
	defer done()
	row, err := ndarray.FromSlice([]float64{1, 2})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	if err := errors.Join(a.Append(ctx, row), a.Append(ctx, row)); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(a.Shape(), a.Data())
	// Output: [2 2] [1 2 1 2]
}

func ExampleNew() {
	a, err := shm.New[float64]([]int{3}) // others attach it by a.Name()
	if err != nil {
		fmt.Println(err)
		return
	}
	name := a.Name()
	fmt.Println(a.Close())
	_, err = shm.Stat(name)
	fmt.Println(errors.Is(err, shm.ErrNotExist))
	// Output:
	// <nil>
	// true
}

func ExampleGuarded() {
	a, done := example("example-guarded", []int{3})
	defer done()
	err := shm.Guarded(func() {
		a.Set(1, 0) // were the file cut by now, this would be an error and not the end of the process
	})
	fmt.Println(a.At(0), err)
	// Output: 1 <nil>
}
