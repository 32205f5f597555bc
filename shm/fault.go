package shm

import (
	"fmt"
	"runtime/debug"
	"unsafe"
)

// A file that is cut while it is mapped takes its pages away, and to touch one is a fault (SIGBUS) that ends the process. Go turns
// faults of a goroutine into panics on request, which this file asks for around everything that the package does with
// mapped memory, and offers for what its users do.

// Guarded calls f, and returns ErrBroken where f touched elements of a segment whose file was cut meanwhile, and ErrClosed where it
// touched one after its Close. Without it such a fault ends the process. f ends where the fault was: what it had locked
// or opened, it must give back by defer. It guards f's own goroutine, not those that f starts.
//
// The process notices a Close only while the memory is not used for anything else: it keeps the addresses of the last 64 segments
// that it unmapped from being used again.
func Guarded(f func()) (err error) {
	defer func(before bool) {
		debug.SetPanicOnFault(before)
		r := recover()
		if r == nil {
			return
		}
		if err = faultError(r); err == nil {
			panic(r)
		}
	}(setFaults())
	f()
	return nil
}

// faultError returns what a panic says about segments, or nil.
func faultError(panicked any) error {
	fault, ok := panicked.(interface{ Addr() uintptr })
	if !ok {
		return nil
	}
	mappings.mu.Lock()
	defer mappings.mu.Unlock()
	for _, b := range quarantined.oldestFirst {
		if within(b, fault.Addr()) {
			return fmt.Errorf("shm: elements used: %w", ErrClosed)
		}
	}
	for m := range mappings.all {
		if within(m.bytes, fault.Addr()) {
			m.broken.Store(true)
			return fmt.Errorf("shm: elements of %q used: %w", m.path, errCut)
		}
	}
	return nil
}

// setFaults asks for panics, and returns what was asked for before.
func setFaults() bool { return debug.SetPanicOnFault(true) }

// notFault, deferred, turns a fault in the mapping into ErrBroken, for this and all later calls.
func (m *mapping) notFault(err *error, before bool) {
	debug.SetPanicOnFault(before)
	r := recover()
	if r == nil {
		return
	}
	if fault, ok := r.(interface{ Addr() uintptr }); ok && within(m.bytes, fault.Addr()) {
		m.broken.Store(true)
		*err = errCut
		return
	}
	panic(r)
}

// whole says whether the control block is still one. A hole punched into the file, or somebody who writes over it, leaves
// other bytes; a cut faults.
func (m *mapping) whole() error {
	if m.control().Magic != controlMagic {
		m.broken.Store(true)
		return fmt.Errorf("%w: somebody has overwritten the control block", ErrBroken)
	}
	return nil
}

var errCut = fmt.Errorf("%w: the file was cut", ErrBroken)

func within(b []byte, address uintptr) bool {
	start := uintptr(unsafe.Pointer(unsafe.SliceData(b)))
	return address >= start && address-start < uintptr(len(b))
}

// mostQuarantined is how many unmapped segments' addresses are kept from use. They take no memory.
const mostQuarantined = 64

var quarantined struct { // guarded by mappings.mu
	oldestFirst [][]byte
}

// quarantine takes the memory away, and keeps its addresses for a while: who uses elements after Close meets a fault, not the bytes
// of another segment. mappings.mu is held.
func quarantine(b []byte) {
	if err := forbid(b); err != nil {
		unmap(b) // fails only for what is no mapping
		return
	}
	keepAddresses(b)
}

// keepAddresses keeps addresses, at which nothing can be used, from being used for a while. mappings.mu is held.
func keepAddresses(b []byte) {
	quarantined.oldestFirst = append(quarantined.oldestFirst, b)
	if len(quarantined.oldestFirst) > mostQuarantined {
		unmap(quarantined.oldestFirst[0]) // likewise
		quarantined.oldestFirst = quarantined.oldestFirst[1:]
	}
}
