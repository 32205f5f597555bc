package shm

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
)

// Barrier lets a number of parties wait for each other, again and again. A party is a goroutine, or a thread, of any process. Its
// state is
//
//	word    meaning
//	0       parties: how many pass together, 1 to 65535; never changes
//	1       passed: the generation that followed the last one that passed
//	2       reset: the generation that followed the last one that was reset
//	3       broken: 0 no, 1 one gave up or aborted, 2 one died
//	4+row   of each participant: bits 0-15 how many of its parties have arrived, bits 16-31 the low bits of the generation in which,
//	        bits 32-61 its identity; 0 for none
//
// The generation is the greater of words 1 and 2. The words change under the lock of the whole array, in a segment whose locks
// leave no marks ([RecoverAlways]), and each change is one store: to arrive is to store one's own word, to pass (the last to arrive)
// word 1, to break word 3. A reset stores word 2, and then 0 in word 3: who dies in between leaves the barrier broken, as those who
// waited find it in any case. Whoever ends a generation then clears the arrivals, which mean nothing any more, so that none is taken
// for one 65536 generations later.
//
// Who waited in generation g has passed if word 1 is g+1, or more with word 2 at most g. If the generation is another than g and
// neither is so, it was reset (or so long ago that nobody can tell).
//
// A barrier that is broken stays so, and every Wait fails, until [Barrier.Reset]. The death of a process that has arrived breaks it;
// one that has not is not known, and is waited for until a context ends.
//
// Any goroutine may call the methods at any time.
type Barrier struct {
	object
	parties int
}

// Words of a barrier's state.
const (
	barrierParties = 0
	barrierPassed  = 1
	barrierReset   = 2
	barrierBroken  = 3
	barrierArrived = 4
)

// What word 3 says.
const (
	brokenByAbort = 1
	brokenByDeath = 2
)

// maxParties is what an arrival's 16 bits can count.
const maxParties = 1<<16 - 1

// CreateBarrier makes a barrier of that name for so many parties, and opens it. Without a name it goes with the last that has it
// open, as with [New].
// The errors are those of [Create], and fs.ErrInvalid for less than 1 party or more than 65535.
func CreateBarrier(name string, parties int, opts ...CreateOption) (*Barrier, error) {
	if err := inBounds(1, maxParties, parties, "parties"); err != nil {
		return nil, fmt.Errorf("shm: create %v %q: %w", kindBarrier, name, err)
	}
	o, err := createObject(kindBarrier, flagRecoverAlways, name, []int64{int64(parties)}, opts)
	if err != nil {
		return nil, err
	}
	return &Barrier{o, parties}, nil
}

// AttachBarrier opens the barrier of that name.
// The errors are those of [Attach], ndarray.ErrDType for what is no barrier, and ErrNoControl for a plain .npy file.
func AttachBarrier(name string, opts ...AttachOption) (*Barrier, error) {
	o, err := attachObject(name, opts, kindBarrier)
	if err != nil {
		return nil, err
	}
	b := &Barrier{object: o}
	err = o.use(false, func() error {
		parties := atomic.LoadInt64(&o.state[barrierParties])
		if parties < 1 || parties > maxParties {
			return fmt.Errorf("%w: expected 1 to %d parties, found %d", ErrBroken, maxParties, parties)
		}
		b.parties = int(parties)
		return nil
	})
	if err != nil {
		o.Close() // fails only the second time
		return nil, o.named("attach barrier", err)
	}
	return b, nil
}

// Parties returns how many pass together.
func (b *Barrier) Parties() int { return b.parties }

// Wait waits until as many parties as the barrier has have called it, and returns how many of them had before this one: a
// different number from 0 to Parties()-1 to each. When it gives up because its context ends, or this opening is closed, it breaks the
// barrier for all. A party's death is seen within 10 ms or so.
// The errors are ErrBarrierBroken; the context's; ErrClosed, ErrBroken, and ndarray.ErrReadOnly for an opening with
// [ReadOnly].
func (b *Barrier) Wait(ctx context.Context) (index int, err error) {
	err = b.use(true, func() error {
		index, err = b.wait(ctx)
		return err
	})
	return index, b.named("wait at", err)
}

func (b *Barrier) wait(ctx context.Context) (index int, err error) {
	generation, index, passed, err := b.arrive()
	if passed || err != nil {
		return index, err
	}
	over := false
	err = b.until(ctx, nextSleeps, func() (bool, error) {
		if atomic.LoadInt64(&b.state[barrierPassed]) == generation+1 {
			return true, nil
		}
		if !b.stirred(generation) {
			return false, nil
		}
		over, err = b.outcome(generation, nil)
		return over, err
	})
	if over || err == nil || errors.Is(err, ErrBroken) {
		return index, err
	}
	_, err = b.outcome(generation, err)
	return index, err
}

// arrive adds this party to the generation, or ends it as its last.
// The errors are ErrBarrierBroken and ErrBroken.
func (b *Barrier) arrive() (generation int64, index int, passed bool, err error) {
	err = b.locked(context.Background(), func() error { // not ctx: a party that gives up must break the barrier
		if err := b.intact(); err != nil {
			return err
		}
		generation = b.generation()
		index = b.arrivals(generation)
		if index >= b.parties-1 {
			passed = true
			b.end(barrierPassed)
			return nil
		}
		word := &b.state[barrierArrived+b.mapping.row]
		mine := 0
		if who, n, in := arrival(atomic.LoadInt64(word), generation); in && who == b.mapping.me {
			mine = n
		}
		atomic.StoreInt64(word, wordOf(b.mapping.me, uint32(generation)<<16|uint32(mine+1)))
		return nil
	})
	if passed && err == nil {
		b.mapping.publish()
	}
	return generation, index, passed, err
}

