package pybridge

import (
	"encoding/binary"
	"fmt"
	"runtime"
	"slices"
	"sync/atomic"
	"time"

	"github.com/samebytes/samebytes/internal/futex"
)

// A ring carries messages from one process to another, in slots of memory that both have mapped. One process sends and one
// receives.
//
// Each writes only its own counter, with release, and reads the other's with acquire: what is in a slot was written before sent
// said so, and is not written again before taken says that it was read. Who is about to sleep says so in a word beside the
// counter that it waits for, looks once more, and sleeps on that word, unless it is zero again (all sequentially consistent, as
// are the other's advance and its look at that word): either it sees the advance, or the other sees that it sleeps, makes the
// word zero and wakes it. So do stop and nudge, by flags of this process instead of the counter. Every length and counter is
// checked: the other process may write anything. TestRing and FuzzRing try to break this.

// ringWords is where a ring has its words, from its beginning; each side's are on a cache line of their own.
//
//	offset  bytes  content
//	0       8      sent: messages sent, ever
//	8       4      1 while the receiver may sleep, which sleeps on this word
//	64      8      taken: messages taken, ever
//	72      4      1 while the sender may sleep, which sleeps on this word
//
// And a slot:
//
//	0       4      length of the message in bytes
//	4       ...    the message
const (
	sentAt           = 0
	receiverSleepsAt = 8
	takenAt          = 64
	senderSleepsAt   = 72
	ringWords        = 128
	lengthSize       = 4
)

// ringSleep bounds each sleep: nobody else may be trusted to wake whom the other process makes sleep.
var ringSleep = time.Second

// ring is one side of a ring. One goroutine at a time may send, or receive.
type ring struct {
	sent, taken                  *atomic.Uint64
	receiverSleeps, senderSleeps *atomic.Uint32
	slots                        []byte
	nslots                       uint64
	slotSize                     int
	position                     uint64 // messages sent, or taken, by this process
	stopped, nudged              atomic.Bool
}

// newRing returns a side of the ring whose words and slots lie in memory, which must be mapped and stay so.
func newRing(memory []byte, words, slots, nslots, slotSize int) *ring {
	return &ring{
		sent: counterAt(memory, words+sentAt), receiverSleeps: wordAt(memory, words+receiverSleepsAt),
		taken: counterAt(memory, words+takenAt), senderSleeps: wordAt(memory, words+senderSleepsAt),
		slots: memory[slots : slots+nslots*slotSize], nslots: uint64(nslots), slotSize: slotSize,
	}
}

// stop makes all sends and receives, running and later, end with errStopped.
func (r *ring) stop() {
	r.stopped.Store(true)
	wakeAnyway(r.receiverSleeps)
	wakeAnyway(r.senderSleeps)
}

// nudge makes the receive that is running, or the next one, end with errNudged if it would wait.
func (r *ring) nudge() {
	r.nudged.Store(true)
	wakeAnyway(r.receiverSleeps)
}

// most is the longest message, in bytes.
func (r *ring) most() int { return r.slotSize - lengthSize }

// send puts a message into the next slot, as soon as one is free. The error is errStopped or errBroken.
func (r *ring) send(message []byte) error {
	if len(message) > r.most() {
		panic(fmt.Sprintf("pybridge: a message of %d bytes for a slot of %d", len(message), r.slotSize))
	}
	taken, err := r.wait(r.taken, r.senderSleeps, r.position-r.nslots)
	if err != nil {
		return err
	}
	if r.position-taken > r.nslots {
		return fmt.Errorf("%w: %d messages taken, %d sent", errBroken, taken, r.position)
	}
	slot := r.slot()
	binary.LittleEndian.PutUint32(slot, uint32(len(message)))
	copy(slot[lengthSize:], message)
	r.advance(r.sent, r.receiverSleeps)
	return nil
}

// receive appends the next message to dst, as soon as it is there. The error is errStopped, errNudged or errBroken.
func (r *ring) receive(dst []byte) ([]byte, error) {
	sent, err := r.wait(r.sent, r.receiverSleeps, r.position)
	if err != nil {
		return dst, err
	}
	if sent-r.position > r.nslots {
		return dst, fmt.Errorf("%w: %d messages sent, %d taken", errBroken, sent, r.position)
	}
	slot := r.slot()
	length := int64(binary.LittleEndian.Uint32(slot)) // read once: the other side may change it meanwhile
	if length > int64(r.most()) {
		return dst, fmt.Errorf("%w: a message of %d bytes in a slot of %d", errBroken, length, r.slotSize)
	}
	dst = append(dst, slot[lengthSize:lengthSize+length]...)
	r.advance(r.taken, r.senderSleeps)
	return dst, nil
}

// unread gives the messages that were sent and not taken to each, when nobody sends any more.
func (r *ring) unread(each func(message []byte)) {
	sent := r.position
	for r.position = max(r.taken.Load(), sent-min(sent, r.nslots)); r.position < sent; r.position++ {
		slot := r.slot()
		length := int64(binary.LittleEndian.Uint32(slot))
		if length <= int64(r.most()) {
			each(slices.Clone(slot[lengthSize : lengthSize+length])) // the other side's hand is in the slot
		}
	}
}

func (r *ring) slot() []byte {
	first := int(r.position%r.nslots) * r.slotSize
	return r.slots[first : first+r.slotSize]
}

func (r *ring) advance(counter *atomic.Uint64, sleeps *atomic.Uint32) {
	r.position++
	counter.Store(r.position)
	wake(sleeps)
}

// wake ends a sleep on the word, if there is one.
func wake(sleeps *atomic.Uint32) {
	if sleeps.Load() != 0 && sleeps.Swap(0) != 0 {
		futex.Wake(futexWord(sleeps), 1)
	}
}

// wakeAnyway is wake for what the other process does not say: that may have made the word zero, and have been killed or stopped before it
// woke who sleeps on it.
func wakeAnyway(sleeps *atomic.Uint32) {
	sleeps.Store(0)
	futex.Wake(futexWord(sleeps), 1)
}

// wait returns what the counter holds as soon as it is another number than since.
func (r *ring) wait(counter *atomic.Uint64, sleeps *atomic.Uint32, since uint64) (found uint64, err error) {
	changed := func() bool {
		found = counter.Load()
		return found != since || r.stopped.Load() || r.nudged.Load()
	}
	if !changed() {
		// Whom the last message made runnable runs first: this goroutine's sleep would keep its processor, where there is no
		// other, until the scheduler's monitor notices, for a hundred microseconds.
		runtime.Gosched()
	}
	if !changed() {
		for {
			sleeps.Store(1)
			if !changed() {
				_, err = futex.Wait(futexWord(sleeps), 1, ringSleep)
			}
			sleeps.Store(0)
			if changed() || err != nil {
				break
			}
		}
	}
	switch {
	case err != nil:
	case r.stopped.Load():
		err = errStopped
	case found == since && r.nudged.Swap(false):
		err = errNudged
	}
	return found, err
}
