package pybridge

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"time"
)

func pair(nslots, slotSize int) (sender, receiver *ring, memory []byte) {
	memory = make([]byte, ringWords+nslots*slotSize)
	return newRing(memory, 0, ringWords, nslots, slotSize), newRing(memory, 0, ringWords, nslots, slotSize), memory
}

// TestRing sends messages of all lengths through a ring that is often full and often empty.
func TestRing(t *testing.T) {
	sender, receiver, _ := pair(4, 64)
	const n = 20000
	var group sync.WaitGroup
	group.Go(func() {
		r := rand.New(rand.NewPCG(1, 2))
		for i := range n {
			message := binary.LittleEndian.AppendUint32(nil, uint32(i))
			for range r.IntN(sender.most() - 3) {
				message = append(message, byte(i))
			}
			if err := sender.send(message); err != nil {
				t.Error(err)
				return
			}
		}
	})
	r := rand.New(rand.NewPCG(1, 2))
	for i := range n {
		message, err := receiver.receive(nil)
		if err != nil {
			t.Fatal(err)
		}
		want := append(binary.LittleEndian.AppendUint32(nil, uint32(i)), bytes.Repeat([]byte{byte(i)}, r.IntN(receiver.most()-3))...)
		if !bytes.Equal(message, want) {
			t.Fatalf("message %d: expected %x, got %x", i, want, message)
		}
	}
	group.Wait()
}

// TestRingStop ends waits on both sides.
func TestRingStop(t *testing.T) {
	sender, receiver, _ := pair(2, 64)
	var group sync.WaitGroup
	group.Go(func() {
		for {
			if err := sender.send([]byte("full")); err != nil {
				if !errors.Is(err, errStopped) {
					t.Error(err)
				}
				return
			}
		}
	})
	other, empty, _ := pair(2, 64)
	group.Go(func() {
		if _, err := empty.receive(nil); !errors.Is(err, errStopped) {
			t.Error(err)
		}
	})
	sender.stop()
	empty.stop()
	group.Wait()
	_, _ = receiver, other
}

// TestRingStopAfterADeath ends a wait that the other process has said is over, and then been killed before it woke who waits.
func TestRingStopAfterADeath(t *testing.T) {
	defer func(sleep time.Duration) { ringSleep = sleep }(ringSleep)
	ringSleep = time.Hour
	_, receiver, _ := pair(2, 64)
	ended := make(chan error)
	go func() {
		_, err := receiver.receive(nil)
		ended <- err
	}()
	for still := 0; still < 1000; still++ { // it sleeps, or it would say so again
		if receiver.receiverSleeps.Swap(0) != 0 {
			still = 0
		}
		runtime.Gosched()
	}
	receiver.stop()
	select {
	case err := <-ended:
		if !errors.Is(err, errStopped) {
			t.Error(err)
		}
	case <-time.After(time.Minute):
		t.Error("it sleeps still")
	}
}
