package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/samebytes/samebytes/ndarray"
	"github.com/samebytes/samebytes/shm"
)

// hold holds a lock until its input has a line or ends.
func hold(name, kind string, ranges []string) error {
	a, err := shm.Attach[float64](name)
	if err != nil {
		return err
	}
	defer a.Close()
	var ix []ndarray.Index
	for _, r := range ranges {
		first, last, ok := strings.Cut(r, ":")
		if !ok {
			ix = append(ix, ndarray.All)
			continue
		}
		ix = append(ix, ndarray.Range(number(first), number(last)))
	}
	lock := map[string]func(context.Context, ...ndarray.Index) (*shm.Guard, error){"lock": a.Lock, "rlock": a.RLock, "recover": a.Recover}[kind]
	g, err := lock(context.Background(), ix...)
	if err != nil {
		return err
	}
	fmt.Println("held")
	bufio.NewReader(os.Stdin).ReadString('\n') // its end will do
	if kind == "recover" {
		if err := g.Repaired(); err != nil {
			return err
		}
	}
	return g.Unlock()
}

// addUnderLock adds to elements under the array's lock, which loses nothing if it excludes.
func addUnderLock(name string, rounds int, add func(x []float64)) error {
	a, err := shm.Attach[float64](name)
	if err != nil {
		return err
	}
	defer a.Close()
	for range rounds {
		g, err := a.Lock(context.Background())
		if err != nil {
			return err
		}
		add(a.Data())
		if err := g.Unlock(); err != nil {
			return err
		}
	}
	return nil
}
