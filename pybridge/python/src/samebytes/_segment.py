"""Segments in this process's memory: each file is checked once and mapped once."""

import atexit
import contextlib
import errno
import functools
import operator
import os
import stat
import sys
import threading
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np

from samebytes import _control, _exit, _file, _npy
from samebytes._box import Layout
from samebytes._control import PAGE_SIZE
from samebytes._core import PUBLISHED, Mapping
from samebytes._errors import AccessError, BrokenError, FormatError
from samebytes._npy import Header, Shape


class Segment(Mapping):
    """A segment's file in this process's memory, and what the checks found in it.

    Its numbers were copied out once and are never read again, so a peer that changes them later cannot lead anybody out of
    bounds; but for the length of an array that grows, which is checked each time. It lives as long as an array over it does, or
    as it is kept warm.
    """

    name: str | None  # None for a file opened by its path
    path: str
    header: Header  # with the shape that the array had when it was mapped
    control: _control.Block | None  # None for a plain .npy file
    # To know the file again: the header's bytes, those of the control block that never change, and the footer's.
    head: bytes
    fixed: bytes
    footer: bytes
    published: int  # byte offset of the counter that the control block has
    address = 0  # of the first element, once array() was called
    use: "_Use | None" = None  # the elements as one array, while any array over them lives
    spare = False  # memory that is kept for another segment: see _recycle.py

    def layout_of(self, array: np.ndarray[Any, np.dtype[Any]]) -> Layout:
        """That of an array in this segment."""
        offset = array.__array_interface__["data"][0] - self.address
        rows = self._rows_seen_by(array) if self.grows else None
        return Layout(offset, array.shape, array.strides, array.dtype.itemsize, rows)

    @property
    def key(self) -> "_Key":
        return self.dev, self.ino, self.writable

    @property
    def grows(self) -> bool:
        """Whether the array was created with a capacity."""
        return self.control is not None and self.control.length != 0

    @property
    def temporary(self) -> bool:
        """Whether it goes with its last participant."""
        return self.control is not None and self.control.flags & _control.TEMPORARY != 0

    @property
    def is_stream(self) -> bool:
        return self.control is not None and self.control.ring != 0

    @property
    def inherited(self) -> bool:
        """Whether it is temporary and a forked child has it of its parent, without taking part.

        What that holds is never let go where the child ends by ``os._exit``, as those of multiprocessing do. So nobody is given it
        who shall take part: what is opened is mapped anew.
        """
        return self.temporary and self.writable and not self.me

    @property
    def row_size(self) -> int:
        """Bytes from one row to the next."""
        return _npy.count_elements(self.header.shape[1:], 1) * self.header.dtype.itemsize

    @property
    def most_rows(self) -> int:
        """The greatest length of the first axis of an array that grows."""
        assert self.control is not None
        row = self.row_size
        return min(self.control.capacity // row, _npy.MAX_LENGTH) if row else _npy.MAX_LENGTH

    def shape(self) -> Shape:
        """The array's shape now. Raises BrokenError."""
        if self.broken:
            raise _file.translated(OSError(self.broken, os.strerror(self.broken)), self.path)
        shape = self.header.shape
        if self.control is None or not self.control.length:
            return shape
        try:
            field = self.load(self.control.length).to_bytes(_npy.LENGTH_FIELD, "little")
            rows = _npy.parse_length(field)
        except OSError as error:
            raise _file.translated(error, self.path) from None
        except FormatError as error:
            raise BrokenError(f"{self.path}: {error}") from None
        if rows > self.most_rows:
            raise BrokenError(f"{self.path}: expected a length of at most {self.most_rows} in the header, found {rows}")
        return (rows, *shape[1:])

    def array(self) -> np.ndarray[Any, np.dtype[Any]]:
        """The elements, in the shape that the array has now. Raises BrokenError."""
        shape, h = self.shape(), self.header
        flat = self.flat()
        if shape is not h.shape:
            flat = flat[: _npy.count_elements(shape, h.dtype.itemsize)]
        return flat.reshape(shape, order="F" if h.fortran else "C")

    def flat(self) -> np.ndarray[Any, np.dtype[Any]]:
        """All elements that there is room for, one behind the other.

        The only place where mapped bytes become an array: frombuffer holds on to the mapping.
        """
        flat: np.ndarray[Any, np.dtype[Any]] | None = self.use() if self.use else None
        if flat is None:
            h = self.header
            n = self.control.capacity // h.dtype.itemsize if self.control and self.control.length else h.n
            flat = np.frombuffer(self, h.dtype, n, h.size)  # type: ignore[call-overload]
            if not self.address:
                self.address = flat.__array_interface__["data"][0]
            self.use = _Use(flat, _unused)
            self.use.key = self.key
        return flat

    def _rows_seen_by(self, array: np.ndarray[Any, np.dtype[Any]]) -> int:
        """The length of the first axis when that array was made of which the given one is a view."""
        rows, flat = self.header.shape[0], self.flat()
        owner: Any = array
        while owner is not None and owner is not flat:
            if isinstance(owner, np.ndarray) and owner.ndim:
                rows = owner.shape[0]
            owner = owner.obj if isinstance(owner, memoryview) else getattr(owner, "base", None)
        return rows


# The process's mappings by device, inode and protection. An inode number is not given to another file while the first is
# mapped.
_Key = tuple[int, int, bool]


class _Use(weakref.ref[Any]):
    """A reference to the array that all arrays over a segment are views of: it dies with the last of them."""

    __slots__ = ("key",)
    key: _Key


_mappings: weakref.WeakValueDictionary[_Key, Segment] = weakref.WeakValueDictionary()
# Held while mapping, so that two threads do not map the same file. Re-entrant for signal handlers, and new in a forked child,
# where the thread that held it does not exist.
_mapping = threading.RLock()
# Where to look for a path that was attached before; the file there now may be another. Cleared when full.
_keys: dict[tuple[str, bool], _Key] = {}
_MOST_KEYS = 10_000


# Mappings that no array uses any more, the oldest first, and spare memory by its path. To map a file anew costs more than all else about
# attaching, in page faults. One that is kept stays a participant, and its memory stays taken though the name may be deleted
# elsewhere, which is why few are kept.
_warm: dict[_Key | str, Segment] = {}
_MOST_WARM = 32  # each has a descriptor
_NEVER_WARM = ("semaphore", "bounded semaphore")  # who has left holds no permits
_warm_limit = 128 << 20  # bytes


def _after_fork() -> None:
    global _mapping
    _mapping = threading.RLock()
    for key, segment in list(_warm.items()):
        if segment.spare:  # which the parent goes on to use
            segment.keep_file()
            del _warm[key]


os.register_at_fork(after_in_child=_after_fork)


def of(array: Any) -> Segment | None:
    """The segment in whose memory an array lies, found by following what owns the bytes; None for ordinary memory."""
    owner = array
    while owner is not None:
        if isinstance(owner, Segment):
            return owner
        owner = owner.obj if isinstance(owner, memoryview) else getattr(owner, "base", None)
    return None


def leave_at_end() -> None:
    """Sees to it that the process lets go of temporary segments when it ends, whatever still refers to them then."""
    global _leaving
    if _leaving != os.getpid():
        _leaving = os.getpid()
        _exit.at_end(leave_temporary)


def leave_temporary() -> None:
    """Lets go of temporary segments: the last to do so deletes them."""
    cool_all()
    for segment in list(_mappings.values()):
        if segment.temporary and segment.writable:
            segment.delete_if_last()


_leaving = 0  # the process that leave_at_end was called in


def broken() -> list[str]:
    """The paths of mappings that lack pages."""
    return [s.path for s in list(_mappings.values()) if s.broken == errno.EFAULT]


def attach(path: str, name: str | None, writable: bool, trust: bool = False, streams: bool = False) -> Segment:
    """Opens a file, checks every number in it, and maps it, or returns the mapping that the process has.

    A stream is opened for reading, unless for who takes part in streams.
    """
    try:
        segment = known(path, name, writable, trust) or _attach(path, name, writable, trust, streams)
        if segment.is_stream and segment.writable and not streams:
            segment = known(path, name, False, trust) or _attach(path, name, False, trust, streams)
    except OSError as error:
        raise _file.translated(error, path) from None
    if name is not None:
        segment.name = name
    return segment


def known(path: str, name: str | None, writable: bool, trust: bool) -> Segment | None:
    """The process's mapping of the segment, if it was found by this path before and is what the path still names. It raises what the
    system does, and BrokenError.

    A plain file is looked at anew each time: it has no id, and another program may have written a new header into it.
    """
    key = _keys.get((path, writable))
    segment = key and _mappings.get(key)
    if not segment or segment.control is None or segment.broken or segment.inherited:
        return None
    st = os.lstat(path)
    if (st.st_dev, st.st_ino) != (segment.dev, segment.ino):
        return None
    if name is not None and (st.st_nlink != 1 or (not trust and (st.st_mode & stat.S_IWOTH or st.st_uid != os.geteuid()))):
        return None  # it was opened by its path, or is not what it was: the error is found on the long way
    if key in _warm:
        return segment if st.st_size == segment.size and _warm_up(segment) else None
    if st.st_size != segment.size:
        raise BrokenError(f"mapped with {segment.size} bytes, the file has {st.st_size} now")
    return segment


def _warm_up(segment: Segment) -> bool:
    """Takes a mapping from the kept ones; False if somebody wrote another array over it while nobody here had it open.

    What tells is read from its memory, of which an unchanged size says that it is there.
    """
    with _mapping:
        _warm.pop(segment.key, None)
        if (
            segment.holds(0, segment.head)
            and segment.holds(segment.size - PAGE_SIZE, segment.fixed)
            and segment.holds(segment.size - _control.FOOTER.size, segment.footer)
        ):
            segment.name = None  # of an opening that is over
            return True
        if _mappings.get(segment.key) is segment:
            del _mappings[segment.key]
        return False


def _unused(use: _Use) -> None:
    """Keeps the mapping whose last array dies for a while, if it may be kept. The interpreter calls it, at any moment."""
    if not _warm_limit:  # as when the interpreter ends, and takes modules apart
        return
    segment = _mappings.get(use.key)
    if segment is None or segment.use is not use or segment.broken:
        return  # what is broken others do not find
    c = segment.control
    if c is None or segment.temporary or segment.size > _warm_limit:
        return
    if (c.kind < len(_control.KINDS) and _control.KINDS[c.kind] in _NEVER_WARM) or segment.links() == 0:
        return
    if segment.holds_locks():
        return  # which nobody here can give back: others are to find their holder dead
    with _mapping:
        _warm.pop(use.key, None)
        _warm[use.key] = segment
        _cool()


def mapping() -> "contextlib.AbstractContextManager[bool]":
    """To be held while a file is mapped."""
    return _mapping


def warm_limit() -> int:
    """Bytes that may stay mapped."""
    return _warm_limit


def keep_warm(spare: Segment) -> None:
    """Keeps memory for another segment, as long as it is within the limits."""
    with _mapping:
        _warm[spare.path] = spare
        _cool()


def take_warm(wanted: Callable[[Segment], bool]) -> Segment | None:
    """Takes what was kept last of what is wanted."""
    with _mapping:
        for key, segment in reversed(list(_warm.items())):
            if wanted(segment):
                return _warm.pop(key)
    return None


def cool_all() -> None:
    """Lets go of all that is kept."""
    with _mapping:
        _warm.clear()


def _cool() -> None:
    """Lets go of what is over the limits, the oldest first. _mapping is held."""
    while _warm and (len(_warm) > _MOST_WARM or sum(s.size for s in list(_warm.values())) > _warm_limit):
        _warm.pop(next(iter(_warm)), None)


def cool_deleted() -> None:
    """Lets go of the kept mappings whose names are gone."""
    with _mapping:
        for key, segment in list(_warm.items()):
            if segment.links() == 0:
                _warm.pop(key, None)


def warm(nbytes: int) -> None:
    """Set how many bytes of segments that nothing here uses any more stay mapped, so that to attach them again costs little.

    By default it is 128 MiB, in at most 32 segments. What is over the limit is unmapped at once; 0 unmaps all. One that is kept still takes
    a slot, and its memory stays taken when another process deletes its name. Of a temporary segment that this process made the
    memory is kept, for the next one of the same size.

    Parameters
    ----------
    nbytes : int
        Bytes, 0 or more.

    Examples
    --------
    >>> sb.warm(0)  # keep nothing
    >>> sb.warm(1 << 30)  # 1 GiB
    """
    global _warm_limit
    limit = operator.index(nbytes)
    if limit < 0:
        raise ValueError(f"expected a number of bytes, found {limit}")
    with _mapping:
        _warm_limit = limit
        _cool()


atexit.register(warm, 0)


def _attach(path: str, name: str | None, writable: bool, trust: bool, streams: bool) -> Segment:
    opened, head, tail = open_file(path, name, writable, trust)
    with _mapping:
        known = _mappings.get(opened.key)
        if known and (
            known.broken or known.inherited or (known.key in _warm and not (known.size == opened.size and _warm_up(known)))
        ):
            _warm.pop(known.key, None)
            known = None  # which its users keep, while others do not find it
        if known is None:
            opened.header, opened.control = _file.read(head, tail, opened.size)
            if opened.is_stream and writable and not streams:
                return _attach(path, name, False, trust, streams)
            know(opened, head, tail)
            try:
                opened.map(opened.control and tables(opened.control, writable))
            except OSError as error:
                if opened.control and error.errno == errno.EUSERS:
                    raise _file.too_many(opened.control) from None
                raise
            return keep(opened, name, path)
    if known.size != opened.size:
        raise BrokenError(f"mapped with {known.size} bytes, the file has {opened.size} now")
    # Of a segment the mapping's own copy counts, whatever was written over it; a plain file has no id, and another program
    # may have put another array there.
    if known.control is None and _file.read(head, tail, opened.size)[0] != known.header:
        raise BrokenError("the file was replaced since it was mapped")
    _remember(path, known)
    return known


def open_file(path: str, name: str | None, writable: bool, trust: bool) -> tuple[Segment, bytes, bytes]:
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
        _file.check(opened, name, trust)
        needed = _npy.header_size(head)
        if needed <= nhead:
            return opened, head, tail
        nhead = needed


def know(segment: Segment, head: bytes, tail: bytes) -> None:
    """Notes by what the file is known again."""
    segment.head = head[: segment.header.size]
    segment.fixed, segment.footer = tail[-PAGE_SIZE:][:PUBLISHED], tail[-_control.FOOTER.size :]


def keep(segment: Segment, name: str | None, path: str) -> Segment:
    """Makes a mapping the process's. _mapping is held."""
    segment.name, segment.path = name, path
    if segment.control:
        segment.published = segment.size - PAGE_SIZE + PUBLISHED
        if segment.temporary and segment.writable:
            segment.delete_last(path)
    _mappings[segment.key] = segment
    _remember(path, segment)
    return segment


def _remember(path: str, segment: Segment) -> None:
    if len(_keys) >= _MOST_KEYS:
        _keys.clear()
    _keys[path, segment.writable] = segment.key


def tables(control: _control.Block, writable: bool) -> tuple[int, int, int, int, int, bytes | None]:
    """The tables as the extension takes them; who may write takes part in the locks."""
    record = _record() if writable else None
    return control.control_offset, control.slots, control.boxes, control.ndim, control.flags, record


@functools.cache
def _record() -> bytes:
    """What people read of this process in its row."""
    program = (sys.argv and sys.argv[0]) or sys.executable or ""  # the interpreter's where people type
    return _control.PARTICIPANT.pack(0, 0, 0, b"python", _tail(os.path.basename(program), 40), _tail(os.uname().nodename, 64))


def _tail(text: str, most: int) -> bytes:
    """The end of a text, which is where names differ, in up to so many bytes of UTF-8."""
    return os.fsencode(text)[-most:].decode("utf-8", "ignore").encode()
