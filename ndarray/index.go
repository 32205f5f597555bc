package ndarray

import (
	"fmt"
	"math"
)

// End is the open end of a range. As a stop it takes the range as far as its step leads: Range(2, End) is Python's 2:,
// and Step(5, End, -1) is 5::-1, which goes on through element 0. As a start it is the end of the axis, from which a
// negative step begins at the last element: Step(End, End, -1) reverses an axis of any length, as ::-1 does.
const End = math.MaxInt

// Index says what [Array.Slice] takes of one axis. Make one with [Range], [Step] or [At], or use [All], [NewAxis] or [Ellipsis].
// The zero Index is All.
//
// Positions below zero count from the end of the axis, as in NumPy: -1 is the last element. Unlike NumPy's, ranges are
// not clipped: as in a Go slice expression, a bound beyond the axis, or a range that ends before it starts, panics.
type Index struct {
	kind              indexKind
	start, stop, step int
}

type indexKind uint8

const (
	whole indexKind = iota
	single
	ranged
	added
	rest
)

var (
	// All takes the whole axis, as Python's ":".
	All = Index{kind: whole}
	// NewAxis takes no axis of the array; it puts one of length one into the result, as numpy.newaxis does.
	NewAxis = Index{kind: added}
	// Ellipsis takes whole all axes that the indices before and after it leave, which may be none, as Python's "...".
	// There may be one among the indices of a call.
	Ellipsis = Index{kind: rest}
)

// Range takes elements start to stop-1, as Python's start:stop.
func Range(start, stop int) Index { return Index{ranged, start, stop, 1} }

// Step takes elements start, start+step, ... up to but without stop, as Python's start:stop:step. A negative step goes
// down from start: Step(10, 0, -1) takes elements 10 to 1. A step of zero panics in Slice.
func Step(start, stop, step int) Index { return Index{ranged, start, stop, step} }

// At takes element i, and leaves the axis out of the result.
func At(i int) Index { return Index{single, i, 0, 0} }

// String returns the index as Python writes it, as "2:5" or "::-1".
func (x Index) String() string {
	bound := func(i int) string {
		if i == End {
			return ""
		}
		return fmt.Sprint(i)
	}
	switch {
	case x.kind == whole:
		return ":"
	case x.kind == added:
		return "newaxis"
	case x.kind == rest:
		return "..."
	case x.kind == single:
		return fmt.Sprint(x.start)
	case x.step == 1:
		return bound(x.start) + ":" + bound(x.stop)
	default:
		return fmt.Sprintf("%s:%s:%d", bound(x.start), bound(x.stop), x.step)
	}
}

// Hull returns the range that holds all elements which x takes of an axis: the lowest, and the one after the highest. They are
// equal where x takes none.
// The error is [ErrShape] where Slice would panic, and for NewAxis and Ellipsis.
func (x Index) Hull(length int) (low, high int, err error) {
	if x.kind == added || x.kind == rest {
		return 0, 0, fmt.Errorf("%w: %v takes nothing of one axis", ErrShape, x)
	}
	first, count, step, reason := x.resolve(length)
	switch {
	case reason != "":
		return 0, 0, fmt.Errorf("%w: %s in length %d", ErrShape, reason, length)
	case count == 0:
		return 0, 0, nil
	}
	last := first + (count-1)*step
	return min(first, last), max(first, last) + 1, nil
}

// resolve returns the first element that x takes of an axis, how many it takes, and the step from one to the next; or
// the reason why it can't. first is an element of the axis unless count is zero.
func (x Index) resolve(length int) (first, count, step int, reason string) {
	position := func(i, open int) int {
		switch {
		case i == End:
			return open
		case i < 0:
			return i + length
		}
		return i
	}
	switch {
	case x.kind == whole:
		return 0, length, 1, ""
	case x.kind == single:
		i := position(x.start, length)
		if i < 0 || i >= length {
			return 0, 0, 0, fmt.Sprintf("no element %d", x.start)
		}
		return i, 1, 1, ""
	case x.step == 0:
		return 0, 0, 0, "step of zero"
	}
	start, stop, highest := position(x.start, length), position(x.stop, length), length
	distance, stride := stop-start, uint(x.step)
	if x.step < 0 {
		start, stop, highest = position(x.start, length-1), position(x.stop, -1), length-1
		distance, stride = start-stop, -stride
	}
	switch {
	case x.start != End && (start < 0 || start > highest):
		return 0, 0, 0, fmt.Sprintf("no position %d to start at", x.start)
	case x.stop != End && (stop < 0 || stop > highest):
		return 0, 0, 0, fmt.Sprintf("no position %d to stop at", x.stop)
	case distance < 0:
		return 0, 0, 0, fmt.Sprintf("%v ends before it starts", x)
	case distance == 0:
		return 0, 0, x.step, ""
	}
	return start, int(uint(distance-1)/stride) + 1, x.step, ""
}
