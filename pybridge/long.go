package pybridge

import (
	"fmt"

	"github.com/samebytes/samebytes/shm"
)

// store puts a long payload into a temporary segment, and returns its handle as JSON: the segment stays until it is opened.
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

// instead returns the answer that takes the place of a lost one.
func (m message) instead() message {
	return message{kind: kindError, id: m.id, payload: appendError(nil, asRemote(m.lost))}
}

// fetch returns the long payload whose handle it is given. The error is errBroken where the other side is at fault.
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
