package kern

import (
	"math/bits"
	"slices"
)

// findKey is a Sorter's Select without kernels.
//
// It is C. A. R. Hoare's Find (1961) with the median of three or, of many, of nine as the pivot; where the pivots turn out bad
// again and again, it sorts what is left.
func findKey[K Unsigned](keys []K, k int) {
	for bad := bits.Len(uint(len(keys))); len(keys) > 12; {
		if bad == 0 {
			break
		}
		middle := pivot(keys)
		low := below(keys, middle)
		if k < low {
			if low > len(keys)/8*7 {
				bad--
			}
			keys = keys[:low]
			continue
		}
		keys, k = keys[low:], k-low
		if low < (len(keys)+low)/8 {
			// Few are less, perhaps because many are equal.
			bad--
			equal := notAbove(keys, middle)
			if k < equal {
				return
			}
			keys, k = keys[equal:], k-equal
		}
	}
	slices.Sort(keys)
}

// below moves the keys that are less than the pivot to the front, and returns how many they are. It moves each key, less or not,
// since a branch on what can't be foretold costs more. The order of others than those is N. Lomuto's.
func below[K Unsigned](keys []K, pivot K) int {
	low := 0
	for i, k := range keys {
		keys[i] = keys[low]
		keys[low] = k
		if k < pivot {
			low++
		}
	}
	return low
}

// notAbove is below for those that are equal to the pivot, too.
func notAbove[K Unsigned](keys []K, pivot K) int {
	low := 0
	for i, k := range keys {
		keys[i] = keys[low]
		keys[low] = k
		if k <= pivot {
			low++
		}
	}
	return low
}

func pivot[K Unsigned](keys []K) K {
	n := len(keys)
	if n < 128 {
		return median(keys[0], keys[n/2], keys[n-1])
	}
	step := n / 9
	return median(
		median(keys[step/2], keys[step], keys[2*step]),
		median(keys[3*step], keys[4*step], keys[5*step]),
		median(keys[6*step], keys[7*step], keys[8*step]))
}

func median[K Unsigned](a, b, c K) K { return max(min(a, b), min(max(a, b), c)) }

// SelectPairs is Select for pairs, and takes the lower index for the lower of two that have the same key.
func SelectPairs(pairs []Pair, k int) {
	for bad := bits.Len(uint(len(pairs))); len(pairs) > 12; {
		if bad == 0 {
			break
		}
		n := len(pairs)
		three := [...]Pair{pairs[n/4], pairs[n/2], pairs[n-1-n/4]}
		slices.SortFunc(three[:], comparePairs)
		low, high := 0, n
		for i := 0; i < high; {
			switch order := comparePairs(pairs[i], three[1]); {
			case order < 0:
				pairs[i], pairs[low] = pairs[low], pairs[i]
				low++
				i++
			case order > 0:
				high--
				pairs[i], pairs[high] = pairs[high], pairs[i]
			default:
				i++
			}
		}
		if max(low, n-high) > n/8*7 {
			bad--
		}
		switch {
		case k < low:
			pairs = pairs[:low]
		case k < high:
			return
		default:
			pairs, k = pairs[high:], k-high
		}
	}
	slices.SortFunc(pairs, comparePairs)
}
