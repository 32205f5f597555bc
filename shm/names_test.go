//go:build linux

package shm_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/samebytes/samebytes/ndarray"
	"github.com/samebytes/samebytes/shm"
)

// The faults of names and permissions, of docs/reference/faults.md.

// refused fails the test unless each way to open x fails with the error.
func refused(t *testing.T, what string, want error, opts ...shm.AttachOption) {
	t.Helper()
	_, err := shm.Attach[int64]("x", opts...)
	_, readErr := shm.Attach[int64]("x", append(slices.Clone(opts), shm.ReadOnly())...)
	for _, err := range []error{err, readErr} {
		if !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", what, err, want)
		}
	}
}

func TestS01Symlink(t *testing.T) {
	dir := segments(t)
	create[int64](t, "y", []int{4})
	if err := os.Symlink(pathOf(dir, "y"), pathOf(dir, "x")); err != nil {
		t.Fatal(err)
	}
	refused(t, "a link to a segment", shm.ErrAccess)
	refused(t, "trusted", shm.ErrAccess, shm.Trust())
	if _, err := shm.Create[int64]("x", []int{4}); !errors.Is(err, shm.ErrExist) {
		t.Errorf("create: %v, want ErrExist", err)
	}
	if err := shm.Delete("x"); err != nil {
		t.Fatal(err)
	}
	attach[int64](t, "y") // the link is gone, and not what it led to
}

