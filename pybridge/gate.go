package pybridge

import (
	"sync"
	"sync/atomic"
)

// gate counts who is inside, and lets nobody in when it is shut. (A sync.WaitGroup must not be waited for while somebody comes.)
type gate struct {
	inside atomic.Int64 // and shutBit
	once   sync.Once
	empty  chan struct{} // closed when it is shut and nobody is inside
}

const shutBit = 1 << 62

func newGate() *gate { return &gate{empty: make(chan struct{})} }

// enter reports whether the gate is open. Who has entered must leave.
func (g *gate) enter() bool {
	if g.inside.Add(1)&shutBit == 0 {
		return true
	}
	g.leave()
	return false
}

func (g *gate) leave() {
	if g.inside.Add(-1) == shutBit {
		g.once.Do(func() { close(g.empty) })
	}
}

func (g *gate) shut() {
	if g.inside.Or(shutBit)&^shutBit == 0 {
		g.once.Do(func() { close(g.empty) })
	}
}
