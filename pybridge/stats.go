package pybridge

import (
	"encoding/json"
	"log/slog"
	"maps"
	"math/bits"
	"sync"
	"sync/atomic"
	"time"

	"github.com/samebytes/samebytes/ndarray"
)

// Stats is what a [Pool] or a [Server] has done since it was made. As JSON, and in Python, it has the fields by the names of their tags.
// Calls that Python makes of a pool's [Python].Serve are among that server's functions, and their arrays among the pool's bytes.
type Stats struct {
	Functions   map[string]FunctionStats `json:"functions"`    // those that were called, methods as "Type.method"
	HandleBytes uint64                   `json:"handle_bytes"` // of arrays that went by handle, there and back
	CopyBytes   uint64                   `json:"copy_bytes"`   // of arrays that were copied here, into messages and temporary segments, or out of them
	Processes   int                      `json:"processes"`    // of a pool the workers that run, of a server the clients that are connected
	Restarts    uint64                   `json:"restarts"`     // of workers
}

// FunctionStats is what calls of one function were. A pool counts from the beginning of its call, so the wait for a worker too; a server from
// when the call was taken from the ring. The quantiles are of the first thousand calls and of every eighth that follows, at most an eighth
// too high.
type FunctionStats struct {
	Calls    uint64        `json:"calls"` // that have ended
	Errors   uint64        `json:"errors"`
	InFlight int64         `json:"in_flight"`
	P50      time.Duration `json:"p50"` // in JSON in nanoseconds, in Python a timedelta
	P99      time.Duration `json:"p99"`
}

// A duration's bucket is its highest bit and the three behind it.
const (
	bucketBits = 3
	perOctave  = 1 << bucketBits
	nbuckets   = (64 - bucketBits) * perOctave
)

func bucketOf(d time.Duration) int {
	n := uint64(max(d, 0))
	if n < perOctave {
		return int(n)
	}
	octave := bits.Len64(n) - bucketBits - 1
	return octave*perOctave + int(n>>octave) // the highest bit counts as one octave more
}

// bucketEnd returns the longest duration of a bucket.
func bucketEnd(bucket int) time.Duration {
	if bucket < perOctave {
		return time.Duration(bucket)
	}
	octave := bucket/perOctave - 1
	return time.Duration((uint64(bucket%perOctave+perOctave)+1)<<octave - 1)
}

// meter measures the calls of one function. Two looks at the clock cost as much as all else: after the first calls it looks only now
// and then, unless each is to be known. BenchmarkMeter says what it costs.
type meter struct {
	begun, ended, errors atomic.Uint64
	buckets              [nbuckets]atomic.Uint64
}

const (
	timedFirst = 1000 // calls are all timed,
	timedEach  = 8    // and then every eighth
	notTimed   = -1
)

// started is when this program was: looks at the monotonic clock alone are cheaper.
var started = time.Now()

// begin returns when the call began, or notTimed.
func (m *meter) begin(timed bool) time.Duration {
	if n := m.begun.Add(1); !timed && n > timedFirst && n%timedEach != 0 {
		return notTimed
	}
	return time.Since(started)
}

// end returns how long the call took, or notTimed.
func (m *meter) end(begun time.Duration, err error) (took time.Duration) {
	if took = notTimed; begun != notTimed {
		took = time.Since(started) - begun
		m.buckets[bucketOf(took)].Add(1)
	}
	if err != nil {
		m.errors.Add(1)
	}
	m.ended.Add(1)
	return took
}

func (m *meter) stats() FunctionStats {
	s := FunctionStats{Calls: m.ended.Load(), Errors: m.errors.Load()}
	s.InFlight = int64(m.begun.Load() - s.Calls) // loaded later: it is not negative
	var counts [nbuckets]uint64
	timed := uint64(0)
	for i := range counts {
		counts[i] = m.buckets[i].Load()
		timed += counts[i]
	}
	quantile := func(percent uint64) time.Duration {
		seen := uint64(0)
		for i, n := range counts {
			if seen += n; seen > 0 && seen >= (timed*percent+99)/100 {
				return bucketEnd(i)
			}
		}
		return 0
	}
	s.P50, s.P99 = quantile(50), quantile(99)
	return s
}

