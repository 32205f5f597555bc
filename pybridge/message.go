package pybridge

import (
	"encoding/binary"
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
	// A handle as JSON: the message is in the temporary segment that it names, since it is too long for a slot.
	kindElsewhere
	// [[number, count]...]: the sender lets objects of the receiver's go, which it was given so often.
	kindRelease
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

// answers reports whether it is an answer to a call of this side.
func (m message) answers() bool {
	return m.kind == kindResult || m.kind == kindError || m.kind == kindItem
}

// parseMessage returns a received message. With an error of a long message that is not to be had, its kind is kindElsewhere and its
// number is the message's.
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
