//go:build linux

package shm_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/samebytes/samebytes/internal/emulated"
	"github.com/samebytes/samebytes/ndarray"
	"github.com/samebytes/samebytes/shm"
)

// The deaths of docs/reference/faults.md. Every array is "x", of int64 unless said otherwise.

// says reads the child's next line, which must be the given one.
func says(t *testing.T, out *bufio.Reader, want string) {
	t.Helper()
	if line, err := out.ReadString('\n'); line != want+"\n" {
		t.Fatalf("the child said %q, %v, want %q", line, err, want)
	}
}

// startHolder starts a child that locks x and says so. The words are those of its part.
func startHolder(t *testing.T, part string, changes ...func(*exec.Cmd)) *exec.Cmd {
	t.Helper()
	c, out := startChild(t, part, changes...)
	says(t, out, "held")
	return c
}

// kill kills a child and waits for its end.
func kill(c *exec.Cmd) {
	c.Process.Kill()
	c.Wait()
}

// outcome is what a Lock in a goroutine of its own came to.
type outcome struct {
	guard *shm.Guard
	err   error
	first int64 // the array's first element then
	at    time.Time
}

// lockLater locks in a goroutine of its own, and returns once that waits.
func lockLater(t *testing.T, a *shm.Array[int64], waiters int) <-chan outcome {
	t.Helper()
	ctx, result := patience(t), make(chan outcome, 1)
	go func() {
		g, err := a.Lock(ctx)
		result <- outcome{g, err, atomic.LoadInt64(&a.Data()[0]), time.Now()}
	}()
	untilWaiting(t, waiters)
	return result
}

// untilWaiting returns once so many boxes of x are waited for.
func untilWaiting(t *testing.T, n int) {
	t.Helper()
	until(t, func() bool {
		waiting := 0
		for _, l := range stat(t, "x").Locks {
			if strings.HasPrefix(l.State, "waiting") {
				waiting++
			}
		}
		return waiting == n
	})
}

// until looks again and again until something is so.
func until(t *testing.T, so func() bool) {
	t.Helper()
	for ctx := patience(t); !so(); {
		if ctx.Err() != nil {
			t.Fatal("it never came to be")
		}
	}
}

// outlasts reports whether the holder of x keeps it against a waiter that has slept, and looked whether the holder lives.
func outlasts(t *testing.T, a *shm.Array[int64]) bool {
	t.Helper()
	ctx, cancel := context.WithTimeout(background, 30*time.Millisecond)
	defer cancel()
	g, err := a.Lock(ctx)
	if err == nil {
		unlock(t, g)
	} else if !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, shm.ErrOwnerDied) {
		t.Fatal(err)
	}
	return errors.Is(err, context.DeadlineExceeded)
}

func stat(t *testing.T, name string) shm.Info {
	t.Helper()
	info, err := shm.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	return info
}

// died fails the test unless the error is ErrOwnerDied.
func died(t *testing.T, err error) {
	t.Helper()
	if !errors.Is(err, shm.ErrOwnerDied) {
		t.Fatalf("%v, want ErrOwnerDied", err)
	}
}

// lockDied locks x in vain.
func lockDied(t *testing.T, a *shm.Array[int64]) {
	t.Helper()
	_, err := a.Lock(patience(t))
	died(t, err)
}

// mend recovers the whole array, in which one box was left half written, and proves that it is whole then.
func mend(t *testing.T, a *shm.Array[int64]) {
	t.Helper()
	repair(t, a)
	unlock(t, lock(t, a.Segment))
}

func repair(t *testing.T, a *shm.Array[int64]) {
	t.Helper()
	g, err := a.Recover(patience(t))
	if err != nil {
		t.Fatal(err)
	}
	if boxes, err := g.Damaged(); len(boxes) != 1 || err != nil {
		t.Fatalf("damaged %v, %v, want one box", boxes, err)
	}
	if err := errors.Join(g.Repaired(), g.Unlock()); err != nil {
		t.Fatal(err)
	}
}

