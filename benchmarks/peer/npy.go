package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"time"

	"github.com/samebytes/samebytes/ndarray"
	"github.com/samebytes/samebytes/npy"
)

// npyItem measures one of what is done with a .npy file, of which benchmarks/npy.py has made those that are read.
func npyItem(item, path string, rows, cols int, p plan) ([]float64, error) {
	switch item {
	case "write", "write_floor":
		return npyWrite(item, path, rows, cols, p)
	case "read", "big_endian":
		return npyRead(p, func() (*ndarray.Array[float64], error) { return npy.ReadFile[float64](path) })
	case "fortran":
		return npyRead(p, func() (*ndarray.Array[float64], error) {
			f, err := os.Open(path)
			if err != nil {
				return nil, err
			}
			defer f.Close()
			a := ndarray.New[float64](rows, cols)
			return a, npy.ReadInto(a, f)
		})
	case "npz":
		return npyRead(p, func() (*ndarray.Array[float64], error) {
			z, err := npy.OpenZip(path)
			if err != nil {
				return nil, err
			}
			defer z.Close()
			return npy.ReadMember[float64](z, "a")
		})
	case "read_floor":
		seconds := make([]float64, p.most)
		for i := range seconds {
			var err error
			if seconds[i], err = timeBareRead(path); err != nil {
				return nil, err
			}
		}
		return seconds, nil
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var once func() error
	switch memory := bytes.NewReader(nil); item {
	case "map":
		return npyMap(path, p)
	case "parse":
		once = func() error {
			_, err := npy.Parse(content)
			return err
		}
	case "small":
		once = func() error {
			_, err := npy.ReadFile[float64](path)
			return err
		}
	case "small_memory":
		once = func() error {
			memory.Reset(content)
			_, err := npy.Read[float64](memory)
			return err
		}
	case "small_floor":
		into := make([]byte, 2*len(content))
		once = func() error { return readBare(path, into) }
	default:
		return nil, fmt.Errorf("unknown item %q", item)
	}
	seconds, err := p.repeat(func() error {
		for range batch {
			if err := once(); err != nil {
				return err
			}
		}
		return nil
	}, func() error { return nil })
	for i := range seconds {
		seconds[i] /= batch
	}
	return seconds, err
}

// npyWrite writes an array to a file that is not there.
func npyWrite(item, path string, rows, cols int, p plan) ([]float64, error) {
	a := ndarray.New[float64](rows, cols)
	for i := range a.Data() {
		a.Data()[i] = float64(i)
	}
	head, err := npy.Header{DType: ndarray.Float64, Shape: a.Shape()}.Append(nil, 64)
	if err != nil {
		return nil, err
	}
	write := func() error { return npy.WriteFile(path, a) }
	if item == "write_floor" {
		write = func() error { return writeBare(path, head, a.Any().Data()) }
	}
	gone := func() error {
		if err := os.Remove(path); !errors.Is(err, os.ErrNotExist) {
			return err
		}
		return nil
	}
	var seconds []float64
	for begin := time.Now(); len(seconds) == 0 || len(seconds) < p.most && time.Since(begin) < p.budget; {
		if err := gone(); err != nil {
			return nil, err
		}
		start := time.Now()
		err := write()
		seconds = append(seconds, time.Since(start).Seconds())
		if err != nil {
			return nil, err
		}
	}
	return seconds, nil // the last file stays, to be looked at
}

// writeBare writes a file as little as can be done.
func writeBare(path string, head, elements []byte) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	_, err = f.Write(head)
	if err == nil {
		_, err = f.Write(elements)
	}
	return errors.Join(err, f.Close())
}

// npyRead reads arrays, each into memory that the kernel has to find: what was read before has gone back to it, untimed.
func npyRead(p plan, read func() (*ndarray.Array[float64], error)) ([]float64, error) {
	var a *ndarray.Array[float64]
	return p.repeat(func() (err error) {
		a, err = read()
		return err
	}, func() error {
		shape := a.Shape()
		rows, cols := shape[0], shape[1]
		for _, at := range [][2]int{{0, 0}, {0, 1}, {rows / 2, cols / 2}, {rows - 1, cols - 1}} {
			if want := float64(at[0]*cols + at[1]); a.At(at[0], at[1]) != want {
				return fmt.Errorf("wrong element: expected %v at %v, found %v", want, at, a.At(at[0], at[1]))
			}
		}
		a = nil
		debug.FreeOSMemory()
		return nil
	})
}

// npyMap maps a file and reads an element; to let it go is not timed.
func npyMap(path string, p plan) ([]float64, error) {
	var seconds []float64
	for range p.most {
		var took time.Duration
		for range batch {
			start := time.Now()
			m, err := npy.Map[float64](path, npy.ReadOnly)
			if err != nil {
				return nil, err
			}
			sum += m.At(0, 0)
			took += time.Since(start)
			if err := m.Close(); err != nil {
				return nil, err
			}
		}
		seconds = append(seconds, took.Seconds()/batch)
	}
	return seconds, nil
}
