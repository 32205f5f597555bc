package shm

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/samebytes/samebytes/ndarray"
)

// Handle says where the elements of an array in a segment are, for who can open them: some 200 bytes of JSON, whatever it
// names. It is what Python's to_json gives, and what its from_json takes. docs/reference/handles.md has the schema.
//
// A handle is data. [Open] checks it against the segment that it names, so that one from anybody gives elements of
// that segment, or an error.
type Handle struct {
	Domain    string   // the random token of the directory of segments: 32 hexadecimal digits
	Name      string   // of the segment
	ID        [16]byte // the segment's; of a plain .npy file its device and inode
	Offset    int      // bytes from the segment's first element to the array's
	Shape     []int    // elements
	Strides   []int    // bytes
	DType     ndarray.DType
	Descr     string // the handle's words, in JSON, for elements that have no dtype in Go; then DType is none
	BigEndian bool   // the byte order of the elements; false where they have none
	ReadOnly  bool   // who opens it may not write
}

// Handle returns a handle of the array, to be given away: each call is for one opening. A temporary segment ([New]) stays until
// then, also when it is closed here before, for as long as this process lives. (Python's a.handle is only to look at; it is
// pickling, or to_json, that gives one away there.)
// The errors are ErrClosed, ErrBadName for a file that was opened by its path, ErrAccess and ErrBroken.
func (a *Array[T]) Handle() (Handle, error) { return a.HandleOf(a.Array) }

// HandleOf returns a handle of a view of the array, as [Array.Handle] does of all of it.
// The error is also ndarray.ErrLayout, for an array that is no view of this one's segment.
func (a *Array[T]) HandleOf(view *ndarray.Array[T]) (Handle, error) {
	h, err := a.handleOf(view)
	if err == nil {
		err = a.send()
	}
	if err != nil {
		return Handle{}, fmt.Errorf("shm: handle of %q: %w", a.label(), err)
	}
	return h, nil
}

func (a *Array[T]) handleOf(view *ndarray.Array[T]) (h Handle, err error) {
	m := a.Segment.mapping
	if a.uses.Load() < 0 {
		return h, ErrClosed
	}
	if a.name == "" {
		return h, fmt.Errorf("%w: expected an array with a name, found the file %s, which others open by its path", ErrBadName, a.path)
	}
	h = Handle{Name: a.name, ID: m.id(), Shape: view.Shape(), Strides: view.Strides(), DType: view.DType(), ReadOnly: !view.Writable()}
	if view.Len() > 0 { // else it is nowhere
		offset, within := offsetOf(m, view.Data())
		if !within || offset < len(m.head) {
			return h, fmt.Errorf("%w: expected a view of this array", ndarray.ErrLayout)
		}
		h.Offset = offset - len(m.head)
	}
	for d := range h.Strides {
		h.Strides[d] *= h.DType.Size()
		if h.Strides[d] < 0 && h.Shape[d] > 0 {
			h.Offset -= (h.Shape[d] - 1) * h.Strides[d] // Data begins with the lowest element
		}
	}
	h.Domain, err = makeDomain(filepath.Dir(m.path))
	return h, err
}

// id returns what tells the mapping's bytes from others. Of a plain file, which has no id, that is not more than where they lie.
func (m *mapping) id() [16]byte {
	if m.content.controlOffset != 0 {
		return m.content.control.ID
	}
	return m.key.file.bytes()
}

// Open opens the array that a handle names: the same elements, in the same memory. The Array is a view of the segment:
// [Array.Refresh] and [Array.Resize] make it the whole, and locks are counted in the whole's positions. A read-only handle is
// opened as by [ReadOnly].
//
// The errors are ErrStale when the segment was deleted, or another array has its name; ErrNotExist when the handle is of another
// domain; ndarray.ErrDType when the elements are not T in this machine's byte order; ndarray.ErrLayout when they do not lie within
// the segment's, or not at multiples of their size; ErrBadName and ndarray.ErrShape for fields that cannot be; and those of [Attach].
func Open[T ndarray.Element](h Handle, opts ...AttachOption) (*Array[T], error) {
	a, err := openHandle[T](h, opts)
	if err != nil {
		return nil, fmt.Errorf("shm: open handle of %q: %w", h.Name, err)
	}
	return a, nil
}

