package shm

import (
	"context"
	"sync/atomic"
)

// Counter is a number that processes add to and wait for. Its state is
//
//	word  meaning
//	0     the number
//
// It has no holder, so that a death leaves nothing behind. Any goroutine may call the methods at any time.
type Counter struct{ object }

// CreateCounter makes a counter of that name which begins with value, and opens it. Without a name it goes with the last that has
// it open, as with [New].
// The errors are those of [Create].
func CreateCounter(name string, value int64, opts ...CreateOption) (*Counter, error) {
	o, err := createObject(kindCounter, flagRecoverAlways, name, []int64{value}, opts)
	if err != nil {
		return nil, err
	}
	return &Counter{o}, nil
}

// AttachCounter opens the counter of that name. With [ReadOnly] it can be read and waited for.
// The errors are those of [Attach], ndarray.ErrDType for what is no counter, and ErrNoControl for a plain .npy file.
func AttachCounter(name string, opts ...AttachOption) (*Counter, error) {
	o, err := attachObject(name, opts, kindCounter)
	if err != nil {
		return nil, err
	}
	return &Counter{o}, nil
}

// Add adds delta, which may be negative, wakes all who wait, and returns the new value. It wraps around as int64 does. What this
// goroutine wrote before is visible to those who see the new value.
// The errors are ErrClosed, ErrBroken, and ndarray.ErrReadOnly for an opening with [ReadOnly].
func (c *Counter) Add(delta int64) (value int64, err error) {
	err = c.use(true, func() error {
		value = atomic.AddInt64(&c.state[0], delta)
		c.mapping.publish()
		return nil
	})
	return value, c.named("add to", err)
}

// Store sets the value, and wakes all who wait.
// The errors are those of Add.
func (c *Counter) Store(value int64) error {
	return c.named("store to", c.use(true, func() error {
		atomic.StoreInt64(&c.state[0], value)
		c.mapping.publish()
		return nil
	}))
}

// Value returns the number.
// The errors are ErrClosed and ErrBroken.
func (c *Counter) Value() (value int64, err error) {
	err = c.use(false, func() error {
		value = atomic.LoadInt64(&c.state[0])
		return nil
	})
	return value, c.named("read", err)
}

// WaitFor waits until enough says so of the value, and returns that one. It may miss values that come and go at once. When
// who changes it dies before waking those who wait, they see it within a second. enough is called by this goroutine.
// The errors are the context's, ErrClosed and ErrBroken.
func (c *Counter) WaitFor(ctx context.Context, enough func(value int64) bool) (value int64, err error) {
	err = c.use(false, func() error {
		return c.until(ctx, maxSleep, func() (bool, error) {
			value = atomic.LoadInt64(&c.state[0])
			return enough(value), nil
		})
	})
	return value, c.named("wait for", err)
}
