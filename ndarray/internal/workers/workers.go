// Package workers shares the work of one call among goroutines.
package workers

import "sync"

// Do calls part for every number below parts, at the same time where processors are free, and returns when all calls have
// returned. The caller takes its share.
func Do(parts int, part func(i int)) {
	var group sync.WaitGroup
	for i := 1; i < parts; i++ {
		group.Go(func() { part(i) })
	}
	part(0)
	group.Wait()
}
