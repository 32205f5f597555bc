//go:build linux

package tests

import (
	"cmp"
	"context"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/samebytes/samebytes/ndarray"
	"github.com/samebytes/samebytes/npy"
	"github.com/samebytes/samebytes/pybridge"
	"github.com/samebytes/samebytes/shm"
)

// sentinels are all errors that both languages know, by their name without Err or Error.
var sentinels = map[string]error{
	"Access":        shm.ErrAccess,
	"BadName":       shm.ErrBadName,
	"BarrierBroken": shm.ErrBarrierBroken,
	"Broken":        shm.ErrBroken,
	"Closed":        shm.ErrClosed,
	"DType":         ndarray.ErrDType,
	"Deadline":      context.DeadlineExceeded,
	"Deadlock":      shm.ErrDeadlock,
	"Exist":         shm.ErrExist,
	"Format":        npy.ErrFormat,
	"Full":          shm.ErrFull,
	"Layout":        ndarray.ErrLayout,
	"NoControl":     shm.ErrNoControl,
	"NoSpace":       shm.ErrNoSpace,
	"NotExist":      shm.ErrNotExist,
	"NotOwner":      shm.ErrNotOwner,
	"OwnerDied":     shm.ErrOwnerDied,
	"ReadOnly":      ndarray.ErrReadOnly,
	"Remote":        pybridge.ErrRemote,
	"Shape":         ndarray.ErrShape,
	"Stale":         shm.ErrStale,
	"Truncated":     npy.ErrTruncated,
	"Unsupported":   shm.ErrUnsupported,
	"Version":       shm.ErrVersion,
	"WorkerDied":    pybridge.ErrWorkerDied,
}

// standard are the errors of the standard library that the sentinels are too.
var standard = map[string]error{
	"Access":      fs.ErrPermission,
	"BadName":     fs.ErrInvalid,
	"Closed":      fs.ErrClosed,
	"Deadlock":    syscall.EDEADLK,
	"Exist":       fs.ErrExist,
	"NoSpace":     syscall.ENOSPC,
	"NotExist":    fs.ErrNotExist,
	"Truncated":   io.ErrUnexpectedEOF,
	"Unsupported": errors.ErrUnsupported,
}

// step is one of a case's "given", or its "call": the word that is set says what to do, with the name that it is set to.
type step struct {
	Create, Attach, Delete, Stat, Publish, Wait *string // calls of this library
	Lock, RLock, Recover, Resize                *string
	Barrier, Arrive, Abort                      *string // of a barrier: create it, wait at it, break it
	Keep, Hold                                  *string // open it, and lock it, until the case ends
	Give, Open                                  *string // make a handle of it, and open that

	Npy, Bytes, Symlink, Hardlink, Fifo, Directory, Socket *string // files to make
	Chown, Chmod, Patch, Truncate                          *string // what to do to a file
	Mount                                                  *string // size of a tmpfs for the segments
	WithoutDirectory                                       *string `json:"without directory"`

	Shape    []int
	DType    *string
	Capacity *int
	Slots    *int
	Closed   bool // what a call is for is closed before
	Rows     int
	Parties  int
	Box      []any // of each axis a position, or the first and the one after the last
	Mode     string
	Header   string
	Data     int
	Hex      string
	To       string
	UID      int
	At       int64
	Size     int64
}

type errorCase struct {
	Name  string
	Given []step
	Call  step
	Error string
	Says  []string
	Only  []string
}

func TestErrors(t *testing.T) {
	text, err := os.ReadFile("conformance/errors.json")
	if err != nil {
		t.Fatal(err)
	}
	var corpus struct{ Cases []errorCase }
	if err := json.Unmarshal(text, &corpus); err != nil {
		t.Fatal(err)
	}
	if len(corpus.Cases) == 0 {
		t.Fatal("no cases")
	}
	for _, c := range corpus.Cases {
		if len(c.Only) > 0 && !slices.Contains(c.Only, "go") {
			continue
		}
		t.Run(c.Name, func(t *testing.T) { c.run(t) })
	}
}

