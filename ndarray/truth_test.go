package ndarray_test

import (
	"math"
	"testing"

	"github.com/samebytes/samebytes/ndarray"
)

func TestTruth(t *testing.T) {
	a := must(ndarray.FromSlice([]bool{true, false, true, true, true, true}, 2, 3))
	expect(t, "all", []bool{ndarray.AllTrue(a), ndarray.AllTrue(a.Slice(ndarray.At(1)))}, "[false true]")
	expect(t, "any", []bool{ndarray.AnyTrue(a), ndarray.AnyTrue(a.Slice(ndarray.At(0), ndarray.Range(1, 2)))}, "[true false]")
	expect(t, "all of columns", elements(ndarray.AllTrueTo(nil, a, 0)), "[true false true]")
	expect(t, "all of rows", elements(ndarray.AllTrueTo(ndarray.New[bool](2, 1), a, 1)), "[false true]")
	expect(t, "any of columns", elements(ndarray.AnyTrueTo(nil, ndarray.New[bool](3, 2), 0)), "[false false]")
	expect(t, "any of rows", elements(ndarray.AnyTrueTo(nil, a.T(), 0)), "[true true]")
	expect(t, "how many", ndarray.CountNonZero(a), 5)
	expect(t, "how many of columns", elements(ndarray.CountNonZeroTo(nil, a, 0)), "[2 1 2]")
	zeros := vec(0, math.Copysign(0, -1), math.NaN(), 3)
	expect(t, "numbers", []bool{ndarray.AllTrue(zeros), ndarray.AnyTrue(zeros), ndarray.AllTrue(vec(math.NaN()))}, "[false true true]")
	expect(t, "how many numbers", ndarray.CountNonZero(zeros), 2)
	expect(t, "how many complex", ndarray.CountNonZero(vec(0, 1i)), 1)
	wide := ndarray.New[bool](40, 50)
	wide.Set(true, 37, 20)
	expect(t, "one of many", ndarray.CountNonZero(ndarray.AnyTrueTo(nil, wide, 0)), 1)
	expect(t, "none of many", ndarray.AnyTrue(ndarray.AllTrueTo(nil, wide, 0)), false)
}
