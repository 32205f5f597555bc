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

// session is a program that calls functions of a server, from its introduction to its end.
type session struct {
	server  *Server
	link    *link
	context context.Context // of its calls
	room    chan struct{}   // holds one for each call that runs
	running sync.WaitGroup
	log     logger

	mu      sync.Mutex
	closing bool
	last    uint64                        // the number of the latest call; later ones have greater numbers
	cancel  map[uint64]context.CancelFunc // of the calls that run
	early   map[uint64]bool               // later calls that were given up before they came
}

func (s *Server) grace() time.Duration {
	if s.Grace > 0 {
		return s.Grace
	}
	return time.Second
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
	of, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	session := &session{
		server: s, link: l, context: of,
		room:   make(chan struct{}, maxCalls),
		cancel: map[uint64]context.CancelFunc{}, early: map[uint64]bool{},
		log: newLogger(s.Log, s.Slow),
	}
	_, pid, _ := peer(conn) // for people
	session.log.Info("client connected", "process", pid)
	s.clients.Add(1)
	defer func() {
		s.clients.Add(-1)
		session.log.Info("client left", "process", pid, "because", l.err())
	}()
	l.start(session.take, session.told)
	select {
	case <-l.ended:
	case <-ctx.Done():
	}
	session.drain(cancel)
	l.end(ErrClosed)
	if err := l.err(); !errors.Is(err, ErrWorkerDied) && !errors.Is(err, ErrClosed) {
		return err
	}
	return nil
}

// introduce exchanges introductions with a client, and returns the link over the memory that it has sent.
func (s *Server) introduce(conn *net.UnixConn) (*link, error) {
	conn.SetDeadline(time.Now().Add(introductionTime))
	l, err := meet(conn)
	answer := frame{Protocol: protocol, Language: runtime.Version(), PID: os.Getpid(), Functions: s.described(), Ready: true}
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

// take is given each call as it comes.
func (s *session) take(m message) {
	if m.kind != kindCall {
		return // of a generator that nobody has
	}
	select {
	case s.room <- struct{}{}:
	case <-s.link.ended:
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		go s.fail(m.id, ErrClosed)
		<-s.room
		return
	}
	ctx, cancel := context.WithCancel(s.context)
	if s.last = m.id; s.early[m.id] {
		cancel()
	}
	maps.DeleteFunc(s.early, func(id uint64, _ bool) bool { return id <= m.id })
	s.cancel[m.id] = cancel
	s.running.Add(1)
	go s.run(ctx, m)
}

// run runs a call, and sends its answer.
func (s *session) run(ctx context.Context, m message) {
	// A write through a read-only opening is a fault, which would end this program.
	debug.SetPanicOnFault(true)
	var answer []byte
	err := error(&RemoteError{Type: "Goexit", Message: "the function ended its goroutine"})
	defer func() {
		if err == nil {
			err = s.link.send(kindResult, m.id, func(dst []byte) ([]byte, error) { return append(dst, answer...), nil })
			if err != nil {
				discard(answer)
			}
		}
		if err != nil {
			s.fail(m.id, err)
		}
		s.mu.Lock()
		s.cancel[m.id]()
		delete(s.cancel, m.id)
		s.mu.Unlock()
		<-s.room
		s.running.Done()
	}()
	if err = ctx.Err(); err == nil {
		answer, err = s.server.call(ctx, s.log, m.payload)
	}
}

func (s *session) fail(id uint64, err error) {
	s.link.send(kindError, id, func(dst []byte) ([]byte, error) { return appendError(dst, asRemote(err)) }) // or the link has ended
}

// told is given each frame.
func (s *session) told(f frame) {
	if f.Cancel == 0 {
		return
	}
	s.mu.Lock()
	cancel := s.cancel[f.Cancel]
	if f.Cancel > s.last {
		s.early[f.Cancel] = true
	}
	many := len(s.early) > maxEarly
	s.mu.Unlock()
	if cancel != nil {
		cancel()
	}
	if many {
		s.link.end(fmt.Errorf("%w: more than %d calls given up that were not made", errBroken, maxEarly))
	}
}

// drain waits for the calls that run. Those of a client that is there may go on for a while.
func (s *session) drain(cancel context.CancelFunc) {
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
	cancel()
	select {
	case <-done:
	case <-time.After(s.server.grace()):
	}
}
