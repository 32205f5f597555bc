package kern

import (
	"math/bits"
	"reflect"

	"github.com/samebytes/samebytes/ndarray/internal/kern/asm"
)

// quicksort sorts keys by kernels: its partitions and shortest runs are theirs. It is memory for one goroutine.
type quicksort[K Unsigned] struct {
	few       *[4]asm.KernelSort
	partition func(keys, others *byte, n int, pivot *byte) int
	sides     asm.KernelSides

	buffer []K // as many keys as are sorted
	pivot  [1]K
	state  [4]int
}

// inPlaceBytes is the size from which partitions are made in place, by a kernel that does more for each key, but reads and writes
// memory once: that of half a processor's first cache. The buffer then has place for six rounds of sides too.
const inPlaceBytes = 16 << 10

// newQuicksort returns a quicksort, or nil where there are no kernels.
func newQuicksort[K Unsigned](buffer []K) *quicksort[K] {
	kind := reflect.TypeFor[K]().Kind()
	partition := asm.Kernels.Partition[kind].Run
	if partition == nil {
		return nil
	}
	return &quicksort[K]{few: &asm.Kernels.SortFew[kind], partition: partition, sides: asm.Kernels.Sides[kind], buffer: buffer}
}

func (s *quicksort[K]) run(keys []K) { s.sort(keys, 2*bits.Len(uint(len(keys)))) }

// sort sorts keys in at most so many rounds of partitions: what is left then, as where somebody has chosen the keys to that end,
// is sorted by digits.
func (s *quicksort[K]) sort(keys []K, rounds int) {
	for len(keys) > s.few[len(s.few)-1].Most {
		if rounds == 0 {
			sortDigits(keys, s.buffer[:len(keys)])
			return
		}
		rounds--
		s.pivot[0] = s.median(keys)
		below := s.split(keys)
		if below == 0 { // the pivot is the least key: those that equal it are sorted
			if s.pivot[0]++; s.pivot[0] == 0 {
				return
			}
			keys = keys[s.split(keys):]
			continue
		}
		lower, upper := keys[:below], keys[below:]
		if len(lower) > len(upper) {
			lower, upper = upper, lower
		}
		s.sort(lower, rounds)
		keys = upper
	}
	s.sortFew(keys)
}

// sortFew sorts keys by the smallest network that they fit in.
func (s *quicksort[K]) sortFew(keys []K) {
	for i := range s.few {
		if len(keys) <= s.few[i].Most && len(keys) > 1 {
			s.few[i].Run(place(keys, 0), len(keys))
			return
		}
	}
}

// median returns one of the keys that is about their median: that of some of them at even distances.
func (s *quicksort[K]) median(keys []K) K {
	n := 8
	switch {
	case len(keys) >= 1<<14:
		n = 32
	case len(keys) >= 1<<10:
		n = 16
	}
	step := len(keys) / n
	sample := s.buffer[:n]
	for i := range sample {
		sample[i] = keys[i*step+step/2]
	}
	s.sortFew(sample)
	return sample[n/2]
}

// split moves the keys below the pivot to the front, and returns how many they are.
func (s *quicksort[K]) split(keys []K) int {
	size, round := keySize[K](), s.sides.Round
	if len(keys)*size < inPlaceBytes {
		return s.splitInto(keys, s.buffer)
	}
	ends, last := s.buffer[:3*round], len(keys)-round
	copy(ends, keys[:round])
	copy(ends[round:], keys[last:])
	s.state = [4]int{0, round * size, last * size, len(keys) * size}
	for s.state[2]-s.state[1] >= round*size {
		s.sides.Run(place(keys, 0), place(s.state[:], 0), place(s.pivot[:], 0), blockBytes/(round*size))
	}
	rest := ends[:2*round+copy(ends[2*round:], keys[s.state[1]/size:s.state[2]/size])]
	low := s.state[0] / size
	below := s.splitInto(rest, s.buffer[3*round:])
	copy(keys[low:], rest)
	return low + below
}

// splitInto is split for few keys. It stores those that are not below the pivot in others first.
func (s *quicksort[K]) splitInto(keys, others []K) int {
	below := s.partition(place(keys, 0), place(others, 0), len(keys), place(s.pivot[:], 0))
	copy(keys[below:], others[:len(keys)-below])
	return below
}
