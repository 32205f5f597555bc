//go:build linux

package shm_test

import (
	"context"
	"fmt"
	"io"

	"github.com/samebytes/samebytes/shm"
)

func ExampleStream() {
	ctx := context.Background()
	s := must(shm.CreateStream[float64]("example-stream", 8, []int{2, 3}))
	defer shm.Delete("example-stream")
	go func() { // any process may be this one, by AttachStream
		w := must(shm.AttachStream[float64]("example-stream"))
		for i := range 3 {
			frame := must(w.Loan(ctx)) // a slot to fill in place
			frame.Fill(float64(i))
			frame.Publish()
		}
		w.Close() // the last writer's ends the stream
	}()
	for frame, err := range s.Items(ctx) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(frame.Number, frame.At(1, 2))
	}
	fmt.Println(s.Close())
	// Output:
	// 1 0
	// 2 1
	// 3 2
	// <nil>
}

func ExampleStream_LoanN() {
	ctx := context.Background()
	s := must(shm.CreateStream[int64]("example-batch", 256, []int{8}))
	defer shm.Delete("example-batch")
	defer s.Close()
	batch := must(s.LoanN(ctx, 100))
	for i, item := range batch {
		item.Fill(int64(i))
	}
	fmt.Println(batch.Publish()) // all at once: readers are woken once
	// Output: 100 <nil>
}

func ExampleLossy() {
	ctx := context.Background()
	s := must(shm.CreateStream[int64]("example-lossy", 4, nil, shm.Lossy()))
	defer shm.Delete("example-lossy")
	defer s.Close()
	r := must(s.Reader())
	defer r.Close()
	for i := range int64(10) { // nobody waits for the reader
		item := must(s.Loan(ctx))
		item.Set(i)
		item.Publish()
	}
	item := must(r.Next(ctx))
	fmt.Println(item.Missed, item.Number, item.At())
	item = must(r.Latest(ctx))
	fmt.Println(item.Missed, item.Number, item.At())
	// Output:
	// 6 7 6
	// 0 10 9
}

func ExampleInGroup() {
	ctx := context.Background()
	s := must(shm.CreateStream[int64]("example-group", 8, nil))
	defer shm.Delete("example-group")
	defer s.Close()
	a, b := must(s.Reader(shm.InGroup("workers"))), must(s.Reader(shm.InGroup("workers")))
	defer a.Close()
	for i := range int64(2) {
		item := must(s.Loan(ctx))
		item.Set(i)
		item.Publish()
	}
	fmt.Println(must(a.Next(ctx)).Number, must(b.Next(ctx)).Number)
	b.Close() // with the second item in hand, which goes to another member, as after a death
	fmt.Println(must(a.Next(ctx)).Number)
	// Output:
	// 1 2
	// 2
}

func ExampleReader_TryNext() {
	s := must(shm.CreateStream[int64]("example-try", 8, nil))
	defer shm.Delete("example-try")
	r := must(s.Reader())
	defer r.Close()
	fmt.Println(r.TryNext()) // nothing yet
	w := must(shm.AttachStream[int64]("example-try"))
	must(w.Loan(context.Background())).Publish()
	w.Close()
	item, err := r.TryNext()
	fmt.Println(item.Number, err)
	_, err = r.TryNext()
	fmt.Println(err == io.EOF)
	s.Close()
	// Output:
	// <nil> <nil>
	// 1 <nil>
	// true
}

func ExampleItem_Window() {
	ctx := context.Background()
	s := must(shm.CreateStream[float64]("example-window", 8, []int{2}))
	defer shm.Delete("example-window")
	defer s.Close()
	r := must(s.Reader(shm.Window(3)))
	defer r.Close()
	for i := range 4 {
		item := must(s.Loan(ctx))
		item.Fill(float64(i))
		item.Publish()
		fmt.Println(must(r.Next(ctx)).Window())
	}
	// Output:
	// [[[0. 0.]]]
	// [[[0. 0.]
	//  [1. 1.]]]
	// [[[0. 0.]
	//  [1. 1.]
	//  [2. 2.]]]
	// [[[1. 1.]
	//  [2. 2.]
	//  [3. 3.]]]
}

func ExampleSelect() {
	ctx := context.Background()
	s := must(shm.CreateStream[int64]("example-select", 8, nil))
	defer shm.Delete("example-select")
	defer s.Close()
	a, done := example("example-select-array", []int{3})
	defer done()
	r := must(s.Reader())
	defer r.Close()
	version := a.Version()
	go a.Publish()
	fmt.Println(must(shm.Select(ctx, r, a.Since(version))))
	must(s.Loan(ctx)).Publish()
	fmt.Println(must(shm.Select(ctx, r, a.Since(a.Version()))))
	// Output:
	// 1
	// 0
}
