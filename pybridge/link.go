package pybridge

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/samebytes/samebytes/pybridge/internal/wire"
	"github.com/samebytes/samebytes/shm"
)

// kind says what a message is. A message is its kind, a byte; the number of the call that it belongs to, a little-endian uint64
// which the caller chose; and what the kind has:
type kind byte

const (
	// What callHead has, and [function, positional arguments, keyword arguments]: call it.
	kindCall kind = iota
	// A value: what the call returned.
	kindResult
	// [type, message, traceback]: what the call failed with.
	kindError
	// A value: the next one of a call that returned a generator.
	kindItem
	// A number, an int: the caller has room for so many more items.
	kindNext
	// A handle as JSON: the message is in the temporary segment that it names, since it is too long for a slot.
	kindElsewhere
	// [[number, count]...]: the sender lets objects of the receiver's go, which it was given so often.
	kindRelease
)

const messageHead = 1 + 8

// message is one that was received.
type message struct {
	kind    kind
	id      uint64
	payload []byte
}

// link is a connection to another process, over which both call each other.
type link struct {
	conn   *net.UnixConn
	memory []byte
	in     *ring
	handle func(message) // called for calls from the other side and what belongs to them, on the goroutine that receives
	tell   func(frame)   // called for frames, on the goroutine that reads them

	sending sync.Mutex // held by who uses out and scratch
	out     *ring
	scratch []byte

	objects *objects
	encoder wire.Encoder // of values for this link: objects are given to it
	decoder wire.Decoder // of results

	// Of a worker: reserve waits until it has no other call, and returns what ends that; kill ends it, when a call that was given
	// up has not ended within grace. All but grace may be nil.
	pool    *Pool
	worker  *worker
	reserve func(ctx context.Context) (release func(), err error)
	kill    func()
	grace   time.Duration

	mu    sync.Mutex
	next  uint64
	calls map[uint64]pending // under way, made by this side
	began chan struct{}      // receives when a call was made
	cause error              // why the link ended
	ended chan struct{}      // closed when it has

	users sync.WaitGroup // goroutines that use the memory
}

// pending is a call that this side has made.
type pending struct {
	ctx     context.Context
	answers chan message
}

// newLink returns a link over memory that one side, the first, has made. It begins to receive with start.
func newLink(conn *net.UnixConn, memory []byte, nslots, slotSize int, first bool) *link {
	ours, theirs := firstRing, otherRing
	oursAt, theirsAt := slotsAt, slotsAt+nslots*slotSize
	if !first {
		ours, theirs, oursAt, theirsAt = theirs, ours, theirsAt, oursAt
	}
	l := &link{
		conn: conn, memory: memory,
		out:   newRing(memory, ours, oursAt, nslots, slotSize),
		in:    newRing(memory, theirs, theirsAt, nslots, slotSize),
		grace: defaultGrace,
		calls: map[uint64]pending{},
		began: make(chan struct{}, 1),
		ended: make(chan struct{}),
	}
	l.objects = newObjects(l)
	// Arguments are a list in a message: its depth counts.
	l.encoder = wire.Encoder{Array: appendArray, Object: l.objects.append, Depth: 1}
	l.decoder = wire.Decoder{Array: openArray, Object: l.objects.open}
	return l
}

// start begins to receive: calls are handed to handle, and frames to tell, neither of which may block for long.
func (l *link) start(handle func(message), tell func(frame)) {
	l.handle, l.tell = handle, tell
	l.users.Go(l.receive)
	go l.listen()
}

// end gives the link up: calls under way, and later ones, fail with cause. Of several causes the first counts.
func (l *link) end(cause error) {
	l.mu.Lock()
	if l.cause != nil {
		l.mu.Unlock()
		return
	}
	l.cause = cause
	close(l.ended)
	l.mu.Unlock()
	l.in.stop()
	l.out.stop()
	died := errors.Is(cause, ErrWorkerDied)
	if !died && !errors.Is(cause, ErrClosed) {
		l.conn.SetWriteDeadline(time.Now().Add(time.Second)) // where that fails, so does what follows
		l.tellOther(frame{Error: asFrame(cause)})            // who damaged the memory may not listen either
	}
	l.conn.Close() // what it would say is no news
	go func() {
		l.users.Wait()
		l.objects.end()
		l.sending.Lock() // who waits for it finds that the link has ended
		defer l.sending.Unlock()
		if died {
			l.out.unread(discardMessage)
		}
		unmap(l.memory)
	}()
}

// discardMessage lets the arrays go that are under way in a message which nobody will read.
func discardMessage(b []byte) {
	m, err := parseMessage(b)
	if err != nil {
		return // what could be found is gone
	}
	switch m.kind {
	case kindCall:
		if h, err := parseCall(m.payload); err == nil {
			discard(h.value)
		}
	case kindResult, kindItem:
		discard(m.payload)
	}
}

