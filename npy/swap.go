package npy

import (
	"encoding/binary"
	"math/bits"

	"github.com/samebytes/samebytes/ndarray"
)

// swap says which bytes of an element to reverse: n numbers of width bytes, one behind the other; or, where it has inner ones,
// those n times, step bytes apart. What has a width of 1 is bools, of which each becomes 0 or 1.
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
	return partsOf(d, func(d ndarray.DType) (n, width int) {
		size := d.Size()
		switch {
		case !d.Ordered():
			return 0, 0
		case d.Kind() == 'c':
			return 2, size / 2
		case d.Kind() == 'U':
			return size / 4, 4
		}
		return 1, size
	})
}

// partsOf returns where an element has numbers, of which those of a scalar are n of width bytes.
func partsOf(d ndarray.DType, scalar func(ndarray.DType) (n, width int)) []swap {
	size := d.Size()
	if base := d.Base(); base != d {
		if inner := partsOf(base, scalar); inner != nil && size > 0 {
			return []swap{{n: size / base.Size(), step: base.Size(), inner: inner}}
		}
		return nil
	}
	if fields := d.Fields(); fields != nil {
		var parts []swap
		for _, f := range fields {
			parts = appendMoved(parts, partsOf(f.DType, scalar), f.Offset)
		}
		return parts
	}
	if n, width := scalar(d); n > 0 {
		return []swap{{n: n, width: width}}
	}
	return nil
}

// makeBools makes true of the bools of elements that are neither 0 nor 1: NumPy takes them for true, and to Go they are no bools,
// which a program may not have. TestReadBools guards it.
func makeBools(b []byte, d ndarray.DType) { swapElements(b, d.Size(), boolsOf(d)) }

// wholeBools reports whether the bools of elements are all 0 or 1.
func wholeBools(b []byte, d ndarray.DType) bool {
	size, bools := d.Size(), boolsOf(d)
	if bools == nil {
		return true
	}
	if d == ndarray.Bool {
		return allBools(b)
	}
	for ; len(b) >= size && size > 0; b = b[size:] {
		if !wholeEach(b[:size], bools) {
			return false
		}
	}
	return true
}

func wholeEach(b []byte, bools []swap) bool {
	for _, s := range bools {
		at := b[s.offset:]
		if s.inner == nil && !allBools(at[:s.n]) {
			return false
		}
		for i := range s.n {
			if s.inner != nil && !wholeEach(at[i*s.step:(i+1)*s.step], s.inner) {
				return false
			}
		}
	}
	return true
}

func allBools(b []byte) bool {
	for ; len(b) >= 8; b = b[8:] {
		if binary.NativeEndian.Uint64(b)&^0x0101010101010101 != 0 {
			return false
		}
	}
	for _, c := range b {
		if c > 1 {
			return false
		}
	}
	return true
}

// boolsOf returns where an element has bools.
func boolsOf(d ndarray.DType) []swap {
	return partsOf(d, func(d ndarray.DType) (n, width int) {
		if d == ndarray.Bool {
			return 1, 1
		}
		return 0, 0
	})
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
	case 1:
		for ; len(b) >= 8; b = b[8:] {
			if le.Uint64(b)&^0x0101010101010101 != 0 {
				boolBytes(b[:8])
			}
		}
		boolBytes(b)
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

// boolBytes makes 1 of bytes that are neither 0 nor 1.
func boolBytes(b []byte) {
	for i, v := range b {
		b[i] = min(v, 1)
	}
}
