package ndarray

import (
	"slices"

	"github.com/samebytes/samebytes/ndarray/internal/kern"
)

// reducedAxes returns, for each axis of a shape, whether axes name it. No axes at all name every one.
func reducedAxes(op string, shape, axes []int) []bool {
	reduced := make([]bool, len(shape))
	for _, axis := range axes {
		d := axis
		if d < 0 {
			d += len(shape)
		}
		if d < 0 || d >= len(shape) {
			panic(newShapeError(op, "expected axes of the shape", axes, shape))
		}
		if reduced[d] {
			panic(newShapeError(op, "expected each axis once", axes, shape))
		}
		reduced[d] = true
	}
	for d := range reduced {
		reduced[d] = reduced[d] || len(axes) == 0
	}
	return reduced
}

// reducedDestination returns dst if it can take the result of reducing a shape, which has lost the reduced axes or has a length
// of one on them, or a new array without them where dst is nil; and the layout of the result on all axes of the shape, with
// a stride of zero where they are reduced.
func reducedDestination[T Element](op string, dst *Array[T], shape []int, reduced []bool) (*Array[T], layout) {
	var without []int
	with := slices.Clone(shape)
	for d, length := range shape {
		if reduced[d] {
			with[d] = 1
		} else {
			without = append(without, length)
		}
	}
	if dst == nil {
		dst = sized[T](op, without...)
	} else {
		if !slices.Equal(dst.shape, without) && !slices.Equal(dst.shape, with) {
			panic(newShapeError(op, "dst has not the shape without the reduced axes, or with ones there", dst.shape, shape, without))
		}
		dst.mustWrite(op)
	}
	to := newLayout(len(shape), dst.n)
	to.offset = dst.offset
	copy(to.shape, shape)
	from := 0
	for d := range shape {
		if len(dst.shape) == len(shape) {
			from = d
		}
		if !reduced[d] {
			to.strides[d] = dst.strides[from]
			from++
		}
	}
	return dst, to
}

// reduce stores in dst what f makes of a's elements over the reduced axes.
func reduce[A, T Element](op string, dst *Array[A], a *Array[T], reduced []bool, f *fold[A]) *Array[A] {
	return reduceLayout(op, dst, &a.layout, reduced, f, dst != nil && mayOverlap(dst, a))
}

// reduceLayout is reduce of the elements that lie as from says in f's data, some of which may be dst's too.
func reduceLayout[A Element](op string, dst *Array[A], from *layout, reduced []bool, f *fold[A], overlap bool) *Array[A] {
	result, to := reducedDestination(op, dst, from.shape, reduced)
	switch {
	case result.n == 0:
		return result
	case from.n == 0:
		if f.empty == nil {
			panic(newShapeError(op, "expected at least one element to reduce", from.shape))
		}
		empty := []A{*f.empty}
		for last := f; last != nil; last = last.next {
			if last.finish != nil {
				last.finish(empty)
			}
		}
		l := newLoops(&result.layout)
		l.each(func(offsets []int, n int) {
			kern.Fill(kern.Vec[A]{Data: result.data, Off: offsets[0], Inc: l.inc(0)}, empty[0], n)
		})
		return result
	case overlap || !result.contiguous():
		// The first would be read after it is stored, the second decide the order of additions.
		return put(result, reduceLayout(op, nil, from, reduced, f, false))
	}
	newFolding(f, from, &to).each(from.n, func(acc []A, to, inc int) {
		kern.Copy(kern.Vec[A]{Data: result.data, Off: to, Inc: inc}, kern.Vec[A]{Data: acc, Inc: 1}, len(acc))
	})
	return result
}

// reduceAs is reduce into elements of another type.
func reduceAs[U, A, T Element](op string, dst *Array[U], a *Array[T], reduced []bool, f *fold[A]) *Array[U] {
	if same, ok := any(dst).(*Array[A]); ok {
		return any(reduce(op, same, a, reduced, f)).(*Array[U])
	}
	result, _ := reducedDestination(op, dst, a.shape, reduced)
	return put(result, reduceLayout(op, nil, &a.layout, reduced, f, false))
}

// put stores in dst the elements of src, a contiguous array that may have another type, and other axes of length one. It
// returns dst.
func put[U, T Element](dst *Array[U], src *Array[T]) *Array[U] {
	return Convert(dst, reshaped(src, dst.shape))
}

// reshaped returns a contiguous array that shares src's elements, under a shape of as many.
func reshaped[T Element](src *Array[T], shape []int) *Array[T] {
	return newArray(src.data, contiguousLayout(shape, src.n))
}

// count returns how many elements each result of reducing a shape is made of.
func count(shape []int, reduced []bool) int {
	n := 1
	for d, length := range shape {
		if reduced[d] {
			n *= length // Size has accepted it
		}
	}
	return n
}
