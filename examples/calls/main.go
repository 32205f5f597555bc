// Command calls is the program of docs/howto/calls.md whose functions Python calls.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"os/signal"
	"time"

	"github.com/samebytes/samebytes/ndarray"
	"github.com/samebytes/samebytes/pybridge"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	srv := pybridge.NewServer()
	srv.Handle("scale", scale, "Multiplies the elements by k, in place.")
	srv.Handle("rows", rows, "Returns the sum of each row.")
	srv.Handle("patient", patient, "Takes its time.")
	serve := srv.Serve // for sb.launch
	if len(os.Args) > 1 {
		serve = func(ctx context.Context) error { return srv.Listen(ctx, os.Args[1]) } // for sb.connect
		fmt.Println("serving as", os.Args[1])
	}
	if err := serve(ctx); err != nil {
		log.Fatal(err)
	}
}

func scale(a *ndarray.Array[float64], k float64) { ndarray.Mul(a, a, ndarray.Scalar(k)) }

func rows(a *ndarray.Array[float64]) ([]float64, error) {
	if a.NDim() != 2 {
		return nil, errors.New("expected a matrix")
	}
	sums := make([]float64, a.Shape()[0])
	for i := range sums {
		sums[i] = ndarray.Sum(a.Slice(ndarray.At(i)))
	}
	return sums, nil
}

func patient(ctx context.Context) error {
	select {
	case <-time.After(time.Hour):
		return nil
	case <-ctx.Done(): // the caller has given up, or ended
		return ctx.Err()
	}
}
