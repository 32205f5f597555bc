package npy

import (
	"archive/zip"
	"bufio"
	"cmp"
	"compress/bzip2"
	"compress/flate"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"math"
	"os"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/samebytes/samebytes/ndarray"
)

const (
	// maxDirectory is how many bytes an archive's table of members takes by default. Of the shortest members these are 180,000.
	maxDirectory = 8 << 20
	// maxTrailer is how many bytes behind an array in a member are read, only for the member's CRC.
	maxTrailer = 64 << 20
	// maxDeflated is how many bytes a deflated one stands for at most: 258 for each match, of which a byte says four.
	maxDeflated = 1032
	// maxBzip2 is how many bytes one by bzip2 stands for at most: a block of 900,000, of which 5 stand for 259, takes 26 or more.
	maxBzip2 = 1 << 21
	// trailerPerByte is how many bytes behind an array a byte by bzip2 may stand for: an archive of many such members takes long else.
	trailerPerByte = 1 << 10
	// endSize is what the end of an archive takes without a comment, and entrySize what one entry of its directory does without names.
	endSize, entrySize = 22, 46

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

// Zip is an .npz archive. Its members are read when they are asked for. It may be used by several goroutines.
//
// A key is a member's name without the ".npy" at its end, as NumPy has it: read as UTF-8 where the archive says so, else as code page
// 437, and cut at a zero. A member may also be named in full; and where several have
// one name, it is the last one's. Members that are not .npy files are there, but reading one is [ErrFormat].
//
// Every read of an array goes on to its member's end and checks the CRC. Only the archive's directory is believed, and only as far as
// it contradicts neither itself nor the members.
type Zip struct {
	path   string
	r      io.ReaderAt
	file   *os.File // that r is, or nil
	opened bool     // by OpenZip, so that Close closes it
	limits Limits

	members []*zip.File
	last    map[string]int // by the name in the archive
	end     int64          // where the directory begins, or after that

	bodies   sync.Once // guards the next two
	starts   []int64   // where each member's bytes begin; -1 where there is no member
	overlaps []bool    // whether these are in part another's
	checked  sync.Map  // members, by their index, whose CRC was right when they were mapped
}

// OpenZip opens an archive. Close it when no member is read any more.
// The errors are [ErrFormat] for what is no zip archive, [ErrTruncated], those of limits, and of package os. A member with errors
// keeps nobody from reading the others.
func OpenZip(path string, limits ...Limits) (*Zip, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, wrapped(err)
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, wrapped(err)
	}
	z, err := NewZip(f, info.Size(), limits...)
	if err != nil {
		f.Close()
		return nil, inFile(path, err)
	}
	z.path, z.opened = path+": ", true
	return z, nil
}

// NewZip reads the directory of an archive of so many bytes. The errors are those of [OpenZip], fs.ErrInvalid for no r or a negative
// size, and r's. Of a size that is not r's the archive is another one, or none.
func NewZip(r io.ReaderAt, size int64, limits ...Limits) (*Zip, error) {
	if r == nil || size < 0 {
		return nil, fmt.Errorf("npy: %w: expected an archive in a number of bytes, found %T of %d", fs.ErrInvalid, r, size)
	}
	z := &Zip{r: r, limits: first(limits), last: map[string]int{}, end: size - endSize}
	z.file, _ = r.(*os.File)
	most := z.limits.Directory
	if most <= 0 {
		most = maxDirectory
	}
	bounded := &boundedReader{ReaderAt: r, most: int64(most) + 1<<17, directory: min(int64(most), size)} // the end is looked for in the last 64 KiB, and before
	directory, err := zip.NewReader(bounded, size)
	switch {
	case err == nil || err == zip.ErrInsecurePath: // of names nothing is made but keys
	case bounded.err == errDirectory:
		return nil, fmt.Errorf("npy: %w: expected a directory of at most %d bytes, found a longer one", errArchive, most)
	case bounded.err != nil:
		return nil, wrapped(bounded.err)
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		return nil, fmt.Errorf("npy: %w: expected an archive's directory, found its end", ErrTruncated)
	default:
		return nil, fmt.Errorf("npy: %w: expected an archive with its directory at the end, found none in %d bytes", errArchive, size)
	}
	bounded.most = math.MaxInt64
	z.members = directory.File
	z.end -= int64(len(directory.Comment))
	for i, f := range z.members {
		z.end -= entrySize + int64(len(f.Name)+len(f.Extra)+len(f.Comment))
		f.Name = nameOf(f)
		z.last[f.Name] = i
	}
	return z, nil
}

