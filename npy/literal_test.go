package npy

import "testing"

// TestText is an inner test because no header that Parse returns holds a string yet.
func TestText(t *testing.T) {
	for _, c := range []struct {
		source string
		utf8   bool
		want   string
	}{
		{`''`, false, ""},
		{`'a' "b"'''c'''`, false, "abc"},
		{`'a' u'\x62' r'\x63' 'd'`, false, `ab\x63d`},
		{"'\xe9\xff'", false, "éÿ"},
		{"'a\xe9b' 'c'", false, "aébc"},
		{"'é€'", true, "é€"},
		{`'\101\1012\777\7777\08'`, false, "AA2ǿǿ7\x008"},
		{`'\u20ac\U0001f600\xe9'`, false, "€😀é"},
		{`'\a\b\f\n\r\t\v\\\'\"'`, false, "\a\b\f\n\r\t\v\\'\""},
		{`'\q\8\''`, false, `\q\8'`},
		{`r'\'\\\"'`, false, `\'\\\"`},
		{"'a\\\nb\\\r\nc\\\rd'", false, "abcd"},
		{"'''a\nb\r\nc\rd'''", false, "a\nb\nc\nd"},
		{"r'a\\\r\nb'", false, "a\\\nb"},
		{`'''a'b''c'''`, false, "a'b''c"},
	} {
		src := []byte(c.source)
		p := parser{src: src, utf8: c.utf8}
		var v value
		if err := p.document(&v); err != nil || v.kind != text || string(v.text) != c.want {
			t.Errorf("%q: got %q, %v, want %q", c.source, v.text, err, c.want)
		}
		if string(v.source) != c.source || string(src) != c.source {
			t.Errorf("%q: source %q, and the header is %q now", c.source, v.source, src)
		}
	}
}
