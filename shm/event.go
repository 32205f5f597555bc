package shm

import (
	"context"
	"sync/atomic"
)

// Event is a flag that processes wait for. Its state is
//
//	word  meaning
//	0     0: clear. Anything else: set
//
// It has no holder, so that a death leaves nothing behind. Any goroutine may call the methods at any time.
type Event struct{ object }

// CreateEvent makes an event of that name, which is clear, and opens it. Without a name it goes with the last that has it open, as
// with [New].
// The errors are those of [Create].
func CreateEvent(name string, opts ...CreateOption) (*Event, error) {
	o, err := createObject(kindEvent, flagRecoverAlways, name, nil, opts)
	if err != nil {
		return nil, err
	}
	return &Event{o}, nil
}

// AttachEvent opens the event of that name. With [ReadOnly] it can be waited for.
// The errors are those of [Attach], ndarray.ErrDType for what is no event, and ErrNoControl for a plain .npy file.
func AttachEvent(name string, opts ...AttachOption) (*Event, error) {
	o, err := attachObject(name, opts, kindEvent)
	if err != nil {
		return nil, err
	}
	return &Event{o}, nil
}

// Set sets the flag, and wakes all who wait. What this goroutine wrote before is visible to them.
// The errors are ErrClosed, ErrBroken, and ndarray.ErrReadOnly for an opening with [ReadOnly].
func (e *Event) Set() error {
	return e.named("set", e.use(true, func() error {
		atomic.StoreInt64(&e.state[0], 1)
		e.mapping.publish()
		return nil
	}))
}

// Clear clears the flag.
// The errors are those of Set.
func (e *Event) Clear() error {
	return e.named("clear", e.use(true, func() error {
		atomic.StoreInt64(&e.state[0], 0)
		return nil
	}))
}

// IsSet reports whether the flag is set.
// The errors are ErrClosed and ErrBroken.
func (e *Event) IsSet() (set bool, err error) {
	err = e.use(false, func() error {
		set = e.set()
		return nil
	})
	return set, e.named("read", err)
}

func (e *Event) set() bool { return atomic.LoadInt64(&e.state[0]) != 0 }

// Wait waits until the flag is set. It may miss one that is cleared again at once. When who sets it dies before waking those who
// wait, they see it within a second.
// The errors are the context's, ErrClosed and ErrBroken.
func (e *Event) Wait(ctx context.Context) error {
	return e.named("wait for", e.use(false, func() error {
		return e.until(ctx, maxSleep, func() (bool, error) { return e.set(), nil })
	}))
}
