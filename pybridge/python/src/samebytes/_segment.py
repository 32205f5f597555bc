"""Files as segments: made whole before they get a name, checked before they are mapped, mapped once."""

import errno
import os
import secrets
import stat
import sys
import threading
import time
import weakref
from typing import Any

import numpy as np

from samebytes import _control, _npy
from samebytes._control import PAGE_SIZE
from samebytes._errors import (
    AccessError,
    BrokenError,
    Error,
    ExistError,
    NoSpaceError,
    NotExistError,
    ShapeError,
    TruncatedError,
    UnsupportedError,
    VersionError,
)
from samebytes._npy import Header, Shape

if sys.platform != "linux":
    raise UnsupportedError(f"samebytes needs Linux, found {sys.platform}")

from samebytes._core import Mapping

# How much is reserved by one system call: a signal makes fallocate give back all it had got, so that one call for a large
# file might never end.
_RESERVE_STEP = 256 << 20


class Segment(Mapping):
    """A segment's file in this process's memory, and what the checks found in it.

    Its numbers were copied out once and are never read again, so a peer that changes them later cannot lead anybody out of
    bounds. It lives as long as an array over it does.
    """

    name: str | None  # None for a file opened by its path
    path: str
    header: Header
    control: _control.Block | None  # None for a plain .npy file

    def array(self) -> np.ndarray[Any, np.dtype[Any]]:
        """The elements. The only place where mapped bytes become an array: frombuffer holds on to the mapping."""
        h = self.header
        flat: np.ndarray[Any, np.dtype[Any]] = np.frombuffer(self, h.dtype, h.n, h.size)  # type: ignore[call-overload]
        return flat.reshape(h.shape, order="F" if h.fortran else "C")


# The process's mappings by device, inode and protection. An inode number is not given to another file while the first is
# mapped.
_mappings: weakref.WeakValueDictionary[tuple[int, int, bool], Segment] = weakref.WeakValueDictionary()
_mapping = threading.Lock()  # held while mapping, so that two threads do not map the same file


def of(array: Any) -> Segment | None:
    """The segment in whose memory an array lies, found by following what owns the bytes; None for ordinary memory."""
    owner = array
    while owner is not None:
        if isinstance(owner, Segment):
            return owner
        owner = owner.obj if isinstance(owner, memoryview) else getattr(owner, "base", None)
    return None


