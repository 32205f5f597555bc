package pybridge_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/samebytes/samebytes/pybridge"
	"github.com/samebytes/samebytes/shm"
)

const losing = faults + `
import json
from samebytes import _link
def lose(n):
    elsewhere = _link.Link.elsewhere
    def lost(*args, **named):
        message = elsewhere(*args, **named)
        os.remove(os.path.join(os.environ["SAMEBYTES_DIR"], json.loads(message[2])["name"]))
        _link.Link.elsewhere = elsewhere
        return message
    _link.Link.elsewhere = lost
    return "x" * n
def items(n):
    yield "first"
    for _ in range(100):
        yield lose(n)
def calls(f, n):
    try:
        f(lose(n))
    except BaseException as e:
        return type(e).__name__
def loses():
    fetched = _link.fetched
    def lost(message):
        if message[0] & _link.ELSEWHERE:
            _link.fetched = fetched
            os.remove(os.path.join(os.environ["SAMEBYTES_DIR"], json.loads(message[2])["name"]))
        return fetched(message)
    _link.fetched = lost
def asks(f, n):
    loses()
    try:
        f(n)
    except BaseException as e:
        return type(e).__name__ + " " + f(3)
`

// TestLostMessages has long messages be gone when they are to be read: only the calls that they belong to fail.
func TestLostMessages(t *testing.T) {
	t.Setenv("SAMEBYTES_DIR", t.TempDir())
	pool := start(t, losing)
	var text string
	// Both of these calls are the first of their side.
	if err := pool.Call(t.Context(), &text, "calls", func(text string) int { return len(text) }, 20_000); err != nil || text != "StaleError" {
		t.Errorf("%.100s %v", text, err)
	}
	before := pidOf(t, pool)
	if err := pool.Call(t.Context(), &text, "lose", 20_000); !errors.Is(err, shm.ErrStale) {
		t.Error(err)
	}
	n := 0
	var last error
	for _, err := range pybridge.Items[string](t.Context(), pool, "items", 20_000) {
		n, last = n+1, err
	}
	if n != 2 || !errors.Is(last, shm.ErrStale) {
		t.Error(n, last)
	}
	if err := pool.Call(t.Context(), &text, "asks", func(n int) string { return strings.Repeat("x", n) }, 20_000); err != nil || text != "StaleError xxx" {
		t.Errorf("%.100s %v", text, err)
	}
	if err := pool.Call(t.Context(), nil, "loses"); err != nil {
		t.Fatal(err)
	}
	if err := pool.Call(t.Context(), &text, "count", strings.Repeat("x", 20_000)); !errors.Is(err, shm.ErrStale) {
		t.Error(err)
	}
	if after := pidOf(t, pool); after != before {
		t.Errorf("process %d, was %d", after, before)
	}
	segmentsLeft(t, "all", 0)
}
