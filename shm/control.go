package shm

import (
	"fmt"
	"math"
	"time"
	"unsafe"

	"github.com/samebytes/samebytes/ndarray"
)

// pageSize is the unit in which a segment's parts are laid out: the memory page of amd64, and of arm64 kernels in their
// usual configuration. Elements begin at a multiple of it, and so do the tables and the control block.
const pageSize = 4096

const (
	controlVersion = 1
	footerSize     = 64
)

// Each magic begins with a byte that is not ASCII, as .npy's own does, so that no text file has it.
var (
	controlMagic = [8]byte{0x93, 'S', 'A', 'M', 'E', 'B', 'Y', 'T'}
	footerMagic  = [8]byte{0x93, 'S', 'A', 'M', 'E', 'E', 'N', 'D'}
)

// controlBlock is the last page of a segment, little-endian. With [participant], [box], [slot] and [port], the rows of the tables
// before it, it is the only definition of the layout: the tables in docs/reference/format.md, Python's _control.py and the
// extension's layout.h are generated from them and their comments by
//
//	go test ./shm -run TestControlBlock -update
//
// The fields up to Length never change once the segment has its name. Reserved bytes are zero.
type controlBlock struct {
	Magic         [8]byte  // 0x93 "SAMEBYT"
	Version       uint32   // of this layout: 1
	Kind          uint32   // what the segment is for: 0 an array, 1 mutex, 2 rlock, 3 semaphore, 4 bounded semaphore, 5 event, 6 condition, 7 barrier, 8 counter, 9 stream
	ControlOffset uint64   // file offset of the tables, a multiple of 4096
	BlockSize     uint64   // bytes from there to the file's end, a multiple of 4096
	DataOffset    uint64   // file offset of the first element: the size of the .npy header
	Capacity      uint64   // bytes reserved for elements
	ItemSize      uint32   // bytes of an element
	Flags         uint32   // 1: temporary, goes with its last participant; 2: a death inside a lock leaves no mark; 4: of a stream: its writers never wait for readers
	ID            [16]byte // random, so that an array is told from a later one of its name
	Created       int64    // nanoseconds since 1970-01-01 UTC
	Slots         uint32   // rows of the table of participants: 1 to 256
	Boxes         uint32   // rows of the table of boxes: 1 to 1024
	NDim          uint32   // axes of a box: those of the array
	Length        uint32   // file offset of the 8 characters in the header that are the first axis's length; 0: the array cannot grow
	Ring          uint32   // of a stream: its slots, the length of the first axis
	Ports         uint32   // of a stream: rows of the table of ports, 1 to 256
	Patience      int64    // of a stream: nanoseconds for which a writer waits for room; 0: as long as it likes
	_             [16]byte
	Published     uint64 // times published; changed atomically. Its low 4 bytes are the futex word of all who wait
	Head          uint64 // of a stream: the number of the item published last, from 1; changed under the latch
	Ended         uint32 // of a stream: 1 when its last writer closed it
	_             [44]byte
	Latch         uint32 // the word that guards the table of boxes: 0, or its holder; bit 31: others sleep on it
	Used          uint32 // boxes from this row on are free; changed under the latch
	Waiting       uint32 // 0: no box waits, so that who unlocks need not look
	_             [4]byte
	Ticket        uint64 // the last number given to a box, in the order of asking; changed under the latch
	Writes        uint64 // exclusive locks granted; changed under the latch
	Dirty         uint64 // bytes of elements from the first that may be other than zero; changed under the lock of the whole array
	InFlight      uint64 // of a temporary segment: handles given away and not opened yet; changed atomically
	Keeper        uint64 // the byte of the domain file that is locked while somebody lives who may still open them
	_             [8]byte
	Floor         uint64 // of a stream: no port needs an item below; changed under the latch
	Next          uint32 // of a stream: the slot that is looked at first for the next item; changed under the latch
	UsedPorts     uint32 // of a stream: ports from this row on are free; changed under the latch
	Waits         uint64 // of a stream: how often a writer has waited for room; changed atomically
	Waited        uint64 // of a stream: nanoseconds of that; changed atomically
	_             [32]byte
	Room          uint32 // of a stream: the futex word of writers that wait for room; readers add to it
	Hungry        uint32 // of a stream: 1 where a writer waits for room
	_             [3704]byte
	Footer        controlFooter // the file's last 64 bytes, by which the tables are found
}

