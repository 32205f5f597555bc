"""Values and arrays in segments, as those of `multiprocessing.sharedctypes`.

They pickle to handles, wherever they are pickled. Without a name they go with their last user; with one they stay until
`samebytes.delete`.
"""

import ctypes
from collections.abc import Sequence
from typing import Any

import numpy as np

from samebytes.mp import _memory
from samebytes.mp._elements import TYPECODES as typecode_to_type
from samebytes.mp._elements import dtype_of, type_of
from samebytes.mp._synchronized import (
    Synchronized,
    SynchronizedArray,
    SynchronizedBase,
    SynchronizedString,
    synchronized,
)

__all__ = [
    "Array",
    "RawArray",
    "RawValue",
    "Synchronized",
    "SynchronizedArray",
    "SynchronizedBase",
    "SynchronizedString",
    "Value",
    "copy",
    "synchronized",
    "typecode_to_type",
]


def RawValue(typecode_or_type: Any, *args: Any, name: str | None = None) -> Any:
    """Return an object of ctypes in a segment, without a lock.

    Parameters
    ----------
    typecode_or_type : str, type of ctypes or dtype
        What it is: a struct too.
    *args
        What its type is called with. Without them it is zero.
    name : str, optional
        As of `samebytes.create`. None makes a segment that goes with its last user.

    Raises
    ------
    DTypeError
        For an unknown typecode or type, pointers and Python objects. And the errors of `samebytes.create`.
    """
    element = type_of(typecode_or_type)
    first = element(*args) if args else None
    made = _memory.new(element, None, name)
    return made if first is None else _filled(made, first)


def RawArray(typecode_or_type: Any, size_or_initializer: int | Sequence[Any] | Any, *, name: str | None = None) -> Any:
    """Return an array of ctypes in a segment, without a lock.

    Parameters
    ----------
    typecode_or_type : str, type of ctypes or dtype
        What the elements are.
    size_or_initializer : int or sequence
        How many elements, which are zero; or the elements.
    name : str, optional
        As of `RawValue`.

    Raises
    ------
    DTypeError, ShapeError
        For an unknown typecode or type, and a negative size. And the errors of `samebytes.create`.
    """
    return _new_array(typecode_or_type, size_or_initializer, name, None)


def Value(typecode_or_type: Any, *args: Any, lock: Any = True, name: str | None = None, ctx: Any = None) -> Any:
    """Return a value in a segment with a lock: ``v.value``, or the fields of a struct.

    Parameters
    ----------
    typecode_or_type, *args, name
        As of `RawValue`.
    lock : bool or lock, optional
        With True it is the lock of the segment. With False the value is that of `RawValue`.

    Raises
    ------
    AttributeError
        When what is given as a lock has no method ``acquire``. And the errors of `RawValue`.
    """
    lock = _checked(lock)
    made = RawValue(typecode_or_type, *args, name=name)
    return made if lock is False else synchronized(made, lock)


def Array(
    typecode_or_type: Any,
    size_or_initializer: int | Sequence[Any] | Any,
    *,
    lock: Any = True,
    name: str | None = None,
    capacity: int | None = None,
    ctx: Any = None,
) -> Any:
    """Return an array in a segment with a lock.

    Parameters
    ----------
    typecode_or_type, size_or_initializer, name
        As of `RawArray`.
    lock : bool or lock, optional
        As of `Value`.
    capacity : int, optional
        How many elements ``append``, ``extend`` and ``resize`` may grow it to. None makes one that cannot grow.

    Raises
    ------
    AttributeError
        When what is given as a lock has no method ``acquire``. And the errors of `RawArray`.
    """
    lock = _checked(lock)
    if lock is False and capacity is not None:
        raise ValueError("expected a lock for an array with a capacity, found lock=False")
    made = _new_array(typecode_or_type, size_or_initializer, name, capacity)
    return made if lock is False else synchronized(made, lock)


def copy(obj: Any) -> Any:
    """Return a copy of an object of ctypes, in a new segment."""
    return _filled(_memory.new(_memory.plain(type(obj)), None, None), obj)


def _checked(lock: Any) -> Any:
    """A lock, False for none at all, or None for that of the segment."""
    if lock is True or lock is None:
        return None
    if lock is not False and not hasattr(lock, "acquire"):
        raise AttributeError(f"expected a lock, True or False as lock, found {lock!r}: it has no method 'acquire'")
    return lock


def _new_array(typecode_or_type: Any, size_or_initializer: Any, name: str | None, capacity: int | None) -> Any:
    element, given = type_of(typecode_or_type), size_or_initializer
    if isinstance(given, int | np.integer):
        return _memory.new(element, int(given), name, capacity)
    if isinstance(given, np.ndarray) and given.ndim:
        dtype = dtype_of(element)
        if given.dtype == dtype.base and given.shape[1:] == dtype.shape:
            made = _memory.new(element, len(given), name, capacity)
            _memory.array_of(made)[...] = given
            return made
        given = given.tolist()
    first = (element * len(given))(*given)  # what it refuses leaves no segment behind
    return _filled(_memory.new(element, len(given), name, capacity), first)


def _filled(made: Any, first: Any) -> Any:
    ctypes.memmove(ctypes.addressof(made), ctypes.addressof(first), ctypes.sizeof(first))
    return made