// state returns the letter by which /proc calls the state of a process: T stopped, Z dead but not waited for.
func state(t *testing.T, pid int) string {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))[0]
}

// stop stops a child, and returns when it has.
func stop(t *testing.T, c *exec.Cmd) {
	t.Helper()
	if err := c.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	until(t, func() bool { return state(t, c.Process.Pid) == "T" })
}

// killUnderWaiter kills a process that writes under its lock for as long as it lives, while another waits for the lock.
func killUnderWaiter(t *testing.T, private int) {
	segments(t)
	a := create[int64](t, "x", []int{4})
	for range 5 {
		c := startHolder(t, fmt.Sprint("scribble ", private))
		result := lockLater(t, a, 1)
		select {
		case o := <-result:
			t.Fatalf("got %v from the living", o.err)
		default:
		}
		killed := time.Now()
		c.Process.Kill()
		o := <-result
		c.Wait()
		died(t, o.err)
		if last := atomic.LoadInt64(&a.Data()[0]); last != o.first {
			t.Fatalf("wrote %d more after its death was seen", last-o.first)
		}
		t.Logf("seen dead %v after its kill", o.at.Sub(killed))
		mend(t, a)
	}
}

func TestD01HolderKilled(t *testing.T) { killUnderWaiter(t, 0) }

func TestD02LargeHolderKilled(t *testing.T) { killUnderWaiter(t, 1<<30) }

// TestD03KilledBeforeFirstWrite kills a process when it has just got the lock, when it has the latch, and when it has made
// half of its row.
func TestD03KilledBeforeFirstWrite(t *testing.T) {
	segments(t)
	a := create[int64](t, "x", []int{4})
	a.Set(7, 2)
	for point, want := range map[string]error{"locked": shm.ErrOwnerDied, "latched": nil, "half-row": nil} {
		c, _ := startChild(t, "die-at "+point)
		c.Wait()
		g, err := a.Lock(patience(t))
		if !errors.Is(err, want) {
			t.Fatalf("%s: %v, want %v", point, err, want)
		}
		if !slices.Equal(a.Data(), []int64{0, 0, 7, 0}) {
			t.Errorf("%s: left %v", point, a.Data())
		}
		if err == nil {
			unlock(t, g)
		} else {
			mend(t, a)
		}
	}
}

// TestD04KilledBeforeWaking kills a process between giving free, with others asleep, and waking them.
func TestD04KilledBeforeWaking(t *testing.T) {
	segments(t)
	a := create[int64](t, "x", []int{4})
	for range 5 {
		for _, point := range []string{"unlocked", "unlatched"} {
			c, out := startChild(t, "die-at "+point)
			says(t, out, "ready")
			g, err := a.Lock(patience(t)) // its sleep is what the child waits for
			if err != nil {
				t.Fatalf("%s: %v", point, err)
			}
			unlock(t, g)
			c.Wait()
		}
	}
}

// TestD05WokenWaiterKilled wakes a process that cannot run, and kills it: who waits behind it gets the lock.
func TestD05WokenWaiterKilled(t *testing.T) {
	emulated.Skip(t, "it starts no program of the processor that it emulates")
	segments(t)
	a := create[int64](t, "x", []int{4})
	for range 5 {
		g := lock(t, a.Segment)
		first, out := startChild(t, "lock")
		says(t, out, "ready")
		untilWaiting(t, 1)
		stop(t, first)
		result := lockLater(t, a, 2)
		unlock(t, g)
		if shm.WokenRows(a.Segment) == 0 {
			t.Fatal("nobody was woken")
		}
		killed := time.Now()
		kill(first)
		o := <-result
		if o.err != nil {
			t.Fatal(o.err)
		}
		t.Logf("the next has it %v later", o.at.Sub(killed))
		unlock(t, o.guard)
		untilTidy(t, a) // or the next round takes the dead one's row for that of its own child, and stops it too early
	}
}