// controlFooter ends the file.
type controlFooter struct {
	Magic         [8]byte // 0x93 "SAMEEND"
	Version       uint32  // as above
	_             [4]byte
	ControlOffset uint64 // as above
	_             [40]byte
}

// participant is a row of the first table. The byte rowByte of its number is locked by who has it (an open file description lock), which
// the kernel ends with the process. All but Generation is for people to read.
type participant struct {
	Generation uint32   // times taken
	PID        uint32   // of the process that has it or had it last; 0 after it left
	Joined     int64    // nanoseconds since 1970-01-01 UTC
	Language   [8]byte  // "go", "python" or "c", then zeros
	Program    [40]byte // the end of the program's name, UTF-8, then zeros
	Host       [64]byte // likewise
}

// participantByte is where the participants' locked bytes begin, far past the end of any file: two for each row.
const participantByte = 1 << 62

func rowByte(row int) int { return participantByte + 2*row }

// box is a row of the second table, followed by NDim pairs of int64: on each axis the first position and the one after the
// last. Rows are written under the latch, and become what they say by the store of Owner. They are freed by their owner
// without it.
type box struct {
	Owner  uint64 // 0: free. Bits 0-29 are the holder as in Latch, bits 32-34 the state: 1 and 2 waiting for a shared or exclusive lock, 3 and 4 holding one, 5 what a dead holder left half written
	Thread uint64 // which thread of its process; 0 where that does not matter
	Ticket uint64 // its place among those who asked
	Wake   uint32 // the futex word that its owner sleeps on: 0 asleep, 1 woken
	Passed uint32 // how often others that asked later were served first
}

// slot is a row of a stream's third table, of which there are Ring.
type slot struct {
	Number uint64   // of the item in the slot's elements; 0: none. Bit 63: a writer looks whether a port needs it
	Owner  uint32   // the identity of who has it on loan; 0: nobody
	Order  uint32   // the slot of the item whose number modulo Ring is this row
	Time   int64    // when the item was published, nanoseconds since 1970-01-01 UTC
	Length uint64   // how many of the slot's elements on the item's first axis are the item's
	_      [32]byte // so that slots share no cache line
}

// port is a row of a stream's fourth table: somebody who writes to it, or reads from it.
type port struct {
	Owner  uint32   // the identity of who has it; 0: the row is free; bit 30: a group, which its members have
	Role   uint32   // 1 a writer, 2 a reader, 3 a group of readers, 4 one of its members
	Group  uint32   // of a member: the row of its group
	Slot   uint32   // of a member: the slot of the item that it has
	From   uint64   // the lowest number of an item that it needs; of a group: of the next item for a member
	To     uint64   // the number after the last item that it has taken
	Items  uint64   // how many it has taken, or published
	Missed uint64   // how many were written over before it took them
	Name   [24]byte // of a group, UTF-8, then zeros
	_      [56]byte
}

const (
	controlSize     = int(unsafe.Sizeof(controlBlock{}))
	participantSize = int(unsafe.Sizeof(participant{}))
	boxHeadSize     = int(unsafe.Sizeof(box{}))
	slotSize        = int(unsafe.Sizeof(slot{}))
	portSize        = int(unsafe.Sizeof(port{}))
	cacheLine       = 64

	// flightOffset is where InFlight and Keeper stand in the control block, one behind the other.
	flightOffset = int(unsafe.Offsetof(controlBlock{}.InFlight))
)

