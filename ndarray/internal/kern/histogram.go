package kern

import (
	"math"
	"sort"
)

// Bins are the ranges between edges that do not fall.
type Bins struct {
	edges []float64
	// Where every edge lies less than half a bin from where it would if all bins were of one width, scale is the number of
	// bins in a unit, and a multiplication finds the bin or its neighbour. It is zero otherwise.
	scale float64
}

// NewBins returns the bins between at least two edges, which must not change after.
func NewBins(edges []float64) Bins {
	last := len(edges) - 1
	width := (edges[last] - edges[0]) / float64(last)
	b := Bins{edges, 1 / width}
	even := width > 0 && !math.IsInf(width, 0) && !math.IsInf(b.scale, 0)
	for i, edge := range edges {
		even = even && math.Abs(edge-(edges[0]+float64(i)*width)) < width/2
	}
	if !even {
		b.scale = 0
	}
	return b
}

// find returns the bin of a number that is at least the first edge and at most the last.
func (b Bins) find(x float64) int {
	last := len(b.edges) - 2
	if b.scale == 0 {
		return min(sort.Search(last, func(i int) bool { return b.edges[i+1] > x }), last)
	}
	i := min(int((x-b.edges[0])*b.scale), last)
	for i > 0 && x < b.edges[i] {
		i--
	}
	for i < last && x >= b.edges[i+1] {
		i++
	}
	return i
}

// Histogram adds one to the count of each bin for each of n elements in it.
func Histogram[T Real](counts []int64, x Vec[T], n int, b Bins) {
	low, high := b.edges[0], b.edges[len(b.edges)-1]
	for at := x.Off; n > 0; n-- {
		if v := float64(x.Data[at]); v >= low && v <= high {
			counts[b.find(v)]++
		}
		at += x.Inc
	}
}

// HistogramWeighted adds to the sum of each bin the weight of each of n elements in it.
func HistogramWeighted[T, W Real](sums []float64, x Vec[T], weights Vec[W], n int, b Bins) {
	low, high := b.edges[0], b.edges[len(b.edges)-1]
	at, from := x.Off, weights.Off
	for ; n > 0; n-- {
		if v := float64(x.Data[at]); v >= low && v <= high {
			sums[b.find(v)] += float64(weights.Data[from])
		}
		at += x.Inc
		from += weights.Inc
	}
}
