// Package futex puts goroutines to sleep on words that processes share, and wakes them.
package futex

// Futexes need unsafe pointers and a raw system call: golang.org/x/sys has no function for them.

import (
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Operations of futex(2), in their form for words that processes share (without FUTEX_PRIVATE_FLAG).
const (
	opWait = 0
	opWake = 1
)

// Wait sleeps until [Wake] is called on the word, unless the word does not hold value any more; it then reports true, and
// sometimes for no reason: the caller looks at the word again. After most it reports false. The word may be in memory mapped
// for reading only. While it sleeps it holds an operating system's thread.
// The error is [ErrGone] when the word's page is gone from its file.
func Wait(word *uint32, value uint32, most time.Duration) (woken bool, err error) {
	end := time.Now().Add(most)
	for left := most; left > 0; left = time.Until(end) { // a signal ends a sleep, but not the time for it
		timeout := unix.NsecToTimespec(int64(left))
		// Syscall6, not RawSyscall6: the scheduler must know that this thread sleeps. The pointers are sound: word lies in a
		// mapping that the caller holds, and the kernel only reads the timeout. Guarded by shm's TestWaitOfCutFile.
		_, _, errno := unix.Syscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(word)), opWait, uintptr(value),
			uintptr(unsafe.Pointer(&timeout)), 0, 0)
		if again, woken, err := outcome(errno); !again {
			return woken, err
		}
	}
	return false, nil
}

// outcome is what the system said of a sleep: again when a signal ended it.
func outcome(errno syscall.Errno) (again, woken bool, err error) {
	switch errno {
	case 0, unix.EAGAIN:
		return false, true, nil
	case unix.EINTR:
		return true, false, nil
	case unix.ETIMEDOUT:
		return false, false, nil
	case unix.EFAULT:
		return false, false, ErrGone
	default:
		return false, false, errno
	}
}

// Wake wakes up to n who sleep on the word, in any process. It never blocks, so the scheduler need not be told.
// The error is left: a page that is gone has no sleepers that could be woken, and their sleep ends by itself.
func Wake(word *uint32, n int) {
	unix.RawSyscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(word)), opWake, uintptr(n), 0, 0, 0)
}

// Yield lets other processes run that want this CPU.
func Yield() { unix.Syscall(unix.SYS_SCHED_YIELD, 0, 0, 0) } // cannot fail
