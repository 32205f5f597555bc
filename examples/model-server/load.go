package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/samebytes/samebytes/ndarray"
	"github.com/samebytes/samebytes/pybridge"
)

const batch = 8 // images in a request

// load sends requests, several at a time, shows how it goes on, and prints what came of it.
func load(ctx context.Context, pool *pybridge.Pool, url string, requests, clients int) error {
	var given struct {
		Images *ndarray.Array[float64] `json:"images"`
		Digits *ndarray.Array[int64]   `json:"digits"`
	}
	if err := pool.Call(ctx, &given, "examples"); err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	took := make([]time.Duration, requests)
	var next, done, right atomic.Int64
	var sending sync.WaitGroup
	begin := time.Now()
	for range clients {
		sending.Go(func() {
			for n := int(next.Add(1)) - 1; n < requests && ctx.Err() == nil; n = int(next.Add(1)) - 1 {
				begin := time.Now()
				correct, err := request(ctx, url, n*batch, given.Images, given.Digits)
				if err != nil {
					cancel(fmt.Errorf("request %d: %w", n, err))
				}
				took[n] = time.Since(begin)
				right.Add(int64(correct))
				done.Add(1)
			}
		})
	}
	ended := make(chan struct{})
	go func() { sending.Wait(); close(ended) }()
	ticks := time.NewTicker(200 * time.Millisecond)
	defer ticks.Stop()
	for going := true; going; {
		select {
		case <-ticks.C:
		case <-ended:
			going = false
		}
		fmt.Fprintf(os.Stderr, "\r%d of %d requests, %.0f a second ", done.Load(), requests, float64(done.Load())/time.Since(begin).Seconds())
	}
	fmt.Fprintln(os.Stderr)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	slices.Sort(took)
	s := pool.Stats()
	predict := s.Functions["predict"]
	fmt.Printf("%d requests of %d images by %d clients: %.0f a second\n", requests, batch, clients, float64(requests)/time.Since(begin).Seconds())
	fmt.Printf("a request took %v (p50), %v (p99)\n", took[requests/2].Round(time.Microsecond), took[requests*99/100].Round(time.Microsecond))
	fmt.Printf("of it in Python %v (p50), %v (p99), with the wait for one of %d workers\n", predict.P50.Round(time.Microsecond), predict.P99.Round(time.Microsecond), s.Processes)
	fmt.Printf("%.1f%% of the digits are right; %d bytes went by handle, %d were copied, which are the examples\n",
		100*float64(right.Load())/float64(requests*batch), s.HandleBytes, s.CopyBytes)
	return nil
}

// request asks for some of the images from the first on, and returns how many of the answers are right.
func request(ctx context.Context, url string, first int, images *ndarray.Array[float64], digits *ndarray.Array[int64]) (right int, err error) {
	var q question
	rows := images.Shape()[0]
	for i := range batch {
		at := (first + i) % rows * pixels
		q.Images = append(q.Images, images.Data()[at:at+pixels])
	}
	body, err := json.Marshal(q)
	if err != nil {
		return 0, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/predict", bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(response.Body)
		return 0, fmt.Errorf("%s: %s", response.Status, text)
	}
	var a answer
	if err := json.NewDecoder(response.Body).Decode(&a); err != nil {
		return 0, err
	}
	for i, digit := range a.Digits {
		if digit == digits.At((first+i)%rows) {
			right++
		}
	}
	return right, nil
}
