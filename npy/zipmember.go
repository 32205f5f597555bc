package npy

import (
	"archive/zip"
	"bufio"
	"compress/bzip2"
	"compress/flate"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"unicode/utf8"

	"github.com/samebytes/samebytes/ndarray"
)

const (
	// maxTrailer is how many bytes behind an array in a member are read, only for the member's CRC.
	maxTrailer = 64 << 20
	// maxDeflated is how many bytes a deflated one stands for at most: 258 for each match, of which a byte says four.
	maxDeflated = 1032
	// maxBzip2 is how many bytes one by bzip2 stands for at most: a block of 900,000, of which 5 stand for 259, takes 26 or
	// more.
	maxBzip2 = 1 << 21
	// trailerPerByte is how many bytes behind an array a byte by bzip2 may stand for: an archive of many such members takes
	// long else.
	trailerPerByte = 1 << 10

	bzip2Method = 12
	maxVersion  = 63 // of the format, times ten, that Python's zipfile reads
	// refusedFlags are of members that are encrypted (bits 0, 6 and 13) or patches of others (5).
	refusedFlags = 1<<0 | 1<<5 | 1<<6 | 1<<13
)

// otherMethods are ways to compress that no member that NumPy writes has.
var otherMethods = map[uint16]string{
	1: "shrunk", 6: "imploded", 9: "deflated by Deflate64", 14: "compressed by LZMA", 20: "compressed by Zstandard",
	93: "compressed by Zstandard", 95: "compressed by XZ", 98: "compressed by PPMd", 99: "encrypted by AES",
}

// Member is a file of an archive. Make one with [Zip.Member] or [Zip.Members].
type Member struct {
	z *Zip
	i int
}

func (m Member) file() *zip.File { return m.z.members[m.i] }

// Name returns the name of the member in the archive, with its ".npy".
func (m Member) Name() string { return m.file().Name }

// Header returns the header of the array, as [Zip.Header] does.
func (m Member) Header() (Header, error) {
	r, err := m.open()
	if err != nil {
		return Header{}, m.failed(err)
	}
	h, err := ReadHeader(r, m.z.limits)
	if err != nil {
		return h, m.failed(err)
	}
	if most, _ := remaining(r, h.NBytes()); h.NBytes() > most {
		return Header{}, m.failed(fmt.Errorf("npy: %w: expected %d bytes of elements, found %d",
			ErrTruncated, h.NBytes(), most))
	}
	return h, nil
}

// ReadAny reads the array, as [Zip.ReadAny] does.
func (m Member) ReadAny() (*ndarray.Any, error) {
	return readMember(m, func(r io.Reader) (*ndarray.Any, error) { return ReadAny(r, m.z.limits) })
}

// readMember reads a member to its end.
func readMember[A any](m Member, read func(io.Reader) (A, error)) (a A, err error) {
	r, err := m.open()
	if err == nil {
		a, err = read(r)
	}
	if err == nil {
		err = r.finish()
	}
	if err != nil {
		var none A
		return none, m.failed(err)
	}
	return a, nil
}

// failed says of which member of which archive an error is.
func (m Member) failed(err error) error { return inFile(m.z.path+m.Name(), err) }

