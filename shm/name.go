package shm

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// maxName is the longest name, in bytes: NAME_MAX is 255, and 55 are left for what belongs to a segment beside it.
const maxName = 200

// Dir returns the directory whose files are the segments: SAMEBYTES_DIR, or /dev/shm.
func Dir() string {
	if dir := os.Getenv("SAMEBYTES_DIR"); dir != "" {
		return dir
	}
	return "/dev/shm"
}

// path returns the path of the segment of that name.
// The error is ErrBadName.
func path(name string) (string, error) {
	if !validName(name) {
		if len(name) > maxName {
			name = name[:maxName]
			return "", fmt.Errorf("%w: expected at most %d bytes, found a longer one: %q...", ErrBadName, maxName, name)
		}
		return "", fmt.Errorf("%w: expected 1 to %d of A-Z a-z 0-9 . _ - not beginning with . or -, found %q", ErrBadName, maxName, name)
	}
	return filepath.Join(Dir(), name), nil
}

func validName(name string) bool {
	if name == "" || len(name) > maxName || name[0] == '.' || name[0] == '-' {
		return false
	}
	for i := range len(name) {
		c := name[i]
		if (c|0x20 < 'a' || c|0x20 > 'z') && (c < '0' || c > '9') && c != '.' && c != '_' && c != '-' {
			return false
		}
	}
	return true
}

// nearNames returns the up to three segments' names that are likely meant by a name that does not exist: those that differ
// in no more than a third of their letters.
func nearNames(name string) []string {
	all, err := names()
	if err != nil {
		return nil // a hint that cannot be given is left out
	}
	var near []string
	distances := map[string]int{}
	for _, other := range all {
		d := editDistance(strings.ToLower(name), strings.ToLower(other))
		if 3*d <= max(len(name), len(other)) {
			distances[other] = d
			near = append(near, other)
		}
	}
	slices.SortStableFunc(near, func(a, b string) int { return distances[a] - distances[b] })
	return near[:min(len(near), 3)]
}

// editDistance returns the least number of bytes to insert, delete or replace that makes b of a (Levenshtein 1966), by the
// row-by-row recurrence of Wagner and Fischer (1974).
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replace := diagonal
			if a[i] != b[j] {
				replace++
			}
			diagonal = row[j+1]
			row[j+1] = min(replace, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
