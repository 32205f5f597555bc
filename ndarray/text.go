package ndarray

import (
	"fmt"
	"unicode/utf8"
)

// Char is a byte of a text: [N]Char is NumPy's dtype S of N bytes, in whatever encoding its writer used. Shorter texts end in
// zeros, which are not part of them.
type Char byte

// UTF32 is a character of a text: [N]UTF32 is NumPy's dtype U of N characters. Shorter texts end in zeros, which are not
// part of them.
type UTF32 rune

// Text returns the text in the elements of an array of [Char] or [UTF32], as Text(row.Symbol[:]): without the zeros at its
// end. UTF32 that is no character becomes U+FFFD.
func Text[C Char | UTF32](text []C) string {
	end := len(text)
	for end > 0 && text[end-1] == 0 {
		end--
	}
	var dst []byte
	for _, c := range text[:end] {
		switch c := any(c).(type) {
		case Char:
			dst = append(dst, byte(c))
		case UTF32:
			dst = utf8.AppendRune(dst, rune(c))
		}
	}
	return string(dst)
}

// SetText stores s in the elements of an array of [Char] or [UTF32], as SetText(row.Symbol[:], "ABC"), and zeros after it.
// The error is [ErrDType] where s is longer, in bytes or in characters, where UTF32 is asked for and s is not UTF-8, and
// where s ends in a zero, which would be lost. Then text is what it was.
func SetText[C Char | UTF32](text []C, s string) error {
	var zero C
	_, wide := any(zero).(UTF32)
	n, unit := len(s), "bytes"
	if wide {
		n, unit = utf8.RuneCountInString(s), "characters"
	}
	switch {
	case n > len(text):
		return fmt.Errorf("ndarray: SetText: %w: expected at most %d %s, found %d in %.100q", ErrDType, len(text), unit, n, s)
	case wide && !utf8.ValidString(s):
		return fmt.Errorf("ndarray: SetText: %w: expected UTF-8, found %.100q", ErrDType, s)
	case n > 0 && s[len(s)-1] == 0:
		return fmt.Errorf("ndarray: SetText: %w: expected a text that doesn't end in a zero, found %.100q", ErrDType, s)
	}
	clear(text[n:])
	if !wide {
		for i := range len(s) {
			text[i] = C(s[i])
		}
		return nil
	}
	i := 0
	for _, r := range s {
		text[i] = C(r)
		i++
	}
	return nil
}
