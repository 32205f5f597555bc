package main

import (
	"errors"
	"io"
	"time"

	"golang.org/x/sys/unix"
)

// timeBare opens, maps, reads an element, and lets go, as a program without this package would; letting go is not timed.
func timeBare(path string) (float64, error) {
	var took time.Duration
	for range batch {
		start := time.Now()
		fd, err := unix.Open(path, unix.O_RDWR|unix.O_CLOEXEC, 0)
		if err != nil {
			return 0, err
		}
		var st unix.Stat_t
		if err := unix.Fstat(fd, &st); err != nil {
			return 0, err
		}
		b, err := unix.Mmap(fd, 0, int(st.Size), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
		unix.Close(fd)
		if err != nil {
			return 0, err
		}
		sum += float64(b[unix.Getpagesize()])
		took += time.Since(start)
		if err := unix.Munmap(b); err != nil {
			return 0, err
		}
	}
	return took.Seconds() / batch, nil
}

// timeBareRead reads a whole file into memory that the kernel has to find, in huge pages if it has some, by one call.
func timeBareRead(path string) (float64, error) {
	start := time.Now()
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return 0, err
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return 0, err
	}
	b, err := unix.Mmap(-1, 0, int(st.Size), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		return 0, err
	}
	unix.Madvise(b, unix.MADV_HUGEPAGE) // without, it only takes longer
	n, err := unix.Read(fd, b)
	took := time.Since(start)
	if err == nil && n < len(b) {
		err = io.ErrUnexpectedEOF
	}
	return took.Seconds(), errors.Join(err, unix.Munmap(b))
}

// readBare opens a file, reads all of it into memory that is there, by one call, and closes it.
func readBare(path string, into []byte) error {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	_, err = unix.Read(fd, into)
	return errors.Join(err, unix.Close(fd))
}

// monotonic is what CLOCK_MONOTONIC says, in ns: the same for all processes.
func monotonic() int64 {
	var now unix.Timespec
	unix.ClockGettime(unix.CLOCK_MONOTONIC, &now) // cannot fail
	return now.Nano()
}

// minorFaults is how many page faults without a disk this process has had.
func minorFaults() int64 {
	var usage unix.Rusage
	unix.Getrusage(unix.RUSAGE_SELF, &usage) // cannot fail
	return usage.Minflt
}