// nameOf returns a member's name as Python has it: of code page 437 where no flag says that it is UTF-8, and as far as the first zero.
func nameOf(f *zip.File) string {
	name, _, _ := strings.Cut(f.Name, "\x00")
	if f.Flags&utf8Flag != 0 || !strings.ContainsFunc(name, func(r rune) bool { return r >= utf8.RuneSelf }) {
		return name
	}
	var decoded strings.Builder
	for _, b := range []byte(name) {
		if b < utf8.RuneSelf {
			decoded.WriteByte(b)
		} else {
			decoded.WriteRune(codePage437[b-utf8.RuneSelf])
		}
	}
	return decoded.String()
}

// codePage437 is what the bytes from 128 on stand for in names of the first zip programs.
var codePage437 = []rune("ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐" +
	"└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0")

// boundedReader reads so many bytes and no more. It refuses the record with the number of members, which package zip reads by itself
// and then takes memory for as many, where they don't fit into the directory.
type boundedReader struct {
	io.ReaderAt
	most      int64
	directory int64 // bytes that it may take
	err       error // the first but io.EOF
}

// The record of an archive of 65,535 members or more, or of 4 GiB.
const (
	end64Magic   = "PK\x06\x06"
	end64Size    = 56
	end64Records = 32 // where the number of members is
)

var errDirectory = errors.New("the directory is too long")

func (b *boundedReader) ReadAt(p []byte, off int64) (n int, err error) {
	if b.most == math.MaxInt64 {
		return b.ReaderAt.ReadAt(p, off) // by several goroutines
	}
	if int64(len(p)) > b.most {
		b.err = errDirectory
		return 0, errDirectory
	}
	n, err = b.ReaderAt.ReadAt(p, off)
	if n == end64Size && string(p[:4]) == end64Magic && binary.LittleEndian.Uint64(p[end64Records:]) > uint64(b.directory/entrySize) {
		b.err = errDirectory
		return 0, errDirectory
	}
	b.most -= int64(n)
	if err != nil && err != io.EOF && b.err == nil {
		b.err = err
	}
	return n, err
}

// Close closes the file that [OpenZip] has opened. Mapped members stay. It may be called again.
func (z *Zip) Close() error {
	if !z.opened {
		return nil
	}
	if err := z.file.Close(); !errors.Is(err, fs.ErrClosed) {
		return wrapped(err)
	}
	return nil
}

// Names returns the keys, in the order of the archive's directory. One that several members have is there once.
func (z *Zip) Names() []string {
	names := make([]string, 0, len(z.members))
	seen := make(map[string]bool, len(z.members))
	for _, f := range z.members {
		if name := key(f.Name); !seen[name] {
			seen[name] = true
			names = append(names, name)
		}
	}
	return names
}

func key(name string) string { return strings.TrimSuffix(name, ".npy") }

// Member returns the member of a name. The error is fs.ErrNotExist.
func (z *Zip) Member(name string) (Member, error) {
	for _, full := range []string{name, name + ".npy"} {
		if i, ok := z.last[full]; ok {
			return Member{z, i}, nil
		}
	}
	return Member{}, fmt.Errorf("%snpy: %w: no member %q", z.path, fs.ErrNotExist, name)
}

// Members yields all members in the order of the archive's directory, also those that are not .npy files, and those whose name a later
// one has too.
func (z *Zip) Members() iter.Seq[Member] {
	return func(yield func(Member) bool) {
		for i := range z.members {
			if !yield(Member{z, i}) {
				return
			}
		}
	}
}

// Header returns the header of a member. Its CRC is not checked. The errors are those of [ReadMember].
func (z *Zip) Header(name string) (Header, error) {
	m, err := z.Member(name)
	if err != nil {
		return Header{}, err
	}
	return m.Header()
}

// ReadAny is [ReadMember] for a dtype that is only known at run time.
func (z *Zip) ReadAny(name string) (*ndarray.Any, error) {
	m, err := z.Member(name)
	if err != nil {
		return nil, err
	}
	return m.ReadAny()
}

// ReadMember reads the array of a member: stored, deflated, or compressed by bzip2. The array is as [Read]'s. Nothing is read of the
// other members but where they lie.
//
// The errors are those of Read and of limits, fs.ErrNotExist where there is no such member, [ErrTruncated] where it ends too
// early, and [ErrFormat] for one that is no .npy file, encrypted or compressed in another way, whose CRC is not the directory's, that
// takes another number of bytes than that says, or that lies in another; and for more than 64 MiB behind the array, or where bzip2 has compressed that to less than a 1024th.
func ReadMember[T ndarray.Element](z *Zip, name string) (*ndarray.Array[T], error) {
	m, err := z.Member(name)
	if err != nil {
		return nil, err
	}
	return readMember(m, func(r io.Reader) (*ndarray.Array[T], error) { return Read[T](r, z.limits) })
}

