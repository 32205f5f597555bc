package pybridge

import (
	"errors"
	"strings"
)

// Errors of calls. Test for them with errors.Is; the text that wraps them says what was expected and what was found.
var (
	// ErrRemote is returned when the function that was called failed: see [RemoteError].
	ErrRemote = errors.New("remote error")
	// ErrWorkerDied is returned when the process on the other side ended during the call. Whether the function had been run is
	// not known.
	ErrWorkerDied = errors.New("the other process ended during the call")
	// ErrClosed is returned after Close.
	ErrClosed = errors.New("closed")

	// errStopped is what ends the waits of a ring that is given up.
	errStopped = errors.New("stopped")
	// errBroken is returned where the other process wrote what no sound one writes.
	errBroken = errors.New("the connection's memory is damaged")
)

// RemoteError is what a function on the other side failed with. It wraps [ErrRemote].
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