// meters are those of all functions, by name: a map that is replaced to add one.
type meters struct {
	byName atomic.Pointer[map[string]*meter]
	adding sync.Mutex
}

func (m *meters) of(function string) *meter {
	if all := m.byName.Load(); all != nil {
		if found := (*all)[function]; found != nil {
			return found
		}
	}
	m.adding.Lock()
	defer m.adding.Unlock()
	more := map[string]*meter{}
	if all := m.byName.Load(); all != nil {
		maps.Copy(more, *all)
	}
	if more[function] == nil {
		more[function] = new(meter)
		m.byName.Store(&more)
	}
	return more[function]
}

func (m *meters) stats() map[string]FunctionStats {
	called := map[string]FunctionStats{}
	if all := m.byName.Load(); all != nil {
		for name, of := range *all {
			if s := of.stats(); s.Calls > 0 || s.InFlight > 0 {
				called[name] = s
			}
		}
	}
	return called
}

// traffic is the bytes of arrays.
type traffic struct{ handles, copies atomic.Uint64 }

// count counts an array that was appended, which is a value as appendArray takes them.
func (t *traffic) count(v any) {
	switch v := v.(type) {
	case readOnly:
		t.count(v.array)
	case interface{ bytes() int }: // a view
		t.handles.Add(uint64(v.bytes()))
	case *ndarray.Any:
		t.copies.Add(uint64(v.Len() * v.DType().Size()))
	case plain:
		of, to := v.Any(), &t.copies
		if _, ok := v.(shared); ok {
			to = &t.handles
		}
		to.Add(uint64(of.Len() * of.DType().Size()))
	}
}

// opened counts an array that was opened, and copied if that is so.
func (t *traffic) opened(o open, copied bool) {
	_, n, err := ndarray.Size(o.handle.Shape, o.handle.DType.Size())
	if err != nil {
		return // it was not opened
	}
	if !o.inline {
		t.handles.Add(uint64(n))
	}
	if copied || o.inline {
		t.copies.Add(uint64(n))
	}
}

// Stats returns what the pool has done.
func (p *Pool) Stats() Stats {
	return Stats{p.meters.stats(), p.traffic.handles.Load(), p.traffic.copies.Load(), int(p.running.Load()), p.restarts.Load()}
}

// String returns [Pool.Stats] as JSON, so that a pool can be published: expvar.Publish("models", pool).
func (p *Pool) String() string { return p.Stats().json() }

// Stats returns what the server has done. In Python it is what go.stats() returns, as a dict.
func (s *Server) Stats() Stats {
	return Stats{s.meters.stats(), s.traffic.handles.Load(), s.traffic.copies.Load(), int(s.clients.Load()), 0}
}

// String returns [Server.Stats] as JSON, so that a server can be published: expvar.Publish("calls", srv).
func (s *Server) String() string { return s.Stats().json() }

func (s Stats) json() string {
	text, err := json.Marshal(s)
	if err != nil {
		panic(err) // numbers and strings always can
	}
	return string(text)
}

// logger tells of what happens, where somebody wants to know.
type logger struct {
	*slog.Logger
	slow time.Duration
}

// never is slower than all calls.
const never = time.Duration(1<<63 - 1)

// timed reports whether all calls are to be timed.
func (l logger) timed() bool { return l.slow < never }

func newLogger(l *slog.Logger, slow time.Duration) logger {
	if l == nil {
		return logger{slog.New(slog.DiscardHandler), never}
	}
	if slow <= 0 {
		slow = time.Second
	}
	return logger{l, slow}
}

// measured is a call that is measured once begin was called.
type measured struct {
	log   logger
	name  string
	meter *meter
	begun time.Duration
}

func (m *measured) begin(name string, by *meter) {
	m.name, m.meter, m.begun = name, by, by.begin(m.log.timed())
}

func (m *measured) end(err error) {
	if m.meter != nil {
		m.log.call(m.name, m.meter.end(m.begun, err), err)
	}
}

func (l logger) call(function string, took time.Duration, err error) {
	if took >= l.slow {
		l.Warn("slow call", "function", function, "took", took, "error", err)
	}
}
