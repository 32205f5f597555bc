package ndarray

import (
	"slices"

	"github.com/samebytes/samebytes/ndarray/internal/kern"
)

// sortable is an array whose elements have an order, whatever their type.
type sortable interface {
	sort(axis int)
	sortStable(axis int)
	argSort(dst *Array[int64], axis int)
	partition(kth, axis int)
	argPartition(dst *Array[int64], kth, axis int)
	// search stores how many elements of this sorted 1-d array come before each of values, an array of the same type, or
	// with right, how many do not come after it.
	search(dst *Array[int64], values sortable, right bool)
	// same reports whether elements i and j of this contiguous 1-d array are equal; all NaN are, and all NaT.
	same(i, j int) bool
	// numbers returns how many elements of this sorted, contiguous 1-d array come before the first NaN or NaT.
	numbers() int
}

// orderOf returns a as an array that can be sorted. It shares a's elements. It panics with a [DTypeError] if they have no order.
func orderOf[T Element](op string, a *Array[T]) sortable {
	dtype := DTypeOf[T]()
	switch dtype.Kind() {
	case 'b', 'u':
		return keyedAs(a, dtype.Size(), kern.Order{Kind: kern.Whole})
	case 'i':
		return keyedAs(a, dtype.Size(), kern.Order{Kind: kern.Signed})
	case 'M', 'm':
		return keyedAs(a, dtype.Size(), kern.Order{Kind: kern.Timed})
	case 'S':
		return compared[T]{a, func(a, b T) int { return slices.Compare(recast[byte]([]T{a}), recast[byte]([]T{b})) }}
	case 'U':
		return compared[T]{a, func(a, b T) int { return slices.Compare(recast[uint32]([]T{a}), recast[uint32]([]T{b})) }}
	}
	switch dtype {
	case float16DType:
		return keyedAs(a, 2, kern.Order{Kind: kern.Floating, Mantissa: 10})
	case bfloat16DType:
		return keyedAs(a, 2, kern.Order{Kind: kern.Floating, Mantissa: 7})
	case Float32:
		return keyedAs(a, 4, kern.Order{Kind: kern.Floating, Mantissa: 23})
	case Float64:
		return keyedAs(a, 8, kern.Order{Kind: kern.Floating, Mantissa: 52})
	case Complex64:
		return compared[complex64]{viewed[complex64](a), kern.CompareComplex[complex64]}
	case Complex128:
		return compared[complex128]{viewed[complex128](a), kern.CompareComplex[complex128]}
	}
	panic(DTypeError{op, dtype, "elements that have an order"})
}

func keyedAs[T Element](a *Array[T], size int, order kern.Order) sortable {
	switch size {
	case 1:
		return keyed[uint8]{viewed[uint8](a), order}
	case 2:
		return keyed[uint16]{viewed[uint16](a), order}
	case 4:
		return keyed[uint32]{viewed[uint32](a), order}
	}
	return keyed[uint64]{viewed[uint64](a), order}
}

// viewed returns an array that shares a's elements and takes their bits for those of another type, of the same size and
// alignment: float64 and uint64, or a named type and what it is made of.
func viewed[U, T Element](a *Array[T]) *Array[U] { return newArray(recast[U](a.data), a.layout) }

// lane returns n elements of a that lie inc apart, from offset on: themselves if they are neighbours, otherwise in buffer.
func (a *Array[T]) lane(offset, inc, n int, buffer []T) []T {
	if inc == 1 {
		return a.data[offset : offset+n : offset+n]
	}
	kern.Copy(kern.Vec[T]{Data: buffer, Inc: 1}, kern.Vec[T]{Data: a.data, Off: offset, Inc: inc}, n)
	return buffer[:n]
}

// putLane stores what lane has returned, and its caller changed.
func (a *Array[T]) putLane(offset, inc int, lane []T) {
	if inc != 1 {
		kern.Copy(kern.Vec[T]{Data: a.data, Off: offset, Inc: inc}, kern.Vec[T]{Data: lane, Inc: 1}, len(lane))
	}
}

