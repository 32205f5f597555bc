package futex

import (
	"errors"
	"runtime"
	"sync/atomic"
	"time"
)

// ErrGone is returned when the word's page is gone from its file, which was cut.
var ErrGone = errors.New("the file was cut")

// patience is how long Look looks before its caller sleeps: a worker on another CPU has doubled a MiB by then. To wake a
// sleeper there takes longer (on a virtual machine 15 to 40 us each way). Each look gives the CPU away, to whoever is waited
// for if it wants to run on this one, so that nothing is lost where there is no other. Where strangers want it, one of them may
// keep it for milliseconds, when a sleeper would be run at once: after a look that took as long as lost, the next
// impatientWaits of the process sleep at once.
const (
	patience       = 50 * time.Microsecond
	lost           = 200 * time.Microsecond
	impatientWaits = 1000
)

// impatient counts down the waits that are to sleep at once. Goroutines that race for it only miscount a little.
var impatient atomic.Int32

// Look looks for a while whether ready has become true, and reports it.
func Look(ready func() bool) bool {
	if impatient.Load() > 0 {
		impatient.Add(-1)
		return false
	}
	begin := time.Now()
	for last := time.Duration(0); last < patience; {
		runtime.Gosched() // to goroutines of this process
		Yield()           // to other processes
		elapsed := time.Since(begin)
		if elapsed-last > lost {
			impatient.Store(impatientWaits)
		}
		last = elapsed
		if ready() {
			return true
		}
	}
	return false
}
