//go:build linux

package shm_test

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/samebytes/samebytes/internal/emulated"
	"github.com/samebytes/samebytes/npy"
	"github.com/samebytes/samebytes/shm"
)

// The faults of space and truncation, of docs/reference/faults.md.

// smallSegments gives the test a directory of segments that is a tmpfs of its own, with those options.
func smallSegments(t *testing.T, options string) string {
	t.Helper()
	dir := filepath.Join(segments(t), "mount")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Remove(dir) })
	mountTmpfs(t, dir, options)
	t.Setenv("SAMEBYTES_DIR", dir)
	t.Cleanup(func() { shm.SetWarm(0) })
	return dir
}

// fastSegments gives a test that makes thousands of segments a directory in memory, where it may.
func fastSegments(t *testing.T) string {
	t.Helper()
	if os.Geteuid() != 0 {
		return segments(t)
	}
	return smallSegments(t, "size=64m")
}

// freeSpace returns the bytes and the files that the directory has room for.
func freeSpace(t *testing.T, dir string) [2]uint64 {
	t.Helper()
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		t.Fatal(err)
	}
	return [2]uint64{st.Bfree, st.Ffree}
}

// noRoom creates an array in vain, after which the directory must be as it was.
func noRoom(t *testing.T, dir string, shape []int, opts ...shm.CreateOption) error {
	t.Helper()
	names, space := namesIn(t, dir), freeSpace(t, dir)
	_, err := shm.Create[int8]("large", shape, opts...)
	if !errors.Is(err, shm.ErrNoSpace) || !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("%v, want ErrNoSpace", err)
	}
	if now := namesIn(t, dir); len(now) != len(names) {
		t.Errorf("left %v of %v", now, names)
	}
	if now := freeSpace(t, dir); now != space {
		t.Errorf("%v bytes and files free, had been %v", now, space)
	}
	return err
}

func TestT01FullAtCreate(t *testing.T) {
	emulated.Skip(t, "its madvise does nothing, and so finds no memory missing")
	dir := smallSegments(t, "size=1m")
	noRoom(t, dir, []int{2 << 20})
	noRoom(t, dir, []int{1 << 20})                              // the tables find no room
	noRoom(t, dir, []int{0, 1 << 10}, shm.Capacity(4<<10))      // nor does what it may grow to
	noRoom(t, dir, []int{4 << 20}, shm.Huge())                  // in the other order of calls
	create[int8](t, "small", []int{512 << 10}).Data()[511] = 42 // and there is room for what fits
}

// TestT02FullAfterCreate fills the file system, and then writes every page of an array that was created before.
func TestT02FullAfterCreate(t *testing.T) {
	dir := smallSegments(t, "size=4m")
	a := create[int8](t, "x", []int{2 << 20})
	grows := create[int8](t, "grows", []int{0, 4096}, shm.Capacity(64))
	filler, err := os.Create(pathOf(dir, "filler"))
	if err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = filler.Write(make([]byte, 4096))
	}
	filler.Close()
	if !errors.Is(err, syscall.ENOSPC) || freeSpace(t, dir)[0] != 0 {
		t.Fatalf("%v, want ENOSPC", err)
	}
	err = shm.Guarded(func() {
		for i := range a.Data() {
			a.Data()[i] = int8(i)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := grows.Resize(background, 64); err != nil {
		t.Fatal(err)
	}
	if err := shm.Guarded(func() { grows.Data()[64*4096-1] = 1 }); err != nil {
		t.Fatal(err)
	}
	unlock(t, lock(t, a.Segment))
}

// TestT03ErrorNamesSizes asks for 100 MB of the 64 that a container has.
func TestT03ErrorNamesSizes(t *testing.T) {
	dir := smallSegments(t, "size=64m")
	err := noRoom(t, dir, []int{100_000_000})
	for _, want := range []string{"1000", fmt.Sprint(64 << 20), dir, "--shm-size"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not say %q", err, want)
		}
	}
}

func TestT04NoInodes(t *testing.T) {
	dir := smallSegments(t, "size=16m,nr_inodes=4")
	for i := 0; freeSpace(t, dir)[1] > 0; i++ {
		create[int8](t, fmt.Sprint("x", i), []int{16})
	}
	noRoom(t, dir, []int{16})
}

// TestT05GroupMemory creates more than the control group of the process may have, while it holds a lock: it gets an error or is
// killed, and the others go on.
func TestT05GroupMemory(t *testing.T) {
	group := memoryGroup(t, 16<<20)
	dir := smallSegments(t, "size=1g")
	a := create[int64](t, "x", []int{4})
	c, out := startChild(t, "create-large")
	says(t, out, "held")
	confine(t, c, group)
	tell(t, a)
	line, err := out.ReadString('\n')
	c.Process.Kill()
	c.Wait()
	t.Logf("it said %q, %v, and ended as %v", line, err, c.ProcessState)
	if err == nil && !strings.Contains(line, "not enough space") && !strings.Contains(line, "cannot allocate") {
		t.Errorf("it said %q", line)
	}
	lockDied(t, a)
	mend(t, a)
	if names := namesIn(t, dir); len(names) != 1 {
		t.Errorf("left %v", names)
	}
	create[int8](t, "large", []int{64 << 20}) // for whom there is memory
}

// cut truncates the file of x, from another process's point of view, and has it deleted when the test ends.
func cut(t *testing.T, a *shm.Array[int64], size int64) {
	t.Helper()
	if err := os.Truncate(a.Path(), size); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Remove(a.Path()) })
}