// keyed is an array of the bits of elements that have keys.
type keyed[K kern.Unsigned] struct {
	bits  *Array[K]
	order kern.Order
}

func (s keyed[K]) sort(axis int) {
	share := 1
	if s.bits.n == s.bits.shape[axis] { // there is but one lane
		share = goroutines()
	}
	s.eachLane(axis, func(n int) func([]K) {
		sorter := kern.NewSorter[K](n, share)
		return func(lane []K) {
			kern.Encode(lane, s.order)
			sorter.Sort(lane)
			kern.Decode(lane, s.order)
		}
	})
}

func (s keyed[K]) sortStable(axis int) {
	if s.order.Kind != kern.Floating {
		s.sort(axis) // equal elements can't be told apart
		return
	}
	s.eachLane(axis, func(n int) func([]K) {
		keys, sorter := make([]K, n), newPairs[K](n)
		return func(lane []K) {
			copy(keys, lane)
			sorter.set(keys, s.order)
			copy(keys, lane)
			for i, p := range sorter.sorted() {
				lane[i] = keys[p.Index]
			}
		}
	})
}

func (s keyed[K]) partition(kth, axis int) {
	s.eachLane(axis, func(n int) func([]K) {
		sorter := kern.NewSorter[K](n, 1)
		return func(lane []K) {
			kern.Encode(lane, s.order)
			sorter.Select(lane, kth)
			kern.Decode(lane, s.order)
		}
	})
}

func (s keyed[K]) argSort(dst *Array[int64], axis int) {
	s.eachArgLane(dst, axis, (*pairs[K]).sorted)
}

func (s keyed[K]) argPartition(dst *Array[int64], kth, axis int) {
	s.eachArgLane(dst, axis, func(p *pairs[K]) []kern.Pair {
		kern.SelectPairs(p.pairs, kth)
		return p.pairs
	})
}

// eachLane has every lane changed by a function that start makes for each goroutine, and lanes of length n.
func (s keyed[K]) eachLane(axis int, start func(n int) func(lane []K)) {
	eachLaneOf(s.bits, axis, start)
}

// eachLaneOf has every lane of a changed, as neighbours, by a function that start makes for each goroutine and lanes of
// length n.
func eachLaneOf[T Element](a *Array[T], axis int, start func(n int) func(lane []T)) {
	n, inc := a.shape[axis], a.strides[axis]
	if n <= 1 {
		return
	}
	if a.n == n && inc == 1 {
		start(n)(a.data[a.offset:][:n:n])
		return
	}
	eachLane(axis, func() func([]int) {
		change := start(n)
		var buffer []T
		if inc != 1 {
			buffer = make([]T, n)
		}
		return func(offsets []int) {
			lane := a.lane(offsets[0], inc, n, buffer)
			change(lane)
			a.putLane(offsets[0], inc, lane)
		}
	}, &a.layout)
}

// eachArgLane stores the indices of the pairs that arrange returns for each lane.
func (s keyed[K]) eachArgLane(dst *Array[int64], axis int, arrange func(*pairs[K]) []kern.Pair) {
	if s.bits.n == 0 {
		return
	}
	n, inc, incDst := s.bits.shape[axis], s.bits.strides[axis], dst.strides[axis]
	eachLane(axis, func() func([]int) {
		keys, p := make([]K, n), newPairs[K](n)
		return func(offsets []int) {
			kern.Copy(kern.Vec[K]{Data: keys, Inc: 1}, kern.Vec[K]{Data: s.bits.data, Off: offsets[1], Inc: inc}, n)
			p.set(keys, s.order)
			to := offsets[0]
			for _, pair := range arrange(p) {
				dst.data[to] = pair.Index
				to += incDst
			}
		}
	}, &dst.layout, &s.bits.layout)
}

// pairs are the keys of a lane with their indices.
type pairs[K kern.Unsigned] struct{ pairs, buffer []kern.Pair }

func newPairs[K kern.Unsigned](n int) *pairs[K] {
	both := make([]kern.Pair, 2*n)
	return &pairs[K]{both[:n], both[n:]}
}

