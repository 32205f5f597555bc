package ndarray_test

import (
	"errors"
	"math"
	"slices"
	"testing"

	. "github.com/samebytes/samebytes/ndarray"
)

func TestView(t *testing.T) {
	bytes := must(FromSlice([]uint8{1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8, 0, 9, 0, 10, 0, 11, 0, 12, 0}, 3, 8))
	words := must(View[uint16](bytes))
	check(t, "pairs of bytes", words, []int{3, 4}, []uint16{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
	words.Set(513, 0, 0)
	check(t, "bytes are shared", bytes.Slice(At(0), Range(0, 2)), []int{2}, []uint8{1, 2})
	words.Set(1, 0, 0)
	check(t, "rows apart", must(View[uint16](bytes.Slice(Step(End, End, -2), Range(2, 6)))), []int{2, 2}, []uint16{10, 11, 2, 3})
	check(t, "to bytes", must(View[uint8](words.Slice(Step(End, End, -1), Range(1, 2)))), []int{3, 2}, []uint8{10, 0, 6, 0, 2, 0})
	check(t, "one wide", must(View[uint32](words.Slice(All, Range(0, 2)))), []int{3, 1}, []uint32{2<<16 + 1, 6<<16 + 5, 10<<16 + 9})
	check(t, "the same size in any layout", must(View[int16](words.T().Slice(At(-1)))), []int{3}, []int16{4, 8, 12})
	check(t, "nothing", must(View[uint64](New[uint8](4, 0))), []int{4, 0}, []uint64{})
	check(t, "no longer axis", must(View[uint64](New[uint8](0, 16))), []int{0, 2}, []uint64{})
	check(t, "bools as bytes", must(View[uint8](bools(true, false))), []int{2}, []uint8{1, 0})
	check(t, "complex as floats", must(View[float32](must(FromSlice([]complex64{1 + 2i})))), []int{2}, []float32{1, 2})
	if v := must(View[int8](bytes.ReadOnly())); v.Writable() {
		t.Error("a view of a read-only array is writable")
	}

	zero := New[uint16]()
	for _, c := range []struct {
		name string
		f    func() error
		want error
	}{
		{"bools of bytes", func() error { _, err := View[bool](bytes); return err }, ErrDType},
		{"no axis", func() error { _, err := View[uint8](zero); return err }, ErrDType},
		{"odd bytes", func() error { _, err := View[uint16](New[uint8](4, 3)); return err }, ErrDType},
		{"columns", func() error { _, err := View[uint32](New[uint16](4, 4).T()); return err }, ErrLayout},
		{"a step", func() error { _, err := View[uint8](words.Slice(All, Step(0, End, 2))); return err }, ErrLayout},
		{"odd rows", func() error { _, err := View[uint16](New[uint8](4, 3).Slice(All, Range(0, 2))); return err }, ErrLayout},
		{"unaligned", func() error {
			raw := must(View[uint8](New[uint64](2)))
			_, err := View[uint64](raw.Slice(Range(1, 9)))
			return err
		}, ErrLayout},
	} {
		if err := c.f(); !errors.Is(err, c.want) {
			t.Errorf("%s: expected %v, found %v", c.name, c.want, err)
		}
	}
}

func TestParts(t *testing.T) {
	z := must(FromSlice([]complex128{1 + 2i, 3 + 4i, 5 + 6i, 7 + 8i}, 2, 2))
	re, im := RealPart[float64](z.T()), ImagPart[float64](z.Slice(Step(End, End, -1)))
	check(t, "real", re, []int{2, 2}, []float64{1, 5, 3, 7})
	check(t, "imag", im, []int{2, 2}, []float64{6, 8, 2, 4})
	im.Set(-6, 0, 0)
	re.Fill(0)
	if want := []complex128{2i, 4i, -6i, 8i}; !slices.Equal(z.Data(), want) {
		t.Errorf("expected %v, found %v", want, z.Data())
	}
	check(t, "no axes", ImagPart[float32](Full(complex64(1+2i))), []int{}, []float32{2})
	check(t, "nothing", ImagPart[float32](New[complex64](0, 2)), []int{0, 2}, []float32{})
	if ImagPart[float64](z.ReadOnly()).Writable() {
		t.Error("part of a read-only array is writable")
	}
	err, ok := panicOf(t, func() { RealPart[float32](z) }).(CastError)
	if want := "ndarray: RealPart: no cast from complex128 to float32"; !ok || err.Error() != want || !errors.Is(err, ErrDType) {
		t.Errorf("expected %q, found %q", want, err)
	}
	if one := must(FromStrided(z.Data(), []int{1, 2}, []int{math.MaxInt, 1}, 0)); ImagPart[float64](one).At(0, 1) != 4 {
		t.Error("a stride that means nothing")
	}
}
