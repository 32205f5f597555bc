package pybridge

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"reflect"
	"sync"
	"sync/atomic"
	"time"

	"github.com/samebytes/samebytes/pybridge/internal/wire"
)

// link is a connection to another process, over which both call each other.
//
// One goroutine at a time reads the ring: it leads, by holding the one value of lead. Whoever waits for an answer leads if nobody
// else does, and hands the others theirs, so that an answer comes to who waits for it without a change of goroutines, which takes
// as long as the ring. Who leads and gets a call from the other side hands the lead on and runs the call. Where nobody waits for a
// while, a goroutine of the link leads.
type link struct {
	conn      *net.UnixConn
	memory    []byte
	in        *ring
	lead      chan struct{}
	reads     atomic.Uint64        // messages read
	followers atomic.Int32         // goroutines that serve, and wait to lead
	handle    func(message) func() // called for calls from the other side and what belongs to them, by who leads; what it returns, if anything, is to be run
	tell      func(frame)          // called for frames, on the goroutine that reads them

	sending sync.Mutex // held by who uses what follows
	out     *ring
	scratch []byte
	encoder wire.Encoder // of values for this link: objects are given to it
	cargo   cargo        // of the message that is being made

	objects *objects
	decoder wire.Decoder // of results, for all but objects
	traffic *traffic     // counts arrays, there and back

	pool   *Pool         // of a worker, else nil
	worker *worker       // likewise: it is killed when a call that was given up has not ended within grace
	grace  time.Duration // how long a call that was given up may take to end

	mu     sync.Mutex
	next   uint64
	calls  map[uint64]pending // under way, made by this side
	began  chan struct{}      // receives when a call was made
	unused []chan message

	nudging  sync.Mutex
	unmapped bool // the memory has gone; guarded by nudging

	cause atomic.Pointer[error] // why the link ended
	ended chan struct{}         // closed when it has
	left  chan struct{}         // closed when all that it held was let go
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
		out:    newRing(memory, ours, oursAt, nslots, slotSize),
		in:     newRing(memory, theirs, theirsAt, nslots, slotSize),
		lead:   make(chan struct{}, 1),
		grace:  defaultGrace,
		calls:  map[uint64]pending{},
		began:  make(chan struct{}, 1),
		unused: make([]chan message, 0, 8),
		ended:  make(chan struct{}),
		left:   make(chan struct{}),

		traffic: new(traffic),
	}
	l.lead <- struct{}{}
	l.objects = newObjects(l)
	l.encoder = wire.Encoder{Array: l.appendArray, Object: l.objects.append, Depth: argumentDepth}
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

// start begins to receive: calls are handed to handle, and frames to tell, neither of which may block for long. A side that mostly
// serves always has a goroutine that waits for messages; one that mostly calls only where it has not called for a while.
func (l *link) start(serves bool, handle func(message) func(), tell func(frame)) {
	l.handle, l.tell = handle, tell
	if serves {
		go l.serve()
	} else {
		go l.keep()
	}
	go l.listen()
}

// end gives the link up: calls under way, and later ones, fail with cause. Of several causes the first counts.
func (l *link) end(cause error) {
	if !l.cause.CompareAndSwap(nil, &cause) {
		return
	}
	close(l.ended)
	l.in.stop()
	l.out.stop()
	died := errors.Is(cause, ErrWorkerDied)
	if !died && !errors.Is(cause, ErrClosed) {
		l.conn.SetWriteDeadline(time.Now().Add(time.Second)) // where that fails, so does what follows
		l.tellOther(frame{Error: asFrame(cause)})            // who damaged the memory may not listen either
	}
	l.conn.Close() // what it would say is no news
	go func() {
		defer close(l.left)
		<-l.lead // nobody reads any more
		l.objects.end()
		l.sending.Lock() // who waits for it finds that the link has ended
		defer l.sending.Unlock()
		if died {
			l.out.unread(discardMessage)
		}
		l.nudging.Lock() // who nudges holds nothing else
		defer l.nudging.Unlock()
		l.unmapped = true
		unmap(l.memory)
	}()
}

// nudge has who reads look up. It may run when the call that it was for is over, and the link too.
func (l *link) nudge() {
	l.nudging.Lock()
	defer l.nudging.Unlock()
	if !l.unmapped {
		l.in.nudge()
	}
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
			discard(h.value, gone)
		}
	case kindResult, kindItem:
		discard(m.payload, gone)
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

// answer returns the next answer to a call, in the order in which they come. The error is the context's, or the link's cause.
func (l *link) answer(ctx context.Context, id uint64, answers chan message) (message, error) {
	if ctx.Done() != nil {
		defer context.AfterFunc(ctx, l.nudge)()
	}
	for {
		select {
		case <-l.lead:
		default:
			select {
			case m := <-answers:
				return m, nil
			case <-l.ended:
				return message{}, l.err()
			case <-ctx.Done():
				return message{}, ctx.Err()
			case <-l.lead:
			}
		}
		m, came := l.readFor(ctx, id, answers)
		l.lead <- struct{}{}
		if came {
			return m, nil
		}
	}
}

