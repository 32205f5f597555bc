// Command bench-competitors reads and writes .npy files with other Go packages than this library's, which it is compared with. It
// is a module of its own, so that who uses the library needs none of them. benchmarks/npy.py starts it, and reads the seconds that it
// prints as JSON.
//
//	bench-competitors ITEM PATH -most N [-rows R -cols C]
//
// The items are write, read and small with gonpy_ or npyio_ before them; -rows and -cols are for write.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime/debug"
	"time"

	"github.com/kshedden/gonpy"
	"github.com/sbinet/npyio"
)

const batch = 64 // small files that are read between two looks at the clock, as in peer/npy.go

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench-competitors:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) < 2 {
		return errors.New("expected an item and a path")
	}
	item, path := args[0], args[1]
	flags := flag.NewFlagSet(item, flag.ContinueOnError)
	most := flags.Int("most", 1, "repetitions")
	rows := flags.Int("rows", 0, "rows of what is written")
	cols := flags.Int("cols", 0, "columns of what is written")
	if err := flags.Parse(args[2:]); err != nil {
		return err
	}
	data := make([]float64, *rows**cols)
	for i := range data {
		data[i] = float64(i)
	}
	times := 1
	var once func() ([]float64, error)
	switch item {
	case "gonpy_write":
		once = func() ([]float64, error) { return nil, gonpyWrite(path, data, *rows, *cols) }
	case "npyio_write":
		once = func() ([]float64, error) { return nil, npyioWrite(path, data) }
	case "gonpy_read":
		once = func() ([]float64, error) { return gonpyRead(path) }
	case "npyio_read":
		once = func() ([]float64, error) { return npyioRead(path) }
	case "gonpy_small":
		times, once = batch, func() ([]float64, error) { return gonpyRead(path) }
	case "npyio_small":
		times, once = batch, func() ([]float64, error) { return npyioRead(path) }
	default:
		return fmt.Errorf("unknown item %q", item)
	}
	var seconds []float64
	for range *most {
		if len(data) > 0 {
			if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
				return err
			}
		}
		debug.FreeOSMemory()
		var read []float64
		start := time.Now()
		for range times {
			var err error
			if read, err = once(); err != nil {
				return err
			}
		}
		seconds = append(seconds, time.Since(start).Seconds()/float64(times))
		if n := len(read); len(data) == 0 && (n == 0 || read[0] != 0 || read[n-1] != float64(n-1)) {
			return fmt.Errorf("%s: wrong elements", item)
		}
	}
	return json.NewEncoder(os.Stdout).Encode(seconds)
}

func gonpyWrite(path string, data []float64, rows, cols int) error {
	w, err := gonpy.NewFileWriter(path)
	if err != nil {
		return err
	}
	w.Shape = []int{rows, cols}
	return w.WriteFloat64(data)
}

func gonpyRead(path string) ([]float64, error) {
	f, err := os.Open(path) // NewFileReader never closes
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r, err := gonpy.NewReader(f)
	if err != nil {
		return nil, err
	}
	return r.GetFloat64()
}

func npyioWrite(path string, data []float64) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(npyio.Write(f, data), f.Close())
}

func npyioRead(path string) (data []float64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	err = npyio.Read(f, &data)
	return data, err
}
