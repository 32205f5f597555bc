package shm

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/samebytes/samebytes/ndarray"
	"github.com/samebytes/samebytes/npy"
)

// content is what a file that passed every check holds. Its numbers were copied out once and are never read again, so a
// peer that changes them later cannot lead anybody out of bounds.
type content struct {
	header        npy.Header
	nbytes        int // of all elements; 0 where a plain file's have no dtype
	controlOffset int // 0: a plain .npy file
	control       controlBlock
}

// mapping is a segment's file in this process's memory. There is one for each file and protection, however often the
// segment is attached. One that is writable and has a control block makes the process a participant.
type mapping struct {
	key     mappingKey
	path    string // by which it was mapped
	bytes   []byte // the whole file, from the kernel's mmap
	content content
	head    []byte      // the header's bytes, to know the file again
	refs    int         // openings; guarded by mappings.mu
	broken  atomic.Bool // a page was gone once: never to be used again, even if the file grows back

	own file // the descriptor that it was mapped by, where the memory can be used again; else noFile

	// Where the tables of boxes, and of a stream's slots and ports are, in bytes, for a segment.
	boxes, boxSize, ndim int
	ring, ports          int

	// This process as a participant: its identity, 0 for a reader, who is none; its row; and the descriptor that the row is
	// locked by, or that a reader asks by who lives.
	me   uint32
	row  int
	lock file
}

type mappingKey struct {
	file     fileID
	writable bool
}

// mappings are the process's, by file. An inode number is not given to another file while the first is mapped.
var mappings = struct {
	mu    sync.Mutex
	byKey map[mappingKey]*mapping
	all   map[*mapping]bool // also those that were found broken
}{byKey: map[mappingKey]*mapping{}, all: map[*mapping]bool{}}

// newMapping maps a file that was checked.
func (f file) newMapping(path string, info fileInfo, c content, head []byte, writable bool) (*mapping, error) {
	b, err := f.mmap(info.size, writable)
	if err != nil {
		return nil, err
	}
	return f.mappingOf(b, path, info, c, head, writable), nil
}

// mappingOf describes a file's memory.
func (f file) mappingOf(b []byte, path string, info fileInfo, c content, head []byte, writable bool) *mapping {
	m := &mapping{key: mappingKey{info.id, writable}, path: path, bytes: b, content: c, head: head, refs: 1, row: noRow, lock: noFile, own: noFile}
	if c.controlOffset != 0 {
		m.setTables()
	}
	return m
}

// setTables sets where the tables are.
func (m *mapping) setTables() {
	t := m.content.control.tables()
	boxes, ring, ports, _ := t.offsets()
	at := m.content.controlOffset
	m.boxes, m.boxSize, m.ndim = at+boxes, boxSize(t.ndim), t.ndim
	m.ring, m.ports = at+ring, at+ports
}

// participates reports whether who has the mapping is a participant.
func (m *mapping) participates() bool { return m.key.writable && m.content.controlOffset != 0 }

// release ends an opening. After the last the mapping is kept for a while, or unmapped.
func (m *mapping) release() {
	mappings.mu.Lock()
	defer mappings.mu.Unlock()
	if m.refs--; m.refs == 0 && !m.keepWarm() {
		m.end()
	}
}

// end unmaps what nobody has open. mappings.mu is held.
func (m *mapping) end() {
	if mappings.byKey[m.key] == m { // not after a broken one, which others do not find
		delete(mappings.byKey, m.key)
	}
	m.keepSpare()
	m.leave()
	m.own.close()
	delete(mappings.all, m)
	if m.bytes != nil {
		quarantine(m.bytes)
	}
}

// maxHeader is the most bytes a new segment's header may take, in pages: NumPy refuses 10,000 characters and more.
const maxHeader = 2 * pageSize

// creation is what a segment is made with.
type creation struct {
	kind     kind
	flags    uint32
	slots    int
	ports    int           // of a stream
	patience time.Duration // likewise
	fortran  bool
	mode     uint32
	huge     bool
	rows     int    // what the array may grow to, on its first axis; 0: it does not grow
	first    []byte // what the elements begin with, in place of zeros

	uninitialized bool // the elements may be what they were in a segment that this process made before
}

