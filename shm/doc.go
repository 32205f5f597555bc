// Package shm keeps N-dimensional arrays in named segments of shared memory, where other processes, in Go or Python, find
// them by name and read and write the same bytes.
//
// A segment is a file in /dev/shm (or in the directory that the environment variable SAMEBYTES_DIR names) and a valid .npy
// file: NumPy opens it without this library. Behind its elements stand the tables of those who use it and of their locks, and a
// control block with an id and a counter of publications. docs/reference/format.md has every byte.
//
// The words used here:
//
//   - A segment is created (it gets its name last, whole and zeroed), attached (mapped by whoever knows the name), and
//     deleted (the name goes; who has it mapped goes on with it). It outlives its processes, until deleted or the machine
//     restarts.
//
//   - An [Array] is one opening of a segment. All openings in a process share one mapping, which the last Close unmaps.
//
//   - Publish says that the elements have changed, and Wait sleeps until somebody said so. They order memory: what was
//     written before Publish is seen after the Wait that it ended.
//
//   - A process that has a segment open for writing is its participant. The system tells whether it lives, and what a
//     dead one held is given to others.
//
//   - A lock is on the whole array or on a box: a range of positions on each axis. A [Guard] is one that is held. Where its holder
//     died, a mark stays on the box until somebody has repaired it.
//
//   - A snapshot is a copy of one moment, which no writer under a lock tore.
//
//   - A sync object ([Mutex], [RLock], [Semaphore], [Event], [Condition], [Barrier], [Counter]) is a small segment that has no
//     other use.
//
//   - A [Stream] is a segment whose first axis is a ring of slots. A writer takes a slot on loan, fills it in place and publishes it as an
//     item; readers read items in place, each at its own place, or share them as a group.
//
// Elements are plain memory. Go's race detector does not watch them, and two writers of one element, or a reader beside a
// writer, must agree on their turns: by Publish and Wait, by locks, or by the atomic functions of package ndarray.
//
// # Sharing and closing
//
// An Array embeds the [ndarray.Array] over the mapped bytes, which functions of package ndarray take: ndarray.Dense(a.Array)
// is a gonum matrix on the segment. Its views, and the gonum matrices made of it, share those
// bytes and stay valid only until the Array's Close: there is no finalizer, because nothing tells when the last of them is
// gone. Touching one after the last Close of its segment in the process is a fault, as with any unmapped memory, as soon as the
// process has not kept the mapping for the next who attaches it ([SetWarm]). [Guarded] turns such faults, and those of a file that
// somebody cut, into errors.
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
