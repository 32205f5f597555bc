package npy

import (
	"archive/zip"
	"bytes"
	"cmp"
	"compress/flate"
	"encoding/binary"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/samebytes/samebytes/ndarray"
)

// ZipFormat says how to write a member of an archive. Format.Align also is that of a stored member's elements in the archive,
// as far as 32 KiB: with 64, the default, they can be mapped.
type ZipFormat struct {
	Format
	// Level is how well the member is deflated, as compress/flate has it: 1 to 9, -1 for its default, -2 for Huffman coding
	// alone. 0 stores the member as it is.
	Level int
}

const (
	maxZipAlign = 1 << 15  // bytes: an extra field, with which members are moved, has no room for more
	maxSpool    = 16 << 20 // bytes of a deflated member that are kept in memory

	localSize    = 30 // what stands before a member without its names
	zip64From    = 1<<32 - 1
	zip64Extra   = 1      // the field for sizes from there on
	alignExtra   = 0xd935 // the field that is only there to move what follows, after its alignment; of Android's zipalign
	utf8Flag     = 1 << 11
	firstOf1980  = 1<<5 | 1
	onUnix       = 3 << 8
	plainVersion = 20
	zip64Version = 45
)

// ZipWriter writes an .npz archive, which np.load and other readers read. The same arrays make the same bytes: members are
// dated 1980, as NumPy's are. Make one with [NewZipWriter] or [CreateZip].
type ZipWriter struct {
	Format ZipFormat // of the members that come; it may be changed between them

	w      *zip.Writer
	offset int64 // of the next member
	names  map[string]bool
	err    error
}

// CreateZip makes an archive at path of the arrays that add adds. As with [WriteFile], a file that is there is replaced by
// the whole new one, at once; where add returns an error, it stays as it was.
// The errors are add's, those of [ZipWriter.Add], and of package os.
func CreateZip(path string, add func(*ZipWriter) error) error {
	return replace(path, func(f *os.File) error {
		z := NewZipWriter(f)
		if err := add(z); err != nil {
			return err
		}
		return z.Close()
	})
}

// NewZipWriter begins an archive, which must be all that w gets: what it says of offsets begins there.
func NewZipWriter(w io.Writer) *ZipWriter {
	return &ZipWriter{w: zip.NewWriter(w), names: map[string]bool{}}
}

// Add adds a member for an array, under a key to which it appends ".npy", as NumPy does. The array's elements must not change
// meanwhile.
//
// The errors are fs.ErrExist for a name that is taken, also by its form with ".npy", fs.ErrInvalid for one that is not UTF-8,
// has a zero in it or takes more than 65,531 bytes, those of [Write] and compress/flate, and [ErrFormat] where elements of a
// stored member have changed. After one of w, or the last, the ZipWriter only returns that.
func (z *ZipWriter) Add(name string, a interface{ Any() *ndarray.Any }) error {
	return z.AddAny(name, a.Any())
}

// AddAny is [ZipWriter.Add] for a dtype that is only known at run time.
func (z *ZipWriter) AddAny(name string, a *ndarray.Any) error {
	full := name + ".npy"
	switch {
	case z.err != nil:
		return z.err
	case !utf8.ValidString(name) || strings.Contains(name, "\x00") || len(full) > math.MaxUint16:
		return fmt.Errorf("npy: %w: expected a name of at most %d bytes of UTF-8 without zeros, found %.100q",
			fs.ErrInvalid, math.MaxUint16-len(".npy"), name)
	case z.names[name] || z.names[full] || z.names[key(name)]:
		return fmt.Errorf("npy: %w: a member has the name %q", fs.ErrExist, name)
	}
	f := &zip.FileHeader{
		Name: full, Method: zip.Store, CreatorVersion: onUnix | plainVersion, ReaderVersion: plainVersion,
		ModifiedDate: firstOf1980, ExternalAttrs: 0o600 << 16, // as NumPy's
	}
	if strings.ContainsFunc(name, func(r rune) bool { return r >= utf8.RuneSelf }) {
		f.Flags = utf8Flag
	}
	add := z.store
	if z.Format.Level != 0 {
		f.Method, add = zip.Deflate, z.deflate
	}
	if err := add(f, a); err != nil {
		return fmt.Errorf("%s: %w", full, err)
	}
	z.names[name] = true
	return nil
}