func TestD06HolderAndWaitersKilled(t *testing.T) {
	segments(t)
	a := create[int64](t, "x", []int{4})
	dying := []*exec.Cmd{startHolder(t, "hold-lock")}
	for i := range 3 {
		c, _ := startChild(t, "lock")
		untilWaiting(t, i+1)
		dying = append(dying, c)
	}
	result := lockLater(t, a, 4)
	for _, c := range dying {
		c.Process.Kill()
	}
	died(t, (<-result).err)
	for _, c := range dying {
		c.Wait()
	}
	mend(t, a)
	untilTidy(t, a)
}

// untilTidy uses the lock until no row is left of the waiters that died: the living pass them a while, as if they were asleep.
func untilTidy(t *testing.T, a *shm.Array[int64]) {
	t.Helper()
	until(t, func() bool {
		unlock(t, lock(t, a.Segment))
		return len(stat(t, "x").Locks) == 0
	})
}

// TestD07AllKilled leaves nobody who could have seen the deaths.
func TestD07AllKilled(t *testing.T) {
	segments(t)
	shm.SetWarm(0)
	create[int64](t, "x", []int{4}).Close()
	for _, last := range []string{"lock", "die-at latched"} {
		holder := startHolder(t, "hold-lock")
		waiter, _ := startChild(t, "lock")
		untilWaiting(t, 1)
		third, out := startChild(t, last)
		if last == "lock" {
			says(t, out, "ready")
		} else {
			third.Wait()
		}
		for _, c := range []*exec.Cmd{waiter, third, holder} {
			kill(c)
		}
		a := attach[int64](t, "x")
		lockDied(t, a)
		mend(t, a)
		untilTidy(t, a)
		a.Close()
	}
}

// TestD08StealerKilled kills who finds a dead holder's lock: before it has marked the box, after, and while it mends it.
func TestD08StealerKilled(t *testing.T) {
	segments(t)
	a := create[int64](t, "x", []int{4})
	for _, point := range []string{"before-mark", "after-mark", "repairing"} {
		kill(startHolder(t, "hold-lock"))
		for range 2 {
			c, _ := startChild(t, "die-at "+point)
			c.Wait()
			lockDied(t, a)
		}
		mend(t, a)
	}
}

// TestD09RowTakenAtOnce gives a dead holder's row to another process before anybody has looked.
func TestD09RowTakenAtOnce(t *testing.T) {
	segments(t)
	a := create[int64](t, "x", []int{4})
	rowOf := func(c *exec.Cmd) int {
		for _, p := range stat(t, "x").Participants {
			if p.PID == c.Process.Pid && p.Alive {
				return p.Row
			}
		}
		return -1
	}
	for range 3 {
		dead := startHolder(t, "hold-lock")
		row := rowOf(dead)
		if err := shm.TakeLatch(a.Segment); err != nil { // so that its follower has the row, and cannot sweep it
			t.Fatal(err)
		}
		kill(dead)
		next, out := startChild(t, "hold-rows 2:4")
		until(t, func() bool { return rowOf(next) == row })
		if locks := stat(t, "x").Locks; len(locks) != 1 || locks[0].Alive {
			t.Errorf("taken for the owner: %+v", locks)
		}
		shm.ReleaseLatch(a.Segment)
		says(t, out, "died") // the next one's own lock meets the mark
		lockDied(t, a)
		repair(t, a)
		says(t, out, "held")
		if !taken(t, a.Lock, ndarray.At(2)) || taken(t, a.Lock, ndarray.At(1)) {
			t.Error("the row's next holder is not taken for the owner of what it holds")
		}
		kill(next)
		lockDied(t, a)
		mend(t, a)
	}
}

