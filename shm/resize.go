package shm

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/samebytes/samebytes/ndarray"
	"github.com/samebytes/samebytes/npy"
)

// An array created with a capacity grows and shrinks in place, along its first axis. Its length is 8 characters of the .npy header,
// which one aligned store changes: so at every instant, and after a death at any instant, the file is a valid .npy of either
// length. Elements come first and the length last, so that it never claims what is not there; reserved was everything at
// creation. What a shorter array leaves behind is zeroed when it grows again, as far as Dirty says.

// header returns the header of a new segment, where its length stands if it can grow, and the bytes to reserve for elements.
func (o creation) header(h npy.Header) (head []byte, length, capacity int, err error) {
	if o.rows == 0 {
		head, err = h.Append(nil, pageSize)
		return head, 0, h.NBytes(), err
	}
	if o.rows > npy.MaxLength || len(h.Shape) > 0 && o.rows < h.Shape[0] {
		return nil, 0, 0, fmt.Errorf("%w: expected a capacity from the rows of %v to %d, found %d", ndarray.ErrShape, h.Shape, npy.MaxLength, o.rows)
	}
	if head, err = h.AppendGrowable(nil, pageSize); err != nil {
		return nil, 0, 0, err
	}
	full := slices.Clone(h.Shape)
	full[0] = o.rows
	_, capacity, err = ndarray.Size(full, h.DType.Size())
	return head, npy.LengthOffset(head), capacity, err
}

// rowSize returns the bytes from one row to the next.
func (m *mapping) rowSize() int {
	_, nbytes, _ := ndarray.Size(m.content.header.Shape[1:], m.content.header.DType.Size()) // checked when the file was read
	return nbytes
}

// rows returns the greatest length of the first axis.
func (m *mapping) rows() int {
	if size := m.rowSize(); size > 0 {
		return min(int(m.content.control.Capacity)/size, npy.MaxLength)
	}
	return npy.MaxLength
}

// length returns the length of the first axis now.
// The error is ErrBroken.
func (m *mapping) length() (int, error) {
	if m.content.control.Length == 0 {
		return m.content.header.Shape[0], nil
	}
	var field [npy.LengthField]byte
	binary.LittleEndian.PutUint64(field[:], atomic.LoadUint64(m.lengthField()))
	n, err := npy.ParseLength(field)
	if err != nil || n > m.rows() {
		return 0, fmt.Errorf("%w: expected a length of at most %d in the header, found %q", ErrBroken, m.rows(), field[:])
	}
	return n, nil
}

// shape returns the array's shape now.
// The error is ErrBroken.
func (m *mapping) shape() (shape []int, err error) {
	shape = m.content.header.Shape
	if m.content.control.Length == 0 {
		return shape, nil
	}
	defer m.notFault(&err, setFaults())
	n, err := m.length()
	if err != nil {
		return nil, err
	}
	shape = slices.Clone(shape)
	shape[0] = n
	return shape, nil
}

// Resize sets the length of the first axis, up to the capacity that the array was created with, and wakes all who wait. New rows
// are zero. It takes the lock of the whole array meanwhile. Other openings see the new shape after their next Refresh; views made
// before stay valid. This opening is refreshed, so nobody may be using a.Array meanwhile.
//
// The errors are those of [Segment.Lock], ErrNoSpace beyond the capacity, ndarray.ErrShape for a negative length, and
// ndarray.ErrLayout for an array created without a capacity.
func (a *Array[T]) Resize(ctx context.Context, rows int) error {
	if err := a.resize(ctx, func(int) (int, error) { return rows, nil }, nil); err != nil {
		return fmt.Errorf("shm: resize %q: %w", a.label(), err)
	}
	return nil
}

// Append adds rows behind the array's last, as [Array.Resize] does: the elements are there before the length says so. rows has as many
// axes as the array, with the same lengths but for the first; or one less, for a single row.
// The errors are those of Resize, and ndarray.ErrShape.
func (a *Array[T]) Append(ctx context.Context, rows *ndarray.Array[T]) error {
	if err := a.append(ctx, rows); err != nil {
		return fmt.Errorf("shm: append to %q: %w", a.label(), err)
	}
	return nil
}

