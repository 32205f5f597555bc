package main

import (
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
