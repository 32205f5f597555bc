package pybridge

import (
	"fmt"

	"github.com/samebytes/samebytes/shm"
)

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

// lost returns what takes the place of a long message that is not to be had: it goes, with others that the sender had under way, when
// a call is given up. Whether it was a call or an answer is not known. Where a call of that number waits for an answer, that is what it
// gets; else it is a call, of kindElsewhere, whose payload is the error to answer it with.
func (l *link) lost(id uint64, cause error) message {
	payload := appendError(nil, asRemote(fmt.Errorf("a long message: %w", cause)))
	if l.contextOf(id) == nil {
		return message{kindElsewhere, id, payload}
	}
	go l.tellOther(frame{Cancel: id}) // it may have been an item
	return message{kindError, id, payload}
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
