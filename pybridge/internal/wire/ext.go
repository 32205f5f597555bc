package wire

import (
	"encoding/binary"
	"math"
	"time"
)

// The extension types. Each code is in the table of the package's documentation.
const (
	extArray    = 1
	extComplex  = 2
	extDuration = 3
	extObject   = 4
	extTime     = -1
)

// The times that can be carried are those of Python's datetime: the years 1 to 9999.
const (
	firstSecond = -62135596800 // 0001-01-01T00:00:00Z
	lastSecond  = 253402300799 // 9999-12-31T23:59:59Z
)

// Lead bytes of msgpack. Those of extensions of 1, 2, 4, 8 and 16 bytes follow one another from leadFixed.
const (
	leadNil   = 0xc0
	leadExt8  = 0xc7
	leadExt16 = 0xc8
	leadExt32 = 0xc9
	leadFixed = 0xd4
)

// appendExt appends an extension whose payload is appended by a function of the caller, or reports that it appends none.
func appendExt(dst []byte, code int8, v any, payload func([]byte, any) ([]byte, bool, error)) ([]byte, bool, error) {
	const head = 3 // lead byte, length, code: right for what has up to 255 bytes, as handles do
	start := len(dst)
	out, ok, err := payload(append(dst, leadExt8, 0, byte(code)), v)
	if !ok || err != nil {
		return dst, ok, err
	}
	n := len(out) - start - head
	switch {
	case uint64(n) > math.MaxUint32:
		return dst, true, unencodable("expected at most 4 GiB, found %d bytes", n)
	case n == 1, n == 2, n == 4, n == 8, n == 16:
		copy(out[start+2:], out[start+head:])
		out = out[:len(out)-1]
		binary.BigEndian.PutUint16(out[start:], fixedHead(n, code))
	case n < 1<<8:
		out[start+1] = byte(n)
	case n < 1<<16:
		out = append(out, 0)
		copy(out[start+head+1:], out[start+head:])
		out[start] = leadExt16
		binary.BigEndian.PutUint16(out[start+1:], uint16(n))
		out[start+3] = byte(code)
	default:
		out = append(out, 0, 0, 0)
		copy(out[start+head+3:], out[start+head:])
		out[start] = leadExt32
		binary.BigEndian.PutUint32(out[start+1:], uint32(n))
		out[start+5] = byte(code)
	}
	return out, true, nil
}

// fixedHead returns the two bytes before a payload of 1, 2, 4, 8 or 16 bytes.
func fixedHead(n int, code int8) uint16 {
	lead := uint16(leadFixed)
	for ; n > 1; n >>= 1 {
		lead++
	}
	return lead<<8 | uint16(uint8(code))
}

// readExt returns the code and the payload of the extension that b begins with, and what follows it.
func readExt(b []byte) (code int8, payload, rest []byte, err error) {
	head, n := 2, uint64(0)
	switch lead := b[0]; lead {
	case leadExt8, leadExt16, leadExt32:
		size := 1 << (lead - leadExt8) // of the length
		if head += size; len(b) < head {
			return 0, nil, nil, cutShort()
		}
		for _, c := range b[1 : 1+size] {
			n = n<<8 | uint64(c)
		}
	default:
		n = 1 << (lead - leadFixed)
	}
	if len(b) < head || uint64(len(b)-head) < n {
		return 0, nil, nil, cutShort()
	}
	end := head + int(n)
	return int8(b[head-1]), b[head:end:end], b[end:], nil
}

func appendComplex64(dst []byte, c complex64) []byte {
	dst = binary.BigEndian.AppendUint16(dst, fixedHead(8, extComplex))
	dst = binary.LittleEndian.AppendUint32(dst, math.Float32bits(real(c)))
	return binary.LittleEndian.AppendUint32(dst, math.Float32bits(imag(c)))
}

func appendComplex128(dst []byte, c complex128) []byte {
	dst = binary.BigEndian.AppendUint16(dst, fixedHead(16, extComplex))
	dst = binary.LittleEndian.AppendUint64(dst, math.Float64bits(real(c)))
	return binary.LittleEndian.AppendUint64(dst, math.Float64bits(imag(c)))
}

func parseComplex(payload []byte) (complex128, error) {
	switch len(payload) {
	case 8:
		re := math.Float32frombits(binary.LittleEndian.Uint32(payload))
		im := math.Float32frombits(binary.LittleEndian.Uint32(payload[4:]))
		return complex(float64(re), float64(im)), nil
	case 16:
		re := math.Float64frombits(binary.LittleEndian.Uint64(payload))
		im := math.Float64frombits(binary.LittleEndian.Uint64(payload[8:]))
		return complex(re, im), nil
	}
	return 0, malformed("expected a complex number of 8 or 16 bytes, found %d", len(payload))
}

func appendDuration(dst []byte, d time.Duration) []byte {
	dst = binary.BigEndian.AppendUint16(dst, fixedHead(8, extDuration))
	return binary.LittleEndian.AppendUint64(dst, uint64(d))
}

func parseDuration(payload []byte) (time.Duration, error) {
	if len(payload) != 8 {
		return 0, malformed("expected a duration of 8 bytes, found %d", len(payload))
	}
	return time.Duration(binary.LittleEndian.Uint64(payload)), nil
}

// appendTime appends the instant in the shortest of msgpack's three forms: seconds of 32 bits, 34 bits and nanoseconds of 30, or
// nanoseconds of 32 bits and seconds of 64.
func appendTime(dst []byte, t time.Time) ([]byte, error) {
	s, ns := t.Unix(), uint64(t.Nanosecond())
	if s < firstSecond || s > lastSecond {
		return dst, unencodable("expected a time in the years 1 to 9999, found %v", t)
	}
	switch {
	case s>>34 != 0:
		dst = append(dst, leadExt8, 12, extTime&0xff)
		dst = binary.BigEndian.AppendUint32(dst, uint32(ns))
		return binary.BigEndian.AppendUint64(dst, uint64(s)), nil
	case ns != 0 || s>>32 != 0:
		dst = binary.BigEndian.AppendUint16(dst, fixedHead(8, extTime))
		return binary.BigEndian.AppendUint64(dst, ns<<34|uint64(s)), nil
	default:
		dst = binary.BigEndian.AppendUint16(dst, fixedHead(4, extTime))
		return binary.BigEndian.AppendUint32(dst, uint32(s)), nil
	}
}

func parseTime(payload []byte) (time.Time, error) {
	var s, ns int64
	switch len(payload) {
	case 4:
		s = int64(binary.BigEndian.Uint32(payload))
	case 8:
		v := binary.BigEndian.Uint64(payload)
		s, ns = int64(v&(1<<34-1)), int64(v>>34)
	case 12:
		ns, s = int64(binary.BigEndian.Uint32(payload)), int64(binary.BigEndian.Uint64(payload[4:]))
	default:
		return time.Time{}, malformed("expected a time of 4, 8 or 12 bytes, found %d", len(payload))
	}
	if ns >= 1e9 {
		return time.Time{}, malformed("expected less than 1,000,000,000 nanoseconds of a second, found %d", ns)
	}
	if s < firstSecond || s > lastSecond {
		return time.Time{}, malformed("expected a time in the years 1 to 9999, found second %d", s)
	}
	return time.Unix(s, ns).UTC(), nil
}
