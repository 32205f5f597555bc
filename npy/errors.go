package npy

import (
	"errors"
	"fmt"
	"io"

	"github.com/samebytes/samebytes/internal/sentinel"
)

// Errors of headers. Test for them with errors.Is; the text that wraps them says what was expected and what was found.
// A header can also be [ndarray.ErrDType] or [ndarray.ErrShape].
var (
	// ErrFormat is returned when bytes are not a header: no magic string, an unknown version, more than [MaxHeader]
	// bytes, text that is not a Python literal, or a dictionary without the keys and types of the format; when an archive
	// contradicts itself, or is of a kind that is not read; when a bool to be mapped is neither 0 nor 1; and when Append finds
	// behind the elements what it may not drop.
	ErrFormat = errors.New("not a valid .npy header")
	// ErrTruncated is returned when there are fewer bytes than the header, or the shape in it, needs.
	// It is also io.ErrUnexpectedEOF.
	ErrTruncated = sentinel.New("truncated .npy", io.ErrUnexpectedEOF)

	// errArchive is ErrFormat of an archive, or of a member as far as it is not an array's.
	errArchive = sentinel.New("not a valid .npz", ErrFormat)
)

// AlignError is the value of the panic of an alignment that is not a power of two from 1 to [MaxAlign].
type AlignError int

func (e AlignError) Error() string {
	return fmt.Sprintf("npy: expected an alignment that is a power of two from 1 to %d, found %d", MaxAlign, int(e))
}
