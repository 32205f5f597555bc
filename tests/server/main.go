// Command server is the Go side of tests/test_calls.py: it serves functions that do what calls can do.
//
//	server                serve the program that launched it
//	server listen NAME    serve those who connect to the name, until a line of input ends; say when it has ended
//	server exit CODE      end at once
//	server idle           say its process number, and serve nobody
//	server stay           as without arguments, and then go on
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/samebytes/samebytes/ndarray"
	"github.com/samebytes/samebytes/pybridge"
	"github.com/samebytes/samebytes/shm"
)

func main() {
	log.SetFlags(0)
	if err := run(os.Args[1:]); err != nil {
		log.Fatal(err)
	}
}

func run(args []string) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	srv := pybridge.NewServer()
	handle(srv)
	handleObjects(srv)
	handleFaults(srv)
	switch {
	case len(args) == 0:
		return srv.Serve(ctx)
	case args[0] == "exit":
		code, err := strconv.Atoi(args[1])
		if err != nil {
			return err
		}
		os.Exit(code)
	case args[0] == "idle":
		fmt.Println(os.Getpid())
		select {}
	case args[0] == "stay":
		if err := srv.Serve(ctx); err != nil {
			return err
		}
		select {}
	case args[0] == "listen":
		go func() {
			bufio.NewReader(os.Stdin).ReadString('\n') // or its end
			cancel()
		}()
		err := srv.Listen(ctx, args[1])
		fmt.Println("ended")
		return err
	}
	return fmt.Errorf("expected nothing, exit, idle, stay or listen, found %q", args)
}

var waiting atomic.Int64

func handle(srv *pybridge.Server) {
	srv.Handle("nothing", func() {}, "Does nothing.")
	srv.Handle("echo", func(v any) any { return v }, "Returns what it is given.")
	srv.Handle("add", func(a, b int64) int64 { return a + b }, "Adds two integers.")
	srv.Handle("small", func(v int8) int8 { return v })
	srv.Handle("join", func(parts []string, by string) (string, int) { return strings.Join(parts, by), len(parts) }, "Joins strings, and counts them.")
	srv.Handle("pid", os.Getpid)
	srv.Handle("scale", func(a *ndarray.Array[float64], k float64) {
		for i, v := range a.All() {
			a.Set(v*k, i...)
		}
	}, "Multiplies the elements by k, in place.")
	srv.Handle("total", func(a *ndarray.Array[float64]) float64 { return ndarray.Sum(a) })
	srv.Handle("shape", func(a *ndarray.Any) []int { return a.Shape() })
	srv.Handle("ones", func(n int) (*shm.Array[float64], error) {
		a, err := shm.New[float64]([]int{n})
		if err == nil {
			a.Fill(1)
		}
		return a, err
	}, "Returns an array that is the caller's.")
	srv.Handle("plain", func(n int) *ndarray.Array[float32] { return ndarray.Full[float32](1, n) })
	srv.Handle("fails", func(text string) error { return errors.New(text) })
	srv.Handle("attach", func(name string) error {
		a, err := shm.Attach[float64](name)
		if err != nil {
			return err
		}
		return a.Close()
	}, "Opens an array.")
	srv.Handle("panics", func() { panic("on purpose") })
	srv.Handle("faults", func(a *shm.Array[float64]) { a.Data()[0] = 1 }, "Writes to its array, whatever it may.")
	srv.Handle("wait", func(ctx context.Context) error {
		waiting.Add(1)
		defer waiting.Add(-1)
		<-ctx.Done()
		return ctx.Err()
	}, "Waits until it is given up.")
	srv.Handle("waiting", func() int64 { return waiting.Load() }, "Says how many wait.")
	srv.Handle("sleep", func(seconds float64) { time.Sleep(time.Duration(seconds * float64(time.Second))) })
	srv.Handle("exit", func(code int) { os.Exit(code) })
	var seen sync.Map
	srv.Handle("once", func(n int64) (int64, error) {
		if _, twice := seen.LoadOrStore(n, true); twice {
			return 0, fmt.Errorf("%d was there before", n)
		}
		return n, nil
	}, "Returns its number, which must be new.")
	srv.Handle("goroutines", runtime.NumGoroutine)
	srv.Handle("descriptors", func() (int, error) {
		all, err := os.ReadDir("/proc/self/fd")
		return len(all), err
	})
	srv.Handle("worker", worker, "Starts a Python worker, and returns its process and that of one that it has started.")
	srv.Handle("huge", func() error {
		_, err := shm.Create[float64]("huge", []int{1 << 50})
		return err
	})
	srv.Handle("strange", func() any { return make(chan int) })
	srv.Handle("kill", func() error {
		self, err := os.FindProcess(os.Getpid())
		if err != nil {
			return err
		}
		return self.Kill()
	})
	srv.Handle("bytes", func(n int) []byte { return make([]byte, n) })
	srv.Handle("segments", func() (int, error) {
		all, err := shm.List()
		return len(all), err
	})
}

func worker(ctx context.Context, interpreter string) (pids []int, err error) {
	pool, err := pybridge.Start(ctx, pybridge.Python{Module: "os", Interpreter: interpreter})
	if err != nil {
		return nil, err
	}
	pids = make([]int, 2)
	if err := pool.Call(ctx, &pids[0], "getpid"); err != nil {
		return nil, err
	}
	return pids, pool.Call(ctx, &pids[1], "spawnlp", 1, "sleep", "sleep", "600")
}