// ReadMemberInto reads the array of a member as [ReadInto] does. The errors, and panics, are those of that and of [ReadMember].
func ReadMemberInto[T ndarray.Element](dst *ndarray.Array[T], z *Zip, name string) error {
	m, err := z.Member(name)
	if err != nil {
		return err
	}
	_, err = readMember(m, func(r io.Reader) (*ndarray.Array[T], error) { return dst, ReadInto(dst, r, z.limits) })
	return err
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
		return Header{}, m.failed(fmt.Errorf("npy: %w: expected %d bytes of elements, found %d", ErrTruncated, h.NBytes(), most))
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
		return nil, fmt.Errorf("npy: %w: the member is encrypted, or a patch (flags %#x), and is refused", errArchive, f.Flags)
	}
	if version := f.ReaderVersion & 0xff; version > maxVersion { // the other byte is a system's
		return nil, fmt.Errorf("npy: %w: expected a member that version 6.3 of the format can express, found one of %d.%d", errArchive, version/10, version%10)
	}
	if !wholeExtra(f.Extra) {
		return nil, fmt.Errorf("npy: %w: expected extra fields of the member, found one that is longer than they are", errArchive)
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
		return nil, fmt.Errorf("npy: %w: expected a member of %d bytes, found %d", ErrTruncated, packed, max(m.z.end-start, 0))
	case m.z.overlaps[m.i]:
		return nil, fmt.Errorf("npy: %w: expected a member of its own bytes, found some that are another's too", errArchive)
	case f.Method == zip.Store && packed != size:
		return nil, fmt.Errorf("npy: %w: expected a stored member of one size, found %d and %d bytes", errArchive, packed, size)
	case f.Method == zip.Deflate && size/maxDeflated > packed, f.Method == bzip2Method && size/maxBzip2 > packed, size > math.MaxInt64:
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
		return nil, fmt.Errorf("npy: %w: expected a stored or deflated member, or one compressed by bzip2, found one %s", errArchive, how)
	}
	return r, nil
}

// wholeExtra reports whether none of a member's extra fields is longer than all are. As in Python, less than the beginning of one may follow.
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

// locate finds where members begin, and which share bytes. It reads their local headers, of which no more is believed than how long
// they are.
func (z *Zip) locate() {
	z.starts, z.overlaps = make([]int64, len(z.members)), make([]bool, len(z.members))
	order := make([]int, 0, len(z.members))
	for i, f := range z.members {
		start, err := f.DataOffset()
		if err != nil || start < 0 {
			z.starts[i] = -1 // what was wrong is found by who asks for it
			continue
		}
		z.starts[i] = start
		if f.CompressedSize64 > 0 && f.CompressedSize64 <= uint64(max(z.end-start, 0)) {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(z.starts[i], z.starts[j]) })
	end, reaching := int64(0), 0 // the furthest that a member reaches, and which
	for _, i := range order {
		if z.starts[i] < end {
			z.overlaps[i], z.overlaps[reaching] = true, true
		}
		if e := z.starts[i] + int64(z.members[i].CompressedSize64); e > end {
			end, reaching = e, i
		}
	}
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

// MapMember maps the array of a stored member, as [Map] does a file's. The CRC is checked when a Zip maps the member for the first time,
// which reads all of it. The mapping may be used after the Zip is closed.
//
// The errors are those of [ReadMember] and of Map, [ndarray.ErrLayout] where the member is compressed, the archive is no regular file or
// the elements are not aligned (as in what NumPy writes, and not in what [CreateZip] does), and [ndarray.ErrReadOnly] for
// [ReadWrite], as a store would make the CRC a wrong one.
func MapMember[T ndarray.Element](z *Zip, name string, access Access) (*Mapped[T], error) {
	m, err := z.Member(name)
	if err != nil {
		return nil, err
	}
	memory, a, err := m.mapElements(access)
	if err == nil {
		var array *ndarray.Array[T]
		if array, err = ndarray.As[T](a); err == nil {
			return &Mapped[T]{array, memory}, nil
		}
		unmap(memory)
	}
	return nil, m.failed(err)
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
		return nil, nil, fmt.Errorf("npy: %w: expected elements in this machine's byte order, found them in another: read them", ndarray.ErrDType)
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
