package npy

import (
	"bytes"
	"fmt"
	"math"
	"sync"
	"unicode/utf8"
)

// Bounds of the literal. They hold the memory for the values of any header under 20 MiB.
const (
	maxDepth  = 200     // open brackets: CPython's tokenizer refuses more (MAXLEVEL)
	maxDigits = 4300    // of an int: CPython refuses longer decimals (sys.int_info.default_max_str_digits)
	maxValues = 1 << 16 // in one header: a struct of 10,000 fields has some 40,000
)

// kind is the Python type of a value.
type kind uint8

const (
	none kind = iota
	boolean
	integer
	text
	tuple
	list
	dict
)

// value is a Python literal of the types that a header can hold.
type value struct {
	kind   kind
	huge   bool    // of an integer: beyond int64, so that num is not it
	num    int64   // of an integer; of a boolean 0 or 1
	text   []byte  // of a text: its characters in UTF-8, in the header's own memory where they are the same bytes
	items  []value // of a tuple or list; of a dict key, value, key, value
	source []byte  // as it stands in the header
}

// parser reads the literals that ast.literal_eval reads, as far as a header can hold them: no floats, complex numbers,
// bytes, sets or Ellipsis, and in strings no \N{name} and no lone surrogates.
// White space and comments may stand between any two tokens, on any number of lines.
type parser struct {
	src    []byte
	pos    int  // offset in src of what comes next
	utf8   bool // the text's encoding; otherwise latin-1
	long   bool // an int may end in L, as Python 2 wrote a long
	depth  int  // brackets open at pos
	values int  // values begun so far

	literal value // that begins src

	room [12]value // for the first items: a header's three keys, their values, and a shape, without asking for memory
	used int       // values of room that are items
}

// parsers has those that are done, whose room is taken again.
var parsers = sync.Pool{New: func() any { return new(parser) }}

// done ends the use of a parser, and of the values it has returned.
func (p *parser) done() {
	*p = parser{}
	parsers.Put(p)
}

// errorf returns an ErrFormat that says what was expected at pos and what is there.
func (p *parser) errorf(format string, args ...any) error {
	found := "the header's end"
	if p.pos < len(p.src) {
		found = excerpt(p.src[p.pos:])
	}
	return fmt.Errorf("%w: expected %s at byte %d, found %s", ErrFormat, fmt.Sprintf(format, args...), p.pos, found)
}

// excerpt quotes the beginning of b for a message.
func excerpt(b []byte) string {
	const most = 60 // bytes: a struct's first fields, in a message of one line
	if len(b) > most {
		return fmt.Sprintf("%#q...", b[:most])
	}
	return fmt.Sprintf("%#q", b)
}

// document parses the only literal of the text from pos to the end into v.
func (p *parser) document(v *value) error {
	if zero := bytes.IndexByte(p.src[p.pos:], 0); zero >= 0 {
		p.pos += zero
		return p.errorf("text without zero bytes")
	}
	if p.utf8 && !utf8.Valid(p.src[p.pos:]) {
		return p.errorf("UTF-8")
	}
	if err := p.value(v); err != nil {
		return err
	}
	if p.space(); p.pos < len(p.src) {
		return p.errorf("the header's end")
	}
	return nil
}

// at reports whether c comes next.
func (p *parser) at(c byte) bool { return p.pos < len(p.src) && p.src[p.pos] == c }

// atAny reports whether one of the ASCII characters of set comes next.
func (p *parser) atAny(set string) bool {
	for i := range len(set) {
		if p.at(set[i]) {
			return true
		}
	}
	return false
}

// space skips white space, comments and line continuations.
func (p *parser) space() {
	for p.pos < len(p.src) {
		switch p.src[p.pos] {
		case ' ', '\t', '\f', '\n', '\r':
			p.pos++
		case '#':
			for p.pos < len(p.src) && !p.atAny("\n\r") {
				p.pos++
			}
		case '\\':
			if p.pos++; !p.atAny("\n\r") {
				p.pos--
				return
			}
		default:
			return
		}
	}
}

// value parses a literal, and the white space before it, into the zero value that v points to.
func (p *parser) value(v *value) (err error) {
	if p.values++; p.values > maxValues {
		return p.errorf("at most %d values", maxValues)
	}
	p.space()
	if p.pos == len(p.src) {
		return p.errorf("a Python literal")
	}
	start := p.pos
	switch c := p.src[p.pos]; {
	case c == '{':
		v.kind = dict
		_, err = p.sequence(v, '}')
	case c == '[':
		v.kind = list
		_, err = p.sequence(v, ']')
	case c == '(':
		var commas int
		v.kind = tuple
		commas, err = p.sequence(v, ')')
		if err == nil && len(v.items) == 1 && commas == 0 {
			*v = v.items[0]
			return nil
		}
	case isDigit(c), c == '+', c == '-':
		err = p.integer(v)
	default:
		err = p.word(v)
	}
	v.source = p.src[start:p.pos]
	return err
}

