"""Locks on arrays, or on boxes of them: ``with a.lock:``, ``with a.rlock[2:5]:``."""

import errno
import os
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from threading import get_ident
from typing import Any

from samebytes import _box, _core, _file, _timeout
from samebytes._box import Layout, Span
from samebytes._errors import (
    BrokenError,
    DeadlockError,
    Error,
    FullError,
    NotOwnerError,
    OwnerDiedError,
)
from samebytes._segment import Segment

Box = tuple[slice, ...]


_MOST_BOXES = 1000  # which a loop over blocks may take again and again


class _Lock(_core.Lock):
    """What `Lock` and `ReadLock` share. A lock may be shared by threads and tasks: each has its own turn.

    Who holds it is a thread or, in ``async with``, a task, of this process. Others are every other thread, task and process,
    in Go and C too. The death of a process frees what it held.
    """

    __slots__ = ("_boxes", "_elements", "_view")
    _boxes: dict[tuple[object, ...], "_Lock"]  # those asked for before, by their index; cleared when full
    _elements: object  # while they are in use, the mapping is not kept as one that nobody uses
    _exclusive: bool
    _view: Layout
    mapping: Segment

    def __new__(cls, segment: Segment, view: Layout) -> "_Lock":
        h = segment.header
        spans = _box.hull(view, h.shape, h.dtype.itemsize, h.fortran)
        self = super().__new__(cls, segment, array("q", [end for span in spans for end in span]).tobytes(), cls._exclusive)
        self._view, self._boxes = view, {}
        self._elements = segment.flat()
        return self

    def __getitem__(self, index: object) -> Any:
        """The lock on some of the elements: integers, slices and an ellipsis are as in ``array[index]``.

        A step locks all between its first and its last element. Of a view it is the least box of the segment's array that holds
        them.

        Raises
        ------
        ShapeError
            For what the array does not have: also slices beyond its ends, which NumPy cuts.
        TypeError
            For selections by booleans, lists and arrays, which are no boxes.
        """
        items = index if type(index) is tuple else (index,)
        # Slices have no hash before Python 3.12; and True, which is no position, is equal to 1.
        key = tuple(
            [(i.start, i.stop, i.step) if type(i) is slice else i if type(i) is int or i is ... else None for i in items]
        )
        if None in key:
            return type(self)(self.mapping, self._view.at(index))
        box = self._boxes.get(key)
        if box is None:
            if len(self._boxes) >= _MOST_BOXES:
                self._boxes.clear()
            box = self._boxes[key] = type(self)(self.mapping, self._view.at(index))
        return box

    def acquire(self, blocking: bool = True, timeout: float | None = -1) -> bool:
        """Wait for the lock as `threading.Lock.acquire` does, and return whether this thread has it.

        Who waits gets its turn after at most 100 others that asked later. Ctrl-C works.

        Parameters
        ----------
        blocking : bool, optional
            Whether to wait at all.
        timeout : float, optional
            Seconds; -1 and None wait without end.

        Raises
        ------
        OwnerDiedError
            When the last holder of some of the elements died with them: see `Lock.recover`.
        DeadlockError
            When this thread holds some of them already.
        FullError
            When the table of locks is full.
        """
        return self.take(_timeout.of_acquire(blocking, timeout), get_ident(), False, None)

    async def __aenter__(self) -> bool:
        """Wait for the lock while the event loop runs on. The task holds it: tasks of one loop exclude each other too."""
        from samebytes import _thread  # see there

        task = _thread.running_task()
        if self.take(0, id(task), False, None):
            return True

        def give(taken: bool) -> None:
            if taken:
                self.give(id(task))

        return await _thread.call(lambda stop: self.take(-1, id(task), False, stop), give)

    async def __aexit__(self, *exception: object) -> None:
        from samebytes import _thread  # see there

        self.give(id(_thread.running_task()))

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {_box.text(_spans(self.spans))} of {self.mapping.path}>"

    def _failed(self, error: int, damage: bytes) -> None:
        """Raises what the extension's number means."""
        path = self.mapping.path
        if error == errno.EOWNERDEAD:
            box = _box.text(_spans(damage))
            raise OwnerDiedError(f"{path}: {box} may be half written; mend it within a.lock{box}.recover()")
        control = self.mapping.control
        assert control is not None  # a lock has tables
        if error == errno.EUSERS:
            raise _file.too_many(control)
        made = _errors.get(error)
        if made is None:
            raise _file.translated(OSError(error, os.strerror(error)), path)
        raise made[0](f"{path}: {made[1]}".format(boxes=control.boxes))


_errors: dict[int, tuple[type[Error], str]] = {
    errno.EDEADLK: (DeadlockError, "this thread or task holds some of it already, and would wait for itself"),
    errno.EPERM: (NotOwnerError, "this thread or task does not hold it"),
    errno.ENOLCK: (FullError, "expected at most {boxes} boxes locked and waited for, found another"),
    errno.EUCLEAN: (BrokenError, "somebody has overwritten the control block"),
}


class ReadLock(_Lock):
    """A lock that many hold at the same time, while nobody holds a `Lock` on the same elements."""

    __slots__ = ()
    _exclusive = False


class Lock(_Lock):
    """A lock that one holds alone. Its holder's death leaves its box marked as half written."""

    __slots__ = ()
    _exclusive = True

    @contextmanager
    def recover(self, timeout: float | None = None) -> Iterator[list[Box]]:
        """Hold the lock, also where a dead process has left elements half written.

        Yields the boxes within this one that are, as indices of the segment's array. Leaving the block without an exception says
        that they are whole again; an exception leaves the marks, and so does the death of this process. Where nobody has died
        it is an ordinary lock, and the list is empty.

        Parameters
        ----------
        timeout : float, optional
            Seconds; None waits without end.

        Raises
        ------
        OwnerDiedError
            When elements both inside and outside the box were left together: the message says which to recover.
        DeadlineError
            When the timeout has passed.
        """
        deadline = _timeout.Deadline(timeout, f"recover {self.mapping.path}")
        if not self.take(_timeout.nanoseconds(timeout), get_ident(), True, None):
            raise deadline.error()
        try:
            shape = self.mapping.shape()
            yield [
                tuple(slice(min(first, n), min(last, n)) for (first, last), n in zip(_spans(mark), shape, strict=True))
                for mark in self.marks()
            ]
            self.repaired()
        finally:
            self.release()


def _spans(packed: bytes) -> tuple[Span, ...]:
    ends = array("q", packed)
    return tuple(zip(ends[::2], ends[1::2], strict=True))
