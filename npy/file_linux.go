package npy

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// descriptor is an open file without what package os does for those that may block, which takes as long as reading a small one.
type descriptor int

// openStart opens a file, reads its first bytes into start, and returns how many.
func openStart(path string, start []byte) (d descriptor, n int, err error) {
	var fd int
	if err := retried(func() error {
		fd, err = unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
		return err
	}); err != nil {
		return -1, 0, &os.PathError{Op: "open", Path: path, Err: err}
	}
	if err := retried(func() error {
		n, err = unix.Read(fd, start)
		return err
	}); err != nil {
		unix.Close(fd) // it was only read
		return -1, 0, &os.PathError{Op: "read", Path: path, Err: err}
	}
	return descriptor(fd), n, nil
}

// retried calls until no signal has come between.
func retried(call func() error) error {
	for {
		if err := call(); err != unix.EINTR {
			return err
		}
	}
}

func (d descriptor) close() { unix.Close(int(d)) } // the error can't be helped: it was only read

// file returns the file, which owns the descriptor from then on.
func (d descriptor) file(path string) *os.File { return os.NewFile(uintptr(d), path) }

// chownAs gives a file to the owner and the group of another, or to the group alone, as far as this process may.
func chownAs(f *os.File, other os.FileInfo) {
	to, ok := other.Sys().(*syscall.Stat_t)
	if ok && f.Chown(int(to.Uid), int(to.Gid)) != nil {
		f.Chown(-1, int(to.Gid)) // else it stays its writer's, as a file that he copies
	}
}
