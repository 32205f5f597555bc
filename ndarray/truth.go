package ndarray

import "github.com/samebytes/samebytes/ndarray/internal/kern"

// AllTrue reports whether all elements are true, or numbers other than zero, as NaN is. It is true of no elements.
func AllTrue[T interface{ Number | ~bool }](a *Array[T]) bool {
	result := true
	l := newLoops(&a.layout)
	l.each(func(offsets []int, n int) {
		result = result && kern.Every(kern.Vec[T]{Data: a.data, Off: offsets[0], Inc: l.inc(0)}, n)
	})
	return result
}

// AnyTrue reports whether an element is true, or a number other than zero, as NaN is. It is false of no elements.
func AnyTrue[T interface{ Number | ~bool }](a *Array[T]) bool {
	result := false
	l := newLoops(&a.layout)
	l.each(func(offsets []int, n int) {
		result = result || kern.Any(kern.Vec[T]{Data: a.data, Off: offsets[0], Inc: l.inc(0)}, n)
	})
	return result
}

// AllTrueTo stores in dst what [AllTrue] reports over axes, which follow [SumTo]'s rules.
func AllTrueTo[T interface{ Number | ~bool }](dst *Array[bool], a *Array[T], axes ...int) *Array[bool] {
	empty := true
	return reduce("AllTrueTo", dst, a, reducedAxes("AllTrueTo", a.shape, axes),
		&fold[bool]{load: truths(a), exact: true, run: kern.Every[bool], rows: kern.EveryRows, empty: &empty})
}

// AnyTrueTo stores in dst what [AnyTrue] reports over axes, which follow [SumTo]'s rules.
func AnyTrueTo[T interface{ Number | ~bool }](dst *Array[bool], a *Array[T], axes ...int) *Array[bool] {
	return reduce("AnyTrueTo", dst, a, reducedAxes("AnyTrueTo", a.shape, axes),
		&fold[bool]{load: truths(a), exact: true, run: kern.Any[bool], rows: kern.AnyRows, empty: new(bool)})
}

func truths[T interface{ Number | ~bool }](a *Array[T]) func(buf []bool, from, inc, n int, _ kern.Vec[bool]) {
	return func(buf []bool, from, inc, n int, _ kern.Vec[bool]) {
		kern.NonZero(buf, kern.Vec[T]{Data: a.data, Off: from, Inc: inc}, n)
	}
}

// CountNonZero returns how many elements are true, or numbers other than zero, as NaN is.
func CountNonZero[T interface{ Number | ~bool }](a *Array[T]) int {
	count := 0
	l := newLoops(&a.layout)
	l.each(func(offsets []int, n int) {
		count += kern.CountNonZero(kern.Vec[T]{Data: a.data, Off: offsets[0], Inc: l.inc(0)}, n)
	})
	return count
}

// CountNonZeroTo stores in dst how many elements over axes are true, or numbers other than zero. Axes and dst follow
// [SumTo]'s rules.
func CountNonZeroTo[T interface{ Number | ~bool }](dst *Array[int64], a *Array[T], axes ...int) *Array[int64] {
	f := sums[int64]()
	f.load = func(buf []int64, from, inc, n int, _ kern.Vec[int64]) {
		kern.Ones(buf, kern.Vec[T]{Data: a.data, Off: from, Inc: inc}, n)
	}
	return reduce("CountNonZeroTo", dst, a, reducedAxes("CountNonZeroTo", a.shape, axes), f)
}