// sequence parses v's items, the commas between them and, in a dict, colons, from an opening bracket to closer. It
// returns the number of commas.
func (p *parser) sequence(v *value, closer byte) (commas int, err error) {
	if p.depth++; p.depth > maxDepth {
		return 0, p.errorf("at most %d open brackets", maxDepth)
	}
	p.pos++
	for p.space(); !p.at(closer); p.space() {
		if err := p.item(v); err != nil {
			return 0, err
		}
		if v.kind == dict {
			if !p.at(':') {
				return 0, p.errorf("':'")
			}
			p.pos++
			if err := p.item(v); err != nil {
				return 0, err
			}
		}
		if !p.at(',') {
			break
		}
		p.pos++
		commas++
	}
	if !p.at(closer) {
		return 0, p.errorf("',' or '%c'", closer)
	}
	p.pos++
	p.depth--
	return commas, nil
}

// item parses the next of v's items, and the white space around it.
func (p *parser) item(v *value) error {
	if v.items == nil {
		room := 3 // most shapes and fields have no more
		if v.kind == dict {
			room = 6 // a header's three keys and their values
		}
		if end := p.used + room; end <= len(p.room) {
			v.items = p.room[p.used:p.used:end]
			p.used = end
		} else {
			v.items = make([]value, 0, room)
		}
	}
	v.items = append(v.items, value{})
	err := p.value(&v.items[len(v.items)-1])
	p.space()
	return err
}

// integer parses an int: an optional sign, a base, digits with underscores between them.
func (p *parser) integer(v *value) error {
	negative := p.at('-')
	if p.atAny("+-") {
		p.pos++
		p.space()
	}
	start := p.pos
	base, prefix := p.base()
	magnitude, digits := uint64(0), 0
	for ; ; digits++ {
		if p.at('_') && (digits > 0 || prefix) {
			p.pos++
		} else if digits > 0 && !p.digit(base) {
			break
		}
		if !p.digit(base) {
			return p.errorf("a digit of base %d", base)
		}
		if digits == maxDigits {
			return p.errorf("an int of at most %d digits", maxDigits)
		}
		d := uint64(digitValue(p.src[p.pos]))
		if magnitude > (math.MaxUint64-d)/uint64(base) {
			v.huge = true
		} else {
			magnitude = magnitude*uint64(base) + d
		}
		p.pos++
	}
	leadingZero := !prefix && digits > 1 && p.src[start] == '0' && (v.huge || magnitude > 0)
	if p.long && p.at('L') {
		p.pos++
	}
	if leadingZero || p.at('.') || p.pos < len(p.src) && isWord(p.src[p.pos]) {
		p.pos = start
		return p.errorf("an int")
	}
	if magnitude > math.MaxInt64 && !(negative && magnitude == 1<<63) {
		v.huge = true
	}
	v.kind, v.num = integer, int64(magnitude)
	if negative {
		v.num = -v.num
	}
	return nil
}

// base parses what tells an int's base, and reports whether it was there.
func (p *parser) base() (base int, prefix bool) {
	if p.at('0') && p.pos+1 < len(p.src) {
		switch p.src[p.pos+1] {
		case 'x', 'X':
			base = 16
		case 'o', 'O':
			base = 8
		case 'b', 'B':
			base = 2
		}
	}
	if base == 0 {
		return 10, false
	}
	p.pos += 2
	return base, true
}

// digit reports whether a digit of that base comes next.
func (p *parser) digit(base int) bool {
	return p.pos < len(p.src) && digitValue(p.src[p.pos]) < base
}

// word parses what begins with a letter or a quote: a constant or a string.
func (p *parser) word(v *value) error {
	start := p.pos
	for p.pos < len(p.src) && isWord(p.src[p.pos]) {
		p.pos++
	}
	word := p.src[start:p.pos]
	if p.atAny(`'"`) {
		p.pos = start
		return p.text(v)
	}
	switch string(word) {
	case "None":
		v.kind = none
	case "False":
		v.kind = boolean
	case "True":
		v.kind, v.num = boolean, 1
	default:
		p.pos = start
		return p.errorf("a string, int, tuple, list, dict, True, False or None")
	}
	return nil
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// isWord reports whether an ASCII character can stand in a name or in a number.
func isWord(c byte) bool { return isDigit(c) || c == '_' || 'a' <= c|0x20 && c|0x20 <= 'z' }

// digitValue returns what c is worth as a digit, up to base 16, and 16 when it is none.
func digitValue(c byte) int {
	switch lower := c | 0x20; {
	case isDigit(c):
		return int(c - '0')
	case 'a' <= lower && lower <= 'f':
		return int(lower-'a') + 10
	}
	return 16
}
