package ndarray

import "sync/atomic"

// AtomicElement is a type whose elements can be changed atomically, in memory that processes share too: what sync/atomic
// and C's lock-free atomics have in common.
type AtomicElement interface {
	int32 | int64 | uint32 | uint64
}

// AtomicAdd adds delta to the element at an index for each axis, as sync/atomic does, and returns the new value; it wraps
// around. It panics as [Array.Set] does.
func AtomicAdd[T AtomicElement](a *Array[T], delta T, ix ...int) T {
	switch p := any(atomicElement("AtomicAdd", a, true, ix)).(type) {
	case *int32:
		return T(atomic.AddInt32(p, int32(delta)))
	case *int64:
		return T(atomic.AddInt64(p, int64(delta)))
	case *uint32:
		return T(atomic.AddUint32(p, uint32(delta)))
	case *uint64:
		return T(atomic.AddUint64(p, uint64(delta)))
	}
	panic("unreachable: AtomicElement has no other types")
}

// AtomicCompareAndSwap stores new in the element if it holds old, and reports whether it did. It panics as [Array.Set] does.
func AtomicCompareAndSwap[T AtomicElement](a *Array[T], old, new T, ix ...int) bool {
	switch p := any(atomicElement("AtomicCompareAndSwap", a, true, ix)).(type) {
	case *int32:
		return atomic.CompareAndSwapInt32(p, int32(old), int32(new))
	case *int64:
		return atomic.CompareAndSwapInt64(p, int64(old), int64(new))
	case *uint32:
		return atomic.CompareAndSwapUint32(p, uint32(old), uint32(new))
	case *uint64:
		return atomic.CompareAndSwapUint64(p, uint64(old), uint64(new))
	}
	panic("unreachable: AtomicElement has no other types")
}

// AtomicLoad returns the element. What its writer wrote before an atomic store of the value is visible afterwards. It panics
// as [Array.At] does.
func AtomicLoad[T AtomicElement](a *Array[T], ix ...int) T {
	switch p := any(atomicElement("AtomicLoad", a, false, ix)).(type) {
	case *int32:
		return T(atomic.LoadInt32(p))
	case *int64:
		return T(atomic.LoadInt64(p))
	case *uint32:
		return T(atomic.LoadUint32(p))
	case *uint64:
		return T(atomic.LoadUint64(p))
	}
	panic("unreachable: AtomicElement has no other types")
}

// AtomicStore stores v in the element. It panics as [Array.Set] does.
func AtomicStore[T AtomicElement](a *Array[T], v T, ix ...int) {
	switch p := any(atomicElement("AtomicStore", a, true, ix)).(type) {
	case *int32:
		atomic.StoreInt32(p, int32(v))
	case *int64:
		atomic.StoreInt64(p, int64(v))
	case *uint32:
		atomic.StoreUint32(p, uint32(v))
	case *uint64:
		atomic.StoreUint64(p, uint64(v))
	}
}

// atomicElement returns the element's address. Elements of an array are aligned for their type, on the systems supported
// for atomic operations too.
func atomicElement[T AtomicElement](op string, a *Array[T], writing bool, ix []int) *T {
	if writing && a.readonly {
		panic(ErrReadOnly)
	}
	offset := a.index(ix)
	if offset < 0 || a.n == 0 {
		panic(IndexError{op, append([]int(nil), ix...), a.shape})
	}
	return &a.data[offset]
}
