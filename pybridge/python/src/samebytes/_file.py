"""Files: what must hold of one before it is used, what it holds, and making new ones."""

import errno
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


def check(file: Mapping, name: str | None) -> None:
    """Says why a file is not to be used as an array.

    Whose it is and how many links it has matters only in the directory of segments, where others may write: a path is the
    caller's own choice.
    """
    if not stat.S_ISREG(file.mode):
        raise AccessError(f"expected a regular file, found {_kind(file.mode)}")
    if name is None:
        return
    if file.uid != os.geteuid():
        raise AccessError(f"expected a file of this user, found one of user {file.uid}")
    if file.nlink != 1:
        if file.nlink == 0:
            raise NotExistError("deleted while opening")
        raise AccessError(f"expected one name for the file, found {file.nlink} hard links")


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
    return header, _control_block(tail, size, header_size, nbytes)


def _control_block(tail: bytes, size: int, data_offset: int, data_size: int) -> _control.Block | None:
    """The block in a file's last bytes, or None in a plain .npy file."""
    if size < data_offset + _control.FOOTER.size or not tail.startswith(_control.FOOTER_MAGIC, -_control.FOOTER.size):
        return None
    offset = size - _control.BLOCK_SIZE
    _, version, named = _control.FOOTER.unpack_from(tail, len(tail) - _control.FOOTER.size)
    _check_version(version)
    if version != _control.VERSION or named != offset or offset <= 0 or offset % PAGE_SIZE:
        raise BrokenError(f"footer names a control block of version {version} at {named} of {size} bytes")
    block = _control.Block._make(_control.BLOCK.unpack_from(tail))
    expected = (_control.BLOCK_MAGIC, _control.VERSION, _control.BLOCK_SIZE, offset, data_offset, data_size)
    if block[:6] == expected and data_size <= offset - data_offset:
        return block
    if block.magic != _control.BLOCK_MAGIC:
        raise BrokenError(f"no control block at {offset}")
    _check_version(block.version)
    raise BrokenError(
        f"control block at {offset}, of version {_control.VERSION} and for {data_size} bytes at {data_offset}, says {block}"
    )


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
    errno.EFAULT: BrokenError,  # of a futex wait: its page is gone from the file
}


def translated(error: OSError, path: str) -> Exception:
    """The system's error as one of samebytes', where there is one for it."""
    if isinstance(error, Error) or error.errno not in _errors:
        return error
    return _errors[error.errno](f"{path}: {error.strerror}")
