package pybridge

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"

	"github.com/samebytes/samebytes/internal/sentinel"
	"github.com/samebytes/samebytes/ndarray"
	"github.com/samebytes/samebytes/npy"
	"github.com/samebytes/samebytes/shm"
)

// Errors of calls. Test for them with errors.Is; the text that wraps them says what was expected and what was found.
var (
	// ErrRemote is returned when the function that was called failed: see [RemoteError].
	ErrRemote = errors.New("remote error")
	// ErrWorkerDied is returned when the process on the other side ended during the call. Whether the function had been run is
	// not known.
	ErrWorkerDied = errors.New("the other process ended during the call")
	// ErrClosed is returned after Close. It is [shm.ErrClosed].
	ErrClosed = shm.ErrClosed

	// errStopped is what ends the waits of a ring that is given up.
	errStopped = errors.New("stopped")
	// errNudged is what ends a wait for a message when whoever waits is to look up.
	errNudged = errors.New("nudged")
	// errBroken is returned where the other process wrote what no sound one writes.
	errBroken = is(shm.ErrBroken, "the connection is damaged")
)

// RemoteError is what a function on the other side failed with. It wraps [ErrRemote], and is, for errors.Is, also the error of the table in
// docs/reference/errors.md whose Python name its type is: shm.ErrNotExist for a NotExistError.
type RemoteError struct {
	Type    string // of the exception or error, as "ValueError"
	Message string
	Trace   string // the traceback, as its language prints it; may be empty
}

func (e *RemoteError) Error() string {
	text := e.Type
	if e.Message != "" {
		text += ": " + e.Message
	}
	if e.Trace != "" {
		text += "\n" + strings.TrimRight(e.Trace, "\n")
	}
	return text
}

func (e *RemoteError) Unwrap() error { return ErrRemote }

// Is reports whether the error that the type names is target.
func (e *RemoteError) Is(target error) bool {
	for _, twin := range twins {
		if twin.python == e.Type && errors.Is(twin.err, target) {
			return true
		}
	}
	return false
}

// is returns an error with that text of which errors.Is says that it is another, whose text would say something else.
func is(other error, format string, args ...any) error {
	return sentinel.New(fmt.Sprintf(format, args...), other)
}

// asRemote returns an error as the other side is to see it. The methods of an error that a function has returned may panic, as those of a
// nil pointer in it do: what is seen then is that.
func asRemote(err error) (seen *RemoteError) {
	defer func() {
		if r := recover(); r != nil {
			seen = &RemoteError{panicType, fmt.Sprintf("the error that was returned, a %T, panicked when it was read: %v", err, r), string(debug.Stack())}
		}
	}()
	var remote *RemoteError
	if errors.As(err, &remote) && remote != nil {
		return remote
	}
	for _, twin := range twins {
		if errors.Is(err, twin.err) {
			return &RemoteError{Type: twin.python, Message: err.Error()}
		}
	}
	return &RemoteError{Type: strings.TrimPrefix(fmt.Sprintf("%T", err), "*"), Message: err.Error()}
}

// panicType is the type of the RemoteError of what has panicked.
const panicType = "panic"

// readable returns a function's error, or what takes its place where its methods panic.
func readable(err error) error {
	if err == nil {
		return nil
	}
	if seen := asRemote(err); seen.Type == panicType {
		return seen
	}
	return err
}

// twins are the errors that have a twin in Python, which is raised there: docs/reference/errors.md has the table.
var twins = []struct {
	err    error
	python string
}{
	{shm.ErrAccess, "AccessError"},
	{shm.ErrBadName, "BadNameError"},
	{shm.ErrBarrierBroken, "BarrierBrokenError"},
	{shm.ErrBroken, "BrokenError"},
	{shm.ErrClosed, "ClosedError"},
	{shm.ErrDeadlock, "DeadlockError"},
	{shm.ErrExist, "ExistError"},
	{shm.ErrFull, "FullError"},
	{shm.ErrNoControl, "NoControlError"},
	{shm.ErrNoSpace, "NoSpaceError"},
	{shm.ErrNotExist, "NotExistError"},
	{shm.ErrNotOwner, "NotOwnerError"},
	{shm.ErrOwnerDied, "OwnerDiedError"},
	{shm.ErrStale, "StaleError"},
	{shm.ErrUnsupported, "UnsupportedError"},
	{shm.ErrVersion, "VersionError"},
	{npy.ErrFormat, "FormatError"},
	{npy.ErrTruncated, "TruncatedError"},
	{ndarray.ErrDType, "DTypeError"},
	{ndarray.ErrLayout, "LayoutError"},
	{ndarray.ErrReadOnly, "ReadOnlyError"},
	{ndarray.ErrShape, "ShapeError"},
	{context.DeadlineExceeded, "DeadlineError"},
}
