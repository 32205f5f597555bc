// Command bench-peer is the Go half of the benchmarks: workers, the clients that hand over, those who lock, and what Go itself
// costs. benchmarks/ starts it, and reads the seconds that it prints as JSON.
//
//	bench-peer version
//	bench-peer double NAME                   worker: doubles the segment after each publication, until stdin closes
//	bench-peer handover NAME [flags]         client: publishes, and waits for the worker's publication
//	bench-peer floor -elements N [flags]     doubles memory of its own
//	bench-peer access NAME [flags]           attaching, elements, publishing
//	bench-peer loops [flags]                 adding arrays of several layouts
//	bench-peer kernels                       times operations on segments, as lines of stdin ask for, until it closes
//	bench-peer instructions                  the instruction set whose kernels ndarray takes
//	bench-peer answer NAME                   worker: publishes after each publication, until stdin closes
//	bench-peer ask NAME [flags]              client: publishes, and waits for the worker's publication
//	bench-peer uncontended NAME [flags]      lock and unlock
//	bench-peer count NAME                    counts in the first element under the lock, until the time that stdin says
//	bench-peer npy ITEM -path FILE [flags]   writes, reads or maps a .npy file
//	bench-peer call FILE -python P [flags]   calls a Python file's functions; -segment NAME: with that array
//	bench-peer callers FILE -python P [flags]   the same with -callers goroutines and -workers processes: calls a second
//	bench-peer alone NAME [flags]            doubles the segment
//	bench-peer serve                         functions for samebytes.launch
//	bench-peer listen NAME                   functions for samebytes.connect, until stdin closes
//	bench-peer ping PATH [flags]             8 bytes over a Unix socket, and back
//	bench-peer send NAME [flags]             publishes items to a stream
//	bench-peer receive NAME [flags]          reads them
//	bench-peer deaths NAME -holder P [flags] waits for locks with which the program P (locks.c) dies
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench-peer:", err)
		os.Exit(1)
	}
}

// named are the commands that take the name of a segment, of an item, or of a file.
var named = []string{
	"double", "handover", "access", "answer", "ask", "uncontended", "count", "deaths", "npy",
	"call", "callers", "alone", "listen", "ping", "send", "receive",
}

func run(args []string) error {
	if len(args) == 0 {
		return errors.New("expected one of version, instructions, floor, loops, kernels, serve, " + strings.Join(named, ", "))
	}
	verb, args := args[0], args[1:]
	name := ""
	if slices.Contains(named, verb) {
		if len(args) == 0 {
			return fmt.Errorf("%s: expected a name", verb)
		}
		name, args = args[0], args[1:]
	}
	var p plan
	f := flow{batch: 1}
	elements, rows, cols, holder, path := 0, 0, 0, "", ""
	python, segment, goroutines, workers := "", "", 0, 0
	flags := flag.NewFlagSet(verb, flag.ContinueOnError)
	flags.DurationVar(&p.warmup, "warmup", 0, "time of untimed repetitions before the others")
	flags.IntVar(&p.most, "most", 1, "timed repetitions at most")
	flags.DurationVar(&p.budget, "budget", time.Second, "time after which no further repetition begins")
	flags.IntVar(&elements, "elements", 0, "length of the array")
	flags.StringVar(&holder, "holder", "", "program that locks and dies")
	flags.StringVar(&path, "path", "", "the .npy file")
	flags.IntVar(&rows, "rows", 0, "rows of its array")
	flags.IntVar(&cols, "cols", 0, "columns of its array")
	flags.StringVar(&python, "python", "python3", "the interpreter of what is called")
	flags.StringVar(&segment, "segment", "", "the array that calls have as an argument")
	flags.IntVar(&goroutines, "callers", 1, "goroutines that call")
	flags.IntVar(&workers, "workers", 1, "processes that are called")
	flags.IntVar(&f.batch, "batch", 1, "items that are published at once")
	flags.DurationVar(&f.interval, "interval", 0, "time between items")
	flags.BoolVar(&f.whole, "whole", false, "write and read all of an item")
	flags.BoolVar(&f.cost, "cost", false, "count page faults and allocations")
	if err := flags.Parse(args); err != nil {
		return err
	}
	f.plan = p
	var answer any
	var err error
	switch verb {
	case "version":
		answer = runtime.Version()
	case "double":
		return work(name, twice)
	case "instructions":
		answer = instructions()
	case "kernels":
		return kernels()
	case "answer":
		return work(name, nothing)
	case "handover":
		answer, err = handover(name, p, doubled)
	case "ask":
		answer, err = handover(name, p, unchanged)
	case "floor":
		answer, err = floor(elements, p)
	case "access":
		answer, err = access(name, p)
	case "loops":
		answer = loops(p)
	case "uncontended":
		answer, err = uncontended(name, p)
	case "count":
		answer, err = count(name)
	case "deaths":
		answer, err = deaths(name, holder, p)
	case "npy":
		answer, err = npyItem(name, path, rows, cols, p)
	case "call":
		answer, err = call(name, python, segment, p)
	case "callers":
		answer, err = callers(name, python, goroutines, workers, p)
	case "alone":
		answer, err = alone(name, p)
	case "serve":
		return serve()
	case "listen":
		return listen(name)
	case "ping":
		answer, err = ping(name, p)
	case "send":
		answer, err = sendItems(name, f)
	case "receive":
		answer, err = receiveItems(name, f)
	default:
		return fmt.Errorf("unknown command %q", verb)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", verb, err)
	}
	return json.NewEncoder(os.Stdout).Encode(answer)
}