// TestD10GenerationWraps counts a row's holders past what an identity has bits for, past the word's end, and once around, so
// that the follower has the dead one's identity.
func TestD10GenerationWraps(t *testing.T) {
	segments(t)
	a := create[int64](t, "x", []int{4})
	generation := shm.Generation(a.Segment, 1)
	for _, c := range []struct{ holder, next uint32 }{
		{1<<20 - 2, 1<<20 - 1}, {1<<20 - 1, 1 << 20}, {1 << 20, 1<<20 + 1}, {1<<32 - 2, 1<<32 - 1}, {1<<32 - 1, 0}, {5, 1<<20 + 5},
	} {
		*generation = c.holder - 1
		kill(startHolder(t, "hold-lock"))
		*generation = c.next - 1
		next, out := startChild(t, "stay")
		says(t, out, "ready")
		if *generation != c.next {
			t.Fatalf("the next one is generation %d, want %d", *generation, c.next)
		}
		lockDied(t, a)
		mend(t, a)
		kill(next)
	}
}

// TestD11PIDUsedAgain gives a dead holder's process id to a program that lives, and a living one's row the id of none.
func TestD11PIDUsedAgain(t *testing.T) {
	segments(t)
	a := create[int64](t, "x", []int{4})
	c := startHolder(t, "hold-lock")
	const none = 1<<22 + 1 // above the highest there can be
	*shm.PID(a.Segment, 1) = none
	if !outlasts(t, a) {
		t.Error("stolen from the living")
	}
	kill(c)
	*shm.PID(a.Segment, 1) = uint32(os.Getpid())
	lockDied(t, a)
	mend(t, a)
}

// D11, as the kernel does it: the holder is process 1 of its namespace, as the program is that started this machine.
func TestD11PIDOfAnotherProgram(t *testing.T) {
	needRoot(t, "make a PID namespace")
	segments(t)
	a := create[int64](t, "x", []int{4})
	c := startHolder(t, "hold-lock", in(syscall.CLONE_NEWPID))
	if pid := *shm.PID(a.Segment, 1); pid != 1 {
		t.Fatalf("the holder is process %d of its namespace", pid)
	}
	kill(c)
	lockDied(t, a)
	mend(t, a)
}

// in makes a child with namespaces of its own.
func in(namespaces uintptr) func(*exec.Cmd) {
	return func(c *exec.Cmd) { c.SysProcAttr.Cloneflags |= namespaces }
}

func needRoot(t *testing.T, to string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root may " + to)
	}
}

// TestD12HolderStopped stops the holder of a lock, and one of the latch, for a second, or a minute in a soak test.
func TestD12HolderStopped(t *testing.T) {
	segments(t)
	a := create[int64](t, "x", []int{4})
	while := time.Second
	if soak() {
		while = time.Minute
	}
	for _, part := range []string{"hold-lock", "hold-latch"} {
		c := startHolder(t, part)
		stop(t, c)
		for end := time.Now().Add(while); time.Now().Before(end); {
			if !outlasts(t, a) {
				t.Fatalf("%s: stolen from the stopped", part)
			}
		}
		if err := c.Process.Signal(syscall.SIGCONT); err != nil {
			t.Fatal(err)
		}
		if !outlasts(t, a) {
			t.Errorf("%s: stolen when it ran on", part)
		}
		kill(c)
		if part == "hold-lock" {
			lockDied(t, a)
			mend(t, a)
		} else {
			unlock(t, lock(t, a.Segment))
		}
	}
}

// TestD13HolderIsZombie does not wait for the dead holder, whose process id and place in /proc stay.
func TestD13HolderIsZombie(t *testing.T) {
	segments(t)
	a := create[int64](t, "x", []int{4})
	c := startHolder(t, "hold-lock")
	c.Process.Kill()
	until(t, func() bool { return state(t, c.Process.Pid) == "Z" })
	lockDied(t, a)
	if s := state(t, c.Process.Pid); s != "Z" {
		t.Errorf("state %s", s)
	}
	mend(t, a)
}