// open returns a reader of the member's bytes, for which finish has to be called after the last.
func (m Member) open() (*memberReader, error) {
	f := m.file()
	if f.Flags&refusedFlags != 0 {
		return nil, fmt.Errorf("npy: %w: the member is encrypted, or a patch (flags %#x), and is refused",
			errArchive, f.Flags)
	}
	if version := f.ReaderVersion & 0xff; version > maxVersion { // the other byte is a system's
		return nil, fmt.Errorf("npy: %w: expected a member that version 6.3 of the format can express, found one of %d.%d",
			errArchive, version/10, version%10)
	}
	if !wholeExtra(f.Extra) {
		return nil, fmt.Errorf("npy: %w: expected extra fields of the member, found one that is longer than they are",
			errArchive)
	}
	if f.Flags&utf8Flag != 0 && !utf8.ValidString(f.Name) {
		return nil, fmt.Errorf("npy: %w: expected a name in UTF-8, as the flags say, found %.100q", errArchive, f.Name)
	}
	m.z.bodies.Do(m.z.locate)
	start, packed, size := m.z.starts[m.i], f.CompressedSize64, f.UncompressedSize64
	switch {
	case start < 0:
		return nil, fmt.Errorf("npy: %w: expected a member where the directory says, found none", errArchive)
	case packed > uint64(max(m.z.end-start, 0)):
		return nil, fmt.Errorf("npy: %w: expected a member of %d bytes, found %d",
			ErrTruncated, packed, max(m.z.end-start, 0))
	case m.z.overlaps[m.i]:
		return nil, fmt.Errorf("npy: %w: expected a member of its own bytes, found some that are another's too", errArchive)
	case f.Method == zip.Store && packed != size:
		return nil, fmt.Errorf("npy: %w: expected a stored member of one size, found %d and %d bytes",
			errArchive, packed, size)
	case f.Method == zip.Deflate && size/maxDeflated > packed, f.Method == bzip2Method && size/maxBzip2 > packed,
		size > math.MaxInt64:
		return nil, fmt.Errorf("npy: %w: expected a member that %d bytes can stand for, found %d", errArchive, packed, size)
	case m.z.limits.Ratio > 0 && size/uint64(m.z.limits.Ratio) > packed:
		return nil, fmt.Errorf("npy: %w: expected a member of at most %d times its bytes in the archive, found %d of %d",
			errArchive, m.z.limits.Ratio, size, packed)
	}
	r := &memberReader{left: int64(size), want: f.CRC32, trailer: maxTrailer}
	body := io.NewSectionReader(m.z.r, start, int64(packed))
	switch f.Method {
	case zip.Store:
		r.stored, r.at = m.z.r, start
	case zip.Deflate:
		r.packed = flate.NewReader(bufio.NewReaderSize(body, 64<<10))
	case bzip2Method:
		r.packed = bzip2.NewReader(bufio.NewReaderSize(body, 64<<10))
		r.trailer = int64(min(maxTrailer, packed*trailerPerByte))
	default:
		how, ok := otherMethods[f.Method]
		if !ok {
			how = fmt.Sprintf("compressed by method %d", f.Method)
		}
		return nil, fmt.Errorf("npy: %w: expected a stored or deflated member, or one compressed by bzip2, found one %s",
			errArchive, how)
	}
	return r, nil
}

// wholeExtra reports whether none of a member's extra fields is longer than all are. As in Python, less than the beginning of
// one may follow.
func wholeExtra(extra []byte) bool {
	const begin = 4 // bytes: what it is, and how long
	for len(extra) >= begin {
		size := begin + int(binary.LittleEndian.Uint16(extra[2:]))
		if size > len(extra) {
			return false
		}
		extra = extra[size:]
	}
	return true
}

// memberReader reads the bytes of a member.
type memberReader struct {
	packed io.Reader   // of a compressed member
	stored io.ReaderAt // of one that is not, and
	at     int64       // where its next byte is

	left int64 // bytes to come, by what the directory says
	crc  uint32
	want uint32

	trailer int64 // bytes behind the array at most
}

func (m *memberReader) Read(p []byte) (n int, err error) {
	if m.left == 0 {
		return 0, io.EOF
	}
	p = p[:min(int64(len(p)), m.left)]
	if m.packed != nil {
		n, err = m.packed.Read(p)
		err = unpacked(err)
	} else if n, err = m.stored.ReadAt(p, m.at); err == io.EOF && n > 0 {
		err = nil // the next Read returns it
	}
	m.at += int64(n)
	m.left -= int64(n)
	m.crc = crcOf(m.crc, p[:n])
	return n, err
}

// unpacked turns what a decompressor returns for bytes that are not what it expects into ErrFormat.
func unpacked(err error) error {
	var inFlate flate.CorruptInputError
	var inBzip2 bzip2.StructuralError
	if errors.As(err, &inFlate) || errors.As(err, &inBzip2) {
		return fmt.Errorf("%w: %w", errArchive, err)
	}
	return err
}

// fill is [fill] for a member that is stored.
func (m *memberReader) fill(dst []byte, h Header) error {
	crc, err := fillAtOnce(dst, m.stored, m.at, h, true)
	if err == nil {
		m.passed(crc, len(dst))
	}
	return err
}

// passed goes over n bytes that were read by other means, and the CRC of these.
func (m *memberReader) passed(crc uint32, n int) {
	m.crc = joined(m.crc, crc, n)
	m.at += int64(n)
	m.left -= int64(n)
}

