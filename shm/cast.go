package shm

// Mapped bytes become counters here, and elements by ndarray.ElementsOf: nowhere else.

import (
	"fmt"
	"unsafe"

	"github.com/samebytes/samebytes/ndarray"
)

// elements returns n elements that begin at byte off, sharing b's memory.
// The error is ndarray.ErrLayout when they are not aligned, as in a .npy file whose header was not padded.
func elements[T ndarray.Element](b []byte, off, n int) ([]T, error) {
	// The bytes live outside the garbage collector's heap until unmapped. Any are a value of every type but bool, of which only 0
	// and 1 are, as [Attach] tells its callers.
	data, err := ndarray.ElementsOf[T](b[off:off+n*ndarray.DTypeOf[T]().Size()], n)
	if err != nil {
		return nil, fmt.Errorf("elements from byte %d of the file on: %w", off, err)
	}
	return data, nil
}

// offsetOf returns how many bytes the slice's first element lies behind the mapping's beginning, and whether all of it lies within.
func offsetOf[T ndarray.Element](m *mapping, data []T) (offset int, within bool) {
	// Sound: only compared, as numbers, with the addresses of memory that the caller keeps mapped.
	start, p := uintptr(unsafe.Pointer(unsafe.SliceData(m.bytes))), uintptr(unsafe.Pointer(unsafe.SliceData(data)))
	size := uintptr(len(data)) * unsafe.Sizeof(*new(T))
	if p < start || p-start > uintptr(len(m.bytes)) || size > uintptr(len(m.bytes))-(p-start) {
		return 0, false
	}
	return int(p - start), true
}

// control returns the control block in the mapping, which must have one. Its words change under this process: those that say
// where something is are in content, checked.
func (m *mapping) control() *controlBlock {
	// Sound: the block is the last page of the file, mapped whole; the offsets of its words are multiples of their sizes.
	// Guarded by TestControlBlock.
	return (*controlBlock)(unsafe.Pointer(&m.bytes[len(m.bytes)-controlSize]))
}

// futexWord returns the low half of the counter of publications: the lower address, both systems that are supported being
// little-endian. Sound as control is. Guarded by TestM05VersionWraps.
func (m *mapping) futexWord() *uint32 {
	return (*uint32)(unsafe.Pointer(&m.control().Published))
}

// participant returns a row of the table of participants, of which there are content.control.Slots.
func (m *mapping) participant(row int) *participant {
	// Sound: decodeControl checked that the tables lie within the file and are as long as their rows. Guarded by FuzzControl.
	return (*participant)(unsafe.Pointer(&m.bytes[m.content.controlOffset+row*participantSize]))
}

// box returns a row of the table of boxes, of which there are content.control.Boxes, and its ranges, sharing their memory.
func (m *mapping) box(row int) (*box, []span) {
	// Sound: as participant. The index checks the row's beginning, and the table's rows are of one size.
	p := unsafe.Pointer(&m.bytes[m.boxes+row*m.boxSize])
	return (*box)(p), unsafe.Slice((*span)(unsafe.Add(p, boxHeadSize)), m.ndim)
}

// slot returns a row of a stream's table of slots, of which there are content.control.Ring.
func (m *mapping) slot(i int) *slot {
	// Sound: as participant. The index checks the row's beginning, and the table's rows are of one size.
	return (*slot)(unsafe.Pointer(&m.bytes[m.ring+i*slotSize]))
}

// port returns a row of a stream's table of ports, of which there are content.control.Ports.
func (m *mapping) port(row int) *port {
	// Sound: as slot.
	return (*port)(unsafe.Pointer(&m.bytes[m.ports+row*portSize]))
}

// lengthField returns the characters of the header that are the length of a growable array's first axis.
func (m *mapping) lengthField() *uint64 {
	// Sound: Length is a multiple of 8 within the header, as content.read checked. Guarded by TestResize.
	return (*uint64)(unsafe.Pointer(&m.bytes[m.content.control.Length]))
}
