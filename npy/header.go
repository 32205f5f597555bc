package npy

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/samebytes/samebytes/ndarray"
)

const (
	magic     = "\x93NUMPY"
	lengthOff = len(magic) + 2 // where the text's length stands, after the version
	textOff1  = lengthOff + 2  // where the text begins in version 1.0
	textOff2  = lengthOff + 4  // and in 2.0 and 3.0

	// MaxHeader is the most bytes a header may take: room for a struct of ten thousand fields, and little enough to read
	// from anybody. NumPy refuses more than 10,000 unless told otherwise.
	MaxHeader = 1 << 20
	// MaxAlign is the greatest alignment that Append takes: the length that version 1.0 has 16 bits for reaches no further.
	MaxAlign = 1 << 16

	// growthDigits is the room that np.save leaves for the length of the axis along which an array grows, so that it can
	// be rewritten in place: the digits of 8*2**64-1.
	growthDigits = 21
)

// Header is what stands before the elements of an .npy file.
type Header struct {
	Major, Minor int // version: 1.0, 2.0 or 3.0. Append does not read it

	DType     ndarray.DType
	Descr     string // what the header says of elements for which there is no dtype; then DType is none
	BigEndian bool   // the byte order of the elements; false where they have none, or fields of a struct have both
	Mixed     bool   // fields of a struct have both byte orders, which only the functions that read elements know
	Fortran   bool   // the first axis varies fastest; false when both orders are the same, as with one axis
	Shape     []int  // lengths of the axes, in elements; empty for a single element without axes

	DataOffset int // bytes from the beginning of the file to the first element. Append does not read it

	swapped []swap        // where Mixed, an element's bytes that this machine has in another order
	mixed   ndarray.DType // of which swapped is; none where not Mixed
}

// NewHeader returns the header of an array in this machine's byte order, for [Header.Append]. It copies shape.
// The errors are [ndarray.ErrDType] for the zero DType and for a subarray, and [ndarray.ErrShape].
func NewHeader(d ndarray.DType, shape []int, fortran bool) (Header, error) {
	h := Header{
		DType:     d,
		BigEndian: nativeBig && d.Ordered(),
		Fortran:   fortran && ordersDiffer(shape),
		Shape:     slices.Clone(shape),
	}
	if _, _, err := h.size(); err != nil {
		return Header{}, fmt.Errorf("npy: %w", err)
	}
	return h, nil
}

// Len returns the number of elements; 0 when DType or Shape are not valid, as those of Parse and NewHeader are.
func (h Header) Len() int {
	n, _, _ := h.size() // the error is in the doc line
	return n
}

// NBytes returns the bytes that the elements take; 0 when DType or Shape are not valid, as those of Parse and NewHeader
// are. A header of MaxHeader bytes and these together do not overflow an int.
func (h Header) NBytes() int {
	_, nbytes, _ := h.size() // the error is in the doc line
	return nbytes
}

func (h Header) size() (n, nbytes int, err error) {
	if h.DType == (ndarray.DType{}) {
		return 0, 0, fmt.Errorf("%w: expected a dtype, found none", ndarray.ErrDType)
	}
	if base := h.DType.Base(); base != h.DType {
		return 0, 0, fmt.Errorf("%w: a subarray can only be a field: expected elements of %v, and axes more of lengths %v",
			ndarray.ErrDType, base, h.DType.Shape())
	}
	n, nbytes, err = ndarray.Size(h.Shape, h.DType.Size())
	if err == nil && nbytes > math.MaxInt-MaxHeader {
		return 0, 0, fmt.Errorf("%w: %v of %v takes %d bytes, which leaves no room for a header",
			ndarray.ErrShape, h.Shape, h.DType, nbytes)
	}
	return n, nbytes, err
}

// ordersDiffer reports whether C and Fortran order are two orders for the elements of shape: where there are elements,
// and two axes or more along which they lie.
func ordersDiffer(shape []int) bool {
	long := 0
	for _, length := range shape {
		if length == 0 {
			return false
		}
		if length > 1 {
			long++
		}
	}
	return long > 1
}

// HeaderSize returns how many bytes the header takes, from its first 12 bytes (or more, or 10 of version 1.0), so that a
// caller can read just those. It is at most [MaxHeader].
// The errors are [ErrFormat] and [ErrTruncated].
func HeaderSize(prefix []byte) (int, error) {
	size, _, err := measure(prefix)
	if err != nil {
		return 0, fmt.Errorf("npy: %w", err)
	}
	return size, nil
}

