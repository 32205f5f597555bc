"""Files: what must hold of one before it is used, what it holds, and making new ones."""

import errno
import mmap
import os
import stat

from samebytes import _control, _npy
from samebytes._control import PAGE_SIZE
from samebytes._core import Mapping
from samebytes._errors import (
    AccessError,
    BrokenError,
    Error,
    ExistError,
    FullError,
    NoSpaceError,
    NotExistError,
    TruncatedError,
    UnsupportedError,
    VersionError,
)
from samebytes._npy import Header

# How much is reserved by one system call: a signal makes fallocate give back all it had got, so that one call for a large
# file might never end.
_STEP = 256 << 20


def check(file: Mapping, name: str | None, trust: bool) -> None:
    """Says why a file is not to be used as an array.

    Whose it is, who may write it and how many links it has matters only in the directory of segments, where others may write: a
    path is the caller's own choice.
    """
    if not stat.S_ISREG(file.mode):
        raise AccessError(f"expected a regular file, found {_kind(file.mode)}")
    if name is None:
        return
    if file.nlink != 1:
        if file.nlink == 0:
            raise NotExistError("deleted while opening")
        raise AccessError(f"expected one name for the file, found {file.nlink} hard links")
    if trust:
        return
    if file.uid != os.geteuid():
        raise AccessError(f"expected a file of this user, found one of user {file.uid}; to trust it must be asked for")
    if file.mode & stat.S_IWOTH:
        raise AccessError(
            f"expected a file that not everybody may write, found mode {stat.S_IMODE(file.mode):04o}; to trust it must be asked for"
        )


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


def printable(field: bytes) -> str:
    """The text up to the first zero byte, with "?" for whatever a terminal might obey."""
    text = field.partition(b"\0")[0].decode("utf-8", "replace")
    return "".join("?" if c < " " or "\x7f" <= c < "\xa0" or c == "\ufffd" else c for c in text)


def read(head: bytes, tail: bytes, size: int) -> tuple[Header, _control.Block | None]:
    """The header and control block of a file of that size, of its first and last bytes.

    head has all of the header, unless the file is shorter. Every number is checked against the others and the size.
    """
    header_size = _npy.header_size(head)
    if header_size > len(head):
        raise TruncatedError(f"expected a header of {header_size} bytes, found a file of {size}")
    header = _npy.parse(head, header_size)
    nbytes = header.n * header.dtype.itemsize
    if nbytes > size - header_size:
        raise TruncatedError(
            f"expected {nbytes} bytes of elements for shape {header.shape} of {header.dtype}, found {size - header_size}"
        )
    control = _control_block(tail, size)
    if control:
        _check(control, header, nbytes)
        at = _npy.length_offset(head[:header_size]) if control.length else 0
        if control.length != at:
            raise BrokenError(f"control block says that the length is at {control.length}, header has it at {at}")
    return header, control


def _control_block(tail: bytes, size: int) -> _control.Block | None:
    """The block in the last page of a file of that size, or None in a plain .npy file. Every number is checked."""
    if len(tail) < _control.FOOTER.size or not tail.startswith(_control.FOOTER_MAGIC, -_control.FOOTER.size):
        return None
    footer = _control.Footer._make(_control.FOOTER.unpack_from(tail, len(tail) - _control.FOOTER.size))
    _check_version(footer.version)
    if len(tail) < PAGE_SIZE or size == PAGE_SIZE:
        raise BrokenError(f"no control block in the last page of {size} bytes")
    block = _control.Block._make(_control.BLOCK.unpack_from(tail, len(tail) - PAGE_SIZE))
    if block.magic != _control.BLOCK_MAGIC:
        raise BrokenError(f"no control block in the last page of {size} bytes")
    _check_version(block.version)
    if (block.version, footer.version, footer.control_offset) != (_control.VERSION, _control.VERSION, block.control_offset):
        raise BrokenError(
            f"control block of version {block.version} with tables at {block.control_offset}, "
            f"footer of version {footer.version} at {footer.control_offset}"
        )
    if (
        not 1 <= block.slots <= _control.MAX_SLOTS
        or not 1 <= block.boxes <= _control.MAX_BOXES
        or block.ndim > _npy.MAX_DIMS
        or block.flags & ~_control.KNOWN_FLAGS
    ):
        raise BrokenError(
            f"control block for {block.slots} participants, {block.boxes} boxes of {block.ndim} axes, flags {block.flags:#x}"
        )
    is_stream = block.kind == _STREAM
    if (
        is_stream != (block.ring > 0)
        or is_stream != (block.ports > 0)
        or block.ring > _control.MAX_RING
        or block.ports > _control.MAX_PORTS
        or block.patience < 0
        or (is_stream and not block.ndim)
    ):
        raise BrokenError(
            f"control block of kind {block.kind} for {block.ring} slots and {block.ports} ports, on {block.ndim} axes, "
            f"patience {block.patience}"
        )
    expected = block_size(block.slots, block.boxes, block.ndim, block.ring, block.ports)
    if block.block_size != expected or block.control_offset % PAGE_SIZE or block.control_offset != size - expected:
        raise BrokenError(
            f"control block says {block.block_size} bytes at {block.control_offset}, expected {expected} at the end of {size}"
        )
    if block.data_offset > block.control_offset or block.capacity > block.control_offset - block.data_offset:
        raise BrokenError(
            f"control block says {block.capacity} bytes of elements at {block.data_offset}, "
            f"before tables at {block.control_offset}"
        )
    return block


