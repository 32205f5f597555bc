// Package workers shares the work of one call among goroutines.
//
// The caller always works itself, and takes whatever nobody else has begun: a call returns in good time where all helpers are
// busy, or none exists, and a call within a part cannot deadlock. Helpers are goroutines that stay. One that has finished looks
// out for work for some ten microseconds, in which handing it over costs next to nothing, and then sleeps until it is woken.
// Calls that have helpers at the same time never have more than GOMAXPROCS-1 between them, so that there are not more
// goroutines at work than processors to run them; with GOMAXPROCS at one nothing is shared.
//
// What a part does to its goroutine it does to the caller: a panic is raised again there, and runtime.Goexit ends it, when all
// parts have returned. Of several panics one is raised.
package workers

import (
	"runtime"
	"time"
)

// Do calls part for every number below parts, at the same time where processors are free, and returns when all calls have
// returned. It is for parts that take long: see Share for others.
func Do(parts int, part func(i int)) {
	share(parts, 0, parts, 1, func(first, last int) { part(first) })
}

const (
	// worth is how long the rest of a call must take to be shared: waking a helper costs the caller some microseconds, and
	// it begins some more later.
	worth = 20 * time.Microsecond
	// worthReady is worth where a helper need not be woken.
	worthReady = 6 * time.Microsecond
	// chunkTime is how long a chunk takes at least: it costs some hundred nanoseconds besides its work.
	chunkTime = 2 * time.Microsecond
	// chunks is how many chunks each goroutine gets. One that began late or was interrupted leaves some of its own to others.
	chunks = 16
	// sample is the part of the work that is done to see how long it takes.
	sample = 8
)

// Share calls part for ranges that together are all numbers below n, on so many goroutines at most, and returns when all calls
// have returned. Unless the work is known to be long, the caller first does some of it, and the rest too if little is left.
func Share(goroutines, n int, long bool, part func(first, last int)) {
	if goroutines = min(goroutines, n, runtime.GOMAXPROCS(0)); goroutines < 2 {
		part(0, n)
		return
	}
	begin, chunk := 0, max(n/(goroutines*chunks), 1)
	if !long {
		start := time.Now()
		begin = (n + sample - 1) / sample
		part(0, begin)
		took := time.Since(start)
		each := float64(max(took, 1)) / float64(begin)
		rest := time.Duration(min(each*float64(n-begin), float64(time.Hour)))
		if rest < worthReady || rest < worth && !ready() {
			part(begin, n)
			return
		}
		chunk = max(chunk, int(min(float64(chunkTime)/each, float64(n))))
	}
	share(goroutines, begin, n, chunk, part)
}
