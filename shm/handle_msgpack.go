package shm

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/tinylib/msgp/msgp"

	"github.com/samebytes/samebytes/ndarray"
)

// AppendMsgpack appends the handle as calls carry it: a list of the values of its keys in JSON, in their order. Of the type it has
// the text: of a type string that alone, and of others their JSON.
func (h Handle) AppendMsgpack(dst []byte) []byte {
	typ := h.Descr
	if typ == "" {
		typ = string(appendType(nil, h.DType, h.BigEndian))
	}
	typ = strings.Trim(typ, `"`) // a type string has none within
	dst = msgp.AppendArrayHeader(dst, uint32(len(handleKeys)))
	dst = msgp.AppendInt(dst, handleVersion)
	dst = msgp.AppendString(dst, h.Domain)
	dst = msgp.AppendString(dst, h.Name)
	dst = msgp.AppendString(dst, hex.EncodeToString(h.ID[:]))
	dst = appendNumber(dst, h.Offset)
	for _, numbers := range [][]int{h.Shape, h.Strides} {
		dst = msgp.AppendArrayHeader(dst, uint32(len(numbers)))
		for _, n := range numbers {
			dst = appendNumber(dst, n)
		}
	}
	dst = msgp.AppendString(dst, typ)
	return msgp.AppendBool(dst, h.ReadOnly)
}

// appendNumber appends an integer as Python's msgpack does: unsigned unless it is negative.
func appendNumber(dst []byte, n int) []byte {
	if n >= 0 {
		return msgp.AppendUint64(dst, uint64(n))
	}
	return msgp.AppendInt(dst, n)
}

// ParseHandleMsgpack returns the handle that AppendMsgpack appended, in Go or in Python. Any bytes give one or an error.
// The errors are those of [ParseHandle].
func ParseHandleMsgpack(b []byte) (h Handle, err error) {
	if h, err = parseMsgpack(b); err != nil {
		return Handle{}, fmt.Errorf("shm: parse handle: %w", err)
	}
	return h, nil
}

func parseMsgpack(b []byte) (h Handle, err error) {
	if len(b) > maxHandle {
		return h, fmt.Errorf("%w: expected a handle of at most %d bytes of msgpack, found %d", errHandle, maxHandle, len(b))
	}
	n, rest, err := msgp.ReadArrayHeaderBytes(b)
	if err != nil || n == 0 {
		return h, wrongHandle("a handle as a list of msgpack", b)
	}
	version, rest, err := msgp.ReadUint64Bytes(rest)
	switch {
	case err == nil && version > handleVersion:
		return h, fmt.Errorf("%w: expected a handle of version %d, found %d", ErrVersion, handleVersion, version)
	case err != nil || version != handleVersion || int(n) != len(handleKeys):
		return h, wrongHandle(fmt.Sprintf("a handle of version %d with %q", handleVersion, handleKeys), b)
	}
	var domain, name, id, typ string
	if domain, rest, err = readText(rest); err != nil {
		return h, wrongHandle("32 hexadecimal digits as domain", rest)
	}
	if name, rest, err = readText(rest); err != nil {
		return h, fmt.Errorf("%w: expected a name, found %s", ErrBadName, excerpt(rest))
	}
	if id, rest, err = readText(rest); err != nil {
		return h, wrongHandle("32 hexadecimal digits as id", rest)
	}
	if err = h.setNames(domain, name, id); err != nil {
		return h, err
	}
	if h.Offset, rest, err = readNumber(rest, ndarray.ErrLayout); err != nil {
		return h, err
	}
	if h.Shape, rest, err = readNumbers(rest, ndarray.ErrShape); err != nil {
		return h, err
	}
	if h.Strides, rest, err = readNumbers(rest, ndarray.ErrLayout); err != nil {
		return h, err
	}
	if typ, rest, err = readText(rest); err != nil {
		return h, wrongHandle("a type", rest)
	}
	if err = h.setTypeText(typ); err != nil {
		return h, err
	}
	if h.ReadOnly, rest, err = msgp.ReadBoolBytes(rest); err != nil || len(rest) > 0 {
		return h, wrongHandle("a handle that ends with true or false as readonly", b)
	}
	return h, h.checkLayout()
}

func readText(b []byte) (string, []byte, error) {
	text, rest, err := msgp.ReadStringZC(b)
	if err != nil || !utf8.Valid(text) {
		return "", b, errHandle
	}
	return string(text), rest, nil
}

// readNumbers returns a list of integers; outOfRange is the error where one has too many bits.
func readNumbers(b []byte, outOfRange error) ([]int, []byte, error) {
	n, rest, err := msgp.ReadArrayHeaderBytes(b)
	if err != nil {
		return nil, b, wrongHandle("a list of integers", b)
	}
	if n > ndarray.MaxDims {
		return nil, b, fmt.Errorf("%w: expected at most %d axes, found %d", ndarray.ErrShape, ndarray.MaxDims, n)
	}
	numbers := make([]int, n)
	for i := range numbers {
		if numbers[i], rest, err = readNumber(rest, outOfRange); err != nil {
			return nil, b, err
		}
	}
	return numbers, rest, nil
}

func readNumber(b []byte, outOfRange error) (int, []byte, error) {
	n, rest, err := msgp.ReadIntBytes(b)
	var tooGreat msgp.UintOverflow
	var tooLong msgp.IntOverflow
	switch {
	case errors.As(err, &tooGreat), errors.As(err, &tooLong):
		return 0, b, fmt.Errorf("%w: expected numbers of %d bits", outOfRange, strconv.IntSize-1)
	case err != nil:
		return 0, b, wrongHandle("an integer", b)
	}
	return n, rest, nil
}

// setTypeText sets what the elements are: of a type string, or of the JSON of another type.
func (h *Handle) setTypeText(text string) error {
	if d, ok := plainType(text); ok {
		h.DType = d
		return nil
	}
	raw := json.RawMessage(text)
	if !strings.HasPrefix(text, "[") && !strings.HasPrefix(text, "{") {
		raw, _ = json.Marshal(text) // cannot fail: it is a text
	}
	if !json.Valid(raw) {
		return wrongHandle("a type as \"<f8\", or a list of fields", raw)
	}
	return h.setType(raw)
}

// plainType returns the dtype of a type string of a number in this machine's byte order, as most are; others take setType's parser.
func plainType(word string) (d ndarray.DType, ok bool) {
	if len(word) < 3 || len(word) > 4 || word[0] != '<' && word[0] != '|' || !strings.ContainsRune("biufc", rune(word[1])) {
		return d, false
	}
	size, err := strconv.ParseUint(word[2:], 10, 8)
	if err != nil || word[2] == '0' || (size == 1) != (word[0] == '|') {
		return d, false
	}
	return ndarray.DTypeOfKind(word[1], int(size))
}
