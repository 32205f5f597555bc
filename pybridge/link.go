package pybridge

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"reflect"
	"sync"
	"time"

	"github.com/samebytes/samebytes/pybridge/internal/wire"
	"github.com/samebytes/samebytes/shm"
)

// kind says what a message is. A message is its kind, a byte; the number of the call that it belongs to, a little-endian uint64
// which the caller chose; and what the kind has:
type kind byte

const (
	// [function, positional arguments, keyword arguments]: call it.
	kindCall kind = iota
	// A value: what the call returned.
	kindResult
	// [type, message, traceback]: what the call failed with.
	kindError
	// A value: the next one of a call that returned a generator.
	kindItem
	// Nothing: the other side waits for the next item; of a generator.
	kindNext
	// A handle as JSON: the message is in the temporary segment that it names, since it is too long for a slot.
	kindElsewhere
)

const messageHead = 1 + 8

// argumentDepth is the number of lists in which an argument stands: that of a call, and that of the arguments.
const argumentDepth = 2

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
	handle func(message) // called for calls from the other side, on the goroutine that receives
	tell   func(frame)   // called for frames, on the goroutine that reads them

	sending sync.Mutex // held by who uses out and scratch
	out     *ring
	scratch []byte
	encoder wire.Encoder // of arguments
	cargo   cargo        // of the message that is being made

	decoder wire.Decoder // of results
	traffic *traffic     // counts arrays

	mu    sync.Mutex
	next  uint64
	calls map[uint64]chan message // under way, made by this side
	cause error                   // why the link ended
	ended chan struct{}           // closed when it has

	users sync.WaitGroup // goroutines that use the memory
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
		calls: map[uint64]chan message{},
		ended: make(chan struct{}),

		traffic: new(traffic),
	}
	l.encoder = wire.Encoder{Array: l.appendArray, Depth: argumentDepth}
	l.decoder = wire.Decoder{Array: func(payload []byte, into reflect.Type) (reflect.Value, error) {
		return l.traffic.openArray(payload, into)
	}}
	return l
}

// appendArray is the encoder's Array.
func (l *link) appendArray(dst []byte, v any) ([]byte, bool, error) {
	out, ok, err := l.cargo.append(dst, v)
	if ok && err == nil {
		l.traffic.count(v)
	}
	return out, ok, err
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
	if err != nil || m.kind == kindNext {
		return // what could be found is gone
	}
	discard(m.payload)
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
		case kindCall, kindNext:
			l.handle(m)
		default:
			l.mu.Lock()
			waiting := l.calls[m.id]
			if m.kind != kindItem {
				delete(l.calls, m.id)
			}
			l.mu.Unlock()
			if waiting != nil { // else who called has given it up
				select {
				case waiting <- m:
				default:
					l.end(fmt.Errorf("%w: more answers than were asked for", errBroken))
					return
				}
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
	case m.kind > kindElsewhere:
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

// sendCall sends a call, and returns what it carries, also with an error.
func (l *link) sendCall(id uint64, add func(dst []byte) ([]byte, error)) (cargo, error) {
	l.sending.Lock()
	defer l.sending.Unlock()
	err := l.sendLocked(kindCall, id, add)
	return l.cargo.take(), err
}

// send sends a message whose payload add appends. The error is the link's cause, or add's.
func (l *link) send(k kind, id uint64, add func(dst []byte) ([]byte, error)) error {
	l.sending.Lock()
	defer l.sending.Unlock()
	defer l.cargo.take()
	return l.sendLocked(k, id, add)
}

// sendLocked is send for who holds sending.
func (l *link) sendLocked(k kind, id uint64, add func(dst []byte) ([]byte, error)) error {
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
		l.cargo = append(l.cargo, func() { fetch(handle) }) // where that fails it has gone
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

// begin returns the number of a new call, and where its answers will come: up to room of them unread.
func (l *link) begin(room int) (uint64, chan message, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cause != nil {
		return 0, nil, l.cause
	}
	l.next++
	answers := make(chan message, room)
	l.calls[l.next] = answers
	return l.next, answers, nil
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