def block_size(slots: int, boxes: int, ndim: int, ring: int = 0, ports: int = 0) -> int:
    """Bytes of the tables and the control block."""
    return round_up(tables(slots, boxes, ndim, ring, ports)[2], PAGE_SIZE) + PAGE_SIZE


def tables(slots: int, boxes: int, ndim: int, ring: int, ports: int) -> tuple[int, int, int]:
    """Where a stream's tables of slots and ports begin, and where all tables end, in bytes behind the first's beginning."""
    box = round_up(_control.BOX.size + 16 * ndim, _control.CACHE_LINE)
    slots_at = round_up(slots * _control.PARTICIPANT.size + boxes * box, _control.CACHE_LINE)
    ports_at = slots_at + ring * _control.SLOT.size
    return slots_at, ports_at, ports_at + ports * _control.PORT.size


def too_many(control: _control.Block) -> FullError:
    return FullError(f"expected at most {control.slots} participants, found another")


def round_up(n: int, to: int) -> int:
    return -(-n // to) * to


def _check(block: _control.Block, header: Header, nbytes: int) -> None:
    """Says whether the block belongs to the elements."""
    of_header = (header.size, len(header.shape), header.dtype.itemsize)
    if (block.data_offset, block.ndim, block.item_size) != of_header or nbytes > block.capacity:
        raise BrokenError(
            f"header has {nbytes} bytes on {len(header.shape)} axes at {header.size}, each element {header.dtype.itemsize}; "
            f"control block says at most {block.capacity} on {block.ndim} at {block.data_offset}, each {block.item_size}"
        )
    if block.ring and block.ring != header.shape[0]:
        raise BrokenError(f"control block says {block.ring} slots, header has shape {header.shape}")


_STREAM = _control.KINDS.index("stream")


def _check_version(version: int) -> None:
    if version > _control.VERSION:
        raise VersionError(f"expected a control block of version {_control.VERSION}, found {version}")


def unnamed(directory: str) -> int:
    """Opens a file that vanishes when closed, or when the process dies, unless linked before."""
    try:
        return os.open(directory, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o600)
    except OSError as error:
        # EISDIR is what a file system that does not know the flag says.
        if error.errno in (errno.EISDIR, errno.EOPNOTSUPP):
            raise UnsupportedError(f"the file system of {directory} has no unnamed files (O_TMPFILE)") from None
        raise translated(error, directory) from None


def reserve(fd: int, size: int, directory: str) -> None:
    """Makes the file that long, all zero, with every page its own: no later write can find the file system full."""
    fs = os.fstatvfs(fd)
    free = fs.f_bavail * fs.f_frsize
    try:
        if fs.f_blocks > 0 and size > free:  # a tmpfs without a limit has no blocks
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        for offset in range(0, size, _STEP):
            os.posix_fallocate(fd, offset, min(size - offset, _STEP))
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise NoSpaceError(
            f"expected room for {size} bytes in {directory}, found {free} "
            "(a container's /dev/shm has 64 MB unless it is started with --shm-size)"
        ) from None


def reserve_huge(fd: int, size: int, directory: str) -> None:
    """Does what reserve does in huge pages where the system allows them, which must be asked for before the pages are there.

    fallocate would make small ones. On tmpfs mounted with huge=advise, 1 GiB is there in a tenth of the time.
    """
    os.ftruncate(fd, size)
    try:
        with mmap.mmap(fd, size) as memory:
            memory.madvise(mmap.MADV_HUGEPAGE)
            for offset in range(0, size, _STEP):
                memory.madvise(_MADV_POPULATE_WRITE, offset, min(size - offset, _STEP))
    except OSError:  # a kernel without them, or a full file system: this finds out
        reserve(fd, size, directory)


_MADV_POPULATE_WRITE = 23  # Linux 5.14; the module mmap does not know it


def link(fd: int, directory: str, base: str) -> None:
    """Gives an unnamed file its path, unless something has it."""
    where = os.open(directory, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        # A directory's descriptor makes os.link use linkat, which follows /proc's link to the file.
        os.link(f"/proc/self/fd/{fd}", base, dst_dir_fd=where, follow_symlinks=True)
    finally:
        os.close(where)


def unlink_if_same(path: str, fd: int) -> None:
    """Takes back the path that was given to a new file, unless another file has it by now."""
    try:
        if os.path.samestat(os.lstat(path), os.fstat(fd)):
            os.unlink(path)
    except OSError:
        pass  # the error that led here says it all


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
    errno.EFAULT: BrokenError,  # a page is gone from the file
    errno.EUCLEAN: BrokenError,  # of the extension: the control block is overwritten
    errno.EUSERS: FullError,  # of the extension: no row for another participant
}

# What the system's words for them would not say.
_said = {errno.EFAULT: "the file was cut", errno.EUCLEAN: "somebody has overwritten the control block"}


def translated(error: OSError, path: str) -> Exception:
    """The system's error as one of samebytes', where there is one for it."""
    if isinstance(error, Error) or error.errno not in _errors:
        return error
    return _errors[error.errno](f"{path}: {_said.get(error.errno, error.strerror)}")
