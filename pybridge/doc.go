// Package pybridge calls Python's functions from Go, and Go's from Python. The two programs are processes of one user on one machine.
//
// It knows who calls whom, what becomes of calls that are given up and of programs that die, and how messages go through a ring in
// shared memory. It knows no arrays: those in segments of package shm go by handle, and both programs have the same elements.
// docs/reference/wire.md has every byte. The folder python holds the Python package samebytes, whose modules are named as the
// Go files of package shm that they mirror.
//
// The words used here:
//
//   - A [Pool] is processes of Python, its workers, that run the functions of a module or of a file for this program: [Start] starts one. A
//     worker runs one call at a time. One that dies fails its call, and another takes its place.
//
//   - A [Server] has functions of this program for Python: [Server.Handle] takes them. It serves the Python program that launched this one
//     ([Server.Serve]), or all that connect to a name ([Server.Listen]), its clients. It runs up to 1024 calls of a client at a time.
//
//   - A function is called by its name. What it takes and returns is copied, as values of MessagePack, but for arrays, objects
//     and functions.
//
//   - An object stays in the program that has it. The other has something to call its methods by: this one an [Object], which
//     [Pool.New] makes; Python a proxy of what has a type that [Server.Expose] was given. A Go function that is an argument, and a
//     Python one, is an object too.
//
//   - An item is one of several values that a call returns one after the other, as they are made: a Python generator's, which
//     [Items] returns, or an iter.Seq's of a function that Python calls.
//
//   - A handle is an array as it travels: which segment, and where in it the elements lie. An array in ordinary memory is copied
//     into the message or a temporary segment first; so is a view of one in a segment that is not given by [View].
//
//   - [Objects] are the dicts, lists, namespaces and queues that a server keeps for several programs.
//
// # Calling Python
//
//	pool, err := pybridge.Start(ctx, pybridge.Python{File: "model.py", Workers: 2})
//	if err != nil {
//		return err
//	}
//	defer pool.Close()
//	var line []float64
//	err = pool.Call(ctx, &line, "fit", x, y, pybridge.Kw{"degree": 1})
//
// [Go] begins a call and returns a [Future], [Map] calls a function for each of a sequence in all workers.
//
// # Being called by Python
//
//	srv := pybridge.NewServer()
//	srv.Handle("scale", func(a *ndarray.Array[float64], k float64) { ndarray.Mul(a, a, ndarray.Scalar(k)) }, "Multiplies, in place.")
//	err := srv.Listen(ctx, "example")
//
// In Python, samebytes.connect("example").scale(a, 2.0) calls it. A function that runs for Python calls back by [CallBack], and a Python
// function that runs for a pool has those of Python.Serve by samebytes.caller().
//
// # Who owns arrays
//
// An array that a function is given is its caller's, and stays open until the function returns. An array of [shm.New] that a function
// returns is the caller's from then on. What a call returns into a *[shm.Array] is to be closed by who called; into an *[ndarray.Array] it
// is a copy in ordinary memory. [ReadOnly] gives an array that the other program cannot write to.
//
// # Errors
//
// What the other program's function fails with is a [*RemoteError], which is [ErrRemote], and also the error of package shm, npy or ndarray
// that both languages have, where it is one. A program that ends during a call is [ErrWorkerDied]: whether the function was run is
// not known. What does not fit is [ndarray.ErrDType], what is against the protocol [shm.ErrBroken]. The context's error is that of a call
// that was given up.
//
// A panic of a served function is an error for its caller. What panics here is [Server.Handle], [Server.Expose] and [Server.Objects],
// with a [HandleError], for what cannot be served. So does a Python function that was taken as a Go function without an error among
// its results, when it fails: within a served function that is an error for the caller again.
//
// # Concurrency
//
// All functions and methods may be called from any goroutine at any time. So are served functions: each call is a goroutine.
package pybridge
