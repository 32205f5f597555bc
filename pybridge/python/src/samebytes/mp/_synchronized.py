"""Wrappers of objects of ctypes that lock each access: what Value and Array return."""

import ctypes
from collections.abc import Callable, Iterable
from threading import get_ident
from typing import Any, SupportsIndex
from weakref import WeakKeyDictionary

import numpy as np

from samebytes import _resize
from samebytes._errors import DeadlockError
from samebytes._segment import Segment
from samebytes.mp import _memory
from samebytes.mp._lock import RLock

Plain = np.ndarray[Any, np.dtype[Any]]


class _Guard:
    """Any lock, as accesses use a `RLock`."""

    owner = 0  # no thread

    def __init__(self, lock: Any) -> None:
        self._lock, self.core = lock, self

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *exception: object) -> None:
        self._lock.release()


def _property(field: str) -> property:
    """A field of the wrapped object, under the lock."""

    def get(self: "SynchronizedBase") -> Any:
        guard = self._guard
        if guard.owner == get_ident():
            return getattr(self._obj, field)
        try:
            with guard.core:
                return getattr(self._obj, field)
        except DeadlockError:  # this thread is in the midst of an access, which a signal's handler interrupts
            return getattr(self._obj, field)

    def put(self: "SynchronizedBase", value: Any) -> None:
        guard = self._guard
        if guard.owner == get_ident():
            setattr(self._obj, field, value)
            return
        try:
            with guard.core:
                setattr(self._obj, field, value)
        except DeadlockError:
            setattr(self._obj, field, value)

    return property(get, put, doc=f"The {field} of the object, read and written under the lock.")


class SynchronizedBase:
    """An object of ctypes with a lock, which `acquire`, `release` and ``with`` hold."""

    _obj: Any

    def __init__(self, obj: Any, lock: Any = None, ctx: Any = None) -> None:
        self._segment = _memory.segment_of(obj)
        if lock is None:
            lock = RLock() if self._segment is None else RLock.over(self._segment)
        self._obj, self._lock = obj, lock
        self._guard: RLock | _Guard = lock if isinstance(lock, RLock) else _Guard(lock)
        self.acquire, self.release = lock.acquire, lock.release

    def __enter__(self) -> Any:
        return self._lock.__enter__()

    def __exit__(self, *exception: object) -> None:
        self._lock.__exit__(*exception)

    def __reduce__(self) -> tuple[Callable[..., "SynchronizedBase"], tuple[Any, ...]]:
        own = isinstance(self._lock, RLock) and self._lock._segment is self._segment
        return synchronized, (self._obj, None if own else self._lock)

    def get_obj(self) -> Any:
        """The object of ctypes, without the lock."""
        return self._obj

    def get_lock(self) -> Any:
        """The lock. Unless another was given, it is the lock of the array's segment, which Go takes by ``a.Lock(ctx)``."""
        return self._lock

    @property
    def name(self) -> str | None:
        """The name that other processes, in Go too, open the segment by; None for an object in ordinary memory."""
        return self._segment.name if self._segment else None

    @property
    def np(self) -> "Plain":
        """The elements as a `samebytes.ndarray`, without the lock."""
        return _memory.array_of(self._obj) if self._segment else np.asarray(self._obj)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> "Plain":
        return np.array(self.np, dtype, copy=copy)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} wrapper for {self._obj}>"


class Synchronized(SynchronizedBase):
    """A value with a lock."""

    value = _property("value")


class SynchronizedArray(SynchronizedBase):
    """An array with a lock. Each element, and each slice, is read and written under it."""

    def __len__(self) -> int:
        return len(self._obj)

    def __getitem__(self, index: Any) -> Any:
        guard = self._guard
        if guard.owner == get_ident():
            return self._obj[index]
        try:
            with guard.core:
                return self._obj[index]
        except DeadlockError:  # as in _property
            return self._obj[index]

    def __setitem__(self, index: Any, value: Any) -> None:
        guard = self._guard
        if guard.owner == get_ident():
            self._obj[index] = value
            return
        try:
            with guard.core:
                self._obj[index] = value
        except DeadlockError:
            self._obj[index] = value


class SynchronizedString(SynchronizedArray):
    """An array of characters with a lock."""

    value = _property("value")
    raw = _property("raw")


class _Growing(SynchronizedArray):
    """An array whose length changes. The object of ctypes is made anew when it has."""

    _segment: Segment
    _made: Any

    @property
    def _obj(self) -> Any:  # an attribute of those that do not grow
        rows = self._segment.shape()[0]
        if rows != len(self._made):
            self._made = _memory.over(self._segment, self._made._type_ * rows)
        return self._made

    @_obj.setter
    def _obj(self, obj: Any) -> None:
        self._made = obj

    def append(self, value: Any) -> None:
        """Add an element behind the last, within the capacity.

        Raises
        ------
        NoSpaceError
            Beyond the capacity.
        """
        self.extend((value,))

    def extend(self, values: Iterable[Any]) -> None:
        """Add elements behind the last, as `append` does."""
        given = list(values)
        added = _array_of_values(self._made._type_, given, self._segment)
        self._resize(lambda before: before + len(given), added)

    def resize(self, length: SupportsIndex) -> None:
        """Set the length, up to the capacity. New elements are zero.

        Raises
        ------
        NoSpaceError
            Beyond the capacity.
        ShapeError
            For a negative length.
        """
        rows = length.__index__()
        self._resize(lambda before: rows, None)

    def _resize(self, want: Callable[[int], int], added: "Plain | None") -> None:
        with self._lock, RLock.over(self._segment):  # the same, unless another was given
            _resize.resize_locked(self._segment, want, added)


class GrowingArray(_Growing):
    """An array with a lock, made with a capacity: it can be grown, and every process sees its present length."""


class GrowingString(_Growing, SynchronizedString):
    """An array of characters with a lock, made with a capacity."""


def _array_of_values(element: type[Any], values: list[Any], segment: Segment) -> "Plain":
    """The values, converted as ctypes does, with the dtype of the segment."""
    made = (element * len(values))(*values)
    header = segment.header
    return np.frombuffer(bytes(made), header.dtype).reshape(len(values), *header.shape[1:])


# Wrappers of structs, by the type of the struct.
_structs: WeakKeyDictionary[type[Any], type[SynchronizedBase]] = WeakKeyDictionary()


def synchronized(obj: Any, lock: Any = None, ctx: Any = None) -> Any:
    """Wrap an object of ctypes so that each access to it holds the lock.

    Parameters
    ----------
    obj : object of ctypes
        As `RawValue` and `RawArray` return.
    lock : lock, optional
        None is that of the object's segment.
    """
    if isinstance(obj, SynchronizedBase):
        raise AssertionError("object already synchronized")
    if isinstance(obj, ctypes._SimpleCData):
        return Synchronized(obj, lock)
    if isinstance(obj, ctypes.Array):
        segment, text = _memory.segment_of(obj), obj._type_ is ctypes.c_char
        if segment is not None and segment.grows:
            return (GrowingString if text else GrowingArray)(obj, lock)
        return (SynchronizedString if text else SynchronizedArray)(obj, lock)
    kind = _memory.plain(type(obj))
    cls = _structs.get(kind)
    if cls is None:
        fields = {field[0]: _property(field[0]) for base in kind.__mro__ for field in vars(base).get("_fields_", ())}
        cls = _structs[kind] = type("Synchronized" + kind.__name__, (SynchronizedBase,), fields)
    return cls(obj, lock)
