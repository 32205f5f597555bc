package pybridge

import (
	"bytes"
	"reflect"
)

// cargo is what a message carries that would stay where nobody let it go.
type cargo struct {
	arrays  []func() // handles of arrays, and of the message itself if it is long: each is opened and closed, which does no harm to what was opened already
	objects []func() // each is taken back
}

// append is a wire.Encoder's Array.
func (c *cargo) append(dst []byte, v any) ([]byte, bool, error) {
	out, ok, err := appendArray(dst, v)
	if ok && err == nil && !isInline(out[len(dst):]) {
		handle := bytes.Clone(out[len(dst):])
		c.arrays = append(c.arrays, func() {
			if o, err := openPayload(handle, reflect.TypeFor[any]()); err == nil { // else it has gone
				o.close()
			}
		})
	}
	return out, ok, err
}

// take returns the cargo of the message that was made last.
func (c *cargo) take() cargo {
	taken := *c
	*c = cargo{}
	return taken
}

// drop lets go what nobody will open: the process that it was sent to has ended, or has answered by an error. Objects are let go by who
// has them, as the link's end does.
func (c cargo) drop() {
	for _, open := range c.arrays {
		open()
	}
}

// takeBack lets go what was not sent. It is for who does not have link.sending.
func (c cargo) takeBack() {
	c.drop()
	for _, back := range c.objects {
		back()
	}
}
