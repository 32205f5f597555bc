package shm

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"strconv"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/samebytes/samebytes/npy"
)

// file is an open file descriptor. All system calls of this package but the futex's are its methods and the functions
// beside them.
type file struct{ fd int }

// noFile is no descriptor; to close it does nothing.
var noFile = file{-1}

// fileID tells a file from every other that exists at the same time.
type fileID struct{ dev, ino uint64 }

// bytes returns both numbers, little-endian.
func (id fileID) bytes() (b [16]byte) {
	binary.LittleEndian.PutUint64(b[:], id.dev)
	binary.LittleEndian.PutUint64(b[8:], id.ino)
	return b
}

// fileInfo is what the checks of an opened file need to know.
type fileInfo struct {
	id       fileID
	size     int
	modified int64 // nanoseconds since 1970
	regular  bool
	kind     string // what it is when not regular
	owner    uint32
	foreign  bool // the owner is not this process's effective user
	links    uint64
	mode     uint32 // permission bits
}

// openFile opens an existing file. A symbolic link is refused, and a FIFO does not block.
func openFile(path string, writable bool) (file, error) {
	flags := unix.O_RDONLY
	if writable {
		flags = unix.O_RDWR
	}
	fd, err := retry(func() (int, error) {
		return unix.Open(path, flags|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	})
	if err == unix.ELOOP {
		return noFile, fmt.Errorf("%w: expected a regular file, found a symbolic link", ErrAccess)
	}
	return file{fd}, asSentinel(err)
}

// newFile opens an unnamed file in dir. It vanishes when closed, or when the process dies, unless linked before.
func newFile(dir string, mode uint32) (file, error) {
	fd, err := retry(func() (int, error) { return unix.Open(dir, unix.O_TMPFILE|unix.O_RDWR|unix.O_CLOEXEC, 0o600) })
	switch {
	case err == unix.EISDIR || err == unix.EOPNOTSUPP: // EISDIR: what a file system that does not know the flag says
		return file{}, fmt.Errorf("%w: the file system of %s has no unnamed files (O_TMPFILE)", ErrUnsupported, dir)
	case err != nil:
		return file{}, fmt.Errorf("directory %s: %w", dir, asSentinel(err))
	}
	f := file{fd}
	if err := unix.Fchmod(fd, mode); err != nil { // not by open, whose mode the umask cuts
		f.close()
		return f, asSentinel(err)
	}
	return f, nil
}

// close gives the descriptor back. The error is left: nothing that was written is lost by it on a mapped file.
func (f file) close() { unix.Close(f.fd) }

// reserveStep is how much is reserved by one system call: a signal makes fallocate give back all it had got, so that one
// call for a large file might never end.
const reserveStep = 256 << 20

// reserve makes the file size bytes long, all zero, with every page its own, so that no later write can find the file
// system full. dir is for the message.
func (f file) reserve(size int, dir string) error {
	var fs unix.Statfs_t
	if err := unix.Fstatfs(f.fd, &fs); err != nil {
		return asSentinel(err)
	}
	// A tmpfs without a limit has Blocks 0.
	if free := freeBytes(fs); fs.Blocks > 0 && uint64(size) > free {
		return noSpace(size, free, dir)
	}
	for done := 0; done < size; {
		n := min(size-done, reserveStep)
		_, err := retry(func() (int, error) { return 0, unix.Fallocate(f.fd, 0, int64(done), int64(n)) })
		if err == unix.ENOSPC || err == unix.EDQUOT {
			return noSpace(size, freeBytes(fs), dir)
		}
		if err != nil {
			return asSentinel(err)
		}
		done += n
	}
	return nil
}

// reserveHuge does what reserve does in huge pages where the system allows them, which must be asked for before the pages are
// there: fallocate would make small ones. On tmpfs mounted with huge=advise, 1 GiB is there in a tenth of the time.
func (f file) reserveHuge(size int, dir string) error {
	if err := unix.Ftruncate(f.fd, int64(size)); err != nil {
		return asSentinel(err)
	}
	b, err := f.mmap(size, true)
	if err != nil {
		return err
	}
	defer unmap(b) // fails only for what is no mapping
	if unix.Madvise(b, unix.MADV_HUGEPAGE) != nil {
		return f.reserve(size, dir) // a kernel without huge pages
	}
	for done := 0; done < size; {
		n := min(size-done, reserveStep)
		_, err := retry(func() (int, error) { return 0, unix.Madvise(b[done:done+n], unix.MADV_POPULATE_WRITE) })
		if err != nil { // of an older kernel, or of a full file system: this finds out
			return f.reserve(size, dir)
		}
		done += n
	}
	return nil
}

func freeBytes(fs unix.Statfs_t) uint64 {
	if size := uint64(fs.Bsize); size > 0 && fs.Bavail > math.MaxUint64/size {
		return math.MaxUint64
	}
	return fs.Bavail * uint64(fs.Bsize)
}

func noSpace(size int, free uint64, dir string) error {
	return fmt.Errorf("%w: expected room for %d bytes in %s, found %d (a container's /dev/shm has 64 MB unless it is started with --shm-size)",
		ErrNoSpace, size, dir, free)
}

func (f file) stat() (fileInfo, error) {
	var st unix.Stat_t
	if err := unix.Fstat(f.fd, &st); err != nil {
		return fileInfo{}, asSentinel(err)
	}
	return infoOf(&st), nil
}

// lookAt returns what stands at the path, without opening it: of a symbolic link that, and not what it leads to.
func lookAt(path string) (fileInfo, error) {
	var st unix.Stat_t
	if err := unix.Lstat(path, &st); err != nil {
		return fileInfo{}, asSentinel(err)
	}
	return infoOf(&st), nil
}

func infoOf(st *unix.Stat_t) fileInfo {
	return fileInfo{
		id:       fileID{uint64(st.Dev), st.Ino},
		size:     int(st.Size),
		modified: st.Mtim.Nano(),
		regular:  st.Mode&unix.S_IFMT == unix.S_IFREG,
		kind:     fileKind(st.Mode),
		owner:    st.Uid,
		foreign:  int(st.Uid) != unix.Geteuid(),
		links:    uint64(st.Nlink),
		mode:     st.Mode & 0o777,
	}
}

func fileKind(mode uint32) string {
	switch mode & unix.S_IFMT {
	case unix.S_IFDIR:
		return "a directory"
	case unix.S_IFIFO:
		return "a FIFO"
	case unix.S_IFSOCK:
		return "a socket"
	case unix.S_IFCHR, unix.S_IFBLK:
		return "a device"
	}
	return "a special file"
}

func (f file) readAt(b []byte, off int) error {
	for done := 0; done < len(b); {
		n, err := retry(func() (int, error) { return unix.Pread(f.fd, b[done:], int64(off+done)) })
		if err != nil {
			return asSentinel(err)
		}
		if n == 0 {
			return fmt.Errorf("%w: expected %d bytes at %d, found %d", npy.ErrTruncated, len(b), off, done)
		}
		done += n
	}
	return nil
}

func (f file) writeAt(b []byte, off int) error {
	for done := 0; done < len(b); {
		n, err := retry(func() (int, error) { return unix.Pwrite(f.fd, b[done:], int64(off+done)) })
		if err != nil {
			return asSentinel(err)
		}
		done += n
	}
	return nil
}

// mmap maps the file's first size bytes, shared with all who map it.
func (f file) mmap(size int, writable bool) ([]byte, error) {
	protection := unix.PROT_READ
	if writable {
		protection |= unix.PROT_WRITE
	}
	start, err := unix.MmapPtr(f.fd, 0, nil, uintptr(size), protection, unix.MAP_SHARED)
	if err != nil {
		return nil, asSentinel(err)
	}
	// Sound: the kernel has just mapped size bytes there, and only unmap and moveAway end that. Guarded by TestM01UsedAfterClose.
	return unsafe.Slice((*byte)(start), size), nil
}

func unmap(b []byte) error {
	return unix.MunmapPtr(unsafe.Pointer(unsafe.SliceData(b)), uintptr(len(b)))
}

// forbid puts memory that nobody may touch in the place of a mapping.
func forbid(b []byte) error {
	_, err := unix.MmapPtr(-1, 0, unsafe.Pointer(unsafe.SliceData(b)), uintptr(len(b)),
		unix.PROT_NONE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS|unix.MAP_FIXED|unix.MAP_NORESERVE)
	return err
}

// moveAway moves a mapping to other addresses, with its pages mapped as they are, and puts memory that nobody may touch in its place:
// reserved is false when another thread was given the addresses before.
func moveAway(b []byte) (moved []byte, reserved bool, err error) {
	where, n := unsafe.Pointer(unsafe.SliceData(b)), uintptr(len(b))
	to, err := unix.MmapPtr(-1, 0, nil, n, unix.PROT_NONE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS|unix.MAP_NORESERVE)
	if err != nil {
		return nil, false, err
	}
	if _, err = unix.MremapPtr(where, n, to, n, unix.MREMAP_MAYMOVE|unix.MREMAP_FIXED); err != nil {
		unix.MunmapPtr(to, n) // fails only for what is no mapping
		return nil, false, err
	}
	kept, err := unix.MmapPtr(-1, 0, where, n, unix.PROT_NONE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS|unix.MAP_NORESERVE|unix.MAP_FIXED_NOREPLACE)
	if err == nil && kept != where { // a kernel that does not know the last flag, and takes the address for a hint
		unix.MunmapPtr(kept, n)
	}
	// Sound as in mmap. Guarded by TestM01SpareUsedAfterClose.
	return unsafe.Slice((*byte)(to), int(n)), err == nil && kept == where, nil
}

// setMode sets the permission bits.
func (f file) setMode(mode uint32) error { return asSentinel(unix.Fchmod(f.fd, mode)) }

// reopen opens the file once more, for reading and writing: another open file description, with locks of its own.
func (f file) reopen() (file, error) {
	fd, err := retry(func() (int, error) {
		return unix.Open("/proc/self/fd/"+strconv.Itoa(f.fd), unix.O_RDWR|unix.O_CLOEXEC, 0)
	})
	return file{fd}, asSentinel(err)
}

// lockBytes locks n bytes of the file for this open file description, unless another has locked one of them. The lock ends
// when the last descriptor of the description is closed, at the latest with the process.
func (f file) lockBytes(off, n int) (locked bool, err error) {
	lock := unix.Flock_t{Type: unix.F_WRLCK, Start: int64(off), Len: int64(n)}
	_, err = retry(func() (int, error) { return 0, unix.FcntlFlock(uintptr(f.fd), unix.F_OFD_SETLK, &lock) })
	if err == unix.EAGAIN || err == unix.EACCES {
		return false, nil
	}
	return err == nil, asSentinel(err)
}

// shareByte locks a byte of the file for this open file description and others that share it. The error is left to who asks
// whether it is locked.
func (f file) shareByte(off int) {
	lock := unix.Flock_t{Type: unix.F_RDLCK, Start: int64(off), Len: 1}
	retry(func() (int, error) { return 0, unix.FcntlFlock(uintptr(f.fd), unix.F_OFD_SETLK, &lock) })
}

// unlockBytes gives n bytes back. The error is left: the bytes are this description's own.
func (f file) unlockBytes(off, n int) {
	lock := unix.Flock_t{Type: unix.F_UNLCK, Start: int64(off), Len: int64(n)}
	retry(func() (int, error) { return 0, unix.FcntlFlock(uintptr(f.fd), unix.F_OFD_SETLK, &lock) })
}

// lockedBytes returns how many bytes of n another open file description has locked together, 0 for none: the first such lock.
func (f file) lockedBytes(off, n int) (length int, err error) {
	lock := unix.Flock_t{Type: unix.F_WRLCK, Start: int64(off), Len: int64(n)}
	_, err = retry(func() (int, error) { return 0, unix.FcntlFlock(uintptr(f.fd), unix.F_OFD_GETLK, &lock) })
	if err != nil || lock.Type == unix.F_UNLCK {
		return 0, asSentinel(err)
	}
	return int(lock.Len), nil
}

// alone reports whether no other open file description, and no mapping by one, of the file exists: the kernel grants a lease for
// writing only then. It refuses also where it has no leases.
func (f file) alone() bool {
	// Who opens the file while the lease lasts has the kernel tell by a signal, which by default is SIGIO; one that is ignored unless
	// asked for does no harm.
	if _, err := unix.FcntlInt(uintptr(f.fd), unix.F_SETSIG, int(unix.SIGURG)); err != nil {
		return false
	}
	if _, err := unix.FcntlInt(uintptr(f.fd), unix.F_SETLEASE, unix.F_WRLCK); err != nil {
		return false
	}
	_, err := unix.FcntlInt(uintptr(f.fd), unix.F_SETLEASE, unix.F_UNLCK)
	return err == nil
}

// link gives an unnamed file its path, unless something has it. The way through /proc needs no privilege, where
// AT_EMPTY_PATH does.
func (f file) link(path string) error {
	return asSentinel(unix.Linkat(unix.AT_FDCWD, "/proc/self/fd/"+strconv.Itoa(f.fd), unix.AT_FDCWD, path, unix.AT_SYMLINK_FOLLOW))
}

// names returns the names that files in the directory of segments have which may be arrays, sorted.
func names() ([]string, error) {
	entries, err := os.ReadDir(Dir())
	var pathError *fs.PathError
	if errors.As(err, &pathError) {
		return nil, fmt.Errorf("directory %s: %w", Dir(), asSentinel(pathError.Err))
	}
	var names []string
	for _, e := range entries {
		if e.Type().IsRegular() && validName(e.Name()) {
			names = append(names, e.Name())
		}
	}
	return names, err
}

func exists(path string) bool {
	var st unix.Stat_t
	return unix.Lstat(path, &st) == nil
}

func rename(from, to string) error { return asSentinel(unix.Rename(from, to)) }

func unlink(path string) error { return asSentinel(unix.Unlink(path)) }

// retry repeats a call that a signal interrupted.
func retry(call func() (int, error)) (int, error) {
	for {
		n, err := call()
		if err != unix.EINTR {
			return n, err
		}
	}
}

// asSentinel returns the system's error as one of this package's, where there is one for it.
func asSentinel(err error) error {
	errno, ok := err.(unix.Errno)
	if !ok {
		return err
	}
	for _, s := range errnos {
		for _, e := range s.errnos {
			if e == errno {
				return fmt.Errorf("%w (%w)", s.sentinel, errno)
			}
		}
	}
	return err
}

var errnos = []struct {
	sentinel error
	errnos   []unix.Errno
}{
	{ErrNotExist, []unix.Errno{unix.ENOENT, unix.ENOTDIR}},
	{ErrExist, []unix.Errno{unix.EEXIST}},
	// ENXIO: a socket, or a device that is not there. EISDIR: a directory opened for writing, or deleted.
	{ErrAccess, []unix.Errno{unix.EACCES, unix.EPERM, unix.EROFS, unix.ENXIO, unix.EISDIR, unix.ELOOP}},
	{ErrNoSpace, []unix.Errno{unix.ENOSPC, unix.EDQUOT}},
	{ErrUnsupported, []unix.Errno{unix.ENOSYS, unix.EOPNOTSUPP}},
}
