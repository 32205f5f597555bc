package shm

import (
	"encoding/binary"
	"fmt"
	"math"
	"time"
	"unsafe"
)

// pageSize is the unit in which a segment's parts are laid out: the memory page of amd64, and of arm64 kernels in their
// usual configuration. Elements begin at a multiple of it, and so does the control block.
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

// controlBlock is the last page of a segment, little-endian. It is the only definition of the layout: the table in
// docs/reference/format.md and Python's _control.py are generated from it and its comments by
//
//	go test ./shm -run TestControlBlock -update
//
// Of all fields only Published changes once the segment has its name. The reserved bytes are zero; they leave room for the
// lock's words, and BlockSize for tables of participants and locks behind this page, under a higher Version.
type controlBlock struct {
	Magic         [8]byte  // 0x93 "SAMEBYT"
	Version       uint32   // of this layout: 1
	BlockSize     uint32   // bytes from the block's start to the file's end: 4096
	ControlOffset uint64   // file offset of the block, a multiple of 4096
	DataOffset    uint64   // file offset of the first element: the size of the .npy header
	DataSize      uint64   // bytes of all elements
	ID            [16]byte // random, so that an array is told from a later one of its name
	Created       int64    // nanoseconds since 1970-01-01 UTC
	_             [64]byte
	Published     uint64 // times published; changed atomically. Its low 4 bytes are the futex word of all who wait
	_             [56]byte
	_             [3840]byte
	Footer        controlFooter // the file's last 64 bytes, by which the block is found
}

// controlFooter ends the file.
type controlFooter struct {
	Magic         [8]byte // 0x93 "SAMEEND"
	Version       uint32  // as above
	_             [4]byte
	ControlOffset uint64 // as above
	_             [40]byte
}

const (
	controlSize     = int(unsafe.Sizeof(controlBlock{}))
	publishedOffset = int(unsafe.Offsetof(controlBlock{}.Published))
)

// segmentSize returns where the control block of a segment begins, and the size of its file: the elements are followed by
// zeros up to the next page. It fails when the file would be larger than a file offset counts.
func segmentSize(dataOffset, dataSize int) (controlOffset, fileSize int, err error) {
	const slack = 2 * pageSize // what rounding up and the block add at most
	if dataSize > maxFileSize-dataOffset-slack {
		return 0, 0, fmt.Errorf("expected at most %d bytes in a file, found elements of %d", maxFileSize, dataSize)
	}
	controlOffset = (dataOffset + dataSize + pageSize - 1) / pageSize * pageSize
	return controlOffset, controlOffset + controlSize, nil
}

const maxFileSize = math.MaxInt // Linux: loff_t, 63 bits

// newControl returns the block of a segment that is about to be named.
func newControl(id [16]byte, created time.Time, controlOffset, dataOffset, dataSize int) controlBlock {
	return controlBlock{
		Magic:         controlMagic,
		Version:       controlVersion,
		BlockSize:     uint32(controlSize),
		ControlOffset: uint64(controlOffset),
		DataOffset:    uint64(dataOffset),
		DataSize:      uint64(dataSize),
		ID:            id,
		Created:       created.UnixNano(),
		Footer:        controlFooter{Magic: footerMagic, Version: controlVersion, ControlOffset: uint64(controlOffset)},
	}
}

// encode returns the block's bytes.
func (c *controlBlock) encode() []byte {
	b, err := binary.Append(nil, binary.LittleEndian, c)
	if err != nil {
		panic(err) // the struct has only fields of fixed size, which its test proves
	}
	return b
}

// decodeFooter returns the offset of the control block that the last footerSize bytes of a file of fileSize bytes name, or
// 0 when they are no footer: the file is then a plain .npy.
// The errors are ErrVersion and ErrBroken.
func decodeFooter(b []byte, fileSize int) (controlOffset int, err error) {
	var f controlFooter
	if n, err := binary.Decode(b, binary.LittleEndian, &f); err != nil || n != footerSize || f.Magic != footerMagic {
		return 0, nil
	}
	if f.Version > controlVersion {
		return 0, fmt.Errorf("%w: expected version %d, found %d", ErrVersion, controlVersion, f.Version)
	}
	if want := fileSize - controlSize; f.Version != controlVersion || want <= 0 || f.ControlOffset != uint64(want) || want%pageSize != 0 {
		return 0, fmt.Errorf("%w: footer names a control block of version %d at %d of %d bytes", ErrBroken, f.Version, f.ControlOffset, fileSize)
	}
	return int(f.ControlOffset), nil
}

// unknownSize stands for the bytes of elements that have no Go type, of which only the control block knows the size.
const unknownSize = -1

// decodeControl returns the block whose bytes these are, checked against its place in the file and against what the
// .npy header says of the elements.
// The errors are ErrVersion and ErrBroken.
func decodeControl(b []byte, controlOffset, dataOffset, dataSize int) (controlBlock, error) {
	var c controlBlock
	if _, err := binary.Decode(b, binary.LittleEndian, &c); err != nil || c.Magic != controlMagic {
		return c, fmt.Errorf("%w: no control block at %d", ErrBroken, controlOffset)
	}
	if c.Version > controlVersion {
		return c, fmt.Errorf("%w: expected version %d, found %d", ErrVersion, controlVersion, c.Version)
	}
	if c.Version != controlVersion || c.BlockSize != uint32(controlSize) || c.ControlOffset != uint64(controlOffset) {
		return c, fmt.Errorf("%w: control block at %d says version %d, %d bytes at %d", ErrBroken, controlOffset, c.Version, c.BlockSize, c.ControlOffset)
	}
	if dataSize == unknownSize && c.DataSize <= uint64(controlOffset) {
		dataSize = int(c.DataSize)
	}
	if c.DataOffset != uint64(dataOffset) || c.DataSize != uint64(dataSize) || dataSize > controlOffset-dataOffset {
		return c, fmt.Errorf("%w: header has %d bytes at %d, control block at %d says %d bytes at %d", ErrBroken,
			dataSize, dataOffset, controlOffset, c.DataSize, c.DataOffset)
	}
	return c, nil
}
