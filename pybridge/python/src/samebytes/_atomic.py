"""Atomic operations on elements, which processes in Go and C do by their own atomics on the same bytes."""

import operator
from typing import Any

import numpy as np

from samebytes import _file
from samebytes._box import Layout
from samebytes._errors import DTypeError, LayoutError, ReadOnlyError
from samebytes._segment import Segment

LOAD, STORE, ADD, COMPARE_AND_SWAP = range(4)  # as atomic.c names them

_Plain = np.ndarray[Any, np.dtype[Any]]


class Atomic:
    """Atomic operations on elements of an array of int32, int64, uint32 or uint64: each is done at once for all who look.

    An index is an integer, one for each axis, or integer arrays which are broadcast together, and each call is one of the
    extension, whatever the number of elements. Of many elements each is changed atomically, not all together. They are
    sequentially consistent: what was written before a `store` is visible after the `load` that sees it.
    """

    __slots__ = ("_dtype", "_layout", "_offset", "_segment")

    def __init__(self, segment: Segment, layout: Layout, dtype: np.dtype[Any]) -> None:
        if dtype.kind not in "iu" or dtype.itemsize not in (4, 8) or not dtype.isnative:
            raise DTypeError(f"expected int32, int64, uint32 or uint64 in this machine's byte order, found {dtype}")
        self._segment, self._layout, self._dtype = segment, layout, dtype
        self._offset = segment.header.size + layout.offset
        if self._offset % dtype.itemsize or any(stride % dtype.itemsize for stride in layout.strides):
            raise LayoutError("expected elements that are aligned")

    def load(self, index: Any) -> Any:
        """The elements at an index."""
        return self._operate(LOAD, index, (), self._dtype)

    def store(self, index: Any, v: Any) -> None:
        """Set the elements at an index.

        Raises
        ------
        ReadOnlyError, IndexError, OverflowError
        """
        self._operate(STORE, index, (v,), self._dtype)

    def add(self, index: Any, v: Any) -> Any:
        """Add to the elements at an index, and return the new values. They wrap around.

        Raises
        ------
        ReadOnlyError, IndexError, OverflowError
        """
        return self._operate(ADD, index, (v,), self._dtype)

    def compare_and_swap(self, index: Any, old: Any, new: Any) -> Any:
        """Set the elements at an index to new where they are old, and return where they were.

        Raises
        ------
        ReadOnlyError, IndexError, OverflowError
        """
        return self._operate(COMPARE_AND_SWAP, index, (old, new), np.dtype(bool))

    def _operate(self, op: int, index: Any, values: tuple[Any, ...], result: np.dtype[Any]) -> Any:
        if op != LOAD and not self._segment.writable:
            raise ReadOnlyError(f"{self._segment.path}: opened for reading")
        given = np.broadcast_arrays(self._offsets(index), *map(self._operand, values))
        out = np.empty(given[0].shape, result)
        at, first, second, *_ = *(np.ascontiguousarray(x).data for x in given), b"", b""
        try:
            self._segment.atomic(op, self._dtype.itemsize, at, first, second, out.reshape(-1).data)
        except OSError as error:
            raise _file.translated(error, self._segment.path) from None
        return out[()]

    def _offsets(self, index: Any) -> _Plain:
        """The elements' byte offsets in the mapping."""
        items = index if isinstance(index, tuple) else (index,)
        if len(items) != len(self._layout.shape):
            raise IndexError(f"expected {len(self._layout.shape)} indices, found {len(items)}")
        offsets: Any = np.int64(self._offset)
        for axis, (item, length, stride) in enumerate(zip(items, self._layout.shape, self._layout.strides, strict=True)):
            offsets = offsets + _positions(item, axis, length) * stride
        return np.asarray(offsets)

    def _operand(self, v: Any) -> _Plain:
        """Values as elements."""
        given = np.asarray(v)
        if given.dtype.kind == "O" and all(isinstance(x, int) for x in given.flat):
            raise OverflowError(f"expected values of {self._dtype}, found larger ones")
        if given.dtype.kind not in "iu":
            raise TypeError(f"expected integers, found {given.dtype}")
        limits = np.iinfo(self._dtype)
        if given.size and not (limits.min <= int(given.min()) and int(given.max()) <= limits.max):
            raise OverflowError(f"expected values of {self._dtype}, from {limits.min} to {limits.max}, found {v}")
        return given.astype(self._dtype)


def _positions(item: Any, axis: int, length: int) -> Any:
    """Positions on an axis, none of them negative."""
    if not isinstance(item, (np.ndarray, list)):
        if isinstance(item, bool):
            raise IndexError(f"axis {axis}: expected integers, found a boolean")
        i = operator.index(item)
        if not -length <= i < length:
            raise IndexError(f"axis {axis}: no element {item} in length {length}")
        return i % length
    given = np.asarray(item, np.int64 if len(item) == 0 else None) if isinstance(item, list) else item
    if given.dtype.kind not in "iu":
        raise IndexError(f"axis {axis}: expected integers, found {given.dtype}")
    if given.size and not (-length <= int(given.min()) and int(given.max()) < length):
        raise IndexError(f"axis {axis}: expected positions in length {length}, found {given.min()} to {given.max()}")
    return given.astype(np.int64) % max(length, 1)
