package futex

import (
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// waiter is futex_waitv(2)'s struct futex_waitv.
type waiter struct {
	value    uint64
	word     uint64
	flags    uint32
	reserved uint32
}

const (
	size32     = 2   // FUTEX2_SIZE_U32, in its form for words that processes share
	maxWaiters = 128 // FUTEX_WAITV_MAX
)

// anyLook is how often words are looked at where the system cannot wait for several: Linux before 5.16, and more than 128 of them.
const anyLook = time.Millisecond

// lacksAny is set once the system has said that it cannot. Tests set it.
var lacksAny atomic.Bool

// WaitAny sleeps until [Wake] is called on one of the words, unless one does not hold its value any more; it then reports true, and
// sometimes for no reason. After most it reports false. While it sleeps it holds an operating system's thread.
// The error is [ErrGone] when a word's page is gone from its file.
func WaitAny(words []*uint32, values []uint32, most time.Duration) (woken bool, err error) {
	if len(words) > maxWaiters || lacksAny.Load() {
		return lookAtAny(words, values, most)
	}
	waiters := make([]waiter, len(words))
	for i, word := range words {
		// Sound: the words lie in mappings that the caller holds, which no garbage collection moves.
		waiters[i] = waiter{value: uint64(values[i]), word: uint64(uintptr(unsafe.Pointer(word))), flags: size32}
	}
	var end unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &end); err != nil {
		return false, err
	}
	end = unix.NsecToTimespec(end.Nano() + int64(most)) // a time, not a duration: a signal does not lengthen it
	for {
		_, _, errno := unix.Syscall6(unix.SYS_FUTEX_WAITV, uintptr(unsafe.Pointer(&waiters[0])), uintptr(len(waiters)), 0,
			uintptr(unsafe.Pointer(&end)), unix.CLOCK_MONOTONIC, 0)
		if errno == unix.ENOSYS || errno == unix.EPERM { // a filter of a container's may know no call as new
			lacksAny.Store(true)
			return lookAtAny(words, values, most)
		}
		if again, woken, err := outcome(errno); !again {
			return woken, err
		}
	}
}

// lookAtAny is WaitAny by sleeps on the first word, after each of which it looks at all.
func lookAtAny(words []*uint32, values []uint32, most time.Duration) (woken bool, err error) {
	for end := time.Now().Add(most); ; {
		for i, word := range words {
			if atomic.LoadUint32(word) != values[i] {
				return true, nil
			}
		}
		left := time.Until(end)
		if left <= 0 {
			return false, nil
		}
		if _, err := Wait(words[0], values[0], min(left, anyLook)); err != nil {
			return false, err
		}
	}
}

// LackAny has WaitAny do without the system call, as where there is none, until the returned function is called. It is for tests.
func LackAny(lacks bool) (restore func()) {
	before := lacksAny.Swap(lacks)
	return func() { lacksAny.Store(before) }
}