// create makes a segment of zeros with a header, tables and a control block, gives it its path, and maps it.
func create(path string, h npy.Header, o creation) (*mapping, error) {
	head, length, capacity, err := o.header(h)
	if err != nil {
		return nil, err
	}
	if len(head) > maxHeader {
		return nil, fmt.Errorf("%w: expected fields that take at most %d bytes of header, as NumPy reads, found %d", ndarray.ErrDType, maxHeader, len(head))
	}
	c := content{header: h, nbytes: h.NBytes(), control: controlBlock{
		Kind: uint32(o.kind), Flags: o.flags, DataOffset: uint64(len(head)), Capacity: uint64(capacity), ItemSize: uint32(h.DType.Size()),
		Slots: uint32(o.slots), Boxes: uint32(o.slots * boxesPerSlot), NDim: uint32(len(h.Shape)), Length: uint32(length),
		Dirty: uint64(h.NBytes()),
	}}
	if o.kind == kindStream {
		c.control.Ring, c.control.Ports, c.control.Patience = uint32(h.Shape[0]), uint32(o.ports), int64(o.patience)
	}
	rand.Read(c.control.ID[:]) // never fails, as its documentation says
	controlOffset, size, err := segmentSize(len(head), capacity, c.control.tables().blockSize())
	if err != nil {
		return nil, err
	}
	c.controlOffset = controlOffset
	c.control.finish(time.Now(), controlOffset)
	if exists(path) { // spares the reservation; the link below decides
		return nil, ErrExist
	}
	if o.recyclable(size) {
		if s, found := findSpare(size, filepath.Dir(path)); found {
			if m, err := s.renew(path, c, head, o); err == nil {
				return m, nil
			}
			s.discard() // and make it in the ordinary way
		}
		deadSpares(func(f file, path string, _ fileInfo) { f.unlinkIfSame(path) }) // so that what others leave is never much
	}
	m, err := c.make(path, head, size, o)
	if errors.Is(err, ErrNoSpace) {
		makeRoom()
		return c.make(path, head, size, o)
	}
	return m, err
}

// make makes a new file of that size. Nobody opens a half-made array: the file has no name until all is in it, and the link fails when
// the path is taken.
func (c content) make(path string, head []byte, size int, o creation) (*mapping, error) {
	dir := filepath.Dir(path)
	f, err := newFile(dir, o.mode)
	if err != nil {
		return nil, err
	}
	defer f.close()
	reserve := f.reserve
	if o.huge {
		reserve = f.reserveHuge
	}
	if err := reserve(size, dir); err != nil {
		return nil, err
	}
	if err := f.writeAt(head, 0); err != nil {
		return nil, err
	}
	if err := f.writeAt(o.first, len(head)); err != nil {
		return nil, err
	}
	if err := f.writeAt(c.control.bytes(), size-controlSize); err != nil {
		return nil, err
	}
	lock, err := f.reopen()
	if err != nil {
		return nil, err
	}
	if _, err := lock.lockBytes(rowByte(0), joining); err != nil { // row 0, before anybody could take the segment for dead
		lock.close()
		return nil, err
	}
	mappings.mu.Lock()
	defer mappings.mu.Unlock() // held while linking and mapping, so that nobody here maps it a second time
	if err := f.link(path); err != nil {
		lock.close()
		return nil, err
	}
	m, err := f.mapNamed(path, c, head, o.recyclable(size))
	if err != nil { // no room in this process for so large a mapping
		f.unlinkIfSame(path)
		lock.close()
		return nil, err
	}
	m.keep()
	if err := m.enter(lock, 0); err != nil {
		m.lock = lock
		m.end()
		return nil, err
	}
	return m, nil
}

// mapNamed maps a file that was just given its path. It opens the path for that, because /proc/PID/maps, where people look,
// would call a file opened without a name deleted for ever.
// Where the memory can be used again the descriptor is kept.
func (f file) mapNamed(path string, c content, head []byte, recyclable bool) (*mapping, error) {
	info, err := f.stat()
	if err != nil {
		return nil, err
	}
	g, err := openFile(path, true)
	if err != nil {
		g = noFile
	}
	named := g.is(info.id) // else it was deleted meanwhile
	if named {
		f = g
	}
	m, err := f.newMapping(path, info, c, head, true)
	if named && err == nil && recyclable {
		m.own = g
	} else {
		g.close()
	}
	return m, err
}

