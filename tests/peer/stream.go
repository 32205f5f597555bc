package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"

	"github.com/samebytes/samebytes/shm"
)

func makeStream(name string, slots, n int, lossy bool) error {
	var opts []shm.CreateOption
	if lossy {
		opts = append(opts, shm.Lossy())
	}
	s, err := shm.CreateStream[int64](name, slots, []int{n}, opts...)
	if err != nil {
		return err
	}
	return s.Close()
}

func publish(name string, writer int64, n, batch int) error {
	s, err := shm.AttachStream[int64](name)
	if err != nil {
		return err
	}
	for i := 0; i < n; {
		loans, err := s.LoanN(context.Background(), min(batch, n-i))
		if err != nil {
			return err
		}
		for _, l := range loans {
			i++
			l.Fill(writer<<32 + int64(i))
		}
		if _, err := loans.Publish(); err != nil {
			return err
		}
	}
	return s.Close()
}

// consumed is what a consumer has read: numbers of items, and their elements.
type consumed struct {
	Numbers []uint64 `json:"numbers"`
	Values  []int64  `json:"values"`
	Missed  uint64   `json:"missed"`
	Torn    int      `json:"torn"`
}

func consume(name, start string, group []string) error {
	s, err := shm.AttachStream[int64](name)
	if err != nil {
		return err
	}
	opts := []shm.ReaderOption{map[string]shm.ReaderOption{"oldest": shm.FromOldest(), "latest": shm.FromLatest(), "next": shm.FromNext()}[start]}
	if len(group) > 0 {
		opts = append(opts, shm.InGroup(group[0]))
	}
	r, err := s.Reader(opts...)
	if err != nil {
		return err
	}
	fmt.Println("reads")
	c := consumed{Numbers: []uint64{}, Values: []int64{}}
	for {
		it, err := r.Next(context.Background())
		if err != nil {
			break // the end, which the numbers show
		}
		value := it.At(0)
		for _, x := range it.Data() {
			if x != value {
				c.Torn++
				break
			}
		}
		c.Numbers, c.Values, c.Missed = append(c.Numbers, it.Number), append(c.Values, value), c.Missed+it.Missed
	}
	if err := json.NewEncoder(os.Stdout).Encode(c); err != nil {
		return err
	}
	return s.Close()
}

func lend(name string) error {
	s, err := shm.AttachStream[int64](name)
	if err != nil {
		return err
	}
	l, err := s.Loan(context.Background())
	if err != nil {
		return err
	}
	l.Fill(-1)
	fmt.Println("lent")
	bufio.NewReader(os.Stdin).ReadString('\n') // its end is as good
	number, err := l.Publish()
	if err != nil {
		return err
	}
	fmt.Println("published", number)
	return s.Close()
}

func holdItem(name string, group []string) error {
	s, err := shm.AttachStream[int64](name)
	if err != nil {
		return err
	}
	var opts []shm.ReaderOption
	if len(group) > 0 {
		opts = append(opts, shm.InGroup(group[0]))
	}
	r, err := s.Reader(opts...)
	if err != nil {
		return err
	}
	it, err := r.Next(context.Background())
	if err != nil {
		return err
	}
	fmt.Println("item", it.Number)
	bufio.NewReader(os.Stdin).ReadString('\n') // likewise
	if err := r.Release(); err != nil {
		return err
	}
	fmt.Println("released")
	return s.Close()
}