// arrival returns whose parties, and how many, a word says to have arrived, and whether in that generation.
func arrival(word, generation int64) (who uint32, parties int, in bool) {
	who, count := wordParts(word)
	parties = int(count & maxParties)
	return who, parties, parties > 0 && count>>16 == uint32(generation)&maxParties
}

// stirred reports whether outcome may have something to say. Without the lock, what it finds may be over already.
func (b *Barrier) stirred(generation int64) bool {
	return b.generation() != generation || atomic.LoadInt64(&b.state[barrierBroken]) != 0 || b.anyDead(generation)
}

// outcome reports whether a generation is over, with ErrBarrierBroken if it did not pass. Where it is not over, and the party gives
// up for a reason, that breaks the barrier, and is the error.
func (b *Barrier) outcome(generation int64, reason error) (over bool, err error) {
	err = b.locked(context.Background(), func() error {
		passed, reset := atomic.LoadInt64(&b.state[barrierPassed]), atomic.LoadInt64(&b.state[barrierReset])
		if passed == generation+1 || passed > generation && reset <= generation {
			over = true
			return nil
		}
		if max(passed, reset) != generation {
			over = true
			return fmt.Errorf("%w: it was reset", ErrBarrierBroken)
		}
		if err := b.intact(); err != nil {
			over = true
			return err
		}
		if reason != nil {
			b.breakUp(brokenByAbort)
		}
		return reason
	})
	return over, err
}

// intact says why the barrier is broken, and breaks it if somebody who has arrived is dead. The lock is held.
func (b *Barrier) intact() error {
	if atomic.LoadInt64(&b.state[barrierBroken]) == 0 && b.anyDead(b.generation()) {
		b.breakUp(brokenByDeath)
	}
	switch atomic.LoadInt64(&b.state[barrierBroken]) {
	case 0:
		return nil
	case brokenByDeath:
		return fmt.Errorf("%w: a party died", ErrBarrierBroken)
	}
	return fmt.Errorf("%w: a party gave up, or aborted it", ErrBarrierBroken)
}

// breakUp breaks the barrier for all. The lock is held.
func (b *Barrier) breakUp(why int64) {
	atomic.StoreInt64(&b.state[barrierBroken], why)
	b.mapping.publish()
}

func (b *Barrier) generation() int64 {
	return max(atomic.LoadInt64(&b.state[barrierPassed]), atomic.LoadInt64(&b.state[barrierReset]))
}

// end ends the generation by one of the two words that say how. The lock is held.
func (b *Barrier) end(word int) {
	atomic.StoreInt64(&b.state[word], b.generation()+1)
	for i := barrierArrived; i < len(b.state); i++ {
		atomic.StoreInt64(&b.state[i], 0)
	}
}

func (b *Barrier) arrivals(generation int64) (parties int) {
	for _, n := range b.arrived(generation) {
		parties += n
	}
	return parties
}

func (b *Barrier) anyDead(generation int64) bool {
	for who := range b.arrived(generation) {
		if b.mapping.dead(who) {
			return true
		}
	}
	return false
}

// arrived yields who has arrived in the generation, with how many parties.
func (b *Barrier) arrived(generation int64) func(yield func(who uint32, parties int) bool) {
	return func(yield func(uint32, int) bool) {
		for i := barrierArrived; i < len(b.state); i++ {
			if who, n, in := arrival(atomic.LoadInt64(&b.state[i]), generation); in && !yield(who, n) {
				return
			}
		}
	}
}

// Abort breaks the barrier: who waits there, and every later Wait, fails until Reset.
// The errors are ErrClosed, ErrBroken, and ndarray.ErrReadOnly for an opening with [ReadOnly].
func (b *Barrier) Abort() error {
	return b.named("abort", b.use(true, func() error {
		return b.locked(context.Background(), func() error {
			if atomic.LoadInt64(&b.state[barrierBroken]) == 0 {
				b.breakUp(brokenByAbort)
			}
			return nil
		})
	}))
}

// Reset makes the barrier whole and empty. Who waits there fails with ErrBarrierBroken.
// The errors are those of Abort.
func (b *Barrier) Reset() error {
	return b.named("reset", b.use(true, func() error {
		return b.locked(context.Background(), func() error {
			b.end(barrierReset)
			atomic.StoreInt64(&b.state[barrierBroken], 0)
			b.mapping.publish()
			return nil
		})
	}))
}

// Waiting returns how many parties wait now, none where it is broken. It may be over as soon as it is said.
// The errors are ErrClosed and ErrBroken.
func (b *Barrier) Waiting() (parties int, err error) {
	err = b.use(false, func() error {
		if atomic.LoadInt64(&b.state[barrierBroken]) == 0 {
			parties = b.arrivals(b.generation())
		}
		return nil
	})
	return parties, b.named("read", err)
}

// Broken reports whether the barrier is broken. A death is seen by those who wait.
// The errors are ErrClosed and ErrBroken.
func (b *Barrier) Broken() (broken bool, err error) {
	err = b.use(false, func() error {
		broken = atomic.LoadInt64(&b.state[barrierBroken]) != 0
		return nil
	})
	return broken, b.named("read", err)
}
