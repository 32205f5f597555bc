// Command objects is the program of docs/howto/objects.md whose functions and objects Python uses.
package main

import (
	"context"
	"errors"
	"iter"
	"log"
	"math/big"
	"sync"

	"github.com/samebytes/samebytes/ndarray"
	"github.com/samebytes/samebytes/pybridge"
)

func main() {
	srv := pybridge.NewServer()
	srv.Handle("bisect", bisect, "Returns where f, which rises, is 0.")
	srv.Handle("primes", primes, "All of them.")
	srv.Expose("Histogram", newHistogram, "Counts values.", "Add: Counts the elements of an array.")
	if err := srv.Serve(context.Background()); err != nil {
		log.Fatal(err)
	}
}

func bisect(f func(x float64) (float64, error), low, high float64) (float64, error) {
	for high-low > 1e-9 {
		middle := (low + high) / 2
		y, err := f(middle)
		if err != nil {
			return 0, err
		}
		if y < 0 {
			low = middle
		} else {
			high = middle
		}
	}
	return low, nil
}

func primes() iter.Seq[int] {
	return func(yield func(int) bool) {
		for n := 2; ; n++ {
			if big.NewInt(int64(n)).ProbablyPrime(0) && !yield(n) {
				return
			}
		}
	}
}

type histogram struct {
	Width float64 // of a bin

	mu    sync.Mutex
	count map[int]int
}

func newHistogram(width float64) (*histogram, error) {
	if width <= 0 {
		return nil, errors.New("expected a width above 0")
	}
	return &histogram{Width: width, count: map[int]int{}}, nil
}

func (h *histogram) Add(a *ndarray.Array[float64]) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, v := range a.All() {
		h.count[int(v/h.Width)]++
	}
}

func (h *histogram) Count(v float64) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.count[int(v/h.Width)]
}

func (h *histogram) Len() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.count)
}
