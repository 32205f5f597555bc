package npy

import (
	"archive/zip"
	"cmp"
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
	// maxDirectory is how many bytes an archive's table of members takes by default. Of the shortest members these are
	// 180,000.
	maxDirectory = 8 << 20
	// endSize is what the end of an archive takes without a comment, and entrySize what one entry of its directory does
	// without names.
	endSize, entrySize = 22, 46
)

// Zip is an .npz archive. Its members are read when they are asked for. It may be used by several goroutines.
//
// A key is a member's name without the ".npy" at its end, as NumPy has it: read as UTF-8 where the archive says so, else as
// code page 437, and cut at a zero. A member may also be named in full; and where several have one name, it is the last
// one's. Members that are not .npy files are there, but reading one is [ErrFormat].
//
// Every read of an array goes on to its member's end and checks the CRC. Only the archive's directory is believed, and only
// as far as it contradicts neither itself nor the members.
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
// The errors are [ErrFormat] for what is no zip archive, [ErrTruncated], those of limits, and of package os. A member with
// errors keeps nobody from reading the others.
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

// NewZip reads the directory of an archive of so many bytes. The errors are those of [OpenZip], fs.ErrInvalid for no r or a
// negative size, and r's. Of a size that is not r's the archive is another one, or none.
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
	// The end is looked for in the last 64 KiB, and before.
	bounded := &boundedReader{ReaderAt: r, most: int64(most) + 1<<17, directory: min(int64(most), size)}
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
		return nil, fmt.Errorf("npy: %w: expected an archive with its directory at the end, found none in %d bytes",
			errArchive, size)
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

// nameOf returns a member's name as Python has it: of code page 437 where no flag says that it is UTF-8, and as far as the
// first zero.
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

// boundedReader reads so many bytes and no more. It refuses the record with the number of members, which package zip reads by
// itself and then takes memory for as many, where they don't fit into the directory.
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
	if n == end64Size && string(p[:4]) == end64Magic &&
		binary.LittleEndian.Uint64(p[end64Records:]) > uint64(b.directory/entrySize) {
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

// Members yields all members in the order of the archive's directory, also those that are not .npy files, and those whose
// name a later one has too.
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

// ReadMember reads the array of a member: stored, deflated, or compressed by bzip2. The array is as [Read]'s. Nothing is read
// of the other members but where they lie.
//
// The errors are those of Read and of limits, fs.ErrNotExist where there is no such member, [ErrTruncated] where it ends too
// early, and [ErrFormat] for one that is no .npy file, encrypted or compressed in another way, whose CRC is not the
// directory's, that takes another number of bytes than that says, or that lies in another; and for more than 64 MiB behind
// the array, or where bzip2 has compressed that to less than a 1024th.
func ReadMember[T ndarray.Element](z *Zip, name string) (*ndarray.Array[T], error) {
	m, err := z.Member(name)
	if err != nil {
		return nil, err
	}
	return readMember(m, func(r io.Reader) (*ndarray.Array[T], error) { return Read[T](r, z.limits) })
}

// ReadMemberInto reads the array of a member as [ReadInto] does. The errors, and panics, are those of that and of
// [ReadMember].
func ReadMemberInto[T ndarray.Element](dst *ndarray.Array[T], z *Zip, name string) error {
	m, err := z.Member(name)
	if err != nil {
		return err
	}
	_, err = readMember(m, func(r io.Reader) (*ndarray.Array[T], error) { return dst, ReadInto(dst, r, z.limits) })
	return err
}

// locate finds where members begin, and which share bytes. It reads their local headers, of which no more is believed than
// how long they are.
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
