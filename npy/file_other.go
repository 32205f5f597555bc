//go:build !linux

package npy

import (
	"io"
	"os"
)

// descriptor is an open file.
type descriptor struct{ *os.File }

// openStart opens a file, reads its first bytes into start, and returns how many.
func openStart(path string, start []byte) (d descriptor, n int, err error) {
	f, err := os.Open(path)
	if err != nil {
		return descriptor{}, 0, err
	}
	if n, err = f.Read(start); err != nil && err != io.EOF {
		f.Close() // it was only read
		return descriptor{}, 0, err
	}
	return descriptor{f}, n, nil
}

func (d descriptor) close() { d.Close() } // the error can't be helped: it was only read

func (d descriptor) file(string) *os.File { return d.File }

// chownAs does nothing: not every system has owners.
func chownAs(*os.File, os.FileInfo) {}
