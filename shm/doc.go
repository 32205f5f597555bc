// Package shm keeps N-dimensional arrays in named segments of shared memory, where other processes, in Go or Python, find
// them by name and read and write the same bytes.
//
// A segment is a file in /dev/shm (or in the directory that the environment variable SAMEBYTES_DIR names) and a valid .npy
// file: NumPy opens it without this library. Behind its elements stands a control block with an id and a counter of
// publications. docs/reference/format.md has every byte.
//
// The words used here:
//
//   - A segment is created (it gets its name last, whole and zeroed), attached (mapped by whoever knows the name), and
//     deleted (the name goes; who has it mapped goes on with it). It outlives its processes, until deleted or the machine
//     restarts.
//   - An [Array] is one opening of a segment. All openings in a process share one mapping, which the last Close unmaps.
//   - Publish says that the elements have changed, and Wait sleeps until somebody said so. They order memory: what was
//     written before Publish is seen after the Wait that it ended.
//
// Elements are plain memory. Go's race detector does not watch them, and two writers of one element, or a reader beside a
// writer, must agree on their turns by Publish and Wait.
//
// # Sharing and closing
//
// An Array embeds the [ndarray.Array] over the mapped bytes, which functions of package ndarray take: ndarray.Dense(a.Array)
// is a gonum matrix on the segment. Its views, and the gonum matrices made of it, share those
// bytes and stay valid only until the Array's Close: there is no finalizer, because nothing tells when the last of them is
// gone. Touching one after the last Close of its segment in the process is a fault, as with any unmapped memory.
//
// # Errors
//
// What names, bytes, the operating system and other processes decide is returned, as one of the errors of this package, of
// npy or of ndarray: test with errors.Is. Nothing here logs or panics.
//
// # Concurrency
//
// All functions and the Segment's methods may be called from any goroutine at any time. Elements are as safe as a slice's,
// and Close is a write to all of them.
package shm
