package ndarray

import (
	"math"
	"slices"

	"github.com/samebytes/samebytes/ndarray/internal/kern"
)

// Histogram stores in dst how many elements of a fall into each bin, and returns dst. The edges, of one axis and at least two,
// must not fall: bin i takes what is at least edges[i] and less than edges[i+1], and the last one what equals its upper edge
// too. Elements outside, and NaN, are not counted. [HistogramEdges] divides the range of elements evenly.
// dst has one axis, shorter by one than that of edges; a nil dst is made. It panics with a [ShapeError] if the shapes are others,
// with a [ValueError] if edges fall or are NaN, and as [SumTo] does if dst can't be written.
func Histogram[T Real](dst *Array[int64], a *Array[T], edges *Array[float64]) *Array[int64] {
	bins := binsOf("Histogram", edges)
	dst = destination("Histogram", dst, []int{edges.n - 1}, edges.shape)
	sums := New[int64](dst.n)
	l := newLoops(&a.layout)
	l.each(func(offsets []int, n int) {
		kern.Histogram(sums.data, kern.Vec[T]{Data: a.data, Off: offsets[0], Inc: l.inc(0)}, n, bins)
	})
	return put(dst, sums)
}

// HistogramWeighted stores in dst the sums of the weights of the elements that fall into each bin, as [Histogram] does their
// number. The weights have a's shape or broadcast to it; it panics with a [ShapeError] if they do not.
func HistogramWeighted[T, W Real](dst *Array[float64], a *Array[T], weights *Array[W], edges *Array[float64]) *Array[float64] {
	const op = "HistogramWeighted"
	bins := binsOf(op, edges)
	dst = destination(op, dst, []int{edges.n - 1}, edges.shape)
	stretched := stretchedTo(op, weights, a.shape)
	sums := New[float64](dst.n)
	l := newLoops(&a.layout, &stretched.layout)
	l.each(func(offsets []int, n int) {
		kern.HistogramWeighted(sums.data, kern.Vec[T]{Data: a.data, Off: offsets[0], Inc: l.inc(0)},
			kern.Vec[W]{Data: weights.data, Off: offsets[1], Inc: l.inc(1)}, n, bins)
	})
	return put(dst, sums)
}

// HistogramDensity stores in dst, for the counts or weights of [Histogram] or [HistogramWeighted], the density of each bin, whose
// integral over all bins is one, and returns dst, which has the shape of counts. It is NaN where there is nothing in any bin,
// and panics with a [ShapeError] if the shapes do not fit.
func HistogramDensity[T Real](dst *Array[float64], counts *Array[T], edges *Array[float64]) *Array[float64] {
	binsOf("HistogramDensity", edges)
	if len(counts.shape) != 1 || counts.n != edges.n-1 {
		panic(newShapeError("HistogramDensity", "expected a count between each two edges", counts.shape, edges.shape))
	}
	dst = destination("HistogramDensity", dst, counts.shape, edges.shape)
	total := SumAs[float64](counts)
	densities := New[float64](counts.n)
	for i := range densities.data {
		densities.data[i] = float64(counts.At(i)) / (edges.At(i+1) - edges.At(i)) / total
	}
	return put(dst, densities)
}

// HistogramEdges returns the edges of bins of one width from the least to the greatest element of a, in memory of their own: as
// many as bins, and one. Where all elements are the same, they reach half below and above; where there are none, from zero to
// one. Over another range they are a [Linspace]. It panics with a [ValueError] if bins is not above zero, the least or
// greatest element is not finite, or their range can't be divided so.
func HistogramEdges[T Real](a *Array[T], bins int) *Array[float64] {
	if bins < 1 {
		panic(ValueError{"HistogramEdges", bins, "expected at least one bin"})
	}
	low, high := 0.0, 1.0
	if a.n > 0 {
		low, high = float64(Min(a)), float64(Max(a))
	}
	for _, v := range []float64{low, high} {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			panic(ValueError{"HistogramEdges", v, "expected finite elements"})
		}
	}
	if low == high {
		low, high = low-0.5, high+0.5
	}
	edges := sized[float64]("HistogramEdges", max(bins, bins+1))
	step := (high - low) / float64(bins)
	if math.IsInf(high-low, 0) || low+step == low {
		panic(ValueError{"HistogramEdges", [2]float64{low, high}, "expected a range that the bins can divide"})
	}
	for i := range edges.data {
		edges.data[i] = float64(float64(i)*step) + low
	}
	edges.data[bins] = high
	return edges
}

// binsOf returns the bins between edges.
func binsOf(op string, edges *Array[float64]) kern.Bins {
	if len(edges.shape) != 1 || edges.n < 2 {
		panic(newShapeError(op, "expected one axis of at least two edges", edges.shape))
	}
	sorted := edges.copied(op).data
	for i, edge := range sorted {
		if math.IsNaN(edge) || i > 0 && edge < sorted[i-1] {
			panic(ValueError{op, edge, "expected edges that do not fall"})
		}
	}
	return kern.NewBins(sorted)
}

// stretchedTo returns an array that shares a's elements, broadcast to a shape.
func stretchedTo[T Element](op string, a *Array[T], shape []int) *Array[T] {
	if !slices.Equal(broadcastShape(op, a.shape, shape), shape) {
		panic(newShapeError(op, "weights do not broadcast to the array's shape", a.shape, shape))
	}
	return newArray(a.data, a.broadcast(shape))
}
