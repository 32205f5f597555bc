package shm

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"unicode/utf8"

	"github.com/samebytes/samebytes/internal/sentinel"
	"github.com/samebytes/samebytes/ndarray"
	"github.com/samebytes/samebytes/npy"
)

const (
	handleVersion = 1
	maxHandle     = 1 << 16 // bytes of JSON: room for a struct of a thousand fields
)

// errHandle is npy.ErrFormat of a handle.
var errHandle = sentinel.New("not a valid handle", npy.ErrFormat)

// handleKeys are a handle's, in the order in which they are written. Each must be there, spelled so, and no other.
var handleKeys = []string{"samebytes", "domain", "name", "id", "offset", "shape", "strides", "dtype", "readonly"}

// ParseHandle returns the handle that JSON has. Any bytes give one or an error.
// The errors are npy.ErrFormat for what is no handle, ErrVersion for one of a later release, ErrBadName, ndarray.ErrShape and
// ndarray.ErrLayout for numbers that cannot be, and ndarray.ErrDType for a type that there is not, or objects.
func ParseHandle(text []byte) (h Handle, err error) {
	if err = h.UnmarshalJSON(text); err != nil {
		return Handle{}, fmt.Errorf("shm: parse handle: %w", err)
	}
	return h, nil
}

// MarshalJSON returns the handle as JSON.
func (h Handle) MarshalJSON() ([]byte, error) {
	dtype := []byte(h.Descr)
	if h.Descr == "" {
		dtype = appendType(nil, h.DType, h.BigEndian)
	}
	return json.Marshal(struct {
		Version  int             `json:"samebytes"`
		Domain   string          `json:"domain"`
		Name     string          `json:"name"`
		ID       string          `json:"id"`
		Offset   int             `json:"offset"`
		Shape    []int           `json:"shape"`
		Strides  []int           `json:"strides"`
		DType    json.RawMessage `json:"dtype"`
		ReadOnly bool            `json:"readonly"`
	}{handleVersion, h.Domain, h.Name, hex.EncodeToString(h.ID[:]), h.Offset, h.Shape, h.Strides, dtype, h.ReadOnly})
}

// UnmarshalJSON is [ParseHandle].
func (h *Handle) UnmarshalJSON(text []byte) error {
	if len(text) > maxHandle {
		return fmt.Errorf("%w: expected a handle of at most %d bytes of JSON, found %d", errHandle, maxHandle, len(text))
	}
	var fields map[string]json.RawMessage // not a struct, whose keys may be spelled in any case
	if !utf8.Valid(text) {
		return wrongHandle("UTF-8", text)
	}
	if err := json.Unmarshal(text, &fields); err != nil || fields == nil {
		return wrongHandle("a handle as JSON", text)
	}
	if err := checkVersion(fields[handleKeys[0]]); err != nil {
		return err
	}
	if len(fields) != len(handleKeys) {
		return wrongHandle(fmt.Sprintf("the keys %q", handleKeys), text)
	}
	for _, key := range handleKeys {
		if fields[key] == nil {
			return wrongHandle("the key "+key, text)
		}
	}
	return h.setFields(fields)
}

func checkVersion(version json.RawMessage) error {
	n, err := strconv.ParseInt(string(version), 10, 64)
	switch {
	case err == nil && n == handleVersion:
		return nil
	case err == nil && n > handleVersion, errors.Is(err, strconv.ErrRange) && n > 0:
		return fmt.Errorf("%w: expected a handle of version %d, found %s", ErrVersion, handleVersion, version)
	}
	return wrongHandle("a handle with its version as samebytes", version)
}

