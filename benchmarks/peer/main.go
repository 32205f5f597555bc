// Command bench-peer is the Go half of the benchmarks: the worker that doubles, the client that hands over, and what Go
// itself costs. benchmarks/ starts it, and reads the seconds that it prints as JSON.
//
//	bench-peer version
//	bench-peer double NAME                   worker: doubles the segment after each publication, until stdin closes
//	bench-peer handover NAME [flags]         client: publishes, and waits for the worker's publication
//	bench-peer floor -elements N [flags]     doubles memory of its own
//	bench-peer access NAME [flags]           attaching, elements, publishing
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime"
	"time"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench-peer:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) == 0 {
		return errors.New("expected one of version, double, handover, floor, access")
	}
	verb, args := args[0], args[1:]
	name := ""
	if verb == "double" || verb == "handover" || verb == "access" {
		if len(args) == 0 {
			return fmt.Errorf("%s: expected the name of a segment", verb)
		}
		name, args = args[0], args[1:]
	}
	var p plan
	elements := 0
	flags := flag.NewFlagSet(verb, flag.ContinueOnError)
	flags.DurationVar(&p.warmup, "warmup", 0, "time of untimed repetitions before the others")
	flags.IntVar(&p.most, "most", 1, "timed repetitions at most")
	flags.DurationVar(&p.budget, "budget", time.Second, "time after which no further repetition begins")
	flags.IntVar(&elements, "elements", 0, "length of the array")
	if err := flags.Parse(args); err != nil {
		return err
	}
	var answer any
	var err error
	switch verb {
	case "version":
		answer = runtime.Version()
	case "double":
		return double(name)
	case "handover":
		answer, err = handover(name, p)
	case "floor":
		answer, err = floor(elements, p)
	case "access":
		answer, err = access(name, p)
	default:
		return fmt.Errorf("unknown command %q", verb)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", verb, err)
	}
	return json.NewEncoder(os.Stdout).Encode(answer)
}