// Sizes of the tables of a new segment. Every participant may hold a box and wait for another.
const (
	defaultSlots = 64
	maxSlots     = 256 // what Latch and Owner have bits for is 1022
	maxBoxes     = 1024
	boxesPerSlot = 2
	defaultPorts = 64
	maxPorts     = 256
	maxRing      = 1 << 20 // slots of 64 bytes each beside their elements
)

// Bits of controlBlock.Flags.
const (
	flagTemporary     = 1
	flagRecoverAlways = 2
	flagLossy         = 4
	knownFlags        = flagTemporary | flagRecoverAlways | flagLossy
)

// boxSize returns the bytes of a row of the table of boxes: whole cache lines.
func boxSize(ndim int) int { return roundUp(boxHeadSize+16*ndim, cacheLine) }

// tables says how many rows a segment's tables have.
type tables struct{ slots, boxes, ndim, ring, ports int }

// offsets returns where the table of boxes begins, and those of a stream's slots and ports, and where all of them end, as bytes
// behind the first.
func (t tables) offsets() (boxes, ring, ports, end int) {
	boxes = t.slots * participantSize
	ring = roundUp(boxes+t.boxes*boxSize(t.ndim), cacheLine)
	ports = ring + t.ring*slotSize
	return boxes, ring, ports, ports + t.ports*portSize
}

// blockSize returns the bytes of the tables and the control block.
func (t tables) blockSize() int {
	_, _, _, end := t.offsets()
	return roundUp(end, pageSize) + controlSize
}

func roundUp(n, to int) int { return (n + to - 1) / to * to }

// segmentSize returns where the tables of a segment begin, and the size of its file: the elements are followed by zeros up to
// the next page. It fails when the file would be larger than a file offset counts.
func segmentSize(dataOffset, capacity, blockSize int) (controlOffset, fileSize int, err error) {
	if capacity > maxFileSize-dataOffset-pageSize-blockSize {
		return 0, 0, fmt.Errorf("%w: expected at most %d bytes in a file, found elements of %d", ndarray.ErrShape, maxFileSize, capacity)
	}
	controlOffset = roundUp(dataOffset+capacity, pageSize)
	return controlOffset, controlOffset + blockSize, nil
}

const maxFileSize = math.MaxInt // Linux: loff_t, 63 bits

// kind is what a segment is for.
type kind uint32

const (
	kindArray kind = iota
	kindMutex
	kindRLock
	kindSemaphore
	kindBoundedSemaphore
	kindEvent
	kindCondition
	kindBarrier
	kindCounter
	kindStream
)

var kindNames = []string{"array", "mutex", "rlock", "semaphore", "bounded semaphore", "event", "condition", "barrier", "counter", "stream"}

func (k kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return fmt.Sprintf("kind %d", uint32(k))
}

// bytes returns the block's bytes, sharing its memory.
func (c *controlBlock) bytes() []byte {
	// Sound: the struct has only fields of fixed size and no padding, which TestControlBlock proves.
	return unsafe.Slice((*byte)(unsafe.Pointer(c)), controlSize)
}

// fixed returns the fields that never change, sharing their memory.
func (c *controlBlock) fixed() []byte { return c.bytes()[:unsafe.Offsetof(c.Published)] }

// tables returns what the block says of the tables.
func (c *controlBlock) tables() tables {
	return tables{int(c.Slots), int(c.Boxes), int(c.NDim), int(c.Ring), int(c.Ports)}
}

// finish fills in what follows from the other fields, and where the block is.
func (c *controlBlock) finish(created time.Time, controlOffset int) {
	c.Magic, c.Version = controlMagic, controlVersion
	c.ControlOffset, c.BlockSize = uint64(controlOffset), uint64(c.tables().blockSize())
	c.Created = created.UnixNano()
	c.Footer = controlFooter{Magic: footerMagic, Version: controlVersion, ControlOffset: uint64(controlOffset)}
}

