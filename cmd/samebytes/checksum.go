package main

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/samebytes/samebytes/npy"
	"github.com/samebytes/samebytes/shm"
)

type checksum struct {
	Array []string `arg:"" help:"Names of arrays, or paths of .npy and .npz files."`
	JSON  bool     `help:"Print a JSON array of objects instead."`
}

// Help says what the checksum is of.
func (checksum) Help() string {
	return "The checksum is the SHA-256 of the elements in C order, with little-endian numbers and zeros for a struct's padding: the " +
		"same in whatever order, byte order and layout a file has them. Of an .npz each member has one. What is both a name and a " +
		"file is the name; ./prices is the file. /dev/stdin may be a .npy file. A name that can't be printed is in quotes, as Go has it."
}

// sum is a line of the output, or an object of it in JSON, which always has all keys.
type sum struct {
	Name   string `json:"name"`  // of a member in its archive; empty for what is none
	Error  string `json:"error"` // with the path, or the name that was asked for; then the others are empty, and the shape null
	DType  string `json:"dtype"`
	Shape  []int  `json:"shape"`
	SHA256 string `json:"sha256"`

	of string // what the line says that it is of
}

func newSum(of, name string, h npy.Header, digest [sha256.Size]byte, err error) sum {
	if err != nil {
		return sum{Name: name, Error: err.Error(), of: of}
	}
	if h.Shape == nil {
		h.Shape = []int{}
	}
	return sum{Name: name, DType: h.DType.String(), Shape: h.Shape, SHA256: fmt.Sprintf("%x", digest), of: of}
}

// Run prints the checksum of every array that it can, and fails if one has none.
func (c checksum) Run() error {
	all, failed := 0, 0
	sums := []sum{}
	for _, name := range c.Array {
		for s := range sumsOf(name) {
			all++
			switch {
			case s.Error != "":
				failed++
				fmt.Fprintln(os.Stderr, "samebytes:", printable(s.Error))
			case !c.JSON:
				if _, err := fmt.Printf("%s  %s\n", s.SHA256, printable(s.of)); err != nil {
					return err
				}
			}
			sums = append(sums, s)
		}
	}
	if c.JSON {
		e := json.NewEncoder(os.Stdout)
		e.SetIndent("", "  ")
		if err := e.Encode(sums); err != nil {
			return err
		}
	}
	if failed > 0 {
		return fmt.Errorf("expected %d checksums, found %d", all, all-failed)
	}
	return nil
}

// printable returns a text, in Go's quotes where it has what a terminal would obey, or ends lines.
func printable(text string) string {
	if utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return text
	}
	return strconv.Quote(text)
}

// sumsOf yields the checksums of what has a name: a segment, or an .npy or .npz file.
func sumsOf(name string) func(yield func(sum) bool) {
	return func(yield func(sum) bool) {
		path, err := pathOf(name)
		if err != nil {
			yield(newSum(name, "", npy.Header{}, [sha256.Size]byte{}, err))
			return
		}
		if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() { // a pipe has its bytes only once
			h, digest, err := npy.ChecksumFile(path)
			if errors.Is(err, npy.ErrFormat) {
				err = fmt.Errorf("%w; an archive is only read from a regular file", err)
			}
			yield(newSum(name, "", h, digest, err))
			return
		}
		if !isArchive(path) {
			h, digest, err := npy.ChecksumFile(path)
			yield(newSum(name, "", h, digest, err))
			return
		}
		z, err := npy.OpenZip(path)
		if err != nil {
			yield(newSum(name, "", npy.Header{}, [sha256.Size]byte{}, err))
			return
		}
		defer z.Close()
		for m := range z.Members() {
			h, digest, err := m.Checksum()
			if !yield(newSum(name+": "+m.Name(), m.Name(), h, digest, err)) {
				return
			}
		}
	}
}

// pathOf returns the path of the segment, or else the file, of a name.
func pathOf(name string) (string, error) {
	_, missing := os.Stat(name)
	if strings.ContainsRune(name, filepath.Separator) {
		return name, missing
	}
	_, err := shm.Stat(name)
	switch isFile := strings.HasSuffix(name, ".npy") || strings.HasSuffix(name, ".npz"); {
	case err == nil:
		return filepath.Join(shm.Dir(), name), nil
	case !errors.Is(err, shm.ErrNotExist) && !errors.Is(err, shm.ErrBadName) && !errors.Is(err, shm.ErrUnsupported):
		return "", err
	case missing == nil || isFile:
		return name, missing
	}
	return "", err
}

// isArchive reports whether a file is to be read as an .npz: by its first bytes, and by its name where they say nothing.
func isArchive(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false // which reading it says better
	}
	defer f.Close()
	var begin [2]byte
	if _, err := io.ReadFull(f, begin[:]); err != nil {
		return false
	}
	return string(begin[:]) == "PK" || begin[0] != 0x93 && strings.HasSuffix(path, ".npz")
}
