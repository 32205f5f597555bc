package npy

import (
	"hash/crc32"
	"math/rand/v2"
	"testing"
)

// TestJoined compares the CRC of bytes with that put together from those of two parts.
func TestJoined(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	b := make([]byte, 5000)
	for i := range b {
		b[i] = byte(random.Uint32())
	}
	for n := range len(b) {
		if got, want := joined(crc32.ChecksumIEEE(b[:n]), crc32.ChecksumIEEE(b[n:]), len(b)-n), crc32.ChecksumIEEE(b); got != want {
			t.Fatalf("%d and %d bytes: got %08x, want %08x", n, len(b)-n, got, want)
		}
	}
	long := make([]byte, atOnce+12345)
	copy(long[atOnce/2-2000:], b)
	if got, want := crcOf(7, long), crc32.Update(7, crc32.IEEETable, long); got != want {
		t.Errorf("got %08x, want %08x", got, want)
	}
}
