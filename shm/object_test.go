//go:build linux

package shm_test

import (
	"context"
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"slices"
	"testing"

	"github.com/samebytes/samebytes/internal/emulated"
	"github.com/samebytes/samebytes/ndarray"
	"github.com/samebytes/samebytes/shm"
)

// object is what all sync objects can.
type object interface {
	Name() string
	Path() string
	ID() [16]byte
	Close() error
}

// opened returns the object, which is closed when the test ends.
func opened[T object](t *testing.T, o T, err error) T {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := o.Close(); err != nil && !errors.Is(err, shm.ErrClosed) {
			t.Error(err)
		}
	})
	return o
}

type (
	creator  = func(name string, opts ...shm.CreateOption) (object, error)
	attacher = func(name string, opts ...shm.AttachOption) (object, error)
)

func creating[T object](create func(string, ...shm.CreateOption) (T, error)) creator {
	return func(name string, opts ...shm.CreateOption) (object, error) { return either(create(name, opts...)) }
}

// creatingWith is creating for those that begin with a number.
func creatingWith[N any, T object](n N, create func(string, N, ...shm.CreateOption) (T, error)) creator {
	return func(name string, opts ...shm.CreateOption) (object, error) { return either(create(name, n, opts...)) }
}

func attaching[T object](attach func(string, ...shm.AttachOption) (T, error)) attacher {
	return func(name string, opts ...shm.AttachOption) (object, error) { return either(attach(name, opts...)) }
}

// either returns an object, or nil.
func either[T object](o T, err error) (object, error) {
	if err != nil {
		return nil, err
	}
	return o, nil
}

// objects are the sync objects in the order of the control block's Kind, with their state when they are new and have 4 slots.
var objects = []struct {
	kind   string
	state  []int64
	create creator
	attach attacher
}{
	{"mutex", []int64{0}, creating(shm.CreateMutex), attaching(shm.AttachMutex)},
	{"rlock", []int64{0}, creating(shm.CreateRLock), attaching(shm.AttachRLock)},
	{"semaphore", []int64{3, 0, 0, 0, 0, 0}, creatingWith(3, shm.CreateSemaphore), attaching(shm.AttachSemaphore)},
	{"bounded semaphore", []int64{3, 3, 0, 0, 0, 0}, creatingWith(3, shm.CreateBoundedSemaphore), attaching(shm.AttachSemaphore)},
	{"event", []int64{0}, creating(shm.CreateEvent), attaching(shm.AttachEvent)},
	{"condition", make([]int64, 16), creating(shm.CreateCondition), attaching(shm.AttachCondition)},
	{"barrier", []int64{5, 0, 0, 0, 0, 0, 0, 0}, creatingWith(5, shm.CreateBarrier), attaching(shm.AttachBarrier)},
	{"counter", []int64{-7}, creatingWith(int64(-7), shm.CreateCounter), attaching(shm.AttachCounter)},
}

func TestObjectsAreSegments(t *testing.T) {
	dir := segments(t)
	for _, o := range objects {
		o1, err := o.create("o", shm.Slots(4), shm.Mode(0o640), shm.Capacity(1), shm.Fortran())
		made := opened(t, o1, err)
		info := stat(t, "o")
		if info.Kind != o.kind || info.DType != ndarray.Int64 || info.Mode != 0o640 || info.Temporary || info.Fortran {
			t.Errorf("%s: %+v", o.kind, info)
		}
		if a := attach[int64](t, "o"); !slices.Equal(a.Data(), o.state) {
			t.Errorf("%s: state %v, want %v", o.kind, a.Data(), o.state)
		}
		if _, err := o.create("o"); !errors.Is(err, shm.ErrExist) {
			t.Errorf("%s: %v, want ErrExist", o.kind, err)
		}
		o2, err := o.attach("o")
		again := opened(t, o2, err)
		if again.Name() != "o" || again.Path() != pathOf(dir, "o") || again.ID() != made.ID() || made.ID() != info.ID {
			t.Errorf("%s: %q, %q, %x", o.kind, again.Name(), again.Path(), again.ID())
		}
		if err := errors.Join(made.Close(), again.Close(), shm.Delete("o")); err != nil {
			t.Errorf("%s: %v", o.kind, err)
		}
		if err := made.Close(); !errors.Is(err, shm.ErrClosed) {
			t.Errorf("%s: closed again: %v", o.kind, err)
		}
	}
}

func TestObjectsWithoutNameAreTemporary(t *testing.T) {
	dir := segments(t)
	for _, o := range objects {
		made, err := o.create("")
		if err != nil {
			t.Fatal(err)
		}
		if info := stat(t, made.Name()); !info.Temporary || info.Kind != o.kind {
			t.Errorf("%s: %+v", o.kind, info)
		}
		again, err := o.attach(made.Name())
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(made.Close(), again.Close()); err != nil || len(namesIn(t, dir)) != 0 {
			t.Errorf("%s: %v, left %v", o.kind, err, namesIn(t, dir))
		}
	}
}