// store adds a member as it is: written once for its size and CRC, which come first, and once for the archive.
func (z *ZipWriter) store(f *zip.FileHeader, a *ndarray.Any) error {
	var first, second summed
	if err := WriteAny(&first, a, z.Format.Format); err != nil {
		return err
	}
	f.CRC32, f.UncompressedSize64, f.CompressedSize64 = first.crc, uint64(first.n), uint64(first.n)
	align := cmp.Or(z.Format.Align, 64)
	w, err := z.begin(f, min(align, maxZipAlign))
	if err != nil {
		return err
	}
	second.w = w
	if err := WriteAny(&second, a, z.Format.Format); err != nil {
		return z.failed(err)
	}
	if second.crc != first.crc {
		return z.failed(fmt.Errorf("npy: %w: expected an array that stays the same, found one that changed while it was written",
			errArchive))
	}
	return nil
}

// deflate adds a compressed member, by way of memory, or of a temporary file where it is large.
func (z *ZipWriter) deflate(f *zip.FileHeader, a *ndarray.Any) error {
	var packed spool
	defer packed.close()
	w, err := flate.NewWriter(&packed, z.Format.Level)
	if err != nil {
		return wrapped(err)
	}
	whole := summed{w: w}
	if err := WriteAny(&whole, a, z.Format.Format); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return wrapped(err)
	}
	f.CRC32, f.UncompressedSize64, f.CompressedSize64 = whole.crc, uint64(whole.n), uint64(packed.n)
	member, err := z.begin(f, 1)
	if err != nil {
		return err
	}
	return z.failed(packed.writeTo(member))
}

// begin writes what stands before a member, so that the member begins at a multiple of align, and returns what to write it
// to.
func (z *ZipWriter) begin(f *zip.FileHeader, align int) (io.Writer, error) {
	var extra []byte
	le := binary.LittleEndian
	if f.UncompressedSize64 >= zip64From || f.CompressedSize64 >= zip64From {
		f.ReaderVersion = zip64Version
		extra = le.AppendUint16(le.AppendUint16(extra, zip64Extra), 16)
		extra = le.AppendUint64(le.AppendUint64(extra, f.UncompressedSize64), f.CompressedSize64)
	}
	begin := z.offset + localSize + int64(len(f.Name)+len(extra))
	if align > 1 && begin%int64(align) != 0 {
		const least = 6 // bytes of the field
		padding := int(-(begin + least) & int64(align-1))
		extra = le.AppendUint16(le.AppendUint16(extra, alignExtra), uint16(2+padding))
		extra = append(le.AppendUint16(extra, uint16(align)), make([]byte, padding)...)
	}
	f.Extra = extra
	w, err := z.w.CreateRaw(f)
	if err != nil {
		return nil, z.failed(wrapped(err))
	}
	f.Extra = nil // the directory has its own
	z.offset += localSize + int64(len(f.Name)+len(extra)) + int64(f.CompressedSize64)
	return w, nil
}

// failed has the writer return an error from now on, if it is one.
func (z *ZipWriter) failed(err error) error {
	z.err = err
	return err
}

// Close writes the directory. It does not close what the archive was written to. The errors are that, and that of an Add
// after which the archive can't be one.
func (z *ZipWriter) Close() error {
	switch {
	case z.err == fs.ErrClosed:
		return nil
	case z.err != nil:
		return z.err
	}
	if err := z.w.Close(); err != nil {
		return z.failed(wrapped(err))
	}
	z.err = fs.ErrClosed
	return nil
}

// summed counts and sums what is written to w, if there is one.
type summed struct {
	w   io.Writer
	n   int64
	crc uint32
}

func (s *summed) Write(p []byte) (n int, err error) {
	n = len(p)
	if s.w != nil {
		n, err = s.w.Write(p)
	}
	s.n += int64(n)
	s.crc = crcOf(s.crc, p[:n])
	return n, err
}

// spool keeps what is written to it, in memory up to maxSpool bytes and in a temporary file from there on.
type spool struct {
	memory  bytes.Buffer
	file    *os.File
	removed bool // the file's name
	n       int64
}

func (s *spool) Write(p []byte) (n int, err error) {
	if s.file == nil && s.memory.Len()+len(p) > maxSpool {
		if s.file, err = os.CreateTemp("", "samebytes-*"); err != nil {
			return 0, err
		}
		s.removed = os.Remove(s.file.Name()) == nil // it goes with this process; where that is impossible, close does it
	}
	if s.file != nil {
		n, err = s.file.Write(p)
	} else {
		n, err = s.memory.Write(p)
	}
	s.n += int64(n)
	return n, err
}

func (s *spool) writeTo(w io.Writer) error {
	_, err := s.memory.WriteTo(w)
	if err == nil && s.file != nil {
		if _, err = s.file.Seek(0, io.SeekStart); err == nil {
			_, err = io.Copy(w, s.file)
		}
	}
	return wrapped(err)
}

func (s *spool) close() {
	if s.file == nil {
		return
	}
	s.file.Close() // nothing in it is needed
	if !s.removed {
		os.Remove(s.file.Name()) // what can't be removed can't be helped
	}
}
