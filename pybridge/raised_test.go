package pybridge_test

import (
	"errors"
	"testing"

	"github.com/samebytes/samebytes/pybridge"
)

const raised = `
class Mute(Exception):
    def __str__(self):
        raise ValueError("on purpose")
class Ends(Exception):
    def __str__(self):
        raise SystemExit
class NoString(Exception):
    def __str__(self):
        return 1
def fails(name):
    raise globals()[name]
def half():
    raise ValueError("\ud800")
def one():
    return 1
`

// TestExceptionsThatCannotBeTold has functions raise what has no message, or none that can be carried: it arrives, and the worker goes on.
func TestExceptionsThatCannotBeTold(t *testing.T) {
	pool := start(t, raised)
	for _, c := range []struct{ function, kind, message string }{
		{"Mute", "Mute", "<no message: its __str__ raised ValueError>"},
		{"Ends", "Ends", "<no message: its __str__ raised SystemExit>"},
		{"NoString", "NoString", "<no message: its __str__ raised TypeError>"},
		{"", "ValueError", `\ud800`},
	} {
		function, args := "half", []any(nil)
		if c.function != "" {
			function, args = "fails", []any{c.function}
		}
		err := pool.Call(t.Context(), nil, function, args...)
		remote, ok := errors.AsType[*pybridge.RemoteError](err)
		if !ok || remote.Type != c.kind || remote.Message != c.message {
			t.Errorf("%s: got %v, want %s: %s", c.kind, err, c.kind, c.message)
		}
		var one int
		if err := pool.Call(t.Context(), &one, "one"); err != nil || one != 1 {
			t.Errorf("after %s: %v, %d", c.kind, err, one)
		}
	}
	if restarts := pool.Stats().Restarts; restarts != 0 {
		t.Errorf("%d workers were replaced", restarts)
	}
}
