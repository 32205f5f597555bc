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

// maxSleep bounds every sleep. When the file is cut under a sleeper, nobody can wake it: the word is no address any more. The
// timer costs 0.6 us.
var maxSleep = unix.Timespec{Sec: 1}

// futexWait sleeps until futexWake is called on the word, unless the word does not hold value any more; it then reports
// true, and sometimes for no reason: the caller looks at the word again. After maxSleep it reports false. The word may be in
// memory mapped for reading only.
// The error is ErrBroken when the word's page is gone from the file.
func futexWait(word *uint32, value uint32) (woken bool, err error) {
	// Syscall6, not RawSyscall6: the scheduler must know that this thread sleeps. The pointers are sound: word lies in a
	// mapping that the caller holds, and the kernel only reads the timeout. Guarded by TestWaitOfCutFile.
	_, _, errno := unix.Syscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(word)), opWait, uintptr(value),
		uintptr(unsafe.Pointer(&maxSleep)), 0, 0)
	switch errno {
	case 0, unix.EAGAIN:
		return true, nil
	case unix.ETIMEDOUT, unix.EINTR:
		return false, nil
	case unix.EFAULT:
		return false, fmt.Errorf("%w: the file was cut", ErrBroken)
	}
	return false, errno
}

// futexWake wakes all who sleep on the word, in any process. It never blocks, so the scheduler need not be told.
// The error is left: a page that is gone has no sleepers that could be woken, and they find out by maxSleep.
func futexWake(word *uint32) {
	unix.RawSyscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(word)), opWake, math.MaxInt32, 0, 0, 0)
}
