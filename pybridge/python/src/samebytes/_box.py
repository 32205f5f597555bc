"""Boxes: which elements of a segment's array an index, or a view, stands for."""

import functools
import itertools
import operator
from collections.abc import Iterator
from typing import NamedTuple

from samebytes._errors import ShapeError

Span = tuple[int, int]  # on one axis the first position, and the one after the last


# An axis whatever its length, now and when the array has grown.
EVERYWHERE = (0, (1 << 63) - 1)


class Layout(NamedTuple):
    """Where the elements of an array are, in bytes from the first of the segment's."""

    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    itemsize: int
    rows: int | None = None  # of an array that grows: how many were all when the view was made

    def at(self, index: object) -> "Layout":
        """What ``array[index]`` would be, for integers, slices and an ellipsis.

        Raises
        ------
        ShapeError
            For what the array does not have: also slices beyond its ends, which NumPy cuts.
        TypeError
            For selections by booleans, lists and arrays, which are no boxes.
        """
        items = index if isinstance(index, tuple) else (index,)
        missing = len(self.shape) - len(items) + sum(i is Ellipsis for i in items)
        for n, item in enumerate(items):
            if item is Ellipsis:
                items = items[:n] + (slice(None),) * missing + items[n + 1 :]
                break
        if any(i is Ellipsis for i in items):
            raise ShapeError("expected one ellipsis, found two")
        if missing < 0:
            raise ShapeError(f"expected at most {len(self.shape)} indices, found {len(self.shape) - missing}")
        offset, shape, strides = self.offset, list[int](), list[int]()
        for axis, (length, stride) in enumerate(zip(self.shape, self.strides, strict=True)):
            item = items[axis] if axis < len(items) else slice(None)
            try:
                first, count, step = _resolve(item, length)
            except ShapeError as error:
                raise ShapeError(f"axis {axis}: {error}") from None
            offset += first * stride
            if isinstance(item, slice):
                shape.append(count)
                strides.append(step * stride)
        return Layout(offset, tuple(shape), tuple(strides), self.itemsize, self.rows)


def _resolve(item: object, length: int) -> tuple[int, int, int]:
    """The first position that an index takes of an axis, how many it takes, and the step from one to the next."""
    if item is None:
        raise ShapeError("a new axis has no elements of the array")
    if not isinstance(item, slice):
        if isinstance(item, bool):
            raise TypeError("expected integers, slices and an ellipsis as an index, found a boolean")
        i = operator.index(item)  # type: ignore[arg-type]  # raises TypeError
        if not -length <= i < length:
            raise ShapeError(f"no element {i} in length {length}")
        return i % length, 1, 1
    step = 1 if item.step is None else operator.index(item.step)
    if step == 0:
        raise ShapeError("step of zero")
    highest = length if step > 0 else length - 1
    for end in (item.start, item.stop):
        if end is not None and not -length <= operator.index(end) <= highest:
            raise ShapeError(f"no position {end} in length {length}")
    start, stop, _ = item.indices(length)
    if (stop - start) * step < 0:
        raise ShapeError(f"{item} ends before it starts in length {length}")
    count = len(range(start, stop, step))
    return (start if count else 0), count, step


def hull(view: Layout, shape: tuple[int, ...], itemsize: int, fortran: bool) -> tuple[Span, ...]:
    """The least box of an array of that shape that holds all elements of a view.

    What a view shows is a walk over bytes. With the position in the segment written as a number of mixed radix, a digit for each
    axis in the order of memory and a last one for the byte in the element, each of the view's strides is such a number
    too. Where no sum of them carries, the digits are the box. Where one does, as after a reshape that joins axes or on a
    diagonal of a flipped array, the box is all from the view's first byte to its last, which may be more than the least: from
    the first axis on which those two differ, the later axes are whole.
    """
    if view.rows == 0:  # all of an array that grows
        return (EVERYWHERE,) * len(shape)
    if view.rows is not None:
        shape = (view.rows, *shape[1:])
    if 0 in view.shape or 0 in shape:
        return ((0, 0),) * len(shape)
    lengths, units = _radix(shape, itemsize, fortran)
    low = high = view.offset
    reach = [0] * len(units)
    for length, stride in zip((*view.shape, view.itemsize), (*view.strides, 1), strict=True):
        end = (length - 1) * stride
        if end < 0:
            low += end
        else:
            high += end
        rest = abs(stride)
        for k, unit in enumerate(units):
            digit, rest = divmod(rest, unit)
            reach[k] += (length - 1) * digit
            if rest == 0:
                break
    if low < 0 or high >= lengths[0] * units[0]:  # as_strided, beyond the elements
        return (EVERYWHERE,) * len(shape)
    box = []
    for start, more, length in zip(_digits(low, units), reach, lengths, strict=True):
        if start + more >= length:  # a carry
            box = list(_between(_digits(low, units), _digits(high, units), lengths))
            break
        box.append(EVERYWHERE if more == length - 1 else (start, start + more + 1))
    axes = box[:-1]  # without the bytes
    return tuple(axes[::-1] if fortran else axes)


@functools.lru_cache
def _radix(shape: tuple[int, ...], itemsize: int, fortran: bool) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """How many values each digit has and how many bytes it counts, the largest first."""
    lengths = (*(shape[::-1] if fortran else shape), itemsize)
    units = tuple(itertools.accumulate(lengths[:0:-1], operator.mul, initial=1))
    return lengths, units[::-1]


def _digits(n: int, units: tuple[int, ...]) -> list[int]:
    digits = []
    for unit in units:
        digit, n = divmod(n, unit)
        digits.append(digit)
    return digits


def _between(low: list[int], high: list[int], lengths: tuple[int, ...]) -> Iterator[Span]:
    """The box of all positions from low to high."""
    differ = False
    for first, last, length in zip(low, high, lengths, strict=True):
        yield EVERYWHERE if differ or last - first == length - 1 else (first, last + 1)
        differ = differ or first != last


def text(spans: tuple[Span, ...]) -> str:
    """Python's index for the box, as "[2:5, :]"."""
    return "[" + ", ".join(":" if s == EVERYWHERE else f"{s[0]}:{s[1]}" for s in spans) + "]"
