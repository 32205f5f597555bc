package shm

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
)

// A domain is a directory of segments. Its file .samebytes has a random token, made once: two processes that read the same one can
// open each other's handles, whatever their host names, containers and mounts are. The bytes of that file far past its end are
// locked, shared, by those who may still open handles that are under way: see flight.go.

const (
	domainFile = ".samebytes" // no segment's name begins with a dot
	tokenSize  = 32           // hexadecimal digits, and a newline behind
	keeperByte = 1 << 32      // the first byte that may be locked
)

// Domain returns the random token of [Dir], which is made if nobody has needed one there: processes that find the same one open each
// other's segments and handles, others do not.
// The errors are ErrNotExist, ErrAccess and ErrBroken.
func Domain() (string, error) {
	token, err := makeDomain(Dir())
	if err != nil {
		return "", fmt.Errorf("shm: domain: %w", err)
	}
	return token, nil
}

// tokens are what was read of domains' files, by directory. They are looked at again each time, as one may have been deleted.
var tokens sync.Map // of string to readToken

type readToken struct {
	info fileInfo
	text string
}

// domain returns the token of a directory, or "" when nobody has needed one there.
// The errors are ErrAccess and ErrBroken.
func domain(dir string) (string, error) {
	if known, ok := tokens.Load(dir); ok {
		if info, err := lookAt(filepath.Join(dir, domainFile)); err == nil && info == known.(readToken).info {
			return known.(readToken).text, nil
		}
	}
	f, err := openFile(filepath.Join(dir, domainFile), false)
	if errors.Is(err, ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("domain of %s: %w", dir, err)
	}
	defer f.close()
	info, err := f.stat()
	if err != nil {
		return "", err
	}
	text := make([]byte, tokenSize+1)
	whole := info.regular && info.size == len(text) && f.readAt(text, 0) == nil
	if !whole || text[tokenSize] != '\n' || !isToken(string(text[:tokenSize])) {
		return "", fmt.Errorf("%w: expected %d hexadecimal digits in %s", ErrBroken, tokenSize, filepath.Join(dir, domainFile))
	}
	token := string(text[:tokenSize])
	tokens.Store(dir, readToken{info, token})
	return token, nil
}

// isToken reports whether s is 16 bytes as lower-case hexadecimal digits.
func isToken(s string) bool {
	b, err := hex.DecodeString(s)
	return err == nil && len(s) == tokenSize && hex.EncodeToString(b) == s
}

// makeDomain returns the token of a directory, which it makes if nobody has needed one there. It is there whole or not at all.
func makeDomain(dir string) (string, error) {
	for {
		token, err := domain(dir)
		if token != "" || err != nil {
			return token, err
		}
		if err := newDomain(dir); err != nil && !errors.Is(err, ErrExist) { // else another was faster
			return "", err
		}
	}
}

func newDomain(dir string) error {
	f, err := newFile(dir, 0o644) // for all who may come to share segments: it is no secret
	if err != nil {
		return err
	}
	defer f.close()
	var token [tokenSize / 2]byte
	rand.Read(token[:]) // never fails, as its documentation says
	if err := f.writeAt(append(hex.AppendEncode(nil, token[:]), '\n'), 0); err != nil {
		return err
	}
	return f.link(filepath.Join(dir, domainFile))
}

// keepers are the bytes that this process has locked, by directory, until it ends.
var keepers = struct {
	mu    sync.Mutex
	byDir map[string]keeper
}{byDir: map[string]keeper{}}

type keeper struct {
	file file
	byte uint64
}

// keep locks a byte of the directory's domain file for as long as this process lives, and returns which.
func keep(dir string) (uint64, error) {
	keepers.mu.Lock()
	defer keepers.mu.Unlock()
	if k, ok := keepers.byDir[dir]; ok {
		return k.byte, nil
	}
	if _, err := makeDomain(dir); err != nil {
		return 0, err
	}
	f, err := openFile(filepath.Join(dir, domainFile), false)
	if err != nil {
		return 0, err
	}
	var random [8]byte
	rand.Read(random[:]) // as above
	k := keeper{f, keeperByte + binary.LittleEndian.Uint64(random[:])>>8}
	f.shareByte(int(k.byte)) // where that fails, what is under way is collected by its age
	keepers.byDir[dir] = k
	return k.byte, nil
}

// isKept reports whether a process that lives has locked the byte. When the system cannot tell, it has.
func isKept(dir string, number uint64) bool {
	if number >= participantByte { // no lock can be there
		return false
	}
	f, err := openFile(filepath.Join(dir, domainFile), false)
	if err != nil {
		return !errors.Is(err, ErrNotExist)
	}
	defer f.close()
	n, err := f.lockedBytes(int(number), 1)
	return n > 0 || err != nil
}
