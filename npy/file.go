package npy

import (
	"bytes"
	"io"
	"math"
	"os"
	"strings"
	"sync"
)

// file is a file that is read from its beginning, once. What a small one has comes with the header, in one call.
type file struct {
	path  string
	fd    descriptor
	start [4096]byte // of the file; of no more than a page, which costs as much as less
	n     int        // bytes of start that were read
	used  int        // bytes of start that Read has returned
	rest  *os.File   // what owns fd, once more than start is wanted
}

// files has those that are closed, whose memory is taken again.
var files = sync.Pool{New: func() any { return new(file) }}

// openFile opens a file to be read. The errors are those of os.Open and of os.File.Read.
func openFile(path string) (*file, error) {
	f := files.Get().(*file)
	f.path, f.used = path, 0
	var err error
	if f.fd, f.n, err = openStart(path, f.start[:]); err != nil {
		files.Put(f)
		return nil, err
	}
	return f, nil
}

// close closes the file, which must not be used any more.
func (f *file) close() {
	if f.rest != nil {
		f.rest.Close() // it was only read
	} else {
		f.fd.close()
	}
	f.path, f.rest = "", nil
	files.Put(f)
}

// Read reads on behind what was read last.
func (f *file) Read(p []byte) (int, error) {
	if f.used < f.n {
		n := copy(p, f.start[f.used:f.n])
		f.used += n
		return n, nil
	}
	return f.whole().Read(p)
}

// header goes over the next array's header, and returns it where all of it is in start.
func (f *file) header() []byte {
	b := f.start[f.used:f.n]
	size, _, err := measure(b)
	if err != nil || size > len(b) {
		return nil
	}
	f.used += size
	return b[:size]
}

// whole returns the file, whose offset is behind start.
func (f *file) whole() *os.File {
	if f.rest == nil {
		f.rest = f.fd.file(f.path)
	}
	return f.rest
}

// behind returns r as a file that can be read anywhere, the offset of what comes next, and the file's size.
func behind(r io.Reader) (f *os.File, at, size int64, ok bool) {
	switch r := r.(type) {
	case *file:
		f = r.whole()
		at = int64(r.used - r.n) // what was read ahead
	case *os.File:
		f = r
	default:
		return nil, 0, 0, false
	}
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return nil, 0, 0, false
	}
	offset, err := f.Seek(0, io.SeekCurrent)
	return f, offset + at, info.Size(), err == nil
}

// remaining returns how many bytes r has at most, and whether it certainly has them. Of more than are needed it need not know.
func remaining(r io.Reader, needed int) (n int, known bool) {
	switch r := r.(type) {
	case *memberReader:
		return int(min(r.left, math.MaxInt)), r.packed == nil
	case *bytes.Reader:
		return r.Len(), true
	case *bytes.Buffer:
		return r.Len(), true
	case *strings.Reader: // another type's Len may count something else
		return r.Len(), true
	case *file:
		if had := r.n - r.used; needed <= had {
			return had, true
		}
	}
	_, at, size, ok := behind(r)
	if !ok || size-at > math.MaxInt {
		return math.MaxInt, false
	}
	return int(max(size-at, 0)), true
}
