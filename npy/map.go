package npy

import (
	"fmt"
	"os"

	"github.com/samebytes/samebytes/ndarray"
)

// Access is what may be done to a mapped file, as NumPy's mmap_mode says it.
type Access uint8

const (
	ReadOnly    Access = iota // "r": elements can't be stored
	ReadWrite                 // "r+": what is stored is in the file, and seen by all who have mapped it
	CopyOnWrite               // "c": what is stored is only seen here
)

// Mapped is the array of a file, whose elements are the file's own bytes: nothing is read before it is used. Make one with [Map].
//
// The file must not be cut while it is mapped: who touches elements that are gone faults, and the program ends. Other than
// package shm this one has no guard against it.
type Mapped[T ndarray.Element] struct {
	*ndarray.Array[T]
	memory []byte
}

// Map maps a file. Where T is bool, or has some, the file is read once, as no byte but 0 and 1 is a bool to Go; what others store in it
// later must be one too.
// The errors are those of [Parse] and of package os, [ErrFormat] for a bool that is neither 0 nor 1, of which [Read] makes true,
// [ErrTruncated] where the file has fewer bytes than its header says, [ndarray.ErrDType] where the elements are not T in this machine's
// byte order, [ndarray.ErrLayout] where they don't begin at a multiple of what T needs or the file is no regular one, those of limits,
// and errors.ErrUnsupported.
func Map[T ndarray.Element](path string, access Access, limits ...Limits) (*Mapped[T], error) {
	memory, a, err := mapFile(path, access, limits)
	if err != nil {
		return nil, inFile(path, err)
	}
	m, err := mappedAs[T](memory, a)
	return m, inFile(path, err)
}

// mappedAs returns mapped memory as an array of T, or unmaps it.
func mappedAs[T ndarray.Element](memory []byte, a *ndarray.Any) (*Mapped[T], error) {
	array, err := ndarray.As[T](a)
	if err == nil && !wholeBools(a.Data(), a.DType()) {
		err = fmt.Errorf("npy: %w: expected bools of 0 or 1, found others, which are none to Go: Read them, or MapAny and View as uint8",
			ErrFormat)
	}
	if err != nil {
		unmap(memory)
		return nil, err
	}
	return &Mapped[T]{array, memory}, nil
}

// Close unmaps the file. The array, its views and whatever shares its elements must not be used any more. It may be called again.
func (m *Mapped[T]) Close() error {
	memory := m.memory
	m.memory = nil
	m.Array = ndarray.New[T](0)
	return wrapped(unmap(memory))
}

// MappedAny is [Mapped] for a dtype that is only known at run time.
type MappedAny struct {
	*ndarray.Any
	memory []byte
}

// MapAny is [Map] for a dtype that is only known at run time. Elements may begin anywhere.
func MapAny(path string, access Access, limits ...Limits) (*MappedAny, error) {
	memory, a, err := mapFile(path, access, limits)
	if err != nil {
		return nil, inFile(path, err)
	}
	return &MappedAny{a, memory}, nil
}

// Close unmaps the file, as [Mapped.Close] does.
func (m *MappedAny) Close() error {
	memory := m.memory
	m.memory = nil
	m.Any = ndarray.New[uint8](0).Any()
	return wrapped(unmap(memory))
}

// mapFile returns a file's memory, and the array in it.
func mapFile(path string, access Access, limits []Limits) (memory []byte, a *ndarray.Any, err error) {
	flags := os.O_RDONLY
	if access == ReadWrite {
		flags = os.O_RDWR
	}
	if err := regular(path); err != nil {
		return nil, nil, err
	}
	f, err := os.OpenFile(path, flags, 0)
	if err != nil {
		return nil, nil, wrapped(err)
	}
	defer f.Close() // the mapping does without it
	h, err := ReadHeader(f, limits...)
	if err != nil {
		return nil, nil, err
	}
	if h.swaps() != nil {
		return nil, nil, fmt.Errorf("npy: %w: expected elements in this machine's byte order, found them in another: Read them", ndarray.ErrDType)
	}
	available, known := remaining(f, h.NBytes())
	switch {
	case !known:
		return nil, nil, fmt.Errorf("npy: %w: expected a regular file", ndarray.ErrLayout)
	case h.NBytes() > available:
		return nil, nil, fmt.Errorf("npy: %w: expected %d bytes of elements, found %d", ErrTruncated, h.NBytes(), available)
	}
	memory, a, err = mapElements(f, int64(h.DataOffset), h, access)
	if err != nil {
		return nil, nil, err
	}
	return memory, a, nil
}

// mapElements maps elements of a file, which has them at an offset, in whatever byte order: what must be unmapped, and the array.
func mapElements(f *os.File, at int64, h Header, access Access) (memory []byte, a *ndarray.Any, err error) {
	data := newBytes(0)
	if nbytes := h.NBytes(); nbytes > 0 {
		begin := at % int64(os.Getpagesize()) // a mapping begins with a page
		if memory, err = mapped(f, at-begin, int(begin)+nbytes, access); err != nil {
			return nil, nil, wrapped(err)
		}
		data = memory[begin:]
	}
	a, err = ndarray.AnyFromFlat(data, h.DType, h.Shape, h.Fortran)
	if err != nil {
		unmap(memory)
		return nil, nil, wrapped(err)
	}
	if access == ReadOnly {
		a = a.ReadOnly()
	}
	return memory, a, nil
}

// regular returns an error where a path is not a regular file's. It is asked before opening, which waits at a pipe.
func regular(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return wrapped(err)
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("npy: %w: expected a regular file, found one of mode %v", ndarray.ErrLayout, info.Mode())
	}
	return nil
}