// measure returns the bytes that the header takes and where its text begins.
func measure(b []byte) (size, textOff int, err error) {
	if n := min(len(b), len(magic)); string(b[:n]) != magic[:n] {
		return 0, 0, fmt.Errorf("%w: expected it to begin with %q, found %q", ErrFormat, magic, b[:n])
	}
	if len(b) < lengthOff {
		return 0, 0, truncated(textOff1, len(b))
	}
	switch major, minor := b[len(magic)], b[len(magic)+1]; {
	case major == 1 && minor == 0:
		textOff = textOff1
	case (major == 2 || major == 3) && minor == 0:
		textOff = textOff2
	default:
		return 0, 0, fmt.Errorf("%w: expected version 1.0, 2.0 or 3.0, found %d.%d", ErrFormat, major, minor)
	}
	if len(b) < textOff {
		return 0, 0, truncated(textOff, len(b))
	}
	length := uint32(binary.LittleEndian.Uint16(b[lengthOff:]))
	if textOff == textOff2 {
		length = binary.LittleEndian.Uint32(b[lengthOff:])
	}
	if most := uint32(MaxHeader - textOff); length > most {
		return 0, 0, fmt.Errorf("%w: expected at most %d bytes of text, found %d", ErrFormat, most, length)
	}
	return textOff + int(length), textOff, nil
}

func truncated(needed, found int) error {
	return fmt.Errorf("%w: expected %d bytes of header, found %d", ErrTruncated, needed, found)
}

// Parse returns the header at the beginning of b, which may go on with the elements and more. It keeps nothing of b.
// The errors are [ErrFormat], [ErrTruncated] when b ends before the header does, [ndarray.ErrDType] when there is no
// dtype for the elements or they are Python objects, and [ndarray.ErrShape]. Where only the dtype is missing, the Header
// beside the error has all but that, and says in Descr what the elements are.
func Parse(b []byte) (Header, error) {
	h, err := parse(b)
	if err != nil && h.Descr == "" {
		return Header{}, fmt.Errorf("npy: %w", err)
	}
	if err != nil {
		return h, fmt.Errorf("npy: %w", err)
	}
	return h, nil
}

func parse(b []byte) (h Header, err error) {
	size, textOff, err := measure(b)
	if err != nil {
		return h, err
	}
	if len(b) < size {
		return h, truncated(size, len(b))
	}
	h = Header{Major: int(b[len(magic)]), Minor: int(b[len(magic)+1]), DataOffset: size}
	p := parsers.Get().(*parser)
	defer p.done()
	descr, order, shape, err := p.header(b, textOff, size)
	if err != nil {
		return h, err
	}
	if order.kind != boolean {
		return h, fmt.Errorf("%w: expected fortran_order True or False, found %s", ErrFormat, excerpt(order.source))
	}
	var typeErr error
	var found orders
	if h.DType, found, h.swapped, typeErr = parseDescr(descr); typeErr != nil && !errors.Is(typeErr, errNoDType) {
		return h, typeErr
	}
	if h.BigEndian, h.Mixed = found == big, found == little|big; !h.Mixed {
		h.swapped = nil // it follows from the dtype
	} else {
		h.mixed = h.DType
	}
	if h.Shape, err = parseShape(shape); err != nil {
		return h, err
	}
	h.Fortran = order.num != 0 && ordersDiffer(h.Shape)
	if typeErr != nil {
		if _, _, err := ndarray.Size(h.Shape, 1); err != nil {
			return h, err
		}
		h.Descr = string(descr.source)
		return h, typeErr
	}
	_, _, err = h.size()
	return h, err
}

// header returns the values of a header's dictionary.
func (p *parser) header(b []byte, textOff, size int) (descr, order, shape *value, err error) {
	p.src, p.pos, p.utf8, p.long = b[:textOff+trimmed(b[textOff:size])], textOff, b[len(magic)] == 3, b[len(magic)] < 3
	if err := p.document(&p.literal); err != nil {
		return nil, nil, nil, err
	}
	return entries(&p.literal)
}

// firstLength returns where, in a header that parse takes, the length of the first axis stands. Without axes it panics.
func firstLength(b []byte) (begin, end int) {
	size, textOff, _ := measure(b)
	p := parsers.Get().(*parser)
	defer p.done()
	_, _, shape, _ := p.header(b, textOff, size) // the errors would be parse's
	return shape.items[0].within(b)
}

