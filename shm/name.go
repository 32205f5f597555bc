package shm

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/samebytes/samebytes/internal/near"
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

// CheckName returns an error for what cannot be a segment's name, by which others may name what they keep beside segments.
// The error is ErrBadName.
func CheckName(name string) error {
	_, err := path(name)
	return err
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

// nearNames returns the segments' names that are likely meant by a name that does not exist.
func nearNames(name string) []string {
	all, err := names()
	if err != nil {
		return nil // a hint that cannot be given is left out
	}
	return near.Names(name, all)
}
