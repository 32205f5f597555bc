package main

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"slices"
	"sync/atomic"
	"time"

	"github.com/samebytes/samebytes/ndarray"
	"github.com/samebytes/samebytes/shm"
)

// What the kill test's oracle, a plain file that no lock knows, has for each row of the array. tests/kill has the same in C and
// Python.
const (
	inside  = iota // who holds the row's box: 0 nobody
	begun          // exclusive sections entered
	ended          // and left
	columns        // of a row; behind the rows stands one for all
)

// The oracle's last row.
const (
	violations = iota // of exclusion
	recovered         // boxes of the dead that were mended
	sections          // sections left, of all kinds
	longest           // ns that a lock was waited for
)

// work locks random boxes of rows, and whole arrays, alone and shared, and checks in the oracle that nobody is there who must not
// be. It mends what the dead left, and goes on until it is killed.
func work(name, oracle string) error {
	a, err := shm.Attach[float64](name)
	if err != nil {
		return err
	}
	file, err := shm.AttachFile[int64](oracle)
	if err != nil {
		return err
	}
	rows, me := a.Dim(0), int64(os.Getpid())
	row := func(i int) []int64 { return file.Data()[i*columns : (i+1)*columns] }
	tally := file.Data()[rows*columns:]
	violation := func(is bool) {
		if is {
			atomic.AddInt64(&tally[violations], 1)
		}
	}
	ctx := context.Background()
	for {
		first, last := 0, rows
		if rand.IntN(3) > 0 {
			first = rand.IntN(rows)
			last = first + 1 + rand.IntN(rows-first)
		}
		box := ndarray.Range(first, last)
		shared := rand.IntN(4) == 0
		begin := time.Now()
		var g *shm.Guard
		if shared {
			g, err = a.RLock(ctx, box)
		} else {
			g, err = a.Lock(ctx, box)
		}
		if waited := time.Since(begin).Nanoseconds(); waited > atomic.LoadInt64(&tally[longest]) {
			atomic.StoreInt64(&tally[longest], waited)
		}
		if errors.Is(err, shm.ErrOwnerDied) {
			if err := mend(ctx, a, row, tally, me); err != nil {
				return err
			}
			continue
		}
		if err != nil {
			return err
		}
		for i := first; i < last; i++ {
			r := row(i)
			violation(r[inside] != 0 || r[begun] != r[ended])
			if !shared {
				r[inside] = me
				r[begun]++
			}
		}
		for range rand.IntN(100) {
			atomic.LoadInt64(&tally[sections]) // takes a while
		}
		for i := first; i < last && !shared; i++ {
			r := row(i)
			violation(r[inside] != me)
			r[ended]++
			r[inside] = 0
		}
		atomic.AddInt64(&tally[sections], 1)
		if err := g.Unlock(); err != nil {
			return err
		}
	}
}

// mend makes whole what the dead left: only rows that are said to be damaged may be.
func mend(ctx context.Context, a *shm.Array[float64], row func(int) []int64, tally []int64, me int64) error {
	g, err := a.Recover(ctx)
	if err != nil {
		return err
	}
	boxes, err := g.Damaged()
	if err != nil {
		return err
	}
	for i := range a.Dim(0) {
		r := row(i)
		damaged := slices.ContainsFunc(boxes, func(b shm.Box) bool { return b[0][0] <= i && i < b[0][1] })
		if !damaged && (r[inside] != 0 || r[begun] != r[ended]) {
			atomic.AddInt64(&tally[violations], 1)
		}
		if damaged {
			atomic.AddInt64(&tally[recovered], 1)
		}
		r[inside] = me
		r[ended] = r[begun]
		r[inside] = 0
	}
	if err := g.Repaired(); err != nil {
		return err
	}
	return g.Unlock()
}
