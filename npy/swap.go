package npy

import (
	"encoding/binary"
	"math/bits"

	"github.com/samebytes/samebytes/ndarray"
)

// swap says which bytes of an element to reverse: n numbers of width bytes, one behind the other; or, where it has inner ones,
// those n times, step bytes apart.
type swap struct {
	offset, n, width int
	step             int
	inner            []swap
}

// swaps returns which of an element's bytes this machine has in another order.
func (h Header) swaps() []swap {
	if h.Mixed {
		return h.swapped
	}
	if h.BigEndian == nativeBig || !h.DType.Ordered() {
		return nil
	}
	return swapsOf(h.DType)
}

// swapsOf returns what to reverse of elements of which all that has a byte order is in another than this machine's.
func swapsOf(d ndarray.DType) []swap {
	size := d.Size()
	if base := d.Base(); base != d {
		if inner := swapsOf(base); inner != nil && size > 0 {
			return []swap{{n: size / base.Size(), step: base.Size(), inner: inner}}
		}
		return nil
	}
	if fields := d.Fields(); fields != nil {
		var swapped []swap
		for _, f := range fields {
			swapped = appendMoved(swapped, swapsOf(f.DType), f.Offset)
		}
		return swapped
	}
	switch {
	case !d.Ordered() || size == 0:
		return nil
	case d.Kind() == 'c':
		return []swap{{n: 2, width: size / 2}}
	case d.Kind() == 'U':
		return []swap{{n: size / 4, width: 4}}
	}
	return []swap{{n: 1, width: size}}
}

// appendMoved appends swaps of a field to those of the struct.
func appendMoved(dst, of []swap, offset int) []swap {
	for _, s := range of {
		s.offset += offset
		dst = append(dst, s)
	}
	return dst
}

// swapElements reverses bytes of elements of a size that lie one after the other.
func swapElements(b []byte, size int, swaps []swap) {
	if swaps == nil {
		return
	}
	if len(swaps) == 1 && swaps[0].inner == nil && swaps[0].n*swaps[0].width == size {
		swapNumbers(b, swaps[0].width) // elements of nothing else
		return
	}
	for ; len(b) >= size && size > 0; b = b[size:] {
		swapEach(b[:size], swaps)
	}
}

func swapEach(b []byte, swaps []swap) {
	for _, s := range swaps {
		at := b[s.offset:]
		if s.inner == nil {
			swapNumbers(at[:s.n*s.width], s.width)
			continue
		}
		for i := range s.n {
			swapEach(at[i*s.step:(i+1)*s.step], s.inner)
		}
	}
}

// swapNumbers reverses the bytes of numbers of a width that lie one after the other.
func swapNumbers(b []byte, width int) {
	le := binary.LittleEndian
	switch width {
	case 2:
		for ; len(b) >= 8; b = b[8:] { // four at a time: the odd bytes against the even ones
			v := le.Uint64(b)
			le.PutUint64(b, v<<8&0xff00ff00ff00ff00|v>>8&0x00ff00ff00ff00ff)
		}
		for ; len(b) >= 2; b = b[2:] {
			b[0], b[1] = b[1], b[0]
		}
	case 4:
		for ; len(b) >= 4; b = b[4:] {
			le.PutUint32(b, bits.ReverseBytes32(le.Uint32(b)))
		}
	case 8:
		for ; len(b) >= 8; b = b[8:] {
			le.PutUint64(b, bits.ReverseBytes64(le.Uint64(b)))
		}
	}
}
