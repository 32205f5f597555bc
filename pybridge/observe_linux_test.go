package pybridge_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"expvar"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/samebytes/samebytes/ndarray"
	"github.com/samebytes/samebytes/pybridge"
	"github.com/samebytes/samebytes/shm"
)

// text is a buffer that several goroutines write to.
type text struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (t *text) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.b.Write(b)
}

func (t *text) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.b.String()
}

// TestStats has calls of all kinds, and looks at what the pool, its publication and its log say of them.
func TestStats(t *testing.T) {
	t.Setenv("SAMEBYTES_DIR", t.TempDir())
	var logged text
	pool := start(t, faults+`
import numpy as np
def ones(n):
    return np.ones(n)
def nothing(*arguments):
    pass
`, func(p *pybridge.Python) {
		p.Workers = 2
		p.Log = slog.New(slog.NewTextHandler(&logged, nil))
		p.Slow = 50 * time.Millisecond
		p.Grace = 100 * time.Millisecond
	})
	for range 100 {
		if err := pool.Call(t.Context(), nil, "count", 1); err != nil {
			t.Fatal(err)
		}
	}
	a, err := shm.New[float64]([]int{100})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	var plain *ndarray.Array[float64]
	var kept *shm.Array[float64]
	if err := errors.Join(
		pool.Call(t.Context(), nil, "nothing", []any{a, pybridge.ReadOnly(a), pybridge.View(a, a.Slice(ndarray.Range(0, 50)))}, ndarray.New[int8](7)),
		pool.Call(t.Context(), &plain, "ones", 10), // which travels in the message
		pool.Call(t.Context(), &kept, "ones", 2000),
	); err != nil {
		t.Fatal(err)
	}
	defer kept.Close()
	ctx, cancel := context.WithCancel(t.Context())
	busy, release := hold(ctx, t, pool)
	defer release()
	if err := pool.Call(t.Context(), nil, "end"); !errors.Is(err, pybridge.ErrWorkerDied) {
		t.Error(err)
	}
	until(t, "the worker is replaced", func() bool { return pool.Stats().Restarts == 1 && pool.Stats().Processes == 2 })
	s := pool.Stats()
	if f := s.Functions["count"]; f.Calls != 100 || f.Errors != 0 || f.InFlight != 0 || f.P50 <= 0 || f.P99 < f.P50 {
		t.Errorf("count: %+v", f)
	}
	if f := s.Functions["end"]; f.Calls != 1 || f.Errors != 1 {
		t.Errorf("end: %+v", f)
	}
	if f := s.Functions["reads"]; f.Calls != 0 || f.InFlight != 1 {
		t.Errorf("reads: %+v", f)
	}
	if handles, copies := uint64(800+800+400+16000), uint64(7+80); s.HandleBytes != handles || s.CopyBytes != copies {
		t.Errorf("%d bytes by handle and %d by copy, expected %d and %d", s.HandleBytes, s.CopyBytes, handles, copies)
	}
	cancel()
	busy.Wait()

	name := fmt.Sprintf("pool %p", pool)
	expvar.Publish(name, pool)
	var published pybridge.Stats
	if err := json.Unmarshal([]byte(expvar.Get(name).String()), &published); err != nil || published.Functions["count"] != s.Functions["count"] {
		t.Error(published, err)
	}
	for _, says := range []string{
		`msg="worker started" worker=0`, `msg="worker started" worker=1`, "samebytes", `msg="worker died"`, "exit status 3", `msg="slow call" function=reads`,
	} {
		if !strings.Contains(logged.String(), says) {
			t.Errorf("the log does not say %s:\n%s", says, logged.String())
		}
	}
}