// set takes the elements of a lane, and overwrites them.
func (p *pairs[K]) set(lane []K, order kern.Order) {
	kern.Encode(lane, order)
	kern.Equate(lane, order)
	for i, k := range lane {
		p.pairs[i] = kern.Pair{Key: uint64(k), Index: int64(i)}
	}
}

// sorted returns the pairs in the order of their keys, those of the same key in that of their indices.
func (p *pairs[K]) sorted() []kern.Pair {
	kern.SortPairs(p.pairs, p.buffer)
	return p.pairs
}

// compared is an array of elements that are compared.
type compared[T Element] struct {
	a       *Array[T]
	compare func(a, b T) int
}

func (s compared[T]) sort(axis int) {
	eachLaneOf(s.a, axis, func(int) func([]T) {
		return func(lane []T) { slices.SortFunc(lane, s.compare) }
	})
}

func (s compared[T]) sortStable(axis int) {
	eachLaneOf(s.a, axis, func(int) func([]T) {
		return func(lane []T) { slices.SortStableFunc(lane, s.compare) }
	})
}

func (s compared[T]) partition(kth, axis int) { s.sort(axis) }

func (s compared[T]) argPartition(dst *Array[int64], kth, axis int) { s.argSort(dst, axis) }

func (s compared[T]) argSort(dst *Array[int64], axis int) {
	if s.a.n == 0 {
		return
	}
	n, inc, incDst := s.a.shape[axis], s.a.strides[axis], dst.strides[axis]
	eachLane(axis, func() func([]int) {
		buffer, indices := make([]T, n), make([]int64, n)
		return func(offsets []int) {
			lane := s.a.lane(offsets[1], inc, n, buffer)
			for i := range indices {
				indices[i] = int64(i)
			}
			slices.SortFunc(indices, func(i, j int64) int {
				if order := s.compare(lane[i], lane[j]); order != 0 {
					return order
				}
				return int(i - j)
			})
			kern.Copy(kern.Vec[int64]{Data: dst.data, Off: offsets[0], Inc: incDst}, kern.Vec[int64]{Data: indices, Inc: 1}, n)
		}
	}, &dst.layout, &s.a.layout)
}

func (s keyed[K]) search(dst *Array[int64], values sortable, right bool) {
	sorted := kern.Vec[K]{Data: s.bits.data, Off: s.bits.offset, Inc: s.bits.strides[0]}
	unary("SearchSorted", dst, values.(keyed[K]).bits, func(dst kern.Vec[int64], values kern.Vec[K], n int) {
		kern.Search(dst, sorted, s.bits.n, values, n, s.order, right)
	})
}

func (s compared[T]) search(dst *Array[int64], values sortable, right bool) {
	sorted := kern.Vec[T]{Data: s.a.data, Off: s.a.offset, Inc: s.a.strides[0]}
	unary("SearchSorted", dst, values.(compared[T]).a, func(dst kern.Vec[int64], values kern.Vec[T], n int) {
		kern.SearchFunc(dst, sorted, s.a.n, values, n, s.compare, right)
	})
}

func (s keyed[K]) same(i, j int) bool {
	return kern.Key(s.bits.data[i], s.order) == kern.Key(s.bits.data[j], s.order)
}

func (s compared[T]) same(i, j int) bool {
	return s.compare(s.a.data[i], s.a.data[j]) == 0 || s.isNaN(i) && s.isNaN(j)
}

func (s keyed[K]) numbers() int {
	n := s.bits.n
	for n > 0 && kern.IsKeyOfNaN(s.bits.data[n-1], s.order) {
		n--
	}
	return n
}

func (s compared[T]) numbers() int {
	n := s.a.n
	for n > 0 && s.isNaN(n-1) {
		n--
	}
	return n
}

// isNaN reports whether element i is a complex number with NaN.
func (s compared[T]) isNaN(i int) bool {
	switch v := any(s.a.data[i]).(type) {
	case complex64:
		return v != v
	case complex128:
		return v != v
	}
	return false
}
