"""Making segments: files made whole before they get a name."""

import os
import sys
import time
from typing import Any

import numpy as np

from samebytes import _control, _file, _npy, _recycle, _segment, _temporary
from samebytes._control import PAGE_SIZE
from samebytes._errors import Error, ExistError, FullError, NoSpaceError, ShapeError
from samebytes._npy import Header, Shape
from samebytes._recycle import Recyclable
from samebytes._segment import Segment

_MODE = 0o600  # of temporary segments, unless asked for another


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
    zeros: bool = True,
    ring: int = 0,
    ports: int = 0,
    patience: int = 0,
) -> Segment:
    """Makes a file of zeros with a header, tables and a control block, maps it, and gives it its path.

    first is what the elements begin with, in place of zeros, and rows what the array may grow to. Without zeros the elements of a
    temporary segment may be those of one that this process made before. A stream has ring slots, ports, and patience, in ns.
    """
    if not 1 <= slots <= _control.MAX_SLOTS:
        raise FullError(f"expected 1 to {_control.MAX_SLOTS} slots, found {slots}")
    head, capacity = _head(dtype, shape, fortran, rows)
    header = Header(dtype, shape, fortran, len(head), _npy.count_elements(shape, dtype.itemsize))
    boxes = slots * _control.BOXES_PER_SLOT
    block_size = _file.block_size(slots, boxes, len(shape), ring, ports)
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
        id=os.urandom(16),
        created=time.time_ns(),
        slots=slots,
        boxes=boxes,
        ndim=len(shape),
        length=0 if rows is None else _npy.length_offset(head),
        dirty=header.nbytes,
        ring=ring,
        ports=ports,
        patience=patience,
    )
    end = _control.FOOTER.pack(_control.FOOTER_MAGIC, _control.VERSION, control_offset)
    last = _control.BLOCK.pack(*control).ljust(PAGE_SIZE - len(end), b"\0") + end
    recyclable = bool(flags & _control.TEMPORARY) and size >= _recycle.LEAST and mode == _MODE and not huge
    try:
        spare = _recycle.find(size, os.path.dirname(path)) if recyclable else None
        if spare is not None and _renew(spare, path, name, header, control, head + first, last, zeros):
            return spare
        del spare
        if recyclable:
            _recycle.collect(os.path.dirname(path))  # so that what others leave is never much
        try:
            return _make(path, name, header, control, head + first, last, mode, huge, recyclable)
        except NoSpaceError:
            _segment.cool_all()
            _temporary.collect(dry_run=False, patience=True)
        return _make(path, name, header, control, head + first, last, mode, huge, recyclable)
    except OSError as error:
        raise _file.translated(error, path) from None


def _head(dtype: np.dtype[Any], shape: Shape, fortran: bool, rows: int | None) -> tuple[bytes, int]:
    """The header of a new segment, and the bytes to reserve for elements."""
    if rows is None:
        head = _npy.build(dtype, shape, fortran, PAGE_SIZE)
        return head, _npy.count_elements(shape, dtype.itemsize) * dtype.itemsize
    if shape and not shape[0] <= rows <= _npy.MAX_LENGTH:
        raise ShapeError(f"expected a capacity from the rows of {shape} to {_npy.MAX_LENGTH}, found {rows}")
    head = _npy.build_growable(dtype, shape, fortran, PAGE_SIZE)
    return head, _npy.count_elements((rows, *shape[1:]), dtype.itemsize) * dtype.itemsize


def _make(
    path: str,
    name: str | None,
    header: Header,
    control: _control.Block,
    head: bytes,
    last: bytes,
    mode: int,
    huge: bool,
    recyclable: bool,
) -> Segment:
    """Makes a new file that begins with head and whose last page is last.

    Nobody opens a half-made array: the file has no name until all is in it, and the link fails when the path is taken. By
    then the process is its first participant, so that nobody takes it for abandoned.
    """
    size = control.control_offset + control.block_size
    directory, base = os.path.split(path)
    fd = _file.unnamed(directory)
    try:
        os.fchmod(fd, mode)  # not by open, whose mode the umask cuts
        (_file.reserve_huge if huge else _file.reserve)(fd, size, directory)
        os.pwrite(fd, head, 0)
        os.pwrite(fd, last, size - PAGE_SIZE)
        with _segment.mapping():
            segment = (Recyclable if recyclable else Segment)(fd, size, True, _segment.tables(control, writable=True))
            segment.header, segment.control = header, control
            _segment.know(segment, head, last)
            _file.link(fd, directory, base)
            try:
                _show_path(segment, path, name, recyclable)
                _segment.keep(segment, name, path)
            except BaseException:  # Ctrl-C
                _file.unlink_if_same(path, fd)
                raise
    finally:
        os.close(fd)
    return segment


def _show_path(segment: Segment, path: str, name: str | None, recyclable: bool) -> None:
    """Maps a file that was just given its path once more, by that path.

    /proc/PID/maps, where people look, would call a file opened without a name deleted for ever.
    """
    try:
        named, _, _ = _segment.open_file(path, name, writable=True, trust=True)
        if (named.dev, named.ino) == (segment.dev, segment.ino):
            segment.map_by(named, recyclable)
    except (OSError, Error):
        pass  # deleted meanwhile, or its mode does not let even its owner open it


def _renew(
    spare: Recyclable,
    path: str,
    name: str | None,
    header: Header,
    control: _control.Block,
    head: bytes,
    last: bytes,
    zeros: bool,
) -> bool:
    """Makes spare memory a segment, as if its file was new; False if the file was deleted."""
    fd = spare.fileno()
    os.fchmod(fd, _MODE)  # whatever somebody changed it to
    os.pwrite(fd, head, 0)
    os.pwrite(fd, bytes(control.block_size - PAGE_SIZE) + last, control.control_offset)
    memory = np.frombuffer(memoryview(spare), np.uint8)
    memory[len(head) if zeros else header.size + header.nbytes : control.control_offset] = 0
    del memory
    with _segment.mapping():
        spare.join(_segment.tables(control, writable=True))
        spare.header, spare.control = header, control
        _segment.know(spare, head, last)
        try:
            os.rename(spare.hidden, path)
            _segment.keep(spare, name, path)
            spare.spare = False
        except FileNotFoundError:
            return False
        except BaseException:  # Ctrl-C
            _file.unlink_if_same(path, fd)
            raise
    return True
