// Command drive is the program of docs/howto/calls.md that calls Python's functions.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/samebytes/samebytes/ndarray"
	"github.com/samebytes/samebytes/pybridge"
	"github.com/samebytes/samebytes/shm"
)

func main() {
	if err := run(context.Background()); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	pool, err := pybridge.Start(ctx, pybridge.Python{File: "examples/calls/model.py", Workers: 2})
	if err != nil {
		return err
	}
	defer pool.Close()

	x := ndarray.Linspace(0.0, 9, 10)
	y := ndarray.Add(ndarray.New[float64](10), x, x)
	var line *ndarray.Array[float64]
	if err := pool.Call(ctx, &line, "fit", x, y, pybridge.Kw{"degree": 1}); err != nil {
		return err
	}
	fmt.Printf("y = %.1f x + %.1f\n", line.At(0), line.At(1))

	a, err := shm.New[float64]([]int{4}) // in a segment: Python has the same elements
	if err != nil {
		return err
	}
	defer a.Close()
	copy(a.Data(), []float64{-2, 0.5, 1, 7})
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if err := pool.Call(ctx, nil, "clip", a, 0, 1); err != nil {
		return err
	}
	fmt.Println(a.Data())

	err = pool.Call(ctx, nil, "clip", a)
	var remote *pybridge.RemoteError
	if errors.As(err, &remote) {
		fmt.Println(remote.Type + ": " + remote.Message)
	}
	return nil
}
