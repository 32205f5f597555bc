package npy

import (
	"os"

	"golang.org/x/sys/unix"
)

// mapped returns size bytes of a file, which has as many, from an offset on that is a multiple of the page's size.
func mapped(f *os.File, offset int64, size int, access Access) ([]byte, error) {
	protection, flags := unix.PROT_READ, unix.MAP_SHARED
	switch access {
	case ReadWrite:
		protection |= unix.PROT_WRITE
	case CopyOnWrite:
		protection, flags = protection|unix.PROT_WRITE, unix.MAP_PRIVATE
	}
	return unix.Mmap(int(f.Fd()), offset, size, protection, flags)
}

func unmap(memory []byte) error {
	if memory == nil {
		return nil
	}
	return unix.Munmap(memory)
}
