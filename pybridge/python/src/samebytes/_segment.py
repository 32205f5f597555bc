"""Segments: files made whole before they get a name, and mapped once."""

import errno
import os
import secrets
import sys
import threading
import time
import weakref
from typing import Any

import numpy as np

from samebytes import _control, _file, _npy
from samebytes._control import PAGE_SIZE
from samebytes._core import Mapping
from samebytes._errors import AccessError, BrokenError, Error, ExistError, ShapeError
from samebytes._npy import Header, Shape


class Segment(Mapping):
    """A segment's file in this process's memory, and what the checks found in it.

    Its numbers were copied out once and are never read again, so a peer that changes them later cannot lead anybody out of
    bounds. It lives as long as an array over it does.
    """

    name: str | None  # None for a file opened by its path
    path: str
    header: Header
    control: _control.Block | None  # None for a plain .npy file
    published: int  # byte offset of the counter that the control block has

    def array(self) -> np.ndarray[Any, np.dtype[Any]]:
        """The elements. The only place where mapped bytes become an array: frombuffer holds on to the mapping."""
        h = self.header
        flat: np.ndarray[Any, np.dtype[Any]] = np.frombuffer(self, h.dtype, h.n, h.size)  # type: ignore[call-overload]
        return flat.reshape(h.shape, order="F" if h.fortran else "C")


# The process's mappings by device, inode and protection. An inode number is not given to another file while the first is
# mapped.
_Key = tuple[int, int, bool]
_mappings: weakref.WeakValueDictionary[_Key, Segment] = weakref.WeakValueDictionary()
# Held while mapping, so that two threads do not map the same file. Re-entrant for signal handlers, and new in a forked child,
# where the thread that held it does not exist.
_mapping = threading.RLock()
# Where to look for a path that was attached before; the file there now may be another. Cleared when full.
_keys: dict[tuple[str, bool], _Key] = {}
_MOST_KEYS = 10_000


def _after_fork() -> None:
    global _mapping
    _mapping = threading.RLock()


os.register_at_fork(after_in_child=_after_fork)


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
    fd = _file.unnamed(directory)
    try:
        os.fchmod(fd, mode)  # not by open, whose mode the umask cuts
        _file.reserve(fd, size, directory)
        os.pwrite(fd, head, 0)
        os.pwrite(fd, _control.BLOCK.pack(*control), control_offset)
        os.pwrite(fd, _control.FOOTER.pack(*footer), size - _control.FOOTER.size)
        with _mapping:
            _file.link(fd, directory, base)
            try:
                segment = _map_named(fd, size, path, name)
            except BaseException:  # no room in this process for so large a mapping, or Ctrl-C
                _file.unlink_if_same(path, fd)
                raise
            segment.header, segment.control = header, control
            _keep(segment, name, path)
    except OSError as error:
        raise _file.translated(error, path) from None
    finally:
        os.close(fd)
    return segment


def attach(path: str, name: str | None, writable: bool) -> Segment:
    """Opens a file, checks every number in it, and maps it, or returns the mapping that the process has."""
    try:
        segment = _known(path, name, writable) or _attach(path, name, writable)
    except OSError as error:
        raise _file.translated(error, path) from None
    if name is not None:
        segment.name = name
    return segment


def _known(path: str, name: str | None, writable: bool) -> Segment | None:
    """The process's mapping of the segment, if it was found by this path before and is what the path still names.

    A plain file is looked at anew each time: it has no id, and another program may have written a new header into it.
    """
    key = _keys.get((path, writable))
    segment = key and _mappings.get(key)
    if not segment or segment.control is None:
        return None
    st = os.lstat(path)
    if (st.st_dev, st.st_ino) != (segment.dev, segment.ino):
        return None
    if name is not None and (st.st_uid != os.geteuid() or st.st_nlink != 1):
        return None  # it was opened by its path, or is not what it was: the error is found on the long way
    if st.st_size != segment.size:
        raise BrokenError(f"mapped with {segment.size} bytes, the file has {st.st_size} now")
    return segment


def _attach(path: str, name: str | None, writable: bool) -> Segment:
    opened, head, tail = open_file(path, name, writable)
    with _mapping:
        known = _mappings.get((opened.dev, opened.ino, writable))
        if known is None:
            opened.header, opened.control = _file.read(head, tail, opened.size)
            opened.map()
            return _keep(opened, name, path)
    if known.size != opened.size:
        raise BrokenError(f"mapped with {known.size} bytes, the file has {opened.size} now")
    # Of a segment the mapping's own copy counts, whatever was written over it; a plain file has no id, and another program
    # may have put another array there.
    if known.control is None and _file.read(head, tail, opened.size)[0] != known.header:
        raise BrokenError("the file was replaced since it was mapped")
    _remember(path, known)
    return known


def open_file(path: str, name: str | None, writable: bool) -> tuple[Segment, bytes, bytes]:
    """A file as a segment that is not mapped yet, with its header and up to a page of its end.

    What is no regular file of this user's is an error. A symbolic link is refused, and a FIFO does not block.
    """
    flags = os.O_NOFOLLOW | os.O_NONBLOCK | (os.O_RDWR if writable else os.O_RDONLY)
    nhead = PAGE_SIZE
    while True:
        try:
            opened, head, tail = Segment.open(path, flags, nhead, PAGE_SIZE)
        except OSError as error:
            if error.errno == errno.ELOOP:
                raise AccessError("expected a regular file, found a symbolic link") from None
            raise
        _file.check(opened, name)
        needed = _npy.header_size(head)
        if needed <= nhead:
            return opened, head, tail
        nhead = needed


def _keep(segment: Segment, name: str | None, path: str) -> Segment:
    """Makes a mapping the process's. _mapping is held."""
    segment.name, segment.path = name, path
    if segment.control:
        segment.published = segment.control.control_offset + _control.PUBLISHED_OFFSET
    _mappings[segment.dev, segment.ino, segment.writable] = segment
    _remember(path, segment)
    return segment


def _remember(path: str, segment: Segment) -> None:
    if len(_keys) >= _MOST_KEYS:
        _keys.clear()
    _keys[path, segment.writable] = segment.dev, segment.ino, segment.writable


def _map_named(fd: int, size: int, path: str, name: str | None) -> Segment:
    """Maps a file that was just given its path.

    It opens the path for that, because /proc/PID/maps, where people look, would call a file opened without a name deleted
    for ever.
    """
    mine = os.fstat(fd)
    try:
        named, _, _ = open_file(path, name, writable=True)
        if (named.dev, named.ino) == (mine.st_dev, mine.st_ino):
            named.map()
            return named
    except (OSError, Error):
        pass  # deleted meanwhile, or its mode does not let even its owner open it
    return Segment(fd, size, True)