def create(path: str, name: str | None, dtype: np.dtype[Any], shape: Shape, fortran: bool, mode: int) -> Segment:
    """Makes a file of zeros with a header and a control block, gives it its path, and maps it.

    Nobody opens a half-made array: the file has no name until all is in it, and the link fails when the path is taken.
    """
    head = _npy.build(dtype, shape, fortran, PAGE_SIZE)
    header = Header(dtype, shape, fortran, len(head), _npy.count_elements(shape, dtype.itemsize))
    control_offset = -(-(len(head) + header.nbytes) // PAGE_SIZE) * PAGE_SIZE
    size = control_offset + _control.BLOCK_SIZE
    if size > sys.maxsize:
        raise ShapeError(f"expected at most {sys.maxsize} bytes in a file, found elements of {header.nbytes}")
    if os.path.lexists(path):  # spares the reservation; the link below decides
        raise ExistError(f"{path} exists")
    control = _control.Block(
        magic=_control.BLOCK_MAGIC,
        version=_control.VERSION,
        block_size=_control.BLOCK_SIZE,
        control_offset=control_offset,
        data_offset=header.size,
        data_size=header.nbytes,
        id=secrets.token_bytes(16),
        created=time.time_ns(),
        published=0,
    )
    footer = _control.Footer(_control.FOOTER_MAGIC, _control.VERSION, control_offset)
    directory, base = os.path.split(path)
    fd = _unnamed(directory or ".")
    try:
        os.fchmod(fd, mode)  # not by open, whose mode the umask cuts
        _reserve(fd, size, directory)
        os.pwrite(fd, head, 0)
        os.pwrite(fd, _control.BLOCK.pack(*control), control_offset)
        os.pwrite(fd, _control.FOOTER.pack(*footer), size - _control.FOOTER.size)
        with _mapping:
            _link(fd, directory or ".", base)
            try:
                segment = _map_named(fd, name, path, header, control)
            except BaseException:
                os.unlink(path)
                raise
    except OSError as error:
        raise translated(error, path) from None
    finally:
        os.close(fd)
    return segment


def attach(path: str, name: str | None, writable: bool) -> Segment:
    """Opens a file, checks every number in it, and maps it, or returns the mapping that the process has."""
    try:
        # Mapped already, the usual case, needs no descriptor.
        st = os.lstat(path)
        segment = _mappings.get((st.st_dev, st.st_ino, writable))
        if segment is None or segment.control is None:
            return _attach(path, name, writable)
        _check_file(st, name)
    except OSError as error:
        raise translated(error, path) from None
    if st.st_size != segment.size:
        raise BrokenError(f"mapped with {segment.size} bytes, the file has {st.st_size} now")
    return segment


def _attach(path: str, name: str | None, writable: bool) -> Segment:
    fd = _open(path, writable)
    try:
        st = os.fstat(fd)
        _check_file(st, name)
        with _mapping:
            segment = _mappings.get((st.st_dev, st.st_ino, writable))
            if segment is None:
                header, control = _read(fd, st.st_size)
                return _map(fd, st, writable, name, path, header, control)
        # A plain file has no id by which to know it: another program may have written a new header into it.
        if st.st_size != segment.size or _read(fd, st.st_size)[0] != segment.header:
            raise BrokenError("the file was replaced since it was mapped")
        return segment
    finally:
        os.close(fd)


def read(path: str, name: str | None) -> tuple[os.stat_result, Header, _control.Block | None]:
    """What a file holds, checked as for mapping it but without doing so."""
    try:
        fd = _open(path, writable=False)
        try:
            st = os.fstat(fd)
            _check_file(st, name)
            return st, *_read(fd, st.st_size)
        finally:
            os.close(fd)
    except OSError as error:
        raise translated(error, path) from None


def _map(
    fd: int,
    st: os.stat_result,
    writable: bool,
    name: str | None,
    path: str,
    header: Header,
    control: _control.Block | None,
) -> Segment:
    segment = Segment(fd, st.st_size, writable)
    segment.name, segment.path, segment.header, segment.control = name, path, header, control
    _mappings[st.st_dev, st.st_ino, writable] = segment
    return segment


def _map_named(fd: int, name: str | None, path: str, header: Header, control: _control.Block) -> Segment:
    """Maps a file that was just given its path.

    It opens the path for that, because /proc/PID/maps, where people look, would call a file opened without a name deleted
    for ever.
    """
    st = os.fstat(fd)
    try:
        named = _open(path, writable=True)
    except (OSError, Error):  # deleted meanwhile
        return _map(fd, st, True, name, path, header, control)
    try:
        fd = named if os.path.samestat(os.fstat(named), st) else fd
        return _map(fd, st, True, name, path, header, control)
    finally:
        os.close(named)


def _open(path: str, writable: bool) -> int:
    """Opens an existing file. A symbolic link is refused, and a FIFO does not block."""
    flags = os.O_RDWR if writable else os.O_RDONLY
    try:
        return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise AccessError("expected a regular file, found a symbolic link") from None
        raise


def _check_file(st: os.stat_result, name: str | None) -> None:
    """Says why a file is not to be mapped.

    Whose it is and how many links it has matters only in the directory of segments, where others may write: a path is the
    caller's own choice.
    """
    if not stat.S_ISREG(st.st_mode):
        raise AccessError(f"expected a regular file, found {_kind(st.st_mode)}")
    if name is None:
        return
    if st.st_nlink == 0:
        raise NotExistError("deleted while opening")
    if st.st_uid != os.geteuid():
        raise AccessError(f"expected a file of this user, found one of user {st.st_uid}")
    if st.st_nlink > 1:
        raise AccessError(f"expected one name for the file, found {st.st_nlink} hard links")


def _kind(mode: int) -> str:
    for test, kind in (
        (stat.S_ISLNK, "a symbolic link"),
        (stat.S_ISDIR, "a directory"),
        (stat.S_ISFIFO, "a FIFO"),
        (stat.S_ISSOCK, "a socket"),
    ):
        if test(mode):
            return kind
    return "a device"


def _read(fd: int, size: int) -> tuple[Header, _control.Block | None]:
    """A file's header and control block, every number checked against the others and against the file's size.

    All is read by system calls, which a file that is cut meanwhile makes fail, where a mapping would fault.
    """
    head = os.pread(fd, PAGE_SIZE, 0)
    header_size = _npy.header_size(head[:12])
    if header_size > len(head):
        head = os.pread(fd, header_size, 0)
    if header_size > len(head):
        raise TruncatedError(f"expected a header of {header_size} bytes, found a file of {len(head)}")
    header = _npy.parse(head[:header_size])
    if header.nbytes > size - header_size:
        raise TruncatedError(
            f"expected {header.nbytes} bytes of elements for shape {header.shape} of {header.dtype}, "
            f"found {size - header_size}"
        )
    return header, _read_control(fd, size, header)


def _read_control(fd: int, size: int, header: Header) -> _control.Block | None:
    offset = size - _control.BLOCK_SIZE
    tail = os.pread(fd, _control.BLOCK_SIZE, max(offset, 0))
    if not _has_footer(tail, size, header.size):
        return None
    block = _control.Block._make(_control.BLOCK.unpack_from(tail))
    if block.magic != _control.BLOCK_MAGIC:
        raise BrokenError(f"no control block at {offset}")
    if block.version > _control.VERSION:
        raise VersionError(f"expected a control block of version {_control.VERSION}, found {block.version}")
    if block[1:4] != (_control.VERSION, _control.BLOCK_SIZE, offset):
        raise BrokenError(
            f"control block at {offset} says version {block.version}, {block.block_size} bytes at {block.control_offset}"
        )
    nbytes = header.nbytes
    if (block.data_offset, block.data_size) != (header.size, nbytes) or nbytes > offset - header.size:
        raise BrokenError(
            f"header has {nbytes} bytes at {header.size}, control block at {offset} says {block.data_size} "
            f"bytes at {block.data_offset}"
        )
    return block


def _has_footer(tail: bytes, size: int, header_size: int) -> bool:
    """Whether a file's last bytes say that a control block stands where it must; False for a plain .npy file."""
    if size < header_size + _control.FOOTER.size or len(tail) < _control.FOOTER.size:
        return False
    magic, version, offset = _control.FOOTER.unpack_from(tail, len(tail) - _control.FOOTER.size)
    if magic != _control.FOOTER_MAGIC:
        return False
    if version > _control.VERSION:
        raise VersionError(f"expected a control block of version {_control.VERSION}, found {version}")
    expected = size - _control.BLOCK_SIZE
    if version != _control.VERSION or offset != expected or expected <= 0 or expected % PAGE_SIZE:
        raise BrokenError(f"footer names a control block of version {version} at {offset} of {size} bytes")
    return True


def _unnamed(directory: str) -> int:
    """Opens a file that vanishes when closed, or when the process dies, unless linked before."""
    try:
        return os.open(directory, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o600)
    except OSError as error:
        # EISDIR is what a file system that does not know the flag says.
        if error.errno in (errno.EISDIR, errno.EOPNOTSUPP):
            raise UnsupportedError(f"the file system of {directory} has no unnamed files (O_TMPFILE)") from None
        raise translated(error, directory) from None


def _reserve(fd: int, size: int, directory: str) -> None:
    """Makes the file that long, all zero, with every page its own: no later write can find the file system full."""
    fs = os.fstatvfs(fd)
    free = fs.f_bavail * fs.f_frsize
    try:
        if fs.f_blocks > 0 and size > free:  # a tmpfs without a limit has no blocks
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        for offset in range(0, size, _RESERVE_STEP):
            os.posix_fallocate(fd, offset, min(size - offset, _RESERVE_STEP))
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise NoSpaceError(
            f"expected room for {size} bytes in {directory}, found {free} "
            "(a container's /dev/shm has 64 MB unless it is started with --shm-size)"
        ) from None


def _link(fd: int, directory: str, base: str) -> None:
    """Gives an unnamed file its path, unless something has it."""
    where = os.open(directory, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        # A directory's descriptor makes os.link use linkat, which follows /proc's link to the file.
        os.link(f"/proc/self/fd/{fd}", base, dst_dir_fd=where, follow_symlinks=True)
    finally:
        os.close(where)


_errors: dict[int, type[Error]] = {
    errno.ENOENT: NotExistError,
    errno.ENOTDIR: NotExistError,
    errno.EEXIST: ExistError,
    errno.EACCES: AccessError,
    errno.EPERM: AccessError,
    errno.EROFS: AccessError,
    errno.ENXIO: AccessError,  # a socket, or a device that is not there
    errno.EISDIR: AccessError,  # a directory opened for writing, or deleted
    errno.ELOOP: AccessError,
    errno.ENOSPC: NoSpaceError,
    errno.EDQUOT: NoSpaceError,
    errno.ENOSYS: UnsupportedError,
    errno.EOPNOTSUPP: UnsupportedError,
    errno.EFAULT: BrokenError,  # of a futex wait: its page is gone from the file
}


def translated(error: OSError, path: str) -> Exception:
    """The system's error as one of samebytes', where there is one for it."""
    if isinstance(error, Error) or error.errno not in _errors:
        return error
    return _errors[error.errno](f"{path}: {error.strerror}")