func (h *Handle) setFields(fields map[string]json.RawMessage) (err error) {
	domain, err := textOf(fields["domain"])
	if err != nil {
		return wrongHandle("32 hexadecimal digits as domain", fields["domain"])
	}
	name, err := textOf(fields["name"])
	if err != nil {
		return fmt.Errorf("%w: expected a name, found %s", ErrBadName, excerpt(fields["name"]))
	}
	id, err := textOf(fields["id"])
	if err != nil {
		return wrongHandle("32 hexadecimal digits as id", fields["id"])
	}
	if err = h.setNames(domain, name, id); err != nil {
		return err
	}
	if offset, err := numbers("["+string(fields["offset"])+"]", ndarray.ErrLayout); err != nil {
		return err
	} else if len(offset) != 1 {
		return wrongHandle("an integer as offset", fields["offset"])
	} else {
		h.Offset = offset[0]
	}
	if h.Shape, err = numbers(string(fields["shape"]), ndarray.ErrShape); err != nil {
		return err
	}
	if h.Strides, err = numbers(string(fields["strides"]), ndarray.ErrLayout); err != nil {
		return err
	}
	if err = h.setType(fields["dtype"]); err != nil {
		return err
	}
	switch string(fields["readonly"]) {
	case "true", "false":
		h.ReadOnly = string(fields["readonly"]) == "true"
	default:
		return wrongHandle("true or false as readonly", fields["readonly"])
	}
	return h.checkLayout()
}

// setNames sets the names that the handle has for the directory, the segment and its bytes, or says what is wrong with one.
func (h *Handle) setNames(domain, name, id string) error {
	if !isToken(domain) {
		return wrongHandle("32 hexadecimal digits as domain", []byte(domain))
	}
	if _, err := path(name); err != nil {
		return err
	}
	if !isToken(id) {
		return wrongHandle("32 hexadecimal digits as id", []byte(id))
	}
	hex.Decode(h.ID[:], []byte(id)) // cannot fail: a token is
	h.Domain, h.Name = domain, name
	return nil
}

// checkLayout says whether the numbers can be those of an array.
func (h *Handle) checkLayout() error {
	if h.Offset < 0 {
		return fmt.Errorf("%w: expected an offset of 63 bits, found %d", ndarray.ErrLayout, h.Offset)
	}
	if _, _, err := ndarray.Size(h.Shape, max(1, h.DType.Size())); err != nil {
		return err
	}
	if len(h.Strides) != len(h.Shape) {
		return fmt.Errorf("%w: expected %d strides, found %d", ndarray.ErrLayout, len(h.Shape), len(h.Strides))
	}
	return nil
}

// textOf returns a JSON string's text.
func textOf(raw json.RawMessage) (s string, err error) {
	if len(raw) == 0 || raw[0] != '"' {
		return "", errHandle
	}
	err = json.Unmarshal(raw, &s)
	return s, err
}

// numbers returns a JSON list of integers; outOfRange is the error where one has too many bits.
func numbers(raw string, outOfRange error) ([]int, error) {
	var items []json.RawMessage
	if raw[0] != '[' || json.Unmarshal([]byte(raw), &items) != nil {
		return nil, wrongHandle("a list of integers", []byte(raw))
	}
	if len(items) > ndarray.MaxDims {
		return nil, fmt.Errorf("%w: expected at most %d axes, found %d", ndarray.ErrShape, ndarray.MaxDims, len(items))
	}
	n := make([]int, len(items))
	for i, item := range items {
		number, err := strconv.ParseInt(string(item), 10, strconv.IntSize)
		if errors.Is(err, strconv.ErrRange) {
			return nil, fmt.Errorf("%w: expected numbers of 63 bits, found %s", outOfRange, excerpt(item))
		}
		if err != nil {
			return nil, wrongHandle("integers", []byte(raw))
		}
		n[i] = int(number)
	}
	return n, nil
}

func wrongHandle(expected string, found []byte) error {
	return fmt.Errorf("%w: expected %s, found %s", errHandle, expected, excerpt(found))
}

// excerpt quotes the beginning of b for a message.
func excerpt(b []byte) string {
	const most = 80 // bytes
	if b = bytes.TrimSpace(b); len(b) > most {
		return fmt.Sprintf("%q...", b[:most])
	}
	return fmt.Sprintf("%q", b)
}
