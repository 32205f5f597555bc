package pybridge

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"runtime"
	"runtime/debug"
	"sync"
	"time"

	"github.com/samebytes/samebytes/shm"
)

const (
	// introductionTime is how long a client may take to introduce itself: it does so at once.
	introductionTime = 10 * time.Second
	// maxCalls bounds what runs for one client at a time; further calls wait in the ring, and then in the client.
	maxCalls = 1024
	// maxEarly bounds the calls that a client gives up before they are read from the ring.
	maxEarly = 1 << 16
)

// session is what the program on the other side of a link calls here, from its introduction to its end.
type session struct {
	server  *Server
	link    *link
	context context.Context // of its calls
	cancel  context.CancelFunc
	room    chan struct{} // holds one for each call that runs and is not nested in one of this side's
	running sync.WaitGroup
	log     logger

	mu      sync.Mutex
	closing bool
	last    uint64              // the number of the latest call; later ones have greater numbers
	calls   map[uint64]*running // those that run
	early   map[uint64]bool     // later calls that were given up before they came
}

// running is a call from the other side.
type running struct {
	cancel context.CancelFunc
	more   chan int // numbers of items that there is room for; nil where none were asked for
}

func newSession(ctx context.Context, s *Server, l *link) *session {
	l.objects.server = s
	of, cancel := context.WithCancel(ctx)
	return &session{
		server: s, link: l, context: of, cancel: cancel,
		room: make(chan struct{}, maxCalls), log: newLogger(s.Log, s.Slow),
		calls: map[uint64]*running{}, early: map[uint64]bool{},
	}
}

func (s *Server) grace() time.Duration {
	if s.Grace > 0 {
		return s.Grace
	}
	return defaultGrace
}

// converse serves a client until it ends or the context does, and then waits for its calls, but not for ever. The error is what
// was wrong with what the client sent.
func (s *Server) converse(ctx context.Context, conn *net.UnixConn) error {
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
	l, err := s.introduce(conn)
	if !stop() && err == nil {
		l.end(ErrClosed)
		return nil
	}
	if err != nil {
		conn.Close() // it was told why
		return err
	}
	l.grace, l.traffic = s.grace(), &s.traffic
	session := newSession(context.WithoutCancel(ctx), s, l)
	defer session.cancel()
	_, pid, _ := peer(conn) // for people
	session.log.Info("client connected", "process", pid)
	s.clients.Add(1)
	defer func() {
		s.clients.Add(-1)
		session.log.Info("client left", "process", pid, "because", l.err())
	}()
	l.start(true, session.take, session.told)
	select {
	case <-l.ended:
	case <-ctx.Done():
	}
	session.drain()
	l.end(ErrClosed)
	select {
	case <-l.left: // what nobody has read would outlive a program that ended now
	case <-time.After(s.grace()):
	}
	if err := l.err(); !errors.Is(err, ErrWorkerDied) && !errors.Is(err, ErrClosed) {
		return err
	}
	return nil
}

// introduce exchanges introductions with a client, and returns the link over the memory that it has sent.
func (s *Server) introduce(conn *net.UnixConn) (*link, error) {
	conn.SetDeadline(time.Now().Add(introductionTime))
	l, err := meet(conn)
	answer := frame{Protocol: protocol, Language: runtime.Version(), PID: os.Getpid(), Functions: s.described(), Types: s.describedTypes(), Ready: true}
	if err != nil {
		answer = frame{Protocol: protocol, Error: asFrame(err)}
	}
	b, failed := appendFrame(nil, answer)
	if failed == nil {
		_, failed = conn.Write(b)
	}
	if err == nil && failed != nil {
		unmap(l.memory)
		return nil, failed
	}
	conn.SetDeadline(time.Time{})
	return l, err
}

// meet reads a client's introduction.
func meet(conn *net.UnixConn) (*link, error) {
	var head [4]byte
	n, file, err := receiveFile(conn, head[:])
	if file != nil {
		defer file.Close()
	}
	if err != nil {
		return nil, err
	}
	f, err := readFrame(io.MultiReader(bytes.NewReader(head[:n]), conn))
	switch {
	case err != nil:
		return nil, err
	case f.Protocol != protocol:
		return nil, fmt.Errorf("%w: expected protocol %d, found %d: the two programs need the same release of samebytes", shm.ErrVersion, protocol, f.Protocol)
	case file == nil:
		return nil, fmt.Errorf("%w: expected memory with the introduction", errBroken)
	}
	if here, err := shm.Domain(); err == nil && f.Domain != "" && f.Domain != here {
		return nil, is(shm.ErrNotExist, "expected a client with the segments of %s, whose domain is %s, found one of domain %q: both need the same SAMEBYTES_DIR, and the same mount there", shm.Dir(), here, f.Domain)
	}
	memory, nslots, slotSize, err := openMemory(int(file.Fd()))
	if err != nil {
		return nil, err
	}
	return newLink(conn, memory, nslots, slotSize, false), nil
}

