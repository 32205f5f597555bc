package shm

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"github.com/samebytes/samebytes/ndarray"
	"github.com/samebytes/samebytes/npy"
)

// content is what a file that passed every check holds. Its numbers were copied out once and are never read again, so a
// peer that changes them later cannot lead anybody out of bounds.
type content struct {
	header        npy.Header
	controlOffset int // 0: a plain .npy file
	control       controlBlock
}

// mapping is a segment's file in this process's memory. There is one for each file and protection, however often the
// segment is attached.
type mapping struct {
	key     mappingKey
	bytes   []byte // the whole file, from the kernel's mmap
	content content
	head    []byte // the header's bytes, to know the file again
	refs    int    // openings and waits in progress; guarded by mappings.mu
}

type mappingKey struct {
	file     fileID
	writable bool
}

// mappings are the process's, by file. An inode number is not given to another file while the first is mapped.
var mappings = struct {
	mu    sync.Mutex
	byKey map[mappingKey]*mapping
}{byKey: map[mappingKey]*mapping{}}

func (m *mapping) acquire() {
	mappings.mu.Lock()
	m.refs++
	mappings.mu.Unlock()
}

func (m *mapping) release() error {
	mappings.mu.Lock()
	defer mappings.mu.Unlock()
	if m.refs--; m.refs > 0 {
		return nil
	}
	delete(mappings.byKey, m.key)
	return unmap(m.bytes)
}

// Segment is one opening of a segment or file: its names and its counter of publications. An [Array] embeds it.
type Segment struct {
	name string
	path string

	mapping *mapping
	mu      sync.RWMutex       // held for reading while the mapping is touched, for writing by Close
	open    context.Context    // ends with Close
	end     context.CancelFunc // ends it
}

func newSegment(name, path string, m *mapping) *Segment {
	s := &Segment{name: name, path: path, mapping: m}
	s.open, s.end = context.WithCancel(context.Background())
	return s
}

// Name returns the segment's name, or "" for a file opened by its path.
func (s *Segment) Name() string { return s.name }

// Path returns the path of the file, as it was when the segment was opened.
func (s *Segment) Path() string { return s.path }

// ID returns the random id that tells this array from a later one of the same name; zero for a plain .npy file.
func (s *Segment) ID() [16]byte { return s.mapping.content.control.ID }

// close ends this opening; views of the array must not be used any more. Waits in progress return ErrClosed.
func (s *Segment) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open.Err() != nil {
		return fmt.Errorf("shm: close %q: %w", s.label(), ErrClosed)
	}
	s.end()
	if err := s.mapping.release(); err != nil {
		return fmt.Errorf("shm: close %q: %w", s.label(), err)
	}
	return nil
}

// label is what messages call the segment.
func (s *Segment) label() string {
	if s.name != "" {
		return s.name
	}
	return s.path
}

// create makes a file of zeros with a header and a control block, gives it its path, and maps it. Nobody opens a half-made
// array: the file has no name until all is in it, and the link fails when the path is taken.
func create(path string, h npy.Header, mode uint32) (*mapping, error) {
	head, err := h.Append(nil, pageSize)
	if err != nil {
		return nil, err
	}
	controlOffset, size, err := segmentSize(len(head), h.NBytes())
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ndarray.ErrShape, err)
	}
	if exists(path) { // spares the reservation; the link below decides
		return nil, ErrExist
	}
	dir := filepath.Dir(path)
	f, err := newFile(dir, mode)
	if err != nil {
		return nil, err
	}
	defer f.close()
	if err := f.reserve(size, dir); err != nil {
		return nil, err
	}
	var id [16]byte
	rand.Read(id[:]) // never fails, as its documentation says
	c := content{h, controlOffset, newControl(id, time.Now(), controlOffset, len(head), h.NBytes())}
	if err := f.writeAt(head, 0); err != nil {
		return nil, err
	}
	if err := f.writeAt(c.control.encode(), controlOffset); err != nil {
		return nil, err
	}
	mappings.mu.Lock()
	defer mappings.mu.Unlock() // held while linking and mapping, so that nobody here maps it a second time
	if err := f.link(path); err != nil {
		return nil, err
	}
	m, err := f.mapNamed(path, size)
	if err != nil { // no room in this process for so large a mapping
		f.unlinkIfSame(path)
		return nil, err
	}
	m.content, m.head = c, head
	mappings.byKey[m.key] = m
	return m, nil
}

// mapNamed maps a file that was just given its path. It opens the path for that, because /proc/PID/maps, where people look,
// would call a file opened without a name deleted for ever.
func (f file) mapNamed(path string, size int) (*mapping, error) {
	info, err := f.stat()
	if err != nil {
		return nil, err
	}
	if g, err := openFile(path, true); err == nil {
		defer g.close()
		if other, err := g.stat(); err == nil && other.id == info.id { // else it was deleted meanwhile
			f = g
		}
	}
	b, err := f.mmap(size, true)
	return &mapping{key: mappingKey{info.id, true}, bytes: b, refs: 1}, err
}