func openHandle[T ndarray.Element](h Handle, opts []AttachOption) (*Array[T], error) {
	file, err := path(h.Name)
	if err != nil {
		return nil, err
	}
	if here, err := domain(Dir()); err != nil {
		return nil, err
	} else if here == "" || here != h.Domain {
		return nil, fmt.Errorf("%w: the handle is of domain %q, and this process, by %s, is in %q: what is there cannot be opened from here",
			ErrNotExist, h.Domain, Dir(), here)
	}
	want, err := elementType[T]()
	if err != nil {
		return nil, err
	}
	if h.DType != want || h.BigEndian {
		return nil, fmt.Errorf("%w: expected little-endian %v, found %s", ndarray.ErrDType, want, h.typeText())
	}
	o := attachment{writable: !h.ReadOnly, anyType: true}
	for _, opt := range opts {
		opt(&o)
	}
	m, err := attachHandle(file, o)
	if errors.Is(err, ErrNotExist) {
		return nil, fmt.Errorf("%w: the segment was deleted", ErrStale)
	}
	if err != nil {
		return nil, err
	}
	array, err := arrayAt[T](m, h)
	if err == nil {
		err = m.receive()
	}
	if err != nil {
		m.release()
		return nil, err
	}
	if !o.writable || !m.key.writable {
		array = array.ReadOnly()
	}
	return &Array[T]{array, newSegment(h.Name, file, m)}, nil
}

// attachHandle opens a file as attach does, but a temporary segment for writing where that can be: it goes with its last participant.
func attachHandle(path string, o attachment) (*mapping, error) {
	m, err := attach(path, true, o)
	if err != nil || o.writable || m.content.control.Flags&flagTemporary == 0 {
		return m, err
	}
	o.writable = true
	writable, err := attach(path, true, o)
	if errors.Is(err, ErrAccess) {
		return m, nil
	}
	m.release()
	return writable, err
}

// arrayAt returns the elements that a handle names, in a segment of which they may be anything.
func arrayAt[T ndarray.Element](m *mapping, h Handle) (*ndarray.Array[T], error) {
	if m.id() != h.ID {
		return nil, fmt.Errorf("%w: another array has the name now", ErrStale)
	}
	if len(h.Strides) != len(h.Shape) {
		return nil, fmt.Errorf("%w: expected %d strides, found %d", ndarray.ErrLayout, len(h.Shape), len(h.Strides))
	}
	n, _, err := ndarray.Size(h.Shape, h.DType.Size())
	if err != nil {
		return nil, err
	}
	room, size := m.content.nbytes, h.DType.Size()
	if m.content.control.Length != 0 {
		room = int(m.content.control.Capacity)
	}
	if h.Offset < 0 || h.Offset > room {
		return nil, fmt.Errorf("%w: expected elements in bytes 0 to %d, found them at %d", ndarray.ErrLayout, room, h.Offset)
	}
	strides := slices.Clone(h.Strides)
	for d := range strides {
		if n == 0 || h.Shape[d] == 1 {
			strides[d] = 0 // which means nothing
		}
		if strides[d]%size != 0 {
			return nil, fmt.Errorf("%w: expected strides of multiples of %d, found %v", ndarray.ErrLayout, size, h.Strides)
		}
		strides[d] /= size
	}
	if n == 0 {
		return ndarray.FromStrided[T](nil, h.Shape, strides, 0)
	}
	// What lies before the first element that is a multiple of their size away from it belongs to none.
	skip := h.Offset % size
	data, err := elements[T](m.bytes, len(m.head)+skip, max(0, room-skip)/size)
	if err != nil {
		return nil, err
	}
	array, err := ndarray.FromStrided(data, h.Shape, strides, h.Offset/size)
	if err != nil {
		return nil, fmt.Errorf("expected elements in bytes 0 to %d: %w", room, err)
	}
	return array, nil
}

// typeText returns what the handle says of the elements.
func (h Handle) typeText() string {
	if h.Descr != "" {
		return h.Descr
	}
	return string(appendType(nil, h.DType, h.BigEndian))
}
