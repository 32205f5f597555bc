// Notebook is the Go program whose functions notebook.py calls: each works on an array of Python's, in place, on all CPUs. README.md
// tells the whole story.
package main

import (
	"context"
	"fmt"
	"log"
	"runtime"
	"slices"
	"sync"

	"github.com/samebytes/samebytes/ndarray"
	"github.com/samebytes/samebytes/pybridge"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("notebook: ")
	srv := pybridge.NewServer()
	srv.Handle("sort_rows", sortRows, "Sorts each row, in place.")
	srv.Handle("rolling_median", rollingMedian, "Puts into the third array, for each element of a row, the median of it and those before it, of so many.")
	if err := srv.Serve(context.Background()); err != nil {
		log.Fatal(err)
	}
}

// parallel calls do for each row of a C-contiguous matrix, on all CPUs, until the context ends.
func parallel(ctx context.Context, a *ndarray.Array[float64], do func(i int, row []float64)) error {
	if a.NDim() != 2 || !a.Contiguous() {
		return fmt.Errorf("%w: expected a matrix whose rows follow one another, found shape %v", ndarray.ErrLayout, a.Shape())
	}
	rows, columns := a.Shape()[0], a.Shape()[1]
	next := make(chan int)
	var workers sync.WaitGroup
	for range runtime.NumCPU() {
		workers.Go(func() {
			for i := range next {
				do(i, a.Data()[i*columns:(i+1)*columns])
			}
		})
	}
	defer workers.Wait()
	defer close(next)
	for i := range rows {
		select {
		case next <- i:
		case <-ctx.Done(): // Python has given the call up
			return ctx.Err()
		}
	}
	return nil
}

func sortRows(ctx context.Context, a *ndarray.Array[float64]) error {
	return parallel(ctx, a, func(_ int, row []float64) { slices.Sort(row) })
}

func rollingMedian(ctx context.Context, a *ndarray.Array[float64], window int, medians *ndarray.Array[float64]) error {
	if !slices.Equal(a.Shape(), medians.Shape()) || !medians.Contiguous() || window < 1 {
		return fmt.Errorf("%w: expected an array of shape %v for the medians and a window of at least 1, found %v and %d",
			ndarray.ErrShape, a.Shape(), medians.Shape(), window)
	}
	return parallel(ctx, a, func(i int, row []float64) {
		to := medians.Data()[i*len(row):]
		sorted := make([]float64, 0, window)
		for j, v := range row {
			if len(sorted) == window {
				old, _ := slices.BinarySearch(sorted, row[j-window])
				sorted = slices.Delete(sorted, old, old+1)
			}
			at, _ := slices.BinarySearch(sorted, v)
			sorted = slices.Insert(sorted, at, v)
			n := len(sorted)
			to[j] = (sorted[n/2] + sorted[(n-1)/2]) / 2
		}
	})
}
