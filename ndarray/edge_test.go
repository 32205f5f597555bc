package ndarray_test

import (
	"errors"
	"math"
	"reflect"
	"testing"
	"time"

	"github.com/samebytes/samebytes/ndarray"
)

// TestEqualOfHalvesAndTimes compares elements that Go's == takes for others than NumPy does.
func TestEqualOfHalvesAndTimes(t *testing.T) {
	nan, zero := ndarray.NewFloat16(math.NaN()), ndarray.NewFloat16(0)
	negative := ndarray.NewFloat16(math.Copysign(0, -1))
	a := must(ndarray.FromSlice([]ndarray.Float16{nan, zero, zero, ndarray.NewFloat16(1)}))
	b := must(ndarray.FromSlice([]ndarray.Float16{nan, negative, zero, ndarray.NewFloat16(2)}))
	if got := ndarray.Equal(nil, a, b).Data(); !reflect.DeepEqual(got, []bool{false, true, true, false}) {
		t.Error(got)
	}
	if got := ndarray.NotEqual(nil, a, b).Data(); !reflect.DeepEqual(got, []bool{true, false, false, true}) {
		t.Error(got)
	}
	if got := ndarray.FlatNonZero(b).Data(); !reflect.DeepEqual(got, []int64{0, 3}) {
		t.Error(got)
	}
	first := ndarray.Range(0, 3)
	if ndarray.ArrayEqual(a.Slice(first), b.Slice(first)) || !ndarray.ArrayEqualNaN(a.Slice(first), b.Slice(first)) {
		t.Error("a NaN and two zeros")
	}
	now, _ := ndarray.Datetime64Of[ndarray.Second](time.Unix(5, 0))
	times := must(ndarray.FromSlice([]ndarray.Datetime64[ndarray.Second]{ndarray.NewDatetime64[ndarray.Second](ndarray.NaT), now}))
	if got := ndarray.Equal(nil, times, times).Data(); !reflect.DeepEqual(got, []bool{false, true}) {
		t.Error(got)
	}
	if got := ndarray.NotEqual(nil, times, times).Data(); !reflect.DeepEqual(got, []bool{true, false}) {
		t.Error(got)
	}
	if ndarray.ArrayEqual(times, times) || !ndarray.ArrayEqualNaN(times, times) {
		t.Error("NaT")
	}
}

// TestAnyThatMeetsItself copies to elements that begin within others.
func TestAnyThatMeetsItself(t *testing.T) {
	for _, c := range []struct {
		shape, strides []int
		want           error
	}{{[]int{2}, []int{4}, ndarray.ErrLayout}, {[]int{2, 2}, []int{12, 8}, ndarray.ErrLayout}, {[]int{2, 2}, []int{8, 24}, nil}} {
		dst := must(ndarray.AnyFromStrided(make([]byte, 64), ndarray.Float64, c.shape, c.strides, 0))
		if err := ndarray.New[float64](c.shape...).Any().CopyTo(dst); !errors.Is(err, c.want) {
			t.Errorf("%v: got %v, want %v", c.strides, err, c.want)
		}
	}
}

// TestMoreThanMemory makes what nobody has room for: the panic is the documented one.
func TestMoreThanMemory(t *testing.T) {
	for name, f := range map[string]func(){
		"New":  func() { ndarray.New[float64](1 << 58) },
		"Copy": func() { must(ndarray.FromSlice([]float64{1})).BroadcastTo(1 << 59).Copy() },
		"Add": func() {
			ndarray.Add(nil, must(ndarray.FromSlice([]float64{1})).BroadcastTo(1<<59), ndarray.Scalar(1.0))
		},
		"Arange":   func() { ndarray.Arange(0, 1e17, 1.0) },
		"Linspace": func() { ndarray.Linspace(0.0, 1, 1<<58) },
	} {
		func() {
			defer func() {
				if err, ok := recover().(error); !ok || !errors.Is(err, ndarray.ErrShape) && !errors.As(err, new(ndarray.ValueError)) {
					t.Errorf("%s: %v", name, err)
				}
			}()
			f()
		}()
	}
}

// TestEdgesOfRanges asks for what lies at the ends of float64.
func TestEdgesOfRanges(t *testing.T) {
	if got := ndarray.Geomspace(1e-310, 1e308, 3).At(1); math.Abs(got-0.1) > 1e-12 {
		t.Error(got)
	}
	for _, elements := range [][]float64{{1e300, 1e300}, {-1.7e308, 1.7e308}} {
		func() {
			defer func() {
				if _, ok := recover().(ndarray.ValueError); !ok {
					t.Errorf("HistogramEdges of %v: expected a ValueError", elements)
				}
			}()
			ndarray.HistogramEdges(must(ndarray.FromSlice(elements)), 2)
		}()
	}
	if got := ndarray.QuantileTo[float64](nil, ndarray.New[float64](3, 0), 0.5, ndarray.QuantileLinear, 0); got.Len() != 0 {
		t.Error(got)
	}
}
