"""What the sync objects of this package share: each is there once in a process, and pickles to the handle of its segment."""

import functools
import os
from collections.abc import Callable
from multiprocessing import process, util
from typing import Any, Self
from weakref import WeakValueDictionary

from samebytes import _control, _segment, _timeout
from samebytes._object import Object
from samebytes._segment import Segment
from samebytes.mp import _handle
from samebytes.mp._handle import Handle

# The sync objects of the process, by class and file. An inode number is not given to another file while the first is mapped.
_live: WeakValueDictionary[tuple[type, int, int], "Shared"] = WeakValueDictionary()


@functools.cache
def slots() -> int:
    """How many processes may have an object open: a pool has as many as there are CPUs, and others use it too."""
    return min(max(_control.SLOTS, 2 * (os.cpu_count() or 1)), _control.MAX_SLOTS)


def nanoseconds(block: bool, timeout: float | None) -> int:
    """The arguments of `multiprocessing.Lock.acquire` as the extension takes them: negative without a timeout."""
    return _timeout.nanoseconds(timeout) if block else 0


class Shared:
    """A sync object of this process, over a segment."""

    _segment: Segment

    @classmethod
    def over(cls, segment: Segment, *more: Any) -> Self:
        """The process's object over a segment, made by ``_open(*more)`` if there is none."""
        key = cls, segment.dev, segment.ino
        found = _live.get(key)
        if found is None:
            made = cls.__new__(cls)
            made._open(segment, *more)
            found = _live.setdefault(key, made)  # another thread may have been faster
        assert isinstance(found, cls)
        return found

    def _open(self, segment: Segment) -> None:
        self._segment = segment

    def _create(self, made: Object, *more: Any) -> None:
        """Opens the segment of what was just made, which stays in use meanwhile."""
        segment = made._segment
        self._open(segment, *more)
        _live[type(self), segment.dev, segment.ino] = self

    @property
    def name(self) -> str:
        """The name that the segment was last opened by, which other processes, in Go too, open it by."""
        assert self._segment.name is not None  # nobody opens it by its path
        return self._segment.name

    def __reduce__(self) -> tuple[Callable[..., "Shared"], tuple[Any, ...]]:
        return rebuilt, (type(self), _handle.of(self._segment))

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self

    def _forked(self) -> None:
        """Forgets what the parent held, in a forked child."""


def rebuilt(cls: type[Shared], handle: Handle, *more: Any) -> Shared:
    """What a pickle stands for."""
    return cls.over(_handle.attached(handle), *more)


def _after_fork() -> None:
    for shared in list(_live.values()):
        shared._forked()


os.register_at_fork(after_in_child=_after_fork)


def at_end(work: Callable[[], object], priority: int) -> None:
    """Has work called when this process ends, and in the children that multiprocessing forks from it when they do, the highest
    priority first."""

    def register(_: object = None) -> None:
        util.Finalize(None, work, exitpriority=priority)

    register()
    util.register_after_fork(work, register)  # a child forgets what its parent does at the end


def _leave() -> None:
    if process.parent_process() is not None:  # others run destructors
        _segment.leave_temporary()


at_end(_leave, -100)  # when its own children have ended