// attach opens a file, checks every number in it, and maps it, or returns the mapping that the process has.
func attach(path string, named, writable bool) (*mapping, error) {
	f, info, err := open(path, named, writable)
	if err != nil {
		return nil, err
	}
	defer f.close()

	key := mappingKey{info.id, writable}
	mappings.mu.Lock()
	defer mappings.mu.Unlock() // held while mapping, so that two goroutines do not map the same file
	if m, ok := mappings.byKey[key]; ok {
		if err := f.same(m, info.size); err != nil {
			return nil, err
		}
		m.refs++
		return m, nil
	}
	c, head, err := f.read(info.size)
	if err != nil {
		return nil, err
	}
	m := &mapping{key: key, content: c, head: head, refs: 1}
	if m.bytes, err = f.mmap(info.size, writable); err != nil {
		return nil, err
	}
	mappings.byKey[key] = m
	return m, nil
}

// open opens what stands at the path and checks that it may be read as an array: a regular file and, for a named segment,
// this user's own under this one name.
func open(path string, named, writable bool) (file, fileInfo, error) {
	f, err := openFile(path, writable)
	if err != nil {
		return f, fileInfo{}, err
	}
	info, err := f.stat()
	if err == nil {
		err = info.check(named)
	}
	if err != nil {
		f.close()
		return f, info, err
	}
	return f, info, nil
}

// check says why the file is not to be mapped. Whose it is and how many links it has matters only in the directory of
// segments, where others may write: a path is the caller's own choice.
func (i fileInfo) check(named bool) error {
	switch {
	case !i.regular:
		return fmt.Errorf("%w: expected a regular file, found %s", ErrAccess, i.kind)
	case !named:
		return nil
	case i.links == 0:
		return fmt.Errorf("%w: deleted while opening", ErrNotExist)
	case i.foreign:
		return fmt.Errorf("%w: expected a file of this user, found one of user %d", ErrAccess, i.owner)
	case i.links > 1:
		return fmt.Errorf("%w: expected one name for the file, found %d hard links", ErrAccess, i.links)
	}
	return nil
}

// readHeader returns a file's header and its bytes. All is read by system calls, which a file that is cut meanwhile makes
// fail, where a mapping would fault.
func (f file) readHeader(size int) (npy.Header, []byte, error) {
	head := make([]byte, min(size, pageSize))
	if err := f.readAt(head, 0); err != nil {
		return npy.Header{}, nil, err
	}
	n, err := npy.HeaderSize(head)
	if err != nil {
		return npy.Header{}, nil, err
	}
	if n > size {
		return npy.Header{}, nil, fmt.Errorf("%w: expected a header of %d bytes, found a file of %d", npy.ErrTruncated, n, size)
	}
	if n > len(head) {
		head = make([]byte, n)
		if err := f.readAt(head, 0); err != nil {
			return npy.Header{}, nil, err
		}
	}
	head = head[:n]
	h, err := npy.Parse(head)
	return h, head, err
}

// read returns the file's content, with every number checked against the others and against the file's size, and the
// header's bytes. Where only the Go type of the elements is missing, the content beside the error has the header.
func (f file) read(size int) (content, []byte, error) {
	h, head, err := f.readHeader(size)
	if err != nil {
		return content{header: h}, nil, err
	}
	if found := size - len(head); h.NBytes() > found {
		return content{}, nil, fmt.Errorf("%w: expected %d bytes of elements for shape %v of %v, found %d",
			npy.ErrTruncated, h.NBytes(), h.Shape, h.DType, found)
	}
	c := content{header: h}
	c.controlOffset, c.control, err = f.readControl(size, len(head), h.NBytes())
	return c, head, err
}

// readControl returns the offset of the control block and the block, or 0 when the file has none.
func (f file) readControl(size, dataOffset, dataSize int) (int, controlBlock, error) {
	if size < dataOffset+footerSize {
		return 0, controlBlock{}, nil
	}
	footer := make([]byte, footerSize)
	if err := f.readAt(footer, size-footerSize); err != nil {
		return 0, controlBlock{}, err
	}
	offset, err := decodeFooter(footer, size)
	if err != nil || offset == 0 {
		return 0, controlBlock{}, err
	}
	block := make([]byte, controlSize)
	if err := f.readAt(block, offset); err != nil {
		return 0, controlBlock{}, err
	}
	control, err := decodeControl(block, offset, dataOffset, dataSize)
	return offset, control, err
}

// unlinkIfSame takes back the path that was given to a new file, unless another file has it by now.
func (f file) unlinkIfSame(path string) {
	g, err := openFile(path, false)
	if err != nil {
		return
	}
	defer g.close()
	mine, err := f.stat()
	if there, thereErr := g.stat(); err == nil && thereErr == nil && mine.id == there.id {
		unlink(path) // the error that led here says it all
	}
}

// same checks that a file that is mapped already still holds what it held. Of a segment the mapping's own copy counts, whatever
// was written over it; a plain file has no id, and another program may have put another array there.
func (f file) same(m *mapping, size int) error {
	if size != len(m.bytes) {
		return fmt.Errorf("%w: mapped with %d bytes, the file has %d now", ErrBroken, len(m.bytes), size)
	}
	if m.content.controlOffset != 0 {
		return nil
	}
	head := make([]byte, len(m.head))
	if err := f.readAt(head, 0); err != nil {
		return err
	}
	if !bytes.Equal(head, m.head) {
		return fmt.Errorf("%w: the header was replaced since the file was mapped", ErrBroken)
	}
	return nil
}
