"""Segments: files made whole before they get a name, and mapped once."""

import errno
import operator
import os
import secrets
import stat
import sys
import threading
import time
import weakref
from typing import Any

import numpy as np

from samebytes import _control, _exit, _file, _npy
from samebytes._box import Layout
from samebytes._control import PAGE_SIZE
from samebytes._core import PUBLISHED, Mapping
from samebytes._errors import AccessError, BrokenError, Error, ExistError, FormatError, FullError, ShapeError
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
    address: int  # of the first element, once array() was called
    use: "_Use | None" = None  # the elements as one array, while any array over them lives

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


# Mappings that no array uses any more, the oldest first. To map a file anew costs more than all else about attaching, in page
# faults. One that is kept stays a participant, and its memory stays taken though the name may be deleted elsewhere,
# which is why few are kept.
_warm: dict[_Key, Segment] = {}
_MOST_WARM = 32  # each has a descriptor
_NEVER_WARM = ("semaphore", "bounded semaphore")  # who has left holds no permits
_warm_limit = 64 << 20  # bytes


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


def leave_at_end() -> None:
    """Sees to it that the process lets go of temporary segments when it ends, whatever still refers to them then."""
    global _leaving
    if _leaving != os.getpid():
        _leaving = os.getpid()
        _exit.at_end(leave_temporary)


def leave_temporary() -> None:
    """Takes part in temporary segments no more, as the process ends. Their memory stays."""
    for segment in list(_mappings.values()):
        if segment.temporary and segment.writable:
            segment.leave()


_leaving = 0  # the process that leave_at_end was called in


def broken() -> list[str]:
    """The paths of mappings that lack pages."""
    return [s.path for s in list(_mappings.values()) if s.broken == errno.EFAULT]


def create(
    path: str,
    name: str | None,
    dtype: np.dtype[Any],
    shape: Shape,
    fortran: bool,
    mode: int,
    slots: int = _control.SLOTS,
    flags: int = 0,
    kind: int = 0,
    first: bytes = b"",
    rows: int | None = None,
    huge: bool = False,
) -> Segment:
    """Makes a file of zeros with a header, tables and a control block, maps it, and gives it its path.

    Nobody opens a half-made array: the file has no name until all is in it, and the link fails when the path is taken. By
    then the process is its first participant, so that nobody takes it for abandoned. first is what the elements begin with,
    in place of zeros, and rows what the array may grow to.
    """
    if not 1 <= slots <= _control.MAX_SLOTS:
        raise FullError(f"expected 1 to {_control.MAX_SLOTS} slots, found {slots}")
    head, capacity = _head(dtype, shape, fortran, rows)
    header = Header(dtype, shape, fortran, len(head), _npy.count_elements(shape, dtype.itemsize))
    boxes = slots * _control.BOXES_PER_SLOT
    block_size = _file.block_size(slots, boxes, len(shape))
    control_offset = _file.round_up(len(head) + capacity, PAGE_SIZE)
    size = control_offset + block_size
    if size > sys.maxsize:
        raise ShapeError(f"expected at most {sys.maxsize} bytes in a file, found elements of {capacity}")
    if os.path.lexists(path):  # spares the reservation; the link below decides
        raise ExistError(f"{path} exists")
    nothing = _control.Block._make(_control.BLOCK.unpack(bytes(_control.BLOCK.size)))
    control = nothing._replace(
        magic=_control.BLOCK_MAGIC,
        version=_control.VERSION,
        kind=kind,
        control_offset=control_offset,
        block_size=block_size,
        data_offset=header.size,
        capacity=capacity,
        item_size=dtype.itemsize,
        flags=flags,
        id=secrets.token_bytes(16),
        created=time.time_ns(),
        slots=slots,
        boxes=boxes,
        ndim=len(shape),
        length=0 if rows is None else _npy.length_offset(head),
        dirty=header.nbytes,
    )
    block = _control.BLOCK.pack(*control)
    end = _control.FOOTER.pack(_control.FOOTER_MAGIC, _control.VERSION, control_offset)
    directory, base = os.path.split(path)
    fd = _file.unnamed(directory)
    try:
        os.fchmod(fd, mode)  # not by open, whose mode the umask cuts
        (_file.reserve_huge if huge else _file.reserve)(fd, size, directory)
        os.pwrite(fd, head + first, 0)
        os.pwrite(fd, block, size - PAGE_SIZE)
        os.pwrite(fd, end, size - len(end))
        with _mapping:
            segment = Segment(fd, size, True, _tables(control, writable=True))
            segment.header, segment.control = header, control
            _know(segment, head, block.ljust(PAGE_SIZE - len(end), b"\0") + end)
            _file.link(fd, directory, base)
            try:
                _show_path(segment, path, name)
                _keep(segment, name, path)
            except BaseException:  # Ctrl-C
                _file.unlink_if_same(path, fd)
                raise
    except OSError as error:
        raise _file.translated(error, path) from None
    finally:
        os.close(fd)
    return segment


