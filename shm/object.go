package shm

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/samebytes/samebytes/ndarray"
)

// A sync object ([Mutex], [RLock], [Semaphore], [Event], [Condition], [Barrier], [Counter]) is a small segment whose elements are
// its state: one axis of int64, so that np.load and samebytes ls show it. The control block's Kind says which it is. Whatever
// its table of words says belongs to the format, which Python's objects share.
//
// Who changes more than one word, or one by what others say, holds the lock of the whole array meanwhile. Each change
// becomes what it is by one store, so that a death at any instant leaves the state before it or after it. Those who wait
// sleep until the next publication, which comes after the store; whoever dies in between has woken nobody, so every sleep ends
// by itself.
//
// A word that counts what a participant holds has its identity (see participant.go) in bits 32-61: so it means nothing once that
// one is dead, also when its row has another holder.

// object is one opening of a sync object.
type object struct {
	segment *Segment
	mapping *mapping
	state   []int64 // in the mapping: each word is loaded and stored atomically
}

// words returns how many words the state of a kind has, in a segment of so many participants and boxes.
func (k kind) words(slots, boxes int) int {
	switch k {
	case kindSemaphore, kindBoundedSemaphore:
		return semaphoreHeld + slots
	case kindBarrier:
		return barrierArrived + slots
	case kindCondition:
		return waiterWords * boxes
	}
	return 1
}

// createObject makes a sync object whose state begins with the given words. Without a name it is temporary.
func createObject(k kind, flags uint32, name string, first []int64, opts []CreateOption) (object, error) {
	o, err := newObject(k, flags, name, first, opts)
	if err != nil && name != "" {
		return o, fmt.Errorf("shm: create %v %q: %w", k, name, err)
	} else if err != nil {
		return o, fmt.Errorf("shm: create %v: %w", k, err)
	}
	return o, nil
}

func newObject(k kind, flags uint32, name string, first []int64, opts []CreateOption) (object, error) {
	c := creation{kind: k, flags: flags, mode: 0o600, slots: defaultSlots}
	for _, o := range opts {
		o(&c)
	}
	c.rows, c.fortran = 0, false // nothing that a state could use
	if name == "" {
		name = temporaryName()
		c.flags |= flagTemporary
	}
	file, err := path(name)
	if err != nil {
		return object{}, err
	}
	for _, word := range first {
		c.first = binary.LittleEndian.AppendUint64(c.first, uint64(word))
	}
	a, err := createKind[int64](name, file, []int{k.words(c.slots, c.slots*boxesPerSlot)}, c, nil)
	if err != nil {
		return object{}, err
	}
	return objectOver(a), nil
}

// attachObject opens a sync object of one of the kinds.
func attachObject(name string, opts []AttachOption, kinds ...kind) (object, error) {
	o, err := openObject(name, opts, kinds)
	if err != nil {
		return o, fmt.Errorf("shm: attach %v %q: %w", kinds[0], name, withNearNames(err, name))
	}
	return o, nil
}

func openObject(name string, opts []AttachOption, kinds []kind) (object, error) {
	file, err := path(name)
	if err != nil {
		return object{}, err
	}
	o := attachment{writable: true}
	for _, opt := range opts {
		opt(&o)
	}
	m, err := attach(file, true, o)
	if err != nil {
		return object{}, err
	}
	if err := m.isKind(kinds); err != nil {
		m.release()
		return object{}, err
	}
	a, err := newArray[int64](name, file, m)
	if err != nil {
		return object{}, err
	}
	return objectOver(a), nil
}

// isKind says why the segment is none of the kinds.
// The errors are ErrNoControl, ndarray.ErrDType and ErrBroken.
func (m *mapping) isKind(kinds []kind) error {
	c, h := m.content.control, m.content.header
	if m.content.controlOffset == 0 {
		return ErrNoControl
	}
	found := kind(c.Kind)
	if !slices.Contains(kinds, found) {
		return fmt.Errorf("%w: expected the kind %v, found %v", ndarray.ErrDType, kinds[0], found)
	}
	if words := found.words(int(c.Slots), int(c.Boxes)); !slices.Equal(h.Shape, []int{words}) {
		return fmt.Errorf("%w: expected %d words of state, found shape %v", ErrBroken, words, h.Shape)
	}
	return nil
}

