package shm

import (
	"fmt"
	"io/fs"
	"reflect"

	"github.com/samebytes/samebytes/ndarray"
	"github.com/samebytes/samebytes/npy"
)

// Array is an opening of a segment as an N-dimensional array: the [ndarray.Array] over the bytes that all processes share,
// and the [Segment]'s name and counter. Close it when no view of it is in use any more.
type Array[T ndarray.Element] struct {
	*ndarray.Array[T]
	*Segment
}

// CreateOption is an option of [Create] and [CreateFile].
type CreateOption func(*creation)

// Fortran lays the elements out in Fortran order, the first axis varying fastest. The default is C order.
func Fortran() CreateOption { return func(c *creation) { c.fortran = true } }

// Mode sets the permission bits of the file, whatever the umask. The default is 0o600: this user alone.
func Mode(mode fs.FileMode) CreateOption { return func(c *creation) { c.mode = uint32(mode.Perm()) } }

// Slots sets how many processes may have the segment open for writing at the same time: 1 to 256, by default 64. Each slot takes
// 256 bytes and more of the file.
func Slots(n int) CreateOption { return func(c *creation) { c.slots = n } }

// Huge asks for huge pages, of 2 MiB on most machines, which are made and first touched several times faster. The system decides:
// see /sys/kernel/mm/transparent_hugepage/shmem_enabled, and the option huge of tmpfs.
func Huge() CreateOption { return func(c *creation) { c.huge = true } }

// Uninitialized leaves the elements of a temporary segment as they are, where its memory is that of one which this process made before:
// for who writes all of them.
func Uninitialized() CreateOption { return func(c *creation) { c.uninitialized = true } }

// Capacity reserves memory for so many rows, the length of the first axis that [Array.Resize] and [Array.Append] may grow the array
// to: at most [npy.MaxLength]. The array is in C order.
func Capacity(rows int) CreateOption { return func(c *creation) { c.rows = rows } }

// RecoverAlways creates a segment whose locks take no note of deaths: the next holder finds whatever the dead one left, and must
// cope with it.
func RecoverAlways() CreateOption { return func(c *creation) { c.flags |= flagRecoverAlways } }

// AttachOption is an option of [Attach] and [AttachFile].
type AttachOption func(*attachment)

type attachment struct {
	writable, trust bool
	anyType         bool // also where the elements have no dtype
	stream          bool // takes part in a stream
}

// ReadOnly opens for reading: permission to read the file is enough, Set panics with ndarray.ErrReadOnly, and a write past
// it (through Data, or a gonum matrix) is a fault.
func ReadOnly() AttachOption { return func(a *attachment) { a.writable = false } }

// Trust opens a segment that another user owns, or that everybody may write. Those who may write it can change any element at any
// time, and cut the file: see [Guarded].
func Trust() AttachOption { return func(a *attachment) { a.trust = true } }

// Create makes a segment of that name with a zeroed array of that shape, and opens it. The segment stays until deleted.
// Its memory is reserved: later writes cannot run out of space.
// The errors are ErrBadName, ErrExist, ErrNoSpace, ErrAccess, ErrNotExist (of the directory), ErrUnsupported,
// ndarray.ErrShape, and ndarray.ErrDType where T has no dtype or one that headers can't say.
func Create[T ndarray.Element](name string, shape []int, opts ...CreateOption) (*Array[T], error) {
	file, err := path(name)
	if err != nil {
		return nil, fmt.Errorf("shm: create: %w", err)
	}
	a, err := createArray[T](name, file, shape, opts)
	if err != nil {
		return nil, fmt.Errorf("shm: create %q: %w", name, err)
	}
	return a, nil
}

// CreateFile does what [Create] does, in the file of that path: an array that may be larger than memory and that outlives
// the machine's restart. The file system must have unnamed files (O_TMPFILE), as ext4, xfs, btrfs and tmpfs do. The errors
// are those of Create.
func CreateFile[T ndarray.Element](path string, shape []int, opts ...CreateOption) (*Array[T], error) {
	a, err := createArray[T]("", path, shape, opts)
	if err != nil {
		return nil, fmt.Errorf("shm: create file %q: %w", path, err)
	}
	return a, nil
}

func createArray[T ndarray.Element](name, path string, shape []int, opts []CreateOption) (*Array[T], error) {
	return createKind[T](name, path, shape, creation{mode: 0o600, slots: defaultSlots}, opts)
}

