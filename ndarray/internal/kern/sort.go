package kern

import "slices"

// radixMin is the number of keys from which counting digits is faster than comparing.
const radixMin = 256

// sortDigits sorts keys by counting. It overwrites buffer, which is no shorter.
func sortDigits[K Unsigned](keys, buffer []K) {
	if len(keys) < radixMin {
		slices.Sort(keys)
		return
	}
	nbytes := keySize[K]()
	if nbytes == 1 {
		sortBytes(keys)
		return
	}
	var counts [8][256]int // of each byte of the keys, from the lowest
	sorted, last := true, keys[0]
	for _, key := range keys {
		sorted = sorted && last <= key
		last = key
		k := uint64(key)
		counts[0][uint8(k)]++
		counts[1][uint8(k>>8)]++
		if nbytes > 2 {
			counts[2][uint8(k>>16)]++
			counts[3][uint8(k>>24)]++
		}
		if nbytes > 4 {
			counts[4][uint8(k>>32)]++
			counts[5][uint8(k>>40)]++
			counts[6][uint8(k>>48)]++
			counts[7][uint8(k>>56)]++
		}
	}
	if sorted {
		return
	}
	from, to := keys, buffer[:len(keys)]
	for d := range nbytes {
		count := &counts[d]
		shift := 8 * d
		if count[uint8(from[0]>>shift)] == len(keys) {
			continue // one digit for all
		}
		starts(count)
		for _, k := range from {
			digit := uint8(k >> (shift & 63)) // 63 spares the check that a shift needs
			place := count[digit]
			count[digit] = place + 1
			to[place] = k
		}
		from, to = to, from
	}
	if &from[0] != &keys[0] {
		copy(keys, from)
	}
}

// starts replaces counts by the sums of those before them.
func starts(counts *[256]int) {
	sum := 0
	for digit, count := range counts {
		counts[digit] = sum
		sum += count
	}
}

func keySize[K Unsigned]() int {
	switch any(K(0)).(type) {
	case uint8:
		return 1
	case uint16:
		return 2
	case uint32:
		return 4
	}
	return 8
}

// sortBytes sorts keys of one byte.
func sortBytes[K Unsigned](keys []K) {
	var counts [256]int
	for _, k := range keys {
		counts[uint8(k)]++
	}
	for k, count := range counts {
		run := keys[:count]
		for i := range run {
			run[i] = K(k)
		}
		keys = keys[count:]
	}
}

// Pair is a key and where it was.
type Pair struct {
	Key   uint64
	Index int64
}

// SortPairs sorts pairs by their keys, and keeps the order of those that have the same. The indices rise when it is called.
// It overwrites buffer, which is as long.
func SortPairs(pairs, buffer []Pair) {
	if len(pairs) < radixMin {
		slices.SortFunc(pairs, comparePairs)
		return
	}
	var counts [8][256]int
	sorted, last := true, uint64(0)
	for _, p := range pairs {
		k := p.Key
		sorted = sorted && last <= k
		last = k
		counts[0][uint8(k)]++
		counts[1][uint8(k>>8)]++
		counts[2][uint8(k>>16)]++
		counts[3][uint8(k>>24)]++
		counts[4][uint8(k>>32)]++
		counts[5][uint8(k>>40)]++
		counts[6][uint8(k>>48)]++
		counts[7][uint8(k>>56)]++
	}
	if sorted {
		return
	}
	from, to := pairs, buffer[:len(pairs)]
	for d := range 8 {
		count := &counts[d]
		shift := 8 * d
		if count[uint8(from[0].Key>>shift)] == len(pairs) {
			continue
		}
		starts(count)
		for _, p := range from {
			digit := uint8(p.Key >> (shift & 63))
			place := count[digit]
			count[digit] = place + 1
			to[place] = p
		}
		from, to = to, from
	}
	if &from[0] != &pairs[0] {
		copy(pairs, from)
	}
}

func comparePairs(p, q Pair) int {
	switch {
	case p.Key < q.Key || p.Key == q.Key && p.Index < q.Index:
		return -1
	case p == q:
		return 0
	}
	return 1
}
