package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sys/cpu"

	"github.com/samebytes/samebytes/ndarray"
	"github.com/samebytes/samebytes/shm"
)

// A job is what a line of stdin asks of kernels, in JSON: to time calls of one operation on arrays that are there.
type job struct {
	Class   string            `json:"class"`   // as in kernel_classes.py
	DType   string            `json:"dtype"`   // of the operands
	N       int               `json:"n"`       // elements of an operand; rows and columns where it is a matrix
	Arrays  map[string]string `json:"arrays"`  // names of segments: operands a, b, c and mask, and out
	Gonum   bool              `json:"gonum"`   // what gonum has for it, not ndarray
	Workers int               `json:"workers"` // threads: as SetWorkers takes them, or where it does not apply, GOMAXPROCS
	Halves  bool              `json:"halves"`  // two goroutines, each on its half for itself, until both have made all calls

	Warm    bool    `json:"warm"`    // as many calls more before the first sample
	Calls   int     `json:"calls"`   // of a sample; 0: as many as take the target
	Target  float64 `json:"target"`  // seconds
	Samples int     `json:"samples"` // how many

	Close bool `json:"close"` // let go all arrays, and do nothing else
}

// timed is the answer: seconds for a call, by samples of so many calls; and where their number was sought, seconds for them all.
type timed struct {
	Calls   int       `json:"calls"`
	Took    float64   `json:"took"`
	Seconds []float64 `json:"seconds"`
}

// kernels does jobs until stdin closes, and answers each in a line.
func kernels() error {
	signal.Ignore(os.Interrupt) // the one that asks ends this
	fmt.Println("ready")
	s := &sources{open: map[string]io.Closer{}}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var j job
		if err := json.Unmarshal(lines.Bytes(), &j); err != nil {
			return err
		}
		answer, err := s.do(j)
		if err != nil {
			return fmt.Errorf("kernels: %s, %s: %w", j.Class, j.DType, err)
		}
		if err := json.NewEncoder(os.Stdout).Encode(answer); err != nil {
			return err
		}
	}
	return lines.Err()
}

// instructions names the instruction set whose kernels ndarray takes here.
func instructions() string {
	x := &cpu.X86
	switch {
	case !x.HasAVX2 || !x.HasFMA || !x.HasF16C:
		return "none"
	case !x.HasAVX512F || !x.HasAVX512BW || !x.HasAVX512DQ || !x.HasAVX512VL:
		return "AVX2"
	}
	return "AVX-512"
}

// sources are the arrays that are open, by their names, and the first error.
type sources struct {
	open map[string]io.Closer
	err  error
}

// operand returns the job's array of that name. Where it can't be opened, which s notes, it is another as long.
func operand[T ndarray.Element](s *sources, j job, name string) *ndarray.Array[T] {
	if a, ok := s.open[j.Arrays[name]].(*shm.Array[T]); ok {
		return a.Array
	}
	a, err := shm.Attach[T](j.Arrays[name])
	if err != nil {
		if s.err == nil {
			s.err = fmt.Errorf("%s: %w", name, err)
		}
		return ndarray.New[T](j.N)
	}
	s.open[j.Arrays[name]] = a
	return a.Array
}

func (s *sources) do(j job) (timed, error) {
	if j.Close {
		for name, a := range s.open {
			if err := a.Close(); err != nil {
				return timed{}, err
			}
			delete(s.open, name)
		}
		return timed{}, nil
	}
	parts := []part{{0, 1}}
	if j.Halves {
		parts = []part{{0, 2}, {1, 2}}
	}
	calls := make([]func(), len(parts))
	for i, p := range parts {
		calls[i] = s.call(j, p)
		if s.err != nil {
			return timed{}, s.err
		}
		if calls[i] == nil {
			return timed{}, fmt.Errorf("no such class for gonum: %t and halves: %t", j.Gonum, j.Halves)
		}
	}
	use(j.Gonum)
	if j.Gonum || j.Class == "dense" { // BLAS, gonum's and ours, shares its work among as many goroutines as there are processors
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(j.Workers))
	}
	defer ndarray.SetWorkers(ndarray.SetWorkers(j.Workers))
	return sample(j, calls), nil
}

// sample times the calls, each of several on a goroutine of its own.
func sample(j job, calls []func()) timed {
	run := func(n int) float64 {
		start := time.Now()
		if len(calls) == 1 {
			repeat(n, calls[0])
		} else {
			var group sync.WaitGroup
			for _, call := range calls {
				group.Go(func() { repeat(n, call) })
			}
			group.Wait()
		}
		return time.Since(start).Seconds()
	}
	took := 0.0
	if j.Calls == 0 {
		j.Calls = 1
		for took = run(1); took < j.Target/2 && j.Calls < 1<<20; took = run(j.Calls) {
			j.Calls *= 2
		}
	}
	if j.Warm {
		run(j.Calls)
	}
	answer := timed{Calls: j.Calls, Took: took, Seconds: []float64{}}
	for range j.Samples {
		answer.Seconds = append(answer.Seconds, run(j.Calls)/float64(j.Calls))
	}
	return answer
}

func repeat(n int, call func()) {
	for range n {
		call()
	}
}