func createKind[T ndarray.Element](name, path string, shape []int, c creation, opts []CreateOption) (*Array[T], error) {
	for _, o := range opts {
		o(&c)
	}
	if c.slots < 1 || c.slots > maxSlots {
		return nil, fmt.Errorf("%w: expected 1 to %d slots, found %d", ErrFull, maxSlots, c.slots)
	}
	d, err := elementType[T]()
	if err != nil {
		return nil, err
	}
	h, err := npy.NewHeader(d, shape, c.fortran)
	if err != nil {
		return nil, err
	}
	m, err := create(path, h, c)
	if err != nil {
		return nil, err
	}
	return newArray[T](name, path, m)
}

// Attach opens the segment of that name, for reading and writing unless told otherwise. Attached again, it is the same
// memory. Any .npy file in the directory can be attached: one without a control block cannot publish or wait. A stream is opened
// for reading, whatever is asked for: all its slots, in which others publish meanwhile. [AttachStream] takes part in it.
//
// The elements are whatever bytes the others write. Any bytes are numbers, but only 0 and 1 are a Go bool, also in a struct:
// where the others are not trusted, agree on uint8 instead, since compiled code may index by a bool without a check.
//
// The errors are ErrBadName, ErrNotExist, ErrAccess, ErrBroken, ErrVersion, ErrUnsupported, npy.ErrFormat, npy.ErrTruncated,
// ndarray.ErrShape, ndarray.ErrDType when the elements are not T in this machine's byte order, and ndarray.ErrLayout when
// they are not aligned.
func Attach[T ndarray.Element](name string, opts ...AttachOption) (*Array[T], error) {
	file, err := path(name)
	if err != nil {
		return nil, fmt.Errorf("shm: attach: %w", err)
	}
	a, err := attachArray[T](name, file, opts)
	if err != nil {
		return nil, fmt.Errorf("shm: attach %q: %w", name, withNearNames(err, name))
	}
	return a, nil
}

// AttachFile does what [Attach] does, with the .npy file of that path, whoever owns it. A symbolic link is refused: resolve
// it first (filepath.EvalSymlinks). The errors are those of Attach.
func AttachFile[T ndarray.Element](path string, opts ...AttachOption) (*Array[T], error) {
	a, err := attachArray[T]("", path, opts)
	if err != nil {
		return nil, fmt.Errorf("shm: attach file %q: %w", path, err)
	}
	return a, nil
}

func attachArray[T ndarray.Element](name, path string, opts []AttachOption) (*Array[T], error) {
	o := attachment{writable: true}
	for _, opt := range opts {
		opt(&o)
	}
	m, err := attach(path, name != "", o)
	if err != nil {
		return nil, err
	}
	return newArray[T](name, path, m)
}

// newArray lays an array over the mapping, which it releases when that fails.
func newArray[T ndarray.Element](name, path string, m *mapping) (a *Array[T], err error) {
	defer func() {
		if err != nil {
			m.release()
		}
	}()
	array, err := arrayOver[T](m)
	if err != nil {
		return nil, err
	}
	return &Array[T]{array, newSegment(name, path, m)}, nil
}

// arrayOver returns the mapping's elements as an array of the shape that it has now.
func arrayOver[T ndarray.Element](m *mapping) (*ndarray.Array[T], error) {
	h := m.content.header
	want, err := elementType[T]()
	if err != nil {
		return nil, err
	}
	if h.DType != want {
		return nil, fmt.Errorf("%w: expected %v, found %v", ndarray.ErrDType, want, h.DType)
	}
	if h.BigEndian || h.Mixed {
		return nil, fmt.Errorf("%w: expected little-endian %v, found big-endian elements", ndarray.ErrDType, h.DType)
	}
	if h.Shape, err = m.shape(); err != nil {
		return nil, err
	}
	data, err := elements[T](m.bytes, len(m.head), h.Len())
	if err != nil {
		return nil, err
	}
	array, err := ndarray.FromFlat(data, h.Shape, h.Fortran)
	if err == nil && !m.key.writable {
		array = array.ReadOnly()
	}
	return array, err
}

// elementType returns the dtype of T.
// The error is ndarray.ErrDType, and says which part of T has none.
func elementType[T ndarray.Element]() (ndarray.DType, error) {
	return ndarray.DTypeOfType(reflect.TypeFor[T]())
}

// Close ends this opening, and unmaps the segment if it was the process's last. The array is empty afterwards; its views
// must not be used any more, and nobody may be using its elements meanwhile. The segment stays for others until deleted. Waits
// in progress return ErrClosed.
// The error is ErrClosed the second time.
func (a *Array[T]) Close() error {
	if err := a.Segment.close(); err != nil {
		return err
	}
	*a.Array = ndarray.Array[T]{}
	return nil
}