// orderIn returns where, in a header that parse takes, the order stands, and whether that is Fortran order.
func orderIn(b []byte) (begin, end int, fortran bool) {
	size, textOff, _ := measure(b)
	p := parsers.Get().(*parser)
	defer p.done()
	_, order, _, _ := p.header(b, textOff, size) // the errors would be parse's
	begin, end = order.within(b)
	return begin, end, order.num != 0
}

// within returns where in b, of which it was parsed, a value stands.
func (v *value) within(b []byte) (begin, end int) {
	begin = cap(b) - cap(v.source) // both end where b's memory does
	return begin, begin + len(v.source)
}

// spaces is a piece of the padding, of which eight fill a page.
var spaces = strings.Repeat(" ", 512)

// trimmed returns the length of text without the newline at its end and without most of the spaces before that, which
// are nearly all of an aligned header.
func trimmed(text []byte) int {
	n := len(text)
	if n > 0 && text[n-1] == '\n' {
		n--
	}
	for n >= len(spaces) && string(text[n-len(spaces):n]) == spaces {
		n -= len(spaces)
	}
	for n >= 8 && string(text[n-8:n]) == "        " { // one comparison of words
		n -= 8
	}
	return n
}

// entries returns the values of a header's dictionary. Of a key given twice the last value counts, as in Python.
func entries(v *value) (descr, order, shape *value, err error) {
	if v.kind != dict {
		err = fmt.Errorf("%w: expected a dict, found %s", ErrFormat, excerpt(v.source))
		return
	}
	for i := 0; i < len(v.items); i += 2 {
		key, item := &v.items[i], &v.items[i+1]
		switch {
		case key.kind == text && string(key.text) == "descr":
			descr = item
		case key.kind == text && string(key.text) == "fortran_order":
			order = item
		case key.kind == text && string(key.text) == "shape":
			shape = item
		default:
			err = fmt.Errorf("%w: expected the keys descr, fortran_order and shape, found %s", ErrFormat, excerpt(key.source))
			return
		}
	}
	if descr == nil || order == nil || shape == nil {
		err = fmt.Errorf("%w: expected the keys descr, fortran_order and shape, found %s", ErrFormat, excerpt(v.source))
	}
	return
}

// parseShape returns the lengths of the axes.
func parseShape(v *value) ([]int, error) {
	if v.kind != tuple {
		return nil, fmt.Errorf("%w: expected shape a tuple of ints, found %s", ErrFormat, excerpt(v.source))
	}
	shape := make([]int, len(v.items))
	for i := range shape {
		length := &v.items[i]
		if length.kind != integer {
			return nil, fmt.Errorf("%w: expected shape a tuple of ints, found %s", ErrFormat, excerpt(v.source))
		}
		if length.huge || int64(int(length.num)) != length.num {
			return nil, fmt.Errorf("%w: expected lengths of at most %d, found %s",
				ndarray.ErrShape, math.MaxInt, excerpt(length.source))
		}
		shape[i] = int(length.num)
	}
	return shape, nil
}

// Append appends the header to dst and returns the extended slice. It takes a multiple of align bytes, so that elements that
// follow it are aligned when it is: 64 gives what np.save writes, byte for byte, and 4096 one page. The version is 1.0, unless
// a struct has more than 64 KiB of text (2.0) or names beyond latin-1 (3.0).
//
// The errors are [ndarray.ErrDType] for the zero DType, a subarray, and structs whose fields are of both byte orders, not in
// the order of their offsets, or take more than [MaxHeader] bytes, and [ndarray.ErrShape]; dst is returned as it was then. It panics
// with an [AlignError] when align is not a power of two from 1 to [MaxAlign].
func (h Header) Append(dst []byte, align int) ([]byte, error) {
	return h.append(dst, Format{Align: align}, Header.appendText)
}