// attach opens a file, checks every number in it, and maps it, or returns the mapping that the process has. A stream is opened for
// reading, unless for who takes part in streams.
func attach(path string, named bool, o attachment) (*mapping, error) {
	m, err := attachAs(path, named, o)
	if errors.Is(err, errStream) {
		o.writable = false
		return attachAs(path, named, o)
	}
	return m, err
}

// errStream is returned for a stream that was to be opened for writing by who takes no part in it.
var errStream = errors.New("a stream")

func (o attachment) takes(c *controlBlock) bool {
	return !o.writable || o.stream || kind(c.Kind) != kindStream
}

func attachAs(path string, named bool, o attachment) (*mapping, error) {
	if m := attachKnown(path, named, o); m != nil {
		return m, nil
	}
	writable := o.writable
	f, info, err := open(path, named, o)
	if err != nil {
		return nil, err
	}
	defer func() { f.close() }()

	key := mappingKey{info.id, writable}
	mappings.mu.Lock()
	defer mappings.mu.Unlock() // held while mapping, so that two goroutines do not map the same file
	if m, ok := mappings.byKey[key]; ok && m.refs > 0 && !m.broken.Load() {
		if err := f.same(m, info.size); err != nil {
			return nil, err
		}
		if !o.takes(&m.content.control) {
			return nil, errStream
		}
		m.refs++
		return m, nil
	}
	c, head, err := f.read(info.size)
	if err != nil && !(o.anyType && c.controlOffset != 0) {
		return nil, err
	}
	if !o.takes(&c.control) {
		return nil, errStream
	}
	if m, ok := mappings.byKey[key]; ok && m.refs == 0 {
		m.useAgain()
		if m.refs++; m.holds(info.size, head, &c.control) {
			return m, nil
		}
		m.end() // somebody wrote another array over it while nobody here had it open
	}
	m, err := f.newMapping(path, info, c, head, writable)
	if err != nil {
		return nil, err
	}
	if m.participates() {
		if err := m.join(f); err != nil {
			unmap(m.bytes) // fails only for what is no mapping
			return nil, err
		}
	} else if c.controlOffset != 0 {
		m.lock, f = f, noFile
	}
	m.keep()
	return m, nil
}

// attachKnown returns the mapping that the process has of the segment, if that is what stands at the path. To look at the path costs a
// tenth of opening it and reading what it holds. A plain file is always read: it has no id, and another program may have put another array
// there. For what is not as it should be it returns nil; the error is found on the long way.
func attachKnown(path string, named bool, o attachment) *mapping {
	info, err := lookAt(path)
	if err != nil || info.check(named, o.trust) != nil {
		return nil
	}
	mappings.mu.Lock()
	defer mappings.mu.Unlock()
	m := mappings.byKey[mappingKey{info.id, o.writable}]
	if m == nil || m.content.controlOffset == 0 || m.broken.Load() || info.size != len(m.bytes) || !o.takes(&m.content.control) {
		return nil
	}
	if m.refs == 0 {
		if !m.holdsStill() {
			return nil
		}
		m.useAgain()
	}
	m.refs++
	return m
}

// holdsStill is holds, of a file of the mapping's size, and reads the mapping itself.
func (m *mapping) holdsStill() (still bool) {
	var cut error
	defer func() { still = still && cut == nil }()
	defer m.notFault(&cut, setFaults())
	return m.control().Footer == m.content.control.Footer && m.holds(len(m.bytes), m.bytes[:len(m.head)], m.control())
}

// holds reports whether a file of that size, header and control block is still what the mapping was made of.
func (m *mapping) holds(size int, head []byte, c *controlBlock) bool {
	return size == len(m.bytes) && !m.broken.Load() && bytes.Equal(head, m.head) && bytes.Equal(c.fixed(), m.content.control.fixed())
}

// keep makes the mapping the process's. mappings.mu is held.
func (m *mapping) keep() {
	mappings.byKey[m.key] = m
	mappings.all[m] = true
}
