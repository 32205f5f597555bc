package shm

import (
	"bytes"
	"testing"
	"time"
)

// exampleBlock is that of an array of 3 float64 in a file of exampleSize bytes.
func exampleBlock() controlBlock {
	c := controlBlock{DataOffset: 4096, Capacity: 24, ItemSize: 8, ID: [16]byte{1, 2, 3}, Slots: 64, Boxes: 128, NDim: 1}
	c.finish(time.Unix(0, 42), 8192)
	return c
}

var exampleSize = 8192 + tables{slots: 64, boxes: 128, ndim: 1}.blockSize()

func TestControlRoundTrip(t *testing.T) {
	c := exampleBlock()
	got, found, err := decodeControl(c.bytes(), exampleSize)
	if err != nil || !found || got != c {
		t.Fatalf("got %+v, %v, %v, want %+v", got, found, err, c)
	}
	if err := got.check(4096, 1, 8, 24); err != nil {
		t.Error(err)
	}
	for _, other := range [][4]int{{4160, 1, 8, 24}, {4096, 2, 8, 24}, {4096, 1, 4, 24}, {4096, 1, 8, 32}} {
		if got.check(other[0], other[1], other[2], other[3]) == nil {
			t.Errorf("%v was taken for its elements", other)
		}
	}
}

// FuzzControl proves that no block leads out of its file: of what is accepted, elements and tables lie in the file, in this order.
func FuzzControl(f *testing.F) {
	c := exampleBlock()
	good := c.bytes()
	f.Add(bytes.Clone(good))
	for i := range 232 {
		b := bytes.Clone(good)
		b[i] ^= 0xff
		f.Add(b)
	}
	for i := controlSize - footerSize; i < controlSize; i++ {
		b := bytes.Clone(good)
		b[i] ^= 1
		f.Add(b)
	}
	stream := c
	stream.Kind, stream.Ring, stream.Ports, stream.Slots, stream.Boxes = uint32(kindStream), 8, 8, 8, 8
	f.Add(bytes.Clone(stream.bytes()))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, found, err := decodeControl(b, exampleSize)
		if err != nil || !found {
			return
		}
		m := mapping{bytes: make([]byte, exampleSize), content: content{control: c, controlOffset: int(c.ControlOffset)}}
		m.setTables()
		if int(c.DataOffset)+int(c.Capacity) > int(c.ControlOffset) {
			t.Fatalf("elements end behind %d", c.ControlOffset)
		}
		// That they lie in the mapping is checked by their indices.
		m.participant(int(c.Slots)-1).Generation++
		row, spans := m.box(int(c.Boxes) - 1)
		row.Ticket++
		if len(spans) > 0 {
			spans[len(spans)-1].last++
		}
		if c.Ring > 0 {
			m.slot(int(c.Ring)-1).Length++
			m.port(int(c.Ports) - 1).Name[23]++
		}
		if whole := (*m.control()); whole != (controlBlock{}) {
			t.Fatal("the tables reach into the control block")
		}
	})
}