// readFor reads messages until the next answer to a call has come, or its context or the link has ended. For who leads.
func (l *link) readFor(ctx context.Context, id uint64, answers chan message) (message, bool) {
	if len(answers) > 0 {
		return <-answers, true // another has read it
	}
	for ctx.Err() == nil {
		m, err := l.read()
		switch {
		case err != nil:
			return message{}, false
		case m.id == id && m.answers():
			l.waiting(m)
			return m, true
		case m.answers():
			l.handOn(m)
		default:
			if run := l.handle(m); run != nil {
				go run()
			}
		}
	}
	return message{}, false
}

// serve reads messages, and runs the calls among them, until the link ends or enough others do so.
func (l *link) serve() {
	for {
		if l.followers.Add(1) > maxFollowers {
			l.followers.Add(-1)
			return
		}
		select {
		case <-l.lead:
			l.followers.Add(-1)
		case <-l.ended:
			return
		}
		run, err := l.serveOne()
		l.lead <- struct{}{}
		if err != nil && !errors.Is(err, errNudged) {
			return
		}
		if run != nil {
			if l.followers.Load() == 0 {
				go l.serve()
			}
			run() // here, where the message came, at once
		}
	}
}

// maxFollowers is how many goroutines that have run calls stay to read on: a new one would have to grow its stack.
const maxFollowers = 4

// serveOne reads a message, and returns what runs it if it is a call. For who leads.
func (l *link) serveOne() (run func(), err error) {
	m, err := l.read()
	switch {
	case err != nil:
	case m.answers():
		l.handOn(m)
	default:
		run = l.handle(m)
	}
	return run, err
}

// quiet is after how long without messages a side that mostly calls waits for those of the other side. Then the next answer comes by
// way of the goroutine that waits, which takes longer.
const quiet = 5 * time.Millisecond

// keep reads messages while nobody waits for answers.
func (l *link) keep() {
	for seen := l.reads.Load(); ; {
		select {
		case <-l.ended:
			return
		case <-time.After(quiet):
		}
		if reads := l.reads.Load(); reads != seen {
			seen = reads
			continue
		}
		select {
		case <-l.lead:
		default:
			continue
		}
		for {
			run, err := l.serveOne()
			if run == nil || err != nil {
				break // who called has its answer, and is to read the next one itself
			}
			go run()
		}
		l.lead <- struct{}{}
	}
}

// read returns the next message. For who leads. The error is errNudged, or the cause of the link's end.
func (l *link) read() (message, error) {
	b, err := l.in.receive(nil)
	var m message
	if err == nil {
		l.reads.Add(1)
		m, err = parseMessage(b)
	}
	if m.kind == kindElsewhere && !errors.Is(err, errBroken) {
		m, err = l.lost(m.id, err), nil
	}
	if err != nil && !errors.Is(err, errNudged) {
		l.end(err)
	}
	return m, err
}

// waiting returns where an answer is waited for, or nil if who called has given it up.
func (l *link) waiting(m message) chan message {
	l.mu.Lock()
	defer l.mu.Unlock()
	call := l.calls[m.id]
	if m.kind != kindItem {
		delete(l.calls, m.id)
	}
	return call.answers
}

// handOn gives an answer to who waits for it.
func (l *link) handOn(m message) {
	waiting := l.waiting(m)
	if waiting == nil {
		l.drop(m)
		return
	}
	select {
	case waiting <- m:
	default:
		l.end(fmt.Errorf("%w: more answers than were asked for", errBroken))
	}
}

// send sends a message whose payload add appends. The error is the link's cause, or add's.
func (l *link) send(k kind, id uint64, add func(dst []byte) ([]byte, error)) error {
	_, err := l.sendCargo(k, id, add)
	return err
}

// sendCargo is send, and returns what the message carries by the link's encoder. With an error that is let go.
func (l *link) sendCargo(k kind, id uint64, add func(dst []byte) ([]byte, error)) (carried cargo, err error) {
	defer func() {
		if err != nil {
			carried.takeBack()
		}
	}()
	l.sending.Lock()
	defer func() {
		carried = l.cargo.take()
		l.sending.Unlock()
	}()
	return carried, l.sendLocked(k, id, add)
}

// sendLocked is send for who has sending.
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
		l.cargo.arrays = append(l.cargo.arrays, func() { fetch(handle) }) // where that fails it has gone
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
	if err := l.err(); err != nil {
		return 0, nil, err
	}
	l.next++
	var answers chan message
	if n := len(l.unused); room == 1 && n > 0 {
		answers, l.unused = l.unused[n-1], l.unused[:n-1]
	} else {
		answers = make(chan message, room)
	}
	l.calls[l.next] = pending{ctx, answers}
	select {
	case l.began <- struct{}{}:
	default: // who is to know of it has not looked since the last
	}
	return l.next, answers, nil
}

// reuse takes a channel of expect's back, with room for one, from which the answer has come: nobody else has it.
func (l *link) reuse(answers chan message) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.unused) < cap(l.unused) {
		l.unused = append(l.unused, answers)
	}
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

// why returns why a call has no answer, when the link has ended: of a worker how that ended, as soon as it is known.
func (l *link) why() error {
	if l.worker != nil {
		return l.worker.ended()
	}
	return l.err()
}

// err returns why the link ended, or nil.
func (l *link) err() error {
	if cause := l.cause.Load(); cause != nil {
		return *cause
	}
	return nil
}
