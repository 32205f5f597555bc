package shm

import (
	"errors"
	"io/fs"
	"syscall"

	"github.com/samebytes/samebytes/internal/sentinel"
)

// The errors of this package. Each is named in Python as samebytes.XError for ErrX; those of the formats and arrays are
// in packages npy and ndarray. Those with an equal in the standard library satisfy it too: errors.Is(err, fs.ErrNotExist)
// holds of ErrNotExist.
var (
	// ErrNotExist is returned when no segment has the name. The text names those that come near.
	ErrNotExist = sentinel.New("no such segment", fs.ErrNotExist)
	// ErrExist is returned when the name to create is taken.
	ErrExist = sentinel.New("the name is taken", fs.ErrExist)
	// ErrAccess is returned when the operating system refuses, or when what bears the name is not to be trusted as a
	// segment: another user's file, a symbolic or second hard link, or no regular file at all.
	ErrAccess = sentinel.New("access refused", fs.ErrPermission)
	// ErrBadName is returned for what cannot be a segment's name, before any system call.
	ErrBadName = sentinel.New("bad name", fs.ErrInvalid)
	// ErrNoSpace is returned when the directory has no room for the segment. The text has the sizes.
	ErrNoSpace = sentinel.New("not enough space", syscall.ENOSPC)
	// ErrStale is returned when what a handle names was deleted, or another array has its name now.
	ErrStale = errors.New("stale handle")
	// ErrNoControl is returned when a plain .npy file, which has no control block, is asked to publish or wait.
	ErrNoControl = errors.New("plain .npy file without a control block")
	// ErrBroken is returned when a control block contradicts itself or its file, or when its file was cut or replaced
	// while mapped.
	ErrBroken = errors.New("segment is damaged")
	// ErrOwnerDied is returned when the last holder of a lock died with it. The text names the box that may be half written.
	ErrOwnerDied = errors.New("the holder of the lock died")
	// ErrNotOwner is returned when what is not held, or not any more, is unlocked.
	ErrNotOwner = errors.New("not the holder of the lock")
	// ErrDeadlock is returned when who asks for a lock would wait for itself. Go waits, as it cannot tell goroutines apart.
	ErrDeadlock = sentinel.New("would wait for itself", syscall.EDEADLK)
	// ErrBarrierBroken is returned to all parties of a barrier that one of them gave up, aborted, reset, or died in.
	ErrBarrierBroken = errors.New("barrier is broken")
	// ErrFull is returned when a segment has no free slot for a further participant, or no free row for a further lock.
	ErrFull = errors.New("the table is full")
	// ErrClosed is returned after Close.
	ErrClosed = sentinel.New("already closed", fs.ErrClosed)
	// ErrVersion is returned when a newer release wrote the control block.
	ErrVersion = errors.New("newer control block")
	// ErrUnsupported is returned on systems other than Linux, and in directories whose file system has no unnamed files
	// (O_TMPFILE).
	ErrUnsupported = sentinel.New("not supported here", errors.ErrUnsupported)
)