// finish reads what follows the array, and compares the CRC.
func (m *memberReader) finish() error {
	if m.left > m.trailer {
		return fmt.Errorf("npy: %w: expected at most %d bytes behind the array, found %d", errArchive, m.trailer, m.left)
	}
	if m.left > 0 {
		if _, err := io.Copy(io.Discard, m); err != nil {
			return endOfMember(err, m.left)
		}
		if m.left > 0 {
			return endOfMember(io.ErrUnexpectedEOF, m.left)
		}
	}
	if m.packed != nil {
		var more [1]byte
		switch n, err := io.ReadFull(m.packed, more[:]); {
		case n > 0:
			return fmt.Errorf("npy: %w: expected a member that ends where the directory says, found more", errArchive)
		case err != io.EOF:
			return endOfMember(unpacked(err), 0)
		}
	}
	if m.crc != m.want {
		return fmt.Errorf("npy: %w: expected a member with the CRC-32 %08x, found %08x", errArchive, m.want, m.crc)
	}
	return nil
}

func endOfMember(err error, left int64) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		err = fmt.Errorf("%w: expected %d bytes more of a member", ErrTruncated, left)
	}
	return wrapped(err)
}

// MapMember maps the array of a stored member, as [Map] does a file's. The CRC is checked when a Zip maps the member for the
// first time, which reads all of it. The mapping may be used after the Zip is closed.
//
// The errors are those of [ReadMember] and of Map, [ndarray.ErrLayout] where the member is compressed, the archive is no
// regular file or the elements are not aligned (as in what NumPy writes, and not in what [CreateZip] does), and
// [ndarray.ErrReadOnly] for [ReadWrite], as a store would make the CRC a wrong one.
func MapMember[T ndarray.Element](z *Zip, name string, access Access) (*Mapped[T], error) {
	m, err := z.Member(name)
	if err != nil {
		return nil, err
	}
	memory, a, err := m.mapElements(access)
	if err != nil {
		return nil, m.failed(err)
	}
	mapped, err := mappedAs[T](memory, a)
	return mapped, m.failed(err)
}

// MapAny is [MapMember] for a dtype that is only known at run time. Elements may begin anywhere.
func (z *Zip) MapAny(name string, access Access) (*MappedAny, error) {
	m, err := z.Member(name)
	if err != nil {
		return nil, err
	}
	memory, a, err := m.mapElements(access)
	if err != nil {
		return nil, m.failed(err)
	}
	return &MappedAny{a, memory}, nil
}

// mapElements maps a member's elements, of this machine's byte order.
func (m Member) mapElements(access Access) (memory []byte, a *ndarray.Any, err error) {
	r, err := m.open()
	if err != nil {
		return nil, nil, err
	}
	h, err := ReadHeader(r, m.z.limits)
	switch {
	case err != nil:
		return nil, nil, err
	case access == ReadWrite:
		return nil, nil, fmt.Errorf("npy: %w: expected access that leaves the archive as it is", ndarray.ErrReadOnly)
	case h.swaps() != nil:
		return nil, nil, fmt.Errorf("npy: %w: expected elements in this machine's byte order, found them in another: read them",
			ndarray.ErrDType)
	}
	_, checked := m.z.checked.Load(m.i)
	memory, a, err = m.z.mapRest(r, h, access, checked)
	if err == nil {
		m.z.checked.Store(m.i, true)
	}
	return memory, a, err
}

// mapRest maps the elements that follow a header, in whatever byte order, and checks the CRC unless it is checked.
func (z *Zip) mapRest(r *memberReader, h Header, access Access, checked bool) (memory []byte, a *ndarray.Any, err error) {
	switch nbytes := h.NBytes(); {
	case r.packed != nil:
		return nil, nil, fmt.Errorf("npy: %w: expected a stored member, found a compressed one: read it", ndarray.ErrLayout)
	case z.file == nil:
		return nil, nil, fmt.Errorf("npy: %w: expected an archive that is a file, found %T", ndarray.ErrLayout, z.r)
	case int64(nbytes) > r.left:
		return nil, nil, fmt.Errorf("npy: %w: expected %d bytes of elements, found %d", ErrTruncated, nbytes, r.left)
	}
	memory, a, err = mapElements(z.file, r.at, h, access)
	if err != nil || checked {
		return memory, a, err
	}
	r.passed(crcOf(0, a.Data()), h.NBytes())
	if err := r.finish(); err != nil {
		unmap(memory)
		return nil, nil, err
	}
	return memory, a, nil
}
