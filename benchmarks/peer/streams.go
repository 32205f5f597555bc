package main

import (
	"context"
	"fmt"
	"runtime"
	"time"

	"github.com/samebytes/samebytes/shm"
)

// Elements of an item, as in streaming.py.
const (
	itemSent   = 0
	itemNumber = 1
)

const lineElements = 8 // that reach a CPU together

// flow is what is sent, as in streaming.py.
type flow struct {
	plan
	batch    int
	interval time.Duration
	whole    bool // all of an item is written and read
	cost     bool // page faults and allocations are counted
}

type sent struct {
	Items int64 `json:"items"` // that count
	Cost  *cost `json:"cost"`
}

type received struct {
	Seconds float64 `json:"seconds"` // from the first item that counts to the last
	Items   int64   `json:"items"`   // after that first one
	Took    []int64 `json:"took"`    // ns, where items say when they were sent
	Cost    *cost   `json:"cost"`
}

// cost is what an item costs this process.
type cost struct {
	Faults      float64 `json:"faults"`
	Allocations float64 `json:"allocations"`
	KeptBytes   float64 `json:"kept_bytes"` // allocated, and not freed yet
	MostBytes   float64 `json:"most_bytes"`
}

// costs returns a function that says what so many items have cost since.
func costs() func(items int64) *cost {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	faults := minorFaults()
	return func(items int64) *cost {
		faults = minorFaults() - faults
		runtime.ReadMemStats(&after)
		bytes := float64(after.TotalAlloc - before.TotalAlloc)
		return &cost{
			Faults:      float64(faults) / float64(items),
			Allocations: float64(after.Mallocs-before.Mallocs) / float64(items),
			KeptBytes:   bytes / float64(items), MostBytes: bytes,
		}
	}
}

// sendItems publishes items to the stream of that name, as the flow says.
func sendItems(name string, f flow) (sent, error) {
	endWithParent()
	s, err := shm.AttachStream[int64](name)
	if err != nil {
		return sent{}, err
	}
	defer s.Close()
	ctx := context.Background()
	var number int64
	send := func(stamp, last bool) error {
		if f.interval > 0 {
			time.Sleep(f.interval)
		}
		write := func(item []int64, ends bool) {
			if f.whole {
				clear(item)
			}
			number++
			item[itemNumber], item[itemSent] = number, 0
			if ends {
				item[itemNumber] = -number
			}
			switch {
			case stamp && f.interval > 0:
				item[itemSent] = monotonic()
			case stamp:
				item[itemSent] = 1
			}
		}
		if f.batch == 1 {
			item, err := s.Loan(ctx)
			if err != nil {
				return err
			}
			write(item.Data(), last)
			_, err = item.Publish()
			return err
		}
		items, err := s.LoanN(ctx, f.batch)
		if err != nil {
			return err
		}
		for i, item := range items {
			write(item.Data(), last && i == len(items)-1)
		}
		_, err = items.Publish()
		return err
	}
	for begin := time.Now(); time.Since(begin) < f.warmup || number < int64(2*s.Slots()); {
		if err := send(false, false); err != nil {
			return sent{}, err
		}
	}
	var cost func(int64) *cost
	if f.cost {
		cost = costs()
	}
	before, begin := number, time.Now()
	for last := false; !last; {
		counted := number - before + int64(f.batch)
		last = counted >= int64(f.most) || time.Since(begin) >= f.budget && counted > int64(f.batch)
		if err := send(true, last); err != nil {
			return sent{}, err
		}
	}
	answer := sent{Items: number - before}
	if cost != nil {
		answer.Cost = cost(answer.Items)
	}
	return answer, nil
}

// receiveItems reads the stream of that name to its last item.
func receiveItems(name string, f flow) (received, error) {
	endWithParent()
	s, err := shm.AttachStream[int64](name)
	if err != nil {
		return received{}, err
	}
	defer s.Close()
	r, err := s.Reader()
	if err != nil {
		return received{}, err
	}
	defer r.Close()
	fmt.Println("ready")
	ctx := context.Background()
	var cost func(int64) *cost
	answer := received{Took: []int64{}}
	if f.interval > 0 {
		answer.Took = make([]int64, 0, f.most)
	}
	var number, first, total int64
	var began time.Time
	for number >= 0 {
		item, err := r.Next(ctx)
		if err != nil {
			return received{}, err
		}
		now := int64(0)
		if f.interval > 0 {
			now = monotonic()
		}
		data := item.Data()
		found := data[itemNumber]
		if max(found, -found) != number+1 {
			return received{}, fmt.Errorf("expected item %d, found %d", number+1, found)
		}
		number = found
		if f.whole {
			for i := 0; i < len(data); i += lineElements {
				total += data[i]
			}
		}
		if data[itemSent] == 0 {
			continue
		}
		if f.interval > 0 {
			answer.Took = append(answer.Took, now-data[itemSent])
		}
		if first == 0 {
			first, began = max(number, -number), time.Now()
			if f.cost {
				cost = costs()
			}
		}
	}
	answer.Seconds, answer.Items = time.Since(began).Seconds(), max(number, -number)-first
	if cost != nil {
		answer.Cost = cost(answer.Items)
	}
	sum += float64(total)
	return answer, nil
}