func TestObjectsOfAnotherKind(t *testing.T) {
	dir := segments(t)
	create[int64](t, "array", []int{1})
	create[float64](t, "float64", []int{1})
	writeFile(t, pathOf(dir, "plain"), plainNpy())
	for _, o := range objects {
		made, err := o.create(o.kind[:3] + "-short")
		opened(t, made, err)
		made, err = o.create(o.kind[:3])
		opened(t, made, err)
	}
	for _, o := range objects {
		for _, name := range []string{"array", "float64", "mut", "rlo", "sem", "bou", "eve", "con", "bar", "cou"} {
			var want error = ndarray.ErrDType
			if name == o.kind[:3] || name == "sem" && o.kind == "bounded semaphore" || name == "bou" && o.kind == "semaphore" {
				want = nil
			}
			a, err := o.attach(name)
			if !errors.Is(err, want) || (err == nil) != (want == nil) {
				t.Errorf("%s in the place of %s: %v, want %v", name, o.kind, err, want)
			}
			if err == nil {
				a.Close()
			}
		}
		for name, want := range map[string]error{"plain": shm.ErrNoControl, "none": shm.ErrNotExist, "": shm.ErrBadName, "/": shm.ErrBadName} {
			if _, err := o.attach(name); !errors.Is(err, want) {
				t.Errorf("%q: %v, want %v", name, err, want)
			}
		}
		if _, err := o.create("/"); !errors.Is(err, shm.ErrBadName) {
			t.Errorf("%v, want ErrBadName", err)
		}
		for _, slots := range []int{-5, 0, 257} {
			if _, err := o.create("slots", shm.Slots(slots)); !errors.Is(err, shm.ErrFull) {
				t.Errorf("%s with %d slots: %v, want ErrFull", o.kind, slots, err)
			}
		}
	}
}

// plainNpy returns a .npy file of one int64, as NumPy writes it.
func plainNpy() []byte {
	head := "{'descr': '<i8', 'fortran_order': False, 'shape': (1,), }"
	for (10+len(head)+1)%64 != 0 {
		head += " "
	}
	b := binary.LittleEndian.AppendUint16([]byte("\x93NUMPY\x01\x00"), uint16(len(head)+1))
	return append(append(b, head+"\n"...), make([]byte, 8)...)
}

// TestObjectsWithTooFewWords opens arrays whose control blocks say that they are sync objects.
func TestObjectsWithTooFewWords(t *testing.T) {
	dir := segments(t)
	for i, o := range objects {
		shape := []int{len(o.state) - 1}
		if len(o.state) == 1 {
			shape = []int{1, 1}
		}
		create[int64](t, o.kind[:3], shape, shm.Slots(4)).Close()
		patch(t, pathOf(dir, o.kind[:3]), -4096+12, []byte{byte(i + 1)})
		shm.SetWarm(0)
		if _, err := o.attach(o.kind[:3]); !errors.Is(err, shm.ErrBroken) {
			t.Errorf("%s: %v, want ErrBroken", o.kind, err)
		}
	}
	made, err := shm.CreateBarrier("b", 2)
	b := opened(t, made, err)
	for _, parties := range []int64{0, -1, 1 << 16} {
		attach[int64](t, "b").Set(parties, 0)
		if _, err := shm.AttachBarrier("b"); !errors.Is(err, shm.ErrBroken) {
			t.Errorf("%d parties: %v, want ErrBroken", parties, err)
		}
	}
	b.Close()
}

func TestObjectsRefuseNumbers(t *testing.T) {
	dir := segments(t)
	for _, n := range []int{-1, 1 << 31} {
		if _, err := shm.CreateSemaphore("x", n); !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("%d permits: %v", n, err)
		}
		if _, err := shm.CreateBoundedSemaphore("x", n); !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("%d permits: %v", n, err)
		}
	}
	for _, n := range []int{-1, 0, 1 << 16} {
		if _, err := shm.CreateBarrier("x", n); !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("%d parties: %v", n, err)
		}
	}
	if left := namesIn(t, dir); len(left) != 0 {
		t.Errorf("left %v", left)
	}
}

// calls are methods of all objects, of which some only read.
type call struct {
	name  string
	reads bool
	do    func(context.Context) error
}

