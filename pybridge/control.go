package pybridge

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
)

// Beside the rings, the two processes keep a Unix socket. What goes over it is a frame: the length of a JSON text in bytes, a
// little-endian uint32, and the text. The first frame of each side introduces it; later ones tell of what the rings are too late
// for: how a worker's start goes on, and calls to be given up. The socket's end is the notice of the other side's death.

// maxFrame is the longest JSON text, in bytes: a traceback fits.
const maxFrame = 1 << 20

// protocol is the number of this design of frames, rings and messages.
const protocol = 1

// frame is what a frame may hold.
type frame struct {
	Protocol int    `json:"protocol,omitempty"` // of an introduction
	Language string `json:"language,omitempty"` // and the program's version, as "python 3.11.7, numpy 2.4.6, samebytes 0.1"
	PID      int    `json:"pid,omitempty"`
	Domain   string `json:"domain,omitempty"` // of its segments, of the side that made the memory: the other must have the same
	Slots    int    `json:"slots,omitempty"`  // messages that each ring holds, of the side that made the memory
	SlotSize int    `json:"slot_size,omitempty"`

	Start *introduction `json:"start,omitempty"` // of one to a worker: what it is to serve

	Functions []described     `json:"functions,omitempty"` // of one of a server, or to a worker: what it serves
	Types     []describedType `json:"types,omitempty"`     // likewise

	Stage string       `json:"stage,omitempty"` // what a worker is at, as "import numpy"
	Ready bool         `json:"ready,omitempty"`
	Error *remoteFrame `json:"error,omitempty"` // why it can't start, does not take this connection, or ends it

	Cancel uint64 `json:"cancel,omitempty"` // the call to give up
}

// remoteFrame is a RemoteError.
type remoteFrame struct {
	Type    string `json:"type"`
	Message string `json:"message"`
	Trace   string `json:"trace,omitempty"`
}

func (e *remoteFrame) err() error { return (*RemoteError)(e) }

func asFrame(err error) *remoteFrame {
	return (*remoteFrame)(asRemote(err))
}

func appendFrame(dst []byte, f frame) ([]byte, error) {
	text, err := json.Marshal(f)
	if err != nil {
		return dst, err
	}
	if len(text) > maxFrame {
		return dst, fmt.Errorf("a frame of %d bytes is over %d", len(text), maxFrame)
	}
	return append(binary.LittleEndian.AppendUint32(dst, uint32(len(text))), text...), nil
}

// readFrame reads one frame. The error is io.EOF where the socket ends before it.
func readFrame(r io.Reader) (f frame, err error) {
	var length [4]byte
	if _, err := io.ReadFull(r, length[:]); err != nil {
		return f, err
	}
	n := binary.LittleEndian.Uint32(length[:])
	if n > maxFrame {
		return f, fmt.Errorf("%w: a frame of %d bytes, expected at most %d", errBroken, n, maxFrame)
	}
	text := make([]byte, n)
	if _, err := io.ReadFull(r, text); err != nil {
		return f, fmt.Errorf("%w: %w", errBroken, err)
	}
	if err := json.Unmarshal(text, &f); err != nil {
		return f, fmt.Errorf("%w: a frame that is no JSON: %w", errBroken, err)
	}
	return f, nil
}
