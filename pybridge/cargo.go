package pybridge

import (
	"bytes"
	"reflect"
)

// cargo is what a message carries that would stay where nobody opened it: handles of arrays, and of the message itself if it is long.
// Each is opened and closed by its function, which does no harm to what was opened already.
type cargo []func()

// append is a wire.Encoder's Array.
func (c *cargo) append(dst []byte, v any) ([]byte, bool, error) {
	out, ok, err := appendArray(dst, v)
	if ok && err == nil {
		handle := bytes.Clone(out[len(dst):])
		*c = append(*c, func() {
			if o, err := openHandle(handle, reflect.TypeFor[any]()); err == nil { // else it has gone
				o.close()
			}
		})
	}
	return out, ok, err
}

// take returns the cargo of the message that was made last.
func (c *cargo) take() cargo {
	taken := *c
	*c = nil
	return taken
}

// drop lets go what nobody will open: the process that it was sent to has ended, or has answered by an error.
func (c cargo) drop() {
	for _, open := range c {
		open()
	}
}