func (c errorCase) run(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("SAMEBYTES_DIR", dir)
	t.Cleanup(func() { // what is kept warm lies in a directory that is gone
		shm.SetWarm(0)
		shm.SetWarm(128 << 20)
	})
	for _, s := range c.Given {
		s.prepare(t, dir)
	}
	before := names(t, dir)
	err := c.Call.do()
	if want := sentinels[c.Error]; want == nil || !errors.Is(err, want) {
		t.Fatalf("got %v, want %s", err, c.Error)
	}
	for name, other := range sentinels {
		if name != c.Error && errors.Is(err, other) {
			t.Errorf("%v is also %s", err, name)
		}
	}
	for _, part := range c.Says {
		if !strings.Contains(strings.ToLower(err.Error()), strings.ToLower(part)) {
			t.Errorf("%q does not say %q", err, part)
		}
	}
	if after := names(t, dir); !slices.Equal(before, after) {
		t.Errorf("left behind: before %v, after %v", before, after)
	}
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	if _, err := os.Stat(dir); err != nil {
		return nil
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// indices are the box's as the locks take them.
func (s step) indices() []ndarray.Index {
	var ix []ndarray.Index
	for _, axis := range s.Box {
		switch axis := axis.(type) {
		case float64:
			ix = append(ix, ndarray.At(int(axis)))
		case []any:
			ix = append(ix, ndarray.Range(int(axis[0].(float64)), int(axis[1].(float64))))
		}
	}
	return ix
}

// array is what the tests need of an opened array of any dtype.
type array interface {
	Lock(context.Context, ...ndarray.Index) (*shm.Guard, error)
	RLock(context.Context, ...ndarray.Index) (*shm.Guard, error)
	Recover(context.Context, ...ndarray.Index) (*shm.Guard, error)
	Resize(context.Context, int) error
	Publish() (uint64, error)
	Wait(context.Context, uint64) (uint64, error)
	Close() error
}

type verbs struct {
	create func(name string, shape []int, opts ...shm.CreateOption) (array, error)
	attach func(name string, opts ...shm.AttachOption) (array, error)
}

func verbsOf[T ndarray.Element]() verbs {
	return verbs{
		func(name string, shape []int, opts ...shm.CreateOption) (array, error) {
			return orNil(shm.Create[T](name, shape, opts...))
		},
		func(name string, opts ...shm.AttachOption) (array, error) { return orNil(shm.Attach[T](name, opts...)) },
	}
}

// orNil keeps a nil pointer from becoming an interface that is not nil.
func orNil[T ndarray.Element](a *shm.Array[T], err error) (array, error) {
	if err != nil {
		return nil, err
	}
	return a, nil
}

var byDType = map[string]verbs{
	"float64": verbsOf[float64](), "float32": verbsOf[float32](), "int64": verbsOf[int64](),
}

// do makes the call and returns its error.
func (s step) do() error {
	v := byDType["float64"]
	if s.DType != nil {
		v = byDType[*s.DType]
	}
	var opts []shm.AttachOption
	if s.Mode == "r" {
		opts = append(opts, shm.ReadOnly())
	}
	closing := func(a array, err error) error {
		if err != nil {
			return err
		}
		return a.Close()
	}
	switch {
	case s.Create != nil:
		var opts []shm.CreateOption
		if s.Capacity != nil {
			opts = append(opts, shm.Capacity(*s.Capacity))
		}
		if s.Slots != nil {
			opts = append(opts, shm.Slots(*s.Slots))
		}
		return closing(v.create(*s.Create, s.Shape, opts...))
	case s.Attach != nil:
		return closing(v.attach(*s.Attach, opts...))
	case s.Barrier != nil:
		b, err := shm.CreateBarrier(*s.Barrier, s.Parties)
		if err != nil {
			return err
		}
		return b.Close()
	case s.Arrive != nil, s.Abort != nil:
		return s.meet(opts)
	case s.Give != nil:
		return give(*s.Give)
	case s.Open != nil:
		a, err := shm.Open[float64](handles[*s.Open])
		return closing(orNil(a, err))
	case s.Delete != nil:
		return shm.Delete(*s.Delete)
	case s.Stat != nil:
		_, err := shm.Stat(*s.Stat)
		return err
	}
	for _, c := range []struct {
		name *string
		do   func(context.Context, array) error
	}{
		{s.Publish, func(_ context.Context, a array) error { _, err := a.Publish(); return err }},
		{s.Wait, func(ctx context.Context, a array) error { _, err := a.Wait(ctx, 0); return err }},
		{s.Lock, func(ctx context.Context, a array) error { return unlocking(a.Lock(ctx, s.indices()...)) }},
		{s.RLock, func(ctx context.Context, a array) error { return unlocking(a.RLock(ctx, s.indices()...)) }},
		{s.Recover, func(ctx context.Context, a array) error { return unlocking(a.Recover(ctx, s.indices()...)) }},
		{s.Resize, func(ctx context.Context, a array) error { return a.Resize(ctx, s.Rows) }},
	} {
		if c.name == nil {
			continue
		}
		a, err := v.attach(*c.name, opts...)
		if err != nil {
			return err
		}
		defer a.Close()
		if s.Closed {
			if err := a.Close(); err != nil {
				return err
			}
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
		defer cancel()
		return c.do(ctx, a)
	}
	return errors.New("a call without a verb")
}

// handles are those that a case has been given.
var handles = map[string]shm.Handle{}

func give(name string) error {
	a, err := shm.Attach[float64](name)
	if err != nil {
		return err
	}
	defer a.Close()
	handles[name], err = a.Handle()
	return err
}

// meet waits at a barrier, or aborts it.
func (s step) meet(opts []shm.AttachOption) error {
	b, err := shm.AttachBarrier(*cmp.Or(s.Arrive, s.Abort), opts...)
	if err != nil {
		return err
	}
	defer b.Close()
	if s.Abort != nil {
		return b.Abort()
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	_, err = b.Wait(ctx)
	return err
}

func unlocking(g *shm.Guard, err error) error {
	if err != nil {
		return err
	}
	return g.Unlock()
}

// prepare makes what a case begins with.
func (s step) prepare(t *testing.T, dir string) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	at := func(name *string) string { return filepath.Join(dir, *name) }
	switch {
	case s.Keep != nil:
		a, err := shm.Attach[float64](*s.Keep)
		must(err)
		t.Cleanup(func() { a.Close() })
	case s.Hold != nil:
		a, err := shm.Attach[float64](*s.Hold)
		must(err)
		g, err := a.Lock(context.Background(), s.indices()...)
		must(err)
		t.Cleanup(func() {
			must(g.Unlock())
			must(a.Close())
		})
	case s.Npy != nil:
		text := s.Header + strings.Repeat(" ", 63-(10+len(s.Header))%64) + "\n"
		head := binary.LittleEndian.AppendUint16([]byte("\x93NUMPY\x01\x00"), uint16(len(text)))
		must(os.WriteFile(at(s.Npy), append(append(head, text...), make([]byte, s.Data)...), 0o600))
	case s.Bytes != nil:
		b, err := hex.DecodeString(s.Hex)
		must(err)
		must(os.WriteFile(at(s.Bytes), b, 0o600))
	case s.Symlink != nil:
		must(os.Symlink(s.To, at(s.Symlink)))
	case s.Hardlink != nil:
		must(os.Link(filepath.Join(dir, s.To), at(s.Hardlink)))
	case s.Fifo != nil:
		must(syscall.Mkfifo(at(s.Fifo), 0o600))
	case s.Directory != nil:
		must(os.Mkdir(at(s.Directory), 0o700))
	case s.Socket != nil:
		l, err := net.Listen("unix", at(s.Socket))
		must(err)
		t.Cleanup(func() { l.Close() })
	case s.Chown != nil:
		needRoot(t)
		must(os.Chown(at(s.Chown), s.UID, -1))
	case s.Chmod != nil:
		mode, err := strconv.ParseUint(s.Mode, 8, 32)
		must(err)
		must(os.Chmod(at(s.Chmod), fs.FileMode(mode)))
	case s.Truncate != nil:
		must(os.Truncate(at(s.Truncate), s.Size))
	case s.Patch != nil:
		b, err := hex.DecodeString(s.Hex)
		must(err)
		f, err := os.OpenFile(at(s.Patch), os.O_RDWR, 0)
		must(err)
		off := s.At
		if off < 0 {
			end, err := f.Seek(0, 2)
			must(err)
			off += end
		}
		_, err = f.WriteAt(b, off)
		must(err)
		must(f.Close())
	case s.Mount != nil:
		needRoot(t)
		must(syscall.Mount("samebytes-test", dir, "tmpfs", 0, "size="+*s.Mount))
		t.Cleanup(func() {
			must(shm.SetWarm(0)) // nothing of it is mapped then
			must(syscall.Unmount(dir, 0))
		})
	case s.WithoutDirectory != nil:
		t.Setenv("SAMEBYTES_DIR", at(s.WithoutDirectory))
	default:
		must(s.do())
	}
}

func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root may mount a file system or give a file away")
	}
}

// TestErrorTable proves that the table in the documentation has each error, and the standard errors that it is too.
func TestErrorTable(t *testing.T) {
	text, err := os.ReadFile("../docs/reference/errors.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range slices.Sorted(maps.Keys(sentinels)) {
		if !strings.Contains(string(text), "`"+name+"Error`") {
			t.Errorf("errors.md has no %sError", name)
		}
		if name != "Deadline" && !strings.Contains(string(text), ".Err"+name+"`") {
			t.Errorf("errors.md has no Err%s", name)
		}
		if also := standard[name]; also != nil && !errors.Is(sentinels[name], also) {
			t.Errorf("Err%s is not %v", name, also)
		}
	}
}
