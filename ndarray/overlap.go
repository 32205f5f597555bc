package ndarray

import "slices"

// mustWrite panics if op cannot write a's elements: with a [ValueError] if there is no a, with [ErrReadOnly], or with a
// [LayoutError] where one element lies under several indices.
func (a *Array[T]) mustWrite(op string) {
	if a == nil {
		panic(ValueError{op, nil, "expected an array to write"})
	}
	if a.readonly {
		panic(ErrReadOnly)
	}
	if a.overlapsItself() {
		panic(LayoutError{op, a.Shape(), a.Strides(), "expected a destination whose elements lie under one index each"})
	}
}

// overlapsItself reports whether an element lies under several indices.
func (l *layout) overlapsItself() bool {
	shape, strides := make([]int, 0, len(l.shape)), make([]int, 0, len(l.shape))
	for d, length := range l.shape {
		if length == 0 {
			return false
		}
		if length > 1 {
			shape, strides = append(shape, length), append(strides, max(l.strides[d], -l.strides[d]))
		}
	}
	// If each stride leads beyond all that the shorter ones reach, no two indices meet: so in every array that slicing
	// and transposing make.
	for i := 1; i < len(shape); i++ {
		for d := i; d > 0 && strides[d-1] > strides[d]; d-- {
			strides[d-1], strides[d] = strides[d], strides[d-1]
			shape[d-1], shape[d] = shape[d], shape[d-1]
		}
	}
	reach, nested := 0, true
	for d, stride := range strides {
		nested = nested && stride > reach
		reach += (shape[d] - 1) * stride
	}
	if nested {
		return false
	}
	if l.n > reach+1 {
		return true // more elements than places
	}
	// The rest are strides like (3, 2) for a shape of (2, 3), which may interlace without meeting. They are seldom:
	// mark the places.
	seen := make([]uint64, reach/64+1)
	var visit func(d, place int) bool
	visit = func(d, place int) bool {
		if d < 0 {
			met := seen[place/64]>>(place%64)&1 != 0
			seen[place/64] |= 1 << (place % 64)
			return met
		}
		for range shape[d] {
			if visit(d-1, place) {
				return true
			}
			place += strides[d]
		}
		return false
	}
	return visit(len(shape)-1, 0)
}

// apart returns a, or a copy of it where a loop that writes dst, element after element in any order, could change elements
// of a before it has read them. Where both are the same elements in the same places, each is read before it is written.
func apart[U, T Element](dst *Array[U], a *Array[T]) *Array[T] {
	if to, from := dst.region(), a.region(); to.meets(from) && !to.same(from) && to.mayOverlap(from) {
		return a.Copy()
	}
	return a
}

// inStep reports whether elements of dst and a, in order, have no byte in common, or are the same in the same places: what apart looks
// for, where it is quick to see.
func inStep[U, T Element](dst []U, a []T) bool {
	to, size := address(dst)
	from, sizeOfA := address(a)
	return to+uintptr(len(dst)*size) <= from || from+uintptr(len(a)*sizeOfA) <= to || to == from && size == sizeOfA && len(dst) == len(a)
}

// mayOverlap reports whether a byte of an element of a could be one of b's too. It is false wherever their elements lie in
// disjoint ranges, or interlace evenly, as two columns of one matrix; it may be true of others that only interlace.
func mayOverlap[T, U Element](a *Array[T], b *Array[U]) bool {
	return a.region().mayOverlap(b.region())
}

// region is where an array's elements lie.
type region struct {
	*layout
	first         uintptr // address of the lowest element
	length, bytes int     // of the memory up to the highest element, and of each
}

func (a *Array[T]) region() region {
	first, size := address(a.data)
	return region{&a.layout, first, len(a.data) * size, size}
}

// meets reports whether r and s have a byte between their lowest and highest elements in common.
func (r region) meets(s region) bool {
	return r.first < s.first+uintptr(s.length) && s.first < r.first+uintptr(r.length)
}

// same reports whether r and s are the same elements in the same places.
func (r region) same(s region) bool {
	return r.first == s.first && r.bytes == s.bytes && r.offset == s.offset && slices.Equal(r.shape, s.shape) &&
		sameStrides(r.shape, r.strides, s.strides)
}

func (r region) mayOverlap(s region) bool {
	if r.n == 0 || s.n == 0 || !r.meets(s) {
		return false
	}
	step := 0 // what all distances between elements of one array are multiples of, in bytes
	for d, length := range r.shape {
		if length > 1 {
			step = gcd(step, r.strides[d]*r.bytes)
		}
	}
	for d, length := range s.shape {
		if length > 1 {
			step = gcd(step, s.strides[d]*s.bytes)
		}
	}
	between := int(s.first) + s.offset*s.bytes - int(r.first) - r.offset*r.bytes
	if step == 0 {
		return between < r.bytes && -between < s.bytes
	}
	between = (between%step + step) % step
	return between < r.bytes || step-between < s.bytes
}

func sameStrides(shape, a, b []int) bool {
	for d, length := range shape {
		if length > 1 && a[d] != b[d] {
			return false
		}
	}
	return true
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return max(a, -a)
}
