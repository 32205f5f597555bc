package ndarray

import "slices"

// mustWrite panics if op cannot write a's elements: with [ErrReadOnly], or with a [LayoutError] where one element lies under
// several indices.
func (a *Array[T]) mustWrite(op string) {
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
	first, size := address(dst.data)
	other, otherSize := address(a.data)
	if first+uintptr(len(dst.data)*size) <= other || other+uintptr(len(a.data)*otherSize) <= first || !mayOverlap(dst, a) {
		return a
	}
	if first == other && size == otherSize && dst.offset == a.offset && slices.Equal(dst.shape, a.shape) && sameStrides(dst.shape, dst.strides, a.strides) {
		return a
	}
	return a.Copy()
}

// mayOverlap reports whether a byte of an element of a could be one of b's too. It is false wherever their elements lie in
// disjoint ranges, or interlace evenly, as two columns of one matrix; it may be true of others that only interlace.
func mayOverlap[T, U Element](a *Array[T], b *Array[U]) bool {
	if a.n == 0 || b.n == 0 {
		return false
	}
	p, size := address(a.data)
	q, otherSize := address(b.data)
	if p+uintptr(len(a.data)*size) <= q || q+uintptr(len(b.data)*otherSize) <= p {
		return false
	}
	step := 0 // what all distances between elements of one array are multiples of, in bytes
	for d, length := range a.shape {
		if length > 1 {
			step = gcd(step, a.strides[d]*size)
		}
	}
	for d, length := range b.shape {
		if length > 1 {
			step = gcd(step, b.strides[d]*otherSize)
		}
	}
	between := int(q) + b.offset*otherSize - int(p) - a.offset*size
	if step == 0 {
		return between < size && -between < otherSize
	}
	between = (between%step + step) % step
	return between < size || step-between < otherSize
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
