package pybridge

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"
)

// FuzzRing has the other side write anything into the memory between the sends and receives of this one. Each of these ends: with a
// message that lies within a slot, with errBroken, or with errStopped where there is nothing to read, or no room. Nothing outside the
// ring is written.
//
// The script is of steps of a byte and what belongs to it: 0 sends as many bytes as the next says, 1 receives, 2 reads what is unread,
// 3 to 6 write the 8 bytes that follow to a word, 7 writes the next 4 as a slot's length, 8 fills the slots with the next.
func FuzzRing(f *testing.F) {
	word := func(step byte, v uint64) []byte { return binary.LittleEndian.AppendUint64([]byte{step}, v) }
	f.Add([]byte{0, 5, 1, 0, 60, 1, 2})
	f.Add([]byte{0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 1, 1, 1, 1, 1})
	f.Add(append(word(3, 1), 1, 2))
	f.Add(append(word(3, 1<<63), 1))
	f.Add(append(word(4, 1<<63), 0, 1, 2))
	f.Add(append(word(4, ^uint64(2)), 0, 1, 2))
	f.Add(append(word(5, ^uint64(0)), 0, 1, 1))
	f.Add([]byte{0, 1, 7, 1, 255, 255, 255, 255, 1, 2})
	f.Add([]byte{0, 1, 7, 1, 61, 0, 0, 0, 1, 8, 255, 2})
	f.Fuzz(func(t *testing.T, script []byte) {
		const nslots, slotSize, guard = 4, 64, 0xa5
		const size = ringWords + nslots*slotSize
		memory := bytes.Repeat([]byte{guard}, size+2*ringWords)
		within := memory[ringWords : ringWords+size]
		clear(within)
		sides := func() (*ring, *ring) {
			return newRing(memory, ringWords, 2*ringWords, nslots, slotSize), newRing(memory, ringWords, 2*ringWords, nslots, slotSize)
		}
		sender, receiver := sides()
		next := func(n int) []byte {
			b := make([]byte, 8)
			n = copy(b[:n], script)
			script = script[n:]
			return b
		}
		check := func(err error) {
			if err != nil && !errors.Is(err, errBroken) && !errors.Is(err, errStopped) {
				t.Fatal(err)
			}
		}
		for len(script) > 0 {
			// Who would wait is told to stop before, so that no step takes longer than it has to.
			r, step := receiver, next(1)[0]
			switch step % 9 {
			case 0:
				if sender.position-sender.taken.Load() == nslots {
					sender.stop()
				}
				check(sender.send(make([]byte, int(next(1)[0])%(sender.most()+1))))
				r = sender
			case 1:
				if receiver.sent.Load() == receiver.position {
					receiver.stop()
				}
				b, err := receiver.receive([]byte("before"))
				check(err)
				if len(b) < 6 || len(b) > 6+receiver.most() || bytes.IndexByte(b, guard) >= 0 {
					t.Fatalf("received %x", b)
				}
			case 2:
				r = sender
				n := 0
				sender.unread(func(b []byte) {
					if n++; len(b) > sender.most() || n > nslots {
						t.Fatalf("message %d of %d bytes", n, len(b))
					}
				})
			case 3, 4, 5, 6:
				at := []int{sentAt, takenAt, receiverSleepsAt, senderSleepsAt}[step%9-3]
				copy(within[at:at+8], next(8))
			case 7:
				at := ringWords + int(next(1)[0]%nslots)*slotSize
				copy(within[at:], next(4)[:4])
			case 8:
				fill := next(1)[0]
				if fill == guard {
					fill = 0
				}
				for i := ringWords; i < size; i++ {
					within[i] = fill
				}
			}
			if r.stopped.Load() {
				sender, receiver = sides()
				sender.position, receiver.position = sender.sent.Load(), receiver.taken.Load()
			}
		}
		for i, b := range memory {
			if (i < ringWords || i >= ringWords+size) && b != guard {
				t.Fatalf("byte %d was written", i-ringWords)
			}
		}
	})
}
