package pybridge

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// kind says what a message is. A message is its kind, a byte; the number of the call that it belongs to, a little-endian uint64
// which the caller chose; and what the kind has:
type kind byte

const (
	// What callHead has, and [function, positional arguments], or with keyword arguments as the third: call it.
	kindCall kind = iota
	// A value: what the call returned.
	kindResult
	// [type, message, traceback]: what the call failed with.
	kindError
	// A value: the next one of a call that returned a generator.
	kindItem
	// A number, an int: the caller has room for so many more items.
	kindNext
	// [[number, count]...]: the sender lets objects of the receiver's go, which it was given so often.
	kindRelease
)

const (
	messageHead = 1 + 8
	// elsewhere is added to the kind of a call or an answer that is too long for a slot: its payload is in a temporary segment, and what
	// follows the number is the segment's handle, as JSON.
	elsewhere kind = 1 << 7
)

// argumentDepth is the number of lists in which an argument stands: that of a call, and that of the arguments.
const argumentDepth = 2

// message is one that was received.
type message struct {
	kind    kind
	id      uint64
	payload []byte
	lost    error // of one that was elsewhere: why its payload is not to be had, as when the call was given up
}

// answers reports whether it is an answer to a call of this side.
func (m message) answers() bool {
	return m.kind == kindResult || m.kind == kindError || m.kind == kindItem
}

// parseMessage returns a received message.
func parseMessage(b []byte) (message, error) {
	if len(b) < messageHead {
		return message{}, fmt.Errorf("%w: a message of %d bytes", errBroken, len(b))
	}
	m := message{kind: kind(b[0]) &^ elsewhere, id: binary.LittleEndian.Uint64(b[1:]), payload: b[messageHead:]}
	long := kind(b[0]) != m.kind
	if m.kind > kindRelease || long && m.kind != kindCall && !m.answers() {
		return m, fmt.Errorf("%w: a message of kind %d", errBroken, b[0])
	}
	if !long {
		return m, nil
	}
	payload, err := fetch(m.payload)
	switch m.payload = payload; {
	case errors.Is(err, errBroken):
		return m, err
	case err != nil:
		m.lost = fmt.Errorf("a long message: %w", err)
	}
	return m, nil
}
