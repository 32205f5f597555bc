//go:build linux

package shm_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/samebytes/samebytes/internal/futex"
	"github.com/samebytes/samebytes/ndarray"
	"github.com/samebytes/samebytes/shm"
)

// Parts of children that lock.

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func die() {
	syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {}
}

// forever keeps a process alive.
func forever() {
	for {
		unix.Pause() // until a signal
	}
}

// private takes memory of the process's own, outside Go's heap, whose every page is used.
func private(nbytes int) {
	if nbytes == 0 {
		return
	}
	b := must(unix.Mmap(-1, 0, nbytes, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON|unix.MAP_POPULATE))
	b[0] = 1
}

// tell lets a child go on that waits in told.
func tell(t *testing.T, a *shm.Array[int64]) {
	t.Helper()
	atomic.StoreInt64(&a.Data()[3], 1)
	if _, err := a.Publish(); err != nil {
		t.Fatal(err)
	}
}

// told returns when the parent has told it to go on.
func told(a *shm.Array[int64]) {
	for {
		version := a.Version() // before the look, so that no telling is missed
		if atomic.LoadInt64(&a.Data()[3]) != 0 {
			break
		}
		must(a.Wait(background, version))
	}
	a.Data()[3] = 0
}

func init() {
	opened := func() *shm.Array[int64] { return must(shm.Attach[int64]("x")) }
	held := func() (*shm.Array[int64], *shm.Guard) {
		a := opened()
		g := must(a.Lock(background))
		return a, g
	}
	// opens x and stays.
	children["stay"] = func() {
		opened()
		fmt.Println("ready")
		forever()
	}
	// holds the lock until killed.
	children["hold-lock"] = func() {
		held()
		fmt.Println("held")
		forever()
	}
	// holds the latch until killed.
	children["hold-latch"] = func() {
		if err := shm.TakeLatch(opened().Segment); err != nil {
			panic(err)
		}
		fmt.Println("held")
		forever()
	}
	// holds the rows until killed, and says when it cannot yet because somebody died.
	children["hold-rows"] = func() {
		a := opened()
		var first, last int
		fmt.Sscanf(childArgs[0], "%d:%d", &first, &last)
		said := false
		for {
			_, err := a.Lock(background, ndarray.Range(first, last))
			if err == nil {
				break
			}
			if !errors.Is(err, shm.ErrOwnerDied) {
				panic(err)
			}
			if !said {
				fmt.Println("died")
				said = true
			}
		}
		fmt.Println("held")
		forever()
	}
	// says that it will lock, does, and holds it until killed.
	children["lock"] = func() {
		a := opened()
		fmt.Println("ready")
		a.Lock(background)
		forever()
	}
	// holds the lock, with so many bytes of memory, and writes until killed.
	children["scribble"] = func() {
		private(must(strconv.Atoi(childArgs[0])))
		a, _ := held()
		fmt.Println("held")
		for {
			atomic.AddInt64(&a.Data()[0], 1)
		}
	}
	// kills itself at one point.
	children["die-at"] = func() {
		a := opened()
		latch := func() {
			if err := shm.TakeLatch(a.Segment); err != nil {
				panic(err)
			}
		}
		switch childArgs[0] {
		case "locked":
			a.Lock(background)
		case "latched", "before-mark":
			latch()
		case "half-row":
			latch()
			shm.HalfRow(a.Segment)
		case "after-mark":
			latch()
			shm.BuryDead(a.Segment)
		case "repairing":
			must(a.Recover(background))
		case "unlocked":
			g := must(a.Lock(background))
			fmt.Println("ready")
			for !shm.BoxWaited(a.Segment) {
				futex.Yield()
			}
			shm.ClearRow(g)
		case "unlatched":
			latch()
			fmt.Println("ready")
			for !shm.LatchWaited(a.Segment) {
				futex.Yield()
			}
			shm.ClearLatch(a.Segment)
		default:
			panic(childArgs[0])
		}
		die()
	}
	// joins and leaves x until killed, and says what it is about to do.
	children["join-and-leave"] = func() {
		shm.SetWarm(0)
		s := &must(shm.Attach[int64]("state")).Data()[0]
		for {
			atomic.StoreInt64(s, joining)
			a := opened()
			atomic.StoreInt64(s, leaving-1)
			atomic.StoreInt64(s, leaving)
			a.Close()
			atomic.StoreInt64(s, leaving+1)
		}
	}
	children["create-x"] = func() {
		must(shm.Create[int64]("x", []int{4}))
		fmt.Println("created")
		forever()
	}
	// holds the lock, and takes all memory when told.
	children["eat"] = func() {
		a, _ := held()
		fmt.Println("held")
		told(a)
		for {
			private(1 << 20)
		}
	}
	children["panic"] = func() {
		held()
		fmt.Println("held")
		panic("in the section")
	}
	// holds the lock, and leaves a core dump of 64 MiB and more when killed.
	children["dump"] = func() {
		if err := unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{Cur: unix.RLIM_INFINITY, Max: unix.RLIM_INFINITY}); err != nil {
			panic(err)
		}
		private(64 << 20)
		held()
		fmt.Println("held")
		forever()
	}
	// holds the lock, and becomes another program when told.
	children["exec"] = func() {
		a, _ := held()
		fmt.Println("held")
		told(a)
		panic(syscall.Exec(must(exec.LookPath("sleep")), []string{"sleep", "3600"}, os.Environ()))
	}
}
