package shm

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/samebytes/samebytes/internal/futex"
	"github.com/samebytes/samebytes/ndarray"
)

// A snapshot is a copy that no writer tore, of those writers that hold a lock while they write. Readers take no lock at first:
//
//	writer: Owner says exclusive | Writes+1 | elements | Owner says free
//	reader: Writes | no Owner says exclusive, or damaged | elements | Writes again, unchanged
//
// A writer whose Owner the reader did not see either had ended, and the reader's copy has all it wrote; or it began later, and
// if any of its stores were copied, then its Writes+1, which came before them, is seen by the second look. Between the copy and
// that look stands a fence. A writer that dies anywhere leaves its Owner, and no count goes wrong.
// TestM04... and the model in model_test.go try to break this.

const (
	snapshotTries = 100              // before a reader takes the lock: enough for short writes, as adding a row
	snapshotSleep = time.Millisecond // between tries of those who cannot lock
)

// Snapshot returns a copy of the array, in its order, that nobody tore who writes under [Segment.Lock]. It waits for such writers,
// and lets none wait for long: it takes the lock only after 100 tries, and for an opening with [ReadOnly] never.
// The errors are the context's, ErrOwnerDied where a dead writer has left elements half written, and those of Lock.
func (a *Array[T]) Snapshot(ctx context.Context) (*ndarray.Array[T], error) {
	copied := make([]T, a.Len())
	if err := a.SnapshotTo(ctx, copied); err != nil {
		return nil, err
	}
	h := a.Segment.mapping.content.header
	return ndarray.FromFlat(copied, a.Shape(), h.Fortran)
}

// SnapshotTo is [Array.Snapshot] into dst, which must have as many elements as the array. They are in its order: C, or Fortran.
// The errors are also ndarray.ErrShape; dst has part of the elements then, or all.
func (a *Array[T]) SnapshotTo(ctx context.Context, dst []T) error {
	if err := a.snapshotTo(ctx, dst); err != nil {
		return fmt.Errorf("shm: snapshot %q: %w", a.label(), err)
	}
	return nil
}

func (a *Array[T]) snapshotTo(ctx context.Context, dst []T) (err error) {
	if err := a.hold(false); err != nil {
		return err
	}
	defer a.drop()
	m := a.Segment.mapping
	defer m.notFault(&err, setFaults())
	if err := m.whole(); err != nil {
		return err
	}
	if len(dst) != a.Len() {
		return fmt.Errorf("%w: expected room for %d elements, found %d", ndarray.ErrShape, a.Len(), len(dst))
	}
	src, err := elements[T](m.bytes, len(m.head), len(dst))
	if err != nil {
		return err
	}
	for try := 0; ; try++ {
		writes := atomic.LoadUint64(&m.control().Writes)
		free, err := m.unwritten(try > snapshotTries)
		if err != nil {
			return err
		}
		if free {
			copy(dst, src)
			loadFence()
			if atomic.LoadUint64(&m.control().Writes) == writes {
				return nil
			}
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		switch {
		case try < snapshotTries:
			futex.Yield()
		case m.me == 0:
			time.Sleep(snapshotSleep)
		default:
			return a.lockedCopy(ctx, dst, src)
		}
	}
}

func (a *Array[T]) lockedCopy(ctx context.Context, dst, src []T) error {
	row, err := a.lockRow(ctx, sharing, nil)
	if err != nil {
		return err
	}
	copy(dst, src)
	return a.Segment.mapping.unlockRow(row, shared)
}

// unwritten reports whether nobody holds a box alone. Of those who do, look says to find out whether they live.
// The error is ErrOwnerDied.
func (m *mapping) unwritten(look bool) (bool, error) {
	free := true
	for i := range m.used() {
		b, spans := m.box(i)
		who, s := ownerParts(atomic.LoadUint64(&b.Owner))
		dead := s == damaged || s == exclusive && look && m.dead(who)
		if dead && m.content.control.Flags&flagRecoverAlways == 0 {
			return false, m.ownerDied(append([]span(nil), spans...))
		}
		free = free && (s != exclusive || dead)
	}
	return free, nil
}
