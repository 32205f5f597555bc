package near_test

import (
	"slices"
	"testing"

	"github.com/samebytes/samebytes/internal/near"
)

func TestNames(t *testing.T) {
	all := []string{"Sizes", "prices", "Size", "offset", "pricing", "x"}
	for name, want := range map[string][]string{
		"sizes":  {"Sizes", "Size"},
		"size":   {"Size", "Sizes"},
		"prises": {"prices"},
		"Offset": {"offset"},
		"X":      {"x"},
		"other":  {},
		"":       {},
	} {
		if got := near.Names(name, all); !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
	if got := near.Names("ab", []string{"abc", "abd", "abe", "abf"}); len(got) != 3 {
		t.Errorf("got %q, want three", got)
	}
}