// take is given each call as it comes, and what belongs to calls; it returns what runs the call.
func (s *session) take(m message) func() {
	switch m.kind {
	case kindNext:
		s.more(m)
		return nil
	case kindRelease:
		if err := s.link.objects.release(m.payload); err != nil {
			s.link.end(err)
		}
		return nil
	}
	if m.lost != nil {
		_, r := s.register(m.id, 0, wantsValue)
		return func() {
			s.fail(m.id, m.lost)
			if r != nil {
				s.done(m.id, r)
			}
		}
	}
	head, err := parseCall(m.payload)
	if err != nil {
		s.link.end(err)
		return nil
	}
	ctx, r := s.register(m.id, head.parent, head.wants)
	if r == nil {
		s.link.discard(head.value)
		return func() { s.fail(m.id, ErrClosed) }
	}
	if head.parent != 0 { // who waits for it has room
		return func() { s.run(ctx, r, m.id, head) }
	}
	inRoom := func() {
		defer func() { <-s.room }()
		s.run(ctx, r, m.id, head)
	}
	for {
		select {
		case s.room <- struct{}{}:
			return inRoom
		default:
		}
		if s.link.calling() {
			// The answers that running calls wait for stand behind this one.
			return func() {
				s.room <- struct{}{}
				inRoom()
			}
		}
		select {
		case s.room <- struct{}{}:
			return inRoom
		case <-s.link.began:
		case <-s.link.ended:
			s.done(m.id, r)
			return nil
		}
	}
}

// register notes a call that is to run, and returns its context; or nil where no more are to.
func (s *session) register(id, parent uint64, wants int32) (context.Context, *running) {
	ctx := s.context
	if parent != 0 {
		if outer := s.link.contextOf(parent); outer != nil {
			ctx = outer // it ends with the call of this side that it is nested in
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing && parent == 0 {
		return nil, nil
	}
	ctx, cancel := context.WithCancel(ctx)
	if s.last = id; s.early[id] {
		cancel()
	}
	if len(s.early) > 0 {
		maps.DeleteFunc(s.early, func(early uint64, _ bool) bool { return early <= id })
	}
	r := &running{cancel: cancel}
	if wants > 0 {
		r.more = make(chan int, maxMore)
	}
	s.calls[id] = r
	s.running.Add(1)
	return ctx, r
}

// done forgets a call.
func (s *session) done(id uint64, r *running) {
	r.cancel()
	s.mu.Lock()
	delete(s.calls, id)
	s.mu.Unlock()
	s.running.Done()
}

// run runs a call, and sends its answer.
func (s *session) run(ctx context.Context, r *running, id uint64, head callHead) {
	// A write through a read-only opening is a fault, which would end this program.
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	var answer []byte
	var err error
	defer func() {
		if err == nil {
			err = s.link.send(kindResult, id, func(dst []byte) ([]byte, error) { return append(dst, answer...), nil })
			if err != nil {
				s.link.takeBack(answer)
			}
		}
		if err != nil {
			s.fail(id, err)
		}
		s.done(id, r)
	}()
	if err = ctx.Err(); err != nil {
		s.link.discard(head.value)
		return
	}
	if ctx, err = nest(ctx, s.link, id); err != nil {
		s.link.discard(head.value)
		return
	}
	err = errGoexit // where the function does not return
	answer, err = s.server.call(ctx, s.link, s.log, head, items{s, id, r.more, int(head.wants)})
}

// errGoexit is what a function fails with that ends its goroutine.
var errGoexit = &RemoteError{Type: "Goexit", Message: "expected the function to return or to panic, found that it ended its goroutine: runtime.Goexit, or a test's FailNow"}

func (s *session) fail(id uint64, err error) {
	s.link.send(kindError, id, func(dst []byte) ([]byte, error) { return appendError(dst, asRemote(err)), nil }) // or the link has ended
}

// told is given each frame.
func (s *session) told(f frame) {
	if f.Cancel == 0 {
		return
	}
	s.mu.Lock()
	r := s.calls[f.Cancel]
	if f.Cancel > s.last {
		s.early[f.Cancel] = true
	}
	many := len(s.early) > maxEarly
	s.mu.Unlock()
	if r != nil {
		r.cancel()
	}
	if many {
		s.link.end(fmt.Errorf("%w: more than %d calls given up that were not made", errBroken, maxEarly))
	}
}

// drain waits for the calls that run. Those of a client that is there may go on for a while.
func (s *session) drain() {
	s.mu.Lock()
	s.closing = true
	s.mu.Unlock()
	done := make(chan struct{})
	go func() {
		s.running.Wait()
		close(done)
	}()
	select {
	case <-done:
		return
	case <-s.link.ended:
	case <-time.After(s.server.grace()):
	}
	s.cancel()
	select {
	case <-done:
	case <-time.After(s.server.grace()):
	}
}
