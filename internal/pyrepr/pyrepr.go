// Package pyrepr writes text and bytes as Python's repr does.
package pyrepr

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

const digits = "0123456789abcdef"

// AppendString appends the repr of a str of these characters: '…', or "…" where it has a ' and no ".
// Which characters are printable is Unicode's matter: of a newer version than Go's, Python escapes fewer.
func AppendString(dst []byte, s string) []byte {
	quote := quoteOf(strings.Contains(s, "'"), strings.Contains(s, `"`))
	dst = append(dst, quote)
	for _, r := range s {
		dst = appendRune(dst, r, quote)
	}
	return append(dst, quote)
}

// AppendRunes is AppendString of code points, of which any number may be one: lone surrogates are escaped, as in Python.
func AppendRunes[R ~int32](dst []byte, s []R) []byte {
	single, double := false, false
	for _, r := range s {
		single, double = single || r == '\'', double || r == '"'
	}
	quote := quoteOf(single, double)
	dst = append(dst, quote)
	for _, r := range s {
		dst = appendRune(dst, rune(r), quote)
	}
	return append(dst, quote)
}

// AppendBytes appends the repr of bytes: b'…'.
func AppendBytes(dst, b []byte) []byte {
	single, double := false, false
	for _, c := range b {
		single, double = single || c == '\'', double || c == '"'
	}
	quote := quoteOf(single, double)
	dst = append(dst, 'b', quote)
	for _, c := range b {
		if c >= 0x7f {
			dst = append(dst, '\\', 'x', digits[c>>4], digits[c&15])
		} else {
			dst = appendRune(dst, rune(c), quote)
		}
	}
	return append(dst, quote)
}

func quoteOf(single, double bool) byte {
	if single && !double {
		return '"'
	}
	return '\''
}

// appendRune appends one character as it stands between such quotes.
func appendRune(dst []byte, r rune, quote byte) []byte {
	switch {
	case r == rune(quote), r == '\\':
		return append(dst, '\\', byte(r))
	case r == '\t':
		return append(dst, `\t`...)
	case r == '\n':
		return append(dst, `\n`...)
	case r == '\r':
		return append(dst, `\r`...)
	case utf8.ValidRune(r) && unicode.IsPrint(r):
		return utf8.AppendRune(dst, r)
	case uint32(r) < 0x100:
		return appendHex(append(dst, `\x`...), r, 2)
	case uint32(r) < 0x10000:
		return appendHex(append(dst, `\u`...), r, 4)
	}
	return appendHex(append(dst, `\U`...), r, 8)
}

func appendHex(dst []byte, r rune, n int) []byte {
	for shift := 4 * (n - 1); shift >= 0; shift -= 4 {
		dst = append(dst, digits[uint32(r)>>shift&15])
	}
	return dst
}