func (a *Array[T]) append(ctx context.Context, rows *ndarray.Array[T]) error {
	shape, row := rows.Shape(), a.Segment.mapping.content.header.Shape
	if len(shape) == len(row)-1 {
		shape = append([]int{1}, shape...)
	}
	if len(shape) != len(row) || len(row) == 0 || !slices.Equal(shape[1:], row[1:]) {
		return fmt.Errorf("%w: expected rows of shape %v, found %v", ndarray.ErrShape, row, rows.Shape())
	}
	flat := rows.Copy().Data()
	return a.resize(ctx, func(n int) (int, error) { return n + shape[0], nil }, flat)
}

// resize sets the length to what want makes of the present one, the new rows to data or zero, and publishes.
func (a *Array[T]) resize(ctx context.Context, want func(int) (int, error), data []T) (err error) {
	if err := a.hold(true); err != nil {
		return err
	}
	defer a.drop()
	m := a.Segment.mapping
	if m.content.control.Length == 0 {
		return fmt.Errorf("%w: created without a capacity, it cannot grow", ndarray.ErrLayout)
	}
	row, err := a.lockRow(ctx, locking, nil)
	if err != nil {
		return err
	}
	if err = a.setLength(want, data); err == nil {
		_, err = a.publish()
	}
	if unlockErr := a.unlockRow(row); err == nil {
		err = unlockErr
	}
	if err == nil {
		err = a.refresh()
	}
	return err
}

// unlockRow gives back what lockRow took alone.
func (s *Segment) unlockRow(row int) (err error) {
	defer s.mapping.notFault(&err, setFaults())
	return s.mapping.unlockRow(row, exclusive)
}

// setLength is resize under the lock of the whole array.
func (a *Array[T]) setLength(want func(int) (int, error), data []T) (err error) {
	m := a.Segment.mapping
	defer m.notFault(&err, setFaults())
	before, err := m.length()
	if err != nil {
		return err
	}
	n, err := want(before)
	if err != nil {
		return err
	}
	switch {
	case n < 0:
		return fmt.Errorf("%w: negative length %d", ndarray.ErrShape, n)
	case n > m.rows():
		return fmt.Errorf("%w: expected at most %d rows, the capacity, found %d", ErrNoSpace, m.rows(), n)
	}
	if n > before {
		size := m.rowSize()
		begin, end, c := before*size, n*size, m.control()
		if data == nil {
			clear(m.bytes[len(m.head)+begin : len(m.head)+min(end, max(begin, int(min(c.Dirty, c.Capacity))))])
		}
		if uint64(end) > c.Dirty {
			c.Dirty = uint64(end)
		}
		if data != nil {
			added, err := elements[T](m.bytes, len(m.head)+begin, len(data))
			if err != nil {
				return err
			}
			copy(added, data)
		}
	}
	field := npy.FormatLength(n)
	atomic.StoreUint64(m.lengthField(), binary.LittleEndian.Uint64(field[:]))
	return nil
}

// Refresh gives the opening the shape that the array has now, and reports whether it is another. Nobody may be using a.Array
// meanwhile; its views stay valid, and as they are.
// The errors are ErrClosed and ErrBroken.
func (a *Array[T]) Refresh() (changed bool, err error) {
	before := a.Shape()
	if a.uses.Load() < 0 {
		err = ErrClosed
	} else {
		err = a.refresh()
	}
	if err != nil {
		return false, fmt.Errorf("shm: refresh %q: %w", a.label(), err)
	}
	return !slices.Equal(before, a.Shape()), nil
}

func (a *Array[T]) refresh() error {
	array, err := arrayOver[T](a.Segment.mapping)
	if err == nil {
		*a.Array = *array
	}
	return err
}