// listen reads frames until the socket ends, which is when the other process has.
func (l *link) listen() {
	for {
		f, err := readFrame(l.conn)
		if err == nil {
			l.tell(f)
			continue
		}
		if errors.Is(err, errBroken) {
			l.end(err)
		} else {
			l.end(ErrWorkerDied)
		}
		return
	}
}

// receive hands on messages until the link ends.
func (l *link) receive() {
	for {
		b, err := l.in.receive(nil)
		if err != nil {
			l.end(err)
			return
		}
		m, err := parseMessage(b)
		if err != nil {
			l.end(err)
			return
		}
		switch m.kind {
		case kindCall, kindNext, kindRelease:
			l.handle(m)
		default:
			l.mu.Lock()
			waiting, known := l.calls[m.id]
			if m.kind != kindItem {
				delete(l.calls, m.id)
			}
			l.mu.Unlock()
			if !known { // who called has given it up
				l.drop(m)
				continue
			}
			select {
			case waiting.answers <- m:
			default:
				l.end(fmt.Errorf("%w: more answers than were asked for", errBroken))
				return
			}
		}
	}
}

func parseMessage(b []byte) (message, error) {
	if len(b) < messageHead {
		return message{}, fmt.Errorf("%w: a message of %d bytes", errBroken, len(b))
	}
	m := message{kind(b[0]), binary.LittleEndian.Uint64(b[1:]), b[messageHead:]}
	switch {
	case m.kind > kindRelease:
		return m, fmt.Errorf("%w: a message of kind %d", errBroken, m.kind)
	case m.kind != kindElsewhere:
		return m, nil
	}
	long, err := fetch(m.payload)
	if err != nil {
		return m, err
	}
	if len(long) > 0 && kind(long[0]) == kindElsewhere {
		return m, fmt.Errorf("%w: a long message in a long message", errBroken)
	}
	return parseMessage(long)
}

// send sends a message whose payload add appends. The error is the link's cause, or add's.
func (l *link) send(k kind, id uint64, add func(dst []byte) ([]byte, error)) error {
	l.sending.Lock()
	defer l.sending.Unlock()
	if err := l.err(); err != nil {
		return err
	}
	b := append(l.scratch[:0], byte(k))
	b = binary.LittleEndian.AppendUint64(b, id)
	b, err := add(b)
	if err != nil {
		return err
	}
	l.scratch = b[:0]
	if len(b) > l.out.most() {
		l.scratch = nil // not kept for messages that are seldom
		handle, err := store(b)
		if err != nil {
			return err
		}
		b = append(binary.LittleEndian.AppendUint64([]byte{byte(kindElsewhere)}, id), handle...)
	}
	if err := l.out.send(b); err != nil {
		l.end(err)
		return l.err()
	}
	return nil
}

// tellOther sends a frame.
func (l *link) tellOther(f frame) error {
	b, err := appendFrame(nil, f)
	if err == nil {
		_, err = l.conn.Write(b)
	}
	return err
}

// expect returns the number of a new call, and where its answers will come: up to room of them unread.
func (l *link) expect(ctx context.Context, room int) (uint64, chan message, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cause != nil {
		return 0, nil, l.cause
	}
	l.next++
	answers := make(chan message, room)
	l.calls[l.next] = pending{ctx, answers}
	select {
	case l.began <- struct{}{}:
	default: // who is to know of it has not looked since the last
	}
	return l.next, answers, nil
}

// calling reports whether calls that this side has made are under way.
func (l *link) calling() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.calls) > 0
}

// contextOf returns the context of a call that this side has made, or nil where it is not under way.
func (l *link) contextOf(id uint64) context.Context {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.calls[id].ctx
}

// forget gives a call up: answers to it are left unread.
func (l *link) forget(id uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.calls, id)
}

// err returns why the link ended, or nil.
func (l *link) err() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.cause
}

// store puts a long message into a temporary segment, and returns its handle as JSON: the segment stays until it is opened.
func store(b []byte) ([]byte, error) {
	a, err := shm.New[uint8]([]int{len(b)})
	if err != nil {
		return nil, err
	}
	defer a.Close()
	copy(a.Data(), b)
	h, err := a.Handle()
	if err != nil {
		return nil, err
	}
	return h.MarshalJSON()
}

// fetch returns the long message whose handle it is given.
func fetch(handle []byte) ([]byte, error) {
	h, err := shm.ParseHandle(handle)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errBroken, err)
	}
	a, err := shm.Open[uint8](h)
	if err != nil {
		return nil, err
	}
	defer a.Close()
	if a.NDim() != 1 || !a.Contiguous() {
		return nil, fmt.Errorf("%w: a long message of shape %v", errBroken, a.Shape())
	}
	return append([]byte(nil), a.Data()...), nil
}