// What a child says that joins and leaves again and again, before each.
const (
	joining = 1
	leaving = 3
)

// killWhile kills a process that joins and leaves until it did so often enough in the given state. There is one slot: who comes
// next joins only if the dead one's is free.
func killWhile(t *testing.T, doing int64) {
	segments(t)
	shm.SetWarm(0)
	create[int64](t, "x", []int{4}, shm.Slots(1)).Close()
	says := create[int64](t, "state", []int{1})
	enough := 1000
	if raceDetector {
		enough = 50
	}
	kills := 0
	for n := 0; n < enough; kills++ {
		says.Set(0, 0)
		c, _ := startChild(t, "join-and-leave")
		until(t, func() bool { return atomic.LoadInt64(&says.Data()[0]) == doing })
		for range rand.IntN(100) { // a moment
			unix.Getppid()
		}
		kill(c)
		if says.At(0) == doing {
			n++
		}
		a, err := shm.Attach[int64]("x")
		if err != nil {
			t.Fatalf("after %d: %v", kills, err)
		}
		g, err := a.Lock(patience(t))
		if err != nil {
			t.Fatalf("after %d: %v", kills, err)
		}
		unlock(t, g)
		if err := a.Close(); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d kills, %d of them so", kills, enough)
}

func TestD14KilledWhileJoining(t *testing.T) { killWhile(t, joining) }

func TestD15KilledWhileLeaving(t *testing.T) { killWhile(t, leaving) }

// TestD17KilledAfterLink kills a process as soon as its segment has a name.
func TestD17KilledAfterLink(t *testing.T) {
	dir := segments(t)
	rounds := 200
	if raceDetector {
		rounds = 40
	}
	inside := 0
	for range rounds {
		fd, err := unix.InotifyInit1(unix.IN_CLOEXEC)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := unix.InotifyAddWatch(fd, dir, unix.IN_CREATE); err != nil {
			t.Fatal(err)
		}
		c, out := startChild(t, "create-x")
		unix.Read(fd, make([]byte, 4096)) // until there is a name
		unix.Close(fd)
		kill(c)
		if said, _ := io.ReadAll(out); len(said) == 0 {
			inside++
		}
		a, err := shm.Attach[int64]("x")
		if err != nil {
			t.Fatal(err)
		}
		g, err := a.Lock(patience(t))
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(a.Data(), make([]int64, 4)) {
			t.Errorf("elements %v", a.Data())
		}
		if _, err := a.Publish(); err != nil {
			t.Error(err)
		}
		unlock(t, g)
		a.Close()
		if err := shm.Delete("x"); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d of %d died before their Create returned", inside, rounds)
}

// memoryGroup makes a control group whose processes have so much memory, and returns its folder.
func memoryGroup(t *testing.T, limit int) string {
	t.Helper()
	needRoot(t, "make a control group")
	root, limitFile := "/sys/fs/cgroup", "memory.max"
	if _, err := os.Stat(root + "/memory/memory.limit_in_bytes"); err == nil {
		root, limitFile = root+"/memory", "memory.limit_in_bytes" // version 1
	} else if err := os.WriteFile(root+"/cgroup.subtree_control", []byte("+memory"), 0); err != nil {
		t.Skip("no control groups for memory: ", err)
	}
	group := filepath.Join(root, fmt.Sprintf("samebytes-test-%d", os.Getpid()))
	if err := os.Mkdir(group, 0o700); err != nil {
		t.Skip("no control groups for memory: ", err)
	}
	t.Cleanup(func() {
		until(t, func() bool { return os.Remove(group) == nil }) // the kernel is not done with its dead at once
	})
	if err := os.WriteFile(filepath.Join(group, limitFile), []byte(strconv.Itoa(limit)), 0); err != nil {
		t.Fatal(err)
	}
	return group
}

// confine puts a child into a control group.
func confine(t *testing.T, c *exec.Cmd, group string) {
	t.Helper()
	if err := os.WriteFile(group+"/cgroup.procs", []byte(strconv.Itoa(c.Process.Pid)), 0); err != nil {
		t.Fatal(err)
	}
}

// TestD19OutOfMemory has the kernel kill the holder for taking more memory than there is.
func TestD19OutOfMemory(t *testing.T) {
	group := memoryGroup(t, 16<<20)
	segments(t)
	a := create[int64](t, "x", []int{4})
	c := startHolder(t, "eat")
	confine(t, c, group)
	result := lockLater(t, a, 1)
	tell(t, a) // to eat
	died(t, (<-result).err)
	c.Wait()
	if status := c.ProcessState.Sys().(syscall.WaitStatus); status.Signal() != syscall.SIGKILL {
		t.Fatalf("%v, want killed", c.ProcessState)
	}
	mend(t, a)
}

// TestD20Panic panics in a section that gives its lock back by defer, and in one that does not, and whose process then dies.
func TestD20Panic(t *testing.T) {
	segments(t)
	a := create[int64](t, "x", []int{4})
	func() {
		defer func() { recover() }()
		g := lock(t, a.Segment)
		defer g.Unlock()
		panic("in the section")
	}()
	unlock(t, lock(t, a.Segment))

	c := startHolder(t, "panic", func(c *exec.Cmd) { c.Stderr = nil })
	c.Wait()
	if c.ProcessState.ExitCode() != 2 {
		t.Fatalf("%v, want the exit of a panic", c.ProcessState)
	}
	lockDied(t, a)
	mend(t, a)
}

// TestD21CoreDump has the holder write a core dump as it dies: it has its lock until that is whole.
func TestD21CoreDump(t *testing.T) {
	segments(t)
	a := create[int64](t, "x", []int{4})
	for _, s := range []syscall.Signal{syscall.SIGABRT, syscall.SIGSEGV} {
		dumps := t.TempDir()
		c := startHolder(t, "dump", func(c *exec.Cmd) {
			c.Dir, c.Stderr = dumps, nil
			c.Env = append(c.Env, "GOTRACEBACK=crash")
		})
		result := lockLater(t, a, 1)
		if err := c.Process.Signal(s); err != nil {
			t.Fatal(err)
		}
		o := <-result
		died(t, o.err)
		sizes := func() (size int64) {
			files, err := filepath.Glob(dumps + "/*")
			if err != nil {
				t.Fatal(err)
			}
			for _, name := range files {
				var st unix.Stat_t
				if err := unix.Stat(name, &st); err != nil {
					t.Fatal(err)
				}
				size += st.Size
			}
			return size
		}
		then := sizes()
		c.Wait()
		if !c.ProcessState.Sys().(syscall.WaitStatus).CoreDump() {
			t.Errorf("%v: %v, want a core dump", s, c.ProcessState)
		}
		if now := sizes(); now != then {
			t.Errorf("%v: seen dead when %d of %d bytes were dumped", s, then, now)
		}
		t.Logf("%v: %d bytes dumped here (by the kernel's core_pattern)", s, then)
		mend(t, a)
	}
}

// TestD22Exec has the holder become another program, under the same process id.
func TestD22Exec(t *testing.T) {
	segments(t)
	a := create[int64](t, "x", []int{4}, shm.Slots(2))
	c := startHolder(t, "exec")
	result := lockLater(t, a, 1)
	tell(t, a) // to become another program
	died(t, (<-result).err)
	if s := state(t, c.Process.Pid); s == "Z" {
		t.Fatal("the process is dead")
	}
	mend(t, a)
	next, out := startChild(t, "stay") // the second slot
	says(t, out, "ready")
	kill(next)
	name, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", c.Process.Pid))
	if err != nil || string(name) != "sleep\n" {
		t.Errorf("the holder is %q now, %v", name, err)
	}
}