// broken fails the test unless every use of the array says ErrBroken.
func broken(t *testing.T, a *shm.Array[int64]) {
	t.Helper()
	_, lockErr := a.Lock(patience(t))
	_, rlockErr := a.RLock(patience(t))
	_, recoverErr := a.Recover(patience(t))
	_, waitErr := a.Wait(patience(t), a.Version())
	_, snapshotErr := a.Snapshot(patience(t))
	for i, err := range []error{lockErr, rlockErr, recoverErr, waitErr, snapshotErr, publish(a)} {
		if !errors.Is(err, shm.ErrBroken) {
			t.Errorf("call %d: %v, want ErrBroken", i, err)
		}
	}
}

// read sums the elements.
func read(a *shm.Array[int64]) (sum int64, err error) {
	err = shm.Guarded(func() {
		for _, v := range a.Data() {
			sum += v
		}
	})
	return sum, err
}

// TestT06Truncated cuts an array under who reads it, and under who holds a lock.
func TestT06Truncated(t *testing.T) {
	emulated.Skip(t, "it leaves out the address when memory of a cut file is read")
	segments(t)
	a := create[int64](t, "x", []int{1 << 12})
	g := lock(t, a.Segment)
	if _, err := read(a); err != nil {
		t.Fatal(err)
	}
	cut(t, a, 0)
	if _, err := read(a); !errors.Is(err, shm.ErrBroken) {
		t.Errorf("%v, want ErrBroken", err)
	}
	if err := g.Unlock(); !errors.Is(err, shm.ErrBroken) {
		t.Errorf("unlock: %v, want ErrBroken", err)
	}
	broken(t, a)
	if _, err := shm.Attach[int64]("x"); !errors.Is(err, npy.ErrTruncated) && !errors.Is(err, npy.ErrFormat) && !errors.Is(err, shm.ErrBroken) {
		t.Errorf("attach: %v", err)
	}
}

// TestT08GrownBack restores every byte of the file after it was cut: who saw the cut stays out, who comes anew sees the file.
func TestT08GrownBack(t *testing.T) {
	emulated.Skip(t, "it leaves out the address when memory of a cut file is read")
	segments(t)
	a := create[int64](t, "x", []int{4})
	a.Set(7, 1)
	whole, err := os.ReadFile(a.Path())
	if err != nil {
		t.Fatal(err)
	}
	cut(t, a, 0)
	if _, err := read(a); !errors.Is(err, shm.ErrBroken) {
		t.Fatalf("%v, want ErrBroken", err)
	}
	patch(t, a.Path(), 0, whole)
	broken(t, a)
	b := attach[int64](t, "x")
	if b.At(1) != 7 {
		t.Error("not the file's bytes")
	}
	unlock(t, lock(t, b.Segment))
	broken(t, a)
	b.Close()
	shm.SetWarm(0)
}