func callsOf(o object) []call {
	only := func(_ any, err error) error { return err }
	switch o := o.(type) {
	case *shm.Mutex:
		return []call{
			{"Lock", false, func(ctx context.Context) error { return only(o.Lock(ctx)) }},
			{"TryLock", false, func(context.Context) error { _, _, err := o.TryLock(); return err }},
			{"Recover", false, func(ctx context.Context) error { return only(o.Recover(ctx)) }},
		}
	case *shm.RLock:
		return []call{{"Lock", false, o.Lock}, {"Recover", false, o.Recover}}
	case *shm.Semaphore:
		return []call{
			{"Acquire", false, o.Acquire},
			{"TryAcquire", false, func(context.Context) error { return only(o.TryAcquire()) }},
			{"Release", false, func(context.Context) error { return o.Release() }},
			{"Value", true, func(context.Context) error { return only(o.Value()) }},
		}
	case *shm.Event:
		return []call{
			{"Set", false, func(context.Context) error { return o.Set() }},
			{"Clear", false, func(context.Context) error { return o.Clear() }},
			{"IsSet", true, func(context.Context) error { return only(o.IsSet()) }},
			{"Wait", true, o.Wait},
		}
	case *shm.Condition:
		return []call{
			{"Lock", false, func(ctx context.Context) error { return only(o.Lock(ctx)) }},
			{"Recover", false, func(ctx context.Context) error { return only(o.Recover(ctx)) }},
			{"Wait", false, func(ctx context.Context) error { return o.Wait(ctx, nil) }},
			{"Notify", false, func(context.Context) error { return o.Notify(nil, 1) }},
			{"NotifyAll", false, func(context.Context) error { return o.NotifyAll(nil) }},
		}
	case *shm.Barrier:
		return []call{
			{"Wait", false, func(ctx context.Context) error { return only(o.Wait(ctx)) }},
			{"Abort", false, func(context.Context) error { return o.Abort() }},
			{"Reset", false, func(context.Context) error { return o.Reset() }},
			{"Waiting", true, func(context.Context) error { return only(o.Waiting()) }},
			{"Broken", true, func(context.Context) error { return only(o.Broken()) }},
		}
	case *shm.Counter:
		return []call{
			{"Add", false, func(context.Context) error { return only(o.Add(1)) }},
			{"Store", false, func(context.Context) error { return o.Store(1) }},
			{"Value", true, func(context.Context) error { return only(o.Value()) }},
			{"WaitFor", true, func(ctx context.Context) error {
				return only(o.WaitFor(ctx, func(value int64) bool { return value == 0 }))
			}},
		}
	}
	return nil
}

func TestObjectsReadOnlyClosedAndCut(t *testing.T) {
	emulated.Skip(t, "it leaves out the address when memory of a cut file is read")
	dir := segments(t)
	ended, cancel := context.WithCancel(background)
	cancel()
	for _, o := range objects {
		o1, err := o.create("x")
		made := opened(t, o1, err)
		o2, err := o.attach("x", shm.ReadOnly())
		reader := opened(t, o2, err)
		calls := callsOf(reader)
		if len(calls) == 0 {
			t.Fatalf("%s: no calls", o.kind)
		}
		for _, c := range calls {
			err := c.do(ended)
			if c.reads && err != nil && !errors.Is(err, context.Canceled) || !c.reads && !errors.Is(err, ndarray.ErrReadOnly) {
				t.Errorf("%s.%s through a read-only opening: %v", o.kind, c.name, err)
			}
		}
		reader.Close()
		for _, c := range calls {
			if err := c.do(ended); !errors.Is(err, shm.ErrClosed) {
				t.Errorf("%s.%s after Close: %v", o.kind, c.name, err)
			}
		}
		if err := os.Truncate(pathOf(dir, "x"), 100); err != nil {
			t.Fatal(err)
		}
		for _, c := range callsOf(made) {
			if err := c.do(patience(t)); !errors.Is(err, shm.ErrBroken) {
				t.Errorf("%s.%s of a cut file: %v", o.kind, c.name, err)
			}
		}
		if err := errors.Join(made.Close(), shm.Delete("x")); err != nil {
			t.Error(err)
		}
	}
}

// TestObjectsPublish proves that changes wake those who wait, who would otherwise find out later.
func TestObjectsPublish(t *testing.T) {
	segments(t)
	silent := []string{"Clear", "Value", "IsSet", "TryAcquire", "TryLock", "Lock", "Recover", "Broken", "Waiting", "Acquire", "Wait", "WaitFor", "Notify", "NotifyAll"}
	for _, o := range objects {
		made, err := o.create("x")
		opened(t, made, err)
		for _, c := range callsOf(made) {
			if slices.Contains(silent, c.name) || o.kind == "bounded semaphore" {
				continue
			}
			before := stat(t, "x").Version
			if err := c.do(background); err != nil || stat(t, "x").Version <= before {
				t.Errorf("%s.%s: %v, version %d, before %d", o.kind, c.name, err, stat(t, "x").Version, before)
			}
		}
		if err := errors.Join(made.Close(), shm.Delete("x")); err != nil {
			t.Error(err)
		}
	}
}

// TestObjectsChangerKilled kills who has the lock under which the state changes: what it leaves is valid, and nobody hears of it.
func TestObjectsChangerKilled(t *testing.T) {
	segments(t)
	made, err := shm.CreateSemaphore("x", 2)
	s := opened(t, made, err)
	kill(startHolder(t, "hold-lock"))
	tryAcquire(t, s, true)
	if err := errors.Join(s.Acquire(patience(t)), s.Release(), s.Close(), shm.Delete("x")); err != nil {
		t.Fatal(err)
	}
	barrier, err := shm.CreateBarrier("x", 2)
	b := opened(t, barrier, err)
	waits := arriveLater(t, patience(t), b, 1)
	kill(startHolder(t, "hold-lock"))
	_, err = b.Wait(patience(t))
	if err := errors.Join(err, <-waits); err != nil {
		t.Error(err)
	}
}
