package npy

import (
	"bytes"
	"unicode/utf8"
)

// text parses a string: one or more pieces in quotes, which Python joins when nothing but white space stands between
// them.
func (p *parser) text(v *value) error {
	v.kind = text
	for first := true; ; first = false {
		start := p.pos
		raw := p.atAny("rR")
		if raw || p.atAny("uU") {
			p.pos++
		}
		if !p.atAny(`'"`) {
			p.pos = start
			return p.errorf("a string without prefix, or with u or r")
		}
		piece, err := p.quoted(raw)
		if err != nil {
			return err
		}
		if first {
			v.text = piece
		} else {
			v.text = append(v.text, piece...) // never in the header's memory: quoted clips what lies there
		}
		end := p.pos
		if p.space(); !p.atAny(`'"rRuU`) {
			p.pos = end
			return nil
		}
	}
}

// quoted parses a piece in quotes. What it returns has no spare capacity when it lies in src.
func (p *parser) quoted(raw bool) ([]byte, error) {
	begin := p.pos
	quote := p.src[p.pos : p.pos+1]
	if p.pos+3 <= len(p.src) && p.src[p.pos+1] == quote[0] && p.src[p.pos+2] == quote[0] {
		quote = p.src[p.pos : p.pos+3]
	}
	p.pos += len(quote)
	var out []byte // the text before run, when it is not that of the source
	run := p.pos   // where the bytes begin that are taken as they are
	for p.pos < len(p.src) {
		switch c := p.src[p.pos]; {
		case c == quote[0] && bytes.HasPrefix(p.src[p.pos:], quote):
			end := p.pos
			p.pos += len(quote)
			if out == nil {
				return p.src[run:end:end], nil
			}
			return append(out, p.src[run:end]...), nil
		case c == '\r' || c == '\n':
			if len(quote) == 1 {
				p.pos = begin
				return nil, p.errorf("a string that ends on its line")
			}
			out = append(append(out, p.src[run:p.pos]...), '\n')
			p.newline()
			run = p.pos
		case c == '\\' && raw:
			p.pos++
			if p.atAny("\r\n") {
				out = append(append(out, p.src[run:p.pos]...), '\n')
				p.newline()
				run = p.pos
			} else if p.atAny(`\'"`) {
				p.pos++
			}
		case c == '\\':
			out = append(out, p.src[run:p.pos]...)
			var err error
			if out, err = p.escape(out); err != nil {
				return nil, err
			}
			run = p.pos
		case c >= utf8.RuneSelf && !p.utf8:
			out = utf8.AppendRune(append(out, p.src[run:p.pos]...), rune(c)) // latin-1 is Unicode's first 256
			p.pos++
			run = p.pos
		default:
			p.pos++
		}
	}
	p.pos = begin
	return nil, p.errorf("a string that ends")
}

// newline skips the end of a line, which Python reads as one '\n' however it is written.
func (p *parser) newline() {
	if p.at('\r') {
		p.pos++
		if !p.at('\n') {
			return
		}
	}
	p.pos++
}

// escape parses an escape sequence and appends what it stands for to out.
func (p *parser) escape(out []byte) ([]byte, error) {
	start := p.pos
	p.pos++ // the backslash
	if p.pos == len(p.src) {
		return nil, p.errorf("an escape sequence")
	}
	c := p.src[p.pos]
	digits := 0 // of the hexadecimal sequences
	switch c {
	case '\n', '\r':
		p.newline()
		return out, nil
	case '\\', '\'', '"':
	case 'a':
		c = '\a'
	case 'b':
		c = '\b'
	case 'f':
		c = '\f'
	case 'n':
		c = '\n'
	case 'r':
		c = '\r'
	case 't':
		c = '\t'
	case 'v':
		c = '\v'
	case '0', '1', '2', '3', '4', '5', '6', '7':
		return utf8.AppendRune(out, p.code(8, 3)), nil
	case 'x':
		digits = 2
	case 'u':
		digits = 4
	case 'U':
		digits = 8
	case 'N':
		p.pos = start
		return nil, p.errorf(`a character by number (\x, \u, \U), not by name`)
	default:
		return append(out, '\\'), nil // no escape sequence: both characters stand for themselves
	}
	p.pos++
	if digits == 0 {
		return append(out, c), nil
	}
	first := p.pos
	r := p.code(16, digits)
	if p.pos-first != digits || !utf8.ValidRune(r) {
		p.pos = start
		return nil, p.errorf("a Unicode character of %d hexadecimal digits", digits)
	}
	return utf8.AppendRune(out, r), nil
}

// code parses up to most digits of base; eight of base 16, which may be negative then, fill a rune.
func (p *parser) code(base, most int) rune {
	var r rune
	for n := 0; n < most && p.digit(base); n++ {
		r = r*rune(base) + rune(digitValue(p.src[p.pos]))
		p.pos++
	}
	return r
}