// decodeControl returns the block that the last page of a file of fileSize bytes holds, or false when it holds none: the file
// is then a plain .npy. Every number is checked against the others and the file's size.
// The errors are ErrVersion and ErrBroken.
func decodeControl(page []byte, fileSize int) (c controlBlock, found bool, err error) {
	if len(page) < footerSize || [8]byte(page[len(page)-footerSize:]) != footerMagic {
		return c, false, nil
	}
	b := c.bytes()
	copy(b[max(0, controlSize-len(page)):], page[max(0, len(page)-controlSize):])
	if v := c.Footer.Version; v > controlVersion {
		return c, false, versionError(v)
	}
	at := fileSize - controlSize
	if at <= 0 || c.Magic != controlMagic {
		return c, false, fmt.Errorf("%w: no control block in the last page of %d bytes", ErrBroken, fileSize)
	}
	if c.Version > controlVersion {
		return c, false, versionError(c.Version)
	}
	if c.Version != controlVersion || c.Footer.Version != controlVersion || c.Footer.ControlOffset != c.ControlOffset {
		return c, false, fmt.Errorf("%w: control block of version %d with tables at %d, footer of version %d at %d", ErrBroken,
			c.Version, c.ControlOffset, c.Footer.Version, c.Footer.ControlOffset)
	}
	if c.Slots < 1 || c.Slots > maxSlots || c.Boxes < 1 || c.Boxes > maxBoxes || c.NDim > ndarray.MaxDims || c.Flags&^knownFlags != 0 {
		return c, false, fmt.Errorf("%w: control block for %d participants, %d boxes of %d axes, flags %#x", ErrBroken,
			c.Slots, c.Boxes, c.NDim, c.Flags)
	}
	if isStream := kind(c.Kind) == kindStream; isStream != (c.Ring > 0) || isStream != (c.Ports > 0) || c.Ring > maxRing || c.Ports > maxPorts ||
		c.Patience < 0 || isStream && c.NDim == 0 {
		return c, false, fmt.Errorf("%w: control block of kind %v for %d slots and %d ports, on %d axes, patience %d", ErrBroken,
			kind(c.Kind), c.Ring, c.Ports, c.NDim, c.Patience)
	}
	size := uint64(c.tables().blockSize())
	if c.BlockSize != size || c.ControlOffset%pageSize != 0 || c.ControlOffset != uint64(fileSize)-size {
		return c, false, fmt.Errorf("%w: control block says %d bytes at %d, expected %d at the end of %d", ErrBroken,
			c.BlockSize, c.ControlOffset, size, fileSize)
	}
	if c.DataOffset > c.ControlOffset || c.Capacity > c.ControlOffset-c.DataOffset {
		return c, false, fmt.Errorf("%w: control block says %d bytes of elements at %d, before tables at %d", ErrBroken,
			c.Capacity, c.DataOffset, c.ControlOffset)
	}
	return c, true, nil
}

func versionError(found uint32) error {
	return fmt.Errorf("%w: expected version %d, found %d", ErrVersion, controlVersion, found)
}

// check says whether the block belongs to elements of itemSize bytes, nbytes in all, that begin at dataOffset.
// The error is ErrBroken.
func (c *controlBlock) check(dataOffset, ndim, itemSize, nbytes int) error {
	if c.DataOffset != uint64(dataOffset) || c.NDim != uint32(ndim) || c.ItemSize != uint32(itemSize) || uint64(nbytes) > c.Capacity {
		return fmt.Errorf("%w: header has %d bytes on %d axes at %d, each element %d; control block says at most %d on %d at %d, each %d",
			ErrBroken, nbytes, ndim, dataOffset, itemSize, c.Capacity, c.NDim, c.DataOffset, c.ItemSize)
	}
	return nil
}