func objectOver(a *Array[int64]) object {
	return object{a.Segment, a.Segment.mapping, a.Data()}
}

func (o *object) kind() kind { return kind(o.mapping.content.control.Kind) }

// Name returns the name that others attach it by.
func (o *object) Name() string { return o.segment.Name() }

// Path returns the path of the file, as it was when the object was opened.
func (o *object) Path() string { return o.segment.Path() }

// ID returns the random id that tells this object from a later one of the same name.
func (o *object) ID() [16]byte { return o.segment.ID() }

// Close ends this opening. What waits through it returns ErrClosed. The object stays for others until deleted, or, made
// without a name, until its last participant has gone.
// The error is ErrClosed the second time.
func (o *object) Close() error { return o.segment.close() }

// named says what was done to which object when it failed.
func (o *object) named(doing string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("shm: %s %q: %w", doing, o.segment.label(), err)
}

// use calls f, which may load words of the state, and store some if it is writing. They stay mapped until it returns, also when the
// opening is closed meanwhile.
// The errors are ErrClosed, ErrBroken, ndarray.ErrReadOnly, and those of f.
func (o *object) use(writing bool, f func() error) (err error) {
	if err := o.segment.hold(writing); err != nil {
		return err
	}
	defer o.segment.drop()
	defer o.mapping.notFault(&err, setFaults())
	if err := o.mapping.whole(); err != nil {
		return err
	}
	return f()
}

// locked calls f with the lock of the whole array. It is called inside of use, and does not mind that the opening is
// closed. Where more want the lock than the table has rows for, it tries again.
// The errors are the context's, ErrBroken, and those of f.
func (o *object) locked(ctx context.Context, f func() error) error {
	row, err := o.mapping.acquireWhole(ctx, false)
	if err != nil {
		return err
	}
	err = f()
	return errors.Join(err, o.mapping.unlockRow(row, exclusive))
}

// acquireWhole takes the lock of the whole array, and waits also for a row of the table.
func (m *mapping) acquireWhole(ctx context.Context, recover bool) (row int, err error) {
	r := request{state: exclusive, recover: recover, spans: slices.Repeat([]span{everywhere}, m.ndim)}
	for {
		row, err = m.acquire(ctx, context.Background(), &r)
		if !errors.Is(err, ErrFull) {
			return row, err
		}
		if err := ctx.Err(); err != nil {
			return noRow, err
		}
		time.Sleep(firstSleep)
	}
}

// until returns once ready does. ready is called at first, after each publication, and after each sleep of most, which is at most
// maxSleep. It is called inside of use.
// The errors are ready's, the context's, ErrClosed and ErrBroken.
func (o *object) until(ctx context.Context, most time.Duration, ready func() (bool, error)) error {
	for {
		version, err := o.mapping.version() // before ready looks, so that what comes after its look ends the sleep
		if err != nil {
			return err
		}
		if done, err := ready(); done || err != nil {
			return err
		}
		if _, err := o.segment.wait(ctx, version, most); err != nil {
			return err
		}
	}
}

// wordOf returns the word of a participant that holds count of something.
func wordOf(who, count uint32) int64 { return int64(uint64(who)<<32 | uint64(count)) }

func wordParts(word int64) (who, count uint32) { return uint32(uint64(word) >> 32), uint32(word) }

// inBounds says that a number is out of its bounds.
// The error is fs.ErrInvalid.
func inBounds(least, most, found int, of string) error {
	if least <= found && found <= most {
		return nil
	}
	return fmt.Errorf("%w: expected %d to %d %s, found %d", fs.ErrInvalid, least, most, of, found)
}
