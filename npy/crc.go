package npy

import (
	"hash/crc32"
	"runtime"
	"sync"
)

// crcOf returns the CRC-32 of b after the bytes that crc is of, by several goroutines where b is long.
func crcOf(crc uint32, b []byte) uint32 {
	workers := runtime.GOMAXPROCS(0)
	if len(b) < atOnce || workers == 1 {
		return crc32.Update(crc, crc32.IEEETable, b)
	}
	share := (len(b) + workers - 1) / workers
	sums := make([]uint32, workers)
	var group sync.WaitGroup
	for i := range sums {
		part := b[min(i*share, len(b)):min((i+1)*share, len(b))]
		group.Go(func() { sums[i] = crc32.ChecksumIEEE(part) })
	}
	group.Wait()
	for i, sum := range sums {
		crc = joined(crc, sum, min((i+1)*share, len(b))-min(i*share, len(b)))
	}
	return crc
}

// joined returns the CRC-32 of bytes and n more, from that of the first and that of the second.
//
// A CRC is the remainder of a polynomial over GF(2), whose first coefficient is the highest bit. Bytes that follow multiply it by
// x^8 each; so does zlib's crc32_combine find it (https://github.com/madler/zlib, crc32.c).
func joined(first, second uint32, n int) uint32 {
	shift, power := uint32(1)<<31, uint32(1)<<23 // x^0, and x^8 to the powers of two
	for ; n > 0; n >>= 1 {
		if n&1 == 1 {
			shift = times(shift, power)
		}
		power = times(power, power)
	}
	return times(shift, first) ^ second
}

// times multiplies two polynomials modulo that of the CRC.
func times(a, b uint32) (product uint32) {
	for ; a != 0; a <<= 1 {
		if a>>31 == 1 {
			product ^= b
		}
		b = b>>1 ^ b&1*crc32.IEEE
	}
	return product
}
