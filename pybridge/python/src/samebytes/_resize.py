"""Arrays that grow in place, along their first axis. shm/resize.go explains them."""

from collections.abc import Callable
from threading import get_ident
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from samebytes import _file, _npy, _timeout
from samebytes._control import PAGE_SIZE
from samebytes._core import DIRTY
from samebytes._errors import LayoutError, NoSpaceError, ShapeError
from samebytes._lock import Lock
from samebytes._segment import Segment

_Plain = np.ndarray[Any, np.dtype[Any]]


def resize(segment: Segment, rows: int, timeout: float | None) -> None:
    """Sets the length of the first axis."""
    _resize(segment, lambda before: rows, None, timeout)


def append(segment: Segment, rows: ArrayLike, timeout: float | None) -> None:
    """Adds rows behind the last."""
    row = segment.header.shape[1:]
    given = np.asarray(rows, segment.header.dtype)
    added = given[None] if given.ndim == len(row) else given
    if not segment.header.shape or added.ndim != len(row) + 1 or added.shape[1:] != row:
        raise ShapeError(f"append to {segment.path}: expected rows of shape {row}, found {given.shape}")
    _resize(segment, lambda before: before + len(added), added, timeout)


def _resize(segment: Segment, want: Callable[[int], int], added: _Plain | None, timeout: float | None) -> None:
    if not segment.grows:
        raise LayoutError(f"{segment.path}: created without a capacity, it cannot grow")
    lock = Lock(segment, segment.layout_of(segment.array()))  # of the whole array
    thread = get_ident()
    deadline = _timeout.Deadline(timeout, f"resize {segment.path}")
    if not lock.take(_timeout.nanoseconds(timeout), thread, False, None):
        raise deadline.error()
    try:
        resize_locked(segment, want, added)
    finally:
        lock.give(thread)


def resize_locked(segment: Segment, want: Callable[[int], int], added: _Plain | None) -> None:
    """Sets the length of the first axis to what want makes of it, with the added rows at its end. The whole array's lock is held."""
    try:
        _set_length(segment, want, added)
        segment.publish(segment.published)
    except OSError as error:
        raise _file.translated(error, segment.path) from None


def _set_length(segment: Segment, want: Callable[[int], int], added: _Plain | None) -> None:
    """Changes the length: the elements first, and the length last."""
    control = segment.control
    assert control is not None
    before = segment.shape()[0]
    rows = want(before)
    if rows < 0:
        raise ShapeError(f"{segment.path}: negative length {rows}")
    if rows > segment.most_rows:
        raise NoSpaceError(f"{segment.path}: expected at most {segment.most_rows} rows, the capacity, found {rows}")
    if rows > before:
        size, at = segment.row_size, segment.size - PAGE_SIZE + DIRTY
        dirty = segment.load(at)  # bytes from the first element that may be other than zero
        flat = segment.flat()
        if added is None:
            flat.view(np.uint8)[before * size : min(rows * size, dirty)] = 0
        if rows * size > dirty:
            segment.store(
                at, rows * size
            )  # before elements are: what is half written when this process dies is not taken for zeros
        if added is not None:
            per_row = _npy.count_elements(added.shape[1:], 1)
            flat[before * per_row : rows * per_row].reshape(added.shape)[...] = added
    segment.store(control.length, int.from_bytes(_npy.format_length(rows), "little"))
