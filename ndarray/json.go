package ndarray

import (
	"encoding/json"
	"fmt"
)

// MarshalJSON returns the elements as JSON: lists within each other, one for each axis, as of NumPy's tolist. Bools and numbers are
// JSON's, texts are strings, in which bytes that are no UTF-8 become U+FFFD, structs are objects of their fields, and subarrays lists.
// All of it is in memory, several times: for large arrays there is package npy. The zero Array is null.
//
// The errors are [ErrShape] where no memory is as large, [ErrDType] for complex numbers, times and plain bytes, for which JSON has
// nothing, and a [json.UnsupportedValueError] for NaN and infinity.
func (a *Array[T]) MarshalJSON() ([]byte, error) { return a.Any().MarshalJSON() }

// MarshalJSON is [Array.MarshalJSON].
func (a *Any) MarshalJSON() ([]byte, error) {
	if err := inJSON(a.dtype); err != nil {
		return nil, err
	}
	const valueSize = 16 // bytes of an any
	if _, nbytes, err := Size(a.shape, valueSize); err != nil || nbytes >= addressable {
		return nil, fmt.Errorf("%w: expected as many elements as lists have room for, found %v", ErrShape, a.shape)
	}
	switch {
	case len(a.shape) > 0:
	case a.n == 0: // the zero Array
		return []byte("null"), nil
	default:
		return json.Marshal(a.Value())
	}
	return json.Marshal(a.list(make([]int, 0, len(a.shape))))
}

// inJSON returns ErrDType where JSON has nothing for elements.
func inJSON(d DType) error {
	switch d = d.Base(); {
	case d.form == structured:
		for p := range d.all() {
			if err := inJSON(p.dtype); err != nil {
				return fmt.Errorf("field %q: %w", p.name, err)
			}
		}
		return nil
	case d.kind == 'b', d.kind == 'i', d.kind == 'u', d.kind == 'f', d.kind == 'S', d.kind == 'U', d.form == brain:
		return nil
	}
	return fmt.Errorf("%w: expected bools, real numbers or text, for which JSON has something, found %v", ErrDType, d)
}

// list returns the elements that have ix as the beginning of their index.
func (a *Any) list(ix []int) []any {
	list := make([]any, a.shape[len(ix)])
	for i := range list {
		if at := append(ix, i); len(at) == len(a.shape) {
			list[i] = a.Value(at...)
		} else {
			list[i] = a.list(at)
		}
	}
	return list
}
