package pybridge

import (
	"sync"
	"sync/atomic"
	"testing"
)

// TestGate has many come and go while the gate is shut: nobody is inside when it is empty.
func TestGate(t *testing.T) {
	for range 200 {
		g := newGate()
		var inside, after atomic.Int64
		var visitors sync.WaitGroup
		for range 8 {
			visitors.Go(func() {
				for g.enter() {
					inside.Add(1)
					inside.Add(-1)
					g.leave()
				}
				after.Add(1)
			})
		}
		g.shut()
		<-g.empty
		if n := inside.Load(); n != 0 || g.enter() {
			t.Fatalf("%d are inside", n)
		}
		visitors.Wait()
		g.shut()
	}
}