// TestT08GrownBackUnseen grows the file back, to zeros, before anybody has seen the cut.
func TestT08GrownBackUnseen(t *testing.T) {
	segments(t)
	a := create[int64](t, "x", []int{4})
	st, err := os.Stat(a.Path())
	if err != nil {
		t.Fatal(err)
	}
	cut(t, a, 0)
	if err := os.Truncate(a.Path(), st.Size()); err != nil {
		t.Fatal(err)
	}
	broken(t, a)
}

// TestT09ControlBlockCut takes the control block alone, and then the tables too: elements can be read, and no call goes wrong.
func TestT09ControlBlockCut(t *testing.T) {
	emulated.Skip(t, "it leaves out the address when memory of a cut file is read")
	for name, pages := range map[string]int64{"block": 1, "tables": 2} {
		t.Run(name, func(t *testing.T) {
			segments(t)
			a := create[int64](t, "x", []int{4})
			a.Set(7, 1)
			st, err := os.Stat(a.Path())
			if err != nil {
				t.Fatal(err)
			}
			cut(t, a, st.Size()-4096*pages)
			broken(t, a)
			if sum, err := read(a); sum != 7 || err != nil {
				t.Errorf("elements: %d, %v", sum, err)
			}
		})
	}
}

// TestT10HolePunched makes zeros of the control block.
func TestT10HolePunched(t *testing.T) {
	segments(t)
	a := create[int64](t, "x", []int{4})
	f, err := os.OpenFile(a.Path(), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.Fallocate(int(f.Fd()), unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, st.Size()-4096, 4096); err != nil {
		t.Fatal(err)
	}
	broken(t, a)
	os.Remove(a.Path())
}

// TestT11FaultAtOnce has goroutines touch a cut array at the same time, each on a thread of its own.
func TestT11FaultAtOnce(t *testing.T) {
	emulated.Skip(t, "it leaves out the address when memory of a cut file is read")
	segments(t)
	a := create[int64](t, "x", []int{1 << 12})
	cut(t, a, 0)
	const readers = 8
	var wg sync.WaitGroup
	begin := make(chan struct{})
	for range readers {
		wg.Go(func() {
			<-begin
			for range 100 {
				if _, err := read(a); !errors.Is(err, shm.ErrBroken) {
					t.Errorf("%v, want ErrBroken", err)
				}
			}
		})
	}
	close(begin)
	wg.Wait()
}

// TestT12OtherFaults has the program listen for SIGBUS itself, and fault in a mapping that is none of ours: that stays a panic.
func TestT12OtherFaults(t *testing.T) {
	emulated.Skip(t, "it leaves out the address when memory of a cut file is read")
	segments(t)
	heard := make(chan os.Signal, 1)
	signal.Notify(heard, syscall.SIGBUS)
	defer signal.Stop(heard)

	a := create[int64](t, "x", []int{4})
	cut(t, a, 0)
	if _, err := read(a); !errors.Is(err, shm.ErrBroken) {
		t.Errorf("%v, want ErrBroken", err)
	}
	f, err := os.Create(filepath.Join(t.TempDir(), "foreign"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Truncate(4096); err != nil {
		t.Fatal(err)
	}
	foreign, err := unix.Mmap(int(f.Fd()), 0, 4096, unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Munmap(foreign)
	if err := f.Truncate(0); err != nil {
		t.Fatal(err)
	}
	func() {
		defer func() {
			if _, ok := recover().(interface{ Addr() uintptr }); !ok {
				t.Error("a foreign fault was taken for ours")
			}
		}()
		err := shm.Guarded(func() { a.Set(int64(foreign[0]), 0) })
		t.Errorf("no panic, but %v", err)
	}()
	syscall.Kill(os.Getpid(), syscall.SIGBUS) // from outside: what the program listens for
	<-heard
}

func init() {
	// holds the lock, and when told creates an array of 64 MiB and says how that ended.
	children["create-large"] = func() {
		a := must(shm.Attach[int64]("x"))
		must(a.Lock(background))
		fmt.Println("held")
		told(a)
		_, err := shm.Create[int8]("large", []int{64 << 20})
		fmt.Println(err)
		forever()
	}
}
