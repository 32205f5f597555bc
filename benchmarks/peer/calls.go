package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"time"

	"github.com/samebytes/samebytes/ndarray"
	"github.com/samebytes/samebytes/pybridge"
	"github.com/samebytes/samebytes/shm"
)

// call measures calls of one Python worker's functions, which are those of a file: of nothing, or, where there is a segment, of
// double, which doubles that in place. Beside the seconds of each call it returns those above its work, which take a call of
// there_and_back, untimed.
func call(file, python, segment string, p plan) ([][2]float64, error) {
	endWithParent()
	ctx := context.Background()
	pool, err := pybridge.Start(ctx, pybridge.Python{File: file, Interpreter: python})
	if err != nil {
		return nil, err
	}
	defer pool.Close()
	if segment == "" {
		seconds, err := p.repeat(func() error { return pool.Call(ctx, nil, "nothing") }, func() error { return nil })
		return together(seconds, seconds), err
	}
	a, err := shm.Attach[float64](segment)
	if err != nil {
		return nil, err
	}
	defer a.Close()
	check := doubled(a.Data())
	var above []float64
	seconds, err := p.repeat(func() error { return pool.Call(ctx, nil, "double", a) }, func() error {
		var back float64
		start := time.Now()
		if err := pool.Call(ctx, &back, "there_and_back", a); err != nil {
			return err
		}
		above = append(above, time.Since(start).Seconds()-2*back)
		return check()
	})
	if err != nil {
		return nil, err
	}
	return together(seconds, above[len(above)-len(seconds):]), nil // without the untimed ones
}

func together(a, b []float64) [][2]float64 {
	pairs := make([][2]float64, len(a))
	for i := range pairs {
		pairs[i] = [2]float64{a[i], b[i]}
	}
	return pairs
}

// callers returns how many empty calls a second so many goroutines make together, with so many workers.
func callers(file, python string, callers, workers int, p plan) (float64, error) {
	endWithParent()
	ctx := context.Background()
	pool, err := pybridge.Start(ctx, pybridge.Python{File: file, Interpreter: python, Workers: workers})
	if err != nil {
		return 0, err
	}
	defer pool.Close()
	round := func(budget time.Duration) (float64, error) {
		var made atomic.Int64
		failed := make(chan error, callers)
		begin := time.Now()
		var wg sync.WaitGroup
		for range callers {
			wg.Go(func() {
				for time.Since(begin) < budget {
					if err := pool.Call(ctx, nil, "nothing"); err != nil {
						failed <- err
						return
					}
					made.Add(1)
				}
			})
		}
		wg.Wait()
		took := time.Since(begin)
		select {
		case err := <-failed:
			return 0, err
		default:
			return float64(made.Load()) / took.Seconds(), nil
		}
	}
	if _, err := round(p.warmup); err != nil {
		return 0, err
	}
	return round(p.budget)
}

// alone doubles a segment without a call, which is the work of those that are called.
func alone(segment string, p plan) ([]float64, error) {
	a, err := shm.Attach[float64](segment)
	if err != nil {
		return nil, err
	}
	defer a.Close()
	return p.repeat(func() error { scale(2, a.Data()); return nil }, doubled(a.Data()))
}

// server has the functions that Python calls.
func server() *pybridge.Server {
	srv := pybridge.NewServer()
	srv.Handle("nothing", func() {}, "Does nothing.")
	srv.Handle("double", func(a *ndarray.Array[float64]) { scale(2, a.Data()) }, "Doubles every element in place.")
	srv.Handle("there_and_back", func(a *ndarray.Array[float64]) float64 {
		scale(2, a.Data())
		start := time.Now()
		scale(0.5, a.Data())
		return time.Since(start).Seconds()
	}, "Doubles every element, halves it again, and returns how many seconds halving took.")
	return srv
}

// serve is the server that samebytes.launch has started.
func serve() error { return server().Serve(context.Background()) }

// listen is the server that samebytes.connect finds by a name. It ends with its parent, whose end closes stdin, and not by Ctrl-C,
// so that its socket never stays.
func listen(name string) error {
	signal.Ignore(os.Interrupt)
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		io.Copy(io.Discard, os.Stdin) // whatever ends it, the parent is gone
		cancel()
	}()
	fmt.Println("ready")
	return server().Listen(ctx, name)
}

// ping sends 8 bytes over a Unix socket, and waits until as many come back.
func ping(path string, p plan) ([]float64, error) {
	endWithParent()
	conn, err := net.Dial("unix", path)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	var sent uint64
	var message [8]byte
	return p.repeat(func() error {
		sent++
		binary.NativeEndian.PutUint64(message[:], sent)
		if _, err := conn.Write(message[:]); err != nil {
			return err
		}
		_, err := io.ReadFull(conn, message[:])
		return err
	}, func() error {
		if got := binary.NativeEndian.Uint64(message[:]); got != sent {
			return fmt.Errorf("expected %d back, found %d", sent, got)
		}
		return nil
	})
}

// endWithParent ends the program when its parent ends, which closes stdin: who is called may be gone too.
func endWithParent() {
	go func() {
		io.Copy(io.Discard, os.Stdin)
		os.Exit(1)
	}()
}
