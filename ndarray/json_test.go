package ndarray_test

import (
	"encoding/json"
	"errors"
	"math"
	"testing"

	"github.com/samebytes/samebytes/ndarray"
)

// TestMarshalJSON has what Python's json.dumps writes of NumPy's tolist, and structs with their fields' names.
func TestMarshalJSON(t *testing.T) {
	type element struct {
		N int8            `npy:"n"`
		S [2][3]uint8     `npy:"s"`
		T [4]ndarray.Char `npy:"t"`
	}
	var e element
	e.N, e.S[1] = -3, [3]uint8{1, 2, 3}
	copy(e.T[:], []ndarray.Char("a\"b"))
	for want, a := range map[string]json.Marshaler{
		`[[0,1,2],[3,4,5]]`:            must(ndarray.Arange(int32(0), 6, 1).Reshape(2, 3)),
		`[[0,3],[1,4],[2,5]]`:          must(ndarray.Arange(int32(0), 6, 1).Reshape(2, 3)).T(),
		`[5,3,1]`:                      ndarray.Arange(uint16(0), 6, 1).Slice(ndarray.Step(ndarray.End, ndarray.End, -2)),
		`7`:                            ndarray.Scalar(int64(7)),
		`[]`:                           ndarray.New[float64](0, 3),
		`[[],[]]`:                      ndarray.New[float64](2, 0),
		`[true,false]`:                 must(ndarray.FromSlice([]bool{true, false})),
		`[9223372036854775807]`:        ndarray.Full[int64](math.MaxInt64, 1),
		`[0.10000000149011612,1e+300]`: must(ndarray.FromSlice([]float64{float64(float32(0.1)), 1e300})),
		`[0.10000000149011612]`:        ndarray.Full[float32](0.1, 1),
		`[{"n":-3,"s":[[0,0,0],[1,2,3]],"t":"a\"b"}]`: must(ndarray.FromSlice([]element{e})),
		`[1]`: ndarray.Full(int8(1), 1).Any(),
	} {
		if got, err := json.Marshal(a); err != nil || string(got) != want {
			t.Errorf("got %s, %v, want %s", got, err, want)
		}
	}
	for name, a := range map[string]json.Marshaler{
		"complex": ndarray.New[complex64](2), "times": ndarray.New[ndarray.Datetime64[ndarray.Second]](0),
		"times in structs": ndarray.New[struct {
			T ndarray.Timedelta64[ndarray.Second]
		}](1),
		"bytes": must(ndarray.AnyFromFlat([]byte("12345"), must(ndarray.ParseDType("V5")), []int{1}, false)),
	} {
		if got, err := json.Marshal(a); !errors.Is(err, ndarray.ErrDType) {
			t.Errorf("%s: got %s, %v, want ErrDType", name, got, err)
		}
	}
	if got, err := json.Marshal(ndarray.Full(1.0, 1).BroadcastTo(1 << 59)); !errors.Is(err, ndarray.ErrShape) {
		t.Errorf("got %s, %v, want ErrShape", got, err)
	}
	if got, err := json.Marshal(&ndarray.Array[float64]{}); err != nil || string(got) != "null" {
		t.Errorf("the zero Array: got %s, %v, want null", got, err)
	}
	for _, v := range []float64{math.NaN(), math.Inf(-1)} {
		var unsupported *json.UnsupportedValueError
		if got, err := json.Marshal(ndarray.Full(v, 1)); !errors.As(err, &unsupported) {
			t.Errorf("%v: got %s, %v, want an UnsupportedValueError", v, got, err)
		}
	}
}