// append is Append in a format, of whose orders it only looks whether there are such, with the text that appendText makes, of the descr given,
// for a header that begins at the given index of dst.
func (h Header) append(dst []byte, f Format, appendText textAppender) ([]byte, error) {
	checkAlign(f.Align)
	if f.Version < 0 || f.Version > 3 {
		return dst, fmt.Errorf("npy: %w: expected version 1, 2 or 3, found %d", ErrFormat, f.Version)
	}
	if f.Order > Fortran {
		return dst, fmt.Errorf("npy: %w: expected the order Keep, C or Fortran, found %d", ErrFormat, f.Order)
	}
	if f.HeaderBytes < 0 || f.HeaderBytes > MaxHeader {
		return dst, fmt.Errorf("npy: %w: expected a header of at most %d bytes, found %d asked for", ErrFormat, MaxHeader, f.HeaderBytes)
	}
	if _, _, err := h.size(); err != nil {
		return dst, fmt.Errorf("npy: %w", err)
	}
	if h.Mixed {
		return dst, fmt.Errorf("npy: %w: expected fields of one byte order, found both", ndarray.ErrDType)
	}
	var room [64]byte // for a type string
	descr, err := appendDescr(room[:0], h.DType, h.BigEndian)
	if err != nil {
		return dst, fmt.Errorf("npy: %w", err)
	}
	major := byte(max(f.Version, 1))
	if latin1, ok := toLatin1(descr); !ok {
		major = 3
	} else if f.Version != 3 {
		descr = latin1
	}
	begin := len(dst)
	dst = h.appendVersion(dst, descr, major, f, appendText)
	if major == 1 && len(dst)-begin-textOff1 > math.MaxUint16 {
		major = 2
		dst = h.appendVersion(dst[:begin], descr, major, f, appendText)
	}
	if f.Version != 0 && int(major) != f.Version {
		return dst[:begin], fmt.Errorf("npy: %w: expected a dtype that version %d.0 can express, found one that needs %d.0",
			ndarray.ErrDType, f.Version, major)
	}
	if n := len(dst) - begin; n > MaxHeader {
		return dst[:begin], fmt.Errorf("npy: %w: expected a header of at most %d bytes, found fields that take %d", ndarray.ErrDType, MaxHeader, n)
	}
	return dst, nil
}

func checkAlign(align int) {
	if align < 1 || align > MaxAlign || align&(align-1) != 0 {
		panic(AlignError(align))
	}
}

// textAppender appends the text of a header, of the descr given, which begins at the given index of dst.
type textAppender func(h Header, dst, descr []byte, begin int) []byte

// appendVersion appends the header in a version, whose length field is wrong if it is 1 and the text longer than that says.
func (h Header) appendVersion(dst, descr []byte, major byte, f Format, appendText textAppender) []byte {
	begin := len(dst)
	dst = append(dst, magic...)
	dst = append(dst, major, 0, 0, 0) // the last two are the length, known below
	if major > 1 {
		dst = append(dst, 0, 0)
	}
	textOff := len(dst) - begin
	dst = appendText(h, dst, descr, begin)
	least := max(len(dst)+2-begin, f.HeaderBytes) // at least one space and the newline, as np.save has it
	padding := roundUp(least, f.Align) - (len(dst) + 1 - begin)
	dst = append(appendSpaces(dst, padding), '\n')
	length := len(dst) - begin - textOff
	if major > 1 {
		binary.LittleEndian.PutUint32(dst[begin+lengthOff:], uint32(length))
	} else {
		binary.LittleEndian.PutUint16(dst[begin+lengthOff:], uint16(length))
	}
	return dst
}

// toLatin1 returns UTF-8 as latin-1, and whether it can be that.
func toLatin1(s []byte) ([]byte, bool) {
	if !slices.ContainsFunc(s, func(c byte) bool { return c >= utf8.RuneSelf }) {
		return s, true
	}
	latin1 := make([]byte, 0, len(s))
	for _, r := range string(s) {
		if r > 0xff {
			return nil, false
		}
		latin1 = append(latin1, byte(r))
	}
	return latin1, true
}

// appendText appends the dictionary as np.save formats it, and the room to grow.
func (h Header) appendText(dst, descr []byte, _ int) []byte {
	fortran := h.Fortran && ordersDiffer(h.Shape)
	dst = appendType(dst, descr)
	if fortran {
		dst = append(dst, ", 'fortran_order': True, 'shape': ("...)
	} else {
		dst = append(dst, ", 'fortran_order': False, 'shape': ("...)
	}
	growing := 0 // the axis along which an array can grow without moving: the one that varies slowest
	if fortran {
		growing = len(h.Shape) - 1
	}
	room := 0
	for i, length := range h.Shape {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		start := len(dst)
		dst = strconv.AppendInt(dst, int64(length), 10)
		if i == growing {
			room = growthDigits - (len(dst) - start)
		}
	}
	if len(h.Shape) == 1 {
		dst = append(dst, ',')
	}
	return appendSpaces(append(dst, "), }"...), room)
}

// appendType appends the dictionary's beginning, up to the descr.
func appendType(dst, descr []byte) []byte {
	return append(append(dst, "{'descr': "...), descr...)
}

func appendSpaces(dst []byte, n int) []byte {
	for ; n > len(spaces); n -= len(spaces) {
		dst = append(dst, spaces...)
	}
	return append(dst, spaces[:n]...)
}
