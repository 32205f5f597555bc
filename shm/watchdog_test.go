package shm

import (
	"context"
	"testing"
)

// TestWakeIsRepeated proves that a wake which came before its sleep is followed by others, until stop, and none after.
func TestWakeIsRepeated(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	wakes := make(chan struct{})
	stopped := false
	stop := wakeWhenDone(ctx, func() {
		if stopped {
			t.Error("woken after stop")
		}
		select {
		case wakes <- struct{}{}:
		default: // nobody looks any more
		}
	})
	cancel()
	for range 3 {
		<-wakes
	}
	stop()
	stopped = true
}

func TestNoWakeWithoutEnd(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	wakeWhenDone(ctx, func() { t.Error("woken") })()
}
