package ndarray

import "fmt"

// Side says on which side of elements that are equal to it [SearchSorted] puts a value.
type Side int

const (
	Left  Side = iota // before the first of them
	Right             // after the last of them
)

func (s Side) String() string {
	switch s {
	case Left:
		return "left"
	case Right:
		return "right"
	}
	return fmt.Sprintf("Side(%d)", int(s))
}

// SearchSorted stores in dst, for each of values, the index in sorted before which it can be inserted with the order kept, and
// returns dst. It has the shape of values, or is nil. sorted has one axis, and is in the order that [Sort] makes, where NaN is
// last and equal to NaN; if it is in any other, so may be the result.
// It panics with a [ShapeError] if sorted has not one axis or dst another shape, with a [ValueError] for a side that is neither,
// and with a [DTypeError] if elements have no order.
func SearchSorted[T Element](dst *Array[int64], sorted, values *Array[T], side Side) *Array[int64] {
	if len(sorted.shape) != 1 {
		panic(newShapeError("SearchSorted", "expected one axis of the sorted array", sorted.shape, values.shape))
	}
	if side != Left && side != Right {
		panic(ValueError{"SearchSorted", side, "expected Left or Right"})
	}
	dst = destination("SearchSorted", dst, values.shape, sorted.shape, values.shape)
	if mayOverlap(dst, sorted) {
		sorted = sorted.copied("SearchSorted")
	}
	orderOf("SearchSorted", sorted).search(dst, orderOf("SearchSorted", values), side == Right)
	return dst
}