func TestS02NotRegular(t *testing.T) {
	dir := segments(t)
	path := pathOf(dir, "x")
	kinds := map[string]func() error{
		"FIFO":      func() error { return syscall.Mkfifo(path, 0o600) },
		"directory": func() error { return os.Mkdir(path, 0o700) },
		"socket": func() error {
			fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
			if err != nil {
				return err
			}
			defer syscall.Close(fd)
			return syscall.Bind(fd, &syscall.SockaddrUnix{Name: path})
		},
	}
	if os.Geteuid() == 0 {
		const zero = 1<<8 | 5 // /dev/zero's numbers
		kinds["device"] = func() error { return syscall.Mknod(path, syscall.S_IFCHR|0o600, zero) }
	}
	for kind, make := range kinds {
		if err := make(); err != nil {
			t.Fatal(err)
		}
		refused(t, kind, shm.ErrAccess)
		if _, err := shm.Stat("x"); !errors.Is(err, shm.ErrAccess) {
			t.Errorf("stat of a %s: %v, want ErrAccess", kind, err)
		}
		if _, err := shm.Create[int64]("x", []int{4}); !errors.Is(err, shm.ErrExist) {
			t.Errorf("create over a %s: %v, want ErrExist", kind, err)
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
}

// otherUser is one that is not root.
const otherUser = 65534

// asOther runs a child as another user, who may not pass the folders that this program lies in.
func asOther(t *testing.T) func(*exec.Cmd) {
	t.Helper()
	needRoot(t, "run a program as another user")
	program, err := os.Open("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { program.Close() })
	return func(c *exec.Cmd) {
		c.Path, c.Dir = "/proc/self/fd/3", "/"
		c.ExtraFiles = []*os.File{program}
		c.SysProcAttr.Credential = &syscall.Credential{Uid: otherUser, Gid: otherUser}
	}
}

// openToAll lets every user into the directory of segments.
func openToAll(t *testing.T, dir string) {
	t.Helper()
	if err := errors.Join(os.Chmod(dir, 0o755), os.Chmod(filepath.Dir(dir), 0o755)); err != nil {
		t.Fatal(err)
	}
}

// TestS03ForeignOwner refuses another user's segment: from root, who could open it, and from a user whom its mode lets in.
func TestS03ForeignOwner(t *testing.T) {
	other := asOther(t)
	dir := segments(t)
	openToAll(t, dir)
	create[int64](t, "x", []int{4}, shm.Mode(0o666)).Set(7, 1)
	for opts, want := range map[string]string{"": "access refused", "trust": "7", "trust read": "7"} {
		_, out := startChild(t, "look "+opts, other)
		says(t, out, want)
	}
	if err := os.Chown(pathOf(dir, "x"), otherUser, otherUser); err != nil {
		t.Fatal(err)
	}
	refused(t, "another user's", shm.ErrAccess)
	if attach[int64](t, "x", shm.Trust()).At(1) != 7 {
		t.Error("not the same bytes")
	}
}

func TestS04WorldWritable(t *testing.T) {
	dir := segments(t)
	a := create[int64](t, "x", []int{4})
	for mode, want := range map[fs.FileMode]error{0o600: nil, 0o660: nil, 0o644: nil, 0o602: shm.ErrAccess, 0o666: shm.ErrAccess} {
		if err := os.Chmod(pathOf(dir, "x"), mode); err != nil {
			t.Fatal(err)
		}
		b, err := shm.Attach[int64]("x")
		if !errors.Is(err, want) {
			t.Errorf("mode %o: %v, want %v", mode, err, want)
		}
		if err == nil {
			b.Close()
		}
		attach[int64](t, "x", shm.Trust())
	}
	unlock(t, lock(t, a.Segment)) // what was open stays so
}

func TestS05HardLink(t *testing.T) {
	dir := segments(t)
	create[int64](t, "x", []int{4})
	if err := os.Link(pathOf(dir, "x"), pathOf(t.TempDir(), "also")); err != nil {
		t.Fatal(err)
	}
	refused(t, "with two names", shm.ErrAccess)
	refused(t, "with two names, trusted", shm.ErrAccess, shm.Trust())
}

func TestS06BadNames(t *testing.T) {
	dir := segments(t)
	for _, name := range []string{"", ".", "..", "../x", "a/b", "/x", "x\x00", "\x00", strings.Repeat("n", 300), strings.Repeat("n", 201), ".x", "-x", "x y", "ä", "x\n"} {
		_, createErr := shm.Create[int64](name, []int{4})
		_, attachErr := shm.Attach[int64](name)
		_, statErr := shm.Stat(name)
		for _, err := range []error{createErr, attachErr, statErr, shm.Delete(name)} {
			if !errors.Is(err, shm.ErrBadName) {
				t.Errorf("%q: %v, want ErrBadName", name, err)
			}
		}
	}
	if found := namesIn(t, dir); len(found) > 0 {
		t.Errorf("made %q", found)
	}
	create[int64](t, strings.Repeat("n", 200), []int{4})
}

// raceToCreate creates x as often as told, each time at once with another process that does the same. Of each round it counts
// whether it won, in the element of its number. Who loses finds the winner's whole array.
func raceToCreate(rounds, me int) error {
	turns, err := shm.Attach[int64]("turns")
	if err != nil {
		return err
	}
	defer turns.Close()
	turn, wins := turns.Data()[:2], turns.Data()[2:]
	defer atomic.StoreInt64(&turn[me], math.MaxInt64) // the other need not wait for what failed
	meet := func() {
		for mine := atomic.AddInt64(&turn[me], 1); atomic.LoadInt64(&turn[1-me]) < mine; {
			unix.Syscall(unix.SYS_SCHED_YIELD, 0, 0, 0) // to the other, where there is no CPU for it
		}
	}
	shm.SetWarm(0)
	for range rounds {
		meet()
		a, err := shm.Create[int64]("x", []int{4}, shm.Slots(1))
		won := err == nil
		if won {
			wins[me]++
		} else if !errors.Is(err, shm.ErrExist) {
			return err
		} else if a, err = shm.Attach[int64]("x", shm.ReadOnly()); err != nil {
			return fmt.Errorf("after it lost: %w", err)
		}
		if a.Len() != 4 || a.ID() == [16]byte{} {
			return errors.New("half-made")
		}
		meet()
		a.Close()
		if won {
			if err := shm.Delete("x"); err != nil {
				return err
			}
		}
	}
	return nil
}

// S07 between processes; TestS07CreatorsRace has goroutines.
func TestS07ProcessesRace(t *testing.T) {
	fastSegments(t)
	turns := create[int64](t, "turns", []int{4})
	rounds := 10_000
	if raceDetector {
		rounds = 1000
	}
	_, out := startChild(t, fmt.Sprint("race-to-create ", rounds))
	err := raceToCreate(rounds, 0)
	says(t, out, "<nil>")
	if err != nil {
		t.Fatal(err)
	}
	here, there := turns.At(2), turns.At(3)
	if here+there != int64(rounds) {
		t.Errorf("%d winners in %d rounds", here+there, rounds)
	}
	t.Logf("won %d here and %d there", here, there)
}

// TestS08OpenWhileCreatedAndDeleted opens names that another process makes and takes away all the time.
func TestS08OpenWhileCreatedAndDeleted(t *testing.T) {
	segments(t)
	c, out := startChild(t, "create")
	says(t, out, "ready")
	whole, none := 0, 0
	for i := 0; i < 1000 || whole == 0 || none == 0; i++ {
		a, err := shm.Attach[float64](fmt.Sprintf("n%d", i%4))
		switch {
		case err == nil:
			if !slices.Equal(a.Shape(), []int{64, 64}) || a.ID() == [16]byte{} {
				t.Fatalf("shape %v, id %v", a.Shape(), a.ID())
			}
			whole++
			a.Close()
		case errors.Is(err, shm.ErrNotExist):
			none++
		default:
			t.Fatal(err)
		}
	}
	kill(c)
	t.Logf("%d whole, %d not there", whole, none)
}

// TestS09DeletedWhileUsed gives the name to another array while a second process uses the first.
func TestS09DeletedWhileUsed(t *testing.T) {
	segments(t)
	old := create[int64](t, "x", []int{4})
	_, oldOut := startChild(t, "report")
	says(t, oldOut, "ready")
	if err := shm.Delete("x"); err != nil {
		t.Fatal(err)
	}
	young := create[int64](t, "x", []int{4})
	_, youngOut := startChild(t, "report")
	says(t, youngOut, "ready")
	for i := range int64(3) {
		young.Set(20+i, 0)
		old.Set(10+i, 0)
		if err := errors.Join(publish(young), publish(old)); err != nil {
			t.Fatal(err)
		}
		says(t, oldOut, fmt.Sprint(10+i))
		says(t, youngOut, fmt.Sprint(20+i))
	}
	g := lock(t, old.Segment)
	if taken(t, young.Lock) {
		t.Error("the old array's lock is the young one's")
	}
	unlock(t, g)
}

func publish(a *shm.Array[int64]) error {
	_, err := a.Publish()
	return err
}

func TestS10Umask(t *testing.T) {
	dir := segments(t)
	defer syscall.Umask(syscall.Umask(0))
	create[int64](t, "x", []int{4})
	a, err := shm.New[int64]([]int{4})
	closed(t, a, err)
	b, err := shm.CreateFile[int64](pathOf(dir, "file"), []int{4})
	closed(t, b, err)
	for _, name := range []string{"x", a.Name(), "file"} {
		if st, err := os.Stat(pathOf(dir, name)); err != nil || st.Mode() != 0o600 {
			t.Errorf("%s: mode %v, %v, want 0600", name, st.Mode(), err)
		}
	}
}

// TestS11ReadOnlyPeer has a user read who may not write: it takes no slot, and cannot lock.
func TestS11ReadOnlyPeer(t *testing.T) {
	other := asOther(t)
	dir := segments(t)
	openToAll(t, dir)
	a := create[int64](t, "x", []int{4}, shm.Mode(0o644), shm.Slots(1))
	a.Set(7, 1)
	_, out := startChild(t, "look trust", other)
	says(t, out, "access refused")
	_, out = startChild(t, "look read", other)
	says(t, out, "access refused")
	_, out = startChild(t, "look trust read", other)
	says(t, out, "7")
	says(t, out, "lock: read-only")
	says(t, out, "publish: read-only")
	if n := len(stat(t, "x").Participants); n != 1 {
		t.Errorf("%d participants, want this one alone", n)
	}
	a.Set(8, 1)
	if err := publish(a); err != nil {
		t.Fatal(err)
	}
	says(t, out, "8") // readers can wait
}

// TestS12OtherNamespaces looks at liveness across PID and user namespaces, both ways.
func TestS12OtherNamespaces(t *testing.T) {
	needRoot(t, "make namespaces")
	segments(t)
	a := create[int64](t, "x", []int{4})
	elsewhere := func(c *exec.Cmd) {
		c.SysProcAttr.Cloneflags |= syscall.CLONE_NEWPID | syscall.CLONE_NEWUSER
		root := []syscall.SysProcIDMap{{ContainerID: 0, HostID: 0, Size: 1}}
		c.SysProcAttr.UidMappings, c.SysProcAttr.GidMappings = root, root
	}
	inside := startHolder(t, "hold-lock", elsewhere)
	if !outlasts(t, a) {
		t.Error("stolen from a holder that lives in another namespace")
	}
	kill(inside)
	lockDied(t, a)
	mend(t, a)

	outside := startHolder(t, "hold-lock")
	_, out := startChild(t, "judge", elsewhere)
	says(t, out, "alive")
	kill(outside)
	_, out = startChild(t, "judge", elsewhere)
	says(t, out, "died")
	mend(t, a)
}

// TestS13PeersExit ends programs that have the segment open, in every way: the name stays.
func TestS13PeersExit(t *testing.T) {
	segments(t)
	a := create[int64](t, "x", []int{4})
	for _, how := range []string{"exit", "exit close"} {
		c, _ := startChild(t, how)
		if err := c.Wait(); err != nil {
			t.Fatal(err)
		}
	}
	kill(startHolder(t, "hold-lock"))
	b := attach[int64](t, "x")
	if b.ID() != a.ID() {
		t.Error("another array has the name")
	}
	mend(t, b)
}

// TestS14NameRemoved takes the name away from outside, as systemd does at logout (RemoveIPC).
func TestS14NameRemoved(t *testing.T) {
	dir := segments(t)
	a := create[int64](t, "x", []int{4})
	_, out := startChild(t, "report")
	says(t, out, "ready")
	if err := os.Remove(pathOf(dir, "x")); err != nil {
		t.Fatal(err)
	}
	if _, err := shm.Attach[int64]("x"); !errors.Is(err, shm.ErrNotExist) || !strings.Contains(err.Error(), `"x"`) {
		t.Errorf("%v, want ErrNotExist that names it", err)
	}
	if err := shm.Delete("x"); !errors.Is(err, shm.ErrNotExist) {
		t.Errorf("%v, want ErrNotExist", err)
	}
	g := lock(t, a.Segment)
	a.Set(5, 0)
	unlock(t, g)
	if err := publish(a); err != nil {
		t.Fatal(err)
	}
	says(t, out, "5")
	if err := a.Close(); err != nil {
		t.Error(err)
	}
	if _, err := shm.Attach[int64]("x"); !errors.Is(err, shm.ErrNotExist) {
		t.Errorf("%v after Close, want ErrNotExist", err)
	}
}

func init() {
	// looks at x with the options, and says what it found.
	children["look"] = func() {
		var opts []shm.AttachOption
		for _, word := range childArgs {
			opts = append(opts, map[string]shm.AttachOption{"trust": shm.Trust(), "read": shm.ReadOnly()}[word])
		}
		a, err := shm.Attach[int64]("x", opts...)
		if errors.Is(err, shm.ErrAccess) {
			fmt.Println(shm.ErrAccess)
			forever()
		}
		if err != nil {
			panic(err)
		}
		fmt.Println(a.At(1))
		if _, err := a.Lock(background); errors.Is(err, ndarray.ErrReadOnly) {
			fmt.Println("lock: read-only")
		}
		if errors.Is(publish(a), ndarray.ErrReadOnly) {
			fmt.Println("publish: read-only")
		}
		must(a.Wait(background, 0))
		fmt.Println(a.At(1))
		forever()
	}
	children["race-to-create"] = func() {
		var rounds int
		fmt.Sscan(childArgs[0], &rounds)
		fmt.Println(raceToCreate(rounds, 1))
		forever()
	}
	// says the first element after each publication.
	children["report"] = func() {
		a := must(shm.Attach[int64]("x"))
		version := a.Version()
		fmt.Println("ready")
		for {
			version = must(a.Wait(background, version))
			fmt.Println(a.At(0))
		}
	}
	// says whether x is locked, and whether by the living.
	children["judge"] = func() {
		a := must(shm.Attach[int64]("x"))
		ctx, cancel := context.WithTimeout(background, 50*time.Millisecond)
		defer cancel()
		_, err := a.Lock(ctx)
		switch {
		case errors.Is(err, context.DeadlineExceeded):
			fmt.Println("alive")
		case errors.Is(err, shm.ErrOwnerDied):
			fmt.Println("died")
		default:
			fmt.Println(err)
		}
		forever()
	}
	// opens x and ends.
	children["exit"] = func() {
		a := must(shm.Attach[int64]("x"))
		if len(childArgs) > 0 {
			a.Close()
		}
	}
}
