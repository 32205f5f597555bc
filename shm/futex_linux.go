package shm

// Futexes need unsafe pointers and a raw system call: golang.org/x/sys has no function for them.

import (
	"fmt"
	"math"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Operations of futex(2), in their form for words that processes share (without FUTEX_PRIVATE_FLAG).
const (
	opWait = 0
	opWake = 1
)

// futexWait sleeps until futexWake is called on the word, unless the word does not hold value any more. It may also return
// for no reason: the caller looks at the word again. There is no timeout, which would add 7 us to each wait; whoever gives
// up has somebody call futexWake. The word may be in memory mapped for reading only.
func futexWait(word *uint32, value uint32) error {
	// Syscall6, not RawSyscall6: the scheduler must know that this thread sleeps.
	_, _, errno := unix.Syscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(word)), opWait, uintptr(value), 0, 0, 0)
	switch errno {
	case 0, unix.EAGAIN, unix.EINTR:
		return nil
	case unix.EFAULT: // the page is gone from the file
		return fmt.Errorf("%w: the file was cut", ErrBroken)
	}
	return errno
}

// futexWake wakes all who sleep on the word, in any process. It never blocks, so the scheduler need not be told.
func futexWake(word *uint32) {
	unix.RawSyscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(word)), opWake, math.MaxInt32, 0, 0, 0)
}