def _head(dtype: np.dtype[Any], shape: Shape, fortran: bool, rows: int | None) -> tuple[bytes, int]:
    """The header of a new segment, and the bytes to reserve for elements."""
    if rows is None:
        head = _npy.build(dtype, shape, fortran, PAGE_SIZE)
        return head, _npy.count_elements(shape, dtype.itemsize) * dtype.itemsize
    if shape and not shape[0] <= rows <= _npy.MAX_LENGTH:
        raise ShapeError(f"expected a capacity from the rows of {shape} to {_npy.MAX_LENGTH}, found {rows}")
    head = _npy.build_growable(dtype, shape, fortran, PAGE_SIZE)
    return head, _npy.count_elements((rows, *shape[1:]), dtype.itemsize) * dtype.itemsize


def attach(path: str, name: str | None, writable: bool, trust: bool = False) -> Segment:
    """Opens a file, checks every number in it, and maps it, or returns the mapping that the process has."""
    try:
        segment = _known(path, name, writable, trust) or _attach(path, name, writable, trust)
    except OSError as error:
        raise _file.translated(error, path) from None
    if name is not None:
        segment.name = name
    return segment


def _known(path: str, name: str | None, writable: bool, trust: bool) -> Segment | None:
    """The process's mapping of the segment, if it was found by this path before and is what the path still names.

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
    segment = _mappings.get(use.key)
    if segment is None or segment.use is not use or segment.broken:
        return  # what is broken others do not find
    c = segment.control
    if c is None or not segment.writable or segment.temporary or segment.size > _warm_limit:
        return
    if c.kind < len(_control.KINDS) and _control.KINDS[c.kind] in _NEVER_WARM or segment.links() == 0:
        return
    if segment.holds_locks():
        return  # which nobody here can give back: others are to find their holder dead
    with _mapping:
        _warm.pop(use.key, None)
        _warm[use.key] = segment
        _cool()


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

    By default it is 64 MiB, in at most 32 segments. What is over the limit is unmapped at once; 0 unmaps all. Temporary and deleted
    segments are never kept. One that is kept still takes a slot, and its memory stays taken when another process
    deletes its name.

    Parameters
    ----------
    nbytes : int
        Bytes, 0 or more.
    """
    global _warm_limit
    limit = operator.index(nbytes)
    if limit < 0:
        raise ValueError(f"expected a number of bytes, found {limit}")
    with _mapping:
        _warm_limit = limit
        _cool()


def _attach(path: str, name: str | None, writable: bool, trust: bool) -> Segment:
    opened, head, tail = open_file(path, name, writable, trust)
    with _mapping:
        known = _mappings.get(opened.key)
        if known and (known.broken or known.inherited or known.key in _warm and not (known.size == opened.size and _warm_up(known))):
            _warm.pop(known.key, None)
            known = None  # which its users keep, while others do not find it
        if known is None:
            opened.header, opened.control = _file.read(head, tail, opened.size)
            _know(opened, head, tail)
            try:
                opened.map(opened.control and _tables(opened.control, writable))
            except OSError as error:
                if opened.control and error.errno == errno.EUSERS:
                    raise _file.too_many(opened.control) from None
                raise
            return _keep(opened, name, path)
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


def _know(segment: Segment, head: bytes, tail: bytes) -> None:
    """Notes by what the file is known again."""
    segment.head = head[: segment.header.size]
    segment.fixed, segment.footer = tail[-PAGE_SIZE:][:PUBLISHED], tail[-_control.FOOTER.size :]


def _keep(segment: Segment, name: str | None, path: str) -> Segment:
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


def _show_path(segment: Segment, path: str, name: str | None) -> None:
    """Maps a file that was just given its path once more, by that path.

    /proc/PID/maps, where people look, would call a file opened without a name deleted for ever.
    """
    try:
        named, _, _ = open_file(path, name, writable=True, trust=True)
        if (named.dev, named.ino) == (segment.dev, segment.ino):
            segment.map_by(named)
    except (OSError, Error):
        pass  # deleted meanwhile, or its mode does not let even its owner open it


def _tables(control: _control.Block, writable: bool) -> tuple[int, int, int, int, int, bytes | None]:
    """The tables as the extension takes them; who may write takes part in the locks."""
    record = _control.PARTICIPANT.pack(
        0, 0, 0, b"python", _tail(os.path.basename(sys.argv[0] if sys.argv else ""), 40), _tail(os.uname().nodename, 64)
    )
    return control.control_offset, control.slots, control.boxes, control.ndim, control.flags, record if writable else None


def _tail(text: str, most: int) -> bytes:
    """The end of a text, which is where names differ, in up to so many bytes of UTF-8."""
    return os.fsencode(text)[-most:].decode("utf-8", "ignore").encode()
