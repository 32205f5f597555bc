package main

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"time"

	"github.com/samebytes/samebytes/shm"
)

// What the kill test of streams has in its oracle, a plain file that no lock knows. tests/kill/streams.py has the same in Python.
const (
	flowWritten    = iota // items published
	flowRead              // items taken by readers
	flowShared            // items taken by the members of a group
	flowAgain             // of those, taken again after a death
	flowMissed            // items that readers of a lossy stream missed
	flowViolations = 16   // from here on, what must not happen, of each kind
	flowKilled     = 64   // from here on, for each worker by its number, 1: it was killed, or is about to be
	flowWorkers    = 1 << 18
	flowTaken      = flowKilled + flowWorkers // from here on, for items modulo flowItems: who took it last, and its number
	flowItems      = 1 << 8
	flowWorkerBits = 18
)

// Kinds of violations.
const (
	torn = iota
	miscounted
	disorder
	changed
	twice
	lost
)

// flower writes to a stream, or reads it, and checks what it sees, until it is killed. Each item has its writer's number, how many that
// one has published, and words that follow from both.
type flower struct {
	stream *shm.Stream[int64]
	oracle []int64
	me     int64
}

func flow(name, oracle, role string, me int) error {
	s, err := shm.AttachStream[int64](name)
	if err != nil {
		return err
	}
	file, err := shm.AttachFile[int64](oracle)
	if err != nil {
		return err
	}
	f := &flower{s, file.Data(), int64(me)}
	switch role {
	case "write":
		return f.write()
	case "share":
		return f.share()
	}
	return f.read()
}

func (f *flower) add(word int, n int64) { atomic.AddInt64(&f.oracle[word], n) }

func (f *flower) violation(kind int, is bool) {
	if is {
		f.add(flowViolations+kind, 1)
	}
}

// fill writes the item that comes k-th.
func (f *flower) fill(item []int64, k int64) {
	for i := range item {
		item[i] = f.me<<32 + k + int64(i)
	}
}

// whole reports whether an item is as its writer has filled it in, and who that was.
func whole(item []int64) (writer, k int64, ok bool) {
	first := item[0]
	for i, v := range item {
		if v != first+int64(i) {
			return 0, 0, false
		}
	}
	return first >> 32, first & (1<<32 - 1), true
}

func (f *flower) write() error {
	ctx := context.Background()
	for k := int64(1); ; {
		switch n := rand.IntN(8); n {
		case 0:
			l, err := f.stream.Loan(ctx)
			if err != nil {
				return err
			}
			f.fill(l.Data(), k)
			if err := l.Discard(); err != nil {
				return err
			}
		case 1, 2:
			loans, err := f.stream.LoanN(ctx, n+1)
			if err != nil {
				return err
			}
			for _, l := range loans {
				f.fill(l.Data(), k)
				k++
			}
			if _, err := loans.Publish(); err != nil {
				return err
			}
			f.add(flowWritten, int64(len(loans)))
		default:
			l, err := f.stream.Loan(ctx)
			if err != nil {
				return err
			}
			f.fill(l.Data(), k)
			k++
			if _, err := l.Publish(); err != nil {
				return err
			}
			f.add(flowWritten, 1)
		}
	}
}

// read reads all items: none is missed in a reliable stream, as many as it is told in a lossy one, and each writer's come in its order.
func (f *flower) read() error {
	last, next := map[int64]int64{}, uint64(0)
	for item, err := range f.stream.Items(context.Background()) {
		if err != nil {
			return err
		}
		data := item.Data()[:item.Len()]
		before := slices.Clone(data)
		writer, k, ok := whole(before)
		f.violation(torn, !ok)
		f.violation(miscounted, next != 0 && item.Number != next+item.Missed)
		f.violation(miscounted, item.Missed > 0 && !f.stream.Lossy())
		if before, known := last[writer]; known {
			f.violation(disorder, k <= before || !f.stream.Lossy() && k != before+1)
		}
		last[writer], next = k, item.Number+1
		if rand.IntN(100) == 0 {
			time.Sleep(time.Duration(rand.IntN(1000)) * time.Microsecond) // so that others come by
		}
		f.violation(changed, !slices.Equal(before, data)) // in hand it stays what it was
		f.add(flowRead, 1)
		f.add(flowMissed, int64(item.Missed))
	}
	return nil
}

// share takes items as a member of a group: each goes to one member, and to another only if that one was killed.
func (f *flower) share() error {
	taken := f.oracle[flowTaken:]
	for item, err := range f.stream.Items(context.Background(), shm.InGroup("all")) {
		if err != nil {
			return err
		}
		_, _, ok := whole(item.Data()[:item.Len()])
		f.violation(torn, !ok)
		word, number := &taken[item.Number%flowItems], int64(item.Number)
		was := atomic.SwapInt64(word, number<<flowWorkerBits|f.me)
		switch by := was & (1<<flowWorkerBits - 1); {
		case was>>flowWorkerBits == number:
			f.add(flowAgain, 1)
			f.violation(twice, atomic.LoadInt64(&f.oracle[flowKilled+by]) == 0)
		default:
			f.violation(lost, !f.stream.Lossy() && was != 0 && was>>flowWorkerBits != number-flowItems)
		}
		if rand.IntN(10) == 0 {
			time.Sleep(time.Duration(rand.IntN(3000)) * time.Microsecond) // so that some are killed with it in hand
		}
		f.add(flowShared, 1)
	}
	return nil
}
