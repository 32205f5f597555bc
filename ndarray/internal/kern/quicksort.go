package kern

import (
	"math/bits"
	"reflect"

	"github.com/samebytes/samebytes/ndarray/internal/kern/asm"
	"github.com/samebytes/samebytes/ndarray/internal/workers"
)

// Sorter sorts keys. It is memory for one goroutine. Where there are kernels it is a quicksort whose partitions and shortest
// runs are theirs; otherwise it counts digits.
type Sorter[K Unsigned] struct {
	few       *[4]asm.KernelSort
	partition func(keys, others *byte, n int, pivot *byte) int // nil where there are no kernels
	sides     asm.KernelSides

	goroutines int
	buffer     []K
	pivot      [1]K
	state      [4]int
}

const (
	// inPlaceBytes is the size from which partitions are made in place, by a kernel that does more for each key, but reads and
	// writes memory once: that of half a processor's first cache. A buffer of this size has place for six rounds of sides too.
	inPlaceBytes = 16 << 10
	// sharedKeys is the number of keys from which two goroutines sort the two sides of a partition.
	sharedKeys = 1 << 15
)

// NewSorter returns a sorter of at most n keys, which may use so many goroutines.
func NewSorter[K Unsigned](n, goroutines int) *Sorter[K] {
	kind := reflect.TypeFor[K]().Kind()
	kernels := asm.Kernels
	s := &Sorter[K]{few: &kernels.SortFew[kind], partition: kernels.Partition[kind].Run, sides: kernels.Sides[kind], goroutines: goroutines}
	if s.partition != nil && n > s.most() {
		s.buffer = make([]K, min(n, inPlaceBytes/keySize[K]()))
	}
	return s
}

// most returns how many keys a network sorts.
func (s *Sorter[K]) most() int { return s.few[len(s.few)-1].Most }

// Sort sorts keys.
func (s *Sorter[K]) Sort(keys []K) {
	if s.partition == nil {
		if len(s.buffer) < len(keys) {
			s.buffer = make([]K, len(keys))
		}
		sortDigits(keys, s.buffer)
		return
	}
	s.sort(keys, 2*bits.Len(uint(len(keys))), s.goroutines)
}

// Select is a Sorter's for keys that are not sorted otherwise.
func Select[K Unsigned](keys []K, k int) { NewSorter[K](len(keys), 1).Select(keys, k) }

// Select moves keys so that the one at k is where sorting would put it, none before it is greater, and none after it less.
func (s *Sorter[K]) Select(keys []K, k int) {
	if s.partition == nil {
		findKey(keys, k)
		return
	}
	for rounds := 2 * bits.Len(uint(len(keys))); len(keys) > s.most(); rounds-- {
		if rounds == 0 {
			findKey(keys, k)
			return
		}
		s.pivot[0] = s.median(keys)
		below := s.split(keys)
		if below == 0 {
			if s.pivot[0]++; s.pivot[0] != 0 {
				below = s.split(keys)
			}
			if s.pivot[0] == 0 || k < below {
				return // it equals the least key, as all before it do
			}
		}
		if k < below {
			keys = keys[:below]
		} else {
			keys, k = keys[below:], k-below
		}
	}
	s.sortFew(keys)
}

// sort sorts keys in at most so many rounds of partitions: what is left then, as where somebody has chosen the keys to that end,
// is sorted by digits.
func (s *Sorter[K]) sort(keys []K, rounds, goroutines int) {
	for len(keys) > s.most() {
		if rounds == 0 {
			sortDigits(keys, make([]K, len(keys)))
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
		if goroutines > 1 && len(lower) >= sharedKeys {
			workers.Do(2, func(i int) {
				if i == 0 {
					s.sort(upper, rounds, goroutines-goroutines/2)
				} else {
					NewSorter[K](len(lower), 1).sort(lower, rounds, goroutines/2)
				}
			})
			return
		}
		s.sort(lower, rounds, 1)
		keys = upper
	}
	s.sortFew(keys)
}

// sortFew sorts keys by the smallest network that they fit in.
func (s *Sorter[K]) sortFew(keys []K) {
	for i := range s.few {
		if len(keys) <= s.few[i].Most && len(keys) > 1 {
			s.few[i].Run(place(keys, 0), len(keys))
			return
		}
	}
}

// median returns one of the keys that is about their median: that of some of them at even distances.
func (s *Sorter[K]) median(keys []K) K {
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
func (s *Sorter[K]) split(keys []K) int {
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
func (s *Sorter[K]) splitInto(keys, others []K) int {
	below := s.partition(place(keys, 0), place(others, 0), len(keys), place(s.pivot[:], 0))
	copy(keys[below:], others[:len(keys)-below])
	return below
}
